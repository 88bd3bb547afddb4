//! Paths as the functions of `os` take them: text, bytes, an object that has a path, or a descriptor.

use std::ffi::{CStr, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use fs_core::{At, Error, PathArg, Target};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyDeprecationWarning, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error;
use crate::number::{DirFd, Fd};

/// An argument that is a path, or stands for one.
pub(crate) struct Path<'py> {
    /// What an exception shows as `filename`.
    pub(crate) object: Bound<'py, PyAny>,
    form: Form,
}

enum Form {
    Fd(Fd),
    /// The bytes, and whether the answer is bytes too.
    Bytes(Vec<u8>, bool),
}

/// What an argument may be beside a path.
#[derive(Clone, Copy)]
pub(crate) enum Or {
    Nothing,
    Fd,
    /// A descriptor, or `None`: the working directory.
    FdOrNone,
    None,
}

impl Or {
    fn takes(self) -> &'static str {
        match self {
            Or::Nothing => "string, bytes or os.PathLike",
            Or::Fd => "string, bytes, os.PathLike or integer",
            Or::FdOrNone => "string, bytes, os.PathLike, integer or None",
            Or::None => "string, bytes, os.PathLike or None",
        }
    }

    fn fd(self) -> bool {
        matches!(self, Or::Fd | Or::FdOrNone)
    }

    fn none(self) -> bool {
        matches!(self, Or::None | Or::FdOrNone)
    }
}

impl<'py> Path<'py> {
    /// The argument `argument` of the function `function`.
    pub(crate) fn new(function: &str, argument: &str, object: &Bound<'py, PyAny>, or: Or) -> PyResult<Self> {
        if object.is_none() && or.none() {
            return Ok(Path { object: object.clone(), form: Form::Bytes(b".".to_vec(), false) });
        }
        let refusal = || {
            let got = object.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
            format!("{function}: {argument} should be {}, not {got}", or.takes())
        };
        if let Some((bytes, text)) = bytes_of(object)? {
            return Path::from_bytes(function, argument, object.clone(), bytes, !text);
        }
        if or.fd() && object.hasattr("__index__")? {
            return Ok(Path { object: object.clone(), form: Form::Fd(Fd::of_path(object)?) });
        }
        // Until 3.11 CPython takes these too, and says that it will not for ever.
        if object.py().version_info() < (3, 12)
            && let Ok(buffer) = PyBuffer::<u8>::get(object)
        {
            warn(object.py(), &refusal())?;
            let bytes = buffer.to_vec(object.py())?;
            return Path::from_bytes(function, argument, object.clone(), bytes, true);
        }
        let class = object.get_type();
        let fspath = match class.getattr("__fspath__") {
            Ok(fspath) if !fspath.is_none() => fspath,
            _ => return Err(PyTypeError::new_err(refusal())),
        };
        let path = fspath.call1((object,))?;
        match bytes_of(&path)? {
            Some((bytes, text)) => Path::from_bytes(function, argument, path, bytes, !text),
            None => {
                let (class, got) = (class.name()?, path.get_type().name()?);
                let refusal = format!("expected {class}.__fspath__() to return str or bytes, not {got}");
                Err(PyTypeError::new_err(refusal))
            }
        }
    }

    fn from_bytes(
        function: &str,
        argument: &str,
        object: Bound<'py, PyAny>,
        bytes: Vec<u8>,
        answers_bytes: bool,
    ) -> PyResult<Self> {
        if bytes.contains(&0) {
            return Err(PyValueError::new_err(format!("{function}: embedded null character in {argument}")));
        }
        Ok(Path { object, form: Form::Bytes(bytes, answers_bytes) })
    }

    /// The number of the descriptor, if it is one.
    pub(crate) fn fd(&self) -> Option<Fd> {
        match self.form {
            Form::Fd(fd) => Some(fd),
            Form::Bytes(..) => None,
        }
    }

    /// The bytes of the path; of a descriptor none.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.form {
            Form::Fd(_) => b"",
            Form::Bytes(bytes, _) => bytes,
        }
    }

    /// The path, for a call that takes nothing else.
    pub(crate) fn arg(&self) -> PathArg<'_> {
        PathArg::from(self.bytes())
    }

    /// The path below a directory descriptor.
    pub(crate) fn at(&self, dir: DirFd) -> PyResult<At<'_>> {
        let path = self.arg();
        // The kernel does not look at the descriptor before an absolute path.
        let dir = if path.as_bytes().starts_with(b"/") { None } else { dir.get()? };
        Ok(At { dir, path })
    }

    /// The descriptor, or the path below a directory descriptor.
    pub(crate) fn target(&self, dir: DirFd) -> PyResult<Target<'_>> {
        match self.form {
            Form::Fd(fd) => Ok(Target::Fd(fd.get().map_err(|_| self.error(fd_error()))?)),
            Form::Bytes(..) => Ok(Target::Path(self.at(dir)?)),
        }
    }

    /// The exception for an error of a call about this path.
    pub(crate) fn error(&self, error: Error) -> PyErr {
        if self.object.is_none() { error::plain(error) } else { error::about(error, &self.object) }
    }

    /// A name as it is answered to who gave this path: text to text and to a descriptor, bytes to bytes.
    pub(crate) fn answer(&self, name: &OsStr) -> PyResult<Bound<'py, PyAny>> {
        let bytes = matches!(self.form, Form::Bytes(_, true));
        name_object(self.object.py(), name, bytes)
    }

    /// Whether answers are bytes.
    pub(crate) fn answers_bytes(&self) -> bool {
        matches!(self.form, Form::Bytes(_, true))
    }
}

fn fd_error() -> Error {
    Error::Os(fs_core::Errno::BADF)
}

/// A name as bytes or as text.
pub(crate) fn name_object<'py>(py: Python<'py>, name: &OsStr, bytes: bool) -> PyResult<Bound<'py, PyAny>> {
    if bytes { Ok(PyBytes::new(py, name.as_bytes()).into_any()) } else { Ok(name.into_pyobject(py)?.into_any()) }
}

/// A name that was given as text or as bytes, or as what has a path.
pub(crate) fn name_of(object: &Bound<'_, PyAny>) -> PyResult<OsString> {
    let path = object.py().import("os")?.getattr("fspath")?.call1((object,))?;
    match bytes_of(&path)? {
        Some((bytes, _)) => Ok(OsString::from_vec(bytes)),
        None => Err(PyTypeError::new_err("expected str, bytes or os.PathLike object")),
    }
}

/// The bytes of text or bytes, and whether it is text.
fn bytes_of(object: &Bound<'_, PyAny>) -> PyResult<Option<(Vec<u8>, bool)>> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Some((bytes.as_bytes().to_vec(), false)));
    }
    if object.cast::<PyString>().is_ok() {
        return Ok(Some((object.extract::<OsString>()?.into_vec(), true)));
    }
    Ok(None)
}

fn warn(py: Python<'_>, message: &str) -> PyResult<()> {
    let message = std::ffi::CString::new(message)?;
    let message: &CStr = &message;
    PyErr::warn(py, &py.get_type::<PyDeprecationWarning>(), message, 1)
}
