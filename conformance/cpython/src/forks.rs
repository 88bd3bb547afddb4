#![expect(unsafe_code, reason = "the interpreter has hooks of its own around a fork")]
//! A second process of this one.

use std::cell::Cell;
use std::ffi::CString;
use std::os::fd::{IntoRawFd, RawFd};

use fs_core::{Fork, ForkHooks, ForkPty, RawPid};
use pyo3::exceptions::{PyDeprecationWarning, PyRuntimeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::call::call_attached;
use crate::error;

thread_local! {
    /// What the hook before the fork has to leave to the one after it.
    static GIL: Cell<Option<ffi::PyGILState_STATE>> = const { Cell::new(None) };
}

/// `sys.is_finalizing`, which cannot be imported any more when it matters.
static IS_FINALIZING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Has `fs-core` run the interpreter's hooks around its forks, those of the `spawn` functions
/// included: its locks are held meanwhile, and what was registered with `os.register_at_fork` runs.
pub(crate) fn register(py: Python<'_>) -> PyResult<()> {
    IS_FINALIZING.get_or_try_init(py, || py.import("sys")?.getattr("is_finalizing").map(Bound::unbind))?;
    let hooks = ForkHooks {
        before: Some(Box::new(before)),
        after_in_parent: Some(Box::new(|| after(false))),
        after_in_child: Some(Box::new(|| after(true))),
    };
    // SAFETY: what the interpreter does in a child is its own affair, as in `os.fork`.
    unsafe { fs_core::register_at_fork(hooks) }.map_err(error::plain)
}

fn before() {
    // SAFETY: the interpreter runs; each state is given back by `after`, on this thread.
    GIL.set(Some(unsafe { ffi::PyGILState_Ensure() }));
    // SAFETY: the lock is held.
    unsafe { ffi::PyOS_BeforeFork() }
}

fn after(in_child: bool) {
    if in_child {
        // SAFETY: this is the new process of a fork that `before` has preceded.
        unsafe { ffi::PyOS_AfterFork_Child() }
    } else {
        // SAFETY: this is the old process of a fork that `before` has preceded.
        unsafe { ffi::PyOS_AfterFork_Parent() }
    }
    if let Some(state) = GIL.take() {
        // SAFETY: `before` has got the state, on this thread.
        unsafe { ffi::PyGILState_Release(state) }
    }
}

/// `os.fork`
#[pyfunction]
pub(crate) fn fork(py: Python<'_>) -> PyResult<RawPid> {
    check_running(py)?;
    // SAFETY: the child goes on as the interpreter does after its own `fork`.
    match call_attached(py, "fork", || unsafe { fs_core::fork() }).map_err(error::plain)? {
        Fork::Child => Ok(0),
        Fork::Parent(child) => {
            warn_of_threads(py, "fork")?;
            Ok(child.as_raw_pid())
        }
    }
}

/// `os.forkpty`
#[pyfunction]
pub(crate) fn forkpty(py: Python<'_>) -> PyResult<(RawPid, RawFd)> {
    check_running(py)?;
    // SAFETY: as above.
    match call_attached(py, "forkpty", || unsafe { fs_core::forkpty() }).map_err(error::plain)? {
        // As the C library leaves it in the child.
        ForkPty::Child => Ok((0, -1)),
        ForkPty::Parent { child, master } => {
            warn_of_threads(py, "forkpty")?;
            Ok((child.as_raw_pid(), master.into_raw_fd()))
        }
    }
}

/// Since 3.12, CPython refuses to fork when the interpreter is about to end.
fn check_running(py: Python<'_>) -> PyResult<()> {
    let is_finalizing = IS_FINALIZING.get(py).map(|ask| ask.call0(py)?.is_truthy(py)).transpose()?;
    match is_finalizing {
        Some(true) if py.version_info() >= (3, 12) => {
            Err(PyRuntimeError::new_err("can't fork at interpreter shutdown"))
        }
        _ => Ok(()),
    }
}

/// Since 3.12, CPython warns of what a fork of several threads may lead to.
fn warn_of_threads(py: Python<'_>, function: &str) -> PyResult<()> {
    if py.version_info() < (3, 12) || thread_count().is_none_or(|count| count <= 1) {
        return Ok(());
    }
    let pid = std::process::id();
    let message =
        format!("This process (pid={pid}) is multi-threaded, use of {function}() may lead to deadlocks in the child.");
    let warning = py.get_type::<PyDeprecationWarning>();
    PyErr::warn(py, &warning, &CString::new(message)?, 1)
}

fn thread_count() -> Option<u32> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything; the count is the 18th field after it.
    stat.rsplit(')').next()?.split_whitespace().nth(17)?.parse().ok()
}
