//! `compare`: what differs between two runs, and nothing else.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::io::Write;
use std::process::Stdio;

use common::{Bench, Ran};
use serde_json::{Value, json};

/// A log of a run on targets of these names.
fn begin(kernel: &str, targets: &[&str]) -> Value {
    let target = |name: &&str| {
        json!({"name": name, "dir": format!("/{name}"), "mount": false, "fs_type": name, "fs_source": "x",
            "options": "rw", "probes": {"rename_exchange": null}})
    };
    json!({"type": "begin", "schema": 1, "version": "0.1.0", "kernel": kernel, "machine": "x86_64", "time_s": 1,
        "uid": 0, "confinement": "chroot", "cases": 1, "targets": targets.iter().map(target).collect::<Vec<_>>()})
}

/// A result with one step that asserts something.
fn result(id: &str, target: &str, status: &str, step: [&str; 3]) -> Value {
    let [op, want, got] = step;
    let reason = (status == "FAIL").then(|| format!("step 1: expected {want}, got {got}"));
    json!({"type": "case", "id": id, "target": target, "status": status, "class": "linux-man", "clause": "y(2)",
        "claim": "x", "duration_ns": 1, "reason": reason, "excused": null,
        "steps": [{"op": op, "want": want, "got": got}]})
}

fn end() -> Value {
    json!({"type": "end", "counts": {}, "stale": [], "duration_ns": 1, "exit_code": 0})
}

/// Compares logs of these lines.
fn compare(a: &[Value], b: &[Value], more: &[&str]) -> Ran {
    let bench = Bench::new();
    for (name, lines) in [("a", a), ("b", b)] {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(bench.path(name), text).unwrap();
    }
    bench.program(&[&["compare", "a", "b"], more].concat())
}

/// The rename of a directory over one that is not empty, for which POSIX allows two errors.
const RENAME: [&str; 3] = ["rename src=d dst=full", "ENOTEMPTY|EEXIST", "ENOTEMPTY"];

#[test]
fn the_same_results_are_no_difference_whatever_their_times_are() {
    let before = |time: u32| json!({"op": "stat path=f -> as=before", "got": format!("ok ctime_ns={time}")});
    let at = |time: u32| {
        let mut fails = result("t.b", "ext4", "FAIL", ["stat path=f", "ctime_ns>before.ctime_ns", "-"]);
        fails["reason"] = json!(format!("step 2: expected ctime_ns>before.ctime_ns, got ok ctime_ns={time}"));
        fails["steps"][0]["got"] = json!(format!("ok ctime_ns={time}"));
        fails["steps"].as_array_mut().unwrap().insert(0, before(time));
        let mut passes = result("t.a", "ext4", "PASS", RENAME);
        passes["duration_ns"] = json!(time);
        [begin("Linux 6.1", &["ext4"]), passes, fails, end()]
    };
    let ran = compare(&at(1), &at(2), &[]);
    assert!(ran.check(0).out.ends_with("\nno result differs\n"), "{ran:?}");
    assert!(ran.out.contains("\next4           2          0        0          0          0\n"), "{ran:?}");
    assert!(!ran.out.contains("Different"), "{ran:?}");
}

