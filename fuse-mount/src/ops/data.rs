//! Files: opening and creating them, their bytes and their storage.
//!
//! The kernel may leave the opening out ([`Volume::opens_files`](super::Volume::opens_files)). Then a request names only the
//! node, and the source's file is opened for that request: it is about a whole stretch of the file, beside which an open
//! costs nothing, and what was read before is not asked for.

use std::io::IoSlice;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use fs_core::linux::FallocateFlags;
use fs_core::{Errno, Mode, OFlags, RwFlags, Whence, fstat, open};

use super::{Call, Entry, Opened};
use crate::caller::Caller;
use crate::found::Found;
use crate::node::{Name, Node};

/// An open file.
#[derive(Debug)]
pub struct OpenFile {
    /// What is open.
    pub node: Arc<Node>,
    /// The source's file, open with the caller's access mode, once it is needed: see [`Call::source_of`].
    source: OnceLock<Arc<OwnedFd>>,
    /// The same with O_DIRECT, once that is needed: see [`Call::without_cache`].
    direct: OnceLock<Arc<OwnedFd>>,
    /// The flags of the caller's open.
    pub flags: u32,
    /// Who opened it: the kernel's own requests are laid to them.
    pub opener: Caller,
}

impl OpenFile {
    /// Whether it is open for writing.
    pub fn writes(&self) -> bool {
        writes(self.flags)
    }

    /// Whether it is only read, with no more to it than that.
    pub(crate) fn is_only_read(&self) -> bool {
        is_only_read(self.flags)
    }

    /// The source's file, if it was opened.
    pub(crate) fn opened(&self) -> Option<Arc<OwnedFd>> {
        self.source.get().cloned()
    }

    /// Whether it is open for both, and so may be mapped for writing.
    pub fn reads_and_writes(&self) -> bool {
        access(self.flags) == OFlags::RDWR.bits()
    }

    /// Whether it was opened with O_DIRECT.
    pub fn is_direct(&self) -> bool {
        self.flags & OFlags::DIRECT.bits() != 0
    }
}

/// The file that a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum File {
    /// The number of an open one.
    Open(u64),
    /// The number of its node, where files are not opened.
    Node(u64),
}

/// When the source's file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// At once.
    Now,
    /// When something is asked of it that the kernel does not do itself; if opening it changes nothing and nobody
    /// can be refused.
    WhenNeeded,
}

fn access(flags: u32) -> u32 {
    flags & OFlags::ACCMODE.bits()
}

fn writes(flags: u32) -> bool {
    access(flags) != OFlags::RDONLY.bits()
}

