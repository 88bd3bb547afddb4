//! Files that are no regular files: FIFOs, devices, nodes in general.

use fs_core::Mode;
use pyo3::prelude::*;

use crate::call::call;
use crate::number::DirFd;
use crate::path::{Or, Path};

/// `os.mkfifo`
#[pyfunction]
#[pyo3(signature = (path, mode=0o666, *, dir_fd=DirFd::CWD))]
pub(crate) fn mkfifo(path: &Bound<'_, PyAny>, mode: i32, dir_fd: DirFd) -> PyResult<()> {
    let path = Path::new("mkfifo", "path", path, Or::Nothing)?;
    let (at, mode) = (path.at(dir_fd)?, Mode::from_bits_retain(mode.cast_unsigned()));
    call(path.object.py(), "mkfifo", || fs_core::mkfifo(at, mode)).map_err(|error| path.error(error))
}

/// `os.mknod`
#[pyfunction]
#[pyo3(signature = (path, mode=0o600, device=Device(0), *, dir_fd=DirFd::CWD))]
pub(crate) fn mknod(path: &Bound<'_, PyAny>, mode: i32, device: Device, dir_fd: DirFd) -> PyResult<()> {
    let path = Path::new("mknod", "path", path, Or::Nothing)?;
    let at = path.at(dir_fd)?;
    call(path.object.py(), "mknod", || fs_core::mknod(at, mode.cast_unsigned(), device.0))
        .map_err(|error| path.error(error))
}

/// The number of a device. Since 3.13, -1 is that of none.
pub(crate) struct Device(u64);

/// The major or the minor number of a device, and -1 likewise.
pub(crate) struct Part(u32);

impl FromPyObject<'_, '_> for Device {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if is_none(&object) { Ok(Device(u64::MAX)) } else { object.extract().map(Device) }
    }
}

impl FromPyObject<'_, '_> for Part {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if is_none(&object) { Ok(Part(u32::MAX)) } else { object.extract().map(Part) }
    }
}

fn is_none(object: &Bound<'_, PyAny>) -> bool {
    object.py().version_info() >= (3, 13) && object.extract::<i64>().is_ok_and(|number| number == -1)
}

fn part(py: Python<'_>, part: u32) -> i64 {
    if py.version_info() >= (3, 13) && part == u32::MAX { -1 } else { part.into() }
}

/// `os.major`
#[pyfunction]
#[pyo3(signature = (device, /))]
pub(crate) fn major(py: Python<'_>, device: Device) -> i64 {
    part(py, call(py, "major", || fs_core::major(device.0)))
}

/// `os.minor`
#[pyfunction]
#[pyo3(signature = (device, /))]
pub(crate) fn minor(py: Python<'_>, device: Device) -> i64 {
    part(py, call(py, "minor", || fs_core::minor(device.0)))
}

/// `os.makedev`
#[pyfunction]
#[pyo3(signature = (major, minor, /))]
pub(crate) fn makedev(py: Python<'_>, major: Part, minor: Part) -> i128 {
    match call(py, "makedev", || fs_core::makedev(major.0, minor.0)) {
        u64::MAX if py.version_info() >= (3, 13) => -1,
        device => device.into(),
    }
}
