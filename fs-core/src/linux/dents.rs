//! Entries of a directory as the kernel gives them, with the directory's own offsets.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::FileType;

use crate::{Result, sys};

/// Reads entries of a directory into `buf`, from the file position, and moves it.
/// No entries are the end of the directory.
///
/// Allocates nothing. `buf` should have room for many entries; one takes up to 280
/// bytes. `.` and `..` are among them. To go on after an entry, continue with the next
/// call, or go to its [`offset`](RawEntry::offset) with [`lseek`](crate::lseek) from
/// the start, in this process or in a later one.
///
/// # Errors
/// - `EINVAL`: `buf` is too short for the next entry. `ENOTDIR`: not a directory.
/// - `ENOENT`: the directory was removed. `EBADF`: an `O_PATH` descriptor.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/getdents.2.html)
#[doc(alias = "getdents64")]
pub fn getdents(fd: impl AsFd, buf: &mut [u8]) -> Result<RawEntries<'_>> {
    let length = sys::getdents(fd.as_fd(), buf)?;
    Ok(RawEntries { rest: &buf[..length] })
}

/// The entries of one call of [`getdents`].
#[derive(Clone, Debug)]
pub struct RawEntries<'buf> {
    rest: &'buf [u8],
}

impl<'buf> RawEntries<'buf> {
    /// The entries in bytes that [`getdents`] filled before: a whole answer, or what
    /// was the [`rest`](Self::rest) of one.
    pub fn new(filled: &'buf [u8]) -> Self {
        RawEntries { rest: filled }
    }

    /// The bytes of the entries that are still to come.
    pub fn rest(&self) -> &'buf [u8] {
        self.rest
    }
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "linux_dirent64")]
pub struct RawEntry<'buf> {
    /// Number of the inode; at a mount point, of the directory that is covered.
    #[doc(alias = "d_ino")]
    pub ino: u64,
    /// Where the directory goes on after this entry. A cookie, not a count.
    #[doc(alias = "d_off")]
    pub offset: i64,
    /// The type; `Unknown` where the file system does not keep it here.
    #[doc(alias = "d_type")]
    pub file_type: FileType,
    /// The name.
    #[doc(alias = "d_name")]
    pub name: &'buf OsStr,
}

impl<'buf> Iterator for RawEntries<'buf> {
    type Item = RawEntry<'buf>;

    fn next(&mut self) -> Option<RawEntry<'buf>> {
        // struct linux_dirent64 { u64 d_ino; i64 d_off; u16 d_reclen; u8 d_type; char d_name[]; }
        let (ino, rest) = self.rest.split_first_chunk::<8>()?;
        let (offset, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (file_type, _) = rest.split_first()?;
        let length = usize::from(u16::from_ne_bytes(*length));
        let name = self.rest.get(NAME_OFFSET..length)?;
        self.rest = &self.rest[length..];
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        Some(RawEntry {
            ino: u64::from_ne_bytes(*ino),
            offset: i64::from_ne_bytes(*offset),
            file_type: type_of(*file_type),
            name: OsStr::from_bytes(&name[..end]),
        })
    }
}

const NAME_OFFSET: usize = 19;

fn type_of(d_type: u8) -> FileType {
    match d_type {
        libc::DT_REG => FileType::RegularFile,
        libc::DT_DIR => FileType::Directory,
        libc::DT_LNK => FileType::Symlink,
        libc::DT_FIFO => FileType::Fifo,
        libc::DT_SOCK => FileType::Socket,
        libc::DT_CHR => FileType::CharacterDevice,
        libc::DT_BLK => FileType::BlockDevice,
        _ => FileType::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mode, OFlags, Whence, lseek, open};

    #[test]
    fn an_offset_leads_to_the_entry_after() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c", "d"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let fd = open(dir.path(), OFlags::DIRECTORY, Mode::empty()).unwrap();
        let mut buf = [0; 4096];
        let all: Vec<_> = getdents(&fd, &mut buf).unwrap().map(|entry| (entry.name.to_owned(), entry.offset)).collect();
        assert_eq!(all.len(), 6);
        for pair in all.windows(2) {
            let mut buf = [0; 4096];
            lseek(&fd, pair[0].1, Whence::Set).unwrap();
            assert_eq!(getdents(&fd, &mut buf).unwrap().next().unwrap().name, pair[1].0);
        }
        lseek(&fd, all[5].1, Whence::Set).unwrap();
        assert_eq!(getdents(&fd, &mut [0; 4096]).unwrap().count(), 0);
    }

    #[test]
    fn a_buffer_without_room_for_an_entry_is_einval() {
        let fd = open("/", OFlags::DIRECTORY, Mode::empty()).unwrap();
        assert_eq!(getdents(&fd, &mut [0; 8]).unwrap_err().errno(), crate::Errno::INVAL);
    }

    #[test]
    fn entries_have_inode_and_type() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("x", dir.path().join("link")).unwrap();
        let fd = open(dir.path(), OFlags::DIRECTORY, Mode::empty()).unwrap();
        let mut buf = [0; 4096];
        let link = getdents(&fd, &mut buf).unwrap().find(|entry| entry.name == "link").unwrap();
        assert_eq!(link.ino, crate::lstat(&dir.path().join("link")).unwrap().st_ino());
        assert!(matches!(link.file_type, FileType::Symlink | FileType::Unknown));
    }
}
