//! The property test: whatever is done below a mount comes out as it does in a real
//! directory, whatever the kernel may remember.
//!
//! Random sequences of operations are run in a real directory and below a mount over
//! another one; every outcome and the trees that are left, through the mount and beneath
//! it, are compared. A sequence that differs is shortened and printed as the steps of a case, with its seed.
//!
//! Skipped, saying so, where nothing can be mounted.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![cfg(feature = "mount")]

#[path = "../common/mod.rs"]
mod common;
mod compare;
mod forced;
mod generate;
mod search;
mod twins;
mod watchdog;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{is_root, skip};
use compare::{Now, Ran, compare};
use conformance::mounted::Mounted;
use fs_core::op::run::tree;
use fs_core::op::{Line, Outcome};
use search::{Found, Plan, search};
use twins::{Ground, Twins};
use watchdog::Watchdog;

#[test]
fn a_mount_with_cache_none_does_what_the_kernel_does() {
    compare_with_mount("none", "a_mount_with_cache_none");
}

#[test]
fn a_mount_with_cache_tick_does_what_the_kernel_does() {
    compare_with_mount("tick", "a_mount_with_cache_tick");
}

#[test]
fn a_mount_with_cache_watch_does_what_the_kernel_does() {
    compare_with_mount("watch", "a_mount_with_cache_watch");
}

#[test]
fn a_mount_with_cache_exclusive_does_what_the_kernel_does() {
    compare_with_mount("exclusive", "a_mount_with_cache_exclusive");
}

/// Compares a mount with a real directory; `test` begins the name of the test.
fn compare_with_mount(cache: &str, test: &str) {
    if !Path::new("/dev/fuse").exists() || !(is_root() || Path::new("/usr/bin/fusermount3").exists()) {
        return skip("nothing can be mounted here: no /dev/fuse, or no fusermount3");
    }
    if !is_root() {
        eprintln!("{test}: not root, so there are no strangers in the sequences");
    }
    twins::stay_on_one_processor();
    let plan = Plan::from_environment();
    let program = Path::new(env!("CARGO_BIN_EXE_conformance"));
    let mounted = Mounted::start_untraced(program, Some(&format!("cache={cache}"))).unwrap();
    let watchdog = Watchdog::start(&mounted);
    let ground = Ground::new(mounted.real(), mounted.mountpoint(), Some(mounted.source())).unwrap();
    let found = {
        let mut twins = Twins::new(&ground, || watchdog.beat());
        search(&mut twins, &generate::sequences(is_root()), plan)
    };
    match found {
        Ok(Ok(time)) => {
            let rate = plan.count as f64 / time.as_secs_f64();
            let Plan { count, seed } = plan;
            eprintln!("cache={cache}: {count} sequences from seed {seed}, {rate:.0} a second, no difference");
        }
        Ok(Err(found)) => panic!("cache={cache}: {}", found.report(test)),
        Err(broken) => panic!("cache={cache}, from seed {}: {broken}", plan.seed),
    }
    drop(ground);
    // Who has made a mount namespace meanwhile has a copy of the mount, and the daemon cannot
    // end by itself: that is said, and is no difference.
    if let Err(why) = mounted.end() {
        eprintln!("cache={cache}: {why}");
    }
}

