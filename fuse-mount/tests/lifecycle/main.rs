//! The life of a mount, on live mounts: how it starts, how it ends, and what it says when it cannot.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod ending;
mod helpers;
mod latency;
mod refusals;
#[path = "../support/refusing.rs"]
mod refusing;
mod starting;
#[path = "../support/mod.rs"]
mod support;
mod surroundings;

use std::fs;
use std::process::{Command, Output, Stdio};

use support::{PROGRAM, children};

/// Runs the program to its end, or to that of the process that was called.
fn run<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Output {
    Command::new(PROGRAM).args(args).stdin(Stdio::null()).output().unwrap()
}

/// Runs the program, and wants it to fail with this code and a message with these words.
#[track_caller]
fn check_failure<S: AsRef<std::ffi::OsStr>>(args: &[S], code: i32, words: &[&str]) {
    let output = run(args);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{message}");
    for word in words {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
    assert_eq!(output.stdout, b"", "messages go to standard error");
}

/// A directory with an empty `source` and an empty `mountpoint` in it.
fn places() -> (tempfile::TempDir, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let [source, mountpoint] = ["source", "mountpoint"].map(|name| {
        let path = dir.path().join(name);
        fs::create_dir(&path).unwrap();
        path.to_str().unwrap().to_owned()
    });
    (dir, source, mountpoint)
}

/// The daemon of a mount in the background, found by its arguments; the guard is its child.
fn daemon_of(mountpoint: &str) -> u32 {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let has_mountpoint = |pid: &u32| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command.split(|byte| *byte == 0).any(|arg| arg == mountpoint.as_bytes())
    };
    let mut pids: Vec<u32> = pids.filter(has_mountpoint).collect();
    let guards: Vec<u32> = pids.iter().flat_map(|pid| children(*pid)).collect();
    pids.retain(|pid| !guards.contains(pid));
    assert_eq!(pids.len(), 1, "one daemon");
    pids[0]
}

/// The names of a process's threads.
fn thread_names(pid: u32) -> impl Iterator<Item = String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    threads.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok())
}

/// Runs a shell script in a mount namespace of its own; gives what it prints.
fn in_own_namespace(script: &str) -> String {
    let script = format!("set -e\n{script}");
    let output = Command::new("timeout").args(["60", "unshare", "-m", "sh", "-c", &script]).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {message}", output.status);
    String::from_utf8(output.stdout).unwrap()
}
