//! What the process brings to every call: working directory, root, umask.
//!
//! All three belong to the process (or to the threads that share them), so a library
//! should rather use directory descriptors.

use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::{At, Errno, Error, Follow, Mode, Result, Target, Unsupported, audit, sys};

/// Makes a directory the working directory.
///
/// A path below a directory descriptor is an extension.
///
/// # Errors
/// - `ENOENT`, `ENOTDIR`; `EACCES`: the caller may not search it.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/chdir.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.chdir)
#[doc(alias = "os.chdir")]
pub fn chdir<'a>(target: impl Into<Target<'a>>) -> Result<()> {
    let target = target.into().check()?;
    audit::raise("os.chdir", || [target.audit()[0]])?;
    Ok(match target {
        Target::Fd(fd) => rustix::process::fchdir(fd),
        Target::Path(at) => match at.without_dir() {
            Some(path) => path.with_c_str(|path| rustix::process::chdir(path)),
            None => sys::proc_fd::open_path(at, Follow::Yes).and_then(rustix::process::fchdir),
        },
    }?)
}

/// Makes an open directory the working directory: [`chdir`] of a descriptor.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fchdir.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.fchdir)
#[doc(alias = "os.fchdir")]
pub fn fchdir(fd: impl AsFd) -> Result<()> {
    chdir(fd.as_fd())
}

/// The working directory, however long its path is.
///
/// # Errors
/// - `ENOENT`: it was removed, or is outside of the root of the process.
/// - `EACCES`: a directory on the way may not be read, which counts only for a path longer than a page.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getcwd.html),
/// [Linux](https://man7.org/linux/man-pages/man3/getcwd.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getcwd)
#[doc(alias = "os.getcwd")]
pub fn getcwd() -> Result<PathBuf> {
    // The C library's, which walks up where the system call gives up, and which takes
    // the kernel's `(unreachable)/...` for what it is. rustix makes the bare call.
    std::env::current_dir().map_err(|error| match error.raw_os_error() {
        Some(errno) => Error::Os(Errno::from_raw_os_error(errno)),
        None => Error::Invalid("the working directory has no path"),
    })
}

/// The working directory as bytes.
///
/// # Errors
/// As [`getcwd`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.getcwdb)
#[doc(alias = "os.getcwdb")]
pub fn getcwdb() -> Result<Vec<u8>> {
    Ok(getcwd()?.into_os_string().into_vec())
}

/// Makes a directory the root of the process.
///
/// The working directory stays, and open directories too, so that by itself this
/// locks nobody in. A path below a directory descriptor is an extension, and needs
/// `/proc`.
///
/// # Errors
/// - `EPERM`: no capability `CAP_SYS_CHROOT`. `ENOTDIR`, `ENOENT`, `EACCES`.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/chroot.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.chroot)
#[doc(alias = "os.chroot")]
pub fn chroot<'a>(at: impl Into<At<'a>>) -> Result<()> {
    let at = at.into().check()?;
    Ok(match at.without_dir() {
        Some(path) => path.with_c_str(|path| rustix::process::chroot(path)),
        None => sys::proc_fd::open_path(at, Follow::Yes)
            .and_then(|place| sys::proc_fd::with_path(place.as_fd(), b"", |path| rustix::process::chroot(path))),
    }?)
}

/// Sets the permission bits that new files do not get, and returns those from before.
///
/// Only the low nine bits count. There is no way to ask without setting.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/umask.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.umask)
#[doc(alias = "os.umask")]
pub fn umask(mask: Mode) -> Mode {
    rustix::process::umask(mask)
}

/// Always [`Error::Unsupported`]: Linux does not lock the text or the data of a process alone;
/// `mlockall(2)` locks all of its memory.
#[doc(alias = "os.plock")]
pub fn plock(_op: i32) -> Result<()> {
    Err(Error::Unsupported(Unsupported::OtherUnix))
}
