//! Each request: its arguments for the operation and for the trace, and its answer.

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fs_core::Errno;
use fuser::{
    AccessFlags, BackingId, BsdFileFlags, CopyFileRangeFlags, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, IoctlFlags, KernelConfig, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData,
    ReplyDirectory, ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyIoctl, ReplyLseek, ReplyOpen, ReplyStatfs,
    ReplyWrite, ReplyXattr, Request, TimeOrNow, WriteFlags,
};

use super::serve::Asked;
use super::{PassthroughFs, decode, reply};
use crate::node::{Name, Node};
use crate::ops::{Call, Changes, Entry, OpenFile, Write};
use crate::trace::{Args, RequestKind};
use crate::worker::Worker;

/// The longest value, and the longest list of names, in bytes.
const XATTR_MAX: u32 = fs_core::XATTR_SIZE_MAX as u32;

/// The longest text of a symbolic link, in bytes.
const LINK_MAX: usize = 4096;

impl Filesystem for PassthroughFs {
    fn init(&mut self, _request: &Request, config: &mut KernelConfig) -> io::Result<()> {
        self.agree(config);
        Ok(())
    }

    fn lookup(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let name = named(parent, name);
        self.serve(
            request,
            Asked::name(RequestKind::Lookup, name, Args::default()),
            reply,
            |call, _, args| match call.lookup(name) {
                Err(Errno::NOENT) if self.volume.cache.keeps() => Ok(None),
                found => found.map(|entry| Some(noted(args, entry))),
            },
            |reply, entry, _| match entry {
                Some(entry) => self.send_entry(reply, &entry),
                None => {
                    // Number 0: there is no such name, for as long as names are remembered.
                    let nothing = reply::bare(0, FileType::RegularFile);
                    let ttl = self.volume.cache.entry_ttl();
                    reply.entry_with_ttls(&Duration::ZERO, &ttl, &nothing, Generation(0));
                    Err(Errno::NOENT)
                }
            },
        );
    }

    fn forget(&self, request: &Request, ino: INodeNo, nlookup: u64) {
        self.serve_forget(request, ino.0, nlookup);
    }

