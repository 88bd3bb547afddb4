//! Users and groups of the process.

use fs_core::{Errno, Error, Gid};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PySequence;

use crate::call::call;
use crate::error;
use crate::number::{GroupId, UserId};
use crate::path::name_of;

/// `os.getuid`
#[pyfunction]
pub(crate) fn getuid(py: Python<'_>) -> u32 {
    call(py, "getuid", fs_core::getuid).as_raw()
}

/// `os.geteuid`
#[pyfunction]
pub(crate) fn geteuid(py: Python<'_>) -> u32 {
    call(py, "geteuid", fs_core::geteuid).as_raw()
}

/// `os.getgid`
#[pyfunction]
pub(crate) fn getgid(py: Python<'_>) -> u32 {
    call(py, "getgid", fs_core::getgid).as_raw()
}

/// `os.getegid`
#[pyfunction]
pub(crate) fn getegid(py: Python<'_>) -> u32 {
    call(py, "getegid", fs_core::getegid).as_raw()
}

/// `os.getresuid`
#[pyfunction]
pub(crate) fn getresuid(py: Python<'_>) -> (u32, u32, u32) {
    let (real, effective, saved) = call(py, "getresuid", fs_core::getresuid);
    (real.as_raw(), effective.as_raw(), saved.as_raw())
}

/// `os.getresgid`
#[pyfunction]
pub(crate) fn getresgid(py: Python<'_>) -> (u32, u32, u32) {
    let (real, effective, saved) = call(py, "getresgid", fs_core::getresgid);
    (real.as_raw(), effective.as_raw(), saved.as_raw())
}

/// `os.setuid`
#[pyfunction]
#[pyo3(signature = (uid, /))]
pub(crate) fn setuid(py: Python<'_>, uid: UserId) -> PyResult<()> {
    let uid = uid.get().ok_or_else(invalid)?;
    call(py, "setuid", || fs_core::setuid(uid)).map_err(error::plain)
}

/// `os.seteuid`
#[pyfunction]
#[pyo3(signature = (euid, /))]
pub(crate) fn seteuid(py: Python<'_>, euid: UserId) -> PyResult<()> {
    let euid = euid.get().ok_or_else(invalid)?;
    call(py, "seteuid", || fs_core::seteuid(euid)).map_err(error::plain)
}

/// `os.setgid`
#[pyfunction]
#[pyo3(signature = (gid, /))]
pub(crate) fn setgid(py: Python<'_>, gid: GroupId) -> PyResult<()> {
    let gid = gid.get().ok_or_else(invalid)?;
    call(py, "setgid", || fs_core::setgid(gid)).map_err(error::plain)
}

/// `os.setegid`
#[pyfunction]
#[pyo3(signature = (egid, /))]
pub(crate) fn setegid(py: Python<'_>, egid: GroupId) -> PyResult<()> {
    let egid = egid.get().ok_or_else(invalid)?;
    call(py, "setegid", || fs_core::setegid(egid)).map_err(error::plain)
}

/// `os.setreuid`
#[pyfunction]
#[pyo3(signature = (ruid, euid, /))]
pub(crate) fn setreuid(py: Python<'_>, ruid: UserId, euid: UserId) -> PyResult<()> {
    call(py, "setreuid", || fs_core::setreuid(ruid.get(), euid.get())).map_err(error::plain)
}

/// `os.setresuid`
#[pyfunction]
#[pyo3(signature = (ruid, euid, suid, /))]
pub(crate) fn setresuid(py: Python<'_>, ruid: UserId, euid: UserId, suid: UserId) -> PyResult<()> {
    call(py, "setresuid", || fs_core::setresuid(ruid.get(), euid.get(), suid.get())).map_err(error::plain)
}

/// `os.setregid`
#[pyfunction]
#[pyo3(signature = (rgid, egid, /))]
pub(crate) fn setregid(py: Python<'_>, rgid: GroupId, egid: GroupId) -> PyResult<()> {
    call(py, "setregid", || fs_core::setregid(rgid.get(), egid.get())).map_err(error::plain)
}

/// `os.setresgid`
#[pyfunction]
#[pyo3(signature = (rgid, egid, sgid, /))]
pub(crate) fn setresgid(py: Python<'_>, rgid: GroupId, egid: GroupId, sgid: GroupId) -> PyResult<()> {
    call(py, "setresgid", || fs_core::setresgid(rgid.get(), egid.get(), sgid.get())).map_err(error::plain)
}

/// What the kernel says of the id -1 where one is needed.
fn invalid() -> PyErr {
    error::plain(Error::Os(Errno::INVAL))
}

/// `os.getgroups`
#[pyfunction]
pub(crate) fn getgroups(py: Python<'_>) -> PyResult<Vec<u32>> {
    Ok(numbers(call(py, "getgroups", fs_core::getgroups).map_err(error::plain)?))
}

/// `os.setgroups`
#[pyfunction]
#[pyo3(signature = (groups, /))]
pub(crate) fn setgroups(groups: &Bound<'_, PyAny>) -> PyResult<()> {
    let Ok(sequence) = groups.cast::<PySequence>() else {
        return Err(PyTypeError::new_err("setgroups argument must be a sequence"));
    };
    if sequence.len()? > 65536 {
        return Err(PyValueError::new_err("too many groups"));
    }
    let ids: Vec<Gid> = sequence
        .try_iter()?
        .map(|group| group?.extract::<GroupId>()?.get().ok_or_else(invalid))
        .collect::<PyResult<_>>()?;
    call(groups.py(), "setgroups", || fs_core::setgroups(&ids)).map_err(error::plain)
}

/// `os.initgroups`
#[pyfunction]
#[pyo3(signature = (username, gid, /))]
pub(crate) fn initgroups(username: &Bound<'_, PyAny>, gid: GroupId) -> PyResult<()> {
    let (user, gid) = (name_of(username)?, gid.get().ok_or_else(invalid)?);
    call(username.py(), "initgroups", || fs_core::initgroups(&user, gid)).map_err(error::plain)
}

/// `os.getgrouplist`
#[pyfunction]
#[pyo3(signature = (user, group, /))]
pub(crate) fn getgrouplist(user: &Bound<'_, PyAny>, group: GroupId) -> PyResult<Vec<u32>> {
    let (name, group) = (name_of(user)?, group.get().ok_or_else(invalid)?);
    let groups = call(user.py(), "getgrouplist", || fs_core::getgrouplist(&name, group)).map_err(error::plain)?;
    Ok(numbers(groups))
}

fn numbers(groups: Vec<Gid>) -> Vec<u32> {
    groups.into_iter().map(Gid::as_raw).collect()
}
