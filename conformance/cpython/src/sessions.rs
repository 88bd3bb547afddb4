//! Processes, their groups and sessions, and what they get of the processor.

use std::ffi::c_int;

use fs_core::{Errno, Error, Pid, PriorityTarget, RawPid, Uid};
use pyo3::prelude::*;

use crate::call::call;
use crate::error;

/// A process, of which 0 is the caller; a negative number is none, for which `errno` stands.
pub(crate) fn process(pid: RawPid, errno: Errno) -> PyResult<Option<Pid>> {
    if pid < 0 { Err(error::plain(Error::Os(errno))) } else { Ok(Pid::from_raw(pid)) }
}

/// The number of a process that may be none which can be seen from here.
fn number(pid: Option<Pid>) -> RawPid {
    pid.map_or(0, Pid::as_raw_pid)
}

/// `os.getpid`
#[pyfunction]
pub(crate) fn getpid(py: Python<'_>) -> RawPid {
    call(py, "getpid", fs_core::getpid).as_raw_pid()
}

/// `os.getppid`
#[pyfunction]
pub(crate) fn getppid(py: Python<'_>) -> RawPid {
    number(call(py, "getppid", fs_core::getppid))
}

/// `os.getpgid`
#[pyfunction]
pub(crate) fn getpgid(py: Python<'_>, pid: RawPid) -> PyResult<RawPid> {
    let pid = process(pid, Errno::SRCH)?;
    call(py, "getpgid", || fs_core::getpgid(pid)).map(number).map_err(error::plain)
}

/// `os.getpgrp`
#[pyfunction]
pub(crate) fn getpgrp(py: Python<'_>) -> RawPid {
    number(call(py, "getpgrp", fs_core::getpgrp))
}

/// `os.setpgid`
#[pyfunction]
#[pyo3(signature = (pid, pgrp, /))]
pub(crate) fn setpgid(py: Python<'_>, pid: RawPid, pgrp: RawPid) -> PyResult<()> {
    let (group, pid) = (process(pgrp, Errno::INVAL)?, process(pid, Errno::SRCH)?);
    call(py, "setpgid", || fs_core::setpgid(pid, group)).map_err(error::plain)
}

/// `os.setpgrp`
#[pyfunction]
pub(crate) fn setpgrp(py: Python<'_>) -> PyResult<()> {
    call(py, "setpgrp", fs_core::setpgrp).map_err(error::plain)
}

/// `os.getsid`
#[pyfunction]
#[pyo3(signature = (pid, /))]
pub(crate) fn getsid(py: Python<'_>, pid: RawPid) -> PyResult<RawPid> {
    let pid = process(pid, Errno::SRCH)?;
    call(py, "getsid", || fs_core::getsid(pid)).map(number).map_err(error::plain)
}

/// `os.setsid`
#[pyfunction]
pub(crate) fn setsid(py: Python<'_>) -> PyResult<()> {
    call(py, "setsid", fs_core::setsid).map(drop).map_err(error::plain)
}

fn target(which: c_int, who: c_int) -> PyResult<PriorityTarget> {
    match which {
        fs_core::PRIO_PROCESS => process(who, Errno::SRCH).map(PriorityTarget::Process),
        fs_core::PRIO_PGRP => process(who, Errno::SRCH).map(PriorityTarget::Pgrp),
        // There is no user of that number.
        fs_core::PRIO_USER if who == -1 => Err(error::plain(Error::Os(Errno::SRCH))),
        fs_core::PRIO_USER if who == 0 => Ok(PriorityTarget::User(None)),
        fs_core::PRIO_USER => Ok(PriorityTarget::User(Some(Uid::from_raw(who.cast_unsigned())))),
        _ => Err(error::plain(Error::Os(Errno::INVAL))),
    }
}

/// `os.getpriority`
#[pyfunction]
pub(crate) fn getpriority(py: Python<'_>, which: c_int, who: c_int) -> PyResult<i32> {
    let target = target(which, who)?;
    call(py, "getpriority", || fs_core::getpriority(target)).map_err(error::plain)
}

/// `os.setpriority`
#[pyfunction]
pub(crate) fn setpriority(py: Python<'_>, which: c_int, who: c_int, priority: i32) -> PyResult<()> {
    let target = target(which, who)?;
    call(py, "setpriority", || fs_core::setpriority(target, priority)).map_err(error::plain)
}

/// `os.nice`
#[pyfunction]
#[pyo3(signature = (increment, /))]
pub(crate) fn nice(py: Python<'_>, increment: i32) -> PyResult<i32> {
    call(py, "nice", || fs_core::nice(increment)).map_err(error::plain)
}
