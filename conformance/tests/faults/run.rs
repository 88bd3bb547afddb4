//! A run of the suite on a mount with a fault, which is a process of its own, and what fails on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use fuse_mount::faults::{Fault, VARIABLE};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Bench, Ran};

/// The cases that fail, and in what they differ from what is wanted.
pub(crate) type Failures = BTreeMap<String, String>;

/// Files of cases that try all calls with one kind of argument each: two thirds of the suite, in which
/// one fault fails hundreds of times. What is measured is what the rest finds.
const OVER_ALL_CALLS: [&str; 5] = ["addresses", "descriptors", "entry_points", "paths", "permissions"];

/// The files of cases of which a fault is measured by.
pub(crate) fn measured() -> BTreeSet<String> {
    let suite = conformance::suite::embedded().map_err(|error| error.to_string()).unwrap();
    let files = suite.iter().filter_map(|case| case.id.split('.').next());
    files.filter(|file| !OVER_ALL_CALLS.contains(file)).map(str::to_owned).collect()
}

/// The case files that are needed for some cases, cut down to these: all of the suite takes longer to
/// read than these to run.
pub(crate) fn cut_down(cases: &BTreeSet<String>) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let files: BTreeSet<&str> = cases.iter().filter_map(|case| case.split('.').next()).collect();
    for file in files {
        let name = format!("{file}.case");
        let text =
            fs::read_to_string([env!("CARGO_MANIFEST_DIR"), "cases", &name].iter().collect::<PathBuf>()).unwrap();
        let is_needed = |block: &&str| match block.split_whitespace().collect::<Vec<_>>()[..] {
            ["case" | "product", name, ..] => {
                let id = format!("{file}.{name}");
                cases
                    .iter()
                    .any(|case| case.strip_prefix(&id).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
            }
            _ => true,
        };
        let needed: Vec<&str> = text.split("\n\n").filter(is_needed).collect();
        fs::write(dir.path().join(name), needed.join("\n\n")).unwrap();
    }
    dir
}

/// Runs cases on a directory and on a mount over another one, and gives what fails on the mount. On
/// the directory nothing does.
pub(crate) fn on_mount(fault: Option<Fault>, selection: &[String]) -> Failures {
    let name = fault.map_or("", Fault::name);
    let ran = start(name, selection);
    assert!(matches!((fault, ran.code), (None, 0) | (Some(_), 1)), "{name}: exit code {}: {}", ran.code, ran.err);
    let lines = ran.json();
    let targets = lines[0]["targets"].as_array().unwrap();
    let is_mount = |result: &Value| targets.iter().any(|of| of["name"] == result["target"] && of["mount"] == true);
    let fails = |result: &&Value| result["status"] == "FAIL" && result["excused"].is_null();
    let failed: Vec<&Value> = lines.iter().filter(|line| line["type"] == "case").filter(fails).collect();
    let beside: Vec<_> = failed.iter().filter(|result| !is_mount(result)).map(|result| &result["id"]).collect();
    assert!(beside.is_empty(), "{name}: not on the mount, but beside it: {beside:?}");
    failed.iter().map(|result| (result["id"].as_str().unwrap().to_owned(), difference(result))).collect()
}

/// Runs the program, whose mount has the fault of this name. The runner is the mount's watchdog: it
/// aborts a mount that stops to answer, and unmounts.
pub(crate) fn start(fault: &str, selection: &[String]) -> Ran {
    let bench = Bench::new();
    let mut command = bench.command(&["run", "--format", "json", "--mount-options", "cache=none,passthrough=off"]);
    command.args(selection);
    match fault {
        "" => command.env_remove(VARIABLE),
        fault => command.env(VARIABLE, fault),
    };
    bench.finish(command)
}

/// The arguments that select cases, or all of a file by its name.
pub(crate) fn select<'a>(cases: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    cases.into_iter().flat_map(|case| ["--case".to_owned(), case.clone()]).collect()
}

/// In what the step that failed differs: the words, or the fields. Numbers of inodes and times are
/// left out, so that it is the same each time.
fn difference(result: &Value) -> String {
    let reason = result["reason"].as_str().unwrap();
    let number = reason.strip_prefix("step ").and_then(|rest| rest.split(':').next()).unwrap();
    let step = &result["steps"][number.parse::<usize>().unwrap() - 1];
    let text = |field: &str| step[field].as_str().unwrap().to_owned();
    let (op, want, got) = (text("op"), text("want"), text("got"));
    let op = op.split(' ').find(|word| !word.starts_with('@')).unwrap();
    format!("{op}: {}", of_outcomes(&want, &got))
}

fn of_outcomes(want: &str, got: &str) -> String {
    let is_check = |word: &&str| word.contains(['=', '<', '>']);
    let words = want.split(' ').next().filter(|word| !is_check(word)).unwrap_or("ok");
    let (got_word, got_fields) = got.split_once(' ').unwrap_or((got, ""));
    if !words.split('|').any(|word| word == got_word) {
        return format!("{got_word} instead of {words}");
    }
    let got_fields: Vec<&str> = got_fields.split(' ').collect();
    let differing = want.split(' ').filter(is_check).filter(|check| !got_fields.contains(check));
    let names: Vec<&str> = differing.filter_map(|check| check.split(['=', '!', '<', '>']).next()).collect();
    names.join(" ")
}

#[test]
fn differences_are_words_or_fields() {
    for (want, got, difference) in [
        ("EEXIST", "ok", "ok instead of EEXIST"),
        ("ENOTEMPTY|EEXIST", "EIO", "EIO instead of ENOTEMPTY|EEXIST"),
        ("mode=0755 gid=7", "ok mode=06755 gid=7", "mode"),
        ("ok mtime_ns>before.mtime_ns size=5", "ok mtime_ns=17 size=5", "mtime_ns"),
        ("same=t", "ok entries=a", "same"),
        ("ok", "ENOSYS", "ENOSYS instead of ok"),
    ] {
        assert_eq!(of_outcomes(want, got), difference);
    }
}