/// Does something with two plain directories.
fn with_directories<T>(f: impl FnOnce(&mut Twins<'_>) -> T) -> T {
    twins::stay_on_one_processor();
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["real", "other"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    let ground = Ground::new(dir.path().join("real"), dir.path().join("other"), None).unwrap();
    f(&mut Twins::new(&ground, || ()))
}

#[test]
fn two_real_directories_do_not_differ() {
    let plan = Plan { count: 300, ..Plan::from_environment() };
    let found = with_directories(|twins| search(twins, &generate::sequences(is_root()), plan)).unwrap().err();
    assert!(found.is_none(), "{}", found.unwrap().report("two_real_directories_do_not_differ"));
}

/// A sequence of which nothing succeeds finds nothing.
#[test]
fn every_operation_of_the_sequences_succeeds_sometimes_and_many_do_often() {
    let tally = with_directories(|twins| {
        let sequences = generate::sequences(is_root());
        assert!(search(twins, &sequences, Plan { count: 600, seed: 1 }).unwrap().is_ok());
        std::mem::take(&mut twins.tally)
    });
    let never: Vec<_> = tally.iter().filter(|(_, (_, succeeded))| *succeeded == 0).collect();
    assert!(never.is_empty(), "{never:?} of {tally:?}");
    let sum = tally.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    eprintln!("{} of {} succeeded: {tally:?}", sum.1, sum.0);
    assert!(sum.1 * 2 > sum.0, "{sum:?} of {tally:?}");
}

/// What is found in two directories when processes have another umask in one of them.
fn found_with_planted_umask(plan: Plan) -> Box<Found> {
    with_directories(|twins| {
        twins.plant_umask(0o077);
        search(twins, &generate::sequences(is_root()), plan).unwrap().unwrap_err()
    })
}

#[test]
fn a_planted_difference_is_found_and_shortened_to_what_shows_it() {
    let found = found_with_planted_umask(Plan { count: 100, seed: 7 });
    let report = found.report("a_planted_difference");
    assert!(found.lines.len() <= 2, "{report}");
    assert!(found.difference.class.iter().any(|name| name == "mode"), "{report}");
    assert!(report.contains(&format!("PROPTEST_RNG_SEED={} OSPREY_SEQUENCES=1 cargo test", found.seed)), "{report}");
    for step in found.steps() {
        assert_eq!(Line::parse(&step.to_string()).as_ref(), Ok(&step), "{report}");
        assert!(report.contains(&format!("\n  {step}\n")), "{report}");
    }
    // The last step is the one that shows it.
    let last = found.steps().pop().unwrap();
    assert!(last.want.is_some_and(|want| want.checks.iter().any(|check| check.field == "mode")), "{report}");
    // The same seed finds the same.
    let again = found_with_planted_umask(Plan { count: 1, seed: found.seed });
    assert_eq!(again.lines, found.lines);
}

/// The class of the first difference between two sides of a line, of which one is empty
/// if there is none.
fn class_of(line: &str, real: &str, other: &str) -> String {
    let line = Line::parse(line).unwrap().into_owned();
    let ran =
        |outcome: &str| Ran { seen: vec![Ok(Outcome::parse(outcome).unwrap())], tree: Ok(Vec::new()), beneath: None };
    let difference = compare(&[line], &ran(real), &ran(other), Now::begin(), &[]);
    difference.map(|difference| difference.class.join(" ")).unwrap_or_default()
}

#[test]
fn outcomes_differ_by_their_words_and_by_fields_that_can_be_the_same() {
    assert_eq!(class_of("unlink path=a", "ok", "ok"), "");
    assert_eq!(class_of("unlink path=a", "ok", "ENOENT"), "unlink ok ENOENT");
    assert_eq!(class_of("unlink path=a", "EISDIR", "EPERM"), "unlink EISDIR EPERM");
    assert_eq!(class_of("stat path=a", "ok mode=0644 ino=1 dev=2", "ok mode=0644 ino=3 dev=4"), "");
    assert_eq!(class_of("stat path=a", "ok mode=0644 size=1", "ok mode=0600 size=2"), "stat ok ok mode size");
    assert_eq!(class_of("read fd=0 length=3", "ok count=1 data=x", "ok count=1 data=y"), "read ok ok data");
    assert_eq!(class_of("getxattr path=a name=user.k", "ok value=", "ok value=v"), "getxattr ok ok value");
    assert_eq!(class_of("stat path=a", "ok size=1", "ok"), "stat ok ok size");
}

#[test]
fn times_of_now_are_the_same_and_times_that_were_set_are_not() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let (one, two) = (format!("ok mtime_ns={now}"), format!("ok mtime_ns={}", now + 5_000_000_000));
    assert_eq!(class_of("stat path=a", &one, &two), "");
    assert_eq!(class_of("stat path=a", &one, "ok mtime_ns=0"), "stat ok ok mtime_ns");
    assert_eq!(class_of("stat path=a", "ok atime_ns=1", "ok atime_ns=2"), "stat ok ok atime_ns");
}

#[test]
fn the_step_that_shows_a_time_of_now_does_not_name_the_moment() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let line = Line::parse("stat path=a").unwrap().into_owned();
    let ran =
        |outcome: &str| Ran { seen: vec![Ok(Outcome::parse(outcome).unwrap())], tree: Ok(Vec::new()), beneath: None };
    let (real, other) = (ran(&format!("ok size=1 atime_ns={now}")), ran("ok size=1 atime_ns=7"));
    let difference = compare(&[line], &real, &other, Now::begin(), &[]).unwrap();
    assert_eq!(difference.proof.unwrap().to_string(), "stat path=a -> atime_ns!=7");
}

/// The class of the difference between the trees that two functions make.
fn class_of_trees(real: impl FnOnce(&Path), other: impl FnOnce(&Path)) -> String {
    let read = |fill: &mut dyn FnMut(&Path)| {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path());
        let tree = tree::read(dir.path().as_os_str().as_encoded_bytes()).map_err(|error| error.errno());
        Ran { seen: Vec::new(), tree, beneath: None }
    };
    let now = Now::begin();
    let (mut real, mut other) = (Some(real), Some(other));
    let real = read(&mut |dir| real.take().unwrap()(dir));
    let other = read(&mut |dir| other.take().unwrap()(dir));
    compare(&[], &real, &other, now, &[]).map(|difference| difference.class.join(" ")).unwrap_or_default()
}

#[test]
fn trees_differ_by_what_is_in_them_and_by_what_it_is() {
    let file = |text: &'static str| move |dir: &Path| fs::write(dir.join("f"), text).unwrap();
    let mode = |mode: u32| {
        move |dir: &Path| {
            fs::write(dir.join("f"), "x").unwrap();
            fs::set_permissions(dir.join("f"), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let link = |target: &'static str| move |dir: &Path| std::os::unix::fs::symlink(target, dir.join("l")).unwrap();
    let two_names = |dir: &Path| {
        fs::write(dir.join("f"), "x").unwrap();
        fs::hard_link(dir.join("f"), dir.join("g")).unwrap();
    };
    let two_files = |dir: &Path| ["f", "g"].iter().for_each(|name| fs::write(dir.join(name), "x").unwrap());
    let old = |dir: &Path| {
        let file = fs::File::create(dir.join("f")).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    };
    assert_eq!(class_of_trees(file("x"), file("x")), "");
    assert_eq!(class_of_trees(file("x"), file("y")), "tree content");
    assert_eq!(class_of_trees(mode(0o644), mode(0o4644)), "tree mode");
    assert_eq!(class_of_trees(link("a"), link("b")), "tree target");
    assert_eq!(class_of_trees(two_names, two_files), "tree nlink");
    assert_eq!(class_of_trees(old, file("")), "tree mtime_ns");
    assert!(class_of_trees(file("x"), |_| ()).starts_with("tree content gid"));
}
