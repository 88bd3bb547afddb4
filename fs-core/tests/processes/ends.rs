//! How a process ends itself: seen by its parent.

use fs_core::{_exit, Error, Unsupported, abort, plock};

use crate::fixture::end_of;

/// Fails the process if it is dropped.
struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        _exit(99);
    }
}

#[test]
fn an_exit_drops_nothing_and_keeps_eight_bits() {
    let end = end_of("ends::an_exit_drops_nothing_and_keeps_eight_bits", "", || {
        let _dropped = Dropped;
        _exit(0x107);
    });
    let Some((status, _)) = end else { return };
    assert_eq!((status.exited(), status.exit_status()), (true, 7));
}

#[test]
fn an_abort_is_sigabrt_whatever_is_done_about_the_signal() {
    let end = end_of("ends::an_abort_is_sigabrt_whatever_is_done_about_the_signal", "", || {
        ignore_abort();
        let _dropped = Dropped;
        abort();
    });
    let Some((status, _)) = end else { return };
    assert_eq!((status.signaled(), status.term_signal(), status.core_dumped()), (true, libc::SIGABRT, false));
}

#[expect(unsafe_code, reason = "ignoring a signal")]
fn ignore_abort() {
    // SAFETY: no handler is installed.
    unsafe { libc::signal(libc::SIGABRT, libc::SIG_IGN) };
}

#[test]
fn what_only_solaris_has_says_so() {
    assert_eq!(plock(1), Err(Error::Unsupported(Unsupported::OtherUnix)));
}
