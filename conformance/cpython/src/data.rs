//! Bytes of open files: reading, writing, positions, copies inside the kernel.

use std::ffi::c_int;

use fs_core::{Errno, Error, RwFlags, Whence};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::buffer::{Buffer, Buffers, room};
use crate::call::call;
use crate::error;
use crate::number::Fd;

/// `os.read`
#[pyfunction]
#[pyo3(signature = (fd, length, /))]
pub(crate) fn read(py: Python<'_>, fd: Fd, length: isize) -> PyResult<Bound<'_, PyBytes>> {
    let mut bytes = room(length)?;
    let fd = fd.get()?;
    let count = call(py, "read", || fs_core::read(fd, &mut bytes)).map_err(error::plain)?;
    Ok(PyBytes::new(py, &bytes[..count]))
}

/// `os.write`
#[pyfunction]
#[pyo3(signature = (fd, data, /))]
pub(crate) fn write(py: Python<'_>, fd: Fd, data: Buffer) -> PyResult<usize> {
    let (fd, bytes) = (fd.get()?, data.bytes());
    call(py, "write", || fs_core::write(fd, bytes)).map_err(error::plain)
}

/// `os.pread`
#[pyfunction]
#[pyo3(signature = (fd, length, offset, /))]
pub(crate) fn pread(py: Python<'_>, fd: Fd, length: isize, offset: i64) -> PyResult<Bound<'_, PyBytes>> {
    let mut bytes = room(length)?;
    let fd = fd.get()?;
    let count = call(py, "pread", || fs_core::pread(fd, &mut bytes, offset.cast_unsigned())).map_err(error::plain)?;
    Ok(PyBytes::new(py, &bytes[..count]))
}

/// `os.pwrite`
#[pyfunction]
#[pyo3(signature = (fd, buffer, offset, /))]
pub(crate) fn pwrite(py: Python<'_>, fd: Fd, buffer: Buffer, offset: i64) -> PyResult<usize> {
    let (fd, bytes) = (fd.get()?, buffer.bytes());
    call(py, "pwrite", || fs_core::pwrite(fd, bytes, offset.cast_unsigned())).map_err(error::plain)
}

/// `os.readv`
#[pyfunction]
#[pyo3(signature = (fd, buffers, /))]
pub(crate) fn readv(py: Python<'_>, fd: Fd, buffers: &Bound<'_, PyAny>) -> PyResult<usize> {
    let mut buffers = Buffers::to_read_into("readv", buffers)?;
    let (fd, mut slices) = (fd.get()?, buffers.slices_mut());
    call(py, "readv", || fs_core::readv(fd, &mut slices)).map_err(error::plain)
}

/// `os.writev`
#[pyfunction]
#[pyo3(signature = (fd, buffers, /))]
pub(crate) fn writev(py: Python<'_>, fd: Fd, buffers: &Bound<'_, PyAny>) -> PyResult<usize> {
    let buffers = Buffers::to_write("writev", buffers)?;
    let (fd, slices) = (fd.get()?, buffers.slices());
    call(py, "writev", || fs_core::writev(fd, &slices)).map_err(error::plain)
}

/// `os.preadv`
#[pyfunction]
#[pyo3(signature = (fd, buffers, offset, flags=0, /))]
pub(crate) fn preadv(py: Python<'_>, fd: Fd, buffers: &Bound<'_, PyAny>, offset: i64, flags: c_int) -> PyResult<usize> {
    let mut buffers = Buffers::to_read_into("preadv", buffers)?;
    let (fd, mut slices) = (fd.get()?, buffers.slices_mut());
    let flags = RwFlags::from_bits_retain(flags.cast_unsigned());
    call(py, "preadv", || fs_core::preadv(fd, &mut slices, offset.cast_unsigned(), flags)).map_err(error::plain)
}

/// `os.pwritev`
#[pyfunction]
#[pyo3(signature = (fd, buffers, offset, flags=0, /))]
pub(crate) fn pwritev(
    py: Python<'_>,
    fd: Fd,
    buffers: &Bound<'_, PyAny>,
    offset: i64,
    flags: c_int,
) -> PyResult<usize> {
    let buffers = Buffers::to_write("pwritev", buffers)?;
    let (fd, slices) = (fd.get()?, buffers.slices());
    let flags = RwFlags::from_bits_retain(flags.cast_unsigned());
    call(py, "pwritev", || fs_core::pwritev(fd, &slices, offset.cast_unsigned(), flags)).map_err(error::plain)
}

/// `os.lseek`
#[pyfunction]
#[pyo3(signature = (fd, position, whence, /))]
pub(crate) fn lseek(py: Python<'_>, fd: Fd, position: i64, whence: c_int) -> PyResult<u64> {
    let whence = match whence {
        fs_core::SEEK_SET => Whence::Set,
        fs_core::SEEK_CUR => Whence::Cur,
        fs_core::SEEK_END => Whence::End,
        fs_core::SEEK_DATA => Whence::Data,
        fs_core::SEEK_HOLE => Whence::Hole,
        _ => return Err(error::plain(Error::Os(Errno::INVAL))),
    };
    let fd = fd.get()?;
    call(py, "lseek", || fs_core::lseek(fd, position, whence)).map_err(error::plain)
}

/// `os.copy_file_range`
#[pyfunction]
#[pyo3(signature = (src, dst, count, offset_src=None, offset_dst=None))]
pub(crate) fn copy_file_range(
    py: Python<'_>,
    src: Fd,
    dst: Fd,
    count: isize,
    offset_src: Option<i64>,
    offset_dst: Option<i64>,
) -> PyResult<usize> {
    let Ok(count) = usize::try_from(count) else {
        return Err(PyValueError::new_err("negative value for 'count' not allowed"));
    };
    let (src, dst) = (src.get()?, dst.get()?);
    let mut from = offset_src.map(i64::cast_unsigned);
    let mut to = offset_dst.map(i64::cast_unsigned);
    call(py, "copy_file_range", || fs_core::copy_file_range(src, dst, count, from.as_mut(), to.as_mut()))
        .map_err(error::plain)
}

/// `os.sendfile`
#[pyfunction]
pub(crate) fn sendfile(
    py: Python<'_>,
    out_fd: Fd,
    in_fd: Fd,
    offset: &Bound<'_, PyAny>,
    count: isize,
) -> PyResult<usize> {
    let mut offset = if offset.is_none() { None } else { Some(offset.extract::<i64>()?.cast_unsigned()) };
    let Ok(count) = usize::try_from(count) else {
        return Err(error::plain(Error::Os(Errno::INVAL)));
    };
    let (out_fd, in_fd) = (out_fd.get()?, in_fd.get()?);
    call(py, "sendfile", || fs_core::sendfile(out_fd, in_fd, offset.as_mut(), count)).map_err(error::plain)
}
