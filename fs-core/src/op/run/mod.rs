//! Executes an [`Op`] in the working directory, with a table of registers.
//!
//! Every operation goes through the public function of this library that has its
//! name. The working directory of the process is the directory under test: who
//! runs sequences of strangers confines the process first (`chroot(2)`), because
//! an absolute path means what it says. The one thing refused here is a device
//! node other than null, zero and full, which no directory confines.
//!
//! Not here: `fork` and `wait`, which are about processes and belong to who has them.

mod acl;
mod attributes;
mod data;
mod directories;
mod fill;
mod limits;
mod locks;
mod memory;
mod names;
mod programs;
mod raw;
pub mod tree;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::Op;
use super::bytes::Bytes;
use super::outcome::{Field, Outcome};
use super::place::{At, Fd, Handle, Map, Process, Target};
use crate::linux::FileHandle;
use memory::Mapping;
use programs::Running;

pub use raw::{RawCall, raw_call};

/// The most bytes that one operation reads: a line from a stranger must not be
/// able to take all memory.
const LONGEST_READ: u64 = 64 << 20;

/// Why an operation has no outcome. None of these is the file system's doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// The step uses a register that is not bound: an earlier step failed.
    Unbound(String),
    /// The operation is not one that runs here.
    Refused(String),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Unbound(register) => write!(f, "register `{register}` is not bound"),
            RunError::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for RunError {}

/// How a call ended: an outcome, a failure, or no call at all.
type Ran = Result<Outcome, Failed>;

/// Why a call has no success to tell of.
enum Failed {
    /// The call failed: that is its outcome.
    Call(crate::Error),
    /// There was no call.
    Run(RunError),
}

impl From<crate::Error> for Failed {
    fn from(error: crate::Error) -> Self {
        Failed::Call(error)
    }
}

impl From<rustix::io::Errno> for Failed {
    fn from(errno: rustix::io::Errno) -> Self {
        Failed::Call(errno.into())
    }
}

impl From<RunError> for Failed {
    fn from(error: RunError) -> Self {
        Failed::Run(error)
    }
}

/// The registers of one process in a sequence.
#[derive(Default)]
pub struct Runner {
    fds: BTreeMap<Fd, OwnedFd>,
    maps: BTreeMap<Map, Mapping>,
    handles: BTreeMap<Handle, FileHandle>,
    programs: BTreeMap<Process, Running>,
}

impl Runner {
    /// A table with nothing bound.
    pub fn new() -> Self {
        Runner::default()
    }

    /// Drops all registers: descriptors are closed, mappings unmapped, programs ended.
    pub fn clear(&mut self) {
        *self = Runner::default();
    }

