#![expect(unsafe_code, reason = "fcntl's locks, of which rustix has only those of whole files")]
//! Record locks.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::{self, Errno};

use super::linux::check;
use crate::linux::{HeldLock, LockKind, LockOwner, LockRange};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    Yes,
    No,
}

pub(crate) fn set(
    fd: BorrowedFd<'_>,
    owner: LockOwner,
    kind: LockKind,
    range: LockRange,
    wait: Wait,
) -> io::Result<()> {
    let command = match (owner, wait) {
        (LockOwner::Process, Wait::No) => libc::F_SETLK,
        (LockOwner::Process, Wait::Yes) => libc::F_SETLKW,
        (LockOwner::OpenFile, Wait::No) => libc::F_OFD_SETLK,
        (LockOwner::OpenFile, Wait::Yes) => libc::F_OFD_SETLKW,
    };
    fcntl(fd, command, &mut request(kind, range)?)
}

pub(crate) fn get(
    fd: BorrowedFd<'_>,
    owner: LockOwner,
    kind: LockKind,
    range: LockRange,
) -> io::Result<Option<HeldLock>> {
    let command = match owner {
        LockOwner::Process => libc::F_GETLK,
        LockOwner::OpenFile => libc::F_OFD_GETLK,
    };
    let mut lock = request(kind, range)?;
    fcntl(fd, command, &mut lock)?;
    let kind = match c_int::from(lock.l_type) {
        libc::F_RDLCK => LockKind::Read,
        libc::F_WRLCK => LockKind::Write,
        _ => return Ok(None),
    };
    let range = LockRange { start: lock.l_start, length: lock.l_len };
    Ok(Some(HeldLock { kind, range, pid: (lock.l_pid != -1).then_some(lock.l_pid) }))
}

fn request(kind: LockKind, range: LockRange) -> io::Result<libc::flock> {
    let kind = match kind {
        LockKind::Read => libc::F_RDLCK,
        LockKind::Write => libc::F_WRLCK,
        LockKind::Unlock => libc::F_UNLCK,
    };
    // SAFETY: a struct of numbers, for which zeros are values. Locks of open files
    // want `l_pid` to be 0.
    let mut lock: libc::flock = unsafe { MaybeUninit::zeroed().assume_init() };
    lock.l_type = kind.try_into().map_err(|_| Errno::INVAL)?;
    lock.l_whence = libc::SEEK_SET.try_into().map_err(|_| Errno::INVAL)?;
    lock.l_start = range.start;
    lock.l_len = range.length;
    Ok(lock)
}

fn fcntl(fd: BorrowedFd<'_>, command: c_int, lock: &mut libc::flock) -> io::Result<()> {
    // SAFETY: these commands read and write one `struct flock`.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), command, std::ptr::from_mut(lock)) }.into())?;
    Ok(())
}

/// The C library's `lockf`.
pub(crate) fn lockf(fd: BorrowedFd<'_>, command: c_int, length: i64) -> io::Result<()> {
    // SAFETY: numbers only.
    check(unsafe { libc::lockf(fd.as_raw_fd(), command, length) }.into())?;
    Ok(())
}
