//! Audit events: who installs a hook sees each call before it is made, and may
//! refuse it.
//!
//! The events have the names and arguments of Python's document (PEP 578). An
//! event is raised once a call, after the arguments are checked and before the
//! system call, so that calls that fail are seen too. With no hook installed an
//! event costs one relaxed load.

use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use crate::{Error, Result, Times};

/// One argument of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg<'a> {
    /// Python's `None`.
    None,
    /// A number: a mode, flags, an id, a descriptor; -1 for "no `dir_fd`".
    Int(i64),
    /// A path, a name or a value.
    Bytes(&'a [u8]),
    /// The two times of `os.utime`.
    Times(Times),
    /// Strings: the arguments of a program, or its environment as `NAME=value`.
    List(&'a [CString]),
}

impl<'a> Arg<'a> {
    /// A descriptor, by its number.
    pub fn fd(fd: BorrowedFd<'_>) -> Self {
        Arg::Int(fd.as_raw_fd().into())
    }

    /// A `dir_fd`: -1 where none is given.
    pub fn dir_fd(dir: Option<BorrowedFd<'_>>) -> Self {
        dir.map_or(Arg::Int(-1), Arg::fd)
    }

    /// A path or name.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Arg::Bytes(bytes)
    }
}

/// What a hook decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The call goes on.
    Allow,
    /// The call fails with [`Error::Refused`] and is not made.
    Refuse,
}

type Hook = dyn Fn(&str, &[Arg<'_>]) -> Verdict + Send + Sync;

static HOOK_COUNT: AtomicUsize = AtomicUsize::new(0);
static HOOKS: RwLock<Vec<Arc<Hook>>> = RwLock::new(Vec::new());

/// An installed hook; dropping it removes the hook.
#[must_use = "the hook is removed when this is dropped"]
pub struct Installed(Arc<Hook>);

/// Installs `hook`, which is called with the name and the arguments of each event
/// of the process, on the thread that makes the call.
///
/// Hooks are called in the order of their installation; the first that refuses
/// ends the call. A hook may itself use the library.
#[doc(alias = "sys.addaudithook")]
pub fn install(hook: impl Fn(&str, &[Arg<'_>]) -> Verdict + Send + Sync + 'static) -> Installed {
    let hook: Arc<Hook> = Arc::new(hook);
    let mut hooks = HOOKS.write().unwrap_or_else(std::sync::PoisonError::into_inner);
    hooks.push(Arc::clone(&hook));
    HOOK_COUNT.store(hooks.len(), Ordering::Release);
    Installed(hook)
}

impl Drop for Installed {
    fn drop(&mut self) {
        let mut hooks = HOOKS.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        hooks.retain(|hook| !Arc::ptr_eq(hook, &self.0));
        HOOK_COUNT.store(hooks.len(), Ordering::Release);
    }
}

/// Raises the event `name`; `args` is called only when a hook listens.
///
/// # Errors
/// [`Error::Refused`] if a hook refuses.
#[inline]
pub fn raise<'a, A: AsRef<[Arg<'a>]>>(name: &str, args: impl FnOnce() -> A) -> Result<()> {
    if HOOK_COUNT.load(Ordering::Relaxed) == 0 {
        return Ok(());
    }
    call_hooks(name, args().as_ref())
}

#[cold]
fn call_hooks(name: &str, args: &[Arg<'_>]) -> Result<()> {
    hooks().raise(name, args)
}

/// The hooks that are installed now.
///
/// Copied out, so that a hook that uses the library, or installs another hook, does not
/// find the lock held; and so that the child of a fork needs no lock to raise an event.
pub(crate) fn hooks() -> Hooks {
    if HOOK_COUNT.load(Ordering::Relaxed) == 0 {
        return Hooks(Vec::new());
    }
    Hooks(HOOKS.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone())
}

/// Hooks, as they were when they were asked for.
pub(crate) struct Hooks(Vec<Arc<Hook>>);

impl Hooks {
    /// Raises the event `name`.
    pub(crate) fn raise(&self, name: &str, args: &[Arg<'_>]) -> Result<()> {
        for hook in &self.0 {
            if hook(name, args) == Verdict::Refuse {
                return Err(Error::Refused);
            }
        }
        Ok(())
    }
}
