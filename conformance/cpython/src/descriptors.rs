//! Descriptors: how they are opened, closed and copied.

use std::ffi::c_int;
use std::os::fd::{IntoRawFd, RawFd};

use fs_core::{Inherit, MfdFlags, Mode, OFlags, PipeFlags};
use pyo3::prelude::*;

use crate::call::call;
use crate::error;
use crate::number::{DirFd, Fd, Truth, own};
use crate::path::{Or, Path, name_of};

/// `os.open`
#[pyfunction]
#[pyo3(signature = (path, flags, mode=0o777, *, dir_fd=DirFd::CWD))]
pub(crate) fn open(path: &Bound<'_, PyAny>, flags: c_int, mode: i32, dir_fd: DirFd) -> PyResult<RawFd> {
    let py = path.py();
    let path = Path::new("open", "path", path, Or::Nothing)?;
    let at = path.at(dir_fd)?;
    let (flags, mode) = (OFlags::from_bits_retain(flags.cast_unsigned()), Mode::from_bits_retain(mode.cast_unsigned()));
    let fd = call(py, "open", || fs_core::open(at, flags, mode)).map_err(|error| path.error(error))?;
    Ok(fd.into_raw_fd())
}

/// `os.close`
#[pyfunction]
pub(crate) fn close(py: Python<'_>, fd: Fd) -> PyResult<()> {
    let fd = own(fd)?;
    call(py, "close", || fs_core::close(fd)).map_err(error::plain)
}

/// `os.closerange`
#[pyfunction]
#[pyo3(signature = (fd_low, fd_high, /))]
pub(crate) fn closerange(py: Python<'_>, fd_low: Fd, fd_high: Fd) {
    call(py, "closerange", || crate::number::closerange(fd_low, fd_high));
}

/// `os.dup`
#[pyfunction]
#[pyo3(signature = (fd, /))]
pub(crate) fn dup(py: Python<'_>, fd: Fd) -> PyResult<RawFd> {
    let fd = fd.get()?;
    Ok(call(py, "dup", || fs_core::dup(fd)).map_err(error::plain)?.into_raw_fd())
}

/// `os.dup2`
#[pyfunction]
#[pyo3(signature = (fd, fd2, inheritable=Truth(true)))]
pub(crate) fn dup2(py: Python<'_>, fd: Fd, fd2: Fd, inheritable: Truth) -> PyResult<RawFd> {
    let inherit = if inheritable.0 { Inherit::Yes } else { Inherit::No };
    let fd = fd.get()?;
    call(py, "dup2", || crate::number::dup2(fd, fd2, inherit)).map_err(error::plain)
}

/// `os.pipe`
#[pyfunction]
pub(crate) fn pipe(py: Python<'_>) -> PyResult<(RawFd, RawFd)> {
    let (reader, writer) = call(py, "pipe", fs_core::pipe).map_err(error::plain)?;
    Ok((reader.into_raw_fd(), writer.into_raw_fd()))
}

/// `os.pipe2`
#[pyfunction]
#[pyo3(signature = (flags, /))]
pub(crate) fn pipe2(py: Python<'_>, flags: c_int) -> PyResult<(RawFd, RawFd)> {
    let flags = PipeFlags::from_bits_retain(flags.cast_unsigned());
    let (reader, writer) = call(py, "pipe2", || fs_core::pipe2(flags)).map_err(error::plain)?;
    Ok((reader.into_raw_fd(), writer.into_raw_fd()))
}

/// `os.memfd_create`
#[pyfunction]
#[pyo3(signature = (name, flags=libc::MFD_CLOEXEC))]
pub(crate) fn memfd_create(name: &Bound<'_, PyAny>, flags: u32) -> PyResult<RawFd> {
    let py = name.py();
    let (name, flags) = (name_of(name)?, MfdFlags::from_bits_retain(flags));
    let fd = call(py, "memfd_create", || fs_core::memfd_create(&name, flags)).map_err(error::plain)?;
    Ok(fd.into_raw_fd())
}

/// `os.get_inheritable`
#[pyfunction]
#[pyo3(signature = (fd, /))]
pub(crate) fn get_inheritable(py: Python<'_>, fd: Fd) -> PyResult<bool> {
    let fd = fd.get()?;
    call(py, "get_inheritable", || fs_core::get_inheritable(fd)).map_err(error::plain)
}

/// `os.set_inheritable`
#[pyfunction]
#[pyo3(signature = (fd, inheritable, /))]
pub(crate) fn set_inheritable(py: Python<'_>, fd: Fd, inheritable: c_int) -> PyResult<()> {
    let fd = fd.get()?;
    call(py, "set_inheritable", || fs_core::set_inheritable(fd, inheritable != 0)).map_err(error::plain)
}

/// `os.get_blocking`
#[pyfunction]
#[pyo3(signature = (fd, /))]
pub(crate) fn get_blocking(py: Python<'_>, fd: Fd) -> PyResult<bool> {
    let fd = fd.get()?;
    call(py, "get_blocking", || fs_core::get_blocking(fd)).map_err(error::plain)
}

/// `os.set_blocking`
#[pyfunction]
#[pyo3(signature = (fd, blocking, /))]
pub(crate) fn set_blocking(py: Python<'_>, fd: Fd, blocking: Truth) -> PyResult<()> {
    let fd = fd.get()?;
    call(py, "set_blocking", || fs_core::set_blocking(fd, blocking.0)).map_err(error::plain)
}
