//! Takes all room that a small file system has, or all that a directory in it can get.

use std::os::fd::BorrowedFd;

use rustix::fs::{FileType, Mode};

use super::{Failed, Ran, RunError, Runner};
use crate::op::bytes::Bytes;
use crate::op::outcome::{Field, Outcome};
use crate::op::place::Fd;
use crate::{At, Errno, OFlags};

/// The most free space of a file system that is filled: a line from a stranger must not
/// be able to fill a disk.
const MOST_BYTES: u64 = 256 << 20;
/// The most files that a directory is given.
const MOST_FILES: u64 = 4096;

impl Runner {
    pub(super) fn fill(&self, fd: Fd) -> Ran {
        let fd = self.get(fd)?;
        let space = rustix::fs::fstatvfs(fd)?;
        if space.f_bfree.saturating_mul(space.f_frsize) > MOST_BYTES {
            return Err(Errno::FBIG.into());
        }
        let count = match FileType::from_raw_mode(rustix::fs::fstat(fd)?.st_mode) {
            FileType::Directory => fill_directory(fd)?,
            _ => fill_file(fd)?,
        };
        Ok(Outcome::ok(vec![Field::number("count", count)]))
    }
}

/// Writes until not a byte more finds room; how many bytes did.
fn fill_file(fd: BorrowedFd<'_>) -> Result<u64, Failed> {
    // Nothing that a file system would compress.
    let data = Bytes::Random { seed: 1, length: 1 << 20 };
    let data = data.resolve();
    let mut count = 0;
    // What was reserved for more than it took is free again once it is written back.
    for _ in 0..2 {
        for size in [1 << 20, 4096, 1] {
            loop {
                match crate::write(fd, &data[..size]) {
                    Ok(0) => break,
                    Ok(written) if count < 2 * MOST_BYTES => count += written as u64,
                    Ok(_) => return Err(RunError::Refused("`fill`: no end of the free space".to_owned()).into()),
                    Err(error) if error.errno() == Errno::NOSPC => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        match crate::fsync(fd) {
            Err(error) if error.errno() != Errno::NOSPC => return Err(error.into()),
            _ => {}
        }
    }
    Ok(count)
}

/// Makes empty files with long names until there is no room for one; how many there was room for.
fn fill_directory(dir: BorrowedFd<'_>) -> Result<u64, Failed> {
    for count in 0..MOST_FILES {
        let name = format!("{count:f>255}");
        let at = At { dir: Some(dir), path: name.as_str().into() };
        match crate::open(at, OFlags::CREAT | OFlags::EXCL | OFlags::WRONLY, Mode::RUSR) {
            Ok(_) => {}
            Err(error) if error.errno() == Errno::NOSPC => return Ok(count),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(MOST_FILES)
}