#[test]
fn results_that_differ_are_told_by_clause_and_cause_with_one_example() {
    let step = |got| ["rename src=a dst=b flags=EXCHANGE", "ENOENT", got];
    let mut a = vec![begin("Linux 6.1", &["ext4"])];
    let mut b = vec![begin("Linux 6.18", &["xfs"])];
    for number in 0..7 {
        a.push(result(&format!("t.c{number}"), "ext4", "PASS", step("ENOENT")));
        b.push(result(&format!("t.c{number}"), "xfs", "FAIL", step("ok")));
    }
    a.extend([
        result("t.fixed", "ext4", "FAIL", RENAME.map(|text| if text == "ENOTEMPTY" { "ok" } else { text })),
        end(),
    ]);
    b.extend([result("t.fixed", "xfs", "PASS", RENAME), end()]);
    let ran = compare(&a, &b, &[]);
    let out = &ran.check(1).out;
    assert!(out.contains("\n     kernel: A Linux 6.1, B Linux 6.18\n"), "{out}");
    assert!(out.contains("\n     file system: A ext4, B xfs\n"), "{out}");
    let headline = "y(2) (linux-man)\nPASS -> FAIL  rename flags=EXCHANGE: expected ENOENT, got ok  (7 cases)\n     \
        cases:  t.c0, t.c1, t.c2, t.c3 and 3 more\n     case:   t.c0\n";
    assert!(out.contains(headline), "{out}");
    let both =
        "     wanted: ENOENT\n     A:      PASS  got ENOENT\n     B:      FAIL  step 1: expected ENOENT, got ok\n";
    assert!(out.contains(both), "{out}");
    assert!(out.contains("\nFAIL -> PASS  rename: expected ENOTEMPTY|EEXIST, got ok  (1 case)\n"), "{out}");
    assert!(out.ends_with("\n8 results differ, 2 causes; 7 of them passed in A\n"), "{out}");
    assert!(!out.contains('\x1b'));
    let verbose = compare(&a, &b, &["--verbose"]);
    assert_eq!(verbose.out.matches("     case:   ").count(), 8, "{verbose:?}");
}

#[test]
fn another_cause_of_a_failure_is_a_difference() {
    let fails = |got| {
        let step = ["stat path=f", "ENOENT|EACCES", got];
        [begin("Linux 6.1", &["ext4"]), result("t.a", "ext4", "FAIL", step), end()]
    };
    let ran = compare(&fails("ok"), &fails("EIO"), &[]);
    assert!(ran.check(1).out.contains("FAIL -> FAIL  stat: expected ENOENT|EACCES, got ok; now stat: "), "{ran:?}");
}

#[test]
fn an_outcome_that_is_allowed_to_differ_is_told_apart_and_is_no_difference() {
    let run = |got| [begin("Linux 6.1", &["ext4"]), result("t.a", "ext4", "PASS", [RENAME[0], RENAME[1], got]), end()];
    let ran = compare(&run("ENOTEMPTY"), &run("EEXIST"), &[]);
    let told = "Allowed to differ\n     y(2): rename: allowed ENOTEMPTY|EEXIST, A ENOTEMPTY, B EEXIST\n          t.a\n";
    assert!(ran.check(0).out.contains(told), "{ran:?}");
    assert!(ran.out.ends_with("\nno result differs\n"), "{ran:?}");
}

#[test]
fn what_only_one_log_has_is_told_and_is_no_difference() {
    let run = |ids: &[&str]| {
        let mut lines = vec![begin("Linux 6.1", &["ext4"])];
        lines.extend(ids.iter().map(|id| result(id, "ext4", "PASS", RENAME)));
        lines.push(end());
        lines
    };
    let ran = compare(&run(&["t.a", "t.b", "t.c"]), &run(&["t.b", "t.d"]), &[]);
    assert!(ran.check(0).out.contains("Only in A: 2\n     t.a, t.c\nOnly in B: 1\n     t.d\n"), "{ran:?}");
    let ran = compare(&run(&["t.a"]), &run(&["t.b"]), &[]);
    assert!(ran.check(4).out.ends_with("\nno case is in both logs\n"), "{ran:?}");
}

#[test]
fn what_can_be_done_there_is_named_where_it_differs() {
    let run = |probe: Value, options: &str, status: &str| {
        let mut begin = begin("Linux 6.1", &["ext4"]);
        begin["targets"][0]["probes"]["rename_exchange"] = probe;
        begin["targets"][0]["options"] = json!(options);
        let mut result = result("t.a", "ext4", status, RENAME);
        if status == "SKIP" {
            result["reason"] = json!("rename_exchange: gives EINVAL");
            result["steps"] = json!([]);
        }
        [begin, result, end()]
    };
    let ran = compare(&run(Value::Null, "rw", "PASS"), &run(json!("gives EINVAL"), "rw,noatime", "SKIP"), &[]);
    let out = &ran.check(1).out;
    assert!(
        out.contains("     options: A rw, B rw,noatime\n     need rename_exchange: A met, B gives EINVAL\n"),
        "{out}"
    );
    assert!(out.contains("PASS -> SKIP  rename_exchange: gives EINVAL  (1 case)\n"), "{out}");
}

