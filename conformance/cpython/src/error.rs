//! Errors of `fs-core` as the exceptions of Python.

use fs_core::Error;
use pyo3::exceptions::{PyNotImplementedError, PyOSError, PyPermissionError, PyValueError};
use pyo3::prelude::*;

/// The exception for a call that names no file.
pub(crate) fn plain(error: Error) -> PyErr {
    match error {
        Error::Os(errno) => PyOSError::new_err((errno.raw_os_error(), words(error))),
        _ => without_errno(error),
    }
}

/// The exception for a call about `path`, which is a string, bytes, or the number of a descriptor.
pub(crate) fn about(error: Error, path: &Bound<'_, PyAny>) -> PyErr {
    match error {
        Error::Os(errno) => PyOSError::new_err((errno.raw_os_error(), words(error), path.clone().unbind())),
        _ => without_errno(error),
    }
}

/// The exception for a call about two paths.
pub(crate) fn about_two(error: Error, src: &Bound<'_, PyAny>, dst: &Bound<'_, PyAny>) -> PyErr {
    match error {
        Error::Os(errno) => {
            let (src, dst) = (src.clone().unbind(), dst.clone().unbind());
            // The fourth argument is for Windows.
            PyOSError::new_err((errno.raw_os_error(), words(error), src, None::<i32>, dst))
        }
        _ => without_errno(error),
    }
}

fn without_errno(error: Error) -> PyErr {
    match error {
        Error::EmbeddedNul => PyValueError::new_err("embedded null byte"),
        Error::Refused => PyPermissionError::new_err(error.to_string()),
        Error::Unsupported(_) => PyNotImplementedError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}

/// The C library's words, which `fs-core` follows with the name of the errno.
fn words(error: Error) -> String {
    let message = error.to_string();
    match message.rfind(" (") {
        Some(end) => message[..end].to_owned(),
        None => message,
    }
}
