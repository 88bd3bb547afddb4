//! The answers: what is in the tree, for as long as the policy lets the kernel remember it.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use fs_core::Follow;
use fuse_mount::Cache;
use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, InitFlags,
    KernelConfig, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, ReplyXattr, Request, TimeOrNow, WriteFlags,
};
use rustix::fs::OFlags;

use super::tree::Tree;
use crate::peers::source::XATTR;

/// No inode's number is used twice, and nothing is known of an open file but its inode.
const FIRST: Generation = Generation(0);
const NO_HANDLE: FileHandle = FileHandle(0);

/// Of what is read nothing is asked for again, and nothing is brought here when it is closed.
const OPENED: FopenFlags = FopenFlags::FOPEN_KEEP_CACHE.union(FopenFlags::FOPEN_NOFLUSH);

/// The longest write that is one request, as our mount has it.
const MAX_WRITE: u32 = 1 << 20;

/// The file system.
#[derive(Debug)]
pub(super) struct Floor {
    tree: Mutex<Tree>,
    cache: Cache,
    has_acls: bool,
}

impl Floor {
    /// One that shows a tree, with POSIX ACLs if the source of our mount would have them.
    pub(super) fn new(tree: Tree, cache: Cache, source: &Path) -> Self {
        let acl = fs_core::getxattr(source, "system.posix_acl_access", Follow::Yes);
        let has_acls = matches!(acl.map_err(fs_core::Errno::from), Ok(_) | Err(fs_core::Errno::NODATA));
        Floor { tree: Mutex::new(tree), cache, has_acls }
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().expect("no holder panics")
    }

    fn attribute_ttl(&self, attr: &FileAttr) -> Duration {
        self.cache.attribute_ttl(mode(attr), false)
    }

    fn joint_ttl(&self, attr: &FileAttr) -> Duration {
        self.cache.joint_ttl(mode(attr), false)
    }

    fn send_entry(&self, reply: ReplyEntry, attr: &FileAttr) {
        reply.entry_with_ttls(&self.attribute_ttl(attr), &self.cache.entry_ttl(), attr, FIRST);
    }
}

impl Filesystem for Floor {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let mut wanted = InitFlags::FUSE_DONT_MASK
            | InitFlags::FUSE_PARALLEL_DIROPS
            | InitFlags::FUSE_ATOMIC_O_TRUNC
            | InitFlags::FUSE_HANDLE_KILLPRIV_V2
            | InitFlags::FUSE_ASYNC_DIO
            | InitFlags::FUSE_DIRECT_IO_ALLOW_MMAP;
        if self.cache.keeps() {
            wanted |= InitFlags::FUSE_CACHE_SYMLINKS;
            wanted |= InitFlags::FUSE_DO_READDIRPLUS | InitFlags::FUSE_READDIRPLUS_AUTO;
        }
        if self.cache != Cache::Exclusive {
            wanted |= InitFlags::FUSE_AUTO_INVAL_DATA;
        }
        if self.has_acls {
            wanted |= InitFlags::FUSE_POSIX_ACL;
        }
        config.add_capabilities(wanted & config.capabilities()).expect("only what is offered is asked for");
        config.set_max_write(MAX_WRITE).expect("less than fuser's buffer");
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let mut tree = self.tree();
        match tree.find(parent, name) {
            Some(ino) => self.send_entry(reply, &tree.inode(ino).attr),
            // Number 0: there is no such name, for as long as names are remembered.
            None if self.cache.keeps() => {
                let nothing = FileAttr { ino: INodeNo(0), ..tree.inode(parent).attr };
                reply.entry_with_ttls(&Duration::ZERO, &self.cache.entry_ttl(), &nothing, FIRST);
            }
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let attr = self.tree().inode(ino).attr;
        reply.attr(&self.attribute_ttl(&attr), &attr);
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        atime: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        _: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut tree = self.tree();
        let inode = tree.inode(ino);
        if let Some(size) = size {
            inode.resize(size as usize);
        }
        let (now, attr) = (SystemTime::now(), &mut inode.attr);
        let time = |time| match time {
            TimeOrNow::SpecificTime(time) => time,
            TimeOrNow::Now => now,
        };
        attr.perm = mode.map_or(attr.perm, |mode| (mode & 0o7777) as u16);
        attr.uid = uid.unwrap_or(attr.uid);
        attr.gid = gid.unwrap_or(attr.gid);
        attr.atime = atime.map_or(attr.atime, time);
        attr.mtime = mtime.map_or(if size.is_some() { now } else { attr.mtime }, time);
        attr.ctime = now;
        reply.attr(&self.attribute_ttl(attr), attr);
    }

    fn mkdir(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        let made = (FileType::Directory, mode & !umask, request.uid(), request.gid());
        self.send_entry(reply, &self.tree().make(parent, name, made));
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let made = (FileType::RegularFile, mode & !umask, request.uid(), request.gid());
        let attr = self.tree().make(parent, name, made);
        reply.created(&self.joint_ttl(&attr), &attr, FIRST, NO_HANDLE, OPENED);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        send_done(reply, self.tree().remove(parent, name).map(drop));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        send_done(reply, self.tree().remove_dir(parent, name));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !flags.is_empty() {
            return reply.error(Errno::EINVAL);
        }
        send_done(reply, self.tree().rename((parent, name), (newparent, newname)));
    }

    fn open(&self, _: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        if OFlags::from_bits_retain(flags.0.cast_unsigned()).contains(OFlags::TRUNC) {
            self.tree().inode(ino).resize(0);
        }
        reply.opened(NO_HANDLE, OPENED);
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let mut tree = self.tree();
        let data = &tree.inode(ino).data;
        let from = data.len().min(offset as usize);
        reply.data(&data[from..data.len().min(from + size as usize)]);
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        self.tree().inode(ino).write(offset as usize, data);
        reply.written(data.len() as u32);
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.ok();
    }

    /// Listings that are remembered for ever need not be asked for: the kernel then opens no directory by a request.
    fn opendir(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        if self.cache == Cache::Exclusive {
            return reply.error(Errno::ENOSYS);
        }
        let keeps = FopenFlags::FOPEN_CACHE_DIR | FopenFlags::FOPEN_KEEP_CACHE;
        reply.opened(NO_HANDLE, if self.cache.keeps() { keeps } else { FopenFlags::empty() });
    }

    /// Without `.` and `..`, which nobody here looks at.
    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        for (place, attr, name) in self.tree().list(ino, offset) {
            if reply.add(attr.ino, place, attr.kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn readdirplus(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectoryPlus) {
        for (place, attr, name) in self.tree().list(ino, offset) {
            if reply.add(attr.ino, place, name, &self.joint_ttl(&attr), &attr, FIRST) {
                break;
            }
        }
        reply.ok();
    }

    fn getxattr(&self, _: &Request, ino: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        let mut tree = self.tree();
        match &tree.inode(ino).xattr {
            Some(value) if name == XATTR && size == 0 => reply.size(value.len() as u32),
            Some(value) if name == XATTR && value.len() <= size as usize => reply.data(value),
            Some(_) if name == XATTR => reply.error(Errno::ERANGE),
            _ => reply.error(Errno::ENODATA),
        }
    }
}

/// Type and permissions.
fn mode(attr: &FileAttr) -> u32 {
    let kind = match attr.kind {
        FileType::Directory => rustix::fs::FileType::Directory,
        _ => rustix::fs::FileType::RegularFile,
    };
    kind.as_raw_mode() | u32::from(attr.perm)
}

fn send_done(reply: ReplyEmpty, done: Result<(), Errno>) {
    match done {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(errno),
    }
}
