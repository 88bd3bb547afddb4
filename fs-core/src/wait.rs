//! Waiting for children.
//!
//! A call that a signal interrupts is made again (PEP 475), so that a wait without
//! [`WaitOptions::NOHANG`] ends only when a child has changed.

use std::ffi::c_uint;
use std::time::Duration;

use bitflags::bitflags;
use rustix::io::retry_on_intr;
pub use rustix::process::{Pid, RawPid};

use crate::{Result, Uid, WaitStatus, sys};

bitflags! {
    /// What is waited for, and whether: Python's constants without the `W`.
    ///
    /// Bits without a name are kept and given to the kernel.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct WaitOptions: i32 {
        /// Does not wait.
        const NOHANG = libc::WNOHANG;
        /// Children that were stopped count too. [`Self::STOPPED`] under another name.
        const UNTRACED = libc::WUNTRACED;
        /// Children that were stopped; [`waitid`] waits for nothing that is not asked for.
        const STOPPED = libc::WSTOPPED;
        /// Children that have ended; of [`waitid`] only.
        const EXITED = libc::WEXITED;
        /// Children that were continued.
        const CONTINUED = libc::WCONTINUED;
        /// The child can be waited for again; of [`waitid`] only.
        const NOWAIT = libc::WNOWAIT;

        const _ = !0;
    }
}

/// Whom [`waitid`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdType {
    /// This child.
    Pid(Pid),
    /// The children of a process group; of the caller's own if `None`, since Linux 5.4.
    Pgid(Option<Pid>),
    /// Any child.
    All,
}

/// What [`waitid`] tells of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "os.waitid_result")]
pub struct WaitIdResult {
    /// The child.
    #[doc(alias = "os.waitid().si_pid")]
    pub si_pid: Pid,
    /// The child's real user.
    #[doc(alias = "os.waitid().si_uid")]
    pub si_uid: Uid,
    /// Always `SIGCHLD`.
    #[doc(alias = "os.waitid().si_signo")]
    pub si_signo: i32,
    /// The exit status if [`Self::si_code`] is [`CLD_EXITED`](crate::CLD_EXITED), else the signal.
    #[doc(alias = "os.waitid().si_status")]
    pub si_status: i32,
    /// What has happened: [`CLD_EXITED`](crate::CLD_EXITED) and its like.
    #[doc(alias = "os.waitid().si_code")]
    pub si_code: i32,
}

/// What a child and those that it has waited for have used, as `resource.struct_rusage`.
///
/// Fields that Linux leaves at 0 are there too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[doc(alias = "resource.struct_rusage")]
pub struct Rusage {
    /// Time in user mode.
    pub ru_utime: Duration,
    /// Time in the kernel.
    pub ru_stime: Duration,
    /// The most memory that was resident, in KiB.
    pub ru_maxrss: i64,
    /// Shared memory; 0 on Linux.
    pub ru_ixrss: i64,
    /// Unshared data; 0 on Linux.
    pub ru_idrss: i64,
    /// Unshared stack; 0 on Linux.
    pub ru_isrss: i64,
    /// Page faults without I/O.
    pub ru_minflt: i64,
    /// Page faults with I/O.
    pub ru_majflt: i64,
    /// Swaps; 0 on Linux.
    pub ru_nswap: i64,
    /// Reads from file systems that needed I/O.
    pub ru_inblock: i64,
    /// Writes to file systems that needed I/O.
    pub ru_oublock: i64,
    /// Messages sent; 0 on Linux.
    pub ru_msgsnd: i64,
    /// Messages received; 0 on Linux.
    pub ru_msgrcv: i64,
    /// Signals; 0 on Linux.
    pub ru_nsignals: i64,
    /// Switches to other tasks because the child waited for something.
    pub ru_nvcsw: i64,
    /// Switches to other tasks because the child's time was up.
    pub ru_nivcsw: i64,
}

/// Waits until a child has ended.
///
/// # Errors
/// - `ECHILD`: there is no child, or `SIGCHLD` is ignored and the last one has ended.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/wait.html),
/// [Linux](https://man7.org/linux/man-pages/man2/wait.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.wait)
#[doc(alias = "os.wait")]
pub fn wait() -> Result<(Pid, WaitStatus)> {
    let (pid, status) = waitpid(-1, WaitOptions::empty())?;
    Ok((Pid::from_raw(pid).expect("a wait that may last ends with a child"), status))
}

