//! Which requests the kernel sends for each operation: `requests.table`, on live mounts.
//!
//! A mount of one thread serves the requests in the order in which the kernel sends them. What
//! releases a file is sent before the call that closes it returns, so a marker behind each
//! operation, a request of its own, parts its requests from those of the next. Not in the table is
//! `forget`, which the kernel sends when it likes.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(unsafe_code, reason = "a working directory of one thread, and fork")]

mod actors;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::Duration;

use fs_core::op::Op;
use fs_core::{Follow, Whence, XattrFlags};
use fuse_mount::Cache;
use fuse_mount::trace::{Level, RequestKind};
use rustix::time::{ClockId, clock_getres};
use serde_json::Value;

use actors::Actors;
use support::{Mount, can_mount};
use table::{Requests, Row};

/// How often a row that differs is tried again where the kernel remembers for a tick: on a
/// machine with other things to do an operation takes longer than that.
const ROUNDS: usize = 50;

/// The file whose `lseek` is the marker: a request that the kernel always sends, and that is soon done.
const MARKS: &str = "marks";

#[test]
fn every_operation_has_a_row_in_the_table_of_requests() {
    let rows = table::read();
    let without: Vec<&&str> =
        Op::NAMES.iter().filter(|name| rows.iter().all(|row| row.step.op.name() != **name)).collect();
    assert!(without.is_empty(), "no row in {} for {without:?}", table::FILE);
}

#[test]
fn the_table_reads_back_as_it_is_printed() {
    let text: String = table::read().iter().map(|row| row.print(&row.wanted)).collect();
    let is_row = |line: &&str| !line.is_empty() && !line.starts_with('#');
    for (printed, written) in text.lines().filter(is_row).zip(table::TEXT.lines().filter(is_row)) {
        assert_eq!(printed, written, "how it is printed, and how it is written");
    }
}

#[test]
fn each_operation_causes_the_requests_of_the_table() {
    if !can_mount() {
        return;
    }
    if !passes_reads_through() {
        return eprintln!("not run: this kernel passes no read through to the source");
    }
    let rows = table::read();
    let mut seen: Vec<Requests> = rows.iter().map(|_| Requests::default()).collect();
    let can_watch = support::can_watch();
    for level in Level::ALL {
        for cache in Cache::ALL.into_iter().filter(|cache| can_watch || *cache != Cache::Watch) {
            let mut open: Vec<usize> = (0..rows.len()).collect();
            for round in 1..=ROUNDS {
                let asked: Vec<&Row> = open.iter().map(|index| &rows[*index]).collect();
                for (index, requests) in open.iter().zip(requests_of(&asked, level, cache)) {
                    seen[*index].insert((level, cache), requests);
                }
                open.retain(|index| {
                    let key = (level, cache);
                    !rows[*index].agree(rows[*index].wanted.get(&key), seen[*index].get(&key))
                });
                if open.is_empty() || cache == Cache::None || round == ROUNDS {
                    break;
                }
            }
        }
    }
    let differ: String = rows
        .iter()
        .zip(&seen)
        .filter(|(row, seen)| seen.iter().any(|(key, seen)| !row.agree(row.wanted.get(key), Some(seen))))
        .map(|(row, seen)| row.print(seen))
        .collect();
    assert!(differ.is_empty(), "{} says otherwise; seen was:\n\n{differ}", table::FILE);
}

/// Whether the kernel reads the files of a source itself.
fn passes_reads_through() -> bool {
    let mount = Mount::prepared(&["--summary"], |source| fs::write(source.join("f"), "hello").unwrap());
    assert_eq!(fs::read(mount.mountpoint.join("f")).unwrap(), b"hello");
    !mount.end().stderr.lines().any(|row| row.ends_with(" read"))
}

/// The requests of each row, on a new mount, each in a directory of its own that nobody has
/// looked at.
fn requests_of(rows: &[&Row], level: Level, cache: Cache) -> Vec<Vec<RequestKind>> {
    let traces = tempfile::tempdir().unwrap();
    let trace = traces.path().join("trace.jsonl");
    let arguments =
        ["--threads=1", "--trace", trace.to_str().unwrap(), "--trace-level", level.as_str(), "--cache", cache.as_str()];
    let mount = Mount::prepared(&arguments, |source| {
        fs::write(source.join(MARKS), "x").unwrap();
        for number in 0..rows.len() {
            fill(&source.join(number.to_string()));
        }
    });
    let marker = File::open(mount.mountpoint.join(MARKS)).unwrap();
    let mark = || fs_core::lseek(&marker, 0, Whence::Data).unwrap();
    for (number, row) in rows.iter().enumerate() {
        let mut actors = Actors::new(mount.mountpoint.join(number.to_string()));
        row.before.iter().for_each(|step| actors.act(step));
        if !row.at_once && cache != Cache::None {
            thread::sleep(until_attributes_are_forgotten());
        }
        mark();
        actors.act(&row.step);
        mark();
    }
    drop(marker);
    let end = mount.end();
    assert_eq!(end.code(), Ok(0), "{}", end.stderr);
    let segments = segments(&fs::read_to_string(&trace).unwrap());
    // What was done to prepare, the row, and so on; at the end the marker is closed.
    assert_eq!(segments.len(), 2 * rows.len() + 1);
    segments.into_iter().skip(1).step_by(2).take(rows.len()).collect()
}

/// What a row finds in its directory.
fn fill(dir: &Path) {
    fs::create_dir_all(dir.join("d")).unwrap();
    fs::create_dir(dir.join("e")).unwrap();
    for (name, content) in [("f", "hello"), ("g", ""), ("d/f", "hello")] {
        fs::write(dir.join(name), content).unwrap();
    }
    symlink("f", dir.join("s")).unwrap();
    fs_core::setxattr(&dir.join("f"), "user.k", b"v", XattrFlags::empty(), Follow::Yes).unwrap();
}

/// Longer than the kernel remembers attributes under `tick`.
fn until_attributes_are_forgotten() -> Duration {
    let tick = clock_getres(ClockId::MonotonicCoarse);
    3 * Duration::try_from(tick).unwrap()
}

/// This process's requests between the markers of a trace.
fn segments(trace: &str) -> Vec<Vec<RequestKind>> {
    let mut segments = vec![Vec::new()];
    for line in trace.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        // Others may look around in the mount. Lines with a type are about the trace itself.
        if line["pid"] != std::process::id() || line.get("type").is_some() {
            continue;
        }
        match RequestKind::ALL.iter().find(|kind| line["op"] == kind.as_str()).unwrap() {
            RequestKind::Forget => {}
            RequestKind::Lseek if line["path"] == MARKS => segments.push(Vec::new()),
            kind => segments.last_mut().unwrap().push(*kind),
        }
    }
    segments
}
