//! Each request: its arguments for the operation and for the trace, and its answer. One block, for
//! fuser has them in one trait; what is longer than a few lines is elsewhere.

use std::cell::Cell;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use fs_core::Errno;
use fuser::{
    AccessFlags, BsdFileFlags, CopyFileRangeFlags, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    IoctlFlags, KernelConfig, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyIoctl, ReplyLseek, ReplyOpen, ReplyStatfs, ReplyWrite, ReplyXattr,
    Request, TimeOrNow, WriteFlags,
};

use super::send::{send_attribute, send_data, send_done};
use super::serve::{Asked, Served};
use super::{PassthroughFs, decode, reply};
use crate::node::Name;
use crate::ops::{Changes, Entry, Open, Write};
use crate::trace::{Args, RequestKind};

/// The longest value, and the longest list of names, in bytes.
const XATTR_MAX: u32 = fs_core::XATTR_SIZE_MAX as u32;

/// The longest text of a symbolic link, in bytes.
const LINK_MAX: usize = 4096;

impl PassthroughFs {
    /// Whether the kernel may remember that a directory lacks a name.
    fn remembers_absence(&self, directory: u64) -> bool {
        self.volume.cache.keeps()
            && self.volume.nodes.get(directory).is_ok_and(|node| self.volume.cache_of(&node).keeps())
    }
}

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
                Err(Errno::NOENT) if self.remembers_absence(parent.0) => Ok(None),
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
        let (handle, file) = (fh.map(u64::from), fh.map(|fh| self.file(ino, fh)));
        self.serve(
            request,
            Asked::node(RequestKind::Getattr, ino.0, Args { handle, ..Args::default() }),
            reply,
            |call, _, _| call.getattr(ino.0, file),
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
        let (handle, file) = (fh.map(u64::from), fh.map(|fh| self.file(ino, fh)));
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
            |call, _, _| call.setattr(ino.0, file, changes),
            |reply, entry, _| self.send_changed_attributes(reply, &entry),
        );
    }

    fn readlink(&self, request: &Request, ino: INodeNo, reply: ReplyData) {
        self.serve(
            request,
            Asked::node(RequestKind::Readlink, ino.0, Args::default()),
            reply,
            |call, _, _| call.readlink(ino.0, call.worker.data.borrow_mut().of(LINK_MAX)),
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
            |reply, entry, _| self.send_changed_entry(reply, &entry),
        );
    }

    fn open(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        self.serve_open(request, ino, flags.0.cast_unsigned(), reply);
    }

    fn read(
        &self,
        request: &Request,
        ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        size: u32,
        flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let flags = flags.0.cast_unsigned();
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
            |call, _, _| call.read(self.file(ino, fh), offset, call.worker.data.borrow_mut().of(size as usize), flags),
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
            clears_set_id: match self.kernel_says_who_clears.load(Ordering::Relaxed) {
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
        let stays_in_cache = Cell::new(false);
        self.serve(
            request,
            Asked::node(RequestKind::Write, ino.0, args),
            reply,
            |call, _, _| {
                let written = call.write(self.file(ino, fh), offset, data, how);
                stays_in_cache.set(how.from_cache && written == Err(Errno::ROFS));
                written
            },
            |reply, count, _| {
                reply.written(u32::try_from(count).expect("no more than the request has"));
                Ok(count as i64)
            },
        );
        // After the answer, which the kernel waits for before it lets the page go.
        if stays_in_cache.get() {
            self.drop_pages(ino, offset, data.len());
        }
    }

    fn flush(&self, request: &Request, ino: INodeNo, fh: FileHandle, _lock_owner: LockOwner, reply: ReplyEmpty) {
        let asked = Asked::node(RequestKind::Flush, ino.0, Args { handle: Some(fh.0), ..Args::default() });
        self.serve(request, asked, reply, |call, _, _| call.flush(self.file(ino, fh)), send_done);
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
        self.serve(request, asked, reply, |call, _, _| call.fsync(self.file(ino, fh), datasync), send_done);
    }

    fn opendir(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let args = Args { flags: Some(flags.0.cast_unsigned()), ..Args::default() };
        self.serve(
            request,
            Asked::node(RequestKind::Opendir, ino.0, args),
            reply,
            |call, _, args| {
                if !self.volume.opens_directories.load(Ordering::Relaxed) {
                    // The kernel does not ask again.
                    return Err(Errno::NOSYS);
                }
                let opened = call.opendir(ino.0)?;
                args.handle = Some(opened.number);
                Ok((opened.number, self.volume.cache_of(&opened.handle.node).keeps()))
            },
            |reply, (number, is_kept), _| {
                let keeps = FopenFlags::FOPEN_CACHE_DIR | FopenFlags::FOPEN_KEEP_CACHE;
                let flags = if is_kept { keeps } else { FopenFlags::empty() };
                reply.opened(FileHandle(number), flags);
                Ok(0)
            },
        );
    }

    fn readdir(&self, request: &Request, ino: INodeNo, fh: FileHandle, offset: u64, reply: ReplyDirectory) {
        self.serve_readdir(request, ino, fh, offset, reply);
    }

    fn readdirplus(&self, request: &Request, ino: INodeNo, fh: FileHandle, offset: u64, reply: ReplyDirectoryPlus) {
        self.serve_readdirplus(request, ino, fh, offset, reply);
    }

    fn releasedir(&self, request: &Request, ino: INodeNo, fh: FileHandle, flags: OpenFlags, reply: ReplyEmpty) {
        let args = Args { flags: Some(flags.0.cast_unsigned()), handle: Some(fh.0), ..Args::default() };
        let asked = Asked::node(RequestKind::Releasedir, ino.0, args);
        self.serve(request, asked, reply, |call, _, _| call.releasedir(fh.0).map(drop), send_done);
    }

    fn fsyncdir(&self, request: &Request, ino: INodeNo, fh: FileHandle, datasync: bool, reply: ReplyEmpty) {
        let args = Args { handle: Some(fh.0), datasync: Some(datasync), ..Args::default() };
        let asked = Asked::node(RequestKind::Fsyncdir, ino.0, args);
        self.serve(request, asked, reply, |call, _, _| call.fsyncdir(self.directory(ino, fh), datasync), send_done);
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
                call.getxattr(ino.0, name, call.worker.data.borrow_mut().of(room))
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
                call.listxattr(ino.0, call.worker.data.borrow_mut().of(room))
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
        self.serve_create(request, named(parent, name), mode, umask, flags.cast_unsigned(), reply);
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
        let open = if is_dir { Open::Directory(self.directory(ino, fh)) } else { Open::File(self.file(ino, fh)) };
        self.serve(
            request,
            Asked::node(RequestKind::Ioctl, ino.0, args),
            reply,
            |call, _, _| call.ioctl(open, cmd, in_data),
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
        let file = self.file(ino, fh);
        let fallocate =
            |call: &Served<'_>, _: &mut _, _: &mut _| call.fallocate(file, mode, offset, length.cast_signed());
        self.serve(request, asked, reply, fallocate, send_done);
    }

    fn lseek(&self, request: &Request, ino: INodeNo, fh: FileHandle, offset: i64, whence: i32, reply: ReplyLseek) {
        let args = Args { handle: Some(fh.0), offset: Some(offset), whence: Some(whence), ..Args::default() };
        self.serve(
            request,
            Asked::node(RequestKind::Lseek, ino.0, args),
            reply,
            |call, _, _| call.lseek(self.file(ino, fh), offset, whence),
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
        let (src, dst) = (self.file(ino_in, fh_in), self.file(ino_out, fh_out));
        self.serve(
            request,
            Asked::node(RequestKind::CopyFileRange, ino_in.0, args).to_node(ino_out.0),
            reply,
            |call, _, _| call.copy_file_range((src, offset_in), (dst, offset_out), len),
            |reply, count, _| {
                reply.written(count);
                Ok(count.into())
            },
        );
    }
}

fn named(parent: INodeNo, name: &OsStr) -> Name<'_> {
    Name { parent: parent.0, name: name.as_bytes() }
}

/// Notes for the trace which node was found or made.
pub(super) fn noted(args: &mut Args<'_>, entry: Entry) -> Entry {
    args.node = Some(entry.node.ino);
    entry
}
