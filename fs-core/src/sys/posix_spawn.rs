#![expect(unsafe_code, reason = "posix_spawn and its lists are the C library's")]
//! `posix_spawn`, its file actions and its attributes.

use std::ffi::{CStr, c_char, c_int, c_short};
use std::mem::MaybeUninit;

use rustix::io::{self, Errno};
use rustix::process::{Pid, RawPid};

use super::exec::CStrings;

/// What the child does with its descriptors before the program starts, in order.
pub(crate) struct FileActions(libc::posix_spawn_file_actions_t);

impl FileActions {
    pub(crate) fn new() -> io::Result<Self> {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: there is room for a list, which the call makes.
        check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        // SAFETY: the call has succeeded, and so filled it in. It may be moved: it holds
        // numbers, and a pointer to the heap.
        Ok(FileActions(unsafe { actions.assume_init() }))
    }

    pub(crate) fn open(&mut self, fd: c_int, path: &CStr, flags: c_int, mode: u32) -> io::Result<()> {
        // SAFETY: the list is one; the path is a C string, which the call copies.
        check(unsafe { libc::posix_spawn_file_actions_addopen(&raw mut self.0, fd, path.as_ptr(), flags, mode) })
    }

    pub(crate) fn close(&mut self, fd: c_int) -> io::Result<()> {
        // SAFETY: the list is one.
        check(unsafe { libc::posix_spawn_file_actions_addclose(&raw mut self.0, fd) })
    }

    pub(crate) fn dup2(&mut self, fd: c_int, new_fd: c_int) -> io::Result<()> {
        // SAFETY: the list is one.
        check(unsafe { libc::posix_spawn_file_actions_adddup2(&raw mut self.0, fd, new_fd) })
    }

    #[cfg(target_env = "gnu")]
    pub(crate) fn close_from(&mut self, fd: c_int) -> io::Result<()> {
        // SAFETY: the list is one.
        check(unsafe { libc::posix_spawn_file_actions_addclosefrom_np(&raw mut self.0, fd) })
    }

    #[cfg(not(target_env = "gnu"))]
    pub(crate) fn close_from(&mut self, _fd: c_int) -> io::Result<()> {
        Err(Errno::NOSYS)
    }
}

impl Drop for FileActions {
    fn drop(&mut self) {
        // SAFETY: the list is one, and is not used again.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

/// What else is different in the child. Each setter sets the flag that makes it count.
pub(crate) struct Attributes(libc::posix_spawnattr_t, c_int);

impl Attributes {
    pub(crate) fn new() -> io::Result<Self> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: there is room for attributes, which the call makes.
        check(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
        // SAFETY: the call has succeeded, and so filled it in. It holds numbers only.
        Ok(Attributes(unsafe { attributes.assume_init() }, 0))
    }

    pub(crate) fn set_group(&mut self, pgid: RawPid) -> io::Result<()> {
        // SAFETY: the attributes are some.
        check(unsafe { libc::posix_spawnattr_setpgroup(&raw mut self.0, pgid) })?;
        self.set_flag(libc::POSIX_SPAWN_SETPGROUP)
    }

    pub(crate) fn reset_ids(&mut self) -> io::Result<()> {
        self.set_flag(libc::POSIX_SPAWN_RESETIDS)
    }

    pub(crate) fn set_session(&mut self) -> io::Result<()> {
        self.set_flag(libc::POSIX_SPAWN_SETSID.into())
    }

    pub(crate) fn set_signal_mask(&mut self, signals: &[c_int]) -> io::Result<()> {
        let set = signal_set(signals);
        // SAFETY: the attributes are some, and copy the set.
        check(unsafe { libc::posix_spawnattr_setsigmask(&raw mut self.0, &raw const set) })?;
        self.set_flag(libc::POSIX_SPAWN_SETSIGMASK)
    }

    pub(crate) fn set_default_signals(&mut self, signals: &[c_int]) -> io::Result<()> {
        let set = signal_set(signals);
        // SAFETY: the attributes are some, and copy the set.
        check(unsafe { libc::posix_spawnattr_setsigdefault(&raw mut self.0, &raw const set) })?;
        self.set_flag(libc::POSIX_SPAWN_SETSIGDEF)
    }

    pub(crate) fn set_policy(&mut self, policy: c_int) -> io::Result<()> {
        // SAFETY: the attributes are some.
        check(unsafe { libc::posix_spawnattr_setschedpolicy(&raw mut self.0, policy) })?;
        self.set_flag(libc::POSIX_SPAWN_SETSCHEDULER)
    }

    pub(crate) fn set_priority(&mut self, priority: c_int) -> io::Result<()> {
        // SAFETY: zeros are values of this struct, which has more fields elsewhere.
        let mut param: libc::sched_param = unsafe { MaybeUninit::zeroed().assume_init() };
        param.sched_priority = priority;
        // SAFETY: the attributes are some, and copy the parameters.
        check(unsafe { libc::posix_spawnattr_setschedparam(&raw mut self.0, &raw const param) })?;
        self.set_flag(libc::POSIX_SPAWN_SETSCHEDPARAM)
    }

    fn set_flag(&mut self, flag: c_int) -> io::Result<()> {
        self.1 |= flag;
        let flags = c_short::try_from(self.1).expect("the flags are below 256");
        // SAFETY: the attributes are some.
        check(unsafe { libc::posix_spawnattr_setflags(&raw mut self.0, flags) })
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the attributes are some, and are not used again.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}

/// A set without the signals that the C library keeps for itself.
fn signal_set(signals: &[c_int]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: there is room for a set, which the call makes.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    for signal in signals {
        // SAFETY: the set was made above. A signal that is none is refused.
        unsafe { libc::sigaddset(set.as_mut_ptr(), *signal) };
    }
    // SAFETY: made above.
    unsafe { set.assume_init() }
}

/// Who looks for the program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    /// Nobody: it is named by its path.
    No,
    /// The C library, in the `PATH` of this process.
    Path,
}

pub(crate) fn posix_spawn(
    search: Search,
    path: &CStr,
    actions: &FileActions,
    attributes: &Attributes,
    argv: &CStrings,
    envp: &CStrings,
) -> io::Result<Pid> {
    let call = match search {
        Search::No => libc::posix_spawn,
        Search::Path => libc::posix_spawnp,
    };
    // The arrays are of pointers to what is not written, whatever the declaration says.
    let (argv, envp) = (argv.as_ptr().cast::<*mut c_char>(), envp.as_ptr().cast::<*mut c_char>());
    let mut pid = 0;
    // SAFETY: all of them were made by their calls, or are C strings and arrays of them
    // that end with a null pointer; they outlive the call, which copies them.
    check(unsafe { call(&raw mut pid, path.as_ptr(), &raw const actions.0, &raw const attributes.0, argv, envp) })?;
    Ok(Pid::from_raw(pid).expect("a started program has a positive id"))
}

/// The result of a call that returns an errno.
fn check(errno: c_int) -> io::Result<()> {
    match errno {
        0 => Ok(()),
        errno => Err(Errno::from_raw_os_error(errno)),
    }
}
