//! Status, permissions, owners, times.

use fs_core::{Access, AccessOptions, Error, Follow, Mode, Time, Times};
use pyo3::exceptions::{PyNotImplementedError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyTuple};

use crate::call::call;
use crate::error;
use crate::number::{DirFd, Fd, GroupId, Truth, UserId};
use crate::path::{Or, Path};
use crate::results::{stat_result, statvfs_result};

/// Refuses what CPython refuses of a descriptor in place of a path.
fn check_fd(function: &str, path: &Path<'_>, dir_fd: DirFd, follow: Follow, both: &str) -> PyResult<()> {
    if path.fd().is_none() {
        return Ok(());
    }
    if dir_fd.is_given() {
        return Err(PyValueError::new_err(format!("{function}: can't specify {both}")));
    }
    if follow == Follow::No {
        return Err(PyValueError::new_err(format!("{function}: cannot use fd and follow_symlinks together")));
    }
    Ok(())
}

const WITHOUT_PATH: &str = "dir_fd without matching path";
const BOTH: &str = "both dir_fd and fd";

/// `os.stat`
#[pyfunction]
#[pyo3(signature = (path, *, dir_fd=DirFd::CWD, follow_symlinks=Truth(true)))]
pub(crate) fn stat<'py>(
    path: &Bound<'py, PyAny>,
    dir_fd: DirFd,
    follow_symlinks: Truth,
) -> PyResult<Bound<'py, PyAny>> {
    let py = path.py();
    let path = Path::new("stat", "path", path, Or::Fd)?;
    let follow = follow_symlinks.follow();
    check_fd("stat", &path, dir_fd, follow, WITHOUT_PATH)?;
    let target = path.target(dir_fd)?;
    let stat = call(py, "stat", || fs_core::stat(target, follow)).map_err(|error| path.error(error))?;
    stat_result(py, &stat)
}

/// `os.lstat`
#[pyfunction]
#[pyo3(signature = (path, *, dir_fd=DirFd::CWD))]
pub(crate) fn lstat<'py>(path: &Bound<'py, PyAny>, dir_fd: DirFd) -> PyResult<Bound<'py, PyAny>> {
    let py = path.py();
    let path = Path::new("lstat", "path", path, Or::Nothing)?;
    let at = path.at(dir_fd)?;
    let stat = call(py, "lstat", || fs_core::lstat(at)).map_err(|error| path.error(error))?;
    stat_result(py, &stat)
}

/// `os.fstat`
#[pyfunction]
pub(crate) fn fstat(py: Python<'_>, fd: Fd) -> PyResult<Bound<'_, PyAny>> {
    let fd = fd.get()?;
    let stat = call(py, "fstat", || fs_core::fstat(fd)).map_err(error::plain)?;
    stat_result(py, &stat)
}

/// `os.statvfs`
#[pyfunction]
pub(crate) fn statvfs<'py>(path: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = path.py();
    let path = Path::new("statvfs", "path", path, Or::Fd)?;
    let target = path.target(DirFd::CWD)?;
    let stat = call(py, "statvfs", || fs_core::statvfs(target)).map_err(|error| path.error(error))?;
    statvfs_result(py, &stat)
}

