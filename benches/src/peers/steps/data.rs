//! Reading and writing the contents of a file.

use std::hint::black_box;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{pread, pwrite};

use super::mapping::{Access, Mapping};
use super::{Span, timed};
use crate::peers::source::{DATA, DATA_SIZE};
use crate::peers::tree::Numbers;

/// What is read or written with `O_DIRECT` begins in memory at a multiple of this.
const ALIGNMENT: usize = 4096;

/// Where the next operation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Behind the one before, and after the end to the beginning.
    Sequential,
    /// Anywhere.
    Random,
}

/// Whether the page cache takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// It does.
    Buffered,
    /// It does not.
    Direct,
}

/// Reads blocks of `size` bytes.
///
/// # Errors
/// Those of the calls; a short read is one.
pub fn read(order: Order, cache: Cache, size: u64, count: u64) -> io::Result<Span> {
    let file = open_data(OFlags::RDONLY, cache)?;
    let (mut memory, start) = aligned(size);
    let mut offsets = Offsets::new(order, size);
    timed(count, |_| {
        let block = &mut memory[start..start + size as usize];
        whole(pread(&file, block, offsets.next())?, size)
    })
}

/// Writes blocks of `size` bytes.
///
/// # Errors
/// Those of the calls; a short write is one.
pub fn write(order: Order, cache: Cache, size: u64, count: u64) -> io::Result<Span> {
    let file = open_data(OFlags::WRONLY, cache)?;
    let (memory, start) = aligned(size);
    let mut offsets = Offsets::new(order, size);
    timed(count, |_| whole(pwrite(&file, &memory[start..start + size as usize], offsets.next())?, size))
}

/// Maps the file, reads all of it, and unmaps it.
///
/// # Errors
/// Those of the calls.
pub fn load(count: u64) -> io::Result<Span> {
    let file = open_data(OFlags::RDONLY, Cache::Buffered)?;
    timed(count, |_| {
        let mapping = Mapping::new(&file, DATA_SIZE as usize, Access::Read)?;
        black_box(mapping.sum());
        Ok(())
    })
}

/// Maps the file, writes all of it, and unmaps it.
///
/// # Errors
/// Those of the calls.
pub fn store(count: u64) -> io::Result<Span> {
    let file = open_data(OFlags::RDWR, Cache::Buffered)?;
    timed(count, |index| {
        let mut mapping = Mapping::new(&file, DATA_SIZE as usize, Access::Write)?;
        mapping.fill(b'a' + (index % 26) as u8);
        Ok(())
    })
}

fn open_data(flags: OFlags, cache: Cache) -> io::Result<OwnedFd> {
    let direct = if cache == Cache::Direct { OFlags::DIRECT } else { OFlags::empty() };
    Ok(open(DATA, flags | direct | OFlags::CLOEXEC, Mode::empty())?)
}

/// Memory, and where in it a block begins.
fn aligned(size: u64) -> (Vec<u8>, usize) {
    let memory = vec![b'w'; size as usize + ALIGNMENT];
    let start = memory.as_ptr().align_offset(ALIGNMENT);
    (memory, start)
}

fn whole(done: usize, size: u64) -> io::Result<()> {
    match done as u64 == size {
        true => Ok(()),
        false => Err(io::Error::other(format!("{done} bytes of {size}"))),
    }
}

struct Offsets {
    order: Order,
    size: u64,
    blocks: u64,
    done: u64,
    numbers: Numbers,
}

impl Offsets {
    fn new(order: Order, size: u64) -> Self {
        Offsets { order, size, blocks: DATA_SIZE / size, done: 0, numbers: Numbers::new(7) }
    }

    fn next(&mut self) -> u64 {
        let block = match self.order {
            Order::Sequential => self.done % self.blocks,
            Order::Random => self.numbers.below(self.blocks),
        };
        self.done += 1;
        block * self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_of_blocks_within_the_file() {
        let mut offsets = Offsets::new(Order::Sequential, 1 << 20);
        let first: Vec<u64> = (0..33).map(|_| offsets.next() >> 20).collect();
        assert_eq!(first, (0..32).chain([0]).collect::<Vec<_>>());
        let mut offsets = Offsets::new(Order::Random, 4096);
        let random: Vec<u64> = (0..1000).map(|_| offsets.next()).collect();
        assert!(random.iter().all(|offset| offset % 4096 == 0 && offset + 4096 <= DATA_SIZE));
        assert!(random.windows(2).filter(|pair| pair[0] > pair[1]).count() > 300);
    }

    #[test]
    fn a_block_is_aligned() {
        let (memory, start) = aligned(4096);
        assert_eq!(memory[start..].as_ptr() as usize % ALIGNMENT, 0);
        assert!(start + 4096 <= memory.len());
    }
}
