//! Calls that make, move and remove names.

use fs_core::Mode;
use pyo3::prelude::*;

use crate::call::call;
use crate::error;
use crate::number::{DirFd, Truth};
use crate::path::{Or, Path};

/// `os.rename`
#[pyfunction]
#[pyo3(signature = (src, dst, *, src_dir_fd=DirFd::CWD, dst_dir_fd=DirFd::CWD))]
pub(crate) fn rename(
    src: &Bound<'_, PyAny>,
    dst: &Bound<'_, PyAny>,
    src_dir_fd: DirFd,
    dst_dir_fd: DirFd,
) -> PyResult<()> {
    let src = Path::new("rename", "src", src, Or::Nothing)?;
    let dst = Path::new("rename", "dst", dst, Or::Nothing)?;
    let (from, to) = (src.at(src_dir_fd)?, dst.at(dst_dir_fd)?);
    call(src.object.py(), "rename", || fs_core::rename(from, to))
        .map_err(|error| error::about_two(error, &src.object, &dst.object))
}

/// `os.replace`
#[pyfunction]
#[pyo3(signature = (src, dst, *, src_dir_fd=DirFd::CWD, dst_dir_fd=DirFd::CWD))]
pub(crate) fn replace(
    src: &Bound<'_, PyAny>,
    dst: &Bound<'_, PyAny>,
    src_dir_fd: DirFd,
    dst_dir_fd: DirFd,
) -> PyResult<()> {
    let src = Path::new("replace", "src", src, Or::Nothing)?;
    let dst = Path::new("replace", "dst", dst, Or::Nothing)?;
    let (from, to) = (src.at(src_dir_fd)?, dst.at(dst_dir_fd)?);
    call(src.object.py(), "replace", || fs_core::replace(from, to))
        .map_err(|error| error::about_two(error, &src.object, &dst.object))
}

/// `os.link`
#[pyfunction]
#[pyo3(signature = (src, dst, *, src_dir_fd=DirFd::CWD, dst_dir_fd=DirFd::CWD, follow_symlinks=Truth(true)))]
pub(crate) fn link(
    src: &Bound<'_, PyAny>,
    dst: &Bound<'_, PyAny>,
    src_dir_fd: DirFd,
    dst_dir_fd: DirFd,
    follow_symlinks: Truth,
) -> PyResult<()> {
    let src = Path::new("link", "src", src, Or::Nothing)?;
    let dst = Path::new("link", "dst", dst, Or::Nothing)?;
    let (from, to) = (src.at(src_dir_fd)?, dst.at(dst_dir_fd)?);
    call(src.object.py(), "link", || fs_core::link(from, to, follow_symlinks.follow()))
        .map_err(|error| error::about_two(error, &src.object, &dst.object))
}

/// `os.symlink`
#[pyfunction]
#[pyo3(signature = (src, dst, target_is_directory=Truth(false), *, dir_fd=DirFd::CWD))]
pub(crate) fn symlink(
    src: &Bound<'_, PyAny>,
    dst: &Bound<'_, PyAny>,
    target_is_directory: Truth,
    dir_fd: DirFd,
) -> PyResult<()> {
    // For Windows, where the two are not alike.
    let Truth(_) = target_is_directory;
    let src = Path::new("symlink", "src", src, Or::Nothing)?;
    let dst = Path::new("symlink", "dst", dst, Or::Nothing)?;
    let (text, at) = (src.arg(), dst.at(dir_fd)?);
    call(src.object.py(), "symlink", || fs_core::symlink(text, at))
        .map_err(|error| error::about_two(error, &src.object, &dst.object))
}

/// `os.readlink`
#[pyfunction]
#[pyo3(signature = (path, *, dir_fd=DirFd::CWD))]
pub(crate) fn readlink<'py>(path: &Bound<'py, PyAny>, dir_fd: DirFd) -> PyResult<Bound<'py, PyAny>> {
    let path = Path::new("readlink", "path", path, Or::Nothing)?;
    let at = path.at(dir_fd)?;
    let text = call(path.object.py(), "readlink", || fs_core::readlink(at)).map_err(|error| path.error(error))?;
    path.answer(text.as_os_str())
}

/// `os.unlink`
#[pyfunction]
#[pyo3(signature = (path, *, dir_fd=DirFd::CWD))]
pub(crate) fn unlink(path: &Bound<'_, PyAny>, dir_fd: DirFd) -> PyResult<()> {
    let path = Path::new("unlink", "path", path, Or::Nothing)?;
    let at = path.at(dir_fd)?;
    call(path.object.py(), "unlink", || fs_core::unlink(at)).map_err(|error| path.error(error))
}

/// `os.remove`
#[pyfunction]
#[pyo3(signature = (path, *, dir_fd=DirFd::CWD))]
pub(crate) fn remove(path: &Bound<'_, PyAny>, dir_fd: DirFd) -> PyResult<()> {
    let path = Path::new("remove", "path", path, Or::Nothing)?;
    let at = path.at(dir_fd)?;
    call(path.object.py(), "remove", || fs_core::remove(at)).map_err(|error| path.error(error))
}

/// `os.mkdir`
#[pyfunction]
#[pyo3(signature = (path, mode=0o777, *, dir_fd=DirFd::CWD))]
pub(crate) fn mkdir(path: &Bound<'_, PyAny>, mode: i32, dir_fd: DirFd) -> PyResult<()> {
    let path = Path::new("mkdir", "path", path, Or::Nothing)?;
    let (at, mode) = (path.at(dir_fd)?, Mode::from_bits_retain(mode.cast_unsigned()));
    call(path.object.py(), "mkdir", || fs_core::mkdir(at, mode)).map_err(|error| path.error(error))
}

/// `os.rmdir`
#[pyfunction]
#[pyo3(signature = (path, *, dir_fd=DirFd::CWD))]
pub(crate) fn rmdir(path: &Bound<'_, PyAny>, dir_fd: DirFd) -> PyResult<()> {
    let path = Path::new("rmdir", "path", path, Or::Nothing)?;
    let at = path.at(dir_fd)?;
    call(path.object.py(), "rmdir", || fs_core::rmdir(at)).map_err(|error| path.error(error))
}
