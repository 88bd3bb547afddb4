#![expect(unsafe_code, reason = "the memory of a buffer is Python's")]
//! Buffers of Python, as slices to read from and to write into.

use std::io::{IoSlice, IoSliceMut};
use std::slice;

use fs_core::{Errno, Error};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PySequence;

use crate::error;

/// An object with contiguous bytes, which stay where they are as long as this lives.
pub(crate) struct Buffer(PyBuffer<u8>);

impl Buffer {
    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.0.len_bytes() == 0 {
            return &[];
        }
        // SAFETY: the buffer is exported and contiguous, so that its memory stays until
        // `self` is dropped. Somebody may write into it meanwhile, as with `os.write`;
        // the bytes only go to system calls.
        unsafe { slice::from_raw_parts(self.0.buf_ptr().cast(), self.0.len_bytes()) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        if self.0.len_bytes() == 0 {
            return &mut [];
        }
        // SAFETY: as above, and the buffer was asked for with the right to write.
        unsafe { slice::from_raw_parts_mut(self.0.buf_ptr().cast(), self.0.len_bytes()) }
    }
}

impl FromPyObject<'_, '_> for Buffer {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let buffer = contiguous(&object)?;
        Ok(Buffer(buffer))
    }
}

fn contiguous(object: &Bound<'_, PyAny>) -> PyResult<PyBuffer<u8>> {
    // SAFETY: only asks, with the interpreter's lock held.
    if unsafe { pyo3::ffi::PyObject_CheckBuffer(object.as_ptr()) } == 0 {
        let class = object.get_type().name()?;
        return Err(PyTypeError::new_err(format!("a bytes-like object is required, not '{class}'")));
    }
    // `array('i')` and the like have other elements: a view of the bytes is asked for.
    let view = pyo3::types::PyMemoryView::from(object)?;
    let bytes = if view.getattr("format")?.eq("B")? { view.into_any() } else { view.call_method1("cast", ("B",))? };
    let buffer = PyBuffer::<u8>::get(&bytes)?;
    if buffer.is_c_contiguous() { Ok(buffer) } else { Err(PyBufferError::new_err("the buffer is not contiguous")) }
}

/// The buffers of `readv` and its kind, or of `writev` and its kind.
pub(crate) struct Buffers(Vec<Buffer>);

impl Buffers {
    /// Buffers that are read from.
    pub(crate) fn to_write(function: &str, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        Buffers::new(function, object, false)
    }

    /// Buffers that are written into.
    pub(crate) fn to_read_into(function: &str, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        Buffers::new(function, object, true)
    }

    fn new(function: &str, object: &Bound<'_, PyAny>, writable: bool) -> PyResult<Self> {
        let Ok(sequence) = object.cast::<PySequence>() else {
            return Err(PyTypeError::new_err(format!("{function}() arg 2 must be a sequence")));
        };
        let mut buffers = Vec::with_capacity(sequence.len()?);
        for item in sequence.try_iter()? {
            let item = item?;
            let buffer = item.extract::<Buffer>()?;
            if writable && buffer.0.readonly() {
                let class = item.get_type().name()?;
                return Err(PyTypeError::new_err(format!("a read-write bytes-like object is required, not '{class}'")));
            }
            buffers.push(buffer);
        }
        Ok(Buffers(buffers))
    }

    /// As the kernel takes them, to be written.
    pub(crate) fn slices(&self) -> Vec<IoSlice<'_>> {
        self.0.iter().map(|buffer| IoSlice::new(buffer.bytes())).collect()
    }

    /// As the kernel takes them, to be read into.
    pub(crate) fn slices_mut(&mut self) -> Vec<IoSliceMut<'_>> {
        self.0.iter_mut().map(|buffer| IoSliceMut::new(buffer.bytes_mut())).collect()
    }
}

/// Room for as many bytes as Python asks for; a negative count is the kernel's `EINVAL`.
pub(crate) fn room(length: isize) -> PyResult<Vec<u8>> {
    let length = usize::try_from(length).map_err(|_| error::plain(Error::Os(Errno::INVAL)))?;
    // The kernel transfers no more with one call; Python cuts there too.
    let length = length.min(0x7fff_f000);
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(length).is_err() {
        return Err(pyo3::exceptions::PyMemoryError::new_err(()));
    }
    bytes.resize(length, 0);
    Ok(bytes)
}
