//! Reading directories: `listdir`, `scandir`, and the entries that it gives.

use fs_core::{Error, Follow, ScanDir};
use pyo3::exceptions::{PyResourceWarning, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::call::call;
use crate::error;
use crate::number::{DirFd, Truth};
use crate::path::{Or, Path, name_object};
use crate::results::stat_result;

/// `os.listdir`
#[pyfunction]
#[pyo3(signature = (path=None))]
pub(crate) fn listdir<'py>(py: Python<'py>, path: Option<&Bound<'py, PyAny>>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let none = py.None().into_bound(py);
    let path = Path::new("listdir", "path", path.unwrap_or(&none), Or::FdOrNone)?;
    let target = path.target(DirFd::CWD)?;
    let names = call(py, "listdir", || fs_core::listdir(target)).map_err(|error| path.error(error))?;
    names.iter().map(|name| path.answer(name)).collect()
}

/// `os.scandir`
#[pyfunction]
#[pyo3(signature = (path=None))]
pub(crate) fn scandir<'py>(py: Python<'py>, path: Option<&Bound<'py, PyAny>>) -> PyResult<ScandirIterator> {
    let none = py.None().into_bound(py);
    let path = Path::new("scandir", "path", path.unwrap_or(&none), Or::FdOrNone)?;
    let target = path.target(DirFd::CWD)?;
    let entries = call(py, "scandir", || fs_core::scandir(target)).map_err(|error| path.error(error))?;
    Ok(ScandirIterator { entries: Some(entries), bytes: path.answers_bytes() })
}

/// What `os.scandir` gives.
#[pyclass(module = "posix")]
pub(crate) struct ScandirIterator {
    /// `None` once it is closed.
    entries: Option<ScanDir>,
    bytes: bool,
}

#[pymethods]
impl ScandirIterator {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<Option<DirEntry>> {
        let Some(entries) = &mut self.entries else { return Ok(None) };
        match call(py, "ScandirIterator.__next__", || entries.next()) {
            Some(Ok(entry)) => Ok(Some(DirEntry { entry, bytes: self.bytes })),
            end => {
                self.entries = None;
                end.transpose().map_err(error::plain)?;
                Ok(None)
            }
        }
    }

    fn close(&mut self, py: Python<'_>) {
        if let Some(entries) = self.entries.take() {
            call(py, "ScandirIterator.close", || entries.close());
        }
    }

    fn __enter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&mut self, py: Python<'_>, _raised: &Bound<'_, PyAny>) {
        self.close(py);
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err("cannot pickle 'posix.ScandirIterator' object"))
    }
}

impl Drop for ScandirIterator {
    fn drop(&mut self) {
        if self.entries.is_none() {
            return;
        }
        Python::attach(|py| {
            let warning = py.get_type::<PyResourceWarning>();
            if let Err(error) = PyErr::warn(py, &warning, c"unclosed scandir iterator", 1) {
                // Nobody can be told but the hook for what is raised where nothing can be raised.
                error.write_unraisable(py, None);
            }
        });
    }
}

/// `os.DirEntry`
#[pyclass(module = "posix", frozen)]
pub(crate) struct DirEntry {
    entry: fs_core::DirEntry,
    bytes: bool,
}

impl DirEntry {
    fn error(&self, py: Python<'_>, error: Error) -> PyErr {
        match self.path(py) {
            Ok(path) => error::about(error, &path),
            Err(error) => error,
        }
    }
}

#[pymethods]
impl DirEntry {
    #[getter]
    fn name<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        name_object(py, self.entry.name(), self.bytes)
    }

    #[getter]
    fn path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        name_object(py, self.entry.path().as_os_str(), self.bytes)
    }

    fn inode(&self, py: Python<'_>) -> u64 {
        call(py, "DirEntry.inode", || self.entry.inode())
    }

    #[pyo3(signature = (*, follow_symlinks=Truth(true)))]
    fn is_dir(&self, py: Python<'_>, follow_symlinks: Truth) -> PyResult<bool> {
        call(py, "DirEntry.is_dir", || self.entry.is_dir(follow_symlinks.follow()))
            .map_err(|error| self.error(py, error))
    }

    #[pyo3(signature = (*, follow_symlinks=Truth(true)))]
    fn is_file(&self, py: Python<'_>, follow_symlinks: Truth) -> PyResult<bool> {
        call(py, "DirEntry.is_file", || self.entry.is_file(follow_symlinks.follow()))
            .map_err(|error| self.error(py, error))
    }

    fn is_symlink(&self, py: Python<'_>) -> PyResult<bool> {
        call(py, "DirEntry.is_symlink", || self.entry.is_symlink()).map_err(|error| self.error(py, error))
    }

    /// Of Python 3.12; a thing of Windows.
    fn is_junction(&self) -> bool {
        false
    }

    #[pyo3(signature = (*, follow_symlinks=Truth(true)))]
    fn stat<'py>(&self, py: Python<'py>, follow_symlinks: Truth) -> PyResult<Bound<'py, PyAny>> {
        let follow: Follow = follow_symlinks.follow();
        let stat = call(py, "DirEntry.stat", || self.entry.stat(follow)).map_err(|error| self.error(py, error))?;
        stat_result(py, stat)
    }

    fn __fspath__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.path(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<DirEntry {}>", self.name(py)?.repr()?))
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err("cannot pickle 'posix.DirEntry' object"))
    }

    #[classmethod]
    fn __class_getitem__<'py>(class: &Bound<'py, PyType>, item: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        class.py().import("types")?.getattr("GenericAlias")?.call1((class, item))
    }
}
