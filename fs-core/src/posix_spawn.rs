//! Starting a program through the C library: `posix_spawn`, and what it can do in the new
//! process before the program runs.
//!
//! Unlike [`crate::spawnv`] it copies no memory, runs no hooks of forks, and tells why a
//! program could not be started.

use std::ffi::c_int;
use std::os::fd::RawFd;

use crate::audit;
use crate::program::{Argv, Strings, c_string};
use crate::sys::posix_spawn::{Attributes, FileActions, Search};
use crate::{Env, Error, Mode, OFlags, PathArg, Pid, RawPid, Result, sys};

/// Something that is done with the descriptors of the new process; in order.
///
/// The numbers are those of the new process. It has the descriptors of this one, and
/// keeps those that are inheritable or that an action has made.
#[derive(Clone, Copy, Debug)]
pub enum FileAction<'a> {
    /// Opens a path onto a number, closing what was there. It stays open in the program:
    /// `CLOEXEC` is not added. If it is among the flags, it counts only where the number
    /// is the lowest that is free.
    Open {
        /// The number.
        fd: RawFd,
        /// The path.
        path: PathArg<'a>,
        /// How it is opened.
        flags: OFlags,
        /// The permissions of a file that is made.
        mode: Mode,
    },
    /// Closes a descriptor; nothing if it is closed.
    Close {
        /// The descriptor.
        fd: RawFd,
    },
    /// Copies a descriptor to a number, closing what was there. Onto its own number it
    /// becomes inheritable.
    Dup2 {
        /// The descriptor.
        fd: RawFd,
        /// The number.
        new_fd: RawFd,
    },
    /// Closes all descriptors from a number on. Python's `POSIX_SPAWN_CLOSEFROM`, new in 3.13;
    /// an error where the C library has no such action (the GNU one has since 2.34).
    CloseFrom {
        /// The lowest that is closed.
        fd: RawFd,
    },
}

/// How the new process is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpawnScheduler {
    /// One of the policies of POSIX, `SCHED_OTHER`, `SCHED_FIFO` and `SCHED_RR`: the C
    /// library refuses others. That of this process if `None`.
    pub policy: Option<c_int>,
    /// The priority, which the policy must know.
    pub priority: c_int,
}

/// What is different in the new process; nothing by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpawnOptions<'a> {
    /// What is done with its descriptors, after everything else.
    pub file_actions: &'a [FileAction<'a>],
    /// Its process group; a new one if 0.
    pub setpgroup: Option<RawPid>,
    /// Whether its effective ids become the real ones.
    pub resetids: bool,
    /// Whether it leads a new session.
    pub setsid: bool,
    /// The signals that are blocked, and no others.
    pub setsigmask: Option<&'a [c_int]>,
    /// The signals that are not ignored any more. A program made by Rust ignores `SIGPIPE`.
    pub setsigdef: Option<&'a [c_int]>,
    /// How it is scheduled.
    pub scheduler: Option<SpawnScheduler>,
}

/// Starts the program `path` in a new process, and returns its id.
///
/// Of the signals in a set those that the C library keeps for itself, 32 and 33, are left
/// out, as in CPython.
///
/// ```
/// use fs_core::{Env, FileAction, Mode, OFlags, SpawnOptions, WaitOptions, posix_spawn, waitpid};
///
/// let quiet = FileAction::Open { fd: 1, path: "/dev/null".into(), flags: OFlags::WRONLY, mode: Mode::empty() };
/// let options = SpawnOptions { file_actions: &[quiet], setsigdef: Some(&[13]), ..Default::default() };
/// let child = posix_spawn("/bin/echo", ["echo", "hello"], Env::Inherit, &options)?;
/// assert!(waitpid(child.as_raw_pid(), WaitOptions::empty())?.1.exited());
/// # Ok::<(), fs_core::Error>(())
/// ```
///
/// # Errors
/// - As [`crate::execve`]; there is no process then.
/// - `EBADF`: a descriptor of an action is not open, or can be none. Other errors of an
///   action, as `ENOENT`, too: they look like those of `path`.
/// - `EPERM`: there is no such process group in the session, or a session is to be made
///   with `setpgroup`, or the scheduling is not allowed. `EINVAL`: it is not possible.
/// - [`Error::Invalid`]: a signal is not in 1 to 64; or of the arguments, as in
///   [`crate::execve`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/posix_spawn.html),
/// [Linux](https://man7.org/linux/man-pages/man3/posix_spawn.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.posix_spawn)
#[doc(alias = "os.posix_spawn")]
pub fn posix_spawn<'a, A: Into<PathArg<'a>>>(
    path: impl Into<PathArg<'a>>,
    args: impl IntoIterator<Item = A>,
    env: Env<'a>,
    options: &SpawnOptions<'_>,
) -> Result<Pid> {
    spawn(Search::No, path.into(), Argv::new(args), &env, options)
}

