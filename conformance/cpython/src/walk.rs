#![expect(unsafe_code, reason = "a walk borrows its top, and Python's iterator has to own both")]
//! The directories of a tree, one after the other: `walk` and `fwalk`.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, PoisonError};

use fs_core::{At, FWalk, PathArg, PathError, Walk};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::call::call_attached;
use crate::error;
use crate::number::{DirFd, Truth};
use crate::path::{Or, Path, name_object, name_of};

/// `os.walk`
#[pyfunction]
#[pyo3(signature = (top, topdown=Truth(true), onerror=None, followlinks=Truth(false)))]
pub(crate) fn walk(
    top: &Bound<'_, PyAny>,
    topdown: Truth,
    onerror: Option<Py<PyAny>>,
    followlinks: Truth,
) -> PyResult<WalkIterator> {
    let path = Path::new("walk", "top", top, Or::Nothing)?;
    let told = Told::new(onerror, path.answers_bytes());
    let walk = fs_core::walk(path.arg()).topdown(topdown.0).followlinks(followlinks.0).onerror(told.hook()).start();
    Ok(WalkIterator { walk: Some(walk), shown: None, told })
}

/// What `os.walk` gives.
#[pyclass(module = "os", unsendable)]
pub(crate) struct WalkIterator {
    /// `None` once it is over.
    walk: Option<Walk<'static>>,
    shown: Option<Shown>,
    told: Told,
}

#[pymethods]
impl WalkIterator {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let Some(walk) = &mut self.walk else { return Ok(None) };
        if let (Some(shown), Some(step)) = (self.shown.take(), walk.current()) {
            *step.dirnames = shown.dirnames(py)?;
        }
        let Some(step) = call_attached(py, "walk", || walk.next()) else {
            self.walk = None;
            return self.told.raised().map_or(Ok(None), Err);
        };
        let bytes = self.told.bytes;
        let path = name_object(py, step.path.as_os_str(), bytes)?;
        let (shown, dirnames, filenames) = Shown::new(py, step.dirnames, step.filenames, bytes)?;
        self.shown = Some(shown);
        Ok(Some((path, dirnames, filenames).into_pyobject(py)?))
    }

    fn close(&mut self) {
        self.walk = None;
    }
}

/// `os.fwalk`
#[pyfunction]
#[pyo3(signature = (top=None, topdown=Truth(true), onerror=None, *, follow_symlinks=Truth(false), dir_fd=DirFd::CWD))]
pub(crate) fn fwalk<'py>(
    py: Python<'py>,
    top: Option<&Bound<'py, PyAny>>,
    topdown: Truth,
    onerror: Option<Py<PyAny>>,
    follow_symlinks: Truth,
    dir_fd: DirFd,
) -> PyResult<FwalkIterator> {
    let none = py.None().into_bound(py);
    let path = Path::new("fwalk", "top", top.unwrap_or(&none), Or::None)?;
    let told = Told::new(onerror, path.answers_bytes());
    let top = path.bytes().to_vec();
    // SAFETY: the bytes stay where they are, unchanged, until `FwalkIterator` is dropped,
    // which drops the walk before them.
    let lent: &'static [u8] = unsafe { &*std::ptr::from_ref(top.as_slice()) };
    let at = At { dir: dir_fd.get()?, path: PathArg::from(lent) };
    let walk = fs_core::fwalk(at).topdown(topdown.0).follow_symlinks(follow_symlinks.0).onerror(told.hook()).start();
    Ok(FwalkIterator { walk: Some(walk), _top: top, shown: None, told })
}

/// What `os.fwalk` gives.
#[pyclass(module = "os", unsendable)]
pub(crate) struct FwalkIterator {
    /// `None` once it is over. Borrows the bytes of `_top`, and so stands before it.
    walk: Option<FWalk<'static, 'static>>,
    _top: Vec<u8>,
    shown: Option<Shown>,
    told: Told,
}

#[pymethods]
impl FwalkIterator {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let Some(walk) = &mut self.walk else { return Ok(None) };
        if let (Some(shown), Some(step)) = (self.shown.take(), walk.current()) {
            *step.dirnames = shown.dirnames(py)?;
        }
        let bytes = self.told.bytes;
        let step = match call_attached(py, "fwalk", || walk.next()) {
            Some(Ok(step)) => step,
            Some(Err(error)) => {
                let error = with_path(py, &error, bytes);
                self.walk = None;
                return Err(error);
            }
            None => {
                self.walk = None;
                return self.told.raised().map_or(Ok(None), Err);
            }
        };
        let path = name_object(py, step.path.as_os_str(), bytes)?;
        let fd = step.dir.as_raw_fd();
        let (shown, dirnames, filenames) = Shown::new(py, step.dirnames, step.filenames, bytes)?;
        self.shown = Some(shown);
        Ok(Some((path, dirnames, filenames, fd).into_pyobject(py)?))
    }

    fn close(&mut self) {
        self.walk = None;
    }
}

/// The list of names that the program was shown, and may have changed since.
struct Shown(Py<PyList>);

impl Shown {
    fn new<'py>(
        py: Python<'py>,
        dirnames: &[OsString],
        filenames: &[OsString],
        bytes: bool,
    ) -> PyResult<(Self, Bound<'py, PyList>, Bound<'py, PyList>)> {
        let list = |names: &[OsString]| {
            let names: PyResult<Vec<_>> = names.iter().map(|name| name_object(py, name, bytes)).collect();
            PyList::new(py, names?)
        };
        let dirnames = list(dirnames)?;
        Ok((Shown(dirnames.clone().unbind()), dirnames, list(filenames)?))
    }

    fn dirnames(&self, py: Python<'_>) -> PyResult<Vec<OsString>> {
        self.0.bind(py).iter().map(|name| name_of(&name)).collect()
    }
}

/// Who is told of directories that cannot be read, and what that raised.
struct Told {
    onerror: Option<Arc<Py<PyAny>>>,
    raised: Arc<Mutex<Option<PyErr>>>,
    bytes: bool,
}

impl Told {
    fn new(onerror: Option<Py<PyAny>>, bytes: bool) -> Self {
        Told { onerror: onerror.map(Arc::new), raised: Arc::default(), bytes }
    }

    fn hook(&self) -> impl FnMut(PathError) -> ControlFlow<()> + 'static {
        let (onerror, raised, bytes) = (self.onerror.clone(), Arc::clone(&self.raised), self.bytes);
        move |error| {
            let Some(onerror) = &onerror else { return ControlFlow::Continue(()) };
            Python::attach(|py| match onerror.call1(py, (with_path(py, &error, bytes),)) {
                Ok(_) => ControlFlow::Continue(()),
                Err(error) => {
                    *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    ControlFlow::Break(())
                }
            })
        }
    }

    fn raised(&self) -> Option<PyErr> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn with_path(py: Python<'_>, error: &PathError, bytes: bool) -> PyErr {
    match name_object(py, error.path.as_os_str(), bytes) {
        Ok(path) => error::about(error.error, &path),
        Err(error) => error,
    }
}
