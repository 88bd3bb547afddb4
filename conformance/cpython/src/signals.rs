//! Signals to processes, and the ways in which a process ends itself.

use pyo3::prelude::*;

use crate::call::{call, call_attached};
use crate::error;

/// `os.kill`
#[pyfunction]
#[pyo3(signature = (pid, signal, /))]
pub(crate) fn kill(py: Python<'_>, pid: i32, signal: i32) -> PyResult<()> {
    call(py, "kill", || fs_core::kill(pid, signal)).map_err(error::plain)?;
    // To itself it is delivered before the call ends, and its handler runs before the next line.
    py.check_signals()
}

/// `os.killpg`
#[pyfunction]
#[pyo3(signature = (pgid, signal, /))]
pub(crate) fn killpg(py: Python<'_>, pgid: i32, signal: i32) -> PyResult<()> {
    call(py, "killpg", || fs_core::killpg(pgid, signal)).map_err(error::plain)?;
    py.check_signals()
}

/// `os._exit`
#[pyfunction]
pub(crate) fn _exit(py: Python<'_>, status: i32) {
    call_attached(py, "_exit", || fs_core::_exit(status));
}

/// `os.abort`
#[pyfunction]
pub(crate) fn abort(py: Python<'_>) {
    call_attached(py, "abort", || fs_core::abort());
}
