//! Two ways to one file: what is changed on the source is seen through the mount, as soon as the cache policy
//! promises, and what is changed through the mount is seen on the source.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(unsafe_code, reason = "memory maps, and a working directory of one thread")]

mod changes;
mod ends;
mod fallback;
mod file_systems;
mod in_use;
mod overflow;
mod own_writes;
mod races;
mod requests;
#[path = "../support/mod.rs"]
mod support;
mod view;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use fuse_mount::Cache;
use rustix::time::{ClockId, clock_getres};

use changes::{CHANGES, Change};
use support::{Mount, can_mount, can_watch, wait_up_to};

/// The longest that a change on the source may take to be seen under `watch`, on a machine with other things to
/// do; less than a millisecond is usual.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn what_changes_on_the_source_is_seen_through_the_mount() {
    if !can_mount() {
        return;
    }
    for cache in policies() {
        for passthrough in ["auto", "off"] {
            let mount = Mount::start(&["--cache", cache.as_str(), "--passthrough", passthrough]);
            check_from_below(&mount, cache);
            check_end(mount, cache);
        }
    }
}

#[test]
fn what_changes_through_the_mount_is_seen_on_the_source() {
    if !can_mount() {
        return;
    }
    for cache in policies() {
        for passthrough in ["auto", "off"] {
            let mount = Mount::start(&["--cache", cache.as_str(), "--passthrough", passthrough]);
            check_from_above(&mount, cache);
            check_end(mount, cache);
        }
    }
}

/// The policies that can be had.
fn policies() -> Vec<Cache> {
    let can_watch = can_watch();
    Cache::ALL.into_iter().filter(|cache| can_watch || *cache != Cache::Watch).collect()
}

/// Makes each change on the source, and looks through the mount.
fn check_from_below(mount: &Mount, cache: Cache) {
    for change in CHANGES {
        let (below, above) = places(mount, change);
        (change.prepare)(&below);
        // Twice, so that all that can be remembered is.
        let before = [view::of(&above), view::of(&above)];
        (change.make)(&below);
        let wanted = view::of(&below);
        assert_ne!(before[1], wanted, "{}: nothing has changed", change.name);
        assert_seen(cache, || view::of(&above), &wanted, change.name);
    }
}

/// Makes each change through the mount, and looks on the source and through the mount.
fn check_from_above(mount: &Mount, cache: Cache) {
    for change in CHANGES {
        let (below, above) = places(mount, change);
        (change.prepare)(&above);
        let before = view::of(&above);
        assert_eq!(before, view::of(&below), "{}: before", change.name);
        (change.make)(&above);
        let seen = view::of(&above);
        assert_ne!(before, seen, "{}: nothing has changed", change.name);
        assert_eq!(seen, view::of(&below), "{} under {cache}: through the mount, then on the source", change.name);
    }
}

/// A directory for a change: on the source, and through the mount.
fn places(mount: &Mount, change: &Change) -> (std::path::PathBuf, std::path::PathBuf) {
    let below = mount.source.join(change.name);
    fs::create_dir(&below).unwrap();
    (below, mount.mountpoint.join(change.name))
}

/// Checks that what a policy promises is kept: `look` sees what is wanted, at once, soon or in the end.
fn assert_seen<T: PartialEq + std::fmt::Debug>(cache: Cache, look: impl Fn() -> T, wanted: &T, what: &str) {
    match cache {
        Cache::None => {}
        Cache::Tick => thread::sleep(two_ticks()),
        Cache::Watch => {
            wait_up_to(PATIENCE, || look() == *wanted);
        }
        Cache::Exclusive => return,
    }
    assert_eq!(look(), *wanted, "{what} under {cache}: through the mount, then on the source");
}

fn two_ticks() -> Duration {
    let tick = clock_getres(ClockId::MonotonicCoarse);
    2 * Duration::try_from(tick).unwrap() + Duration::from_millis(1)
}

fn check_end(mount: Mount, cache: Cache) {
    let end = mount.end();
    // A process that another test starts has for a moment the descriptors of this one.
    let complaints: Vec<&str> = end.stderr.lines().filter(|line| !line.contains("is in use")).collect();
    assert_eq!((end.code(), complaints), (Ok(0), Vec::new()), "the daemon with {cache}");
}

/// What stands in a file; nothing if it cannot be read.
fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}
