//! Faults of directories: listing them, and bringing them to storage.

use fs_core::Errno;

use super::{Fault, Faulty};
use crate::ops::{Dir, Listed};

/// How many entries an answer has that counts them.
const PORTION: u64 = 16;

impl Faulty<'_> {
    /// See [`Call::readdir`](super::Call::readdir).
    pub fn readdir(&self, dir: Dir, offset: u64, mut list: impl FnMut(Listed<'_>) -> bool) -> Result<(), Errno> {
        match self.fault {
            Some(Fault::ReaddirByIndex) => {
                let mut index = 0;
                self.call.readdir(dir, 0, |listed| {
                    index += 1;
                    if index <= offset {
                        return true;
                    }
                    index <= offset + PORTION && list(Listed { next: index, ..listed })
                })
            }
            Some(Fault::TypeOfTheTarget) => self.call.readdir(dir, offset, |listed| {
                let is_link = listed.file_type == libc::S_IFLNK;
                list(Listed { file_type: if is_link { libc::S_IFREG } else { listed.file_type }, ..listed })
            }),
            _ => self.call.readdir(dir, offset, list),
        }
    }

    /// See [`Call::fsyncdir`](super::Call::fsyncdir).
    pub fn fsyncdir(&self, dir: Dir, datasync: bool) -> Result<(), Errno> {
        if self.has(Fault::FsyncOfDirectory) { Err(Errno::INVAL) } else { self.call.fsyncdir(dir, datasync) }
    }
}
