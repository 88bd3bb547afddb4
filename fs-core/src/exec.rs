//! Becoming another program.
//!
//! Each function returns only if it fails. What has not been written yet is lost, and no
//! destructor runs. Descriptors stay open if they are inheritable; handlers of signals are
//! gone, ignored and blocked signals stay so, which for a program made by Rust includes
//! `SIGPIPE`.
//!
//! The letters are those of C: `l` takes the arguments as a slice, `v` as whatever can be
//! iterated over; with `p` a name without a slash is looked for in `PATH`; with `e` the
//! environment is given.

use crate::program::{Argv, Program};
use crate::{Env, Error, PathArg, Result, Target, Unsupported, audit};

/// Becomes the program `path`, with these arguments and this environment.
///
/// `path` may be a descriptor, or a path below a directory descriptor, which is an
/// extension. A script that is named by a descriptor which is closed on exec fails with
/// `ENOENT`, since its interpreter cannot open it.
///
/// ```no_run
/// use fs_core::{Env, execve};
///
/// let error = execve("/bin/echo", ["echo", "hello"], Env::of([("LANG", "C")]));
/// eprintln!("{}", error.with_path("/bin/echo"));
/// ```
///
/// # Errors
/// - `ENOENT`: there is no such file, or no interpreter of the script that it is.
/// - `EACCES`: it may not be executed, or is no regular file. `ENOEXEC`: its format is
///   unknown; no shell is tried. `ETXTBSY`: it is open for writing.
/// - `E2BIG`: arguments and environment are too long.
/// - [`Error::Invalid`]: there are no arguments, the first one is empty, or a variable has
///   no name or one with `=`.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/exec.html),
/// [Linux](https://man7.org/linux/man-pages/man2/execve.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.execve)
#[doc(alias = "os.execve")]
#[doc(alias = "fexecve")]
#[doc(alias = "execveat")]
pub fn execve<'a, A: Into<PathArg<'a>>>(
    target: impl Into<Target<'a>>,
    args: impl IntoIterator<Item = A>,
    env: Env<'a>,
) -> Error {
    become_program(Argv::new(args), |argv| Program::at(target.into().check()?, argv, &env))
}

/// As [`execve`], with the environment of this process.
///
/// # Errors
/// As [`execve`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/exec.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.execv)
#[doc(alias = "os.execv")]
pub fn execv<'a, A: Into<PathArg<'a>>>(path: impl Into<PathArg<'a>>, args: impl IntoIterator<Item = A>) -> Error {
    execve(path.into(), args, Env::Inherit)
}

/// As [`execve`], with the environment of this process and the arguments in a slice.
///
/// # Errors
/// As [`execve`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/exec.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.execl)
#[doc(alias = "os.execl")]
pub fn execl<'a, A: Copy + Into<PathArg<'a>>>(path: impl Into<PathArg<'a>>, args: &[A]) -> Error {
    execve(path.into(), args.iter().copied(), Env::Inherit)
}

/// As [`execve`], with the arguments in a slice.
///
/// # Errors
/// As [`execve`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/exec.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.execle)
#[doc(alias = "os.execle")]
pub fn execle<'a, A: Copy + Into<PathArg<'a>>>(path: impl Into<PathArg<'a>>, args: &[A], env: Env<'a>) -> Error {
    execve(path.into(), args.iter().copied(), env)
}

/// Becomes the program `file`, which is looked for in the `PATH` of `env` if its name
/// holds no slash.
///
/// An empty item of `PATH` is the working directory; without `PATH` it is
/// `/bin:/usr/bin`. Every directory is tried until one has a program that can be
/// executed. Not the C library's search: a file of unknown format is not given to a
/// shell, and every error lets the search go on.
///
/// # Errors
/// As [`execve`]: the first error that is neither `ENOENT` nor `ENOTDIR`, else the last
/// one.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.execvpe)
#[doc(alias = "os.execvpe")]
pub fn execvpe<'a, A: Into<PathArg<'a>>>(
    file: impl Into<PathArg<'a>>,
    args: impl IntoIterator<Item = A>,
    env: Env<'a>,
) -> Error {
    become_program(Argv::new(args), |argv| Program::searched(file.into().check()?, argv, &env))
}

/// As [`execvpe`], with the environment of this process.
///
/// # Errors
/// As [`execvpe`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.execvp)
#[doc(alias = "os.execvp")]
pub fn execvp<'a, A: Into<PathArg<'a>>>(file: impl Into<PathArg<'a>>, args: impl IntoIterator<Item = A>) -> Error {
    execvpe(file, args, Env::Inherit)
}

/// As [`execvpe`], with the environment of this process and the arguments in a slice.
///
/// # Errors
/// As [`execvpe`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.execlp)
#[doc(alias = "os.execlp")]
pub fn execlp<'a, A: Copy + Into<PathArg<'a>>>(file: impl Into<PathArg<'a>>, args: &[A]) -> Error {
    execvpe(file, args.iter().copied(), Env::Inherit)
}

/// As [`execvpe`], with the arguments in a slice.
///
/// # Errors
/// As [`execvpe`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.execlpe)
#[doc(alias = "os.execlpe")]
pub fn execlpe<'a, A: Copy + Into<PathArg<'a>>>(file: impl Into<PathArg<'a>>, args: &[A], env: Env<'a>) -> Error {
    execvpe(file, args.iter().copied(), env)
}

fn become_program<'a>(argv: Result<Argv<'a>>, program: impl FnOnce(&Argv<'a>) -> Result<Program<'a>>) -> Error {
    match argv.and_then(|argv| program(&argv)) {
        Ok(program) => program.exec(&audit::hooks()),
        Err(error) => error,
    }
}

/// Always [`Error::Unsupported`]: which program opens a file is known on Windows only.
#[doc(alias = "os.startfile")]
pub fn startfile<'a>(_path: impl Into<PathArg<'a>>, _operation: Option<&str>) -> Result<()> {
    Err(Error::Unsupported(Unsupported::Windows))
}

/// Always [`Error::Unsupported`]: the directories of libraries are chosen in another way
/// here, before a program starts.
#[doc(alias = "os.add_dll_directory")]
pub fn add_dll_directory<'a>(_path: impl Into<PathArg<'a>>) -> Result<()> {
    Err(Error::Unsupported(Unsupported::Windows))
}
