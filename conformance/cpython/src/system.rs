//! What the system tells of itself: names, limits, loads, times, random bytes.

use std::ffi::c_int;

use fs_core::GrndFlags;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::buffer::room;
use crate::call::call;
use crate::error;
use crate::path::name_object;
use crate::results::own;
use crate::space::Name;

/// `os.uname`
#[pyfunction]
pub(crate) fn uname(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let uname = call(py, "uname", fs_core::uname);
    let fields: Vec<String> = uname.fields().iter().map(|field| field.to_string_lossy().into_owned()).collect();
    own(py, "uname_result")?.call1((fields,))
}

/// `os.sysconf`
#[pyfunction]
#[pyo3(signature = (name, /))]
pub(crate) fn sysconf(py: Python<'_>, name: Name) -> PyResult<i64> {
    Ok(call(py, "sysconf", || fs_core::sysconf(name.get())).map_err(error::plain)?.unwrap_or(-1))
}

/// `os.confstr`
#[pyfunction]
#[pyo3(signature = (name, /))]
pub(crate) fn confstr(py: Python<'_>, name: Name) -> PyResult<Option<Bound<'_, PyAny>>> {
    let text = call(py, "confstr", || fs_core::confstr(name.get())).map_err(error::plain)?;
    text.map(|text| name_object(py, &text, false)).transpose()
}

/// `os.getloadavg`
#[pyfunction]
pub(crate) fn getloadavg(py: Python<'_>) -> PyResult<(f64, f64, f64)> {
    let [one, five, fifteen] = call(py, "getloadavg", fs_core::getloadavg).map_err(error::plain)?;
    Ok((one, five, fifteen))
}

/// `os.strerror`
#[pyfunction]
#[pyo3(signature = (code, /))]
pub(crate) fn strerror(py: Python<'_>, code: c_int) -> String {
    call(py, "strerror", || fs_core::strerror(code))
}

/// `os.times`
#[pyfunction]
pub(crate) fn times(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let times = call(py, "times", fs_core::times).map_err(error::plain)?;
    let fields = [times.user, times.system, times.children_user, times.children_system, times.elapsed];
    own(py, "times_result")?.call1((fields,))
}

/// `os.getrandom`
#[pyfunction]
#[pyo3(signature = (size, flags=0))]
pub(crate) fn getrandom(py: Python<'_>, size: isize, flags: c_int) -> PyResult<Bound<'_, PyBytes>> {
    let (mut bytes, flags) = (room(size)?, GrndFlags::from_bits_retain(flags.cast_unsigned()));
    let count = call(py, "getrandom", || fs_core::getrandom(&mut bytes, flags)).map_err(error::plain)?;
    Ok(PyBytes::new(py, &bytes[..count]))
}

/// `os.urandom`
#[pyfunction]
#[pyo3(signature = (size, /))]
pub(crate) fn urandom(py: Python<'_>, size: isize) -> PyResult<Bound<'_, PyBytes>> {
    if size < 0 {
        return Err(PyValueError::new_err("negative argument not allowed"));
    }
    let mut bytes = room(size)?;
    call(py, "urandom", || fs_core::urandom(&mut bytes)).map_err(error::plain)?;
    Ok(PyBytes::new(py, &bytes))
}