    fn getattr(&self, request: &Request, ino: INodeNo, fh: Option<FileHandle>, reply: ReplyAttr) {
        let handle = fh.map(u64::from);
        self.serve(
            request,
            Asked::node(RequestKind::Getattr, ino.0, Args { handle, ..Args::default() }),
            reply,
            |call, _, _| call.getattr(ino.0, handle),
            |reply, entry, _| self.send_attributes(reply, &entry),
        );
    }

    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        atime: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        fh: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let handle = fh.map(u64::from);
        let changes = Changes { size, uid, gid, mode, atime: atime.map(decode::time), mtime: mtime.map(decode::time) };
        let args = Args {
            mode,
            uid,
            gid,
            size,
            atime: atime.map(decode::traced_time),
            mtime: mtime.map(decode::traced_time),
            handle,
            ..Args::default()
        };
        self.serve(
            request,
            Asked::node(RequestKind::Setattr, ino.0, args),
            reply,
            |call, _, _| call.setattr(ino.0, handle, changes),
            |reply, entry, _| self.send_attributes(reply, &entry),
        );
    }

    fn readlink(&self, request: &Request, ino: INodeNo, reply: ReplyData) {
        self.serve(
            request,
            Asked::node(RequestKind::Readlink, ino.0, Args::default()),
            reply,
            |call, _, _| call.readlink(ino.0, room(&mut call.worker.data.borrow_mut(), LINK_MAX)),
            send_data,
        );
    }

    fn mknod(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        rdev: u32,
        reply: ReplyEntry,
    ) {
        let name = named(parent, name);
        let args = Args { mode: Some(mode), umask: Some(umask), rdev: Some(rdev), ..Args::default() };
        self.serve(
            request,
            Asked::name(RequestKind::Mknod, name, args),
            reply,
            |call, _, args| Ok(noted(args, call.mknod(name, mode, umask, rdev.into())?)),
            |reply, entry, _| self.send_entry(reply, &entry),
        );
    }

    fn mkdir(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        let name = named(parent, name);
        let args = Args { mode: Some(mode), umask: Some(umask), ..Args::default() };
        self.serve(
            request,
            Asked::name(RequestKind::Mkdir, name, args),
            reply,
            |call, _, args| Ok(noted(args, call.mkdir(name, mode, umask)?)),
            |reply, entry, _| self.send_entry(reply, &entry),
        );
    }

    fn unlink(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let name = named(parent, name);
        let asked = Asked::name(RequestKind::Unlink, name, Args::default());
        self.serve(request, asked, reply, |call, _, _| call.unlink(name), send_done);
    }

    fn rmdir(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let name = named(parent, name);
        let asked = Asked::name(RequestKind::Rmdir, name, Args::default());
        self.serve(request, asked, reply, |call, _, _| call.rmdir(name), send_done);
    }

    fn symlink(&self, request: &Request, parent: INodeNo, link_name: &OsStr, target: &Path, reply: ReplyEntry) {
        let name = named(parent, link_name);
        let target = target.as_os_str().as_bytes();
        let args = Args { target: Some(target), ..Args::default() };
        self.serve(
            request,
            Asked::name(RequestKind::Symlink, name, args),
            reply,
            |call, _, args| Ok(noted(args, call.symlink(name, target)?)),
            |reply, entry, _| self.send_entry(reply, &entry),
        );
    }

    fn rename(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let (src, dst) = (named(parent, name), named(newparent, newname));
        let args = Args { flags: Some(flags.bits()), ..Args::default() };
        let asked = Asked::name(RequestKind::Rename, src, args).to_name(dst);
        self.serve(request, asked, reply, |call, _, _| call.rename(src, dst, flags.bits()), send_done);
    }

    fn link(&self, request: &Request, ino: INodeNo, newparent: INodeNo, newname: &OsStr, reply: ReplyEntry) {
        let name = named(newparent, newname);
        self.serve(
            request,
            Asked::node(RequestKind::Link, ino.0, Args::default()).to_name(name),
            reply,
            |call, _, args| Ok(noted(args, call.link(ino.0, name)?)),
            |reply, entry, _| self.send_entry(reply, &entry),
        );
    }

    fn open(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let flags = flags.0.cast_unsigned();
        self.serve(
            request,
            Asked::node(RequestKind::Open, ino.0, Args { flags: Some(flags), ..Args::default() }),
            reply,
            |call, reply, args| {
                let opened = call.open(ino.0, flags)?;
                args.handle = Some(opened.number);
                Ok((opened.number, self.way(call, &opened.handle, |fd| reply.open_backing(fd))))
            },
            |reply, (number, (flags, backing)), _| {
                match backing {
                    Some(backing) => reply.opened_passthrough(FileHandle(number), flags, &backing),
                    None => reply.opened(FileHandle(number), flags),
                }
                Ok(0)
            },
        );
    }

    fn read(
        &self,
        request: &Request,
        ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let args = Args {
            handle: Some(fh.0),
            offset: Some(offset.cast_signed()),
            length: Some(size.into()),
            ..Args::default()
        };
        self.serve(
            request,
            Asked::node(RequestKind::Read, ino.0, args),
            reply,
            |call, _, _| call.read(fh.0, offset, room(&mut call.worker.data.borrow_mut(), size as usize)),
            send_data,
        );
    }

    fn write(
        &self,
        request: &Request,
        ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        data: &[u8],
        write_flags: WriteFlags,
        flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let flags = flags.0.cast_unsigned();
        let how = Write {
            flags,
            from_cache: write_flags.contains(WriteFlags::FUSE_WRITE_CACHE),
            clears_set_id: match self.kernel_says_who_clears {
                true => write_flags.contains(WriteFlags::FUSE_WRITE_KILL_SUIDGID),
                false => request.uid() != 0,
            },
        };
        let args = Args {
            flags: Some(flags),
            handle: Some(fh.0),
            offset: Some(offset.cast_signed()),
            length: Some(data.len() as u64),
            ..Args::default()
        };
        self.serve(
            request,
            Asked::node(RequestKind::Write, ino.0, args),
            reply,
            |call, _, _| call.write(fh.0, offset, data, how),
            |reply, count, _| {
                reply.written(u32::try_from(count).expect("no more than the request has"));
                Ok(count as i64)
            },
        );
    }

    fn flush(&self, request: &Request, ino: INodeNo, fh: FileHandle, _lock_owner: LockOwner, reply: ReplyEmpty) {
        let asked = Asked::node(RequestKind::Flush, ino.0, Args { handle: Some(fh.0), ..Args::default() });
        self.serve(request, asked, reply, |call, _, _| call.flush(fh.0), send_done);
    }

    fn release(
        &self,
        request: &Request,
        ino: INodeNo,
        fh: FileHandle,
        flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        _flush: bool,
        reply: ReplyEmpty,
    ) {
        let args = Args { flags: Some(flags.0.cast_unsigned()), handle: Some(fh.0), ..Args::default() };
        self.serve(
            request,
            Asked::node(RequestKind::Release, ino.0, args),
            reply,
            |call, _, _| {
                let file = call.release(fh.0)?;
                self.backings.release(&file.node);
                Ok(())
            },
            send_done,
        );
    }

    fn fsync(&self, request: &Request, ino: INodeNo, fh: FileHandle, datasync: bool, reply: ReplyEmpty) {
        let args = Args { handle: Some(fh.0), datasync: Some(datasync), ..Args::default() };
        let asked = Asked::node(RequestKind::Fsync, ino.0, args);
        self.serve(request, asked, reply, |call, _, _| call.fsync(fh.0, datasync), send_done);
    }

    fn opendir(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let args = Args { flags: Some(flags.0.cast_unsigned()), ..Args::default() };
        self.serve(
            request,
            Asked::node(RequestKind::Opendir, ino.0, args),
            reply,
            |call, _, args| {
                let opened = call.opendir(ino.0)?;
                args.handle = Some(opened.number);
                Ok(opened.number)
            },
            |reply, number, _| {
                let keeps = FopenFlags::FOPEN_CACHE_DIR | FopenFlags::FOPEN_KEEP_CACHE;
                let flags = if self.volume.cache.keeps() { keeps } else { FopenFlags::empty() };
                reply.opened(FileHandle(number), flags);
                Ok(0)
            },
        );
    }

    fn readdir(&self, request: &Request, ino: INodeNo, fh: FileHandle, offset: u64, reply: ReplyDirectory) {
        self.serve(
            request,
            Asked::node(RequestKind::Readdir, ino.0, listing(fh, offset)),
            reply,
            |call, reply, _| {
                let mut count = 0;
                call.readdir(fh.0, offset, |listed| {
                    // A type that the protocol lacks is one that programs ask for by stat.
                    let kind = reply::kind(listed.file_type).unwrap_or(FileType::RegularFile);
                    let is_full = reply.add(INodeNo(listed.ino), listed.next, kind, OsStr::from_bytes(listed.name));
                    count += i64::from(!is_full);
                    !is_full
                })?;
                Ok(count)
            },
            |reply, count, _| {
                reply.ok();
                Ok(count)
            },
        );
    }

    fn readdirplus(&self, request: &Request, ino: INodeNo, fh: FileHandle, offset: u64, reply: ReplyDirectoryPlus) {
        self.serve(
            request,
            Asked::node(RequestKind::Readdirplus, ino.0, listing(fh, offset)),
            reply,
            |call, reply, _| {
                let mut count = 0;
                call.readdirplus(fh.0, offset, |listed, entry| {
                    let told = entry.map(|entry| {
                        let ttl = self.volume.cache.joint_ttl(entry.status.st_mode(), entry.node.may_be_mapped());
                        reply::entry(&entry.node, &entry.status).map(|(attr, generation)| (ttl, attr, generation))
                    });
                    let (ttl, attr, generation) = match told {
                        Some(Ok(told)) => told,
                        // Not of a type that the protocol has.
                        Some(Err(_)) => return true,
                        None => (Duration::ZERO, reply::bare(listed.ino, FileType::Directory), Generation(0)),
                    };
                    let name = OsStr::from_bytes(listed.name);
                    let is_full = reply.add(attr.ino, listed.next, name, &ttl, &attr, generation);
                    count += i64::from(!is_full);
                    !is_full
                })?;
                Ok(count)
            },
            |reply, count, _| {
                reply.ok();
                Ok(count)
            },
        );
    }

    fn releasedir(&self, request: &Request, ino: INodeNo, fh: FileHandle, flags: OpenFlags, reply: ReplyEmpty) {
        let args = Args { flags: Some(flags.0.cast_unsigned()), handle: Some(fh.0), ..Args::default() };
        let asked = Asked::node(RequestKind::Releasedir, ino.0, args);
        self.serve(request, asked, reply, |call, _, _| call.releasedir(fh.0).map(drop), send_done);
    }

    fn fsyncdir(&self, request: &Request, ino: INodeNo, fh: FileHandle, datasync: bool, reply: ReplyEmpty) {
        let args = Args { handle: Some(fh.0), datasync: Some(datasync), ..Args::default() };
        let asked = Asked::node(RequestKind::Fsyncdir, ino.0, args);
        self.serve(request, asked, reply, |call, _, _| call.fsyncdir(fh.0, datasync), send_done);
    }

    fn statfs(&self, request: &Request, ino: INodeNo, reply: ReplyStatfs) {
        self.serve(
            request,
            Asked::node(RequestKind::Statfs, ino.0, Args::default()),
            reply,
            |call, _, _| call.statfs(ino.0),
            |reply, fs, _| {
                let small = |size: u64| u32::try_from(size).unwrap_or(u32::MAX);
                let (bsize, frsize, namemax) = (small(fs.f_bsize), small(fs.f_frsize), small(fs.f_namemax));
                reply.statfs(fs.f_blocks, fs.f_bfree, fs.f_bavail, fs.f_files, fs.f_ffree, bsize, namemax, frsize);
                Ok(0)
            },
        );
    }

    fn setxattr(
        &self,
        request: &Request,
        ino: INodeNo,
        name: &OsStr,
        value: &[u8],
        flags: i32,
        _position: u32,
        reply: ReplyEmpty,
    ) {
        let (name, flags) = (name.as_bytes(), flags.cast_unsigned());
        let args = Args { name: Some(name), size: Some(value.len() as u64), flags: Some(flags), ..Args::default() };
        let asked = Asked::node(RequestKind::Setxattr, ino.0, args);
        self.serve(request, asked, reply, |call, _, _| call.setxattr(ino.0, name, value, flags), send_done);
    }

    fn getxattr(&self, request: &Request, ino: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        let name = name.as_bytes();
        let args = Args { name: Some(name), size: Some(size.into()), ..Args::default() };
        self.serve(
            request,
            Asked::node(RequestKind::Getxattr, ino.0, args),
            reply,
            |call, _, _| {
                let room = size.min(XATTR_MAX) as usize;
                call.getxattr(ino.0, name, self::room(&mut call.worker.data.borrow_mut(), room))
            },
            |reply, length, worker| send_attribute(reply, length, size, worker),
        );
    }

    fn listxattr(&self, request: &Request, ino: INodeNo, size: u32, reply: ReplyXattr) {
        let args = Args { size: Some(size.into()), ..Args::default() };
        self.serve(
            request,
            Asked::node(RequestKind::Listxattr, ino.0, args),
            reply,
            |call, _, _| {
                let room = size.min(XATTR_MAX) as usize;
                call.listxattr(ino.0, self::room(&mut call.worker.data.borrow_mut(), room))
            },
            |reply, length, worker| send_attribute(reply, length, size, worker),
        );
    }

    fn removexattr(&self, request: &Request, ino: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let name = name.as_bytes();
        let asked = Asked::node(RequestKind::Removexattr, ino.0, Args { name: Some(name), ..Args::default() });
        self.serve(request, asked, reply, |call, _, _| call.removexattr(ino.0, name), send_done);
    }

    fn access(&self, request: &Request, ino: INodeNo, mask: AccessFlags, reply: ReplyEmpty) {
        let args = Args { mode: Some(mask.bits().cast_unsigned()), ..Args::default() };
        let asked = Asked::node(RequestKind::Access, ino.0, args);
        self.serve(request, asked, reply, |call, _, _| call.access(ino.0), send_done);
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        let (name, flags) = (named(parent, name), flags.cast_unsigned());
        let args = Args { mode: Some(mode), umask: Some(umask), flags: Some(flags), ..Args::default() };
        self.serve(
            request,
            Asked::name(RequestKind::Create, name, args),
            reply,
            |call, reply, args| {
                let (entry, opened) = call.create(name, mode, umask, flags)?;
                args.handle = Some(opened.number);
                let way = self.way(call, &opened.handle, |fd| reply.open_backing(fd));
                Ok((noted(args, entry), opened.number, way))
            },
            |reply, (entry, number, (flags, backing)), _| {
                let (attr, generation) = reply::entry(&entry.node, &entry.status).expect("a regular file");
                let ttl = self.volume.cache.joint_ttl(entry.status.st_mode(), entry.node.may_be_mapped());
                let handle = FileHandle(number);
                match backing {
                    Some(backing) => reply.created_passthrough(&ttl, &attr, generation, handle, flags, &backing),
                    None => reply.created(&ttl, &attr, generation, handle, flags),
                }
                Ok(0)
            },
        );
    }

    fn ioctl(
        &self,
        request: &Request,
        ino: INodeNo,
        fh: FileHandle,
        flags: IoctlFlags,
        cmd: u32,
        in_data: &[u8],
        _out_size: u32,
        reply: ReplyIoctl,
    ) {
        let args = Args { handle: Some(fh.0), command: Some(cmd), ..Args::default() };
        let is_dir = flags.contains(IoctlFlags::FUSE_IOCTL_DIR);
        self.serve(
            request,
            Asked::node(RequestKind::Ioctl, ino.0, args),
            reply,
            |call, _, _| call.ioctl(fh.0, is_dir, cmd, in_data),
            |reply, answer, _| {
                reply.ioctl(0, answer.as_bytes());
                Ok(0)
            },
        );
    }

    fn fallocate(
        &self,
        request: &Request,
        ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let (offset, mode) = (offset.cast_signed(), mode.cast_unsigned());
        let args = Args {
            handle: Some(fh.0),
            offset: Some(offset),
            length: Some(length),
            mode: Some(mode),
            ..Args::default()
        };
        let asked = Asked::node(RequestKind::Fallocate, ino.0, args);
        let fallocate =
            |call: &Call<'_>, _: &mut _, _: &mut _| call.fallocate(fh.0, mode, offset, length.cast_signed());
        self.serve(request, asked, reply, fallocate, send_done);
    }

    fn lseek(&self, request: &Request, ino: INodeNo, fh: FileHandle, offset: i64, whence: i32, reply: ReplyLseek) {
        let args = Args { handle: Some(fh.0), offset: Some(offset), whence: Some(whence), ..Args::default() };
        self.serve(
            request,
            Asked::node(RequestKind::Lseek, ino.0, args),
            reply,
            |call, _, _| call.lseek(fh.0, offset, whence),
            |reply, offset, _| {
                reply.offset(offset.cast_signed());
                Ok(offset.cast_signed())
            },
        );
    }

    fn copy_file_range(
        &self,
        request: &Request,
        ino_in: INodeNo,
        fh_in: FileHandle,
        offset_in: u64,
        ino_out: INodeNo,
        fh_out: FileHandle,
        offset_out: u64,
        len: u64,
        flags: CopyFileRangeFlags,
        reply: ReplyWrite,
    ) {
        let args = Args {
            handle: Some(fh_in.0),
            offset: Some(offset_in.cast_signed()),
            offset2: Some(offset_out.cast_signed()),
            length: Some(len),
            flags: Some(flags.bits() as u32),
            ..Args::default()
        };
        self.serve(
            request,
            Asked::node(RequestKind::CopyFileRange, ino_in.0, args).to_node(ino_out.0),
            reply,
            |call, _, _| call.copy_file_range((fh_in.0, offset_in), (fh_out.0, offset_out), len),
            |reply, count, _| {
                reply.written(count);
                Ok(count.into())
            },
        );
    }
}

