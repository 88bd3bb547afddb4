//! Bytes of open files: reading, writing, positions, copies inside the kernel.
//!
//! A count that is returned may be smaller than what was asked for. Calls that a
//! signal interrupts before any byte moved are started again, as PEP 475 says.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::AsFd;

use rustix::fs::SeekFrom;
pub use rustix::io::ReadWriteFlags as RwFlags;
use rustix::io::retry_on_intr;

use crate::{Errno, Error, Result};

/// Reads into `buf` from the file position and moves it. 0 is the end of the file.
///
/// # Errors
/// - `EAGAIN`: nothing is there, and the descriptor does not wait.
/// - `EBADF`: the descriptor is not open for reading. `EISDIR`: it is a directory.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/read.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.read)
#[doc(alias = "os.read")]
pub fn read(fd: impl AsFd, buf: &mut [u8]) -> Result<usize> {
    Ok(retry_on_intr(|| rustix::io::read(&fd, &mut *buf))?)
}

/// Writes `buf` at the file position and moves it.
///
/// # Errors
/// - `EAGAIN`: there is no room now, and the descriptor does not wait.
/// - `EPIPE`: nobody reads the pipe. `EFBIG`, `ENOSPC`, `EDQUOT`: a limit is reached.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/write.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.write)
#[doc(alias = "os.write")]
pub fn write(fd: impl AsFd, buf: &[u8]) -> Result<usize> {
    Ok(retry_on_intr(|| rustix::io::write(&fd, buf))?)
}

/// Reads into `buf` from `offset`, leaving the file position alone.
///
/// # Errors
/// As [`read`]; `ESPIPE`: a pipe or socket; `EINVAL`: `offset` is beyond `i64::MAX`.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/pread.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.pread)
#[doc(alias = "os.pread")]
pub fn pread(fd: impl AsFd, buf: &mut [u8], offset: u64) -> Result<usize> {
    Ok(retry_on_intr(|| rustix::io::pread(&fd, &mut *buf, offset))?)
}

/// Writes `buf` at `offset`, leaving the file position alone.
///
/// On Linux a descriptor with `O_APPEND` writes to the end whatever `offset` is.
///
/// # Errors
/// As [`write`](write()); `ESPIPE`: a pipe or socket; `EINVAL`: `offset` is beyond `i64::MAX`.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/pwrite.html),
/// [Linux](https://man7.org/linux/man-pages/man2/pwrite.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.pwrite)
#[doc(alias = "os.pwrite")]
pub fn pwrite(fd: impl AsFd, buf: &[u8], offset: u64) -> Result<usize> {
    Ok(retry_on_intr(|| rustix::io::pwrite(&fd, buf, offset))?)
}

/// Reads from the file position into the buffers in turn: one is filled before the next.
///
/// # Errors
/// As [`read`]; `EINVAL`: more than 1024 buffers.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/readv.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.readv)
#[doc(alias = "os.readv")]
pub fn readv(fd: impl AsFd, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
    check_count(bufs.len())?;
    Ok(retry_on_intr(|| rustix::io::readv(&fd, bufs))?)
}

