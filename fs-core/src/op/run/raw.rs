#![expect(unsafe_code, reason = "a system call by number has no safe form")]
//! A system call by its name, for what typed calls cannot say: addresses that are
//! not mapped, unknown flags, and entry points that libraries no longer use.
//!
//! A line from a stranger must not leave the directory that it is confined to, nor
//! write into this process. So only calls on files are known; a descriptor is one
//! of the registers or one that cannot exist; a number is never an address of this
//! process; and a page that cannot be touched stands behind each buffer.

use std::ffi::c_void;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

use super::{Failed, Ran, RunError, Runner};
use crate::Errno;
use crate::op::bytes::Bytes;
use crate::op::outcome::{Field, Outcome};
use crate::op::place::Fd;
use crate::op::{Long, RawArg};

/// An address in the first page, which is never mapped (`vm.mmap_min_addr`), but not null.
const BAD_ADDRESS: i64 = 8;
/// Descriptors from here on do not exist (`fs.nr_open`).
const NO_FD: i64 = 1 << 30;

/// A system call that may be made.
struct Call {
    name: &'static str,
    number: i64,
    /// Which arguments are descriptors.
    fds: &'static [usize],
    /// Which argument is the address of further addresses, or of what must not be made up.
    vector: Option<usize>,
    /// Whether it returns a descriptor.
    opens: bool,
    /// The request, for what `ioctl` does: its second argument, which a line leaves out.
    request: Option<i64>,
    /// Why the arguments are none that are ever passed.
    check: fn(&[RawArg<'_>]) -> Result<(), &'static str>,
}

impl Call {
    const fn new(name: &'static str, number: i64) -> Self {
        Call { name, number, fds: &[], vector: None, opens: false, request: None, check: |_| Ok(()) }
    }

    const fn fds(self, fds: &'static [usize]) -> Self {
        Call { fds, ..self }
    }

    const fn vector(self, index: usize) -> Self {
        Call { vector: Some(index), ..self }
    }

    const fn opens(self) -> Self {
        Call { opens: true, ..self }
    }

    const fn request(self, request: i64) -> Self {
        Call { request: Some(request), ..self }
    }

    const fn checked(self, check: fn(&[RawArg<'_>]) -> Result<(), &'static str>) -> Self {
        Call { check, ..self }
    }
}

// `ioctl_ficlonerange(2)`, `ioctl_fideduperange(2)`, `ioctl_getfsmap(2)`; libc has them not for all targets.
const FICLONE: i64 = 0x4004_9409;
const FICLONERANGE: i64 = 0x4020_940d;
const FIDEDUPERANGE: i64 = 0xc018_9436;
const FS_IOC_GETFSMAP: i64 = 0xc0c0_583b;

static CALLS: &[Call] = &[
    Call::new("access", libc::SYS_access),
    Call::new("chdir", libc::SYS_chdir),
    Call::new("chmod", libc::SYS_chmod),
    Call::new("chown", libc::SYS_chown),
    Call::new("close", libc::SYS_close).fds(&[0]).checked(only_what_is_not_open),
    Call::new("copy_file_range", libc::SYS_copy_file_range).fds(&[0, 2]),
    Call::new("creat", libc::SYS_creat).opens(),
    Call::new("dup", libc::SYS_dup).fds(&[0]).opens(),
    Call::new("faccessat", libc::SYS_faccessat).fds(&[0]),
    Call::new("faccessat2", libc::SYS_faccessat2).fds(&[0]),
    Call::new("fadvise64", libc::SYS_fadvise64).fds(&[0]),
    Call::new("fallocate", libc::SYS_fallocate).fds(&[0]),
    Call::new("fchdir", libc::SYS_fchdir).fds(&[0]),
    Call::new("fchmod", libc::SYS_fchmod).fds(&[0]),
    Call::new("fchmodat", libc::SYS_fchmodat).fds(&[0]),
    Call::new("fchmodat2", libc::SYS_fchmodat2).fds(&[0]),
    Call::new("fchown", libc::SYS_fchown).fds(&[0]),
    Call::new("fchownat", libc::SYS_fchownat).fds(&[0]),
    Call::new("fcntl", libc::SYS_fcntl).fds(&[0]).checked(fcntl_on_files),
    Call::new("fdatasync", libc::SYS_fdatasync).fds(&[0]),
    Call::new("fgetxattr", libc::SYS_fgetxattr).fds(&[0]),
    Call::new("flistxattr", libc::SYS_flistxattr).fds(&[0]),
    Call::new("flock", libc::SYS_flock).fds(&[0]),
    Call::new("fremovexattr", libc::SYS_fremovexattr).fds(&[0]),
    Call::new("fsetxattr", libc::SYS_fsetxattr).fds(&[0]),
    Call::new("fstat", libc::SYS_fstat).fds(&[0]),
    Call::new("fstatfs", libc::SYS_fstatfs).fds(&[0]),
    Call::new("fsync", libc::SYS_fsync).fds(&[0]),
    Call::new("ftruncate", libc::SYS_ftruncate).fds(&[0]),
    Call::new("futimesat", libc::SYS_futimesat).fds(&[0]),
    Call::new("getcwd", libc::SYS_getcwd),
    Call::new("getdents", libc::SYS_getdents).fds(&[0]),
    Call::new("getdents64", libc::SYS_getdents64).fds(&[0]),
    Call::new("getxattr", libc::SYS_getxattr),
    Call::new("inotify_add_watch", libc::SYS_inotify_add_watch).fds(&[0]),
    Call::new("inotify_init1", libc::SYS_inotify_init1).opens(),
    Call::new("inotify_rm_watch", libc::SYS_inotify_rm_watch).fds(&[0]),
    Call::new("ioctl_ficlone", libc::SYS_ioctl).fds(&[0, 1]).request(FICLONE),
    Call::new("ioctl_ficlonerange", libc::SYS_ioctl).fds(&[0]).request(FICLONERANGE),
    Call::new("ioctl_fideduperange", libc::SYS_ioctl).fds(&[0]).request(FIDEDUPERANGE),
    Call::new("ioctl_getfsmap", libc::SYS_ioctl).fds(&[0]).request(FS_IOC_GETFSMAP),
    Call::new("lchown", libc::SYS_lchown),
    Call::new("lgetxattr", libc::SYS_lgetxattr),
    Call::new("link", libc::SYS_link),
    Call::new("linkat", libc::SYS_linkat).fds(&[0, 2]),
    Call::new("listxattr", libc::SYS_listxattr),
    Call::new("llistxattr", libc::SYS_llistxattr),
    Call::new("lremovexattr", libc::SYS_lremovexattr),
    Call::new("lseek", libc::SYS_lseek).fds(&[0]),
    Call::new("lsetxattr", libc::SYS_lsetxattr),
    Call::new("lstat", libc::SYS_lstat),
    Call::new("mkdir", libc::SYS_mkdir),
    Call::new("mkdirat", libc::SYS_mkdirat).fds(&[0]),
    Call::new("mknod", libc::SYS_mknod).checked(mknod_of_no_device),
    Call::new("mknodat", libc::SYS_mknodat).fds(&[0]).checked(mknodat_of_no_device),
    Call::new("msync", libc::SYS_msync),
    Call::new("name_to_handle_at", libc::SYS_name_to_handle_at).fds(&[0]),
    Call::new("newfstatat", libc::SYS_newfstatat).fds(&[0]),
    Call::new("open", libc::SYS_open).opens(),
    Call::new("open_by_handle_at", libc::SYS_open_by_handle_at).fds(&[0]).opens().checked(handle_of_nothing),
    Call::new("openat", libc::SYS_openat).fds(&[0]).opens(),
    Call::new("openat2", libc::SYS_openat2).fds(&[0]).opens(),
    Call::new("pread64", libc::SYS_pread64).fds(&[0]),
    Call::new("preadv", libc::SYS_preadv).fds(&[0]).vector(1),
    Call::new("preadv2", libc::SYS_preadv2).fds(&[0]).vector(1),
    Call::new("pwrite64", libc::SYS_pwrite64).fds(&[0]),
    Call::new("pwritev", libc::SYS_pwritev).fds(&[0]).vector(1),
    Call::new("pwritev2", libc::SYS_pwritev2).fds(&[0]).vector(1),
    Call::new("read", libc::SYS_read).fds(&[0]),
    Call::new("readahead", libc::SYS_readahead).fds(&[0]),
    Call::new("readlink", libc::SYS_readlink),
    Call::new("readlinkat", libc::SYS_readlinkat).fds(&[0]),
    Call::new("readv", libc::SYS_readv).fds(&[0]).vector(1),
    Call::new("removexattr", libc::SYS_removexattr),
    Call::new("rename", libc::SYS_rename),
    Call::new("renameat", libc::SYS_renameat).fds(&[0, 2]),
    Call::new("renameat2", libc::SYS_renameat2).fds(&[0, 2]),
    Call::new("rmdir", libc::SYS_rmdir),
    Call::new("sendfile", libc::SYS_sendfile).fds(&[0, 1]),
    Call::new("setxattr", libc::SYS_setxattr),
    Call::new("splice", libc::SYS_splice).fds(&[0, 2]),
    Call::new("stat", libc::SYS_stat),
    Call::new("statfs", libc::SYS_statfs),
    Call::new("statx", libc::SYS_statx).fds(&[0]),
    Call::new("symlink", libc::SYS_symlink),
    Call::new("symlinkat", libc::SYS_symlinkat).fds(&[1]),
    Call::new("sync_file_range", libc::SYS_sync_file_range).fds(&[0]),
    Call::new("syncfs", libc::SYS_syncfs).fds(&[0]),
    Call::new("truncate", libc::SYS_truncate),
    Call::new("umask", libc::SYS_umask),
    Call::new("unlink", libc::SYS_unlink),
    Call::new("unlinkat", libc::SYS_unlinkat).fds(&[0]),
    Call::new("utime", libc::SYS_utime),
    Call::new("utimensat", libc::SYS_utimensat).fds(&[0]),
    Call::new("utimes", libc::SYS_utimes),
    Call::new("write", libc::SYS_write).fds(&[0]),
    Call::new("writev", libc::SYS_writev).fds(&[0]).vector(1),
];

/// A register must not lose its descriptor to somebody else.
fn only_what_is_not_open(args: &[RawArg<'_>]) -> Result<(), &'static str> {
    match args.first() {
        Some(RawArg::Fd(_)) => Err("registers are closed by `close fd=N`"),
        _ => Ok(()),
    }
}

/// What `fcntl` does to files; not who gets signals.
fn fcntl_on_files(args: &[RawArg<'_>]) -> Result<(), &'static str> {
    const FILES: [i32; 17] = [
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
        libc::F_SETFL,
        libc::F_GETLK,
        libc::F_SETLK,
        libc::F_SETLKW,
        libc::F_OFD_GETLK,
        libc::F_OFD_SETLK,
        libc::F_OFD_SETLKW,
        libc::F_SETLEASE,
        libc::F_GETLEASE,
        // Signals go to this process.
        libc::F_NOTIFY,
        libc::F_SETPIPE_SZ,
        libc::F_GETPIPE_SZ,
        libc::F_ADD_SEALS,
        libc::F_GET_SEALS,
    ];
    /// Commands from here on do not exist.
    const UNKNOWN: i64 = 1 << 20;
    match args.get(1) {
        Some(RawArg::Number(command)) if FILES.iter().any(|known| i64::from(*known) == *command) => Ok(()),
        Some(RawArg::Number(UNKNOWN..)) => Ok(()),
        _ => Err("not a command of `fcntl` on files"),
    }
}

/// A handle that is made up may be that of a file outside of the directory.
fn handle_of_nothing(args: &[RawArg<'_>]) -> Result<(), &'static str> {
    /// `MAX_HANDLE_SZ`, of the kernel's `include/linux/exportfs.h`.
    const LONGEST: i64 = 128;
    match args.get(1) {
        Some(RawArg::Bad | RawArg::Null) => Ok(()),
        Some(RawArg::Longs(longs)) => match longs.first() {
            // The size is the first half of the first number.
            Some(Long::Number(0)) => Ok(()),
            Some(Long::Number(size)) if *size > LONGEST && *size <= i64::from(u32::MAX) => Ok(()),
            _ => Err("its handle can only be one of no size, or of too much"),
        },
        _ => Err("its handle can only be `bad`, `null` or `longs:`"),
    }
}

fn mknod_of_no_device(args: &[RawArg<'_>]) -> Result<(), &'static str> {
    makes_no_device(args.get(1))
}

fn mknodat_of_no_device(args: &[RawArg<'_>]) -> Result<(), &'static str> {
    makes_no_device(args.get(2))
}

/// Devices reach past the directory that confines a case.
fn makes_no_device(mode: Option<&RawArg<'_>>) -> Result<(), &'static str> {
    match mode {
        Some(RawArg::Number(mode)) if [0o020_000, 0o060_000].contains(&(mode & 0o170_000)) => {
            Err("devices are made by `mknod kind=char` and `mknod kind=block`")
        }
        Some(RawArg::Number(_)) => Ok(()),
        _ => Err("the mode is a number"),
    }
}

/// What is to be known of a system call by who makes it without a [`Runner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawCall {
    /// Its number on this machine.
    pub number: i64,
    /// Whether it returns a descriptor.
    pub opens: bool,
    /// The request, for what `ioctl` does: its second argument, which a line leaves out.
    pub request: Option<i64>,
}

/// The system call that [`syscall`](crate::op::Op::Syscall) makes by this name.
pub fn raw_call(name: &str) -> Option<RawCall> {
    let call = CALLS.iter().find(|call| call.name == name)?;
    Some(RawCall { number: call.number, opens: call.opens, request: call.request })
}

impl Runner {
    pub(super) fn syscall(&mut self, name: &Bytes<'_>, args: &[RawArg<'_>], register: Option<Fd>) -> Ran {
        let name = super::text(name);
        let refused = |why: String| Failed::from(RunError::Refused(format!("system call `{name}`: {why}")));
        let call = CALLS.iter().find(|call| call.name == name);
        let call = call.ok_or_else(|| refused("not one of those on files that may be made".to_owned()))?;
        let most = if call.request.is_some() { 5 } else { 6 };
        if args.len() > most {
            return Err(refused(format!("{} arguments; there are at most {most}", args.len())));
        }
        if register.is_some() && !call.opens {
            return Err(refused("it opens nothing that a register could name".to_owned()));
        }
        (call.check)(args).map_err(|why| refused(why.to_owned()))?;

        let mut buffers: Vec<Guarded> = Vec::with_capacity(args.len());
        let mut words = [0_i64; 6];
        for (index, (word, arg)) in words.iter_mut().zip(args).enumerate() {
            *word = match arg {
                RawArg::Cwd => libc::AT_FDCWD.into(),
                RawArg::Bad => BAD_ADDRESS,
                RawArg::Null => 0,
                RawArg::Number(number) if call.fds.contains(&index) && (0..NO_FD).contains(number) => {
                    return Err(refused(format!("write `fd:N` for the descriptor, not {number}")));
                }
                RawArg::Number(number) if (1 << 40..1 << 47).contains(number) => {
                    return Err(refused(format!("{number} may be an address")));
                }
                RawArg::Number(number) => *number,
                RawArg::Fd(fd) => self.get(*fd)?.as_raw_fd().into(),
                RawArg::Str(_) | RawArg::Out(_) | RawArg::Longs(_) if call.vector == Some(index) => {
                    return Err(refused("its vector can only be `bad` or `null`".to_owned()));
                }
                RawArg::Str(bytes) => Guarded::address(&mut buffers, &[&bytes.resolve()[..], b"\0"].concat())?,
                RawArg::Out(size) => Guarded::address(&mut buffers, &vec![0; *size as usize])?,
                RawArg::Longs(longs) => {
                    let mut bytes = Vec::with_capacity(longs.len() * 8);
                    for long in longs {
                        let number = match long {
                            Long::Number(number) => *number,
                            Long::Fd(fd) => self.get(*fd)?.as_raw_fd().into(),
                        };
                        bytes.extend(number.to_ne_bytes());
                    }
                    Guarded::address(&mut buffers, &bytes)?
                }
            };
        }
        if let Some(request) = call.request {
            words = [words[0], request, words[1], words[2], words[3], words[4]];
        }
        let [a, b, c, d, e, f] = words;
        // SAFETY: what is written goes to the buffers, behind each of which is a page
        // that cannot be touched; other words are no address of this process.
        let ret = unsafe { libc::syscall(call.number, a, b, c, d, e, f) };
        if ret < 0 {
            return Err(std::io::Error::last_os_error()
                .raw_os_error()
                .map_or(Errno::INVAL, Errno::from_raw_os_error)
                .into());
        }
        if call.opens {
            // SAFETY: the call returned a new descriptor, which nobody else knows.
            let fd = unsafe { OwnedFd::from_raw_fd(ret as RawFd) };
            return self.bind(register, fd);
        }
        Ok(Outcome::ok(vec![Field::number("ret", ret)]))
    }
}

/// Memory that ends at a page that cannot be touched.
struct Guarded {
    start: *mut c_void,
    length: usize,
}

impl Guarded {
    /// Puts `bytes` into a new buffer and returns its address.
    fn address(buffers: &mut Vec<Guarded>, bytes: &[u8]) -> Result<i64, Failed> {
        let page = rustix::param::page_size();
        let usable = bytes.len().next_multiple_of(page);
        let length = usable + page;
        let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: without MAP_FIXED the kernel chooses an address that nothing uses.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), length, protection, flags) }?;
        buffers.push(Guarded { start, length });
        let guard = start.wrapping_byte_add(usable);
        // SAFETY: the last page of the mapping just made, which nobody refers to.
        unsafe { mprotect(guard, page, rustix::mm::MprotectFlags::empty()) }?;
        let buffer = guard.cast::<u8>().wrapping_sub(bytes.len());
        // SAFETY: `usable` bytes before the guard are mapped, and are at least as many.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), buffer, bytes.len()) };
        Ok(buffer.expose_provenance() as i64)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and the call that knew its address has returned.
        let _ = unsafe { munmap(self.start, self.length) };
    }
}
