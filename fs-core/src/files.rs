//! Descriptors: how they are opened, closed and copied.
//!
//! What is done through an open descriptor is in `data` (bytes) and
//! `space` (length and storage).

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use bitflags::bitflags;
pub use rustix::fs::Mode;
use rustix::io::{FdFlags, retry_on_intr};

use crate::{At, Errno, Error, Result, Unsupported, audit, sys};

bitflags! {
    /// How a file is opened: Python's `O_*` constants without the prefix.
    ///
    /// Not rustix's type: there `DSYNC` and `RSYNC` have the value of `O_SYNC`.
    /// Bits without a name are kept and given to the kernel.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct OFlags: u32 {
        /// Reads only. The value is 0: it is what remains when no other access is asked for.
        const RDONLY = libc::O_RDONLY as u32;
        /// Writes only.
        const WRONLY = libc::O_WRONLY as u32;
        /// Reads and writes. Not `RDONLY | WRONLY`.
        const RDWR = libc::O_RDWR as u32;
        /// The mask of the three access modes.
        const ACCMODE = libc::O_ACCMODE as u32;
        /// Writes go to the end of the file, each time.
        const APPEND = libc::O_APPEND as u32;
        /// Makes a regular file where there is none.
        const CREAT = libc::O_CREAT as u32;
        /// With `CREAT`: fails with `EEXIST` if the name exists, a symbolic link included.
        const EXCL = libc::O_EXCL as u32;
        /// Cuts a regular file to length 0.
        const TRUNC = libc::O_TRUNC as u32;
        /// A write returns when its data is on storage.
        const DSYNC = libc::O_DSYNC as u32;
        /// As `SYNC`: Linux does not tell them apart.
        const RSYNC = libc::O_RSYNC as u32;
        /// A write returns when its data and metadata are on storage.
        const SYNC = libc::O_SYNC as u32;
        /// The old name of `NONBLOCK`.
        const NDELAY = libc::O_NDELAY as u32;
        /// Neither the opening nor later reads and writes wait.
        const NONBLOCK = libc::O_NONBLOCK as u32;
        /// A terminal does not become the controlling one.
        const NOCTTY = libc::O_NOCTTY as u32;
        /// The descriptor is closed on exec. [`open`] always adds it.
        const CLOEXEC = libc::O_CLOEXEC as u32;
        /// A signal is sent when reading or writing becomes possible.
        const ASYNC = libc::O_ASYNC as u32;
        /// Reads and writes bypass the page cache.
        const DIRECT = libc::O_DIRECT as u32;
        /// Fails with `ENOTDIR` if the path is not a directory.
        const DIRECTORY = libc::O_DIRECTORY as u32;
        /// Fails with `ELOOP` if the last component is a symbolic link.
        const NOFOLLOW = libc::O_NOFOLLOW as u32;
        /// Reads leave the access time alone; the owner's right.
        const NOATIME = libc::O_NOATIME as u32;
        /// A handle on the place, through which nothing is read or written.
        const PATH = libc::O_PATH as u32;
        /// An unnamed file in the directory that the path names. Holds `DIRECTORY`.
        const TMPFILE = libc::O_TMPFILE as u32;

        const _ = !0;
    }
}

impl From<OFlags> for rustix::fs::OFlags {
    fn from(flags: OFlags) -> Self {
        Self::from_bits_retain(flags.bits())
    }
}

/// Opens a path.
///
/// The descriptor is not inheritable: `O_CLOEXEC` is added. `mode` counts only with
/// `CREAT` or `TMPFILE` and is cut by the umask. A blocking open (a FIFO without a
/// peer, a file with a lease) that a signal interrupts is started again; use
/// [`open_interruptible`] where it must end.
///
/// # Errors
/// - `ENOENT`: no such name and no `CREAT`, a dangling symbolic link, or an empty path.
/// - `EEXIST`: the name exists and `CREAT | EXCL` was asked for.
/// - `EISDIR`: writing to a directory.
/// - `ELOOP`: a symbolic link at the end with `NOFOLLOW`, or too many on the way.
/// - `ENXIO`: a FIFO without a reader opened with `WRONLY | NONBLOCK`, or a socket.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/open.html),
/// [Linux](https://man7.org/linux/man-pages/man2/open.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.open)
#[doc(alias = "os.open")]
#[doc(alias = "openat")]
pub fn open<'a>(at: impl Into<At<'a>>, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let (at, flags) = audited_open(at.into(), flags)?;
    Ok(at.with_c_str(|dir, path| retry_on_intr(|| rustix::fs::openat(dir, path, flags, mode)))?)
}

