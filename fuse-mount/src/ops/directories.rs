//! Directories: opening and listing them.
//!
//! The kernel may leave the opening out ([`Volume::opens_directories`](super::Volume::opens_directories)). Then a
//! request names only the node, and the source's directory is opened when a listing begins, and kept until it has
//! come to its end: where the next request goes on is its own position, whatever the file system makes of an offset.

use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex, PoisonError};

use fs_core::linux::{RawEntries, getdents};
use fs_core::{Errno, FileType, Mode, OFlags, Whence, lstat, open};

use super::{Call, Entry, Opened};
use crate::caller::Caller;
use crate::node::{Name, Node};

/// An open directory.
#[derive(Debug)]
pub struct OpenDir {
    /// What is open.
    pub node: Arc<Node>,
    /// The source's directory, with a position of its own.
    pub fd: Arc<OwnedFd>,
    /// Who opened it: the kernel's own requests are laid to them.
    pub opener: Caller,
    stream: Mutex<Stream>,
}

/// Where the listing of a directory has come to.
#[derive(Debug, Default)]
struct Stream {
    /// Entries as the kernel gave them.
    buffer: Vec<u8>,
    /// The entries in `buffer` that were not listed yet.
    rest: std::ops::Range<usize>,
    /// The offset of the entry that comes next.
    next: u64,
}

impl OpenDir {
    /// The offset of the entry that comes next in its listing.
    pub(super) fn goes_on_at(&self) -> u64 {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).next
    }
}

/// The directory that a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dir {
    /// The number of an open one.
    Open(u64),
    /// The number of its node, where directories are not opened.
    Node(u64),
}

/// Room for about a thousand entries: one call for most directories.
const BUFFER_SIZE: usize = 32 * 1024;

/// An entry of a listing.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// The inode's number, as the mount shows it.
    pub ino: u64,
    /// The offset of the entry after it.
    pub next: u64,
    /// The type, as the upper bits of a mode.
    pub file_type: u32,
    /// The name.
    pub name: &'a [u8],
}

