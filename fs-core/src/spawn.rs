//! Starting a program in a new process, as Python's `spawn` functions do: a fork, and an
//! exec in the child.
//!
//! The program and the places where it is looked for are made before the fork, so that the
//! child allocates nothing and takes no lock. What goes wrong in the child is its exit
//! with 127. [`crate::posix_spawn`] tells what it was.
//!
//! The letters are those of [`crate::execve`] and its like.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::fork::fork_between_hooks;
use crate::program::{Argv, Program};
use crate::{Env, PathArg, Pid, Result, Target, WaitOptions, audit, sys, waitpid};

/// Whether [`spawnv`] and its like wait for the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpawnMode {
    /// Waits for its end.
    Wait,
    /// Returns at once. Who calls waits for the end, with [`crate::waitpid`].
    NoWait,
}

/// The exit of a child that could not become the program.
const NOT_STARTED: i32 = 127;

/// Starts the program `path` with these arguments and this environment.
///
/// With [`SpawnMode::NoWait`] the id of the process. With [`SpawnMode::Wait`] the status
/// that it exits with, or the negative number of the signal that has ended it; 127 if the
/// program could not be started, of which a path or a variable that cannot be one is a
/// case too.
///
/// The hooks of [`crate::register_at_fork`] are run. The events are `os.fork` here, and
/// `os.exec` in the child, as CPython has them on Unix; a hook of [`crate::audit`] that
/// takes a lock which another thread may hold blocks the child for ever.
///
/// # Errors
/// - [`crate::Error::Invalid`]: there are no arguments, or the first one is empty.
/// - `EAGAIN`, `ENOMEM`: there can be no new process.
/// - `ECHILD`: `SIGCHLD` is ignored, so that the end of the child is not told.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.spawnve)
#[doc(alias = "os.spawnve")]
pub fn spawnve<'a, A: Into<PathArg<'a>>>(
    mode: SpawnMode,
    path: impl Into<PathArg<'a>>,
    args: impl IntoIterator<Item = A>,
    env: Env<'a>,
) -> Result<i32> {
    let argv = Argv::new(args)?;
    start(mode, Program::at(Target::from(path.into()), &argv, &env))
}

/// As [`spawnve`], with the environment of this process.
///
/// # Errors
/// As [`spawnve`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.spawnv)
#[doc(alias = "os.spawnv")]
pub fn spawnv<'a, A: Into<PathArg<'a>>>(
    mode: SpawnMode,
    path: impl Into<PathArg<'a>>,
    args: impl IntoIterator<Item = A>,
) -> Result<i32> {
    spawnve(mode, path, args, Env::Inherit)
}

/// As [`spawnve`], with the environment of this process and the arguments in a slice.
///
/// # Errors
/// As [`spawnve`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.spawnl)
#[doc(alias = "os.spawnl")]
pub fn spawnl<'a, A>(mode: SpawnMode, path: impl Into<PathArg<'a>>, args: &[A]) -> Result<i32>
where
    A: Copy + Into<PathArg<'a>>,
{
    spawnve(mode, path, args.iter().copied(), Env::Inherit)
}

/// As [`spawnve`], with the arguments in a slice.
///
/// # Errors
/// As [`spawnve`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.spawnle)
#[doc(alias = "os.spawnle")]
pub fn spawnle<'a, A>(mode: SpawnMode, path: impl Into<PathArg<'a>>, args: &[A], env: Env<'a>) -> Result<i32>
where
    A: Copy + Into<PathArg<'a>>,
{
    spawnve(mode, path, args.iter().copied(), env)
}

/// As [`spawnve`], for the program `file`, which is looked for in the `PATH` of `env` as
/// [`crate::execvpe`] does.
///
/// # Errors
/// As [`spawnve`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.spawnvpe)
#[doc(alias = "os.spawnvpe")]
pub fn spawnvpe<'a, A: Into<PathArg<'a>>>(
    mode: SpawnMode,
    file: impl Into<PathArg<'a>>,
    args: impl IntoIterator<Item = A>,
    env: Env<'a>,
) -> Result<i32> {
    let argv = Argv::new(args)?;
    start(mode, Program::searched(file.into(), &argv, &env))
}

/// As [`spawnvpe`], with the environment of this process.
///
/// # Errors
/// As [`spawnve`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.spawnvp)
#[doc(alias = "os.spawnvp")]
pub fn spawnvp<'a, A: Into<PathArg<'a>>>(
    mode: SpawnMode,
    file: impl Into<PathArg<'a>>,
    args: impl IntoIterator<Item = A>,
) -> Result<i32> {
    spawnvpe(mode, file, args, Env::Inherit)
}

/// As [`spawnvpe`], with the environment of this process and the arguments in a slice.
///
/// # Errors
/// As [`spawnve`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.spawnlp)
#[doc(alias = "os.spawnlp")]
pub fn spawnlp<'a, A>(mode: SpawnMode, file: impl Into<PathArg<'a>>, args: &[A]) -> Result<i32>
where
    A: Copy + Into<PathArg<'a>>,
{
    spawnvpe(mode, file, args.iter().copied(), Env::Inherit)
}

/// As [`spawnvpe`], with the arguments in a slice.
///
/// # Errors
/// As [`spawnve`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.spawnlpe)
#[doc(alias = "os.spawnlpe")]
pub fn spawnlpe<'a, A>(mode: SpawnMode, file: impl Into<PathArg<'a>>, args: &[A], env: Env<'a>) -> Result<i32>
where
    A: Copy + Into<PathArg<'a>>,
{
    spawnvpe(mode, file, args.iter().copied(), env)
}

#[expect(unsafe_code, reason = "a fork")]
fn start(mode: SpawnMode, program: Result<Program<'_>>) -> Result<i32> {
    audit::raise("os.fork", || [])?;
    let hooks = audit::hooks();
    // SAFETY: the child runs hooks that were promised to be fit for it, makes system calls
    // with what is ready, and exits.
    let Some(child) = unsafe { fork_between_hooks() }? else {
        if let Ok(program) = &program {
            // What a hook throws must not come out of the call a second time.
            let _ = catch_unwind(AssertUnwindSafe(|| program.exec(&hooks)));
        }
        sys::process::exit(NOT_STARTED);
    };
    match mode {
        SpawnMode::NoWait => Ok(child.as_raw_pid()),
        SpawnMode::Wait => exit_code(child),
    }
}

fn exit_code(child: Pid) -> Result<i32> {
    loop {
        // A child that is traced by this process stops too; it is waited for further.
        if let Some(code) = waitpid(child.as_raw_pid(), WaitOptions::empty())?.1.exit_code() {
            return Ok(code);
        }
    }
}
