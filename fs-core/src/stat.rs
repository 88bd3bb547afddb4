//! Status of a file.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::AtFlags;

use crate::{At, Follow, Result, Target};

/// What [`stat`] tells of a file.
///
/// Times have nanoseconds as `i128`: `i64` ends in the year 2262.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "os.stat_result")]
pub struct StatResult(rustix::fs::Stat);

impl StatResult {
    /// Type and permission bits.
    #[doc(alias = "os.stat_result.st_mode")]
    pub fn st_mode(&self) -> u32 {
        self.0.st_mode
    }
}

/// Gets the status of a descriptor or of what a path names.
///
/// `follow` tells whether a symbolic link at the end is followed. One system call, no heap allocation
/// for a path of up to 255 bytes.
///
/// # Errors
/// - `ENOENT`: no such name, or the path is empty.
/// - `Error::Conflict`: a descriptor with [`Follow::No`], which Python refuses too.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/stat.html),
/// [Linux](https://man7.org/linux/man-pages/man2/stat.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.stat)
#[doc(alias = "os.stat")]
#[doc(alias = "fstatat")]
pub fn stat<'a>(target: impl Into<Target<'a>>, follow: Follow) -> Result<StatResult> {
    match target.into().check_follow(follow)? {
        Target::Fd(fd) => fstat(fd),
        Target::Path(at) => Ok(at.with_c_str(|dir, path| statat(dir, path, follow))?),
    }
}

/// Gets the status of what a path names, not following a symbolic link at the end.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.lstat)
#[doc(alias = "os.lstat")]
pub fn lstat<'a>(at: impl Into<At<'a>>) -> Result<StatResult> {
    stat(at.into(), Follow::No)
}

/// Gets the status of an open file.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.fstat)
#[doc(alias = "os.fstat")]
pub fn fstat(fd: impl AsFd) -> Result<StatResult> {
    Ok(StatResult(rustix::io::retry_on_intr(|| rustix::fs::fstat(&fd))?))
}

fn statat(dir: BorrowedFd<'_>, path: &std::ffi::CStr, follow: Follow) -> rustix::io::Result<StatResult> {
    let flags = match follow {
        Follow::Yes => AtFlags::empty(),
        Follow::No => AtFlags::SYMLINK_NOFOLLOW,
    };
    Ok(StatResult(rustix::fs::statat(dir, path, flags)?))
}
