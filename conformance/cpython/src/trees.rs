//! Whole chains of directories: `makedirs`, `removedirs`, `renames`.

use fs_core::Mode;
use pyo3::prelude::*;

use crate::call::call;
use crate::error;
use crate::number::{DirFd, Truth};
use crate::path::{Or, Path};

/// `os.makedirs`
#[pyfunction]
#[pyo3(signature = (name, mode=0o777, exist_ok=Truth(false)))]
pub(crate) fn makedirs(name: &Bound<'_, PyAny>, mode: i32, exist_ok: Truth) -> PyResult<()> {
    let path = Path::new("makedirs", "name", name, Or::Nothing)?;
    let (at, mode) = (path.at(DirFd::CWD)?, Mode::from_bits_retain(mode.cast_unsigned()));
    call(name.py(), "makedirs", || fs_core::makedirs(at, mode, exist_ok.0)).map_err(|error| path.error(error))
}

/// `os.removedirs`
#[pyfunction]
pub(crate) fn removedirs(name: &Bound<'_, PyAny>) -> PyResult<()> {
    let path = Path::new("removedirs", "name", name, Or::Nothing)?;
    let at = path.at(DirFd::CWD)?;
    call(name.py(), "removedirs", || fs_core::removedirs(at)).map_err(|error| path.error(error))
}

/// `os.renames`
#[pyfunction]
pub(crate) fn renames(old: &Bound<'_, PyAny>, new: &Bound<'_, PyAny>) -> PyResult<()> {
    let from = Path::new("renames", "old", old, Or::Nothing)?;
    let to = Path::new("renames", "new", new, Or::Nothing)?;
    let (old_at, new_at) = (from.at(DirFd::CWD)?, to.at(DirFd::CWD)?);
    call(old.py(), "renames", || fs_core::renames(old_at, new_at))
        .map_err(|error| error::about_two(error, &from.object, &to.object))
}
