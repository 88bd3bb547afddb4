//! Terminals, and who is logged in.

use std::ffi::c_int;
use std::os::fd::{IntoRawFd, RawFd};

use fs_core::{Errno, Error, Pid, RawPid};
use pyo3::prelude::*;

use crate::call::call;
use crate::error;
use crate::number::Fd;
use crate::path::name_object;
use crate::results::own;

/// `os.isatty`
#[pyfunction]
#[pyo3(signature = (fd, /))]
pub(crate) fn isatty(py: Python<'_>, fd: Fd) -> bool {
    // What is no descriptor is no terminal.
    fd.get().is_ok_and(|fd| call(py, "isatty", || fs_core::isatty(fd)))
}

/// `os.ttyname`
#[pyfunction]
#[pyo3(signature = (fd, /))]
pub(crate) fn ttyname(py: Python<'_>, fd: Fd) -> PyResult<Bound<'_, PyAny>> {
    let fd = fd.get()?;
    let path = call(py, "ttyname", || fs_core::ttyname(fd)).map_err(error::plain)?;
    name_object(py, path.as_os_str(), false)
}

/// `os.ctermid`
#[pyfunction]
pub(crate) fn ctermid(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    name_object(py, call(py, "ctermid", fs_core::ctermid).as_os_str(), false)
}

/// `os.getlogin`
#[pyfunction]
pub(crate) fn getlogin(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    name_object(py, &call(py, "getlogin", fs_core::getlogin).map_err(error::plain)?, false)
}

/// `os.get_terminal_size`
#[pyfunction]
#[pyo3(signature = (fd=None, /))]
pub(crate) fn get_terminal_size(py: Python<'_>, fd: Option<Fd>) -> PyResult<Bound<'_, PyAny>> {
    let fd = fd.unwrap_or(Fd::STDOUT).get()?;
    let size = call(py, "get_terminal_size", || fs_core::get_terminal_size(fd)).map_err(error::plain)?;
    own(py, "terminal_size")?.call1(((size.columns, size.lines),))
}

/// `os.tcgetpgrp`
#[pyfunction]
#[pyo3(signature = (fd, /))]
pub(crate) fn tcgetpgrp(py: Python<'_>, fd: Fd) -> PyResult<RawPid> {
    let fd = fd.get()?;
    let group = call(py, "tcgetpgrp", || fs_core::tcgetpgrp(fd)).map_err(error::plain)?;
    Ok(group.map_or(0, Pid::as_raw_pid))
}

/// `os.tcsetpgrp`
#[pyfunction]
#[pyo3(signature = (fd, pgid, /))]
pub(crate) fn tcsetpgrp(py: Python<'_>, fd: Fd, pgid: c_int) -> PyResult<()> {
    let fd = fd.get()?;
    let Some(group) = (pgid > 0).then(|| Pid::from_raw(pgid)).flatten() else {
        // The kernel looks at the descriptor before the group, of which there is no such one.
        call(py, "tcgetpgrp", || fs_core::tcgetpgrp(fd)).map_err(error::plain)?;
        return Err(error::plain(Error::Os(if pgid < 0 { Errno::INVAL } else { Errno::SRCH })));
    };
    call(py, "tcsetpgrp", || fs_core::tcsetpgrp(fd, group)).map_err(error::plain)
}

/// `os.openpty`
#[pyfunction]
pub(crate) fn openpty(py: Python<'_>) -> PyResult<(RawFd, RawFd)> {
    let (master, slave) = call(py, "openpty", fs_core::openpty).map_err(error::plain)?;
    Ok((master.into_raw_fd(), slave.into_raw_fd()))
}

/// `os.device_encoding`
#[pyfunction]
pub(crate) fn device_encoding(py: Python<'_>, fd: Fd) -> Option<String> {
    let fd = fd.get().ok()?;
    call(py, "device_encoding", || fs_core::device_encoding(fd))
}
