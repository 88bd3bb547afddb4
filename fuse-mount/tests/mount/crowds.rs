//! As many files as big trees have: few descriptors, little memory for each inode that is known, and
//! none for those that are forgotten.
//!
//! `OSPREY_FILES` sets how many; a million takes minutes, which `OSPREY_PATIENCE` must allow.

use std::collections::HashSet;
use std::path::Path;

use fs_core::{Mode, OFlags};

use crate::sources::{Kind, over};
use crate::support::Mount;

fn count() -> usize {
    std::env::var("OSPREY_FILES").map_or(100_000, |count| count.parse().expect("OSPREY_FILES is a number"))
}

const A_DIRECTORY: usize = 1_000;

fn fill(dir: &Path, count: usize) {
    for first in (0..count).step_by(A_DIRECTORY) {
        let path = dir.join(format!("d{first}"));
        std::fs::create_dir(&path).unwrap();
        let dir = fs_core::open(&path, OFlags::PATH, Mode::empty()).unwrap();
        for n in first..(first + A_DIRECTORY).min(count) {
            let name = format!("f{n}");
            drop(
                fs_core::open((&dir, name.as_str()), OFlags::CREAT | OFlags::WRONLY, Mode::from_raw_mode(0o644))
                    .unwrap(),
            );
        }
    }
}

/// Looks at every file, by name.
fn look_at_all(dir: &Path, count: usize) {
    for first in (0..count).step_by(A_DIRECTORY) {
        let dir = fs_core::open(&dir.join(format!("d{first}")), OFlags::PATH, Mode::empty()).unwrap();
        for n in first..(first + A_DIRECTORY).min(count) {
            assert_eq!(fs_core::lstat((&dir, format!("f{n}").as_str())).unwrap().st_size(), 0);
        }
    }
}

/// What the daemon's memory is that no file backs, in bytes.
fn memory(mount: &Mount) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", mount.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// As `mount.start`, on a new tmpfs, with 1,024 descriptors.
fn with_usual_limits(args: &[&str], check: impl FnOnce(&Mount)) {
    over(Kind::Tmpfs, &["prlimit", "--nofile=1024:1024"], args, check);
}

#[test]
fn a_known_inode_takes_little_memory_and_a_forgotten_one_none() {
    with_usual_limits(&["--cache=exclusive"], |mount| {
        let count = count();
        fill(&mount.source, count);
        let before = memory(mount);
        look_at_all(&mount.mountpoint, count);
        let known = memory(mount) - before;
        let descriptors = std::fs::read_dir(format!("/proc/{}/fd", mount.pid())).unwrap().count();
        // Twice: by now most have no descriptor.
        look_at_all(&mount.mountpoint, count);
        for dir in std::fs::read_dir(&mount.mountpoint).unwrap() {
            std::fs::remove_dir_all(dir.unwrap().path()).unwrap();
        }
        let forgotten = memory(mount).saturating_sub(before);
        eprintln!("{} bytes a node, {descriptors} descriptors; {forgotten} bytes are left", known / count);
        assert!(known / count < 200, "{} bytes for each of {count} inodes", known / count);
        assert!(descriptors < 1_024);
        // Threads keep some for the next.
        assert!(forgotten < 8 << 20, "{forgotten} bytes are left of {known}");
    });
}

#[test]
fn a_great_directory_is_listed_whole() {
    for cache in ["--cache=none", "--cache=tick", "--cache=exclusive"] {
        with_usual_limits(&[cache], |mount| {
            let count = count();
            std::fs::write(mount.source.join("0"), "").unwrap();
            for n in 1..count {
                std::fs::hard_link(mount.source.join("0"), mount.source.join(n.to_string())).unwrap();
            }
            let listed: HashSet<_> =
                std::fs::read_dir(&mount.mountpoint).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(listed.len(), count);
            assert!((0..count).all(|n| listed.contains(std::ffi::OsStr::new(&n.to_string()))));
        });
    }
}
