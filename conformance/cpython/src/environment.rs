#![expect(unsafe_code, reason = "the environment of the C library has no lock")]
//! The environment of the process.

use pyo3::prelude::*;

use crate::call::call_attached;
use crate::error;
use crate::path::name_of;

/// `os.putenv`
#[pyfunction]
#[pyo3(signature = (name, value, /))]
pub(crate) fn putenv(name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = name.py();
    let (name, value) = (name_of(name)?, name_of(value)?);
    // SAFETY: the interpreter's lock is held, which is all that `os.putenv` has too.
    call_attached(py, "putenv", || unsafe { fs_core::putenv(&name, &value) }).map_err(error::plain)
}

/// `os.unsetenv`
#[pyfunction]
#[pyo3(signature = (name, /))]
pub(crate) fn unsetenv(name: &Bound<'_, PyAny>) -> PyResult<()> {
    let (py, name) = (name.py(), name_of(name)?);
    // SAFETY: as above.
    call_attached(py, "unsetenv", || unsafe { fs_core::unsetenv(&name) }).map_err(error::plain)
}
