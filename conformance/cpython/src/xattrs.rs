//! Extended attributes.

use std::ffi::c_int;

use fs_core::{Follow, XattrFlags};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::buffer::Buffer;
use crate::call::call;
use crate::number::{DirFd, Truth};
use crate::path::{Or, Path, name_object};

fn follow(function: &str, path: &Path<'_>, follow_symlinks: Truth) -> PyResult<Follow> {
    if path.fd().is_some() && !follow_symlinks.0 {
        return Err(PyValueError::new_err(format!("{function}: cannot use fd and follow_symlinks together")));
    }
    Ok(follow_symlinks.follow())
}

/// `os.getxattr`
#[pyfunction]
#[pyo3(signature = (path, attribute, *, follow_symlinks=Truth(true)))]
pub(crate) fn getxattr<'py>(
    path: &Bound<'py, PyAny>,
    attribute: &Bound<'_, PyAny>,
    follow_symlinks: Truth,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = path.py();
    let path = Path::new("getxattr", "path", path, Or::Fd)?;
    let attribute = Path::new("getxattr", "attribute", attribute, Or::Nothing)?;
    let follow = follow("getxattr", &path, follow_symlinks)?;
    let (target, name) = (path.target(DirFd::CWD)?, attribute.arg());
    let value = call(py, "getxattr", || fs_core::getxattr(target, name, follow)).map_err(|error| path.error(error))?;
    Ok(PyBytes::new(py, &value))
}

/// `os.setxattr`
#[pyfunction]
#[pyo3(signature = (path, attribute, value, flags=0, *, follow_symlinks=Truth(true)))]
pub(crate) fn setxattr(
    path: &Bound<'_, PyAny>,
    attribute: &Bound<'_, PyAny>,
    value: Buffer,
    flags: c_int,
    follow_symlinks: Truth,
) -> PyResult<()> {
    let py = path.py();
    let path = Path::new("setxattr", "path", path, Or::Fd)?;
    let attribute = Path::new("setxattr", "attribute", attribute, Or::Nothing)?;
    let follow = follow("setxattr", &path, follow_symlinks)?;
    let (target, name, value) = (path.target(DirFd::CWD)?, attribute.arg(), value.bytes());
    let flags = XattrFlags::from_bits_retain(flags.cast_unsigned());
    call(py, "setxattr", || fs_core::setxattr(target, name, value, flags, follow)).map_err(|error| path.error(error))
}

/// `os.removexattr`
#[pyfunction]
#[pyo3(signature = (path, attribute, *, follow_symlinks=Truth(true)))]
pub(crate) fn removexattr(
    path: &Bound<'_, PyAny>,
    attribute: &Bound<'_, PyAny>,
    follow_symlinks: Truth,
) -> PyResult<()> {
    let py = path.py();
    let path = Path::new("removexattr", "path", path, Or::Fd)?;
    let attribute = Path::new("removexattr", "attribute", attribute, Or::Nothing)?;
    let follow = follow("removexattr", &path, follow_symlinks)?;
    let (target, name) = (path.target(DirFd::CWD)?, attribute.arg());
    call(py, "removexattr", || fs_core::removexattr(target, name, follow)).map_err(|error| path.error(error))
}

/// `os.listxattr`
#[pyfunction]
#[pyo3(signature = (path=None, *, follow_symlinks=Truth(true)))]
pub(crate) fn listxattr<'py>(
    py: Python<'py>,
    path: Option<&Bound<'py, PyAny>>,
    follow_symlinks: Truth,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let none = py.None().into_bound(py);
    let path = Path::new("listxattr", "path", path.unwrap_or(&none), Or::FdOrNone)?;
    let follow = follow("listxattr", &path, follow_symlinks)?;
    let target = path.target(DirFd::CWD)?;
    let names = call(py, "listxattr", || fs_core::listxattr(target, follow)).map_err(|error| path.error(error))?;
    // Names are text, whatever the path was.
    names.iter().map(|name| name_object(py, name, false)).collect()
}
