//! Length and storage of files: how long they are, what is reserved, what is on disk.

use std::num::NonZeroU64;
use std::os::fd::{AsFd, OwnedFd};

pub use rustix::fs::Advice;
use rustix::fs::FileType;
use rustix::io::retry_on_intr;

use crate::audit::Arg;
use crate::{At, Errno, Follow, Mode, OFlags, Result, Target, audit, sys};

/// Sets the length of a file to exactly `length` bytes.
///
/// Python's document says "at most"; the file grows too, with a hole that reads as
/// zeros. A descriptor is [`ftruncate`]. A path below a directory descriptor is an
/// extension: it costs two system calls more, as there is no `truncateat`.
///
/// # Errors
/// - `EINVAL`: `length` is negative, or the file is not a regular one. `EISDIR`: a directory.
/// - `EFBIG`: longer than the file system or the process may make it.
/// - `ETXTBSY`: the file is being executed.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/truncate.html),
/// [Linux](https://man7.org/linux/man-pages/man2/truncate.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.truncate)
#[doc(alias = "os.truncate")]
pub fn truncate<'a>(target: impl Into<Target<'a>>, length: i64) -> Result<()> {
    match target.into().check()? {
        Target::Fd(fd) => ftruncate(fd, length),
        Target::Path(at) => {
            audit::raise("os.truncate", || [at.audit()[0], Arg::Int(length)])?;
            Ok(truncate_at(at, length)?)
        }
    }
}

fn truncate_at(at: At<'_>, length: i64) -> rustix::io::Result<()> {
    if let Some(path) = at.without_dir() {
        return path.with_c_str(|path| sys::truncate(path, length));
    }
    let place = sys::proc_fd::open_path(at, Follow::Yes)?;
    match sys::proc_fd::with_path(place.as_fd(), b"", |path| sys::truncate(path, length)) {
        Err(sys::proc_fd::NO_PROC) => truncate_by_opening(at, &place, length),
        result => result,
    }
}

/// Without `/proc` the file has to be opened, which must happen to nothing but a file.
fn truncate_by_opening(at: At<'_>, place: &OwnedFd, length: i64) -> rustix::io::Result<()> {
    match FileType::from_raw_mode(rustix::fs::fstat(place)?.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => return Err(Errno::ISDIR),
        _ => return Err(Errno::INVAL),
    }
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = at.with_c_str(|dir, path| rustix::fs::openat(dir, path, flags.into(), Mode::empty()))?;
    rustix::fs::ftruncate(&fd, length.cast_unsigned())
}

/// Sets the length of an open file to exactly `length` bytes.
///
/// # Errors
/// As [`truncate`]; `EINVAL` or `EBADF`: the descriptor is not open for writing.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/ftruncate.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.ftruncate)
#[doc(alias = "os.ftruncate")]
pub fn ftruncate(fd: impl AsFd, length: i64) -> Result<()> {
    let fd = fd.as_fd();
    audit::raise("os.truncate", || [Arg::fd(fd), Arg::Int(length)])?;
    // A negative length goes to the kernel unchanged, which says EINVAL.
    Ok(retry_on_intr(|| rustix::fs::ftruncate(fd, length.cast_unsigned()))?)
}

/// Makes sure that `length` bytes from `offset` have storage, growing the file if needed.
///
/// Where the file system cannot reserve, the C library writes to each block instead,
/// which is slow and races with other writers; [`crate::linux::fallocate`] says
/// `EOPNOTSUPP` there.
///
/// # Errors
/// - `ENOSPC`: there is not that much. `EFBIG`: the end is beyond the largest length.
/// - `EINVAL`: `offset` is negative, or `length` is not positive.
/// - `ENODEV` or `ESPIPE`: not a regular file. `EBADF`: not open for writing.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/posix_fallocate.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.posix_fallocate)
#[doc(alias = "os.posix_fallocate")]
pub fn posix_fallocate(fd: impl AsFd, offset: i64, length: i64) -> Result<()> {
    Ok(retry_on_intr(|| sys::posix_fallocate(fd.as_fd(), offset, length))?)
}

/// Announces how `length` bytes from `offset` will be used; 0 is all that follows.
///
/// # Errors
/// - `EINVAL`: `length` is negative. `ESPIPE`: a pipe or socket.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/posix_fadvise.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.posix_fadvise)
#[doc(alias = "os.posix_fadvise")]
pub fn posix_fadvise(fd: impl AsFd, offset: i64, length: i64, advice: Advice) -> Result<()> {
    let length = NonZeroU64::new(length.cast_unsigned());
    Ok(retry_on_intr(|| rustix::fs::fadvise(&fd, offset.cast_unsigned(), length, advice))?)
}

/// Waits until the data and the metadata of a file are on storage.
///
/// The name of a new file is on storage when its directory is, which takes a
/// call of its own.
///
/// # Errors
/// - `EIO`, `ENOSPC`, `EDQUOT`: something written before could not be stored. Told once.
/// - `EINVAL`: the descriptor is one that cannot be synchronised (a pipe, a socket).
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fsync.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.fsync)
#[doc(alias = "os.fsync")]
pub fn fsync(fd: impl AsFd) -> Result<()> {
    Ok(retry_on_intr(|| rustix::fs::fsync(&fd))?)
}

/// Waits until the data of a file is on storage, with the metadata that is needed
/// to read it back: the length, not the times.
///
/// # Errors
/// As [`fsync`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fdatasync.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.fdatasync)
#[doc(alias = "os.fdatasync")]
pub fn fdatasync(fd: impl AsFd) -> Result<()> {
    Ok(retry_on_intr(|| rustix::fs::fdatasync(&fd))?)
}

/// Writes everything to storage, of all file systems.
///
/// One file system that does not answer holds it up for ever;
/// [`crate::linux::syncfs`] is about one only.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sync.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sync)
#[doc(alias = "os.sync")]
pub fn sync() {
    rustix::fs::sync();
}
