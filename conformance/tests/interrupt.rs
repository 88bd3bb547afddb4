//! Whatever ends a run, nothing of it stays.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::path::PathBuf;
use std::process::Child;

use common::{Bench, until, wait};
use rustix::process::{Pid, Signal, kill_process};

/// Starts a run whose case hangs, and waits until it does.
fn start_hanging(bench: &Bench, hangups: &str) -> Child {
    let child = bench.start(&bench.run_arguments(), hangups);
    let hangs = || {
        bench
            .left()
            .iter()
            .any(|dir| fs::read_dir(dir).is_ok_and(|dir| dir.flatten().any(|case| case.path().join("p").exists())))
    };
    until(hangs, "the case to hang");
    child
}

fn hanging() -> Bench {
    Bench::with_steps(&["mkfifo path=p", "open path=p -> ok fd=1"])
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32).unwrap()
}

#[test]
fn an_interrupt_cleans_up() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let bench = hanging();
        let child = start_hanging(&bench, "default");
        kill_process(pid(&child), signal).unwrap();
        assert_eq!(wait(child), 130);
        assert_eq!(bench.left(), Vec::<PathBuf>::new());
        assert_eq!(fs::read_to_string(bench.path("err")).unwrap(), "conformance: interrupted\n");
    }
}

#[test]
fn a_hangup_that_is_ignored_ends_nothing() {
    let bench = hanging();
    let mut child = start_hanging(&bench, "ignore");
    kill_process(pid(&child), Signal::HUP).unwrap();
    // An interrupt is noticed within a twentieth of a second.
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "the run goes on");
    kill_process(pid(&child), Signal::TERM).unwrap();
    assert_eq!(wait(child), 130);
}

#[test]
fn processes_do_not_outlive_a_runner_that_is_killed() {
    let bench = hanging();
    let child = start_hanging(&bench, "default");
    let (mut zygotes, mut workers) = (Vec::new(), Vec::new());
    // The kernel's list lacks some while others are just ending.
    until(
        || {
            zygotes = children(child.id());
            workers = zygotes.iter().flat_map(|zygote| children(*zygote)).collect::<Vec<u32>>();
            !zygotes.is_empty() && !workers.is_empty()
        },
        "the processes to be listed",
    );
    kill_process(pid(&child), Signal::KILL).unwrap();
    assert_eq!(wait(child), -9);
    let gone = |pid: &u32| !PathBuf::from(format!("/proc/{pid}")).exists() || is_zombie(*pid);
    until(|| zygotes.iter().chain(&workers).all(gone), "the processes to end");
}

/// The children of the first thread of a process.
fn children(pid: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// Whether a process has ended and only waits for whoever inherited it.
fn is_zombie(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|rest| rest.starts_with('Z'))
}
