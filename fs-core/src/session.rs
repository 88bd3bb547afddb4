//! The process among others: its number, its parent, its process group, its session.
//!
//! `None` for a process means the caller (Python's 0). A process whose number is asked
//! for may be outside of the PID namespace, as the leader of the group is for the first
//! process of many a container: Python's answer is then 0, and `None` here.

use rustix::process::Pid;

use crate::{Result, sys};

/// The number of the process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getpid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getpid)
#[doc(alias = "os.getpid")]
pub fn getpid() -> Pid {
    rustix::process::getpid()
}

/// The number of the parent: 1, or a subreaper, once the parent has ended.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getppid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getppid)
#[doc(alias = "os.getppid")]
pub fn getppid() -> Option<Pid> {
    rustix::process::getppid()
}

/// The process group of a process.
///
/// # Errors
/// - `ESRCH`: there is no such process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getpgid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getpgid)
#[doc(alias = "os.getpgid")]
pub fn getpgid(pid: Option<Pid>) -> Result<Option<Pid>> {
    Ok(sys::ids::getpgid(pid)?)
}

/// The process group of the caller.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getpgrp.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getpgrp)
#[doc(alias = "os.getpgrp")]
pub fn getpgrp() -> Option<Pid> {
    sys::ids::getpgid(None).expect("the caller exists")
}

/// Puts a process into a process group; `None` for one that has its own number.
///
/// # Errors
/// - `EPERM`: the group is not of the caller's session, or the process leads a session.
/// - `EACCES`: the child has started another program. `ESRCH`: it is no child.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/setpgid.html),
/// [Linux](https://man7.org/linux/man-pages/man2/setpgid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setpgid)
#[doc(alias = "os.setpgid")]
pub fn setpgid(pid: Option<Pid>, group: Option<Pid>) -> Result<()> {
    Ok(rustix::process::setpgid(pid, group)?)
}

/// Makes the caller the leader of a process group of its own.
///
/// # Errors
/// - `EPERM`: it leads a session.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/setpgrp.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setpgrp)
#[doc(alias = "os.setpgrp")]
pub fn setpgrp() -> Result<()> {
    setpgid(None, None)
}

/// The session of a process.
///
/// # Errors
/// - `ESRCH`: there is no such process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getsid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getsid)
#[doc(alias = "os.getsid")]
pub fn getsid(pid: Option<Pid>) -> Result<Option<Pid>> {
    Ok(sys::ids::getsid(pid)?)
}

/// Starts a session, without a controlling terminal, that the caller leads, and returns
/// its number, which Python does not.
///
/// # Errors
/// - `EPERM`: the caller leads a process group.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/setsid.html),
/// [Linux](https://man7.org/linux/man-pages/man2/setsid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setsid)
#[doc(alias = "os.setsid")]
pub fn setsid() -> Result<Pid> {
    Ok(rustix::process::setsid()?)
}
