//! What is measured.

use std::hint::black_box;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use fs_core::{OFlags, Result};

use crate::place::{DIR, ENTRIES, FILE, FILE_SIZE, NEW, Place, RENAMED, XATTR, XATTR_SIZE};
use crate::rung::Calls;

/// The bytes of a read or write.
const BLOCK: usize = 4096;

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The status of a file by name.
    Stat,
    /// Opening a file for reading, and closing it.
    OpenClose,
    /// Making a file, closing and removing it.
    CreateUnlink,
    /// Renaming a file within its directory.
    Rename,
    /// Reading an extended attribute of 16 bytes by path.
    Getxattr,
    /// Opening a directory, reading all 100 entries, closing it.
    Readdir,
    /// Reading 4 KiB at an offset of an open file.
    Pread,
    /// Writing 4 KiB at an offset of an open file.
    Pwrite,
}

impl Operation {
    /// All of them, in the order in which they are measured.
    pub const ALL: [Operation; 8] = [
        Operation::Stat,
        Operation::OpenClose,
        Operation::CreateUnlink,
        Operation::Rename,
        Operation::Getxattr,
        Operation::Readdir,
        Operation::Pread,
        Operation::Pwrite,
    ];

    /// Its name: operation and size.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Stat => "stat",
            Operation::OpenClose => "open+close",
            Operation::CreateUnlink => "create+unlink",
            Operation::Rename => "rename",
            Operation::Getxattr => "getxattr",
            Operation::Readdir => "readdir/100",
            Operation::Pread => "pread/4KiB",
            Operation::Pwrite => "pwrite/4KiB",
        }
    }

    /// Does it `count` times, and tells how long that took.
    ///
    /// # Errors
    /// The first call that failed.
    pub fn run<C: Calls>(self, place: &mut Place, count: u64) -> Result<Duration> {
        let dir = place.dir.as_fd();
        match self {
            Operation::Stat => timed(count, |_| C::stat(dir, FILE).map(drop)),
            Operation::OpenClose => timed(count, |_| C::open(dir, FILE, OFlags::RDONLY).map(drop)),
            Operation::CreateUnlink => timed(count, |_| {
                drop(C::open(dir, NEW, OFlags::CREAT | OFlags::EXCL | OFlags::WRONLY)?);
                C::unlink(dir, NEW)
            }),
            Operation::Rename => timed(count, |_| {
                let from = place.renamed;
                C::rename(dir, RENAMED[from], RENAMED[1 - from])?;
                place.renamed = 1 - from;
                Ok(())
            }),
            Operation::Getxattr => timed(count, |_| {
                let mut value = [0; XATTR_SIZE];
                C::getxattr(&place.file_path, XATTR, &mut value).map(|size| assert_eq!(size, XATTR_SIZE))
            }),
            Operation::Readdir => timed(count, |_| C::count_entries(dir, DIR).map(|count| assert_eq!(count, ENTRIES))),
            Operation::Pread => {
                let mut data = [0; BLOCK];
                timed(count, |index| C::pread(place.file.as_fd(), &mut data, offset(index)).map(whole))
            }
            Operation::Pwrite => {
                let data = [b'y'; BLOCK];
                timed(count, |index| C::pwrite(place.file.as_fd(), &data, offset(index)).map(whole))
            }
        }
    }
}

fn timed(count: u64, mut operation: impl FnMut(u64) -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    for index in 0..count {
        black_box(operation(index))?;
    }
    Ok(start.elapsed())
}

/// The block that is read or written next.
fn offset(index: u64) -> u64 {
    index * BLOCK as u64 % FILE_SIZE as u64
}

fn whole(count: usize) {
    assert_eq!(count, BLOCK);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rung::{FsCore, Rustix};

    #[test]
    fn both_libraries_do_them_all_and_leave_the_place_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        Place::prepare(dir.path()).unwrap();
        let names = || {
            let entries = std::fs::read_dir(dir.path()).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = names();
        for operation in Operation::ALL {
            let mut place = Place::open(dir.path()).unwrap();
            if operation == Operation::Getxattr && !place.has_xattr {
                eprintln!("not run: no extended attributes in {}", dir.path().display());
                continue;
            }
            assert!(operation.run::<Rustix>(&mut place, 6).unwrap() > Duration::ZERO);
            assert!(operation.run::<FsCore>(&mut place, 6).unwrap() > Duration::ZERO);
        }
        assert_eq!(names(), before);
    }

    #[test]
    fn offsets_stay_in_the_file() {
        assert!((0..100).all(|index| offset(index) + BLOCK as u64 <= FILE_SIZE as u64));
    }
}
