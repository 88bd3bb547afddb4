//! A file in memory.

#![expect(unsafe_code, reason = "a mapping is memory that the kernel hands out")]

use std::io;
use std::os::fd::AsFd;
use std::ptr::{NonNull, null_mut};
use std::slice;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// What a mapping is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

/// The first bytes of a file, shared; unmapped when dropped.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<u64>,
    size: usize,
}

impl Mapping {
    /// Maps `size` bytes, which the file must have for as long as the mapping lives.
    ///
    /// # Errors
    /// Those of the call.
    pub fn new(file: impl AsFd, size: usize, access: Access) -> io::Result<Mapping> {
        let protection = match access {
            Access::Read => ProtFlags::READ,
            Access::Write => ProtFlags::READ | ProtFlags::WRITE,
        };
        // SAFETY: the kernel chooses the address, so nothing that is mapped is replaced.
        let start = unsafe { mmap(null_mut(), size, protection, MapFlags::SHARED, file, 0) }?;
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("a mapping at address 0"))?;
        Ok(Mapping { start, size })
    }

    /// The sum of its words.
    pub fn sum(&self) -> u64 {
        // SAFETY: all of it is mapped and readable; pages are aligned; no other process writes to
        // the file, which has its length all the time.
        let words = unsafe { slice::from_raw_parts(self.start.as_ptr(), self.size / size_of::<u64>()) };
        words.iter().fold(0, |sum, word| sum.wrapping_add(*word))
    }

    /// Writes a byte to all of it, which must be for writing.
    pub fn fill(&mut self, byte: u8) {
        // SAFETY: all of it is mapped; that it is writable is what the caller asked for, and a
        // mapping that is not ends the process with SIGSEGV and nothing worse.
        unsafe { self.start.as_ptr().cast::<u8>().write_bytes(byte, self.size) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and no reference into it is left.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.size) };
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    #[test]
    fn what_is_filled_is_in_the_file_and_is_summed() {
        let mut file = tempfile::tempfile().unwrap();
        file.set_len(8192).unwrap();
        Mapping::new(&file, 8192, Access::Write).unwrap().fill(1);
        let mut text = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut text).unwrap();
        assert_eq!(text, [1; 8192]);
        let sum = Mapping::new(&file, 8192, Access::Read).unwrap().sum();
        assert_eq!(sum, 0x0101_0101_0101_0101_u64.wrapping_mul(1024));
    }
}
