//! Arguments and environments of programs, as Python gives them.

use std::ffi::OsString;

use fs_core::{Env, PathArg};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyMapping, PyTuple};

use crate::path::name_of;

/// The arguments of a program.
pub(crate) struct Args(Vec<OsString>);

impl Args {
    /// A list or a tuple, as the functions with a `v` take them.
    pub(crate) fn of(function: &str, args: &Bound<'_, PyAny>) -> PyResult<Self> {
        if !args.is_instance_of::<PyList>() && !args.is_instance_of::<PyTuple>() {
            return Err(PyTypeError::new_err(format!("{function}: argv must be a tuple or list")));
        }
        Ok(Args(args.try_iter()?.map(|arg| name_of(&arg?)).collect::<PyResult<_>>()?))
    }

    /// One after the other.
    pub(crate) fn args(&self) -> impl Iterator<Item = PathArg<'_>> {
        self.0.iter().map(PathArg::from)
    }

    /// As a slice.
    pub(crate) fn slice(&self) -> Vec<PathArg<'_>> {
        self.args().collect()
    }
}

/// The environment of a program: a mapping, or `None` for that of this process.
pub(crate) struct Environment(Option<Vec<(OsString, OsString)>>);

impl Environment {
    /// That of this process.
    pub(crate) const INHERITED: Environment = Environment(None);

    /// A mapping.
    pub(crate) fn of(function: &str, env: &Bound<'_, PyAny>) -> PyResult<Self> {
        if env.is_none() {
            return Ok(Environment::INHERITED);
        }
        let Ok(mapping) = env.cast::<PyMapping>() else {
            return Err(PyTypeError::new_err(format!("{function}: environment must be a mapping object")));
        };
        let item = |item: Bound<'_, PyAny>| {
            let (name, value) = item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
            Ok((name_of(&name)?, name_of(&value)?))
        };
        Ok(Environment(Some(mapping.items()?.iter().map(item).collect::<PyResult<_>>()?)))
    }

    pub(crate) fn get(&self) -> Env<'_> {
        match &self.0 {
            None => Env::Inherit,
            Some(variables) => Env::of(variables.iter().map(|(name, value)| (name, value))),
        }
    }
}

/// The arguments after the program of a function with an `l`, of which the last is the
/// environment where there is an `e`.
pub(crate) fn split(function: &str, args: &Bound<'_, PyTuple>) -> PyResult<(Args, Environment)> {
    let Some(last) = args.len().checked_sub(1) else {
        return Err(PyTypeError::new_err(format!("{function}: the environment is missing")));
    };
    let env = Environment::of(function, &args.get_item(last)?)?;
    Ok((Args::of(function, &args.get_slice(0, last))?, env))
}
