//! What the tests stand on: processes of their own, and children in known states.

use std::env;
use std::fmt::Debug;
use std::os::unix::process::CommandExt;
use std::process::Command;

use fs_core::{Errno, Error, Pid, RawPid, WaitOptions, WaitStatus, waitpid};

pub(crate) use crate::alone::alone;

/// Runs `body`, with which a process ends, in a process of its own: `name` is the full
/// name of the test, which is run once more, there; `key` tells apart what it runs there.
/// Returns how the process has ended and what it has printed, but for the lines of the
/// test; `None` in such a process.
#[track_caller]
pub(crate) fn end_of(name: &str, key: &str, body: impl FnOnce()) -> Option<(WaitStatus, String)> {
    const VARIABLE: &str = "FS_CORE_TEST_END";
    let wanted = format!("{name} {key}");
    if let Some(value) = env::var_os(VARIABLE) {
        if value == *wanted {
            body();
            panic!("{wanted}: the process has not ended");
        }
        return None;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    // Cores would be left everywhere.
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let output = prepared(&mut command, none)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, &wanted)
        .output()
        .unwrap();
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8_lossy(&output.stdout);
    let printed = stdout.split_once("running 1 test\n").expect("the test is run").1;
    // What the test harness says first, if it got that far.
    let printed = printed.strip_prefix(&format!("test {name} ... ")).unwrap_or(printed);
    Some((output.status.into(), printed.to_owned()))
}

#[expect(unsafe_code, reason = "what a child does before its program")]
fn prepared(command: &mut Command, no_cores: rustix::process::Rlimit) -> &mut Command {
    let prepare = move || {
        // What runs in the background of a shell is started with interrupts ignored.
        // SAFETY: no handler is set, and the child has one thread.
        unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
        Ok(rustix::process::setrlimit(rustix::process::Resource::Core, no_cores)?)
    };
    // SAFETY: two system calls on numbers.
    unsafe { command.pre_exec(prepare) }
}

/// The errno of a call that must fail.
#[track_caller]
pub(crate) fn errno<T: Debug>(result: fs_core::Result<T>) -> Errno {
    match result.expect_err("must fail") {
        Error::Os(errno) => errno,
        other => panic!("not an errno: {other:?}"),
    }
}

/// Starts a shell with these commands.
pub(crate) fn shell(commands: &str) -> Pid {
    start(Command::new("/bin/sh").args(["-c", commands]))
}

/// As [`shell`], in a process group; in a new one if that is 0.
pub(crate) fn shell_in_group(commands: &str, group: RawPid) -> Pid {
    start(Command::new("/bin/sh").args(["-c", commands]).process_group(group))
}

/// Starts a process that does nothing for a minute.
pub(crate) fn sleeper() -> Pid {
    // Without a child of its own, which would outlive it.
    shell("exec sleep 60")
}

fn start(command: &mut Command) -> Pid {
    Pid::from_child(&command.spawn().unwrap())
}

/// Waits for the end of a child.
#[track_caller]
pub(crate) fn ended(pid: Pid) -> WaitStatus {
    let (found, status) = waitpid(raw(pid), WaitOptions::empty()).unwrap();
    assert_eq!(found, raw(pid));
    status
}

pub(crate) fn raw(pid: Pid) -> RawPid {
    pid.as_raw_nonzero().get()
}
