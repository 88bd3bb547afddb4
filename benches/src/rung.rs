//! The rungs: who makes the calls, and where.

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use fs_core::{Follow, Mode, OFlags, Result};
use rustix::fs::AtFlags;

/// A library that makes the calls.
///
/// Names are one component below a directory descriptor, so that neither library has a
/// path to copy to the heap.
pub trait Calls {
    /// The status of a name.
    fn stat(dir: BorrowedFd<'_>, name: &CStr) -> Result<u64>;
    /// Opens a name.
    fn open(dir: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd>;
    /// Removes a name.
    fn unlink(dir: BorrowedFd<'_>, name: &CStr) -> Result<()>;
    /// Renames within a directory.
    fn rename(dir: BorrowedFd<'_>, from: &CStr, to: &CStr) -> Result<()>;
    /// Reads an extended attribute of a path.
    fn getxattr(path: &Path, name: &CStr, value: &mut [u8]) -> Result<usize>;
    /// Counts the entries of a directory.
    fn count_entries(dir: BorrowedFd<'_>, name: &CStr) -> Result<usize>;
    /// Reads at an offset.
    fn pread(fd: BorrowedFd<'_>, data: &mut [u8], offset: u64) -> Result<usize>;
    /// Writes at an offset.
    fn pwrite(fd: BorrowedFd<'_>, data: &[u8], offset: u64) -> Result<usize>;
}

/// rustix: system calls as safe functions.
#[derive(Debug)]
pub struct Rustix;

/// fs-core: this project's library.
#[derive(Debug)]
pub struct FsCore;

const MODE: Mode = Mode::from_bits_retain(0o644);

impl Calls for Rustix {
    fn stat(dir: BorrowedFd<'_>, name: &CStr) -> Result<u64> {
        Ok(rustix::fs::statat(dir, name, AtFlags::empty())?.st_ino)
    }

    fn open(dir: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd> {
        Ok(rustix::fs::openat(dir, name, (flags | OFlags::CLOEXEC).into(), MODE)?)
    }

    fn unlink(dir: BorrowedFd<'_>, name: &CStr) -> Result<()> {
        Ok(rustix::fs::unlinkat(dir, name, AtFlags::empty())?)
    }

    fn rename(dir: BorrowedFd<'_>, from: &CStr, to: &CStr) -> Result<()> {
        Ok(rustix::fs::renameat(dir, from, dir, to)?)
    }

    fn getxattr(path: &Path, name: &CStr, value: &mut [u8]) -> Result<usize> {
        Ok(rustix::fs::getxattr(path, name, value)?)
    }

    fn count_entries(dir: BorrowedFd<'_>, name: &CStr) -> Result<usize> {
        let fd = Rustix::open(dir, name, OFlags::DIRECTORY)?;
        let mut buffer = Vec::with_capacity(32 * 1024);
        let mut entries = rustix::fs::RawDir::new(&fd, buffer.spare_capacity_mut());
        let mut count = 0;
        while let Some(entry) = entries.next() {
            let name = entry?.file_name().to_bytes().len();
            count += usize::from(name > 2);
        }
        Ok(count)
    }

    fn pread(fd: BorrowedFd<'_>, data: &mut [u8], offset: u64) -> Result<usize> {
        Ok(rustix::io::pread(fd, data, offset)?)
    }

    fn pwrite(fd: BorrowedFd<'_>, data: &[u8], offset: u64) -> Result<usize> {
        Ok(rustix::io::pwrite(fd, data, offset)?)
    }
}

impl Calls for FsCore {
    fn stat(dir: BorrowedFd<'_>, name: &CStr) -> Result<u64> {
        Ok(fs_core::stat((dir, name), Follow::Yes)?.st_ino())
    }

    fn open(dir: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd> {
        fs_core::open((dir, name), flags, MODE)
    }

    fn unlink(dir: BorrowedFd<'_>, name: &CStr) -> Result<()> {
        fs_core::unlink((dir, name))
    }

    fn rename(dir: BorrowedFd<'_>, from: &CStr, to: &CStr) -> Result<()> {
        fs_core::rename((dir, from), (dir, to))
    }

    fn getxattr(path: &Path, name: &CStr, value: &mut [u8]) -> Result<usize> {
        fs_core::getxattr_into(path, name, value, Follow::Yes)
    }

    fn count_entries(dir: BorrowedFd<'_>, name: &CStr) -> Result<usize> {
        let mut count = 0;
        for entry in fs_core::scandir((dir, name))? {
            count += usize::from(entry?.name().len() > 2);
        }
        Ok(count)
    }

    fn pread(fd: BorrowedFd<'_>, data: &mut [u8], offset: u64) -> Result<usize> {
        fs_core::pread(fd, data, offset)
    }

    fn pwrite(fd: BorrowedFd<'_>, data: &[u8], offset: u64) -> Result<usize> {
        fs_core::pwrite(fd, data, offset)
    }
}
