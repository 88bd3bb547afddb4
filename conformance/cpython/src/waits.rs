//! Waiting for children, and what their status says.

use fs_core::{Errno, Error, IdType, Pid, RawPid, Rusage, WaitOptions, WaitStatus};
use pyo3::exceptions::{PyNotImplementedError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::call::{call, call_attached};
use crate::error;
use crate::results::own;

/// `os.wait`
#[pyfunction]
pub(crate) fn wait(py: Python<'_>) -> PyResult<(RawPid, i32)> {
    let (pid, status) = call(py, "wait", fs_core::wait).map_err(error::plain)?;
    Ok((pid.as_raw_pid(), status.as_raw()))
}

/// `os.waitpid`
#[pyfunction]
#[pyo3(signature = (pid, options, /))]
pub(crate) fn waitpid(py: Python<'_>, pid: RawPid, options: i32) -> PyResult<(RawPid, i32)> {
    let options = WaitOptions::from_bits_retain(options);
    let (pid, status) = call(py, "waitpid", || fs_core::waitpid(pid, options)).map_err(error::plain)?;
    Ok((pid, status.as_raw()))
}

/// `os.wait3`
#[pyfunction]
pub(crate) fn wait3(py: Python<'_>, options: i32) -> PyResult<(RawPid, i32, Bound<'_, PyAny>)> {
    let options = WaitOptions::from_bits_retain(options);
    let (pid, status, usage) = call(py, "wait3", || fs_core::wait3(options)).map_err(error::plain)?;
    Ok((pid, status.as_raw(), rusage(py, &usage)?))
}

/// `os.wait4`
#[pyfunction]
pub(crate) fn wait4(py: Python<'_>, pid: RawPid, options: i32) -> PyResult<(RawPid, i32, Bound<'_, PyAny>)> {
    let options = WaitOptions::from_bits_retain(options);
    let (pid, status, usage) = call(py, "wait4", || fs_core::wait4(pid, options)).map_err(error::plain)?;
    Ok((pid, status.as_raw(), rusage(py, &usage)?))
}

/// `resource.struct_rusage`
fn rusage<'py>(py: Python<'py>, usage: &Rusage) -> PyResult<Bound<'py, PyAny>> {
    let mut fields = Vec::with_capacity(16);
    for time in [usage.ru_utime, usage.ru_stime] {
        fields.push(time.as_secs_f64().into_pyobject(py)?.into_any());
    }
    for count in [
        usage.ru_maxrss,
        usage.ru_ixrss,
        usage.ru_idrss,
        usage.ru_isrss,
        usage.ru_minflt,
        usage.ru_majflt,
        usage.ru_nswap,
        usage.ru_inblock,
        usage.ru_oublock,
        usage.ru_msgsnd,
        usage.ru_msgrcv,
        usage.ru_nsignals,
        usage.ru_nvcsw,
        usage.ru_nivcsw,
    ] {
        fields.push(count.into_pyobject(py)?.into_any());
    }
    py.import("resource")?.getattr("struct_rusage")?.call1((PyTuple::new(py, fields)?,))
}

/// `os.waitid`
#[pyfunction]
#[pyo3(signature = (idtype, id, options, /))]
pub(crate) fn waitid(py: Python<'_>, idtype: u32, id: i32, options: i32) -> PyResult<Option<Bound<'_, PyAny>>> {
    let id = match (idtype, Pid::from_raw(id)) {
        (libc::P_ALL, _) => IdType::All,
        (libc::P_PID, Some(pid)) => IdType::Pid(pid),
        (libc::P_PGID, pgid) => IdType::Pgid(pgid),
        (libc::P_PIDFD, _) => return Err(PyNotImplementedError::new_err("fs-core has no P_PIDFD")),
        _ => return Err(error::plain(Error::Os(Errno::INVAL))),
    };
    let options = WaitOptions::from_bits_retain(options);
    let Some(told) = call(py, "waitid", || fs_core::waitid(id, options)).map_err(error::plain)? else {
        return Ok(None);
    };
    let uid = told.si_uid.as_raw();
    let fields = (told.si_pid.as_raw_pid(), uid, told.si_signo, told.si_status, told.si_code);
    own(py, "waitid_result")?.call1((fields,)).map(Some)
}

macro_rules! macros_of_the_status {
    ($($name:ident, $python:literal: $macro:ident -> $result:ty;)*) => {$(
        #[doc = concat!("`os.", $python, "`")]
        #[pyfunction]
        #[pyo3(name = $python)]
        pub(crate) fn $name(py: Python<'_>, status: i32) -> $result {
            call_attached(py, $python, || fs_core::$macro(status))
        }
    )*};
}
macros_of_the_status! {
    wcoredump, "WCOREDUMP": WCOREDUMP -> bool;
    wifcontinued, "WIFCONTINUED": WIFCONTINUED -> bool;
    wifstopped, "WIFSTOPPED": WIFSTOPPED -> bool;
    wifsignaled, "WIFSIGNALED": WIFSIGNALED -> bool;
    wifexited, "WIFEXITED": WIFEXITED -> bool;
    wexitstatus, "WEXITSTATUS": WEXITSTATUS -> i32;
    wstopsig, "WSTOPSIG": WSTOPSIG -> i32;
    wtermsig, "WTERMSIG": WTERMSIG -> i32;
}

/// `os.waitstatus_to_exitcode`
#[pyfunction]
pub(crate) fn waitstatus_to_exitcode(py: Python<'_>, status: i32) -> PyResult<i32> {
    let status = WaitStatus::from_raw(status);
    call_attached(py, "waitstatus_to_exitcode", || status.exit_code())
        .ok_or_else(|| PyValueError::new_err(format!("the process has not ended: {status}")))
}