#[test]
fn targets_are_matched_by_name_and_can_be_chosen() {
    let run = |targets: &[&str], failing: &str| {
        let mut lines = vec![begin("Linux 6.1", targets)];
        for target in targets {
            let (status, got) = if *target == failing { ("FAIL", "ok") } else { ("PASS", "ENOENT") };
            lines.push(result("t.a", target, status, ["stat path=f", "ENOENT", got]));
        }
        lines.push(end());
        lines
    };
    let two = run(&["ext4", "mount"], "mount");
    compare(&two, &run(&["mount", "ext4"], "mount"), &[]).check(0);
    let ran = compare(&two, &run(&["mount", "xfs"], ""), &[]);
    assert!(ran.check(1).out.contains("   not compared: ext4 of A\n   not compared: xfs of B\n"), "{ran:?}");
    compare(&two, &run(&["xfs"], ""), &["--target", "ext4"]).check(0);
    compare(&two, &run(&["xfs"], ""), &["--target", "mount"]).check(1);
    compare(&two, &two, &["--target", "ext4=mount"]).check(1);
    compare(&two, &two, &["--target", "ext4"]).check(0);
    let ran = compare(&two, &run(&["xfs"], ""), &[]);
    let message = "conformance: no target has the same name in both logs; say which with --target A=B: a has `ext4`, \
        `mount`; b has `xfs`\n";
    assert_eq!(ran.check(2).err, message);
    let ran = compare(&two, &two, &["--target", "btrfs"]);
    assert!(ran.check(2).err.starts_with("conformance: no target `btrfs` to compare: a has `ext4`"), "{ran:?}");
}

#[test]
fn what_is_no_log_is_wrong_usage_and_the_message_names_the_line() {
    let good = [begin("Linux 6.1", &["ext4"]), result("t.a", "ext4", "PASS", RENAME), end()];
    let bench = Bench::new();
    let ran = bench.program(&["compare", "gone", "gone"]);
    assert_eq!(ran.check(2).err, "conformance: gone: No such file or directory (os error 2)\n");
    assert!(bench.program(&["compare", ".", "."]).check(2).err.contains(".: is a directory"));
    assert!(bench.program(&["compare", "-", "-"]).check(2).err.contains("only one of the logs"));
    bench.program(&["compare", "gone"]).check(2);
    let newer = begin("Linux 7", &["ext4"]).to_string().replace("\"schema\":1", "\"schema\":9");
    let broken = [begin("Linux 6.1", &["ext4"]), json!({"type": "case"}), end()];
    let told = |b: &[Value]| compare(&good, b, &[]).check(2).err.clone();
    assert!(told(&[serde_json::from_str(&newer).unwrap()]).contains("b:1: the log has schema 9"));
    assert!(told(&[json!({"a": 1})]).contains("b:1: no log of a run"));
    assert!(told(&broken).contains("b:2: no line of a log: missing field `id`"));
    assert!(told(&[]).contains("b: is empty"));
}

#[test]
fn a_log_that_was_cut_is_compared_as_far_as_it_goes() {
    let whole =
        [begin("Linux 6.1", &["ext4"]), result("t.a", "ext4", "PASS", RENAME), result("t.b", "ext4", "PASS", RENAME)];
    let bench = Bench::new();
    let text: String = whole.iter().map(|line| format!("{line}\n")).collect();
    fs::write(bench.path("a"), format!("{text}{}\n", end())).unwrap();
    fs::write(bench.path("b"), &text[..text.len() - 40]).unwrap();
    let ran = bench.program(&["compare", "a", "b"]);
    assert!(ran.check(0).out.contains("\nB: b (Linux 6.1; ext4)\n   cut: the run was stopped"), "{ran:?}");
    assert!(ran.out.contains("Only in A: 1\n     t.b\n"), "{ran:?}");
    assert!(ran.out.ends_with("\nno result differs, as far as the logs go\n"), "{ran:?}");
}

