//! [`lockf`]: a record lock as POSIX has it. Others are in [`crate::linux`].

use std::ffi::c_int;
use std::os::fd::AsFd;

use crate::audit::Arg;
use crate::{Result, audit, sys};

/// What [`lockf`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockCmd {
    /// Takes the lock, and waits for it.
    #[doc(alias = "F_LOCK")]
    Lock,
    /// Takes the lock, or fails.
    #[doc(alias = "F_TLOCK")]
    TryLock,
    /// Gives the lock back.
    #[doc(alias = "F_ULOCK")]
    Unlock,
    /// Fails if another process holds a lock.
    #[doc(alias = "F_TEST")]
    Test,
}

impl LockCmd {
    /// The number of the C library, which the audit event shows.
    fn raw(self) -> c_int {
        match self {
            LockCmd::Lock => crate::F_LOCK,
            LockCmd::TryLock => crate::F_TLOCK,
            LockCmd::Unlock => crate::F_ULOCK,
            LockCmd::Test => crate::F_TEST,
        }
    }
}

/// Puts an exclusive record lock on `length` bytes from the file position, gives it
/// back, or tests for one.
///
/// A `length` of 0 is all that follows, however much that becomes; a negative one is
/// the bytes before the position. The lock belongs to the process, and goes as soon
/// as the process closes any descriptor of the file. A call that waits is ended by a
/// signal.
///
/// # Errors
/// - `EAGAIN` or `EACCES`: another process holds a lock (`TryLock`, `Test`).
/// - `EBADF`: not open for writing. `EINVAL`: the range begins before the file.
/// - `EDEADLK`: the processes would wait for each other. `EINTR`: a signal came.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/lockf.html),
/// [Linux](https://man7.org/linux/man-pages/man3/lockf.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.lockf)
#[doc(alias = "os.lockf")]
pub fn lockf(fd: impl AsFd, command: LockCmd, length: i64) -> Result<()> {
    let (fd, command) = (fd.as_fd(), command.raw());
    audit::raise("os.lockf", || [Arg::fd(fd), Arg::Int(command.into()), Arg::Int(length)])?;
    Ok(sys::lock::lockf(fd, command, length)?)
}