/// As [`posix_spawn`], for the program `file`, which is looked for in the `PATH` of this
/// process, whatever `env` holds, if its name holds no slash.
///
/// The C library's search, not that of [`crate::execvpe`]: without `PATH` it is
/// `/bin:/usr/bin`, and an error other than `ENOENT`, `ENOTDIR` and `EACCES` ends it.
///
/// # Errors
/// As [`posix_spawn`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/posix_spawnp.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.posix_spawnp)
#[doc(alias = "os.posix_spawnp")]
pub fn posix_spawnp<'a, A: Into<PathArg<'a>>>(
    file: impl Into<PathArg<'a>>,
    args: impl IntoIterator<Item = A>,
    env: Env<'a>,
    options: &SpawnOptions<'_>,
) -> Result<Pid> {
    spawn(Search::Path, file.into(), Argv::new(args), &env, options)
}

fn spawn(
    search: Search,
    path: PathArg<'_>,
    argv: Result<Argv<'_>>,
    env: &Env<'_>,
    options: &SpawnOptions<'_>,
) -> Result<Pid> {
    let path = c_string(path.as_bytes())?;
    let program = Strings::new(&argv?, env)?;
    let actions = file_actions(options.file_actions)?;
    let attributes = attributes(options)?;
    // The event of `posix_spawnp` is the same.
    audit::raise("os.posix_spawn", || [audit::Arg::Bytes(path.as_bytes()), program.audit_argv(), program.audit_env()])?;
    Ok(sys::posix_spawn::posix_spawn(search, &path, &actions, &attributes, &program.argv, &program.envp)?)
}

fn file_actions(actions: &[FileAction<'_>]) -> Result<FileActions> {
    let mut list = FileActions::new()?;
    for action in actions {
        match *action {
            FileAction::Open { fd, path, flags, mode } => {
                let path = c_string(path.as_bytes())?;
                list.open(fd, &path, flags.bits().cast_signed(), mode.bits())?;
            }
            FileAction::Close { fd } => list.close(fd)?,
            FileAction::Dup2 { fd, new_fd } => list.dup2(fd, new_fd)?,
            FileAction::CloseFrom { fd } => list.close_from(fd)?,
        }
    }
    Ok(list)
}

fn attributes(options: &SpawnOptions<'_>) -> Result<Attributes> {
    let mut attributes = Attributes::new()?;
    if let Some(group) = options.setpgroup {
        attributes.set_group(group)?;
    }
    if options.resetids {
        attributes.reset_ids()?;
    }
    if options.setsid {
        attributes.set_session()?;
    }
    if let Some(signals) = options.setsigmask {
        attributes.set_signal_mask(checked(signals)?)?;
    }
    if let Some(signals) = options.setsigdef {
        attributes.set_default_signals(checked(signals)?)?;
    }
    if let Some(SpawnScheduler { policy, priority }) = options.scheduler {
        if let Some(policy) = policy {
            attributes.set_policy(policy)?;
        }
        attributes.set_priority(priority)?;
    }
    Ok(attributes)
}

fn checked(signals: &[c_int]) -> Result<&[c_int]> {
    if signals.iter().all(|signal| (1..=64).contains(signal)) {
        Ok(signals)
    } else {
        Err(Error::Invalid("a signal is a number from 1 to 64"))
    }
}
