//! The log: every line is JSON and has the fields that others read.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;

use common::{Bench, case};
use serde_json::Value;

#[test]
fn every_line_has_its_fields() {
    let bench = Bench::with_cases(
        &[
            case("a", "linux-man", &["open path=f flags=CREAT|RDWR mode=0644 -> fd=1", "stat path=f -> type=file"]),
            case("b", "posix-may", &["stat path=f -> ok"]),
        ]
        .concat(),
    );
    let log = bench.path("log.jsonl").display().to_string();
    let ran = bench.run(&["--format", "json", "--log", &log]);
    ran.check(0);
    assert_eq!(fs::read_to_string(&log).unwrap(), ran.out, "`--format json` prints the log's lines");

    let lines = ran.json();
    let [begin, a, b, end] = &lines[..] else { panic!("{lines:?}") };

    assert_eq!(begin["type"], "begin");
    assert_eq!(begin["schema"], 1);
    assert!(begin["kernel"].as_str().unwrap().starts_with("Linux "));
    assert_eq!(begin["cases"], 2);
    let target = &begin["targets"][0];
    assert_eq!(target["dir"], bench.target());
    assert!(!target["fs_type"].as_str().unwrap().is_empty());
    assert!(target["options"].as_str().unwrap().contains("rw"));
    assert!(target["probes"].as_object().unwrap().contains_key("rename_exchange"));

    assert_eq!(a["type"], "case");
    assert_eq!(a["id"], "t.a");
    assert_eq!(a["target"], target["name"]);
    assert_eq!(a["status"], "PASS");
    assert_eq!(a["class"], "linux-man");
    assert_eq!(a["clause"], "y(2)");
    assert!(a["duration_ns"].as_u64().unwrap() > 0);
    assert_eq!(a["reason"], Value::Null);
    assert_eq!(a["excused"], Value::Null);
    let steps = a["steps"].as_array().unwrap();
    assert_eq!(steps[0]["op"], "open path=f flags=CREAT|RDWR mode=0644 -> fd=1");
    assert_eq!(steps[0].get("want"), None, "a step that prepares wants nothing");
    assert_eq!(steps[0]["got"], "ok");
    assert_eq!(steps[1]["op"], "stat path=f");
    assert_eq!(steps[1]["want"], "type=file");
    assert!(steps[1]["got"].as_str().unwrap().starts_with("ok type=file mode=0644 "));

    assert_eq!(b["status"], "FAIL");
    assert_eq!(b["reason"], "step 1: expected ok, got ENOENT");
    assert_eq!(b["excused"]["kind"], "class");

    assert_eq!(end["type"], "end");
    let counts = &end["counts"][target["name"].as_str().unwrap()];
    assert_eq!((&counts["pass"], &counts["fail"], &counts["excused"]), (&1.into(), &1.into(), &1.into()));
    assert_eq!(end["exit_code"], 0);
}

#[test]
fn every_line_reads_back_to_the_event_that_it_is() {
    let ran = Bench::with_steps(&["stat path=. -> ENOENT"]).run(&["--format", "json"]);
    for line in ran.check(1).out.lines() {
        let event: conformance::event::Event = serde_json::from_str(line).unwrap();
        assert_eq!(event.to_json(), line);
    }
}

#[test]
fn long_data_is_written_as_it_was_wanted() {
    let steps = [
        "open path=f flags=CREAT|RDWR -> fd=1",
        "pwrite fd=1 data=%random(7,1000000) offset=0 -> count=1000000",
        "pread fd=1 length=1000000 offset=0 -> data=%random(7,1000000)",
        "pread fd=1 length=1000 offset=2000000 -> data=",
        "truncate fd=1 length=0",
        "truncate fd=1 length=500000",
        "pread fd=1 length=500000 offset=0 -> data=%repeat(\\x00,500000)",
    ];
    let ran = Bench::with_steps(&steps).run(&["--format", "json"]);
    assert_eq!(ran.case()["status"], "PASS", "{}", &ran.out[..ran.out.len().min(3000)]);
    assert!(ran.out.len() < 20_000, "{}", ran.out.len());
    assert_eq!(ran.case()["steps"][2]["got"], "ok count=1000000 data=%random(7,1000000)");
}

#[test]
fn a_log_that_cannot_be_written_is_the_environments_fault() {
    let bench = Bench::with_steps(&["stat path=. -> ok"]);
    bench.run(&["--log", "/no/such/directory/log"]).check(3);
    let full = bench.run(&["--log", "/dev/full"]);
    full.check(3);
    assert!(full.err.contains("the log: No space left"), "{full:?}");
}
