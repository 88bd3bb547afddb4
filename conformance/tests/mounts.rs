//! Mounts of a case are its own: nobody else sees them, and nothing of them stays.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;

use common::{Bench, is_root, until, wait};
use rustix::process::{Pid, Signal, kill_process};

/// A case with mounts.
fn with_mounts(steps: &[&str]) -> Bench {
    let head = "case c\n  claim x\n  source y(2)\n  class linux-man\n  mounts ro=RDONLY second=\n  ";
    Bench::with_cases(&format!("{head}{}\n", steps.join("\n  ")))
}

const SEEN: &[&str] = &[
    "open path=base/f flags=CREAT|WRONLY mode=0644 -> fd=1",
    "open path=ro/f flags=WRONLY -> EROFS",
    "rename src=ro/f dst=second/g -> EXDEV",
    "rmdir path=ro -> EBUSY",
    "mkdir path=second/d mode=0700",
];

/// Whether the mount table has a mount below the directories of a bench.
fn is_in_the_mount_table(bench: &Bench) -> bool {
    String::from_utf8_lossy(&fs::read("/proc/self/mountinfo").unwrap())
        .contains(&bench.path("target").display().to_string())
}

#[test]
fn a_case_has_its_mounts_and_they_are_gone_after() {
    let bench = with_mounts(SEEN);
    let ran = bench.run(&["--format", "json"]);
    assert_eq!(ran.case()["status"], "PASS", "{ran:?}");
    assert!(!is_in_the_mount_table(&bench));
}

#[test]
fn an_ordinary_user_has_them_or_is_told_why_not() {
    let ran = with_mounts(SEEN).run_as_user(&["--format", "json"]);
    let case = ran.case();
    let told = case["reason"].as_str().is_some_and(|reason| reason.starts_with("bind_mounts: "));
    assert!(case["status"] == "PASS" || (case["status"] == "SKIP" && told && !is_root()), "{ran:?}");
}

#[test]
fn where_no_namespace_can_be_had_the_reason_says_so() {
    let bench = with_mounts(SEEN);
    let mut command = std::process::Command::new("unshare");
    let program = env!("CARGO_BIN_EXE_conformance");
    let script = format!(
        "echo 0 > /proc/sys/user/max_mnt_namespaces && exec {program} {} --format json",
        bench.run_arguments().join(" ")
    );
    command.args(["--user", "--map-root-user", "sh", "-c", &script]);
    let ran = bench.finish(command);
    if ran.err.contains("unshare") {
        return common::skip("there are no user namespaces");
    }
    let case = ran.case();
    assert_eq!(case["status"], "SKIP", "{ran:?}");
    let reason = case["reason"].as_str().unwrap();
    assert!(reason.starts_with("bind_mounts: no mounts can be made: no mount namespace: "), "{reason}");
}

#[test]
fn nobody_else_sees_them_and_nothing_stays_whatever_ends_the_run() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 130), (Signal::KILL, -9)] {
        let bench = with_mounts(&["mkfifo path=base/p", "open path=ro/p -> ok fd=1"]);
        let child = bench.start(&bench.run_arguments(), "default");
        let case = || fs::read_dir(bench.left().first()?).ok()?.flatten().next().map(|entry| entry.path());
        until(|| case().is_some_and(|case| case.join("base/p").exists()), "the case to hang");
        let case = case().unwrap();
        // The mount point is there, and what is mounted on it is not.
        assert!(case.join("ro").exists() && !case.join("ro/p").exists());
        assert!(!is_in_the_mount_table(&bench));
        kill_process(Pid::from_raw(child.id() as i32).unwrap(), signal).unwrap();
        assert_eq!(wait(child), code);
        until(|| !case.exists(), "the directory of the case to go");
    }
}