fn is_only_read(flags: u32) -> bool {
    !writes(flags) && flags & WITH_AN_EFFECT.bits() == 0
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Write {
    /// The flags of the open file as they are now: fcntl may have changed them.
    pub flags: u32,
    /// The kernel writes back pages on nobody's behalf; then `flags` mean nothing.
    pub from_cache: bool,
    /// The writer has no right to leave suid and sgid as they are.
    pub clears_set_id: bool,
}

impl Call<'_> {
    /// Opens a file, with the flags of the caller's open.
    pub fn open(&self, ino: u64, flags: u32, opens: Opens) -> Result<Opened<OpenFile>, Errno> {
        if writes(flags) || flags & OFlags::TRUNC.bits() != 0 {
            self.check_writable()?;
        }
        if !self.opens_files() {
            // The kernel does not ask again.
            return Err(Errno::NOSYS);
        }
        let node = self.regular(ino)?;
        if opens == Opens::WhenNeeded && is_only_read(flags) {
            // What reaches the file later.
            self.volume.nodes.fd(&node)?;
            return Ok(self.keep(node, OnceLock::new(), flags));
        }
        let file = self.open_source(&node, flags)?;
        self.opened(node, file, flags)
    }

    fn opens_files(&self) -> bool {
        self.volume.opens_files.load(Ordering::Relaxed)
    }

    /// The node of a regular file.
    fn regular(&self, ino: u64) -> Result<Arc<Node>, Errno> {
        let node = self.volume.nodes.get(ino)?;
        match node.file_type {
            libc::S_IFREG => Ok(node),
            libc::S_IFDIR => Err(Errno::ISDIR),
            // The kernel opens these itself: here that could block, or do things.
            _ => Err(Errno::NXIO),
        }
    }

    /// The file that a request is about.
    pub(super) fn file(&self, file: File) -> Result<Arc<OpenFile>, Errno> {
        match file {
            File::Open(number) => self.volume.files.get(number),
            File::Node(ino) => Ok(Arc::new(self.file_of(self.regular(ino)?, OnceLock::new(), READ_UNSEEN.bits()))),
        }
    }

    fn file_of(&self, node: Arc<Node>, source: OnceLock<Arc<OwnedFd>>, flags: u32) -> OpenFile {
        OpenFile { node, source, direct: OnceLock::new(), flags, opener: self.caller }
    }

    /// Opens the source's file.
    fn open_source(&self, node: &Arc<Node>, flags: u32) -> Result<OwnedFd, Errno> {
        let fd = self.volume.nodes.fd(node)?;
        let wanted = OFlags::from_bits_retain(flags) - NOT_FOR_THE_SOURCE;
        let open_with = |wanted| {
            self.volume.nodes.with_room(|| Ok(self.worker.at(&*fd, |path| open(path, wanted, Mode::empty()))?))
        };
        let open = || match open_with(wanted) {
            // A file that may only be appended to is opened for nothing else.
            Err(Errno::PERM) if flags & OFlags::APPEND.bits() != 0 => open_with(wanted | OFlags::APPEND),
            opened => opened,
        };
        if wanted.contains(OFlags::TRUNC) { self.changing_content(node, open) } else { open() }
    }

    /// The source's file, which is opened now if it was not yet.
    pub fn source_of(&self, file: &OpenFile) -> Result<Arc<OwnedFd>, Errno> {
        if let Some(source) = file.source.get() {
            return Ok(Arc::clone(source));
        }
        let opened = match self.open_source(&file.node, file.flags) {
            // Only its owner may leave its time as it is, and who may do as owners do.
            Err(Errno::PERM) if !self.opens_files() => self.open_source(&file.node, OFlags::RDONLY.bits())?,
            opened => opened?,
        };
        let opened = Arc::new(opened);
        // Another request may have been first.
        let source = file.source.get_or_init(|| opened);
        file.node.witness(source);
        Ok(Arc::clone(source))
    }

    /// Creates a file and opens it.
    ///
    /// # Errors
    /// `ESTALE`: the name exists, though the kernel thought it did not, and the caller
    /// does not mind. The kernel then looks again, and checks the permissions of
    /// what is there.
    pub fn create(
        &self,
        name: Name<'_>,
        mode: u32,
        umask: u32,
        flags: u32,
    ) -> Result<(Entry, Opened<OpenFile>), Errno> {
        self.check_writable()?;
        let dir = self.directory_of(name)?;
        let wanted = OFlags::from_bits_retain(flags) - NOT_FOR_THE_SOURCE - OFlags::TRUNC;
        let wanted = wanted | OFlags::CREAT | OFlags::EXCL;
        let mode = mode & 0o7777;
        let create =
            || self.volume.nodes.with_room(|| Ok(open((&*dir, name.name), wanted, Mode::from_raw_mode(mode))?));
        let file = match self.worker.create_as(self.caller, umask, mode, create) {
            Err(Errno::EXIST) if flags & OFlags::EXCL.bits() == 0 => return Err(Errno::STALE),
            created => created?,
        };
        let entry = self.created(&dir, name, &file)?;
        match self.opened(Arc::clone(&entry.node), file, flags) {
            Ok(opened) => Ok((entry, opened)),
            Err(errno) => {
                self.volume.nodes.forget(entry.node.ino, 1);
                Err(errno)
            }
        }
    }

    /// The node of `file`, which was created at `name`.
    fn created(&self, dir: &OwnedFd, name: Name<'_>, file: &OwnedFd) -> Result<Entry, Errno> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW;
        let created = fstat(file)?;
        // Twice as fast as by the descriptor; but the name may be another's by now.
        let by_name = self.volume.nodes.with_room(|| Ok(open((dir, name.name), flags, Mode::empty())?));
        if let Ok(fd) = by_name {
            let found = Found::by(&fd)?;
            if (found.status.st_dev(), found.status.st_ino()) == (created.st_dev(), created.st_ino()) {
                return self.enter(name, fd, &found);
            }
        }
        let fd = self.worker.at(file, |path| open(path, OFlags::PATH, Mode::empty()))?;
        self.enter(name, fd, &Found::by(file)?)
    }

    fn opened(&self, node: Arc<Node>, fd: OwnedFd, flags: u32) -> Result<Opened<OpenFile>, Errno> {
        if flags & OFlags::DIRECT.bits() != 0 {
            // Opened with it, for the error where it cannot be had. What the kernel writes back need not be
            // whole blocks, nor what the caller does after taking it back.
            let kept = rustix::fs::fcntl_getfl(&fd)? - rustix::fs::OFlags::DIRECT;
            rustix::fs::fcntl_setfl(&fd, kept)?;
        }
        let fd = Arc::new(fd);
        node.witness(&fd);
        Ok(self.keep(node, OnceLock::from(fd), flags))
    }

    fn keep(&self, node: Arc<Node>, source: OnceLock<Arc<OwnedFd>>, flags: u32) -> Opened<OpenFile> {
        let handle = Arc::new(self.file_of(node, source, flags));
        if handle.writes() {
            handle.node.writers.fetch_add(1, Ordering::Relaxed);
        }
        Opened { number: self.volume.files.insert(Arc::clone(&handle)), handle }
    }

    /// Gives a handle back.
    pub fn release(&self, file: u64) -> Result<Arc<OpenFile>, Errno> {
        let handle = self.volume.files.remove(file)?;
        if handle.writes() {
            handle.node.writers.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(handle)
    }

    /// The source's file that a request is about.
    pub(super) fn source(&self, file: File) -> Result<Arc<OwnedFd>, Errno> {
        self.source_of(&*self.file(file)?)
    }

    /// Reads bytes at `offset` into `data`; fewer than fit only at the end of the file. `flags` are those of the open
    /// file as they are now: fcntl may have changed them. With O_DIRECT, `data` is as it has to be for that.
    pub fn read(&self, file: File, offset: u64, data: &mut [u8], flags: u32) -> Result<usize, Errno> {
        let handle = self.file(file)?;
        let source = match self.without_cache(&handle, flags)? {
            Some(direct) => direct,
            None => self.source_of(&handle)?,
        };
        read_all(&source, data, offset)
    }

    /// The source's file with O_DIRECT, if the caller has it set now, so that the same is refused as there, and nothing is
    /// left in the source's page cache. In its own right, for the flag is the descriptor's: others ask without it.
    fn without_cache(&self, file: &OpenFile, flags: u32) -> Result<Option<Arc<OwnedFd>>, Errno> {
        if flags & OFlags::DIRECT.bits() == 0 {
            return Ok(None);
        }
        if let Some(direct) = file.direct.get() {
            return Ok(Some(Arc::clone(direct)));
        }
        let source = self.source_of(file)?;
        let wanted = (OFlags::from_bits_retain(file.flags) - NOT_FOR_THE_SOURCE - OFlags::TRUNC) | OFlags::DIRECT;
        let opened =
            self.volume.nodes.with_room(|| Ok(self.worker.at(&*source, |path| open(path, wanted, Mode::empty()))?));
        match opened {
            Ok(opened) => Ok(Some(Arc::clone(file.direct.get_or_init(|| Arc::new(opened))))),
            // A daemon without privileges cannot open what its permissions refuse once more.
            Err(Errno::ACCESS | Errno::PERM) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Writes bytes at `offset`, or at the end of the source's file if the caller appends; how many.
    ///
    /// # Errors
    /// `EROFS`: the mount is read-only, and whoever writes has opened the file without asking us.
    pub fn write(&self, file: File, offset: u64, data: &[u8], how: Write) -> Result<usize, Errno> {
        self.check_writable()?;
        let handle = self.file(file)?;
        let flags = if how.from_cache { RwFlags::empty() } else { rw_flags(how.flags & !handle.flags, how.flags) };
        let direct = if how.from_cache { None } else { self.without_cache(&handle, how.flags)? };
        let source = self.source_of(&handle)?;
        let write = || match &direct {
            Some(direct) => {
                let mut blocks = self.worker.blocks.borrow_mut();
                let aligned = blocks.of(data.len());
                aligned.copy_from_slice(data);
                Ok(fs_core::pwritev(&**direct, &[IoSlice::new(aligned)], offset, flags)?)
            }
            None => Ok(fs_core::pwritev(&*source, &[IoSlice::new(data)], offset, flags)?),
        };
        if how.from_cache {
            return write();
        }
        match (handle.node.has_set_id(), how.clears_set_id) {
            (false, _) => write(),
            (true, false) => self.worker.with_fsetid(write),
            // Root without the capability.
            (true, true) if self.caller.uid == 0 => write(),
            (true, true) => self.worker.as_member(self.caller, write),
        }
    }

    /// Does what a close of the source's file does before it is gone.
    ///
    /// # Errors
    /// What the file system beneath held back until now: `EIO`, `ENOSPC`, `EDQUOT`.
    pub fn flush(&self, file: File) -> Result<(), Errno> {
        if let File::Node(_) = file {
            // Nothing is written, ever. The kernel does not ask again.
            return Err(Errno::NOSYS);
        }
        // What was never opened has nothing held back.
        match self.file(file)?.source.get() {
            Some(source) => Ok(fs_core::close(fs_core::dup(&**source)?)?),
            None => Ok(()),
        }
    }

    /// Brings a file to storage; with `datasync` only what reading it needs.
    pub fn fsync(&self, file: File, datasync: bool) -> Result<(), Errno> {
        let source = self.source(file)?;
        Ok(if datasync { fs_core::fdatasync(&*source) } else { fs_core::fsync(&*source) }?)
    }

    /// Reserves, frees or zeroes storage; `mode` is that of fallocate.
    pub fn fallocate(&self, file: File, mode: u32, offset: i64, length: i64) -> Result<(), Errno> {
        self.check_writable()?;
        let handle = self.file(file)?;
        let source = self.source_of(&handle)?;
        let mode = FallocateFlags::from_bits_retain(mode);
        self.changing_content(&handle.node, || Ok(fs_core::linux::fallocate(&*source, mode, offset, length)?))
    }

    /// Finds data or a hole; the kernel does the other ways of seeking itself.
    ///
    /// # Errors
    /// `ENXIO`: there is none. `EINVAL`: any other `whence`.
    pub fn lseek(&self, file: File, offset: i64, whence: i32) -> Result<u64, Errno> {
        let source = self.source(file)?;
        let whence = match whence {
            libc::SEEK_DATA => Whence::Data,
            libc::SEEK_HOLE => Whence::Hole,
            _ => return Err(Errno::INVAL),
        };
        Ok(fs_core::lseek(&*source, offset, whence)?)
    }

    /// Copies bytes between two open files of the mount; how many.
    pub fn copy_file_range(&self, src: (File, u64), dst: (File, u64), length: u64) -> Result<u32, Errno> {
        self.check_writable()?;
        let (src_file, dst_file) = (self.file(src.0)?, self.file(dst.0)?);
        let (src_source, dst_source) = (self.source_of(&src_file)?, self.source_of(&dst_file)?);
        let (mut src_offset, mut dst_offset) = (src.1, dst.1);
        // The answer has 32 bits.
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(MOST_COPIED);
        let copied = self.changing_content(&dst_file.node, || {
            let (src_offset, dst_offset) = (Some(&mut src_offset), Some(&mut dst_offset));
            Ok(fs_core::copy_file_range(&*src_source, &*dst_source, length, src_offset, dst_offset)?)
        })?;
        Ok(u32::try_from(copied).expect("no more than was asked for"))
    }
}

/// Reads until `data` is full or the file ends.
fn read_all(source: &OwnedFd, data: &mut [u8], offset: u64) -> Result<usize, Errno> {
    let mut count = 0;
    // The kernel takes a short answer for the end of the file, and a read of the source may
    // stop in between.
    while count < data.len() {
        match fs_core::pread(source, &mut data[count..], offset + count as u64) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(_) if count > 0 => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(count)
}

/// What the kernel or we do instead of the source's file: the last component is not a
/// link, creation is its own request, and appending is decided for each write, because the kernel
/// writes back pages through any handle.
const NOT_FOR_THE_SOURCE: OFlags = OFlags::CREAT
    .union(OFlags::EXCL)
    .union(OFlags::NOCTTY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::APPEND)
    .union(OFlags::ASYNC);

/// What makes opening a file to read it more than that.
const WITH_AN_EFFECT: OFlags = OFlags::TRUNC.union(OFlags::DIRECT);

/// How a file is read that is not opened: the kernel remembers its times for ever, and so they are to stay.
const READ_UNSEEN: OFlags = OFlags::RDONLY.union(OFlags::NOATIME);

const MOST_COPIED: usize = 1 << 30;

/// What one write needs: `added` are the flags that the source's file does not have.
fn rw_flags(added: u32, flags: u32) -> RwFlags {
    let mut rw_flags = RwFlags::empty();
    if flags & OFlags::APPEND.bits() != 0 {
        rw_flags |= RwFlags::APPEND;
    }
    if added & OFlags::SYNC.bits() == OFlags::SYNC.bits() {
        rw_flags |= RwFlags::SYNC;
    } else if added & OFlags::DSYNC.bits() != 0 {
        rw_flags |= RwFlags::DSYNC;
    }
    rw_flags
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Mount, name};
    use super::*;
    use crate::number::ROOT;
    use crate::ops::Changes;
    use fs_core::{Follow, Time, Times};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    const RDWR: u32 = libc::O_RDWR as u32;
    const APPEND: u32 = libc::O_APPEND as u32;

    #[test]
    fn appends_go_to_the_end_of_the_source_whatever_the_kernel_thinks() {
        let mount = Mount::new();
        std::fs::write(mount.path("f"), "0123456789").unwrap();
        mount.call(|call| {
            let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            let file = File::Open(call.open(f, RDWR | APPEND, Opens::Now).unwrap().number);
            let how = Write { flags: RDWR | APPEND, ..Write::default() };
            assert_eq!(call.write(file, 3, b"end", how), Ok(3));
            // fcntl took O_APPEND away; and a page that is written back stays where it is.
            assert_eq!(call.write(file, 0, b"A", Write { flags: RDWR, ..Write::default() }), Ok(1));
            assert_eq!(call.write(file, 1, b"B", Write { from_cache: true, ..how }), Ok(1));
            let mut data = [0; 32];
            let count = call.read(file, 0, &mut data, 0).unwrap();
            assert_eq!(&data[..count], b"AB23456789end");
        });
    }

    #[test]
    fn creation_never_opens_what_exists() {
        let mount = Mount::new();
        std::fs::write(mount.path("f"), "x").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", mount.path("s")).unwrap();
        mount.call(|call| {
            for existing in ["f", "s"] {
                let existing = name(ROOT, existing);
                assert_eq!(call.create(existing, 0o644, 0, RDWR).unwrap_err(), Errno::STALE);
                let exclusive = RDWR | OFlags::EXCL.bits();
                assert_eq!(call.create(existing, 0o644, 0, exclusive).unwrap_err(), Errno::EXIST);
            }
        });
    }

    #[test]
    fn a_new_file_may_have_no_permission_for_its_creator() {
        let mount = Mount::new();
        mount.call(|call| {
            let (entry, opened) = call.create(name(ROOT, "f"), 0, 0, RDWR).unwrap();
            assert_eq!(
                call.write(File::Open(opened.number), 0, b"x", Write { flags: RDWR, ..Write::default() }),
                Ok(1)
            );
            assert_eq!(entry.status.st_mode() & 0o7777, 0);
        });
    }

    #[test]
    fn writes_take_set_id_away_as_the_kernel_says() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: leaving suid as it is needs root");
            return;
        }
        let mount = Mount::new();
        for (clears_set_id, left) in [(false, 0o6777), (true, 0o777)] {
            std::fs::write(mount.path("f"), "x").unwrap();
            std::fs::set_permissions(mount.path("f"), std::fs::Permissions::from_mode(0o6777)).unwrap();
            mount.call(|call| {
                let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
                let file = call.open(f, RDWR, Opens::Now).unwrap().number;
                call.write(File::Open(file), 0, b"y", Write { flags: RDWR, clears_set_id, from_cache: false }).unwrap();
                call.release(file).unwrap();
            });
            assert_eq!(std::fs::metadata(mount.path("f")).unwrap().mode() & 0o7777, left);
        }
    }

    #[test]
    fn only_regular_files_are_opened() {
        let mount = Mount::new();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            mount.path("p"),
            rustix::fs::FileType::Fifo,
            Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        mount.call(|call| {
            let p = call.lookup(name(ROOT, "p")).unwrap().node.ino;
            assert_eq!(call.open(p, RDWR, Opens::Now).unwrap_err(), Errno::NXIO);
            assert_eq!(call.open(ROOT, 0, Opens::Now).unwrap_err(), Errno::ISDIR);
            // Nor for a request that names a node only.
            assert_eq!(call.read(File::Node(p), 0, &mut [0; 8], 0), Err(Errno::NXIO));
            assert_eq!(call.read(File::Node(ROOT), 0, &mut [0; 8], 0), Err(Errno::ISDIR));
        });
    }

    #[test]
    fn a_file_that_is_not_opened_is_read_through_its_node_and_keeps_its_time() {
        let mut mount = Mount::new();
        mount.volume.read_only = true;
        mount.volume.opens_files = false.into();
        std::fs::write(mount.path("f"), "hello").unwrap();
        let old = Times { atime: Time::At { ns: 1 }, mtime: Time::At { ns: 2 } };
        fs_core::utime(&mount.path("f"), old, Follow::Yes).unwrap();
        mount.call(|call| {
            let ino = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            assert_eq!(call.open(ino, 0, Opens::WhenNeeded).unwrap_err(), Errno::NOSYS);
            assert_eq!(call.open(ino, RDWR, Opens::Now).unwrap_err(), Errno::ROFS);
            let file = File::Node(ino);
            let mut data = [0; 8];
            assert_eq!(call.read(file, 1, &mut data, 0), Ok(4));
            assert_eq!(&data[..4], b"ello");
            assert_eq!(call.lseek(file, 0, libc::SEEK_HOLE), Ok(5));
            call.fsync(file, false).unwrap();
            assert_eq!(call.getattr(ino, Some(file)).unwrap().status.st_size(), 5);
            assert_eq!(call.flush(file), Err(Errno::NOSYS));
            assert_eq!(call.write(file, 0, b"J", Write { flags: RDWR, ..Write::default() }), Err(Errno::ROFS));
            assert_eq!(call.fallocate(file, 0, 0, 100), Err(Errno::ROFS));
            assert_eq!(call.copy_file_range((file, 0), (file, 9), 1), Err(Errno::ROFS));
            let shorter = Changes { size: Some(0), ..Changes::default() };
            assert_eq!(call.setattr(ino, Some(file), shorter).unwrap_err(), Errno::ROFS);
            assert_eq!(mount.volume.files.count(), 0);
        });
        assert_eq!(std::fs::metadata(mount.path("f")).unwrap().atime_nsec(), 1);
        assert_eq!(std::fs::read(mount.path("f")).unwrap(), b"hello");
    }

    #[test]
    fn storage_is_punched_found_and_copied() {
        let mount = Mount::new();
        std::fs::write(mount.path("f"), vec![b'x'; 16384]).unwrap();
        mount.call(|call| {
            let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            let file = File::Open(call.open(f, RDWR, Opens::Now).unwrap().number);
            let punch = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            call.fallocate(file, punch.bits(), 4096, 4096).unwrap();
            assert_eq!(call.lseek(file, 0, libc::SEEK_HOLE), Ok(4096));
            assert_eq!(call.lseek(file, 4096, libc::SEEK_DATA), Ok(8192));
            assert_eq!(call.lseek(file, 16384, libc::SEEK_DATA), Err(Errno::NXIO));
            assert_eq!(call.lseek(file, 0, libc::SEEK_SET), Err(Errno::INVAL));
            let copy = File::Open(call.create(name(ROOT, "g"), 0o644, 0, RDWR).unwrap().1.number);
            assert_eq!(call.copy_file_range((file, 8192), (copy, 0), u64::MAX), Ok(8192));
            call.fsync(copy, true).unwrap();
            call.flush(copy).unwrap();
        });
        assert_eq!(std::fs::read(mount.path("g")).unwrap(), vec![b'x'; 8192]);
    }
}