/// Writes the buffers in turn at the file position.
///
/// # Errors
/// As [`write`](write()); `EINVAL`: more than 1024 buffers.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/writev.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.writev)
#[doc(alias = "os.writev")]
pub fn writev(fd: impl AsFd, bufs: &[IoSlice<'_>]) -> Result<usize> {
    check_count(bufs.len())?;
    Ok(retry_on_intr(|| rustix::io::writev(&fd, bufs))?)
}

/// [`readv`] from `offset`, leaving the file position alone, as `flags` say.
///
/// # Errors
/// As [`pread`] and [`readv`]; `EAGAIN`: `RWF_NOWAIT`, and nothing is ready;
/// `EOPNOTSUPP`: a flag that the kernel or the file does not know.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/preadv.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.preadv)
#[doc(alias = "os.preadv")]
#[doc(alias = "preadv2")]
pub fn preadv(fd: impl AsFd, bufs: &mut [IoSliceMut<'_>], offset: u64, flags: RwFlags) -> Result<usize> {
    check_count(bufs.len())?;
    check_offset(offset)?;
    Ok(retry_on_intr(|| {
        // Kernels and sandboxes without `preadv2` know the other.
        if flags.is_empty() {
            rustix::io::preadv(&fd, bufs, offset)
        } else {
            rustix::io::preadv2(&fd, bufs, offset, flags)
        }
    })?)
}

/// [`writev`] at `offset`, leaving the file position alone, as `flags` say.
///
/// # Errors
/// As [`pwrite`] and [`writev`]; `EOPNOTSUPP`: a flag that the kernel or the file
/// does not know.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/pwritev.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.pwritev)
#[doc(alias = "os.pwritev")]
#[doc(alias = "pwritev2")]
pub fn pwritev(fd: impl AsFd, bufs: &[IoSlice<'_>], offset: u64, flags: RwFlags) -> Result<usize> {
    check_count(bufs.len())?;
    check_offset(offset)?;
    Ok(retry_on_intr(|| {
        if flags.is_empty() {
            rustix::io::pwritev(&fd, bufs, offset)
        } else {
            rustix::io::pwritev2(&fd, bufs, offset, flags)
        }
    })?)
}

/// The kernel's answer to too many buffers. rustix would cut the list and transfer less.
fn check_count(count: usize) -> Result<()> {
    let most = usize::try_from(libc::UIO_MAXIOV).expect("UIO_MAXIOV is positive");
    if count > most { Err(Error::Os(Errno::INVAL)) } else { Ok(()) }
}

/// To `preadv2` the offset -1 means the file position, which `u64::MAX` does not say.
fn check_offset(offset: u64) -> Result<()> {
    if i64::try_from(offset).is_err() { Err(Error::Os(Errno::INVAL)) } else { Ok(()) }
}

/// From where [`lseek`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whence {
    /// The start of the file.
    #[doc(alias = "SEEK_SET")]
    Set,
    /// The file position.
    #[doc(alias = "SEEK_CUR")]
    Cur,
    /// The end of the file.
    #[doc(alias = "SEEK_END")]
    End,
    /// The next data at or after the offset.
    #[doc(alias = "SEEK_DATA")]
    Data,
    /// The next hole at or after the offset; the end of the file counts as one.
    #[doc(alias = "SEEK_HOLE")]
    Hole,
}

/// Moves the file position and returns it, in bytes from the start.
///
/// Going beyond the end is allowed and changes nothing until something is written.
///
/// # Errors
/// - `EINVAL`: the position would be negative. `ESPIPE`: a pipe or socket.
/// - `ENXIO`: with `Data` or `Hole`, the offset is at or beyond the end, or no data follows.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/lseek.html),
/// [Linux](https://man7.org/linux/man-pages/man2/lseek.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.lseek)
#[doc(alias = "os.lseek")]
pub fn lseek(fd: impl AsFd, position: i64, whence: Whence) -> Result<u64> {
    // A negative offset goes to the kernel unchanged, which says EINVAL or ENXIO.
    let raw = position.cast_unsigned();
    let from = match whence {
        Whence::Set => SeekFrom::Start(raw),
        Whence::Cur => SeekFrom::Current(position),
        Whence::End => SeekFrom::End(position),
        Whence::Data => SeekFrom::Data(raw),
        Whence::Hole => SeekFrom::Hole(raw),
    };
    Ok(rustix::fs::seek(fd, from)?)
}

/// Copies up to `count` bytes from `src` to `dst` inside the kernel.
///
/// An offset that is given is used and moved, and the file position stays; without
/// one the file position is used and moved. 0 is the end of `src`. Linux 5.3 and
/// later copy between many file systems, where Python's document says `EXDEV`.
///
/// # Errors
/// - `EINVAL`: the ranges overlap in one file, or a descriptor is not a regular file.
/// - `EXDEV`: not between these file systems. `EISDIR`: a directory.
/// - `EBADF`: `src` does not read, `dst` does not write, or `dst` has `O_APPEND`.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/copy_file_range.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.copy_file_range)
#[doc(alias = "os.copy_file_range")]
pub fn copy_file_range(
    src: impl AsFd,
    dst: impl AsFd,
    count: usize,
    src_offset: Option<&mut u64>,
    dst_offset: Option<&mut u64>,
) -> Result<usize> {
    Ok(rustix::fs::copy_file_range(src, src_offset, dst, dst_offset, count)?)
}

/// Copies up to `count` bytes from `src` to `dst` inside the kernel.
///
/// An offset that is given is used and moved, and the position of `src` stays;
/// without one its position is used and moved. 0 is the end of `src`. Linux's
/// form: headers, trailers and flags belong to the BSDs and macOS.
///
/// # Errors
/// - `EAGAIN`: `dst` is full and does not wait.
/// - `EINVAL`: `src` cannot be mapped (a pipe, a socket), or `dst` has `O_APPEND`.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/sendfile.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sendfile)
#[doc(alias = "os.sendfile")]
pub fn sendfile(dst: impl AsFd, src: impl AsFd, mut offset: Option<&mut u64>, count: usize) -> Result<usize> {
    Ok(retry_on_intr(|| rustix::fs::sendfile(&dst, &src, offset.as_deref_mut(), count))?)
}
