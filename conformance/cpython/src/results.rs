//! Results that have fields: Python's own classes, filled with what `fs-core` tells.

use fs_core::{StatResult, StatVfs};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

/// The classes of the interpreter's own module, taken before it is covered.
static POSIX: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// An object of the interpreter's own `posix`.
pub(crate) fn own<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    POSIX.get_or_try_init(py, || py.import("posix").map(Bound::unbind))?.bind(py).getattr(name)
}

/// `os.stat_result`
pub(crate) fn stat_result<'py>(py: Python<'py>, stat: &StatResult) -> PyResult<Bound<'py, PyAny>> {
    let mut fields = Vec::with_capacity(19);
    for whole in stat.as_tuple() {
        fields.push(whole.into_pyobject(py)?.into_any());
    }
    for seconds in [stat.st_atime(), stat.st_mtime(), stat.st_ctime()] {
        fields.push(seconds.into_pyobject(py)?.into_any());
    }
    for nanoseconds in [stat.st_atime_ns(), stat.st_mtime_ns(), stat.st_ctime_ns()] {
        fields.push(nanoseconds.into_pyobject(py)?.into_any());
    }
    fields.push(stat.st_blksize().into_pyobject(py)?.into_any());
    fields.push(stat.st_blocks().into_pyobject(py)?.into_any());
    fields.push(stat.st_rdev().into_pyobject(py)?.into_any());
    own(py, "stat_result")?.call1((PyTuple::new(py, fields)?,))
}

/// `os.statvfs_result`
pub(crate) fn statvfs_result<'py>(py: Python<'py>, stat: &StatVfs) -> PyResult<Bound<'py, PyAny>> {
    let fields = [
        stat.f_bsize,
        stat.f_frsize,
        stat.f_blocks,
        stat.f_bfree,
        stat.f_bavail,
        stat.f_files,
        stat.f_ffree,
        stat.f_favail,
        stat.f_flag.bits(),
        stat.f_namemax,
        stat.f_fsid,
    ];
    own(py, "statvfs_result")?.call1((PyTuple::new(py, fields)?,))
}
