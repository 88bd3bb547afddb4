//! Locks beside [`lockf`](crate::lockf): [`flock`], and record locks with an owner, a kind and a range.
//!
//! A call that waits is ended by a signal with `EINTR`, so that a program can stop.

use std::os::fd::AsFd;

pub use rustix::fs::FlockOperation;

use crate::{Result, sys};

/// Puts a lock on an open file as a whole, or takes it off.
///
/// The lock belongs to the open file: copies of the descriptor share it, and it goes
/// with the last of them. Of record locks it knows nothing (NFS aside).
///
/// # Errors
/// - `EWOULDBLOCK`: a lock is in the way, and the call is not to wait.
/// - `EINTR`: a signal came while waiting. It is not started again.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/flock.2.html)
pub fn flock(fd: impl AsFd, operation: FlockOperation) -> Result<()> {
    Ok(rustix::fs::flock(fd, operation)?)
}

/// To whom a record lock belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockOwner {
    /// The process. Gone as soon as the process closes *any* descriptor of the file.
    #[doc(alias = "F_SETLK")]
    Process,
    /// The open file, as with [`flock`]. Gone with its last descriptor.
    #[doc(alias = "F_OFD_SETLK")]
    OpenFile,
}

/// What a record lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockKind {
    /// Others may read-lock too.
    #[doc(alias = "F_RDLCK")]
    Read,
    /// Others may lock nothing.
    #[doc(alias = "F_WRLCK")]
    Write,
    /// No lock: takes off what is there.
    #[doc(alias = "F_UNLCK")]
    Unlock,
}

/// A range of bytes, from the start of the file. Need not be inside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LockRange {
    /// The first byte.
    pub start: i64,
    /// How many bytes; 0 is all that follow, and a negative count ends before `start`.
    pub length: i64,
}

impl LockRange {
    /// The whole file, however long it becomes.
    pub const ALL: LockRange = LockRange { start: 0, length: 0 };
}

/// A lock that is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeldLock {
    /// What it is: `Read` or `Write`.
    pub kind: LockKind,
    /// What it covers.
    pub range: LockRange,
    /// The process that holds it; `None` if it belongs to an open file.
    pub pid: Option<i32>,
}

/// Puts a record lock on a range, or takes it off, without waiting.
///
/// # Errors
/// - `EAGAIN` or `EACCES`: a lock is in the way.
/// - `EBADF`: not open for reading (`Read`) or writing (`Write`). `EINVAL`: an impossible range.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fcntl.html),
/// [Linux](https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html)
#[doc(alias = "F_OFD_SETLK")]
pub fn try_lock_range(fd: impl AsFd, owner: LockOwner, kind: LockKind, range: LockRange) -> Result<()> {
    Ok(sys::lock::set(fd.as_fd(), owner, kind, range, sys::lock::Wait::No)?)
}

/// Puts a record lock on a range, waiting for others to take theirs off.
///
/// # Errors
/// - `EINTR`: a signal came while waiting. It is not started again.
/// - `EDEADLK`: two processes would wait for each other (owner `Process` only).
/// - as [`try_lock_range`].
#[doc(alias = "F_OFD_SETLKW")]
pub fn lock_range(fd: impl AsFd, owner: LockOwner, kind: LockKind, range: LockRange) -> Result<()> {
    Ok(sys::lock::set(fd.as_fd(), owner, kind, range, sys::lock::Wait::Yes)?)
}

/// A lock that would be in the way of this one, if there is any.
///
/// # Errors
/// - `EINVAL`: an impossible range, or `kind` is `Unlock`.
#[doc(alias = "F_OFD_GETLK")]
pub fn test_lock_range(fd: impl AsFd, owner: LockOwner, kind: LockKind, range: LockRange) -> Result<Option<HeldLock>> {
    Ok(sys::lock::get(fd.as_fd(), owner, kind, range)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Errno, Mode, OFlags, open};
    use std::os::fd::OwnedFd;

    fn two_openings() -> (tempfile::NamedTempFile, OwnedFd, OwnedFd) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let open = || open(file.path(), OFlags::RDWR, Mode::empty()).unwrap();
        let (a, b) = (open(), open());
        (file, a, b)
    }

    #[test]
    fn a_flock_belongs_to_the_open_file_and_its_copies() {
        let (_file, a, b) = two_openings();
        flock(&a, FlockOperation::LockExclusive).unwrap();
        let copy = crate::dup(&a).unwrap();
        flock(&copy, FlockOperation::NonBlockingLockExclusive).unwrap();
        assert_eq!(flock(&b, FlockOperation::NonBlockingLockShared).unwrap_err().errno(), Errno::WOULDBLOCK);
        drop(a);
        assert!(flock(&b, FlockOperation::NonBlockingLockShared).is_err());
        drop(copy);
        flock(&b, FlockOperation::NonBlockingLockShared).unwrap();
    }

    #[test]
    fn a_lock_of_an_open_file_holds_within_one_process() {
        let (_file, a, b) = two_openings();
        let range = LockRange { start: 10, length: 5 };
        try_lock_range(&a, LockOwner::OpenFile, LockKind::Write, range).unwrap();
        let beside = LockRange { start: 15, length: 5 };
        try_lock_range(&b, LockOwner::OpenFile, LockKind::Write, beside).unwrap();
        let error = try_lock_range(&b, LockOwner::OpenFile, LockKind::Read, LockRange::ALL).unwrap_err();
        assert_eq!(error.errno(), Errno::AGAIN);
        let held = test_lock_range(&b, LockOwner::OpenFile, LockKind::Read, LockRange::ALL).unwrap();
        assert_eq!(held, Some(HeldLock { kind: LockKind::Write, range, pid: None }));
        try_lock_range(&a, LockOwner::OpenFile, LockKind::Unlock, LockRange::ALL).unwrap();
        lock_range(&b, LockOwner::OpenFile, LockKind::Read, LockRange::ALL).unwrap();
    }

    #[test]
    fn a_lock_of_the_process_goes_with_any_descriptor_of_the_file() {
        let (_file, a, b) = two_openings();
        try_lock_range(&a, LockOwner::Process, LockKind::Write, LockRange::ALL).unwrap();
        let seen = |fd: &OwnedFd| test_lock_range(fd, LockOwner::OpenFile, LockKind::Write, LockRange::ALL).unwrap();
        let held = seen(&a).expect("an open file is another owner than the process");
        assert_eq!(held.pid, i32::try_from(std::process::id()).ok());
        drop(b);
        assert_eq!(seen(&a), None);
    }
}
