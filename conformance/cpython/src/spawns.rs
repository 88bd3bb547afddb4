//! Starting a program in a new process, as Python's `spawn` functions do.

use fs_core::SpawnMode;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::call::call;
use crate::error;
use crate::path::name_of;
use crate::programs::{Args, Environment, split};

/// `P_WAIT`, `P_NOWAIT`, `P_NOWAITO`
#[derive(Clone, Copy)]
pub(crate) struct Mode(SpawnMode);

impl FromPyObject<'_, '_> for Mode {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        // As in `os.py`, what is not the number of the one is the other.
        Ok(Mode(if object.extract::<i64>()? == 0 { SpawnMode::Wait } else { SpawnMode::NoWait }))
    }
}

/// `os.spawnv`
#[pyfunction]
pub(crate) fn spawnv(mode: Mode, file: &Bound<'_, PyAny>, args: &Bound<'_, PyAny>) -> PyResult<i32> {
    let (py, path) = (file.py(), name_of(file)?);
    let args = Args::of("spawnv", args)?;
    call(py, "spawnv", || fs_core::spawnv(mode.0, &path, args.args())).map_err(error::plain)
}

/// `os.spawnve`
#[pyfunction]
pub(crate) fn spawnve(
    mode: Mode,
    file: &Bound<'_, PyAny>,
    args: &Bound<'_, PyAny>,
    env: &Bound<'_, PyAny>,
) -> PyResult<i32> {
    let (py, path) = (file.py(), name_of(file)?);
    let (args, env) = (Args::of("spawnve", args)?, Environment::of("spawnve", env)?);
    call(py, "spawnve", || fs_core::spawnve(mode.0, &path, args.args(), env.get())).map_err(error::plain)
}

/// `os.spawnvp`
#[pyfunction]
pub(crate) fn spawnvp(mode: Mode, file: &Bound<'_, PyAny>, args: &Bound<'_, PyAny>) -> PyResult<i32> {
    let (py, path) = (file.py(), name_of(file)?);
    let args = Args::of("spawnvp", args)?;
    call(py, "spawnvp", || fs_core::spawnvp(mode.0, &path, args.args())).map_err(error::plain)
}

/// `os.spawnvpe`
#[pyfunction]
pub(crate) fn spawnvpe(
    mode: Mode,
    file: &Bound<'_, PyAny>,
    args: &Bound<'_, PyAny>,
    env: &Bound<'_, PyAny>,
) -> PyResult<i32> {
    let (py, path) = (file.py(), name_of(file)?);
    let (args, env) = (Args::of("spawnvpe", args)?, Environment::of("spawnvpe", env)?);
    call(py, "spawnvpe", || fs_core::spawnvpe(mode.0, &path, args.args(), env.get())).map_err(error::plain)
}

/// `os.spawnl`
#[pyfunction]
#[pyo3(signature = (mode, file, *args))]
pub(crate) fn spawnl(mode: Mode, file: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<i32> {
    let (py, path) = (file.py(), name_of(file)?);
    let args = Args::of("spawnl", args)?;
    call(py, "spawnl", || fs_core::spawnl(mode.0, &path, &args.slice())).map_err(error::plain)
}

/// `os.spawnle`
#[pyfunction]
#[pyo3(signature = (mode, file, *args))]
pub(crate) fn spawnle(mode: Mode, file: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<i32> {
    let (py, path) = (file.py(), name_of(file)?);
    let (args, env) = split("spawnle", args)?;
    call(py, "spawnle", || fs_core::spawnle(mode.0, &path, &args.slice(), env.get())).map_err(error::plain)
}

/// `os.spawnlp`
#[pyfunction]
#[pyo3(signature = (mode, file, *args))]
pub(crate) fn spawnlp(mode: Mode, file: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<i32> {
    let (py, path) = (file.py(), name_of(file)?);
    let args = Args::of("spawnlp", args)?;
    call(py, "spawnlp", || fs_core::spawnlp(mode.0, &path, &args.slice())).map_err(error::plain)
}

/// `os.spawnlpe`
#[pyfunction]
#[pyo3(signature = (mode, file, *args))]
pub(crate) fn spawnlpe(mode: Mode, file: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<i32> {
    let (py, path) = (file.py(), name_of(file)?);
    let (args, env) = split("spawnlpe", args)?;
    call(py, "spawnlpe", || fs_core::spawnlpe(mode.0, &path, &args.slice(), env.get())).map_err(error::plain)
}
