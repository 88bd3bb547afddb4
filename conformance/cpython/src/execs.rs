//! Becoming another program.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::call::call_attached;
use crate::number::DirFd;
use crate::path::{Or, Path};
use crate::programs::{Args, Environment, split};

/// `os.execve`
#[pyfunction]
pub(crate) fn execve(path: &Bound<'_, PyAny>, argv: &Bound<'_, PyAny>, env: &Bound<'_, PyAny>) -> PyResult<()> {
    let path = Path::new("execve", "path", path, Or::Fd)?;
    let args = Args::of("execve", argv)?;
    if env.is_none() {
        return Err(PyTypeError::new_err("execve: environment must be a mapping object"));
    }
    let env = Environment::of("execve", env)?;
    let target = path.target(DirFd::CWD)?;
    Err(path.error(call_attached(argv.py(), "execve", || fs_core::execve(target, args.args(), env.get()))))
}

/// `os.execv`
#[pyfunction]
#[pyo3(signature = (path, argv, /))]
pub(crate) fn execv(path: &Bound<'_, PyAny>, argv: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = path.py();
    let path = Path::new("execv", "path", path, Or::Nothing)?;
    let args = Args::of("execv", argv)?;
    Err(path.error(call_attached(py, "execv", || fs_core::execv(path.arg(), args.args()))))
}

/// `os.execvp`
#[pyfunction]
pub(crate) fn execvp(file: &Bound<'_, PyAny>, args: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = file.py();
    let path = Path::new("execvp", "file", file, Or::Nothing)?;
    let args = Args::of("execvp", args)?;
    Err(path.error(call_attached(py, "execvp", || fs_core::execvp(path.arg(), args.args()))))
}

/// `os.execvpe`
#[pyfunction]
pub(crate) fn execvpe(file: &Bound<'_, PyAny>, args: &Bound<'_, PyAny>, env: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = file.py();
    let path = Path::new("execvpe", "file", file, Or::Nothing)?;
    let (args, env) = (Args::of("execvpe", args)?, Environment::of("execvpe", env)?);
    Err(path.error(call_attached(py, "execvpe", || fs_core::execvpe(path.arg(), args.args(), env.get()))))
}

/// `os.execl`
#[pyfunction]
#[pyo3(signature = (file, *args))]
pub(crate) fn execl(file: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
    let py = file.py();
    let path = Path::new("execl", "file", file, Or::Nothing)?;
    let args = Args::of("execl", args)?;
    Err(path.error(call_attached(py, "execl", || fs_core::execl(path.arg(), &args.slice()))))
}

/// `os.execlp`
#[pyfunction]
#[pyo3(signature = (file, *args))]
pub(crate) fn execlp(file: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
    let py = file.py();
    let path = Path::new("execlp", "file", file, Or::Nothing)?;
    let args = Args::of("execlp", args)?;
    Err(path.error(call_attached(py, "execlp", || fs_core::execlp(path.arg(), &args.slice()))))
}

/// `os.execle`
#[pyfunction]
#[pyo3(signature = (file, *args))]
pub(crate) fn execle(file: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
    let py = file.py();
    let path = Path::new("execle", "file", file, Or::Nothing)?;
    let (args, env) = split("execle", args)?;
    Err(path.error(call_attached(py, "execle", || fs_core::execle(path.arg(), &args.slice(), env.get()))))
}

/// `os.execlpe`
#[pyfunction]
#[pyo3(signature = (file, *args))]
pub(crate) fn execlpe(file: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
    let py = file.py();
    let path = Path::new("execlpe", "file", file, Or::Nothing)?;
    let (args, env) = split("execlpe", args)?;
    Err(path.error(call_attached(py, "execlpe", || fs_core::execlpe(path.arg(), &args.slice(), env.get()))))
}
