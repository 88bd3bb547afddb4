//! What the process brings to every call: working directory, root, umask.

use fs_core::Mode;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::call::call;
use crate::error;
use crate::number::{DirFd, Fileno};
use crate::path::{Or, Path, name_object};

/// `os.chdir`
#[pyfunction]
pub(crate) fn chdir(path: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = path.py();
    let path = Path::new("chdir", "path", path, Or::Fd)?;
    let target = path.target(DirFd::CWD)?;
    call(py, "chdir", || fs_core::chdir(target)).map_err(|error| path.error(error))
}

/// `os.fchdir`
#[pyfunction]
pub(crate) fn fchdir(py: Python<'_>, fd: Fileno) -> PyResult<()> {
    let fd = fd.get();
    call(py, "fchdir", || fs_core::fchdir(fd)).map_err(error::plain)
}

/// `os.getcwd`
#[pyfunction]
pub(crate) fn getcwd(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let path = call(py, "getcwd", fs_core::getcwd).map_err(error::plain)?;
    name_object(py, path.as_os_str(), false)
}

/// `os.getcwdb`
#[pyfunction]
pub(crate) fn getcwdb(py: Python<'_>) -> PyResult<Bound<'_, PyBytes>> {
    let path = call(py, "getcwdb", fs_core::getcwdb).map_err(error::plain)?;
    Ok(PyBytes::new(py, &path))
}

/// `os.chroot`
#[pyfunction]
pub(crate) fn chroot(path: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = path.py();
    let path = Path::new("chroot", "path", path, Or::Nothing)?;
    let at = path.at(DirFd::CWD)?;
    call(py, "chroot", || fs_core::chroot(at)).map_err(|error| path.error(error))
}

/// `os.umask`
#[pyfunction]
#[pyo3(signature = (mask, /))]
pub(crate) fn umask(py: Python<'_>, mask: i32) -> u32 {
    let mask = Mode::from_bits_retain(mask.cast_unsigned());
    call(py, "umask", || fs_core::umask(mask)).bits()
}
