//! `conformance coverage`: what came back of what is documented.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use common::{Bench, case};
use serde_json::Value;

fn bench() -> (Bench, String) {
    let bench = Bench::with_cases(&case(
        "a",
        "linux-man",
        &[
            "mkdir path=d",
            "mkdir path=d -> EEXIST",
            "syscall name=mkdir args=str:d,0755 -> EEXIST",
            "syscall name=rmdir args=str:gone -> ENOENT",
        ],
    ));
    let log = bench.path("log.jsonl").display().to_string();
    bench.run(&["--log", &log]).check(0);
    (bench, log)
}

#[test]
fn a_log_tells_what_came_back_call_by_call() {
    let (bench, log) = bench();
    let ran = bench.program(&["coverage", "--format", "json", &log]);
    ran.check(0);
    let summary: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&summary["documented"], &summary["reachable"], &summary["observed"]),
        (&849.into(), &721.into(), &3.into())
    );
    assert_eq!((&summary["assertions"], &summary["calls_observed"]), (&3.into(), &3.into()));
    let call = |name: &str| summary["calls"].as_array().unwrap().iter().find(|call| call["call"] == name).unwrap();
    assert_eq!(call("mkdirat")["observed"], serde_json::json!(["EEXIST"]));
    assert_eq!(call("rmdir")["observed"], serde_json::json!(["ENOENT"]));
    assert_eq!(call("mkdirat")["made"], true);
    assert_eq!(call("unlink")["made"], false);
    let why = &call("mkdir")["missing"].as_array().unwrap().iter().find(|missing| missing["errno"] == "EBADF").unwrap();
    assert!(why["why"].as_str().unwrap().contains("descriptor"), "{why}");

    let ran = bench.program(&["coverage", &log]);
    ran.check(0);
    let line = ran.out.lines().find(|line| line.starts_with("mkdirat ")).unwrap();
    assert!(line.contains("1/13  missing EACCES "), "{line}");
    assert!(ran.out.contains("3 of 721 reachable pairs"), "{}", ran.out);
}

#[test]
fn what_is_no_log_or_no_target_is_named() {
    let (bench, log) = bench();
    let ran = bench.program(&["coverage", "gone.jsonl"]);
    ran.check(2);
    assert!(ran.err.contains("gone.jsonl: No such file"), "{}", ran.err);
    let ran = bench.program(&["coverage", "--target", "zfs", &log]);
    ran.check(2);
    assert!(ran.err.contains("no target `zfs`; there are "), "{}", ran.err);
}
