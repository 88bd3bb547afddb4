//! The daemon's memory stays as it is, whatever number of files comes and goes.
//!
//! A few seconds; `OSPREY_CHURN_SECONDS=1800 OSPREY_PATIENCE=1800` makes ten minutes for each way to mount, after which
//! the slope means something.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::{Mount, can_mount};

/// What is resident of a process, in KiB.
fn resident(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// How many descriptors a process has open.
fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// The most that a daemon may have open for what is there at a time: some hundred files, its threads and its own.
const FEW_DESCRIPTORS: usize = 400;

/// From how many seconds on the slope is looked at, and how many KiB a second are too much: 1.8 MB an hour.
const LONG: u64 = 600;
const STEEP: f64 = 0.5;

/// What a server that writes a trace fills once: its ring of 1 MiB, until it has gone round.
const RING: f64 = 1024.0;

/// How many threads serve requests.
fn servers(pid: u32) -> usize {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("fuser-")).count()
}

/// Files and directories under names that are never used twice.
fn churn(root: &Path, thread: usize, round: u64) {
    let dir = root.join(format!("d{thread}-{round}"));
    fs::create_dir(&dir).unwrap();
    for n in 0..50 {
        let path = dir.join(format!("file-{round}-{n}"));
        fs::File::create(&path).unwrap().write_all(b"text").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 4);
        assert!(fs::metadata(dir.join(format!("not-{round}-{n}"))).is_err());
        fs::rename(&path, dir.join(format!("moved-{n}"))).unwrap();
        let _ = fs_core::getxattr(&dir.join(format!("moved-{n}")), "user.not", fs_core::Follow::Yes);
    }
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 50);
    for n in 0..50 {
        fs::hard_link(dir.join(format!("moved-{n}")), dir.join("link")).unwrap();
        assert_eq!(fs::read(dir.join("link")).unwrap(), b"text");
        fs::remove_file(dir.join("link")).unwrap();
        fs::remove_file(dir.join(format!("moved-{n}"))).unwrap();
    }
    fs::remove_dir(&dir).unwrap();
}

/// The slope of a line through equidistant values, for each step.
fn slope(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let (mean_x, mean_y) = ((count - 1.0) / 2.0, values.iter().sum::<f64>() / count);
    let deviations = || values.iter().enumerate().map(|(x, y)| (x as f64 - mean_x, y - mean_y));
    deviations().map(|(x, y)| x * y).sum::<f64>() / deviations().map(|(x, _)| x * x).sum::<f64>()
}

#[test]
fn memory_does_not_grow_with_what_comes_and_goes() {
    if !can_mount() {
        return;
    }
    let seconds = std::env::var("OSPREY_CHURN_SECONDS").map_or(9, |seconds| seconds.parse().unwrap());
    let ways: [&[&str]; 3] = [
        &["--cache", "none", "--passthrough", "off", "--trace", "/dev/null"],
        &["--cache", "exclusive"],
        &["--cache", "watch", "--trace", "/dev/null"],
    ];
    for args in ways {
        let (mut samples, mut open) = (Vec::new(), 0);
        let mount = Mount::start(args);
        let (stop, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            for number in 0..2 {
                let (root, stop, rounds) = (&mount.mountpoint, &stop, &rounds);
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        churn(root, number, rounds.fetch_add(1, Ordering::Relaxed));
                    }
                });
            }
            let end = Instant::now() + Duration::from_secs(seconds / 3);
            while Instant::now() < end {
                thread::sleep(Duration::from_millis(100));
                samples.push(resident(mount.pid()));
                open = open.max(descriptors(mount.pid()));
            }
            stop.store(true, Ordering::Relaxed);
        });
        let settled = &samples[samples.len() / 3..];
        let (slope, rounds) = (slope(settled) * 10.0, rounds.load(Ordering::Relaxed));
        let files = rounds * 50;
        let (first, last) = (settled[0], settled[settled.len() - 1]);
        let took = seconds / 3;
        eprintln!("{args:?}: {files} files in {took} s: {first} to {last} KiB, {slope:.2} KiB/s, {open} descriptors");
        let is_traced = args.contains(&"--trace");
        let rings = if is_traced { servers(mount.pid()) as f64 * RING } else { 0.0 };
        assert!(last - first < 2048.0 + rings, "{args:?}: {first} KiB became {last} KiB");
        assert!(took < LONG || slope < STEEP, "{args:?}: {slope:.2} KiB/s");
        assert!(open < FEW_DESCRIPTORS, "{args:?}: {open} descriptors");
    }
}

#[test]
fn servers_that_wait_take_next_to_no_memory() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&["--threads", "256"]);
    fs::write(mount.mountpoint.join("f"), "text").unwrap();
    let resident = resident(mount.pid());
    // Each has a buffer of 16 MiB.
    assert!(resident < 64.0 * 1024.0, "{resident} KiB");
}
