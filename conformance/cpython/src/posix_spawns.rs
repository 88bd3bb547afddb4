//! Starting a program through the C library: `posix_spawn`; and commands for the shell.

use std::ffi::{OsString, c_int};

use fs_core::{FileAction, Mode, OFlags, RawPid, SpawnOptions, SpawnScheduler};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::call::call;
use crate::error;
use crate::path::{Or, Path, name_of};
use crate::programs::{Args, Environment};
use crate::results::own;

/// What is different in the new process, as Python gives it.
struct Options {
    actions: Vec<Action>,
    setpgroup: Option<RawPid>,
    resetids: bool,
    setsid: bool,
    setsigmask: Option<Vec<c_int>>,
    setsigdef: Option<Vec<c_int>>,
    scheduler: Option<SpawnScheduler>,
}

/// `FileAction`, with a path of its own.
enum Action {
    Open { fd: c_int, path: OsString, flags: OFlags, mode: Mode },
    Close { fd: c_int },
    Dup2 { fd: c_int, new_fd: c_int },
    CloseFrom { fd: c_int },
}

impl Action {
    fn of(action: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = action.py();
        let tuple = match action.cast::<PyTuple>() {
            Ok(tuple) if !tuple.is_empty() => tuple,
            _ => return Err(PyTypeError::new_err("Each file_actions element must be a non-empty tuple")),
        };
        let (kind, count) = (tuple.get_item(0)?.extract::<c_int>()?, tuple.len());
        let is = |name| own(py, name)?.extract::<c_int>().map(|number| number == kind);
        let number = |index: usize| tuple.get_item(index)?.extract::<c_int>();
        if is("POSIX_SPAWN_OPEN")? && count == 5 {
            Ok(Action::Open {
                fd: number(1)?,
                path: name_of(&tuple.get_item(2)?)?,
                flags: OFlags::from_bits_retain(number(3)?.cast_unsigned()),
                mode: Mode::from_bits_retain(tuple.get_item(4)?.extract()?),
            })
        } else if is("POSIX_SPAWN_CLOSE")? && count == 2 {
            Ok(Action::Close { fd: number(1)? })
        } else if is("POSIX_SPAWN_DUP2")? && count == 3 {
            Ok(Action::Dup2 { fd: number(1)?, new_fd: number(2)? })
        } else if is("POSIX_SPAWN_CLOSEFROM").unwrap_or(false) && count == 2 {
            // Of Python 3.13.
            Ok(Action::CloseFrom { fd: number(1)? })
        } else {
            Err(PyTypeError::new_err("Unknown file_actions identifier, or a wrong count of arguments to it"))
        }
    }

    fn get(&self) -> FileAction<'_> {
        match *self {
            Action::Open { fd, ref path, flags, mode } => FileAction::Open { fd, path: path.into(), flags, mode },
            Action::Close { fd } => FileAction::Close { fd },
            Action::Dup2 { fd, new_fd } => FileAction::Dup2 { fd, new_fd },
            Action::CloseFrom { fd } => FileAction::CloseFrom { fd },
        }
    }
}

impl Options {
    fn new(
        file_actions: Option<&Bound<'_, PyAny>>,
        setpgroup: Option<RawPid>,
        resetids: c_int,
        setsid: c_int,
        setsigmask: Option<&Bound<'_, PyAny>>,
        setsigdef: Option<&Bound<'_, PyAny>>,
        scheduler: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let actions = match file_actions {
            None => Vec::new(),
            Some(actions) => actions.try_iter()?.map(|action| Action::of(&action?)).collect::<PyResult<_>>()?,
        };
        let signals = |signals: Option<&Bound<'_, PyAny>>| {
            signals.map(|signals| signals.try_iter()?.map(|signal| signal?.extract()).collect()).transpose()
        };
        Ok(Options {
            actions,
            setpgroup,
            resetids: resetids != 0,
            setsid: setsid != 0,
            setsigmask: signals(setsigmask)?,
            setsigdef: signals(setsigdef)?,
            scheduler: scheduler.map(scheduling).transpose()?,
        })
    }

    fn with<T>(&self, spawn: impl FnOnce(&SpawnOptions<'_>) -> T) -> T {
        let actions: Vec<_> = self.actions.iter().map(Action::get).collect();
        spawn(&SpawnOptions {
            file_actions: &actions,
            setpgroup: self.setpgroup,
            resetids: self.resetids,
            setsid: self.setsid,
            setsigmask: self.setsigmask.as_deref(),
            setsigdef: self.setsigdef.as_deref(),
            scheduler: self.scheduler,
        })
    }
}