    /// The kernel's descriptor of a register, for who passes it on.
    pub fn fd(&self, fd: Fd) -> Option<BorrowedFd<'_>> {
        self.fds.get(&fd).map(AsFd::as_fd)
    }

    /// Executes one operation.
    ///
    /// A call that fails is an [`Outcome`] too.
    ///
    /// # Errors
    /// An unbound register, or an operation that does not run here.
    pub fn run(&mut self, op: &Op<'_>) -> Result<Outcome, RunError> {
        match self.dispatch(op) {
            Ok(outcome) => Ok(outcome),
            Err(Failed::Call(error)) => Ok(Outcome::errno(error.errno())),
            Err(Failed::Run(error)) => Err(error),
        }
    }

    fn dispatch(&mut self, op: &Op<'_>) -> Ran {
        match op {
            Op::Stat { path, follow } => self.stat(path, *follow),
            Op::Statx { path, follow } => self.statx(path, *follow),
            Op::Statvfs { path } => self.statvfs(path),
            Op::Access { path, mode, effective_ids, follow } => self.access(path, *mode, *effective_ids, *follow),
            Op::Chmod { path, mode, follow } => self.chmod(path, *mode, *follow),
            Op::Chown { path, uid, gid, follow } => self.chown(path, *uid, *gid, *follow),
            Op::Utime { path, atime_ns, mtime_ns, follow } => self.utime(path, *atime_ns, *mtime_ns, *follow),
            Op::Truncate { path, length } => self.truncate(path, *length),
            Op::Getflags { fd } => self.getflags(*fd),
            Op::Setflags { fd, set, clear } => self.setflags(*fd, *set, *clear),
            Op::Pathconf { path, name } => self.pathconf(path, name),
            Op::Getxattr { path, name, follow } => self.getxattr(path, name, *follow),
            Op::Setxattr { path, name, value, flags, follow } => self.setxattr(path, name, value, *flags, *follow),
            Op::Listxattr { path, follow } => self.listxattr(path, *follow),
            Op::Removexattr { path, name, follow } => self.removexattr(path, name, *follow),
            Op::Getfacl { path, default } => self.getfacl(path, *default),
            Op::Setfacl { path, acl, default } => self.setfacl(path, acl, *default),
            Op::Rename { src, dst, flags } => self.rename(src, dst, *flags),
            Op::Renames { old, new } => self.renames(old, new),
            Op::Link { src, dst, follow } => self.link(src, dst, *follow),
            Op::Symlink { src, dst } => self.symlink(src, dst),
            Op::Readlink { path } => self.readlink(path),
            Op::Unlink { path } => self.unlink(path),
            Op::Mkdir { path, mode } => self.mkdir(path, *mode),
            Op::Makedirs { path, mode, exist_ok } => self.makedirs(path, *mode, *exist_ok),
            Op::Rmdir { path } => self.rmdir(path),
            Op::Removedirs { path } => self.removedirs(path),
            Op::Mknod { path, kind, mode, device } => self.mknod(path, *kind, *mode, *device),
            Op::Mkfifo { path, mode } => self.mkfifo(path, *mode),
            Op::Open { path, flags, mode, fd } => self.open(path, *flags, *mode, *fd),
            Op::Openat2 { path, flags, mode, resolve, fd } => self.openat2(path, *flags, *mode, *resolve, *fd),
            Op::NameToHandleAt { path, follow, handle } => self.name_to_handle_at(path, *follow, *handle),
            Op::OpenByHandleAt { path, handle, flags, fd } => self.open_by_handle_at(*path, *handle, *flags, *fd),
            Op::Close { fd } => self.close(*fd),
            Op::Dup { fd, fd2 } => self.dup(*fd, *fd2),
            Op::Dup2 { fd, fd2 } => self.dup2(*fd, *fd2),
            Op::Read { fd, length } => self.read(*fd, *length),
            Op::Pread { fd, length, offset } => self.pread(*fd, *length, *offset),
            Op::Readv { fd, lengths } => self.readv(*fd, lengths),
            Op::Preadv { fd, lengths, offset, flags } => self.preadv(*fd, lengths, *offset, *flags),
            Op::Write { fd, data } => self.write(*fd, data),
            Op::Pwrite { fd, data, offset } => self.pwrite(*fd, data, *offset),
            Op::Writev { fd, data } => self.writev(*fd, data),
            Op::Pwritev { fd, data, offset, flags } => self.pwritev(*fd, data, *offset, *flags),
            Op::Lseek { fd, offset, whence } => self.lseek(*fd, *offset, *whence),
            Op::Fallocate { fd, mode, offset, length } => self.fallocate(*fd, *mode, *offset, *length),
            Op::PosixFallocate { fd, offset, length } => self.posix_fallocate(*fd, *offset, *length),
            Op::PosixFadvise { fd, offset, length, advice } => self.posix_fadvise(*fd, *offset, *length, *advice),
            Op::CopyFileRange { src_fd, dst_fd, count, src_offset, dst_offset } => {
                self.copy_file_range(*src_fd, *dst_fd, *count, *src_offset, *dst_offset)
            }
            Op::Sendfile { dst_fd, src_fd, src_offset, count } => self.sendfile(*dst_fd, *src_fd, *src_offset, *count),
            Op::Fsync { fd } => self.fsync(*fd),
            Op::Fdatasync { fd } => self.fdatasync(*fd),
            Op::Syncfs { fd } => self.syncfs(*fd),
            Op::Mmap { fd, length, offset, protection, flags, map } => {
                self.mmap(*fd, *length, *offset, *protection, *flags, *map)
            }
            Op::Munmap { map } => self.munmap(*map),
            Op::Msync { map } => self.msync(*map),
            Op::Load { map, offset, length } => self.load(*map, *offset, *length),
            Op::Store { map, offset, data } => self.store(*map, *offset, data),
            Op::Lockf { fd, command, length } => self.lockf(*fd, *command, *length),
            Op::Flock { fd, operation } => self.flock(*fd, *operation),
            Op::Setlk { fd, kind, start, length, wait, owner } => {
                self.setlk(*fd, *kind, *start, *length, *wait, *owner)
            }
            Op::Getlk { fd, kind, start, length, owner } => self.getlk(*fd, *kind, *start, *length, *owner),
            Op::Listdir { path } => self.listdir(path),
            Op::Scandir { path } => self.scandir(path),
            Op::Readdir { fd, count, remove } => self.readdir(*fd, *count, *remove),
            Op::Walk { path, topdown, followlinks } => self.walk(path, *topdown, *followlinks),
            Op::Fwalk { path, topdown, follow } => self.fwalk(path, *topdown, *follow),
            Op::Tree { path } => self.tree(path),
            Op::Chdir { path } => self.chdir(path),
            Op::Getcwd {} => self.getcwd(),
            Op::Umask { mode } => self.umask(*mode),
            Op::Setrlimit { resource, limit } => self.setrlimit(*resource, *limit),
            Op::Sigaction { signal, action } => self.sigaction(*signal, *action),
            Op::Spawn { path, process } => self.spawn(path, *process),
            Op::Reap { process } => self.reap(*process),
            Op::Getfl { fd } => self.getfl(*fd),
            Op::Fill { fd } => self.fill(*fd),
            Op::Tick { path } => self.tick(path),
            Op::Syscall { name, args, fd } => self.syscall(name, args, *fd),
            Op::Fork { .. } | Op::Wait {} => {
                Err(RunError::Refused(format!("`{}` needs a runner of several processes", op.name())).into())
            }
        }
    }

    /// The kernel's descriptor of a register.
    fn get(&self, fd: Fd) -> Result<BorrowedFd<'_>, Failed> {
        self.fd(fd).ok_or_else(|| RunError::Unbound(format!("fd={fd}")).into())
    }

    /// Binds a descriptor; one that no register wants is closed.
    fn bind(&mut self, register: Option<Fd>, fd: OwnedFd) -> Ran {
        if let Some(register) = register {
            self.fds.insert(register, fd);
        }
        Ok(Outcome::OK)
    }
}

