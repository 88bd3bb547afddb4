//! KTAP, TAP, JUnit and JSON Lines, read by programs that others wrote: the kernel's
//! `kunit.py`, Perl's `TAP::Parser`, `xmllint` with Jenkins' schema, and Python.
//!
//! `data/junit-10.xsd` is that of Jenkins' xUnit plugin, as pytest ships it, under the MIT
//! licence that it begins with.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use common::{Bench, case};
use conformance::event::{Begin, CaseResult, End, Event, ExcuseKind, Excused, Status, Step};
use conformance::report::plan::Plan;
use conformance::report::{Format, Report, Style};

/// A text that means something in each of the formats, and breaks lines in all.
const HOSTILE: &str = "a # SKIP b\\\\# TODO \\# c\nok 99 - x\r\n# Subtest: y\t\u{1b}[31m\0 \u{85}\u{2028}\u{fffe} \
    ]]></failure>&lt; \"q\" 'r' é 日 ... --- : {";

/// The results of a run on two targets, of which everything that can be is hostile.
fn hostile() -> Vec<Event> {
    let begin = r#"{"type":"begin","schema":1,"version":"0","kernel":"Linux 6","machine":"m","time_s":1795456906,
        "uid":0,"confinement":"chroot","cases":8,"targets":[]}"#;
    let Event::Begin(begin) = serde_json::from_str(begin).unwrap() else { panic!() };
    let target = |name: &str| conformance::event::TargetInfo {
        name: name.to_owned(),
        dir: HOSTILE.to_owned(),
        mount: false,
        fs_type: HOSTILE.to_owned(),
        fs_source: HOSTILE.to_owned(),
        options: HOSTILE.to_owned(),
        probes: [].into(),
    };
    let targets = ["plain", HOSTILE];
    let begin = Begin { targets: targets.map(target).into(), ..begin };
    let mut events = vec![Event::Begin(begin)];
    let mut end = End { duration_ns: 1_234_567_890, stale: vec![HOSTILE.to_owned()], ..End::default() };
    for id in ids() {
        for target in targets {
            let result = result(&id, target);
            end.counts.entry(target.to_owned()).or_default().add(&result);
            events.push(Event::Case(result));
        }
    }
    events.push(Event::End(end));
    events
}

/// One for each way to end, then one that is hostile.
fn ids() -> Vec<String> {
    let plain = ["a.pass", "a.fail", "a.skip", "b.error", "b.timeout", "b.blocked", "b.excused"];
    plain.into_iter().map(str::to_owned).chain([format!("c.{HOSTILE}")]).collect()
}

fn result(id: &str, target: &str) -> CaseResult {
    let status = match id {
        "a.pass" => Status::Pass,
        "a.skip" => Status::Skip,
        "b.error" => Status::Error,
        "b.timeout" => Status::Timeout,
        "b.blocked" => Status::Blocked,
        _ => Status::Fail,
    };
    let excused = (id == "b.excused").then(|| Excused { kind: ExcuseKind::Known, cause: HOSTILE.to_owned() });
    let step = Step { op: HOSTILE.to_owned(), want: Some(HOSTILE.to_owned()), got: Some(HOSTILE.to_owned()) };
    CaseResult {
        id: id.to_owned(),
        target: target.to_owned(),
        status,
        class: HOSTILE.to_owned(),
        clause: HOSTILE.to_owned(),
        claim: HOSTILE.to_owned(),
        duration_ns: 1_500_000,
        reason: (status != Status::Pass).then(|| HOSTILE.to_owned()),
        excused,
        steps: if status == Status::Skip { Vec::new() } else { vec![step] },
    }
}

/// The report on the hostile run.
fn report(format: Format) -> String {
    let ids = ids();
    let style = Style { again: format!(" '{HOSTILE}'"), ..Style::default() };
    let mut report = Report::new(format, style, Plan::of(ids.iter().map(String::as_str)));
    let mut out = Vec::new();
    hostile().iter().for_each(|event| report.tell(event, &mut out).unwrap());
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with('\n'));
    text
}

/// What a program prints that reads the text; none if it is not there.
fn read_with(program: &str, arguments: &[&str], text: &str) -> Option<(bool, String)> {
    let command = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match command {
        Ok(child) => child,
        Err(error) => {
            common::skip(&format!("{program}: {error}"));
            return None;
        }
    };
    let mut stdin = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}

