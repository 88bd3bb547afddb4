//! Length and storage of files, locks on them, and limits.

use std::ffi::c_int;

use fs_core::{Advice, ConfName, Errno, Error, LockCmd};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::call::call;
use crate::error;
use crate::number::{DirFd, Fd, Fileno};
use crate::path::{Or, Path};

/// `os.truncate`
#[pyfunction]
pub(crate) fn truncate(path: &Bound<'_, PyAny>, length: i64) -> PyResult<()> {
    let py = path.py();
    let path = Path::new("truncate", "path", path, Or::Fd)?;
    let target = path.target(DirFd::CWD)?;
    call(py, "truncate", || fs_core::truncate(target, length)).map_err(|error| path.error(error))
}

/// `os.ftruncate`
#[pyfunction]
#[pyo3(signature = (fd, length, /))]
pub(crate) fn ftruncate(py: Python<'_>, fd: Fd, length: i64) -> PyResult<()> {
    let fd = fd.get()?;
    call(py, "ftruncate", || fs_core::ftruncate(fd, length)).map_err(error::plain)
}

/// `os.posix_fallocate`
#[pyfunction]
#[pyo3(signature = (fd, offset, length, /))]
pub(crate) fn posix_fallocate(py: Python<'_>, fd: Fd, offset: i64, length: i64) -> PyResult<()> {
    let fd = fd.get()?;
    call(py, "posix_fallocate", || fs_core::posix_fallocate(fd, offset, length)).map_err(error::plain)
}

/// `os.posix_fadvise`
#[pyfunction]
#[pyo3(signature = (fd, offset, length, advice, /))]
pub(crate) fn posix_fadvise(py: Python<'_>, fd: Fd, offset: i64, length: i64, advice: c_int) -> PyResult<()> {
    let advice = match advice {
        fs_core::POSIX_FADV_NORMAL => Advice::Normal,
        fs_core::POSIX_FADV_SEQUENTIAL => Advice::Sequential,
        fs_core::POSIX_FADV_RANDOM => Advice::Random,
        fs_core::POSIX_FADV_NOREUSE => Advice::NoReuse,
        fs_core::POSIX_FADV_WILLNEED => Advice::WillNeed,
        fs_core::POSIX_FADV_DONTNEED => Advice::DontNeed,
        _ => return Err(error::plain(Error::Os(Errno::INVAL))),
    };
    let fd = fd.get()?;
    call(py, "posix_fadvise", || fs_core::posix_fadvise(fd, offset, length, advice)).map_err(error::plain)
}

/// `os.fsync`
#[pyfunction]
pub(crate) fn fsync(py: Python<'_>, fd: Fileno) -> PyResult<()> {
    let fd = fd.get();
    call(py, "fsync", || fs_core::fsync(fd)).map_err(error::plain)
}

/// `os.fdatasync`
#[pyfunction]
pub(crate) fn fdatasync(py: Python<'_>, fd: Fileno) -> PyResult<()> {
    let fd = fd.get();
    call(py, "fdatasync", || fs_core::fdatasync(fd)).map_err(error::plain)
}

/// `os.lockf`
#[pyfunction]
#[pyo3(signature = (fd, command, length, /))]
pub(crate) fn lockf(py: Python<'_>, fd: Fd, command: c_int, length: i64) -> PyResult<()> {
    let command = match command {
        fs_core::F_LOCK => LockCmd::Lock,
        fs_core::F_TLOCK => LockCmd::TryLock,
        fs_core::F_ULOCK => LockCmd::Unlock,
        fs_core::F_TEST => LockCmd::Test,
        _ => return Err(error::plain(Error::Os(Errno::INVAL))),
    };
    let fd = fd.get()?;
    call(py, "lockf", || fs_core::lockf(fd, command, length)).map_err(error::plain)
}

/// A name or a number of something that can be asked for.
pub(crate) enum Name {
    Text(String),
    Number(c_int),
}

impl Name {
    pub(crate) fn get(&self) -> ConfName<'_> {
        match self {
            Name::Text(name) => ConfName::Name(name),
            Name::Number(number) => ConfName::Number(*number),
        }
    }
}

impl FromPyObject<'_, '_> for Name {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(name) = object.extract::<String>() {
            return Ok(Name::Text(name));
        }
        if object.hasattr("__index__")? {
            return object.extract::<c_int>().map(Name::Number);
        }
        Err(PyTypeError::new_err("configuration names must be strings or integers"))
    }
}

/// `os.pathconf`
#[pyfunction]
pub(crate) fn pathconf(path: &Bound<'_, PyAny>, name: Name) -> PyResult<i64> {
    let py = path.py();
    let path = Path::new("pathconf", "path", path, Or::Fd)?;
    let target = path.target(DirFd::CWD)?;
    let limit = call(py, "pathconf", || fs_core::pathconf(target, name.get())).map_err(|error| path.error(error))?;
    Ok(limit.unwrap_or(-1))
}

/// `os.fpathconf`
#[pyfunction]
#[pyo3(signature = (fd, name, /))]
pub(crate) fn fpathconf(py: Python<'_>, fd: Fileno, name: Name) -> PyResult<i64> {
    let fd = fd.get();
    Ok(call(py, "fpathconf", || fs_core::fpathconf(fd, name.get())).map_err(error::plain)?.unwrap_or(-1))
}
