//! Flags of inodes that are no permissions, which programs ask for by ioctl: `lsattr` and `chattr`.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use fs_core::Errno;
use fs_core::linux::{ExtendedFlags, InodeFlags};
use fs_core::linux::{extended_flags, inode_flags, set_extended_flags, set_inode_flags};
use rustix::ioctl::opcode;

use super::{Call, Dir, File};

// The numbers say `long`; what is passed has 32 bits.
const GET_FLAGS: u32 = opcode::read::<u64>(b'f', 1);
const SET_FLAGS: u32 = opcode::write::<u64>(b'f', 2);
const GET_EXTENDED: u32 = opcode::read::<ExtendedFlags>(b'X', 31);
const SET_EXTENDED: u32 = opcode::write::<ExtendedFlags>(b'X', 32);

/// What an ioctl is made on.
#[derive(Clone, Copy, Debug)]
pub enum Open {
    /// A file.
    File(File),
    /// A directory.
    Directory(Dir),
}

/// What an ioctl gives back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer {
    bytes: [u8; size_of::<ExtendedFlags>()],
    length: usize,
}

impl Answer {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn of(words: &[u32]) -> Self {
        let mut answer = Answer { length: 4 * words.len(), ..Answer::default() };
        for (bytes, word) in answer.bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *bytes = word.to_ne_bytes();
        }
        answer
    }
}

impl Call<'_> {
    /// Does an ioctl on what is open.
    ///
    /// # Errors
    /// `ENOTTY`: none of those that are known. Among the others is `FS_IOC_GETVERSION`, whose answer
    /// has two lengths: the one of its number smashes the stack of programs that expect the other.
    pub fn ioctl(&self, open: Open, command: u32, input: &[u8]) -> Result<Answer, Errno> {
        match command {
            GET_FLAGS => Ok(Answer::of(&[inode_flags(&*self.open_descriptor(open)?)?.bits()])),
            SET_FLAGS => {
                self.check_writable()?;
                let [flags] = words(input)?;
                set_inode_flags(&*self.open_descriptor(open)?, InodeFlags::from_bits_retain(flags))?;
                Ok(Answer::default())
            }
            GET_EXTENDED => {
                let got = extended_flags(&*self.open_descriptor(open)?)?;
                let ExtendedFlags { flags, extent_size, extent_count, project, cow_extent_size, .. } = got;
                Ok(Answer::of(&[flags, extent_size, extent_count, project, cow_extent_size, 0, 0]))
            }
            SET_EXTENDED => {
                self.check_writable()?;
                let [flags, extent_size, extent_count, project, cow_extent_size, _, _] = words(input)?;
                let set = ExtendedFlags { flags, extent_size, extent_count, project, cow_extent_size, rest: [0; 8] };
                set_extended_flags(&*self.open_descriptor(open)?, set)?;
                Ok(Answer::default())
            }
            _ => Err(Errno::NOTTY),
        }
    }

    fn open_descriptor(&self, open: Open) -> Result<Arc<OwnedFd>, Errno> {
        match open {
            Open::File(file) => self.source(file),
            Open::Directory(dir) => Ok(Arc::clone(&self.directory(dir)?.fd)),
        }
    }
}

fn words<const COUNT: usize>(input: &[u8]) -> Result<[u32; COUNT], Errno> {
    let mut words = [0; COUNT];
    if input.len() < 4 * COUNT {
        return Err(Errno::INVAL);
    }
    for (word, bytes) in words.iter_mut().zip(input.as_chunks().0) {
        *word = u32::from_ne_bytes(*bytes);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Mount, name};
    use super::*;
    use crate::number::ROOT;
    use crate::ops::Opens;

    #[test]
    fn numbers_are_those_of_the_kernel() {
        assert_eq!(
            [GET_FLAGS, SET_FLAGS, GET_EXTENDED, SET_EXTENDED],
            [0x8008_6601, 0x4008_6602, 0x801c_581f, 0x401c_5820]
        );
    }

    #[test]
    fn flags_are_those_of_the_source() {
        let mount = Mount::new();
        std::fs::write(mount.path("f"), "").unwrap();
        mount.call(|call| {
            let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            let file = File::Open(call.open(f, 0, Opens::Now).unwrap().number);
            let before = match call.ioctl(Open::File(file), GET_FLAGS, &[]) {
                Err(Errno::NOTTY | Errno::OPNOTSUPP) => return eprintln!("not run: no flags here"),
                answer => words::<1>(answer.unwrap().as_bytes()).unwrap()[0],
            };
            let nodump = before | InodeFlags::NODUMP.bits();
            call.ioctl(Open::File(file), SET_FLAGS, &nodump.to_ne_bytes()).unwrap();
            let after = inode_flags(std::fs::File::open(mount.path("f")).unwrap()).unwrap();
            assert_eq!(after.bits(), nodump);
            assert_eq!(call.ioctl(Open::File(file), SET_FLAGS, &[0; 3]).unwrap_err(), Errno::INVAL);
            assert_eq!(call.ioctl(Open::File(file), 0x8008_7601, &[]).unwrap_err(), Errno::NOTTY);
            let dir = Dir::Open(call.opendir(ROOT).unwrap().number);
            assert_eq!(call.ioctl(Open::Directory(dir), GET_FLAGS, &[]).unwrap().as_bytes().len(), 4);
        });
    }
}