fn data(name: &str) -> String {
    format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn perl_reads_tap_with_every_result_and_reason() {
    let Some((is_read, told)) = read_with("perl", &[&data("tap.pl")], &report(Format::Tap)) else {
        return;
    };
    assert!(is_read, "{told}");
    let points = |depth: &str| -> Vec<String> {
        told.lines().filter(|line| line.starts_with(depth)).map(|line| line[2..].to_owned()).collect()
    };
    let cases = points("2|");
    assert_eq!(cases.len(), 16, "{told}");
    assert_eq!(cases[0], "ok||| a.pass".replace(" a", "- a"), "{told}");
    let of = |id: &str| cases.iter().find(|line| line.ends_with(id)).unwrap_or_else(|| panic!("{id}: {told}"));
    assert!(of("- a.fail").starts_with("not ok|||"), "{told}");
    assert!(of("- a.skip").starts_with("ok|SKIP|a "), "{told}");
    assert!(of("- b.excused").starts_with("not ok|TODO|a "), "{told}");
    for id in ["b.error", "b.timeout", "b.blocked"] {
        assert!(of(&format!("- {id}")).starts_with("not ok|||"), "{told}");
    }
    let hostile = cases.iter().filter(|line| line.starts_with("not ok|||- c.a ")).count();
    assert_eq!(hostile, 2, "no directive of it is taken for one: {told}");
    assert_eq!(points("1|"), ["not ok|||- a", "not ok|||- b", "not ok|||- c"].repeat(2), "{told}");
    assert_eq!(points("0|").len(), 2, "{told}");
    // Below each of the six of a target that are not ok.
    assert_eq!(told.lines().filter(|line| line.starts_with("yaml|a # SKIP b")).count(), 12, "{told}");
}

#[test]
fn the_kernel_reads_ktap_with_every_result() {
    let Some(kunit) = std::env::var_os("OSPREY_KUNIT") else {
        return common::skip("OSPREY_KUNIT does not name the tools/testing/kunit of a kernel's source");
    };
    let kunit = format!("{}/kunit.py", kunit.display());
    let Some((_, told)) = read_with("python3", &[&kunit, "parse"], &report(Format::Ktap)) else {
        return;
    };
    // What is excused passes, as the kernel's parser has it; the rest fails.
    assert!(told.contains("Ran 16 tests: passed: 4, failed: 10, skipped: 2"), "{told}");
    assert!(!told.contains("[ERROR]") && !told.to_lowercase().contains("errors: "), "{told}");
    assert_eq!(told.matches("[FAILED] b.blocked").count(), 2, "{told}");
    assert_eq!(told.matches("[SKIPPED] a.skip").count(), 2, "{told}");
}

#[test]
fn ktap_has_its_plans_its_numbers_and_its_directives() {
    let text = report(Format::Ktap);
    let mut lines = text.lines().peekable();
    let points = check_ktap(&mut lines, 0);
    assert_eq!(lines.next().map(|line| line.starts_with("# stale known difference: a ")), Some(true));
    assert_eq!(points.iter().filter(|point| point.starts_with("not ok")).count(), 2 * 5 + 2 * 3 + 2);
    let of = |id: &str| points.iter().filter(|point| point.contains(&format!(" {id} # "))).collect::<Vec<_>>();
    assert!(of("a.skip").iter().all(|point| point.contains("ok 3 a.skip # SKIP a \\x23 SKIP b")), "{text}");
    assert!(of("b.error").iter().all(|point| point.contains("# ERROR a")), "{text}");
    assert!(of("b.timeout").iter().all(|point| point.contains("# TIMEOUT a")), "{text}");
    assert!(of("b.blocked").iter().all(|point| point.contains("# BLOCKED a")), "{text}");
    assert!(of("b.excused").iter().all(|point| point.starts_with("ok 4 b.excused # XFAIL a")), "{text}");
    assert_eq!(of("b.excused").len(), 2);
}

/// Reads the points of a depth, by the words of the format; gives those below them too.
fn check_ktap<'t>(lines: &mut std::iter::Peekable<std::str::Lines<'t>>, depth: usize) -> Vec<&'t str> {
    let indent = "  ".repeat(depth);
    let next = |lines: &mut std::iter::Peekable<std::str::Lines<'t>>| {
        let line = lines.next().unwrap();
        line.strip_prefix(&*indent).unwrap_or_else(|| panic!("depth {depth}: {line}"))
    };
    assert_eq!(next(lines), "KTAP version 1");
    let mut plan = next(lines);
    if plan.starts_with("# Subtest: ") {
        assert!(depth > 0 && !plan["# Subtest: ".len()..].contains('#'));
        plan = next(lines);
    }
    let count: usize = plan.strip_prefix("1..").unwrap().parse().unwrap();
    let mut points = Vec::new();
    for number in 1..=count {
        while let Some(line) = lines.peek() {
            let below = format!("{indent}  KTAP");
            match *line {
                line if line.starts_with(&below) => points.extend(check_ktap(lines, depth + 1)),
                line if line.trim_start().starts_with('#') => {
                    lines.next();
                }
                _ => break,
            }
        }
        let point = next(lines);
        let rest = point.strip_prefix("not ").unwrap_or(point);
        assert!(rest.starts_with(&format!("ok {number} ")), "{point}");
        points.push(point);
    }
    points
}

