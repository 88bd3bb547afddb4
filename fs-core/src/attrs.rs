//! Attributes that are set: mode, owner, times; and whether they let the caller in.

use std::os::fd::AsFd;

pub use rustix::fs::{Access, Gid, Uid};
use rustix::fs::{AtFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use rustix::io::{self, retry_on_intr};

use crate::audit::Arg;
use crate::{At, Errno, Error, Follow, Mode, Result, Target, Unsupported, audit, sys};

/// Sets the permission bits of a file.
///
/// With [`Follow::No`] and a symbolic link the answer is `EOPNOTSUPP`: Linux never
/// changes a link's mode. Everything else is changed as with [`Follow::Yes`].
///
/// # Errors
/// - `EPERM`: the caller is not the owner. `EOPNOTSUPP`: a link that is not followed.
/// - [`Error::Conflict`]: a descriptor with [`Follow::No`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/chmod.html),
/// [Linux](https://man7.org/linux/man-pages/man2/chmod.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.chmod)
#[doc(alias = "os.chmod")]
#[doc(alias = "fchmodat")]
#[doc(alias = "fchmodat2")]
pub fn chmod<'a>(target: impl Into<Target<'a>>, mode: Mode, follow: Follow) -> Result<()> {
    let target = target.into().check_follow(follow)?;
    audit::raise("os.chmod", || {
        let [path, dir] = target.audit();
        [path, Arg::Int(mode.bits().into()), dir]
    })?;
    Ok(match target {
        Target::Fd(fd) => retry_on_intr(|| rustix::fs::fchmod(fd, mode)),
        Target::Path(at) if follow == Follow::Yes => {
            at.with_c_str(|dir, path| rustix::fs::chmodat(dir, path, mode, AtFlags::empty()))
        }
        Target::Path(at) => at.with_c_str(|dir, path| {
            sys::fchmodat2(dir, path, mode, AtFlags::SYMLINK_NOFOLLOW)
                .unwrap_or_else(|| chmod_nofollow_by_proc(at, mode))
        }),
    }?)
}

/// What the C library does where `fchmodat2` is missing.
fn chmod_nofollow_by_proc(at: At<'_>, mode: Mode) -> io::Result<()> {
    let place = sys::proc_fd::open_path(at, Follow::No)?;
    if rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&place)?.st_mode).is_symlink() {
        return Err(Errno::OPNOTSUPP);
    }
    sys::proc_fd::with_path(place.as_fd(), b"", |path| {
        rustix::fs::chmodat(rustix::fs::CWD, path, mode, AtFlags::empty())
    })
}

/// Sets the permission bits of an open file: [`chmod`] of a descriptor.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fchmod.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.fchmod)
#[doc(alias = "os.fchmod")]
pub fn fchmod(fd: impl AsFd, mode: Mode) -> Result<()> {
    chmod(fd.as_fd(), mode, Follow::Yes)
}

/// Always [`Error::Unsupported`]: Python has no `lchmod` on Linux.
///
/// [`chmod`] with [`Follow::No`] is the working form.
#[doc(alias = "os.lchmod")]
pub fn lchmod<'a>(_at: impl Into<At<'a>>, _mode: Mode) -> Result<()> {
    Err(Error::Unsupported(Unsupported::Bsd))
}

/// Always [`Error::Unsupported`]: the flags of the BSDs. Linux has inode flags, another
/// interface with other meanings.
#[doc(alias = "os.chflags")]
pub fn chflags<'a>(_at: impl Into<At<'a>>, _flags: u32, _follow: Follow) -> Result<()> {
    Err(Error::Unsupported(Unsupported::Bsd))
}

/// Always [`Error::Unsupported`]: see [`chflags`].
#[doc(alias = "os.lchflags")]
pub fn lchflags<'a>(_at: impl Into<At<'a>>, _flags: u32) -> Result<()> {
    Err(Error::Unsupported(Unsupported::Bsd))
}