/// A policy or `None`, and a `sched_param`.
fn scheduling(scheduler: &Bound<'_, PyAny>) -> PyResult<SpawnScheduler> {
    let Ok((policy, param)) = scheduler.extract::<(Option<c_int>, Bound<'_, PyAny>)>() else {
        return Err(PyTypeError::new_err("A scheduler tuple must have two elements"));
    };
    if !param.is_instance(&own(scheduler.py(), "sched_param")?)? {
        return Err(PyTypeError::new_err("must have a sched_param object"));
    }
    Ok(SpawnScheduler { policy, priority: param.getattr("sched_priority")?.extract()? })
}

fn environment(function: &str, env: &Bound<'_, PyAny>) -> PyResult<Environment> {
    // Since 3.13 it may be left out.
    if env.is_none() && env.py().version_info() < (3, 13) {
        return Err(PyTypeError::new_err(format!("{function}: environment must be a mapping object")));
    }
    Environment::of(function, env)
}

/// `os.posix_spawn`
#[pyfunction]
#[pyo3(signature = (path, argv, env, /, *, file_actions=None, setpgroup=None, resetids=0,
    setsid=0, setsigmask=None, setsigdef=None, scheduler=None))]
#[expect(clippy::too_many_arguments, reason = "those of Python")]
pub(crate) fn posix_spawn(
    path: &Bound<'_, PyAny>,
    argv: &Bound<'_, PyAny>,
    env: &Bound<'_, PyAny>,
    file_actions: Option<&Bound<'_, PyAny>>,
    setpgroup: Option<RawPid>,
    resetids: c_int,
    setsid: c_int,
    setsigmask: Option<&Bound<'_, PyAny>>,
    setsigdef: Option<&Bound<'_, PyAny>>,
    scheduler: Option<&Bound<'_, PyAny>>,
) -> PyResult<RawPid> {
    let path = Path::new("posix_spawn", "path", path, Or::Nothing)?;
    let (args, env) = (Args::of("posix_spawn", argv)?, environment("posix_spawn", env)?);
    let options = Options::new(file_actions, setpgroup, resetids, setsid, setsigmask, setsigdef, scheduler)?;
    let arg = path.arg();
    call(argv.py(), "posix_spawn", || {
        options.with(|options| fs_core::posix_spawn(arg, args.args(), env.get(), options))
    })
    .map(fs_core::Pid::as_raw_pid)
    .map_err(|error| path.error(error))
}

/// `os.posix_spawnp`
#[pyfunction]
#[pyo3(signature = (path, argv, env, /, *, file_actions=None, setpgroup=None, resetids=0,
    setsid=0, setsigmask=None, setsigdef=None, scheduler=None))]
#[expect(clippy::too_many_arguments, reason = "those of Python")]
pub(crate) fn posix_spawnp(
    path: &Bound<'_, PyAny>,
    argv: &Bound<'_, PyAny>,
    env: &Bound<'_, PyAny>,
    file_actions: Option<&Bound<'_, PyAny>>,
    setpgroup: Option<RawPid>,
    resetids: c_int,
    setsid: c_int,
    setsigmask: Option<&Bound<'_, PyAny>>,
    setsigdef: Option<&Bound<'_, PyAny>>,
    scheduler: Option<&Bound<'_, PyAny>>,
) -> PyResult<RawPid> {
    let path = Path::new("posix_spawnp", "path", path, Or::Nothing)?;
    let (args, env) = (Args::of("posix_spawnp", argv)?, environment("posix_spawnp", env)?);
    let options = Options::new(file_actions, setpgroup, resetids, setsid, setsigmask, setsigdef, scheduler)?;
    let arg = path.arg();
    call(argv.py(), "posix_spawnp", || {
        options.with(|options| fs_core::posix_spawnp(arg, args.args(), env.get(), options))
    })
    .map(fs_core::Pid::as_raw_pid)
    .map_err(|error| path.error(error))
}

/// `os.system`
#[pyfunction]
pub(crate) fn system(command: &Bound<'_, PyAny>) -> PyResult<i32> {
    let (py, command) = (command.py(), name_of(command)?);
    Ok(call(py, "system", || fs_core::system(&command)).map_err(error::plain)?.as_raw())
}