impl PassthroughFs {
    /// How the bytes of a file that was opened travel: the flags of the answer, and the
    /// backing id if the kernel does it.
    fn way(
        &self,
        call: &Call<'_>,
        file: &OpenFile,
        register: impl FnOnce(std::os::fd::BorrowedFd<'_>) -> io::Result<BackingId>,
    ) -> (FopenFlags, Option<Arc<BackingId>>) {
        let backing = self.backings.open(&file.node, || {
            let fd = call.volume.nodes.fd(&file.node)?;
            register(fd.as_fd())
        });
        // The last moment at which a store into a map can be prepared for: the kernel tells of none.
        if backing.is_some() && file.reads_and_writes() && file.node.let_be_mapped() && self.volume.cache.keeps() {
            self.invalidate_attributes(&file.node);
        }
        let mut flags = FopenFlags::empty();
        if self.sees_data {
            flags |= FopenFlags::FOPEN_DIRECT_IO;
        } else if backing.is_none() && self.volume.cache.keeps() {
            flags |= FopenFlags::FOPEN_KEEP_CACHE;
        }
        // A close has nothing to bring to the source: no page is dirty above it.
        if backing.is_some() || !file.writes() {
            flags |= FopenFlags::FOPEN_NOFLUSH;
        }
        (flags, backing)
    }

    /// Makes the kernel forget the attributes of a node.
    fn invalidate_attributes(&self, node: &Node) {
        if let Some(notifier) = self.notifier.get() {
            // A negative offset: the contents stay. That it knows no such node is no error.
            let _ = notifier.inval_inode(INodeNo(node.ino), -1, 0);
        }
    }

    fn send_entry(&self, reply: ReplyEntry, entry: &Entry) -> Result<i64, Errno> {
        let cache = self.volume.cache;
        match reply::entry(&entry.node, &entry.status) {
            Ok((attr, generation)) => {
                let attribute_ttl = cache.attribute_ttl(entry.status.st_mode(), entry.node.may_be_mapped());
                reply.entry_with_ttls(&attribute_ttl, &cache.entry_ttl(), &attr, generation);
                Ok(0)
            }
            Err(errno) => {
                self.volume.nodes.forget(entry.node.ino, 1);
                reply::Refuse::refuse(reply, errno);
                Err(errno)
            }
        }
    }

    fn send_attributes(&self, reply: ReplyAttr, entry: &Entry) -> Result<i64, Errno> {
        let attr = reply::attributes(entry.node.shown, &entry.status).expect("a node has a type of the protocol");
        reply.attr(&self.volume.cache.attribute_ttl(entry.status.st_mode(), entry.node.may_be_mapped()), &attr);
        Ok(0)
    }
}

fn named(parent: INodeNo, name: &OsStr) -> Name<'_> {
    Name { parent: parent.0, name: name.as_bytes() }
}

