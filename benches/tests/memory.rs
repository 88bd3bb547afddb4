//! What a mount takes before it does anything: what the program writes, and what it leaves.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{PROGRAM, leaves_nothing, run, skip, stuck_peer, text};

#[test]
fn starts_are_timed_and_known_inodes_take_memory() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    let mut command = Command::new(PROGRAM);
    command.args(["memory", "--files", "20000", "--starts", "3", "--mounts", "native,tick,exclusive", "--json", "-"]);
    let failing = "failing=ls {source} {mountpoint}/not-there";
    let (pid, output) = run(command.args(["--peer", failing]));
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["known_inodes"], 20_020);
    let mounts = document["mounts"].as_array().unwrap();
    let names: Vec<&Value> = mounts.iter().map(|mount| &mount["name"]).collect();
    assert_eq!(names, ["tick", "exclusive", "failing"]);
    for mount in &mounts[..2] {
        assert_eq!(mount["trouble"], Value::Null, "{mount}");
        assert_eq!(mount["samples_ns"].as_array().unwrap().len(), 3, "{mount}");
        // Faster than any program starts, or never.
        let start_ns = mount["start_ns"]["median"].as_f64().unwrap();
        assert!(start_ns > 1e5 && start_ns < 1e10, "{mount}");
        // An inode is known by its number and its handle at least, and the daemon has nothing else to keep.
        let each = mount["bytes_per_inode"].as_f64().unwrap();
        assert!(each > 32.0 && each < 2000.0, "{mount}");
    }
    assert!(mounts[2]["trouble"].as_str().unwrap().starts_with("the mount did not come: "), "{}", mounts[2]);
    assert!(stderr.contains("failing is left out: the mount did not come: "), "{stderr}");
    leaves_nothing(pid);
}

#[test]
fn a_table_has_a_line_for_each_mount() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    let mut command = Command::new(PROGRAM);
    let (pid, output) = run(command.args(["memory", "--files", "1", "--starts", "1", "--mounts", "none"]));
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert!(stdout.contains("knows 1001 inodes"), "{stdout}");
    assert!(stdout.lines().any(|line| line.starts_with("  none ") && line.contains(" MiB ")), "{stdout}");
    assert!(!stdout.contains('\x1b'), "{stdout}");
    leaves_nothing(pid);
}

#[test]
fn a_mount_that_does_not_answer_is_ended_and_left_out() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["memory", "--files", "200000", "--starts", "1", "--mounts", "native", "--patience", "2"]);
    // While files are looked up.
    command.arg("--peer").arg(stuck_peer(dir.path(), "", 0.5));
    let (pid, output) = run(&mut command);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("stuck is left out: no answer for 2s"), "{stderr}");
    leaves_nothing(pid);
}

#[test]
fn wrong_usage_is_told_before_anything_is_made() {
    for (args, told) in [
        (["--mounts", "native"], "--mounts: a mount is wanted"),
        (["--files", "0"], "invalid value '0'"),
        (["--peer", "a=b"], "the command of `a` lacks {source}"),
    ] {
        let (_, output) = run(Command::new(PROGRAM).arg("memory").args(args));
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
    }
}
