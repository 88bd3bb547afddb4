//! A second process of this one: `fork`, `forkpty`, and what is run around them.

use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use crate::{Error, Pid, Result, audit, sys};

/// Which process this is, after a [`fork`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// The old one, with the id of the new one.
    Parent(Pid),
    /// The new one. Python's 0.
    Child,
}

/// Which process this is, after a [`forkpty`].
#[derive(Debug)]
pub enum ForkPty {
    /// The old one.
    Parent {
        /// The new process.
        child: Pid,
        /// The other end of its terminal.
        master: OwnedFd,
    },
    /// The new one.
    Child,
}

/// Something that is run around a fork.
pub type ForkHook = Box<dyn Fn() + Send + Sync>;

/// What is run around each fork; see [`register_at_fork`].
#[derive(Default)]
pub struct ForkHooks {
    /// Before the fork.
    pub before: Option<ForkHook>,
    /// After it, in the old process; also if there is no new one.
    pub after_in_parent: Option<ForkHook>,
    /// After it, in the new process.
    pub after_in_child: Option<ForkHook>,
}

static HOOKS: RwLock<Vec<Arc<ForkHooks>>> = RwLock::new(Vec::new());

/// Makes a second process of this one.
///
/// The child has a copy of everything but the other threads. What they were doing stays
/// half done: a lock that one of them held is held for ever, a buffer that it was writing
/// is torn.
///
/// ```
/// use fs_core::{Fork, WaitOptions, _exit, fork, waitpid};
///
/// // SAFETY: the child makes one system call.
/// match unsafe { fork() }? {
///     Fork::Child => _exit(3),
///     Fork::Parent(child) => {
///         let (_, status) = waitpid(child.as_raw_pid(), WaitOptions::empty())?;
///         assert_eq!(status.exit_status(), 3);
///     }
/// }
/// # Ok::<(), fs_core::Error>(())
/// ```
///
/// # Safety
/// Sound only if the process has one thread, or the child does nothing but what is
/// async-signal-safe until it becomes another program or calls [`crate::_exit`]. That holds
/// for the hooks of [`register_at_fork`] too.
///
/// # Errors
/// - `EAGAIN`: the user, the group of control or the system has no more processes.
/// - `ENOMEM`.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fork.html),
/// [Linux](https://man7.org/linux/man-pages/man2/fork.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.fork)
#[doc(alias = "os.fork")]
#[expect(unsafe_code, reason = "the caller answers for what the child does")]
pub unsafe fn fork() -> Result<Fork> {
    audit::raise("os.fork", || [])?;
    // SAFETY: the caller promises what the call needs.
    let child = unsafe { fork_between_hooks() }?;
    Ok(child.map_or(Fork::Child, Fork::Parent))
}

/// As [`fork`], with a new terminal: the controlling one of the child, its standard input,
/// output and error. The child leads a session of its own.
///
/// Not as in Python, the other end of the terminal is not inheritable.
///
/// # Safety
/// As for [`fork`].
///
/// # Errors
/// As [`fork`], and `ENOENT`, `EMFILE`, `ENOSPC`: there is no terminal to be had.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man3/forkpty.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.forkpty)
#[doc(alias = "os.forkpty")]
#[expect(unsafe_code, reason = "the caller answers for what the child does")]
pub unsafe fn forkpty() -> Result<ForkPty> {
    audit::raise("os.forkpty", || [])?;
    let make = || {
        // SAFETY: the caller promises what the call needs.
        unsafe { sys::process::forkpty() }
    };
    match between_hooks(make)? {
        None => Ok(ForkPty::Child),
        Some((child, master)) => {
            crate::set_inheritable(&master, false)?;
            Ok(ForkPty::Parent { child, master })
        }
    }
}

/// Has `hooks` run around each [`fork`] and [`forkpty`], and the forks of
/// [`crate::spawnv`] and its like, from now on; not around [`crate::posix_spawn`],
/// [`crate::system`] and [`crate::popen`].
///
/// Of several hooks those before the fork run in reverse order of their registration,
/// those after it in order. A hook that panics ends alone: the fork and the other hooks go
/// on. There is no way back.
///
/// # Safety
/// A hook for the child is run between a fork and what follows it. Where a process has
/// several threads it may only do what is async-signal-safe.
///
/// # Errors
/// - [`Error::Invalid`]: there is no hook in `hooks`.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.register_at_fork)
#[doc(alias = "os.register_at_fork")]
#[expect(unsafe_code, reason = "the caller answers for what the hooks do in a child")]
pub unsafe fn register_at_fork(hooks: ForkHooks) -> Result<()> {
    if hooks.before.is_none() && hooks.after_in_parent.is_none() && hooks.after_in_child.is_none() {
        return Err(Error::Invalid("there is no hook to register"));
    }
    HOOKS.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(hooks));
    Ok(())
}

/// A fork with its hooks, without its event; `None` in the child.
///
/// # Safety
/// As for [`fork`].
#[expect(unsafe_code, reason = "the caller answers for what the child does")]
pub(crate) unsafe fn fork_between_hooks() -> Result<Option<Pid>> {
    between_hooks(|| {
        // SAFETY: the caller promises what the call needs.
        unsafe { sys::process::fork() }
    })
}

/// Makes a process with `make`, which gives `None` in the child.
fn between_hooks<T>(make: impl FnOnce() -> rustix::io::Result<Option<T>>) -> Result<Option<T>> {
    registered().iter().rev().for_each(|hooks| run(hooks.before.as_ref()));
    // Asked for once more, since a hook may have registered another; and now, since the
    // child may not take the lock.
    let after = registered();
    let made = make();
    let in_child = matches!(made, Ok(None));
    for hooks in &after {
        run(if in_child { hooks.after_in_child.as_ref() } else { hooks.after_in_parent.as_ref() });
    }
    if in_child {
        // What frees memory takes a lock.
        std::mem::forget(after);
    }
    Ok(made?)
}

fn registered() -> Vec<Arc<ForkHooks>> {
    HOOKS.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn run(hook: Option<&ForkHook>) {
    if let Some(hook) = hook {
        // The panic has been reported by the hook of panics; it must not stop the fork.
        let _ = catch_unwind(AssertUnwindSafe(hook));
    }
}