/// Waits for the child `pid`; for any child of the caller's process group if `pid` is 0,
/// any child at all if it is -1, and any child of the process group `-pid` below that.
///
/// Children that were stopped or continued count if `options` say so. With
/// [`WaitOptions::NOHANG`] and nothing to tell, id and status are 0.
///
/// # Errors
/// - `ECHILD`: there is no such child. `EINVAL`: unknown options, or those of [`waitid`].
/// - `ESRCH`: `pid` is the least number, which has no positive counterpart.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/waitpid.html),
/// [Linux](https://man7.org/linux/man-pages/man2/waitpid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.waitpid)
#[doc(alias = "os.waitpid")]
pub fn waitpid(pid: RawPid, options: WaitOptions) -> Result<(RawPid, WaitStatus)> {
    let (pid, status, _) = wait4(pid, options)?;
    Ok((pid, status))
}

/// Waits for any child, and tells what it has used: [`wait4`] of -1.
///
/// # Errors
/// As [`waitpid`].
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/wait3.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.wait3)
#[doc(alias = "os.wait3")]
pub fn wait3(options: WaitOptions) -> Result<(RawPid, WaitStatus, Rusage)> {
    wait4(-1, options)
}

/// As [`waitpid`], and tells what the child has used.
///
/// # Errors
/// As [`waitpid`].
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/wait4.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.wait4)
#[doc(alias = "os.wait4")]
pub fn wait4(pid: RawPid, options: WaitOptions) -> Result<(RawPid, WaitStatus, Rusage)> {
    let (pid, status, usage) = retry_on_intr(|| sys::wait::wait4(pid, options.bits()))?;
    Ok((pid, WaitStatus::from_raw(status), usage.into()))
}

/// Waits until a child changes in one of the ways that `options` name; `None` with
/// [`WaitOptions::NOHANG`] and nothing to tell.
///
/// # Errors
/// - `ECHILD`: there is no such child.
/// - `EINVAL`: `options` name no change, or are unknown.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/waitid.html),
/// [Linux](https://man7.org/linux/man-pages/man2/waitid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.waitid)
#[doc(alias = "os.waitid")]
pub fn waitid(id: IdType, options: WaitOptions) -> Result<Option<WaitIdResult>> {
    let (id_type, id) = id.raw();
    let info = retry_on_intr(|| sys::wait::waitid(id_type, id, options.bits()))?;
    Ok(Pid::from_raw(info.pid).map(|si_pid| WaitIdResult {
        si_pid,
        si_uid: Uid::from_raw(info.uid),
        si_signo: info.signo,
        si_status: info.status,
        si_code: info.code,
    }))
}

impl IdType {
    fn raw(self) -> (c_uint, c_uint) {
        let number = |pid: Pid| pid.as_raw_nonzero().get().cast_unsigned();
        match self {
            IdType::Pid(pid) => (libc::P_PID, number(pid)),
            IdType::Pgid(pgid) => (libc::P_PGID, pgid.map_or(0, number)),
            IdType::All => (libc::P_ALL, 0),
        }
    }
}

impl From<libc::rusage> for Rusage {
    fn from(usage: libc::rusage) -> Self {
        Rusage {
            ru_utime: duration(usage.ru_utime),
            ru_stime: duration(usage.ru_stime),
            ru_maxrss: usage.ru_maxrss,
            ru_ixrss: usage.ru_ixrss,
            ru_idrss: usage.ru_idrss,
            ru_isrss: usage.ru_isrss,
            ru_minflt: usage.ru_minflt,
            ru_majflt: usage.ru_majflt,
            ru_nswap: usage.ru_nswap,
            ru_inblock: usage.ru_inblock,
            ru_oublock: usage.ru_oublock,
            ru_msgsnd: usage.ru_msgsnd,
            ru_msgrcv: usage.ru_msgrcv,
            ru_nsignals: usage.ru_nsignals,
            ru_nvcsw: usage.ru_nvcsw,
            ru_nivcsw: usage.ru_nivcsw,
        }
    }
}

/// The kernel gives no negative time.
fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}