/// As [`open`], but a signal ends it with `EINTR`. An extension: Python starts the
/// call again unless a signal handler raises.
///
/// # Errors
/// As [`open`], and `EINTR`.
pub fn open_interruptible<'a>(at: impl Into<At<'a>>, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let (at, flags) = audited_open(at.into(), flags)?;
    Ok(at.with_c_str(|dir, path| rustix::fs::openat(dir, path, flags, mode))?)
}

/// The event as CPython raises it: no mode, and the flags as the kernel gets them.
#[inline]
pub(crate) fn audited_open(at: At<'_>, flags: OFlags) -> Result<(At<'_>, rustix::fs::OFlags)> {
    let at = at.check()?;
    let flags = flags | OFlags::CLOEXEC;
    audit::raise("open", || [at.audit()[0], audit::Arg::None, audit::Arg::Int(flags.bits().into())])?;
    Ok((at, flags.into()))
}

/// Closes a descriptor and tells whether that went well.
///
/// Dropping an [`OwnedFd`] closes it too, and forgets the result. The descriptor is
/// gone whatever the result is, so the call is never made again, not even after
/// `EINTR`.
///
/// # Errors
/// - `EIO`, `ENOSPC`, `EDQUOT`: data written before could not be stored.
/// - `EINTR`: a signal came while the file system was flushing.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/close.html),
/// [Linux](https://man7.org/linux/man-pages/man2/close.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.close)
#[doc(alias = "os.close")]
pub fn close(fd: OwnedFd) -> Result<()> {
    Ok(sys::close(fd)?)
}

/// Closes the descriptors from `low` to below `high`, ignoring errors. An empty or
/// inverted range closes nothing.
///
/// # Safety
/// No descriptor of the range may be in use by its owner after the call.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/close_range.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.closerange)
#[doc(alias = "os.closerange")]
#[doc(alias = "close_range")]
#[expect(unsafe_code, reason = "closes descriptors that others own; the caller promises")]
pub unsafe fn closerange(low: RawFd, high: RawFd) {
    // SAFETY: the caller gives up the descriptors of the range.
    unsafe { sys::close_range(low.max(0), high) }
}

/// Whether a program started by exec inherits a descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[doc(alias = "inheritable")]
pub enum Inherit {
    /// It is inherited: Python's default for `dup2`.
    #[default]
    Yes,
    /// It is closed on exec.
    No,
}

/// Copies a descriptor. The copy shares the file position and is not inheritable.
///
/// # Errors
/// - `EMFILE`: the process has no free descriptor.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/dup.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.dup)
#[doc(alias = "os.dup")]
pub fn dup(fd: impl AsFd) -> Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, 0)?)
}

/// Copies a descriptor to the number `fd2`, which is closed first if it is open,
/// without telling how that went. Returns `fd2`.
///
/// Never started again after a signal. With `fd2` equal to `fd`, [`Inherit::Yes`]
/// does nothing at all, not even to the flag, and [`Inherit::No`] is `EINVAL`.
///
/// # Safety
/// Nobody may own what `fd2` was, unless they expect it to be replaced: it is
/// closed under their feet. [`dup2_onto`] is the form without this condition.
///
/// # Errors
/// - `EBADF`: `fd2` is negative or beyond the limit of descriptors.
/// - `EBUSY`: another thread is just opening that number.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/dup.html),
/// [Linux](https://man7.org/linux/man-pages/man2/dup.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.dup2)
#[doc(alias = "os.dup2")]
#[doc(alias = "dup3")]
#[expect(unsafe_code, reason = "replaces a descriptor that somebody may own; the caller promises")]
pub unsafe fn dup2(fd: impl AsFd, fd2: RawFd, inherit: Inherit) -> Result<RawFd> {
    // SAFETY: the caller answers for what `fd2` was.
    Ok(unsafe { sys::dup2(fd.as_fd(), fd2, inherit) }?)
}

