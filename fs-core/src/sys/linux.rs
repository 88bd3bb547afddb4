#![expect(unsafe_code, reason = "system calls that rustix lacks, or does otherwise than the C library")]
//! System calls of Linux that rustix lacks, as safe functions where that can be.

use std::ffi::{CStr, c_int, c_long, c_uint};
use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::fs::{AtFlags, CWD, OFlags, ResolveFlags};
use rustix::io::{self, Errno};

use crate::{Inherit, Mode};

/// A call that a kernel, or a sandbox, may lack.
pub(super) struct Feature {
    state: AtomicU8,
    /// Makes the call in a way that fails in every kernel that has it, with neither
    /// `ENOSYS` nor `EPERM`.
    probe: fn() -> io::Result<()>,
}

impl Feature {
    const UNKNOWN: u8 = 0;
    const PRESENT: u8 = 1;
    const MISSING: u8 = 2;

    pub(super) const fn new(probe: fn() -> io::Result<()>) -> Self {
        Feature { state: AtomicU8::new(Self::UNKNOWN), probe }
    }

    /// Makes the call; `None` where it does not exist. A sandbox may say `EPERM` of a
    /// call that it does not know, which only the probe tells from the `EPERM` of the
    /// call itself.
    pub(super) fn call<T>(&self, call: impl FnOnce() -> io::Result<T>) -> Option<io::Result<T>> {
        if self.state.load(Ordering::Relaxed) == Self::MISSING {
            return None;
        }
        match call() {
            Err(Errno::NOSYS | Errno::PERM) if !self.is_present() => None,
            result => Some(result),
        }
    }

    /// Whether the call exists; asked once.
    fn is_present(&self) -> bool {
        if self.state.load(Ordering::Relaxed) == Self::UNKNOWN {
            let missing = matches!((self.probe)(), Err(Errno::NOSYS | Errno::PERM));
            self.state.store(if missing { Self::MISSING } else { Self::PRESENT }, Ordering::Relaxed);
        }
        self.state.load(Ordering::Relaxed) == Self::PRESENT
    }
}

/// The result of a call of the C library that returns -1 and sets `errno`.
pub(super) fn check(result: c_long) -> io::Result<usize> {
    match usize::try_from(result) {
        Ok(value) => Ok(value),
        Err(_) => Err(last_errno()),
    }
}

pub(super) fn last_errno() -> Errno {
    let error = std::io::Error::last_os_error();
    Errno::from_raw_os_error(error.raw_os_error().expect("the last error is the system's"))
}

pub(crate) fn close(fd: OwnedFd) -> io::Result<()> {
    // SAFETY: the descriptor was owned, and is given up here.
    unsafe { io::try_close(fd.into_raw_fd()) }
}

/// Closes the descriptors from `low` to below `high`, ignoring errors.
///
/// # Safety
/// Nobody may rely on a descriptor of the range afterwards.
pub(crate) unsafe fn close_range(low: RawFd, high: RawFd) {
    if low >= high {
        return;
    }
    let (first, last) = (low.cast_unsigned(), high.cast_unsigned() - 1);
    // SAFETY: the caller gives up the range; no memory is touched.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return;
    }
    // Before Linux 5.9, or in a sandbox: one by one, as CPython does.
    for fd in low..high {
        // SAFETY: as above.
        unsafe { libc::close(fd) };
    }
}

/// Copies `fd` to the number `to`, closing what was there.
///
/// # Safety
/// Whoever owns `to` must expect it to be replaced.
pub(crate) unsafe fn dup2(fd: BorrowedFd<'_>, to: RawFd, inherit: Inherit) -> io::Result<RawFd> {
    let fd = fd.as_raw_fd();
    let result = match inherit {
        // SAFETY: the caller answers for what `to` was.
        Inherit::Yes => unsafe { libc::dup2(fd, to) },
        // SAFETY: as above.
        Inherit::No => unsafe { libc::dup3(fd, to, libc::O_CLOEXEC) },
    };
    check(result.into())?;
    Ok(result)
}

