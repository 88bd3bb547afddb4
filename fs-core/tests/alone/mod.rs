//! A test in a process of its own.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::env;
use std::process::Command;

/// Runs `body` in a process of its own, for what belongs to the process: working
/// directory, umask, root, descriptors and their numbers, children, hooks. `name` is the
/// full name of the test, which is run once more, there.
#[track_caller]
pub(crate) fn alone(name: &str, body: impl FnOnce()) {
    alone_with(name, |_| {}, body);
}

/// As [`alone`]; `prepare` may change how the process is started.
#[track_caller]
pub(crate) fn alone_with(name: &str, prepare: impl FnOnce(&mut Command), body: impl FnOnce()) {
    const VARIABLE: &str = "FS_CORE_TEST_ALONE";
    if env::var_os(VARIABLE).is_some_and(|value| value == name) {
        return body();
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(VARIABLE, name);
    prepare(&mut command);
    let output = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprint!("{stderr}");
    assert!(output.status.success() && stdout.contains("1 passed"), "{name} alone: {stdout}\n{stderr}");
}
