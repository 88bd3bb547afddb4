//! Storage of files: [`fallocate`] with its modes, [`syncfs`].

use std::os::fd::AsFd;

pub use rustix::fs::FallocateFlags;
use rustix::io::retry_on_intr;

use crate::Result;

/// Reserves, frees, zeroes or shifts storage of `length` bytes from `offset`, as `mode` says.
///
/// - no flags: reserves, and grows the file. `KEEP_SIZE`: without growing it.
/// - `PUNCH_HOLE` (with `KEEP_SIZE`): frees; the range reads as zeros.
/// - `ZERO_RANGE`: the range reads as zeros and stays reserved.
/// - `COLLAPSE_RANGE`, `INSERT_RANGE`: cuts the range out, or puts a hole in; whole blocks only.
/// - `UNSHARE_RANGE`: gives the file blocks of its own where it shares some.
///
/// Unlike [`posix_fallocate`](crate::posix_fallocate) it never writes instead. Started
/// again after a signal, as that is.
///
/// # Errors
/// - `EOPNOTSUPP`: the file system does not know the mode. `ENOSPC`: no room.
/// - `EINVAL`: an impossible range or mix of flags, or not whole blocks.
/// - `ENODEV`: not a regular file. `EBADF`: not open for writing.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/fallocate.2.html)
pub fn fallocate(fd: impl AsFd, mode: FallocateFlags, offset: i64, length: i64) -> Result<()> {
    // Negative numbers go to the kernel unchanged, which says EINVAL.
    let (offset, length) = (offset.cast_unsigned(), length.cast_unsigned());
    Ok(retry_on_intr(|| rustix::fs::fallocate(&fd, mode, offset, length))?)
}

/// Writes everything of one file system to storage.
///
/// # Errors
/// - `EIO`, `ENOSPC`, `EDQUOT`: something written before could not be stored (Linux 5.8).
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/syncfs.2.html)
pub fn syncfs(fd: impl AsFd) -> Result<()> {
    Ok(rustix::fs::syncfs(fd)?)
}