/// Sets the owner and the group of a file; `None` keeps one (Python's -1).
///
/// Changing either clears the set-id bits of an executable, unless the caller has
/// the capability `CAP_FSETID` and the file is a directory.
///
/// # Errors
/// - `EPERM`: only a privileged caller gives a file away, and an owner may only set a group
///   that the process is in.
/// - [`Error::Conflict`]: a descriptor with [`Follow::No`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/chown.html),
/// [Linux](https://man7.org/linux/man-pages/man2/chown.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.chown)
#[doc(alias = "os.chown")]
#[doc(alias = "fchownat")]
pub fn chown<'a>(target: impl Into<Target<'a>>, uid: Option<Uid>, gid: Option<Gid>, follow: Follow) -> Result<()> {
    let target = target.into().check_follow(follow)?;
    audit::raise("os.chown", || {
        let [path, dir] = target.audit();
        let uid = uid.map_or(-1, |uid| uid.as_raw().into());
        let gid = gid.map_or(-1, |gid| gid.as_raw().into());
        [path, Arg::Int(uid), Arg::Int(gid), dir]
    })?;
    Ok(match target {
        Target::Fd(fd) => retry_on_intr(|| rustix::fs::fchown(fd, uid, gid)),
        Target::Path(at) => at.with_c_str(|dir, path| rustix::fs::chownat(dir, path, uid, gid, follow.at_flags())),
    }?)
}

/// Sets the owner and the group of an open file: [`chown`] of a descriptor.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fchown.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.fchown)
#[doc(alias = "os.fchown")]
pub fn fchown(fd: impl AsFd, uid: Option<Uid>, gid: Option<Gid>) -> Result<()> {
    chown(fd.as_fd(), uid, gid, Follow::Yes)
}

/// Sets the owner and the group of what a path names, not following a symbolic link
/// at the end: [`chown`] with [`Follow::No`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/lchown.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.lchown)
#[doc(alias = "os.lchown")]
pub fn lchown<'a>(at: impl Into<At<'a>>, uid: Option<Uid>, gid: Option<Gid>) -> Result<()> {
    chown(at.into(), uid, gid, Follow::No)
}

/// One time to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Time {
    /// The time of the call, by the file system's clock.
    #[doc(alias = "UTIME_NOW")]
    Now,
    /// The time stays as it is. An extension: out of Python's reach.
    #[doc(alias = "UTIME_OMIT")]
    Omit,
    /// A moment.
    At {
        /// Nanoseconds since 1970, negative before.
        ns: i128,
    },
}

impl Time {
    /// A moment in seconds since 1970, rounded down to the nanosecond, as Python's
    /// floats are. Infinity, and what is not a number, is refused by [`utime`].
    pub fn from_secs_f64(seconds: f64) -> Self {
        if !seconds.is_finite() {
            return Time::At { ns: i128::MAX };
        }
        let whole = (seconds.trunc() as i128).saturating_mul(NS_PER_S);
        let fraction = (seconds.fract() * 1e9).floor() as i128;
        Time::At { ns: whole.saturating_add(fraction) }
    }

    #[inline]
    fn to_timespec(self) -> Result<Timespec> {
        Ok(match self {
            Time::Now => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
            Time::Omit => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            Time::At { ns } => match i64::try_from(ns) {
                // Until 2262: a division of 128 bits takes several times as long.
                Ok(ns) => Timespec { tv_sec: ns.div_euclid(NS_PER_S as i64), tv_nsec: ns.rem_euclid(NS_PER_S as i64) },
                Err(_) => Timespec {
                    tv_sec: ns
                        .div_euclid(NS_PER_S)
                        .try_into()
                        .map_err(|_| Error::Invalid("the time is out of the system's range"))?,
                    tv_nsec: ns.rem_euclid(NS_PER_S).try_into().expect("less than 10^9"),
                },
            },
        })
    }
}

const NS_PER_S: i128 = 1_000_000_000;

/// The two times that [`utime`] sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Times {
    /// The time of the last access.
    pub atime: Time,
    /// The time of the last change of content.
    pub mtime: Time,
}

impl Times {
    /// Both times are now: Python's default. Write access is then enough.
    pub const NOW: Times = Times { atime: Time::Now, mtime: Time::Now };