/// `os.fstatvfs`
#[pyfunction]
#[pyo3(signature = (fd, /))]
pub(crate) fn fstatvfs(py: Python<'_>, fd: Fd) -> PyResult<Bound<'_, PyAny>> {
    let fd = fd.get()?;
    let stat = call(py, "fstatvfs", || fs_core::fstatvfs(fd)).map_err(error::plain)?;
    statvfs_result(py, &stat)
}

/// `os.access`
#[pyfunction]
#[pyo3(signature = (path, mode, *, dir_fd=DirFd::CWD, effective_ids=Truth(false), follow_symlinks=Truth(true)))]
pub(crate) fn access(
    path: &Bound<'_, PyAny>,
    mode: i32,
    dir_fd: DirFd,
    effective_ids: Truth,
    follow_symlinks: Truth,
) -> PyResult<bool> {
    let py = path.py();
    let path = Path::new("access", "path", path, Or::Nothing)?;
    let at = path.at(dir_fd)?;
    let mode = Access::from_bits_retain(mode.cast_unsigned());
    let options = AccessOptions { effective_ids: effective_ids.0, follow: follow_symlinks.follow() };
    Ok(call(py, "access", || fs_core::access(at, mode, options)))
}

/// `os.chmod`
#[pyfunction]
#[pyo3(signature = (path, mode, *, dir_fd=DirFd::CWD, follow_symlinks=Truth(true)))]
pub(crate) fn chmod(path: &Bound<'_, PyAny>, mode: i32, dir_fd: DirFd, follow_symlinks: Truth) -> PyResult<()> {
    let py = path.py();
    let path = Path::new("chmod", "path", path, Or::Fd)?;
    let follow = follow_symlinks.follow();
    check_fd("chmod", &path, dir_fd, follow, BOTH)?;
    let (target, mode) = (path.target(dir_fd)?, Mode::from_bits_retain(mode.cast_unsigned()));
    match call(py, "chmod", || fs_core::chmod(target, mode, follow)) {
        // What CPython makes of a link that cannot have a mode.
        Err(Error::Os(fs_core::Errno::OPNOTSUPP)) if follow == Follow::No => Err(if dir_fd.is_given() {
            PyValueError::new_err("chmod: cannot use dir_fd and follow_symlinks together")
        } else {
            PyNotImplementedError::new_err("chmod: follow_symlinks unavailable on this platform")
        }),
        result => result.map_err(|error| path.error(error)),
    }
}

/// `os.fchmod`
#[pyfunction]
pub(crate) fn fchmod(py: Python<'_>, fd: Fd, mode: i32) -> PyResult<()> {
    let (fd, mode) = (fd.get()?, Mode::from_bits_retain(mode.cast_unsigned()));
    call(py, "fchmod", || fs_core::fchmod(fd, mode)).map_err(error::plain)
}

/// `os.chown`
#[pyfunction]
#[pyo3(signature = (path, uid, gid, *, dir_fd=DirFd::CWD, follow_symlinks=Truth(true)))]
pub(crate) fn chown(
    path: &Bound<'_, PyAny>,
    uid: UserId,
    gid: GroupId,
    dir_fd: DirFd,
    follow_symlinks: Truth,
) -> PyResult<()> {
    let py = path.py();
    let path = Path::new("chown", "path", path, Or::Fd)?;
    let follow = follow_symlinks.follow();
    check_fd("chown", &path, dir_fd, follow, BOTH)?;
    let (target, uid, gid) = (path.target(dir_fd)?, uid.get(), gid.get());
    call(py, "chown", || fs_core::chown(target, uid, gid, follow)).map_err(|error| path.error(error))
}

/// `os.lchown`
#[pyfunction]
pub(crate) fn lchown(path: &Bound<'_, PyAny>, uid: UserId, gid: GroupId) -> PyResult<()> {
    let py = path.py();
    let path = Path::new("lchown", "path", path, Or::Nothing)?;
    let (at, uid, gid) = (path.at(DirFd::CWD)?, uid.get(), gid.get());
    call(py, "lchown", || fs_core::lchown(at, uid, gid)).map_err(|error| path.error(error))
}

/// `os.fchown`
#[pyfunction]
pub(crate) fn fchown(py: Python<'_>, fd: Fd, uid: UserId, gid: GroupId) -> PyResult<()> {
    let (fd, uid, gid) = (fd.get()?, uid.get(), gid.get());
    call(py, "fchown", || fs_core::fchown(fd, uid, gid)).map_err(error::plain)
}

/// `os.utime`
#[pyfunction]
#[pyo3(signature = (path, times=None, *, ns=None, dir_fd=DirFd::CWD, follow_symlinks=Truth(true)))]
pub(crate) fn utime(
    path: &Bound<'_, PyAny>,
    times: Option<&Bound<'_, PyAny>>,
    ns: Option<&Bound<'_, PyAny>>,
    dir_fd: DirFd,
    follow_symlinks: Truth,
) -> PyResult<()> {
    let py = path.py();
    let path = Path::new("utime", "path", path, Or::Fd)?;
    let follow = follow_symlinks.follow();
    let times = match (times, ns) {
        (Some(_), Some(_)) => {
            return Err(PyValueError::new_err("utime: you may specify either 'times' or 'ns' but not both"));
        }
        (Some(times), None) => {
            let (atime, mtime) = pair(times, "utime: 'times' must be either a tuple of two ints or None", &seconds)?;
            Times { atime, mtime }
        }
        (None, Some(ns)) => {
            let (atime, mtime) = pair(ns, "utime: 'ns' must be a tuple of two ints", &nanoseconds)?;
            Times { atime, mtime }
        }
        (None, None) => Times::NOW,
    };
    check_fd("utime", &path, dir_fd, follow, WITHOUT_PATH)?;
    let target = path.target(dir_fd)?;
    call(py, "utime", || fs_core::utime(target, times, follow)).map_err(|error| match error {
        Error::Invalid(_) => out_of_range(),
        error => path.error(error),
    })
}

type Convert = dyn Fn(&Bound<'_, PyAny>) -> PyResult<Time>;

fn pair(times: &Bound<'_, PyAny>, refusal: &'static str, convert: &Convert) -> PyResult<(Time, Time)> {
    match times.cast::<PyTuple>() {
        Ok(times) if times.len() == 2 => Ok((convert(&times.get_item(0)?)?, convert(&times.get_item(1)?)?)),
        _ => Err(PyTypeError::new_err(refusal)),
    }
}

fn seconds(time: &Bound<'_, PyAny>) -> PyResult<Time> {
    if let Ok(float) = time.cast::<PyFloat>() {
        let float = float.extract::<f64>()?;
        if float.is_nan() {
            return Err(PyValueError::new_err("Invalid value NaN (not a number)"));
        }
        return Ok(Time::from_secs_f64(float));
    }
    let whole = time.extract::<i64>().map_err(|error| overflow(time, error))?;
    Ok(Time::At { ns: i128::from(whole) * 1_000_000_000 })
}

fn nanoseconds(time: &Bound<'_, PyAny>) -> PyResult<Time> {
    let ns = time.extract::<i128>().map_err(|error| overflow(time, error))?;
    Ok(Time::At { ns })
}

fn overflow(time: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    if error.is_instance_of::<PyOverflowError>(time.py()) { out_of_range() } else { error }
}

fn out_of_range() -> PyErr {
    PyOverflowError::new_err("timestamp out of range for platform time_t")
}
