//! How cases end: each verdict, from a case that brings it about.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use common::{Bench, case, is_root};

/// Runs a case of these steps: its status and the reason.
fn check(steps: &[&str], status: &str, reason: &str) {
    let ran = Bench::with_steps(steps).run(&["--format", "json", "--timeout", "2"]);
    let result = ran.case();
    assert_eq!(result["status"], status, "{ran:?}");
    let told = result["reason"].as_str().unwrap_or_default();
    assert!(told.contains(reason), "{told}");
}

#[test]
fn what_is_as_wanted_passes() {
    check(&["open path=f flags=CREAT|RDWR -> fd=1", "pwrite fd=1 data=hello offset=0 -> count=5"], "PASS", "");
    check(&["stat path=. -> as=a", "stat path=. -> same=a", "stat path=. -> ino=a.ino"], "PASS", "");
}

#[test]
fn what_is_not_as_wanted_fails_and_tells_the_fields_that_were_compared() {
    check(&["stat path=gone -> ok"], "FAIL", "step 1: expected ok, got ENOENT");
    check(&["stat path=. -> type=file"], "FAIL", "step 1: expected type=file, got ok type=dir");
    check(&["stat path=. -> ENOENT|ENOTDIR"], "FAIL", "step 1: expected ENOENT|ENOTDIR, got ok");
}

#[test]
fn a_step_that_only_prepares_and_fails_blocks_the_case() {
    check(
        &["mkdir path=a/b", "stat path=a/b -> ok"],
        "BLOCKED",
        "step 1: `mkdir path=a/b`, which prepares, gave ENOENT",
    );
    check(&["open path=f -> ok|ENOENT fd=1", "stat fd=1 -> ok"], "BLOCKED", "step 2: `stat fd=1` uses fd=1");
    check(&["stat path=gone -> ok|ENOENT as=a", "stat path=. -> ino!=a.ino"], "FAIL", "");
}

#[test]
fn a_step_that_does_not_return_is_a_timeout_and_the_run_goes_on() {
    let hangs = case("a_hangs", "linux-man", &["mkfifo path=p", "open path=p -> ok fd=1"]);
    let goes_on = case("b_goes_on", "linux-man", &["stat path=. -> type=dir"]);
    let bench = Bench::with_cases(&format!("{hangs}{goes_on}"));
    let ran = bench.run(&["--format", "json", "--timeout", "0.5", "--jobs", "1"]);
    ran.check(1);
    assert_eq!(ran.statuses(), ["t.a_hangs TIMEOUT", "t.b_goes_on PASS"]);
}

#[test]
fn a_call_that_blocks_is_collected_later() {
    let steps = [
        "open path=f flags=CREAT|RDWR -> fd=1",
        "@self.2 open path=f flags=RDWR -> fd=1",
        "lockf fd=1 command=LOCK length=10",
        "@self.2 lockf fd=1 command=LOCK length=10 -> blocked",
        "close fd=1",
        "@self.2 wait -> ok",
    ];
    check(&steps, "PASS", "");
    check(&["wait -> ok"], "ERROR", "no call of `self` is blocked");
    let busy = [&steps[..4], &["@self.2 stat path=. -> ok"]].concat();
    check(&busy, "ERROR", "only `wait` can be its next step");
}

#[test]
fn a_child_has_copies_of_all_descriptors() {
    let steps = [
        "open path=f flags=CREAT|RDWR -> fd=1",
        "write fd=1 data=hello",
        "fork child=kid",
        "@kid lseek fd=1 offset=0 whence=CUR -> offset=5",
        "@kid lseek fd=1 offset=2 -> offset=2",
        "lseek fd=1 offset=0 whence=CUR -> offset=2",
        "@kid fork child=grandchild",
        "@grandchild read fd=1 length=9 -> data=llo",
        "close fd=1",
        "@kid pread fd=1 length=2 offset=0 -> data=he",
    ];
    check(&steps, "PASS", "");
}