impl Call<'_> {
    /// Opens a directory, and gives it a number.
    pub fn opendir(&self, ino: u64) -> Result<Opened<OpenDir>, Errno> {
        let handle = Arc::new(self.open_directory(ino)?);
        Ok(Opened { number: self.volume.dirs.insert(Arc::clone(&handle)), handle })
    }

    fn open_directory(&self, ino: u64) -> Result<OpenDir, Errno> {
        let node = self.volume.nodes.get(ino)?;
        if !node.is_directory() {
            return Err(Errno::NOTDIR);
        }
        let fd = self.volume.nodes.fd(&node)?;
        let open_with = |flags| Ok(self.worker.at(&*fd, |path| open(path, flags, Mode::empty()))?);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let open = || match self.volume.never_changes() {
            // The kernel remembers its times for ever, and so they are to stay.
            true => match open_with(flags | OFlags::NOATIME) {
                // Only its owner may leave them as they are, and who may do as owners do.
                Err(Errno::PERM) => open_with(flags),
                opened => opened,
            },
            false => open_with(flags),
        };
        let fd = Arc::new(self.volume.nodes.with_room(open)?);
        node.witness(&fd);
        Ok(OpenDir { node, fd, opener: self.caller, stream: Mutex::default() })
    }

    /// The directory that a request is about.
    pub(super) fn directory(&self, dir: Dir) -> Result<Arc<OpenDir>, Errno> {
        match dir {
            Dir::Open(number) => self.volume.dirs.get(number),
            Dir::Node(ino) => self.open_directory(ino).map(Arc::new),
        }
    }

    /// The directory whose listing begins, or goes on at `offset`.
    fn listing(&self, dir: Dir, offset: u64) -> Result<Arc<OpenDir>, Errno> {
        let Dir::Node(ino) = dir else { return self.directory(dir) };
        if offset == 0 {
            self.volume.listings.begin(ino, self.caller.tid);
        } else if let Some(begun) = self.volume.listings.take(ino, self.caller.tid, offset) {
            return Ok(begun);
        }
        self.directory(dir)
    }

    /// Keeps the directory of a listing that will go on.
    fn keep_listing(&self, dir: Dir, handle: Arc<OpenDir>) {
        if let Dir::Node(_) = dir {
            self.volume.listings.keep(handle);
        }
    }

    /// Gives a handle back.
    pub fn releasedir(&self, dir: u64) -> Result<Arc<OpenDir>, Errno> {
        self.volume.dirs.remove(dir)
    }

    /// Brings a directory to storage.
    pub fn fsyncdir(&self, dir: Dir, datasync: bool) -> Result<(), Errno> {
        let handle = self.directory(dir)?;
        Ok(if datasync { fs_core::fdatasync(&*handle.fd) } else { fs_core::fsync(&*handle.fd) }?)
    }

    /// Lists a directory from `offset`, which is 0 or the [`Listed::next`] of an
    /// entry, until `list` has no more room and says `false`; that entry comes again.
    ///
    /// `.` and `..` are among the entries. From offset 0 the directory is read anew.
    pub fn readdir(&self, dir: Dir, offset: u64, mut list: impl FnMut(Listed<'_>) -> bool) -> Result<(), Errno> {
        let handle = self.listing(dir, offset)?;
        if self.list(&handle, offset, |listed| Ok(list(listed)))? {
            self.keep_listing(dir, handle);
        }
        Ok(())
    }

    /// As [`Call::readdir`], and looks every name but `.` and `..` up. Names that are gone
    /// meanwhile are left out. The kernel is told of the entries that `list` takes.
    pub fn readdirplus(
        &self,
        dir: Dir,
        offset: u64,
        mut list: impl FnMut(Listed<'_>, Option<&Entry>) -> bool,
    ) -> Result<(), Errno> {
        let handle = self.listing(dir, offset)?;
        let goes_on = self.list(&handle, offset, |listed| {
            if matches!(listed.name, b"." | b"..") {
                return Ok(list(listed, None));
            }
            let entry = match self.lookup(Name { parent: handle.node.ino, name: listed.name }) {
                Err(Errno::NOENT) => return Ok(true),
                entry => entry?,
            };
            let taken = list(listed, Some(&entry));
            if !taken {
                self.volume.nodes.forget(entry.node.ino, 1);
            }
            Ok(taken)
        })?;
        if goes_on {
            self.keep_listing(dir, handle);
        }
        Ok(())
    }

    /// Lists until `list` says `false`; whether there may be more.
    ///
    /// An answer with entries is never the last one: the kernel asks until it gets one without.
    fn list(
        &self,
        handle: &OpenDir,
        offset: u64,
        mut list: impl FnMut(Listed<'_>) -> Result<bool, Errno>,
    ) -> Result<bool, Errno> {
        let mut stream = handle.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let stream = &mut *stream;
        stream.go_to(&handle.fd, offset)?;
        let mut goes_on = false;
        loop {
            if stream.rest.is_empty() && !stream.fill(&handle.fd)? {
                return Ok(goes_on);
            }
            let mut entries = RawEntries::new(&stream.buffer[stream.rest.clone()]);
            while let Some(entry) = entries.next() {
                let name = entry.name.as_bytes();
                let next = entry.offset.cast_unsigned();
                let file_type = match entry.file_type {
                    FileType::Unknown => type_of(&handle.fd, name),
                    known => known.as_raw_mode(),
                };
                let ino = self.number_of(&handle.node, name, entry.ino);
                if !list(Listed { ino, next, file_type, name })? {
                    return Ok(true);
                }
                goes_on = true;
                stream.next = next;
                stream.rest.start = stream.rest.end - entries.rest().len();
            }
        }
    }

    /// The number that the mount shows for an entry.
    fn number_of(&self, dir: &Node, name: &[u8], ino: u64) -> u64 {
        if name == b"." { self.volume.nodes.shown(dir) } else { self.volume.nodes.number(dir, ino) }
    }
}

impl Stream {
    fn go_to(&mut self, fd: &OwnedFd, offset: u64) -> Result<(), Errno> {
        // Nobody tells of `rewinddir`: it may be one even before the first read, and a file system
        // as btrfs shows what was made since the opening only after it.
        if offset != self.next || offset == 0 {
            fs_core::lseek(fd, offset.cast_signed(), Whence::Set)?;
            self.next = offset;
            self.rest = 0..0;
        }
        Ok(())
    }

    /// Reads more entries; false at the end.
    fn fill(&mut self, fd: &OwnedFd) -> Result<bool, Errno> {
        if self.buffer.is_empty() {
            self.buffer.resize(BUFFER_SIZE, 0);
        }
        let filled = getdents(fd, &mut self.buffer)?.rest().len();
        self.rest = 0..filled;
        Ok(filled > 0)
    }
}

/// Looks a type up where the file system does not keep it in its directories.
fn type_of(dir: &OwnedFd, name: &[u8]) -> u32 {
    lstat((dir, name)).map_or(0, |status| status.st_mode() & libc::S_IFMT)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Mount, name};
    use super::*;
    use crate::number::ROOT;
    use std::collections::BTreeSet;

    /// Lists as the kernel does: `room` entries a request, from where the last one ended.
    fn list(call: &Call<'_>, dir: Dir, room: usize, mut meanwhile: impl FnMut(&[u8])) -> Vec<Vec<u8>> {
        let (mut names, mut offset) = (Vec::new(), 0);
        loop {
            let before = names.len();
            call.readdir(dir, offset, |listed| {
                if names.len() - before == room {
                    return false;
                }
                names.push(listed.name.to_vec());
                offset = listed.next;
                true
            })
            .unwrap();
            if names.len() == before {
                return names;
            }
            for name in &names[before..] {
                meanwhile(name);
            }
        }
    }

    #[test]
    fn every_entry_is_listed_once_while_they_are_deleted() {
        let mount = Mount::new();
        mount.call(|call| {
            let dir = Dir::Open(call.opendir(ROOT).unwrap().number);
            list_while_deleting(&mount, call, dir);
            let Dir::Open(number) = dir else { unreachable!("it was opened") };
            call.releasedir(number).unwrap();
            list_while_deleting(&mount, call, Dir::Node(ROOT));
        });
    }

    #[test]
    fn a_listing_of_what_is_not_opened_is_the_threads_own() {
        let mount = Mount::new();
        (0..9).for_each(|number| std::fs::write(mount.path(&format!("{number}")), "").unwrap());
        mount.call(|call| {
            let other = Call { caller: Caller { tid: call.caller.tid + 1, ..call.caller }, ..*call };
            let some = |call: &Call<'_>, offset: u64| {
                let (mut names, mut next) = (Vec::new(), offset);
                call.readdir(Dir::Node(ROOT), offset, |listed| {
                    if names.len() == 4 {
                        return false;
                    }
                    names.push(listed.name.to_vec());
                    next = listed.next;
                    true
                })
                .unwrap();
                (names, next)
            };
            let (first, next) = some(call, 0);
            (0..9).for_each(|number| std::fs::remove_file(mount.path(&format!("{number}"))).unwrap());
            assert_eq!((first.len(), some(&other, 0).0.len()), (4, 2));
            // It goes on where it was, with what was there when it began; the other's is over.
            assert!(!some(call, next).0.is_empty());
            let others = some(&other, next).0;
            assert!(others.iter().all(|name| name.starts_with(b".")), "{others:?}");
        });
    }

    fn list_while_deleting(mount: &Mount, call: &Call<'_>, dir: Dir) {
        let wanted: BTreeSet<Vec<u8>> = (0..5_000).map(|n| format!("name-{n}").into_bytes()).collect();
        for name in &wanted {
            std::fs::write(mount.path(std::str::from_utf8(name).unwrap()), "").unwrap();
        }
        let names = list(call, dir, 100, |entry| {
            if entry.starts_with(b"name") {
                call.unlink(Name { parent: ROOT, name: entry }).unwrap();
            }
        });
        assert_eq!(names.len(), 5_002);
        assert!(wanted.is_subset(&names.into_iter().collect()));
        assert_eq!(list(call, dir, 100, |_| ()).len(), 2);
    }

    #[test]
    fn from_the_start_new_entries_are_seen() {
        let mount = Mount::new();
        mount.call(|call| {
            let dir = Dir::Open(call.opendir(ROOT).unwrap().number);
            assert_eq!(list(call, dir, 1, |_| ()).len(), 2);
            std::fs::write(mount.path("new"), "").unwrap();
            assert_eq!(list(call, dir, 1, |_| ()).len(), 3);
        });
    }

    #[test]
    fn entries_have_numbers_and_types() {
        let mount = Mount::new();
        std::fs::create_dir(mount.path("d")).unwrap();
        mount.call(|call| {
            let d = call.lookup(name(ROOT, "d")).unwrap().node;
            let root = mount.volume.nodes.get(ROOT).unwrap();
            let dir = Dir::Open(call.opendir(d.ino).unwrap().number);
            let mut seen = Vec::new();
            call.readdir(dir, 0, |listed| {
                seen.push((listed.name.to_vec(), listed.ino, listed.file_type));
                true
            })
            .unwrap();
            seen.sort();
            assert_eq!(
                seen,
                [
                    (b".".to_vec(), d.ino, libc::S_IFDIR),
                    (b"..".to_vec(), mount.volume.nodes.shown(&root), libc::S_IFDIR)
                ]
            );
        });
    }

    #[test]
    fn the_kernel_is_told_only_of_entries_that_it_got() {
        let mount = Mount::new();
        for name in ["a", "b", "c"] {
            std::fs::write(mount.path(name), "").unwrap();
        }
        mount.call(|call| {
            let dir = Dir::Open(call.opendir(ROOT).unwrap().number);
            let mut told = Vec::new();
            call.readdirplus(dir, 0, |_, entry| {
                if told.len() == 2 {
                    return false;
                }
                told.extend(entry.map(|entry| entry.node.ino));
                true
            })
            .unwrap();
            assert_eq!(mount.volume.nodes.count(), 2);
            for ino in told {
                mount.volume.nodes.forget(ino, 1);
            }
            assert_eq!(mount.volume.nodes.count(), 0);
        });
    }

    #[test]
    fn a_file_is_no_directory() {
        let mount = Mount::new();
        std::fs::write(mount.path("f"), "").unwrap();
        mount.call(|call| {
            let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            assert_eq!(call.opendir(f).unwrap_err(), Errno::NOTDIR);
        });
    }
}