/// A path with its bytes at hand: what [`At`] is before it can be borrowed as [`crate::At`].
struct Resolved<'o> {
    path: Cow<'o, [u8]>,
    dir: Option<Fd>,
}

impl<'o> Resolved<'o> {
    fn new(at: &'o At<'_>) -> Self {
        Resolved { path: at.path.resolve(), dir: at.dir }
    }

    fn at<'r>(&'r self, runner: &'r Runner) -> Result<crate::At<'r>, Failed> {
        let dir = self.dir.map(|dir| runner.get(dir)).transpose()?;
        Ok(crate::At { dir, path: (&*self.path).into() })
    }
}

/// Calls `call` with what `target` stands for.
fn with_target<T>(
    runner: &Runner,
    target: &Target<'_>,
    call: impl FnOnce(crate::Target<'_>) -> crate::Result<T>,
) -> Result<T, Failed> {
    match target {
        Target::Fd(fd) => Ok(call(runner.get(*fd)?.into())?),
        Target::Path(at) => Ok(call(Resolved::new(at).at(runner)?.into())?),
    }
}

/// Calls `call` with what `at` stands for.
fn with_at<T>(runner: &Runner, at: &At<'_>, call: impl FnOnce(crate::At<'_>) -> crate::Result<T>) -> Result<T, Failed> {
    Ok(call(Resolved::new(at).at(runner)?)?)
}

/// A success that returns a count.
fn count(count: usize) -> Outcome {
    Outcome::ok(vec![Field::number("count", count as i128)])
}

/// The name of a limit or an attribute as text; the tables of names are ASCII.
fn text(bytes: &Bytes<'_>) -> String {
    String::from_utf8_lossy(&bytes.resolve()).into_owned()
}

/// Refuses lengths that would take all memory.
fn check_length(length: u64) -> Result<usize, Failed> {
    match length {
        0..=LONGEST_READ => Ok(length as usize),
        _ => Err(RunError::Refused(format!("length {length} is more than the longest, {LONGEST_READ} bytes")).into()),
    }
}
