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
use crate::op::RawArg;
use crate::op::bytes::Bytes;
use crate::op::outcome::{Field, Outcome};

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
    /// Which argument is the address of further addresses.
    vector: Option<usize>,
    /// Whether it returns a descriptor.
    opens: bool,
}

macro_rules! calls {
    ($($name:ident $number:ident $fds:expr, $vector:expr, $opens:expr;)*) => {
        static CALLS: &[Call] = &[$(Call {
            name: stringify!($name),
            number: libc::$number,
            fds: &$fds,
            vector: $vector,
            opens: $opens,
        }),*];
    };
}
calls! {
    access SYS_access [], None, false;
    chdir SYS_chdir [], None, false;
    chmod SYS_chmod [], None, false;
    chown SYS_chown [], None, false;
    copy_file_range SYS_copy_file_range [0, 2], None, false;
    creat SYS_creat [], None, true;
    dup SYS_dup [0], None, true;
    faccessat SYS_faccessat [0], None, false;
    faccessat2 SYS_faccessat2 [0], None, false;
    fadvise64 SYS_fadvise64 [0], None, false;
    fallocate SYS_fallocate [0], None, false;
    fchdir SYS_fchdir [0], None, false;
    fchmod SYS_fchmod [0], None, false;
    fchmodat SYS_fchmodat [0], None, false;
    fchown SYS_fchown [0], None, false;
    fchownat SYS_fchownat [0], None, false;
    fdatasync SYS_fdatasync [0], None, false;
    fgetxattr SYS_fgetxattr [0], None, false;
    flistxattr SYS_flistxattr [0], None, false;
    flock SYS_flock [0], None, false;
    fremovexattr SYS_fremovexattr [0], None, false;
    fsetxattr SYS_fsetxattr [0], None, false;
    fstat SYS_fstat [0], None, false;
    fstatfs SYS_fstatfs [0], None, false;
    fsync SYS_fsync [0], None, false;
    ftruncate SYS_ftruncate [0], None, false;
    futimesat SYS_futimesat [0], None, false;
    getcwd SYS_getcwd [], None, false;
    getdents SYS_getdents [0], None, false;
    getdents64 SYS_getdents64 [0], None, false;
    getxattr SYS_getxattr [], None, false;
    lchown SYS_lchown [], None, false;
    lgetxattr SYS_lgetxattr [], None, false;
    link SYS_link [], None, false;
    linkat SYS_linkat [0, 2], None, false;
    listxattr SYS_listxattr [], None, false;
    llistxattr SYS_llistxattr [], None, false;
    lremovexattr SYS_lremovexattr [], None, false;
    lseek SYS_lseek [0], None, false;
    lsetxattr SYS_lsetxattr [], None, false;
    lstat SYS_lstat [], None, false;
    mkdir SYS_mkdir [], None, false;
    mkdirat SYS_mkdirat [0], None, false;
    name_to_handle_at SYS_name_to_handle_at [0], None, false;
    newfstatat SYS_newfstatat [0], None, false;
    open SYS_open [], None, true;
    openat SYS_openat [0], None, true;
    openat2 SYS_openat2 [0], None, true;
    pread64 SYS_pread64 [0], None, false;
    preadv SYS_preadv [0], Some(1), false;
    preadv2 SYS_preadv2 [0], Some(1), false;
    pwrite64 SYS_pwrite64 [0], None, false;
    pwritev SYS_pwritev [0], Some(1), false;
    pwritev2 SYS_pwritev2 [0], Some(1), false;
    read SYS_read [0], None, false;
    readahead SYS_readahead [0], None, false;
    readlink SYS_readlink [], None, false;
    readlinkat SYS_readlinkat [0], None, false;
    readv SYS_readv [0], Some(1), false;
    removexattr SYS_removexattr [], None, false;
    rename SYS_rename [], None, false;
    renameat SYS_renameat [0, 2], None, false;
    renameat2 SYS_renameat2 [0, 2], None, false;
    rmdir SYS_rmdir [], None, false;
    sendfile SYS_sendfile [0, 1], None, false;
    setxattr SYS_setxattr [], None, false;
    stat SYS_stat [], None, false;
    statfs SYS_statfs [], None, false;
    statx SYS_statx [0], None, false;
    symlink SYS_symlink [], None, false;
    symlinkat SYS_symlinkat [1], None, false;
    sync_file_range SYS_sync_file_range [0], None, false;
    syncfs SYS_syncfs [0], None, false;
    truncate SYS_truncate [], None, false;
    umask SYS_umask [], None, false;
    unlink SYS_unlink [], None, false;
    unlinkat SYS_unlinkat [0], None, false;
    utime SYS_utime [], None, false;
    utimensat SYS_utimensat [0], None, false;
    utimes SYS_utimes [], None, false;
    write SYS_write [0], None, false;
    writev SYS_writev [0], Some(1), false;
}

impl Runner {
    pub(super) fn syscall(&self, name: &Bytes<'_>, args: &[RawArg<'_>]) -> Ran {
        let name = super::text(name);
        let refused = |why: String| Failed::from(RunError::Refused(format!("system call `{name}`: {why}")));
        let call = CALLS.iter().find(|call| call.name == name);
        let call = call.ok_or_else(|| refused("not one of those on files that may be made".to_owned()))?;
        if args.len() > 6 {
            return Err(refused(format!("{} arguments; there are at most 6", args.len())));
        }

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
                RawArg::Str(_) | RawArg::Out(_) if call.vector == Some(index) => {
                    return Err(refused("its vector can only be `bad` or `null`".to_owned()));
                }
                RawArg::Str(bytes) => Guarded::address(&mut buffers, &[&bytes.resolve()[..], b"\0"].concat())?,
                RawArg::Out(size) => Guarded::address(&mut buffers, &vec![0; *size as usize])?,
            };
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
            drop(unsafe { OwnedFd::from_raw_fd(ret as RawFd) });
            return Ok(Outcome::OK);
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
