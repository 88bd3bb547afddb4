//! `conformance report` on the command line: what it refuses, and what it leaves.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Output;

use crate::logs::{Desk, sample};

fn check(ran: &Output, code: i32, message: &str) {
    let told = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(code), "{told}");
    assert!(told.starts_with(message), "{told}");
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.log("run.jsonl", &sample());
    desk
}

#[test]
fn what_is_no_log_is_refused_with_its_line_and_nothing_is_written() {
    let desk = desk();
    let report = |log: &str| desk.report(&[log, "-o", "page.html"]);
    check(&report("missing.jsonl"), 2, "conformance: missing.jsonl: No such file");
    fs::write(desk.path("text"), "hello\n").unwrap();
    check(&report("text"), 2, "conformance: text:1: no log of a run");
    let good = fs::read_to_string(desk.path("run.jsonl")).unwrap();
    fs::write(desk.path("broken"), good.replacen("\"PASS\"", "\"GOOD\"", 1)).unwrap();
    check(&report("broken"), 2, "conformance: broken:2: no line of a log");
    // Half of a pair of UTF-16 is no text.
    fs::write(desk.path("broken"), good.replacen("What may", "\\ud800", 1)).unwrap();
    check(&report("broken"), 2, "conformance: broken:2: no line of a log");
    fs::write(desk.path("newer"), good.replacen("\"schema\":1", "\"schema\":2", 1)).unwrap();
    check(&report("newer"), 2, "conformance: newer:1: the log has schema 2");
    let line = good.lines().nth(1).unwrap();
    fs::write(desk.path("twice"), good.replacen(line, &format!("{line}\n{line}"), 1)).unwrap();
    check(&report("twice"), 2, "conformance: twice: the case `rename.types.missing.file.self` stands twice");
    // One that is good beside one that is not: still no page.
    check(&desk.report(&["run.jsonl", "text", "-o", "page.html"]), 2, "conformance: text:1:");
    assert!(!desk.path("page.html").exists());
}

#[test]
fn a_log_and_a_file_for_the_page_are_wanted() {
    let desk = desk();
    check(&desk.report(&["run.jsonl"]), 2, "error: the following required arguments were not provided");
    check(&desk.report(&["-o", "page.html"]), 2, "error: the following required arguments were not provided");
}

#[test]
fn a_page_replaces_the_one_before_it_and_leaves_nothing_beside_it() {
    let desk = desk();
    fs::write(desk.path("page.html"), "old").unwrap();
    fs::set_permissions(desk.path("page.html"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("page.html", desk.path("link.html")).unwrap();
    let ran = desk.report(&["run.jsonl", "-o", "link.html"]);
    assert_eq!((ran.status.code(), ran.stdout.len(), ran.stderr.len()), (Some(0), 0, 0), "{ran:?}");
    assert!(fs::read_to_string(desk.path("page.html")).unwrap().ends_with("</html>\n"));
    assert_eq!(fs::metadata(desk.path("page.html")).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(desk.path("link.html")).unwrap().is_symlink());
    let mut left: Vec<_> = fs::read_dir(desk.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["link.html", "page.html", "run.jsonl"]);
}

#[test]
fn a_page_that_cannot_be_written_is_the_environments_fault() {
    let desk = desk();
    check(&desk.report(&["run.jsonl", "-o", "no/such/page.html"]), 3, "conformance: no/such/page.html: cannot write");
    check(&desk.report(&["run.jsonl", "-o", "."]), 3, "conformance: .: cannot write");
    check(
        &desk.report(&["run.jsonl", "-o", "/dev/full"]),
        3,
        "conformance: /dev/full: cannot write the page: No space",
    );
}

#[test]
fn a_log_is_not_written_over() {
    let desk = desk();
    let before = fs::read_to_string(desk.path("run.jsonl")).unwrap();
    check(&desk.report(&["run.jsonl", "-o", "./run.jsonl"]), 2, "conformance: run.jsonl: the page would be written");
    assert_eq!(fs::read_to_string(desk.path("run.jsonl")).unwrap(), before);
}

#[test]
fn a_minus_is_standard_input_and_standard_output() {
    let desk = desk();
    let program = env!("CARGO_BIN_EXE_conformance");
    let log = fs::File::open(desk.path("run.jsonl")).unwrap();
    let ran = std::process::Command::new(program).args(["report", "-", "-o", "-"]).stdin(log).output().unwrap();
    assert_eq!(ran.status.code(), Some(0));
    assert!(ran.stdout.starts_with(b"<!DOCTYPE html>") && ran.stdout.ends_with(b"</html>\n"));
}

#[test]
fn help_has_examples_and_exit_codes() {
    let help = String::from_utf8(desk().report(&["--help"]).stdout).unwrap();
    assert!(help.contains("conformance report run.jsonl -o run.html") && help.contains("Exit codes:\n  0 "), "{help}");
}