/// Copies a descriptor onto `fd2`, which keeps its number: the safe form of [`dup2`].
///
/// # Errors
/// As [`dup2`].
#[doc(alias = "dup2")]
#[expect(unsafe_code, reason = "dup2, where the borrow shows who owns the number")]
pub fn dup2_onto(fd: impl AsFd, fd2: &mut OwnedFd, inherit: Inherit) -> Result<()> {
    // SAFETY: `fd2` is borrowed mutably, so nobody else relies on what it was, and
    // it goes on owning its number.
    unsafe { sys::dup2(fd.as_fd(), fd2.as_raw_fd(), inherit) }?;
    Ok(())
}

/// Whether a program started by exec inherits the descriptor.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.get_inheritable)
#[doc(alias = "os.get_inheritable")]
#[doc(alias = "FD_CLOEXEC")]
pub fn get_inheritable(fd: impl AsFd) -> Result<bool> {
    Ok(!rustix::io::fcntl_getfd(fd)?.contains(FdFlags::CLOEXEC))
}

/// Says whether a program started by exec inherits the descriptor. Works on
/// `O_PATH` descriptors too.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.set_inheritable)
#[doc(alias = "os.set_inheritable")]
#[doc(alias = "FD_CLOEXEC")]
pub fn set_inheritable(fd: impl AsFd, inheritable: bool) -> Result<()> {
    let mut flags = rustix::io::fcntl_getfd(&fd)?;
    if flags.contains(FdFlags::CLOEXEC) == inheritable {
        flags.set(FdFlags::CLOEXEC, !inheritable);
        rustix::io::fcntl_setfd(&fd, flags)?;
    }
    Ok(())
}

/// Always [`Error::Unsupported`]: handles are Windows'.
#[doc(alias = "os.get_handle_inheritable")]
pub fn get_handle_inheritable(_handle: usize) -> Result<bool> {
    Err(Error::Unsupported(Unsupported::Windows))
}

/// Always [`Error::Unsupported`]: handles are Windows'.
#[doc(alias = "os.set_handle_inheritable")]
pub fn set_handle_inheritable(_handle: usize, _inheritable: bool) -> Result<()> {
    Err(Error::Unsupported(Unsupported::Windows))
}

/// Whether reading and writing wait: `false` with `O_NONBLOCK`.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.get_blocking)
#[doc(alias = "os.get_blocking")]
pub fn get_blocking(fd: impl AsFd) -> Result<bool> {
    Ok(!rustix::fs::fcntl_getfl(fd)?.contains(rustix::fs::OFlags::NONBLOCK))
}

/// Says whether reading and writing wait. The setting belongs to the open file:
/// copies of the descriptor, in other processes too, share it.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.set_blocking)
#[doc(alias = "os.set_blocking")]
pub fn set_blocking(fd: impl AsFd, blocking: bool) -> Result<()> {
    let mut flags = rustix::fs::fcntl_getfl(&fd)?;
    flags.set(rustix::fs::OFlags::NONBLOCK, !blocking);
    Ok(rustix::fs::fcntl_setfl(&fd, flags)?)
}

/// A descriptor as a file of the standard library, which closes it.
///
/// There is no mode: the file can what the descriptor can. For a buffer, put it into a
/// `BufReader` or a `BufWriter`.
///
/// # Errors
/// - `EISDIR`: a directory; as Python refuses it. The descriptor is then closed.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.fdopen)
#[doc(alias = "os.fdopen")]
pub fn fdopen(fd: OwnedFd) -> Result<File> {
    if rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode).is_dir() {
        return Err(Errno::ISDIR.into());
    }
    Ok(File::from(fd))
}