/// Notes for the trace which node was found or made.
fn noted(args: &mut Args<'_>, entry: Entry) -> Entry {
    args.node = Some(entry.node.ino);
    entry
}

fn listing<'a>(fh: FileHandle, offset: u64) -> Args<'a> {
    Args { handle: Some(fh.0), offset: Some(offset.cast_signed()), ..Args::default() }
}

/// The first `length` bytes of a buffer, which grows if it has to.
fn room(buffer: &mut Vec<u8>, length: usize) -> &mut [u8] {
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
    &mut buffer[..length]
}

fn send_done(reply: ReplyEmpty, (): (), _: &Worker) -> Result<i64, Errno> {
    reply.ok();
    Ok(0)
}

/// Sends the first `count` bytes of the worker's buffer.
fn send_data(reply: ReplyData, count: usize, worker: &Worker) -> Result<i64, Errno> {
    reply.data(&worker.data.borrow()[..count]);
    Ok(count as i64)
}

/// Sends the first `length` bytes of the worker's buffer, or only how many there are if no room was offered.
fn send_attribute(reply: ReplyXattr, length: usize, room: u32, worker: &Worker) -> Result<i64, Errno> {
    if room == 0 {
        reply.size(u32::try_from(length).expect("at most 64 KiB"));
    } else {
        reply.data(&worker.data.borrow()[..length]);
    }
    Ok(length as i64)
}