#[test]
fn each_process_has_registers_of_its_own_and_each_case_new_ones() {
    check(&["open path=. -> fd=1", "@self.2 stat fd=1 -> ok"], "BLOCKED", "uses fd=1");
    let first = case("a", "linux-man", &["umask mode=0777 -> mode=022", "chdir path=.", "open path=. -> ok fd=1"]);
    let second = case("b", "linux-man", &["umask mode=0 -> mode=022", "stat fd=1 -> ok"]);
    let ran = Bench::with_cases(&format!("{first}{second}")).run(&["--format", "json", "--jobs", "1"]);
    assert_eq!(ran.statuses(), ["t.a PASS", "t.b BLOCKED"]);
}

#[test]
fn a_signal_is_an_outcome() {
    let steps = [
        "open path=f flags=CREAT|RDWR -> fd=1",
        "truncate fd=1 length=100",
        "mmap fd=1 length=8192 protection=READ|WRITE flags=SHARED -> map=1",
        "store map=1 offset=4096 data=x -> SIGBUS",
        "stat fd=1 -> size=100",
    ];
    check(&steps, "PASS", "");
}

#[test]
fn what_cannot_be_run_here_is_skipped_with_the_probes_reason() {
    let bench = Bench::with_steps(&["needs root", "stat path=. -> ok"]);
    let ran = bench.run_as_user(&["--format", "json"]);
    ran.check(0);
    let result = ran.case();
    assert_eq!(result["status"], "SKIP");
    assert!(
        result["reason"].as_str().unwrap().starts_with("root: only root can do this, and this is user "),
        "{ran:?}"
    );
    // Becoming somebody else is a need that no case has to state.
    let ran = Bench::with_steps(&["@other stat path=. -> ok"]).run_as_user(&["--format", "json"]);
    assert_eq!(ran.case()["status"], "SKIP");
}

#[test]
fn actors_have_credentials_of_their_own() {
    if !is_root() {
        return common::skip("only root can become other users");
    }
    let steps = [
        "@owner open path=f flags=CREAT|WRONLY mode=0640 -> fd=1",
        "@owner stat path=f -> uid=65501 gid=65501",
        "@other open path=f -> EACCES",
        "@member open path=f -> ok fd=1",
        "@member open path=g flags=CREAT|WRONLY -> fd=2",
        "stat path=g -> uid=65503 gid=65503",
        "@root open path=f -> ok fd=1",
    ];
    check(&steps, "PASS", "");
}

#[test]
fn products_are_one_case_for_each_choice() {
    let product = "product p src=missing|file|dir by=self|root\n  claim x\n  source y(2)\n  class linux-man\n  \
        @$by unlink path=$src\n  rule src=missing -> ENOENT\n  rule src=dir -> EISDIR\n  without src=missing by=root\n";
    let ran = Bench::with_cases(product).run(&["--format", "json"]);
    let skipped_if_not_root = if is_root() { "PASS" } else { "SKIP" };
    let wanted = [
        "t.p.missing.self PASS".to_owned(),
        "t.p.file.self PASS".to_owned(),
        format!("t.p.file.root {skipped_if_not_root}"),
        "t.p.dir.self PASS".to_owned(),
        format!("t.p.dir.root {skipped_if_not_root}"),
    ];
    assert_eq!(ran.statuses(), wanted);
}

#[test]
fn a_clause_that_nobody_promises_is_recorded_and_excused() {
    for (class, code) in [("posix-shall", 1), ("linux-man", 1), ("posix-may", 0), ("fs-specific", 0), ("observed", 0)] {
        let ran = Bench::with_cases(&case("c", class, &["stat path=. -> ENOENT"])).run(&["--format", "json"]);
        ran.check(code);
        let result = ran.case();
        assert_eq!(result["status"], "FAIL");
        assert_eq!(result["excused"]["kind"] == "class", code == 0, "{result}");
    }
}

#[test]
fn results_come_in_order_of_the_cases_however_many_run_at_a_time() {
    let cases: String =
        (0..60).map(|number| case(&format!("c{number:02}"), "linux-man", &["stat path=. -> type=dir"])).collect();
    let ran = Bench::with_cases(&cases).run(&["--format", "json", "--jobs", "8"]);
    let wanted: Vec<String> = (0..60).map(|number| format!("t.c{number:02} PASS")).collect();
    assert_eq!(ran.check(0).statuses(), wanted);
}
