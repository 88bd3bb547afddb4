//! What neither std nor rustix has: fork, blocked signals as a descriptor, and closing
//! all descriptors but one.

#![expect(unsafe_code, reason = "fork, signal masks and closing descriptors have no safe call")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use rustix::process::Pid;

/// Which side of a fork this is.
pub(super) enum Side {
    /// The new process.
    Child,
    /// The old one, with the child's id.
    Parent(Pid),
}

/// Makes a second process of this one.
///
/// Must be called while the process has one thread: in the child only the calling thread
/// lives on, and locks that others hold stay held for ever.
pub(super) fn fork() -> io::Result<Side> {
    debug_assert_eq!(thread_count(), 1, "fork comes before the first thread");
    // SAFETY: the process has one thread, so the child may run any code.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Side::Child),
        pid => Ok(Side::Parent(Pid::from_raw(pid).expect("fork gives a positive id"))),
    }
}

fn thread_count() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count)
}

/// The signals that end a mount, as a descriptor that is readable when one has arrived.
#[derive(Debug)]
pub(super) struct Signals(OwnedFd);

impl Signals {
    /// Blocks SIGINT, SIGTERM and SIGHUP in this thread, and so in all that it starts. SIGHUP only
    /// if it is not ignored, as `nohup` makes it.
    pub(super) fn block() -> io::Result<Self> {
        let set = set_mask(libc::SIG_BLOCK)?;
        // SAFETY: `set` is a set; -1 asks for a new descriptor.
        let fd = unsafe { libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, so nobody else owns it.
        Ok(Signals(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Takes one signal that has arrived, if there is one.
    pub(super) fn take(&self) -> Option<i32> {
        let mut buffer = [0; size_of::<libc::signalfd_siginfo>()];
        let count = rustix::io::read(&self.0, &mut buffer).ok()?;
        // The first field, `ssi_signo`, is a u32.
        (count == buffer.len()).then(|| i32::from_ne_bytes([buffer[0], buffer[1], buffer[2], buffer[3]]))
    }
}

impl Drop for Signals {
    /// From here on a signal does what it does to any process. One that has arrived before has been
    /// heard.
    fn drop(&mut self) {
        while self.take().is_some() {}
        // Where it fails, the signals stay blocked: nothing worse than before.
        let _ = set_mask(libc::SIG_UNBLOCK);
    }
}

impl std::os::fd::AsFd for Signals {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Blocks or unblocks the signals that end a mount, and gives their set.
fn set_mask(how: i32) -> io::Result<libc::sigset_t> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `set` has room for a set, and is one afterwards.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        if signal == libc::SIGHUP && is_ignored(signal) {
            continue;
        }
        // SAFETY: `set` was initialised above, and `signal` is a signal.
        unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
    }
    // SAFETY: `set` was initialised above; the old mask is not wanted.
    check(unsafe { libc::pthread_sigmask(how, set.as_ptr(), std::ptr::null_mut()) })?;
    // SAFETY: `set` was initialised above.
    Ok(unsafe { set.assume_init() })
}

fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: asks only; `action` has room for the answer.
    if unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: the call has succeeded, and so filled it in.
    unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}

/// Blocks every signal that can be blocked, for good.
pub(super) fn block_all_signals() -> io::Result<()> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `set` has room for a set, and is one afterwards.
    unsafe { libc::sigfillset(set.as_mut_ptr()) };
    // SAFETY: `set` was initialised above; the old mask is not wanted.
    check(unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut()) })
}

/// Closes every descriptor of the process but `keep`.
///
/// For a process that has just been forked and will never touch another value that owns a
/// descriptor: those of its parent are still in its memory, and are never dropped.
pub(super) fn close_all_but(keep: &OwnedFd) -> io::Result<()> {
    let keep = u32::try_from(keep.as_raw_fd()).expect("a descriptor is not negative");
    if keep > 0 {
        close_range(0, keep - 1)?;
    }
    close_range(keep + 1, u32::MAX)
}

/// Whether a number is that of an open descriptor.
pub(super) fn is_open(number: u32) -> bool {
    // SAFETY: asks only, and takes any number.
    number.try_into().is_ok_and(|number| unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0)
}

/// Closes these numbers, whose owners, if there are any, are never used again.
pub(super) fn close_range(first: u32, last: u32) -> io::Result<()> {
    // SAFETY: closes numbers only; the caller promises that their owners are never used again.
    match unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn check(error: i32) -> io::Result<()> {
    match error {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}