#[test]
fn jenkins_schema_holds_for_junit() {
    let text = report(Format::Junit);
    let arguments = ["--noout", "--schema", &data("junit-10.xsd"), "-"];
    let Some((is_valid, told)) = read_with("xmllint", &arguments, &text) else {
        return;
    };
    assert!(is_valid, "{told}\n{text}");
    let ask = |question: &str| {
        let (answered, told) = read_with("xmllint", &["--xpath", question, "-"], &text).unwrap();
        assert!(answered, "{told}");
        told.trim_end().to_owned()
    };
    assert_eq!(ask("count(/testsuites/testsuite)"), "2");
    assert_eq!(ask("count(//testcase)"), "16");
    assert_eq!(ask("string(//testsuite[1]/@name)"), "plain");
    assert_eq!(ask("string(//testsuite[1]/@timestamp)"), "2026-11-23T18:01:46.000+00:00");
    assert_eq!(ask("count(//testsuite[1]/testcase[not(*)])"), "1", "one passed");
    assert_eq!(ask("count(//testsuite[1]//failure)"), "4");
    assert_eq!(ask("string(//testcase[@name='timeout']/failure/@type)"), "TIMEOUT");
    assert_eq!(ask("string(//testcase[@name='blocked']/failure/@type)"), "BLOCKED");
    assert_eq!(ask("count(//testsuite[1]//error)"), "1");
    assert_eq!(ask("count(//testsuite[1]//skipped)"), "2");
    assert_eq!(ask("string(//testcase[@name='excused']/skipped/@type)"), "excused.known");
    assert!(ask("string(//testcase[@name='skip']/skipped/@message)").starts_with("a # SKIP b\\\\# TODO"));
    assert_eq!(ask("string(//testcase[@name='fail']/@classname)"), "a");
    assert_eq!(ask("string(//testcase[@name='fail']/@time)"), "0.002");
    assert!(ask("string(//testsuite[1]/properties/property[@name='options']/@value)").contains("\"q\" 'r' é 日"));
    assert!(ask("string(//testcase[@name='fail']/failure)").contains("again:  conformance run --case a.fail "));
}

#[test]
fn python_reads_json_lines_back_to_what_they_were() {
    let script = "import json,sys\nfor line in sys.stdin.buffer.read().split(b'\\n')[:-1]: print(json.loads(line).get('id','-').encode())";
    let Some((is_read, told)) = read_with("python3", &["-c", script], &report(Format::Json)) else {
        return;
    };
    assert!(is_read, "{told}");
    assert_eq!(told.lines().count(), 18, "{told}");
    let events: Vec<Event> = report(Format::Json).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events, hostile());
}

#[test]
fn points_of_the_first_target_come_before_the_run_has_ended() {
    for format in [Format::Ktap, Format::Tap] {
        let ids = ids();
        let mut report = Report::new(format, Style::default(), Plan::of(ids.iter().map(String::as_str)));
        let mut out = Vec::new();
        hostile().iter().take(2).for_each(|event| report.tell(event, &mut out).unwrap());
        let text = String::from_utf8(out).unwrap();
        assert!(text.trim_end().ends_with("a.pass"), "{text}");
    }
}

#[test]
fn a_run_prints_each_format_with_the_same_exit_code() {
    let cases = [
        case("passes", "linux-man", &["stat path=. -> type=dir"]),
        case("fails", "linux-man", &["stat path=. -> ENOENT"]),
        case("recorded", "observed", &["stat path=. -> ENOENT"]),
    ];
    let bench = Bench::with_cases(&cases.concat());
    let run = |format: &str| bench.run(&["--format", format]).check(1).out.clone();
    let ktap = run("ktap");
    assert!(ktap.starts_with("KTAP version 1\n1..1\n  KTAP version 1\n"), "{ktap}");
    assert!(ktap.contains("\n    ok 1 t.passes\n"), "{ktap}");
    assert!(ktap.contains("\n    # step: `stat path=.` wanted `ENOENT`, got `ok`\n"), "{ktap}");
    assert!(ktap.contains("\n    not ok 2 t.fails # step 1: expected ENOENT, got ok\n"), "{ktap}");
    assert!(ktap.contains("\n    ok 3 t.recorded # XFAIL a clause of class observed is recorded"), "{ktap}");
    assert!(ktap.contains("\n  # Totals: pass:1 fail:1 xfail:1 xpass:0 skip:0 error:0\nnot ok 1 "), "{ktap}");
    let tap = run("tap");
    assert!(tap.starts_with("TAP version 14\n1..1\n# Subtest: "), "{tap}");
    assert!(tap.contains("\n        not ok 2 - t.fails\n          ---\n          message: \"step 1: "), "{tap}");
    let junit = run("junit");
    assert!(junit.contains("<testcase name=\"passes\" classname=\"t\" time=\""), "{junit}");
    assert!(junit.contains(&format!("<property name=\"directory\" value=\"{}\"/>", bench.target())), "{junit}");

    fs::write(bench.path("cases/t.case"), &cases[0]).unwrap();
    for format in ["ktap", "tap", "junit"] {
        bench.run(&["--format", format]).check(0);
    }
}