    /// Two moments in nanoseconds since 1970: Python's `ns=(atime, mtime)`.
    pub fn from_ns(atime: i128, mtime: i128) -> Self {
        Times { atime: Time::At { ns: atime }, mtime: Time::At { ns: mtime } }
    }

    /// Two moments in seconds since 1970: Python's `times=(atime, mtime)`.
    pub fn from_secs_f64(atime: f64, mtime: f64) -> Self {
        Times { atime: Time::from_secs_f64(atime), mtime: Time::from_secs_f64(mtime) }
    }
}

/// Sets the access and modification times of a file.
///
/// The file system keeps what it can store: a coarser fraction, a smaller range.
/// A descriptor may be one of a directory, or of a file open for reading.
///
/// # Errors
/// - `EACCES`: both are [`Time::Now`], and the caller is neither the owner nor may write.
/// - `EPERM`: any other times, and the caller is not the owner.
/// - [`Error::Invalid`]: seconds beyond `i64`. [`Error::Conflict`]: a descriptor with [`Follow::No`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/utimensat.html),
/// [Linux](https://man7.org/linux/man-pages/man2/utimensat.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.utime)
#[doc(alias = "os.utime")]
#[doc(alias = "utimensat")]
#[doc(alias = "futimens")]
pub fn utime<'a>(target: impl Into<Target<'a>>, times: Times, follow: Follow) -> Result<()> {
    let target = target.into().check_follow(follow)?;
    let stamps = Timestamps { last_access: times.atime.to_timespec()?, last_modification: times.mtime.to_timespec()? };
    audit::raise("os.utime", || {
        let [path, dir] = target.audit();
        let ns = if times == Times::NOW { Arg::None } else { Arg::Times(times) };
        [path, Arg::None, ns, dir]
    })?;
    Ok(match target {
        Target::Fd(fd) => rustix::fs::futimens(fd, &stamps),
        Target::Path(at) => at.with_c_str(|dir, path| rustix::fs::utimensat(dir, path, &stamps, follow.at_flags())),
    }?)
}

/// How [`access`] asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AccessOptions {
    /// Ask for the effective ids, by which calls are decided, instead of the real ones.
    pub effective_ids: bool,
    /// Whether a symbolic link at the end is followed.
    pub follow: Follow,
}

/// Tells whether the real user (or the effective one, if asked) may do what `mode` says.
///
/// Every error is `false`: a missing file, unknown bits, options that the kernel
/// lacks. [`try_access`] tells them apart. With [`Follow::No`] a symbolic link
/// itself allows everything, a dangling one too. The answer may be stale when it
/// arrives: to open a file, open it.
///
/// ```
/// use fs_core::{Access, AccessOptions, access};
///
/// assert!(access("/", Access::READ_OK | Access::EXEC_OK, AccessOptions::default()));
/// assert!(!access("/no/such/file", Access::EXISTS, AccessOptions::default()));
/// ```
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/access.html),
/// [Linux](https://man7.org/linux/man-pages/man2/access.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.access)
#[doc(alias = "os.access")]
#[doc(alias = "faccessat2")]
pub fn access<'a>(at: impl Into<At<'a>>, mode: Access, options: AccessOptions) -> bool {
    try_access(at, mode, options).is_ok()
}

/// [`access`] that says why not.
///
/// # Errors
/// - `EACCES`: not permitted. `EROFS`: writing to a read-only file system.
/// - `EINVAL`: unknown bits in `mode`.
/// - [`Error::Unsupported`]: the kernel has no `faccessat2` (5.8), which the options need.
#[doc(alias = "faccessat2")]
pub fn try_access<'a>(at: impl Into<At<'a>>, mode: Access, options: AccessOptions) -> Result<()> {
    let at = at.into().check()?;
    let mut flags = options.follow.at_flags();
    flags.set(AtFlags::EACCESS, options.effective_ids);
    match at.with_c_str(|dir, path| rustix::fs::accessat(dir, path, mode, flags)) {
        Err(Errno::NOSYS) => Err(Error::Unsupported(Unsupported::ThisKernel)),
        result => Ok(result?),
    }
}
