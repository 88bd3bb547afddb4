//! Where a daemon says what goes wrong: on standard error, or in the background, which has none,
//! in the system's log.

#![expect(unsafe_code, reason = "the system's log has no safe call")]

use std::ffi::{CStr, CString};
use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

static IN_BACKGROUND: AtomicBool = AtomicBool::new(false);

/// The name under which the log lists the messages.
const IDENTITY: &CStr = c"fuse-mount";

/// From here on there is no standard error.
pub(super) fn leave_the_terminal() {
    // SAFETY: the identity lives as long as the process, which is what the call keeps.
    unsafe { libc::openlog(IDENTITY.as_ptr(), libc::LOG_PID, libc::LOG_DAEMON) };
    IN_BACKGROUND.store(true, Ordering::Relaxed);
}

/// Says it, on one line.
pub(crate) fn say(message: impl fmt::Display) {
    let line = message.to_string().replace(['\n', '\0'], " ");
    if IN_BACKGROUND.load(Ordering::Relaxed) {
        let line = CString::new(line).expect("without a NUL");
        // SAFETY: format and argument are C strings, and the one is the format of the other.
        unsafe { libc::syslog(libc::LOG_ERR, c"%s".as_ptr(), line.as_ptr()) };
    } else {
        // Nobody is left to be told that nobody listens.
        let _ = writeln!(std::io::stderr(), "fuse-mount: {line}");
    }
}
