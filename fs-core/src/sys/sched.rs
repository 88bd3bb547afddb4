#![expect(unsafe_code, reason = "calls of the scheduler that rustix lacks, or does otherwise than the C library")]
//! The scheduler, through the C library.

use std::ffi::{c_int, c_ulong};
use std::time::Duration;

use rustix::io::{self, Errno};
use rustix::process::Pid;

use super::linux::{check, limit};

/// Adds to the niceness. rustix says `EACCES` where the C library says `EPERM`.
pub(crate) fn nice(increment: c_int) -> io::Result<c_int> {
    let niceness = limit(|| {
        // SAFETY: numbers only.
        unsafe { libc::nice(increment) }.into()
    })?;
    // -1 is a niceness, and no error if `errno` says none.
    Ok(niceness.map_or(-1, |niceness| c_int::try_from(niceness).expect("from -20 to 19")))
}

pub(crate) fn get_priority_min(policy: c_int) -> io::Result<c_int> {
    // SAFETY: numbers only.
    number(unsafe { libc::sched_get_priority_min(policy) })
}

pub(crate) fn get_priority_max(policy: c_int) -> io::Result<c_int> {
    // SAFETY: numbers only.
    number(unsafe { libc::sched_get_priority_max(policy) })
}

pub(crate) fn getscheduler(pid: Option<Pid>) -> io::Result<c_int> {
    // SAFETY: numbers only.
    number(unsafe { libc::sched_getscheduler(Pid::as_raw(pid)) })
}

pub(crate) fn setscheduler(pid: Option<Pid>, policy: c_int, priority: c_int) -> io::Result<()> {
    let param = param(priority);
    // SAFETY: the parameters outlive the call.
    number(unsafe { libc::sched_setscheduler(Pid::as_raw(pid), policy, &raw const param) }).map(drop)
}

pub(crate) fn getparam(pid: Option<Pid>) -> io::Result<c_int> {
    let mut param = param(0);
    // SAFETY: the parameters are written.
    number(unsafe { libc::sched_getparam(Pid::as_raw(pid), &raw mut param) })?;
    Ok(param.sched_priority)
}

pub(crate) fn setparam(pid: Option<Pid>, priority: c_int) -> io::Result<()> {
    let param = param(priority);
    // SAFETY: the parameters outlive the call.
    number(unsafe { libc::sched_setparam(Pid::as_raw(pid), &raw const param) }).map(drop)
}

fn param(priority: c_int) -> libc::sched_param {
    // SAFETY: zeros are values of this struct, which has more fields in some C libraries.
    let mut param: libc::sched_param = unsafe { std::mem::zeroed() };
    param.sched_priority = priority;
    param
}

pub(crate) fn rr_get_interval(pid: Option<Pid>) -> io::Result<Duration> {
    let mut interval = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the time is written.
    number(unsafe { libc::sched_rr_get_interval(Pid::as_raw(pid), &raw mut interval) })?;
    let seconds = u64::try_from(interval.tv_sec).map_err(|_| Errno::RANGE)?;
    Ok(Duration::new(seconds, u32::try_from(interval.tv_nsec).map_err(|_| Errno::RANGE)?))
}

/// Fills `words` with the CPUs of a process, a bit for each. `EINVAL`: the kernel has more.
///
/// rustix has room for 1024.
pub(crate) fn getaffinity(pid: Option<Pid>, words: &mut [c_ulong]) -> io::Result<()> {
    words.fill(0);
    let (size, set) = (size_of_val(words), words.as_mut_ptr().cast());
    // SAFETY: the call writes at most as many bytes as it is told, and no thread is harmed.
    number(unsafe { libc::sched_getaffinity(Pid::as_raw(pid), size, set) }).map(drop)
}

pub(crate) fn setaffinity(pid: Option<Pid>, words: &[c_ulong]) -> io::Result<()> {
    let (size, set) = (size_of_val(words), words.as_ptr().cast());
    // SAFETY: the call reads as many bytes as it is told.
    number(unsafe { libc::sched_setaffinity(Pid::as_raw(pid), size, set) }).map(drop)
}

fn number(result: c_int) -> io::Result<c_int> {
    check(result.into())?;
    Ok(result)
}
