//! What the tests stand on: processes of their own, and children in known states.

use std::env;
use std::fmt::Debug;
use std::os::unix::process::CommandExt;
use std::process::Command;

use fs_core::{Errno, Error, Pid, RawPid, WaitOptions, WaitStatus, waitpid};

/// Runs `body` in a process of its own, without children, descriptors and hooks of other
/// tests. `name` is the full name of the test, which is run once more, there.
#[track_caller]
pub(crate) fn alone(name: &str, body: impl FnOnce()) {
    const VARIABLE: &str = "FS_CORE_TEST_ALONE";
    if env::var_os(VARIABLE).is_some_and(|value| value == name) {
        return body();
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, name)
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprint!("{stderr}");
    assert!(output.status.success() && stdout.contains("1 passed"), "{name} alone: {stdout}\n{stderr}");
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