#[test]
fn a_log_may_come_from_standard_input() {
    let bench = Bench::new();
    let log: String = [begin("Linux 6.1", &["ext4"]), result("t.a", "ext4", "PASS", RENAME), end()]
        .iter()
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(bench.path("a"), &log).unwrap();
    let mut child = bench.command(&["compare", "a", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("B: standard input (Linux 6.1; ext4)\n"));
}

#[test]
fn json_has_a_line_for_each_difference_and_the_counts() {
    let run = |got: &str, status: &str, kernel: &str| {
        [
            begin(kernel, &["ext4"]),
            result("t.a", "ext4", status, ["stat path=f", "ENOENT", if status == "PASS" { "ENOENT" } else { "ok" }]),
            result("t.b", "ext4", "PASS", [RENAME[0], RENAME[1], got]),
            end(),
        ]
    };
    let (mut a, b) = (run("EEXIST", "PASS", "Linux 6.1").to_vec(), run("ENOTEMPTY", "FAIL", "Linux 6.18"));
    a.insert(1, result("t.only", "ext4", "PASS", RENAME));
    let lines = compare(&a, &b, &["--format", "json"]).check(1).json();
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["compare", "difference", "allowed", "only", "end"]);
    assert_eq!(
        lines[0]["environment"],
        json!([{"target": null, "what": "kernel", "a": "Linux 6.1", "b": "Linux 6.18"}])
    );
    assert_eq!(lines[0]["schema"], 1);
    assert_eq!((&lines[1]["a"]["status"], &lines[1]["b"]["status"]), (&json!("PASS"), &json!("FAIL")));
    assert_eq!(lines[1]["b"]["causes"], json!(["stat: expected ENOENT, got ok"]));
    assert_eq!((&lines[2]["a"], &lines[2]["b"]), (&json!("EEXIST"), &json!("ENOTEMPTY")));
    assert_eq!((&lines[3]["id"], &lines[3]["in"]), (&json!("t.only"), &json!("a")));
    let counts = json!([{"target": {"a": "ext4", "b": "ext4"}, "same": 0, "different": 1, "allowed": 1, "only_a": 1,
        "only_b": 0}]);
    assert_eq!(lines[4]["counts"], counts);
    assert_eq!(lines[4]["exit_code"], 1);
}

#[test]
fn long_logs_of_what_passed_need_little_memory() {
    let bench = Bench::new();
    let mut log = fs::File::create(bench.path("a")).map(std::io::BufWriter::new).unwrap();
    let data = "x".repeat(3000);
    writeln!(log, "{}", begin("Linux 6.1", &["ext4"])).unwrap();
    for number in 0..20_000 {
        let step = ["pread fd=1 length=3000 offset=0", "ok", &format!("ok count=3000 data={data}")];
        writeln!(log, "{}", result(&format!("t.c{number}"), "ext4", "PASS", step)).unwrap();
    }
    writeln!(log, "{}", end()).unwrap();
    log.into_inner().unwrap();
    // The log has 65 MB.
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -v 49152 && exec \"$0\" compare a a", env!("CARGO_BIN_EXE_conformance")]);
    limited.current_dir(bench.path(""));
    let ran = bench.finish(limited);
    assert!(ran.check(0).out.ends_with("\nno result differs\n"), "{ran:?}");
}

#[test]
fn runs_can_be_compared_as_they_are_written() {
    let bench = Bench::with_steps(&["stat path=. -> type=dir"]);
    let log = bench.path("log").display().to_string();
    bench.run(&["--log", &log]).check(0);
    fs::write(bench.path("cases/t.case"), common::case("c", "linux-man", &["stat path=. -> type=file"])).unwrap();
    let other = bench.path("other").display().to_string();
    bench.run(&["--log", &other]).check(1);
    let ran = bench.program(&["compare", &log, &other]);
    assert!(ran.check(1).out.contains("PASS -> FAIL  stat: type: expected file, got dir  (1 case)\n"), "{ran:?}");
}