pub(crate) fn truncate(path: &CStr, length: i64) -> io::Result<()> {
    // SAFETY: the path is a C string that outlives the call.
    check(unsafe { libc::truncate64(path.as_ptr(), length) }.into())?;
    Ok(())
}

pub(crate) fn posix_fallocate(fd: BorrowedFd<'_>, offset: i64, length: i64) -> io::Result<()> {
    // SAFETY: numbers only.
    match unsafe { libc::posix_fallocate64(fd.as_raw_fd(), offset, length) } {
        0 => Ok(()),
        errno => Err(Errno::from_raw_os_error(errno)),
    }
}

/// One number on every architecture but Alpha; libc has it for some only.
const SYS_FCHMODAT2: c_long = 452;

static FCHMODAT2: Feature = Feature::new(|| raw_fchmodat2(CWD, c"", Mode::empty(), AtFlags::empty()));

/// `fchmodat2`; `None` on Linux before 6.6.
pub(crate) fn fchmodat2(dir: BorrowedFd<'_>, path: &CStr, mode: Mode, flags: AtFlags) -> Option<io::Result<()>> {
    FCHMODAT2.call(|| raw_fchmodat2(dir, path, mode, flags))
}

fn raw_fchmodat2(dir: BorrowedFd<'_>, path: &CStr, mode: Mode, flags: AtFlags) -> io::Result<()> {
    // SAFETY: the path is a C string that outlives the call.
    check(unsafe { libc::syscall(SYS_FCHMODAT2, dir.as_raw_fd(), path.as_ptr(), mode.bits(), flags.bits()) })?;
    Ok(())
}

static OPENAT2: Feature =
    Feature::new(|| rustix::fs::openat2(CWD, c"", OFlags::PATH, Mode::empty(), ResolveFlags::BENEATH).map(drop));

/// What `call` does with `openat2`, or `instead` on Linux before 5.6.
pub(crate) fn openat2_or<T>(
    call: impl FnOnce() -> io::Result<T>,
    instead: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    OPENAT2.call(call).unwrap_or_else(instead)
}

/// Fills `buf` with entries of a directory as the kernel writes them, and returns
/// how many bytes that are; 0 at the end.
pub(crate) fn getdents(fd: BorrowedFd<'_>, buf: &mut [u8]) -> io::Result<usize> {
    let size = c_uint::try_from(buf.len()).unwrap_or(c_uint::MAX);
    // SAFETY: the kernel writes at most `size` bytes to the buffer.
    check(unsafe { libc::syscall(libc::SYS_getdents64, fd.as_raw_fd(), buf.as_mut_ptr(), size) })
}

/// A limit of a path; `None` if there is none.
pub(crate) fn pathconf(path: &CStr, name: c_int) -> io::Result<Option<i64>> {
    limit(|| {
        // SAFETY: the path is a C string that outlives the call.
        unsafe { libc::pathconf(path.as_ptr(), name) }
    })
}

/// A limit of an open file; `None` if there is none.
pub(crate) fn fpathconf(fd: BorrowedFd<'_>, name: c_int) -> io::Result<Option<i64>> {
    limit(|| {
        // SAFETY: numbers only.
        unsafe { libc::fpathconf(fd.as_raw_fd(), name) }
    })
}

/// -1 is "no limit" if `errno` stays 0, and an error if not.
pub(super) fn limit(ask: impl FnOnce() -> c_long) -> io::Result<Option<i64>> {
    // SAFETY: the address is of this thread's own `errno`.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: valid as long as the thread lives.
    unsafe { errno.write(0) };
    let value = ask();
    // SAFETY: as above.
    match unsafe { errno.read() } {
        _ if value != -1 => Ok(Some(value)),
        0 => Ok(None),
        errno => Err(Errno::from_raw_os_error(errno)),
    }
}
