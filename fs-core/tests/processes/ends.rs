//! How a process ends itself: seen by its parent.

use std::env;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use fs_core::{_exit, abort};

/// Runs a test once more, where it ends its process with `end`, and tells how that
/// process has ended, seen by its parent.
fn end_of(name: &str, end: impl FnOnce()) -> Option<ExitStatus> {
    const VARIABLE: &str = "FS_CORE_TEST_END";
    if env::var_os(VARIABLE).is_some_and(|value| value == name) {
        end();
        return None;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    // A core of each run would fill the disk.
    let command = command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(VARIABLE, name);
    Some(without_core(command).output().unwrap().status)
}

#[expect(unsafe_code, reason = "what a child does before its program")]
fn without_core(command: &mut Command) -> &mut Command {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let limit = move || Ok(rustix::process::setrlimit(rustix::process::Resource::Core, none)?);
    // SAFETY: one system call on numbers.
    unsafe { command.pre_exec(limit) }
}

/// Fails the process if it is dropped.
struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        _exit(99);
    }
}

#[test]
fn an_exit_drops_nothing_and_keeps_eight_bits() {
    let status = end_of("ends::an_exit_drops_nothing_and_keeps_eight_bits", || {
        let _dropped = Dropped;
        _exit(0x107);
    });
    assert_eq!(status.unwrap().code(), Some(7));
}

#[test]
fn an_abort_is_sigabrt_whatever_is_done_about_the_signal() {
    let status = end_of("ends::an_abort_is_sigabrt_whatever_is_done_about_the_signal", || {
        ignore_abort();
        let _dropped = Dropped;
        abort();
    });
    assert_eq!(status.unwrap().signal(), Some(libc::SIGABRT));
}

#[expect(unsafe_code, reason = "ignoring a signal")]
fn ignore_abort() {
    // SAFETY: no handler is installed.
    unsafe { libc::signal(libc::SIGABRT, libc::SIG_IGN) };
}
