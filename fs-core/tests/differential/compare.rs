//! Compares what both sides wrote.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::known::Known;

/// What came of a step, or at the end of a case the tree.
struct Part<'t> {
    call: &'t str,
    lines: Vec<&'t str>,
}

/// What the comparison found.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) cases: usize,
    pub(crate) calls: usize,
    /// Calls with the same value or error and the same events.
    pub(crate) alike: usize,
    /// Calls that do not compile in Rust, and that CPython refuses.
    pub(crate) unwritable: usize,
    pub(crate) known: usize,
    /// Calls behind a known difference, which are about something else on each side.
    pub(crate) behind: usize,
    /// Differences that nobody explains.
    pub(crate) differences: Vec<String>,
}

const TREE: &str = "(what is left)";

pub(crate) fn compare(cpython: &str, fs_core: &str, known: &mut [Known], is_part: bool) -> Report {
    let (version, theirs) = cpython.split_once('\n').expect("a version");
    let version = version_of(version);
    let mut known: Vec<_> = known.iter_mut().filter(|entry| entry.applies(version)).collect();
    let (theirs, ours) = (cases(theirs), cases(fs_core));
    let mut report = Report { cases: ours.len(), ..Report::default() };
    assert!(theirs.keys().eq(ours.keys()), "both sides have made the same cases");
    for (id, ours) in &ours {
        compare_case(id, &theirs[id], ours, &mut known, &mut report);
    }
    // A part of the list shows a part of the differences.
    for entry in known.iter().filter(|entry| entry.seen == 0 && entry.is_always_seen() && !is_part) {
        report.differences.push(format!("{}: no longer seen", entry.name()));
    }
    report
}

/// `python 3.11.7`
fn version_of(line: &str) -> (u32, u32) {
    let mut numbers = line.trim_start_matches("python ").split('.').map(|part| part.parse().expect("a version"));
    (numbers.next().expect("a major version"), numbers.next().expect("a minor version"))
}

fn cases(text: &str) -> BTreeMap<&str, Vec<Part<'_>>> {
    let mut cases = BTreeMap::new();
    let mut parts: &mut Vec<Part<'_>> = &mut Vec::new();
    for line in text.lines() {
        if let Some(id) = line.strip_prefix("case ") {
            let before = cases.insert(id, Vec::new());
            assert!(before.is_none(), "two cases {id}");
            parts = cases.get_mut(id).expect("just put there");
        } else if let Some(call) = line.strip_prefix("> ") {
            parts.push(Part { call, lines: Vec::new() });
        } else {
            if line.starts_with("tree ") && parts.last().is_none_or(|part| part.call != TREE) {
                parts.push(Part { call: TREE, lines: Vec::new() });
            }
            parts.last_mut().expect("a call before its answer").lines.push(line.trim_start());
        }
    }
    cases
}

fn compare_case(id: &str, theirs: &[Part<'_>], ours: &[Part<'_>], known: &mut [&mut Known], report: &mut Report) {
    assert_eq!(theirs.len(), ours.len(), "{id}: both sides have made all calls");
    let mut behind = false;
    for (theirs, ours) in theirs.iter().zip(ours) {
        assert_eq!(theirs.call, ours.call, "{id}");
        let is_call = ours.call != TREE;
        report.calls += usize::from(is_call);
        if behind {
            report.behind += usize::from(is_call);
            continue;
        }
        match verdict(theirs, ours) {
            Verdict::Alike => report.alike += usize::from(is_call),
            Verdict::Unwritable => report.unwritable += 1,
            Verdict::Different => {
                let (cpython, fs_core) = different_lines(&theirs.lines, &ours.lines);
                match known.iter_mut().find(|entry| entry.matches(id, ours.call, &cpython, &fs_core)) {
                    Some(entry) => {
                        entry.seen += 1;
                        report.known += usize::from(is_call);
                        behind = entry.excuses_rest();
                    }
                    None => {
                        let mut text = String::new();
                        writeln!(text, "{id}: {}", ours.call).expect("a String takes everything");
                        writeln!(text, "  cpython  {cpython}\n  fs-core  {fs_core}")
                            .expect("a String takes everything");
                        report.differences.push(text);
                        // The rest tells the same story again.
                        return;
                    }
                }
            }
        }
    }
}

enum Verdict {
    Alike,
    Unwritable,
    Different,
}

fn verdict(theirs: &Part<'_>, ours: &Part<'_>) -> Verdict {
    if theirs.lines == ours.lines {
        return Verdict::Alike;
    }
    let (Some((their_answer, their_events)), Some((our_answer, our_events))) =
        (theirs.lines.split_last(), ours.lines.split_last())
    else {
        return Verdict::Different;
    };
    if our_answer.starts_with("! unwritable") {
        return if their_answer.starts_with("! ") { Verdict::Unwritable } else { Verdict::Different };
    }
    let is_invalid = *our_answer == "! Invalid" && matches!(*their_answer, "! ValueError" | "! OverflowError");
    if is_invalid && their_events == our_events { Verdict::Alike } else { Verdict::Different }
}

/// The lines of each side that the other has not, as one text each.
fn different_lines(theirs: &[&str], ours: &[&str]) -> (String, String) {
    let only = |these: &[&str], those: &[&str]| -> String {
        let lines: Vec<_> = these.iter().filter(|line| !those.contains(line)).copied().collect();
        if lines.is_empty() { these.join(" ; ") } else { lines.join(" ; ") }
    };
    (only(theirs, ours), only(ours, theirs))
}
