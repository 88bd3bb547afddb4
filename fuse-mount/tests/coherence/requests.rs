//! What watching costs: changes through the mount cause no requests that they would not cause without.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::support::{Mount, can_watch};

/// The requests of a mount with this policy while `act` uses it, by kind.
fn requests(cache: &str, act: impl FnOnce(&Path)) -> BTreeMap<String, usize> {
    let traces = tempfile::tempdir().unwrap();
    let trace = traces.path().join("trace.jsonl");
    let mount = Mount::start(&["--cache", cache, "--trace", trace.to_str().unwrap()]);
    act(&mount.mountpoint);
    assert_eq!(mount.end().code(), Ok(0));
    let mut counts = BTreeMap::new();
    for line in fs::read_to_string(&trace).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["pid"] == std::process::id() && line.get("type").is_none() {
            *counts.entry(line["op"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn what_is_made_through_the_mount_is_not_looked_up_again() {
    if !can_watch() {
        return;
    }
    let make = |dir: &Path| {
        for n in 0..200 {
            fs::write(dir.join(format!("f{n}")), "x").unwrap();
        }
        for n in 0..200 {
            assert_eq!(fs::metadata(dir.join(format!("f{n}"))).unwrap().len(), 1);
        }
    };
    let (watch, exclusive) = (requests("watch", make), requests("exclusive", make));
    assert_eq!(watch["lookup"], exclusive["lookup"], "{watch:?}, {exclusive:?}");
    assert_eq!(watch["create"], 200);
}

#[test]
fn what_the_kernel_writes_itself_costs_few_requests() {
    if !can_watch() {
        return;
    }
    let write = |dir: &Path| {
        fs::write(dir.join("f"), vec![0; 4096]).unwrap();
        let file = OpenOptions::new().write(true).open(dir.join("f")).unwrap();
        for n in 0..1_000 {
            file.write_all_at(b"x", n).unwrap();
        }
    };
    let (watch, exclusive) = (requests("watch", write), requests("exclusive", write));
    let [watched, usual] = [&watch, &exclusive].map(|counts| counts.values().sum::<usize>());
    eprintln!("1,000 writes: {watch:?} with watch, {exclusive:?} with exclusive");
    assert!(watched <= usual + 10, "{watch:?}, {exclusive:?}");
}
