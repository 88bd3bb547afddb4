//! The scheduler: policies, parameters, processors.

use std::collections::BTreeSet;
use std::ffi::c_int;

use fs_core::{Errno, RawPid, SchedParam, SchedPolicy};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PySet;

use crate::call::call;
use crate::error;
use crate::results::own;
use crate::sessions::process;

/// `os.sched_get_priority_min`
#[pyfunction]
pub(crate) fn sched_get_priority_min(py: Python<'_>, policy: c_int) -> PyResult<i32> {
    let policy = SchedPolicy::from_raw(policy);
    call(py, "sched_get_priority_min", || fs_core::sched_get_priority_min(policy)).map_err(error::plain)
}

/// `os.sched_get_priority_max`
#[pyfunction]
pub(crate) fn sched_get_priority_max(py: Python<'_>, policy: c_int) -> PyResult<i32> {
    let policy = SchedPolicy::from_raw(policy);
    call(py, "sched_get_priority_max", || fs_core::sched_get_priority_max(policy)).map_err(error::plain)
}

fn parameters(param: &Bound<'_, PyAny>) -> PyResult<SchedParam> {
    if !param.is_instance(&own(param.py(), "sched_param")?)? {
        return Err(PyTypeError::new_err("must have a sched_param object"));
    }
    param.getattr("sched_priority")?.extract().map(SchedParam::new)
}

/// `os.sched_setscheduler`
#[pyfunction]
#[pyo3(signature = (pid, policy, param, /))]
pub(crate) fn sched_setscheduler(pid: RawPid, policy: c_int, param: &Bound<'_, PyAny>) -> PyResult<()> {
    let (policy, parameters) = (SchedPolicy::from_raw(policy), parameters(param)?);
    let pid = process(pid, Errno::INVAL)?;
    call(param.py(), "sched_setscheduler", || fs_core::sched_setscheduler(pid, policy, parameters))
        .map_err(error::plain)
}

/// `os.sched_getscheduler`
#[pyfunction]
#[pyo3(signature = (pid, /))]
pub(crate) fn sched_getscheduler(py: Python<'_>, pid: RawPid) -> PyResult<c_int> {
    let pid = process(pid, Errno::INVAL)?;
    let policy = call(py, "sched_getscheduler", || fs_core::sched_getscheduler(pid)).map_err(error::plain)?;
    Ok(policy.as_raw())
}

/// `os.sched_setparam`
#[pyfunction]
#[pyo3(signature = (pid, param, /))]
pub(crate) fn sched_setparam(pid: RawPid, param: &Bound<'_, PyAny>) -> PyResult<()> {
    let parameters = parameters(param)?;
    let pid = process(pid, Errno::INVAL)?;
    call(param.py(), "sched_setparam", || fs_core::sched_setparam(pid, parameters)).map_err(error::plain)
}

/// `os.sched_getparam`
#[pyfunction]
#[pyo3(signature = (pid, /))]
pub(crate) fn sched_getparam(py: Python<'_>, pid: RawPid) -> PyResult<Bound<'_, PyAny>> {
    let pid = process(pid, Errno::INVAL)?;
    let param = call(py, "sched_getparam", || fs_core::sched_getparam(pid)).map_err(error::plain)?;
    own(py, "sched_param")?.call1((param.sched_priority(),))
}

/// `os.sched_rr_get_interval`
#[pyfunction]
#[pyo3(signature = (pid, /))]
pub(crate) fn sched_rr_get_interval(py: Python<'_>, pid: RawPid) -> PyResult<f64> {
    let pid = process(pid, Errno::INVAL)?;
    let interval = call(py, "sched_rr_get_interval", || fs_core::sched_rr_get_interval(pid)).map_err(error::plain)?;
    Ok(interval.as_secs_f64())
}

/// `os.sched_yield`
#[pyfunction]
pub(crate) fn sched_yield(py: Python<'_>) {
    call(py, "sched_yield", fs_core::sched_yield);
}

/// `os.sched_getaffinity`
#[pyfunction]
#[pyo3(signature = (pid, /))]
pub(crate) fn sched_getaffinity(py: Python<'_>, pid: RawPid) -> PyResult<Bound<'_, PySet>> {
    let pid = process(pid, Errno::INVAL)?;
    let cpus = call(py, "sched_getaffinity", || fs_core::sched_getaffinity(pid)).map_err(error::plain)?;
    PySet::new(py, cpus.iter())
}

/// `os.sched_setaffinity`
#[pyfunction]
#[pyo3(signature = (pid, mask, /))]
pub(crate) fn sched_setaffinity(pid: RawPid, mask: &Bound<'_, PyAny>) -> PyResult<()> {
    let cpus: BTreeSet<usize> = mask.try_iter()?.map(|number| cpu(&number?)).collect::<PyResult<_>>()?;
    let pid = process(pid, Errno::INVAL)?;
    call(mask.py(), "sched_setaffinity", || fs_core::sched_setaffinity(pid, cpus)).map_err(error::plain)
}

fn cpu(number: &Bound<'_, PyAny>) -> PyResult<usize> {
    if !number.hasattr("__index__")? {
        let got = number.repr()?;
        return Err(PyTypeError::new_err(format!("expected an iterator of ints, but iterator yielded {got}")));
    }
    if number.lt(0)? {
        return Err(PyValueError::new_err("negative CPU number"));
    }
    match number.extract::<i32>() {
        Ok(cpu) => Ok(usize::try_from(cpu).expect("it is not negative")),
        Err(_) => Err(PyOverflowError::new_err("CPU number too large")),
    }
}
