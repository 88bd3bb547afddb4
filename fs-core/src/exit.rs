//! How a process ends itself at once: `_exit`, and `abort`.

use crate::sys;

/// Ends the process with a status, of which the parent sees the low eight bits.
///
/// Nothing is cleaned up: destructors do not run, and what is in a buffer stays there.
/// It is the way out of the child of a [`crate::fork`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/_exit.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os._exit)
#[doc(alias = "os._exit")]
pub fn _exit(status: i32) -> ! {
    sys::process::exit(status)
}

/// Ends the process with `SIGABRT`, and a core if those are on.
///
/// It ends even if the signal is blocked, ignored or has a handler that returns.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/abort.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.abort)
#[doc(alias = "os.abort")]
pub fn abort() -> ! {
    std::process::abort()
}
