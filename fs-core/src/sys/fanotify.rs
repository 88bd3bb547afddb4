#![expect(unsafe_code, reason = "system calls that rustix lacks")]
//! `fanotify_init` and `fanotify_mark`.

use std::ffi::{CStr, c_uint};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io;

use super::linux::check;

/// A new group.
pub(crate) fn init(flags: u32, event_flags: u32) -> io::Result<OwnedFd> {
    // SAFETY: the call takes two numbers.
    let fd = unsafe { libc::fanotify_init(flags as c_uint, event_flags as c_uint) };
    check(fd.into())?;
    // SAFETY: the descriptor is new, and owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Adds, changes or removes a mark.
pub(crate) fn mark(group: BorrowedFd<'_>, flags: u32, mask: u64, dir: BorrowedFd<'_>, path: &CStr) -> io::Result<()> {
    // SAFETY: the path is a C string; the rest are numbers.
    let result = unsafe { libc::fanotify_mark(group.as_raw_fd(), flags, mask, dir.as_raw_fd(), path.as_ptr()) };
    check(result.into()).map(drop)
}
