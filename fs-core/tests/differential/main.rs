//! Holds the library against CPython's `os` module: one list of calls is made by both, each
//! case in a fresh directory, and what came back, the errors, the audit events and what is
//! left in the directory must be the same.
//!
//! `calls/*.calls` and `make` are the list, `does` is the library's side and `oracle.py` the
//! other, `known.txt` says where CPython or its document is wrong.
#![expect(clippy::unwrap_used, reason = "functions that only tests call, which clippy does not take for tests")]

mod compare;
mod does;
mod known;
mod list;
mod make;
mod parse;
mod value;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use known::Known;
use list::Case;
use parse::Step;

/// How long each side may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// In the environment of the process that makes the library's calls: where.
const SIDE: &str = "FS_CORE_DIFFERENTIAL_SIDE";
const TEST: &str = "the_library_does_what_cpython_does";

/// What is in the directory of every case.
fn fixture() -> Vec<Step> {
    include_str!("calls/fixture.calls").lines().filter(|line| !line.starts_with('#')).map(Step::read).collect()
}

fn all_cases() -> Vec<Case> {
    let mut cases = make::cases();
    for (subject, text) in [
        ("data", include_str!("calls/data.calls")),
        ("descriptors", include_str!("calls/descriptors.calls")),
        ("directories", include_str!("calls/directories.calls")),
        ("files", include_str!("calls/files.calls")),
        ("process", include_str!("calls/process.calls")),
        ("system", include_str!("calls/system.calls")),
        ("trees", include_str!("calls/trees.calls")),
        ("xattrs", include_str!("calls/xattrs.calls")),
    ] {
        cases.extend(list::read(subject, text));
    }
    // Before anything is made: neither side does what reaches outside.
    for case in &cases {
        assert!(case.steps.iter().all(list::is_confined), "{} reaches outside of its directory", case.id);
    }
    // A part of the list, while a difference is looked into.
    if let Ok(only) = env::var("FS_CORE_DIFFERENTIAL_ONLY") {
        cases.retain(|case| case.id.starts_with(&only));
    }
    cases
}

#[test]
fn the_library_does_what_cpython_does() {
    if let Some(directory) = env::var_os(SIDE) {
        let directory = Path::new(&directory);
        let mut out = fs::File::create(directory.join("fs-core")).unwrap();
        return does::run(&fixture(), &all_cases(), &directory.join("work-2/place"), &mut out);
    }
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(env::var_os("OSPREY_REQUIRE_ALL").is_none(), "must not be skipped here: there is no python3");
        return eprintln!("not run: there is no python3");
    }
    let directory = fresh_directory();
    let directory = fs::canonicalize(directory.path()).unwrap();
    fs::write(directory.join("list"), list::write(&fixture(), &all_cases())).unwrap();
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/oracle.py");
    // Both at once, at places whose paths are of one length, and are made one below.
    let started = Instant::now();
    let mut python = Command::new("python3");
    python.args(["-I", "-B"]).arg(oracle).arg(directory.join("list"));
    python.arg(directory.join("work-1/place")).arg(directory.join("cpython"));
    let mut library = Command::new(env::current_exe().unwrap());
    library.args(["--exact", TEST, "--nocapture"]).env(SIDE, &directory).stdout(Stdio::null());
    thread::scope(|scope| {
        scope.spawn(|| finish(&mut python, &directory.join("cpython")));
        finish(&mut library, &directory.join("fs-core"));
    });
    let took = started.elapsed();

    let text = |name, own: &str| fs::read_to_string(directory.join(name)).unwrap().replace(own, "work");
    let (theirs, ours) = (text("cpython", "work-1"), text("fs-core", "work-2"));
    let mut known = Known::read(include_str!("known.txt"));
    let is_part = env::var_os("FS_CORE_DIFFERENTIAL_ONLY").is_some();
    let report = compare::compare(&theirs, &ours, &mut known, is_part);
    println!(
        "{} cases, {} calls: {} alike, {} that do not compile and CPython refuses, {} known to differ, {} behind \
         those; {took:.1?}",
        report.cases, report.calls, report.alike, report.unwritable, report.known, report.behind
    );
    assert!(is_part || report.calls > 30_000, "the list is shorter than it was");
    assert!(
        report.differences.is_empty(),
        "{} differences:\n{}",
        report.differences.len(),
        report.differences.iter().take(shown()).cloned().collect::<Vec<_>>().join("\n")
    );
}

/// A directory in memory, as a hundred thousand files are made and removed; or where
/// `TMPDIR` says, to compare on another file system.
fn fresh_directory() -> tempfile::TempDir {
    match (env::var_os("TMPDIR"), tempfile::tempdir_in("/dev/shm")) {
        (None, Ok(directory)) => directory,
        _ => tempfile::tempdir().unwrap(),
    }
}

/// How many differences are shown.
fn shown() -> usize {
    env::var("FS_CORE_DIFFERENTIAL_SHOW").ok().and_then(|count| count.parse().ok()).unwrap_or(40)
}

/// Runs a side to its end, which must be a good one. It writes `out`.
fn finish(side: &mut Command, out: &Path) {
    let mut child: Child = side.stdin(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return assert!(status.success(), "{status}: {}", last_case(out));
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("more than {PATIENCE:?}: {}", last_case(out));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn last_case(out: &Path) -> String {
    let text = fs::read_to_string(out).unwrap_or_default();
    let last = text.lines().rfind(|line| line.starts_with("case ")).unwrap_or("none").to_owned();
    format!("the last case that {} ended was {last}", out.display())
}
