//! How much of the processor a process gets beside others: its niceness, from -20, the
//! most, to 19.

use std::ffi::c_int;

use crate::{Pid, Result, Uid, sys};

/// Whose niceness is meant; `None` for the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PriorityTarget {
    /// One process. To Linux, one thread: the number of a process is that of its first.
    #[doc(alias = "os.PRIO_PROCESS")]
    Process(Option<Pid>),
    /// All processes of a group.
    #[doc(alias = "os.PRIO_PGRP")]
    Pgrp(Option<Pid>),
    /// All processes of a real user. The kernel takes the number of root for the caller's
    /// user, so that only root can mean root.
    #[doc(alias = "os.PRIO_USER")]
    User(Option<Uid>),
}

/// The number of [`PriorityTarget::Process`].
pub const PRIO_PROCESS: c_int = 0;
/// The number of [`PriorityTarget::Pgrp`].
pub const PRIO_PGRP: c_int = 1;
/// The number of [`PriorityTarget::User`].
pub const PRIO_USER: c_int = 2;

/// The niceness of a process; of several, that of the one that gets most.
///
/// # Errors
/// - `ESRCH`: there is no such process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getpriority.html),
/// [Linux](https://man7.org/linux/man-pages/man2/getpriority.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getpriority)
#[doc(alias = "os.getpriority")]
pub fn getpriority(target: PriorityTarget) -> Result<i32> {
    Ok(match target {
        PriorityTarget::Process(pid) => rustix::process::getpriority_process(pid),
        PriorityTarget::Pgrp(group) => rustix::process::getpriority_pgrp(group),
        PriorityTarget::User(uid) => rustix::process::getpriority_user(uid.unwrap_or(Uid::ROOT)),
    }?)
}

/// Sets the niceness. What is beyond the range becomes its end.
///
/// # Errors
/// - `EACCES`: only who has the capability `CAP_SYS_NICE`, or an allowance (`RLIMIT_NICE`), may ask
///   for more of the processor. `EPERM`: another user's process. `ESRCH`: there is no such process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/setpriority.html),
/// [Linux](https://man7.org/linux/man-pages/man2/setpriority.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setpriority)
#[doc(alias = "os.setpriority")]
pub fn setpriority(target: PriorityTarget, niceness: i32) -> Result<()> {
    Ok(match target {
        PriorityTarget::Process(pid) => rustix::process::setpriority_process(pid, niceness),
        PriorityTarget::Pgrp(group) => rustix::process::setpriority_pgrp(group, niceness),
        PriorityTarget::User(uid) => rustix::process::setpriority_user(uid.unwrap_or(Uid::ROOT), niceness),
    }?)
}

/// Adds to the niceness of the caller, on Linux of the calling thread, and returns what
/// it is then.
///
/// # Errors
/// - `EPERM`: as `EACCES` of [`setpriority`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/nice.html),
/// [Linux](https://man7.org/linux/man-pages/man2/nice.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.nice)
#[doc(alias = "os.nice")]
pub fn nice(increment: i32) -> Result<i32> {
    Ok(sys::sched::nice(increment)?)
}
