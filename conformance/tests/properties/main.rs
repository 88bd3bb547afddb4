//! The kernel against the mount: sequences of operations run on a real directory and on a mount
//! of another one, and every outcome and the trees at the end are the same.
//!
//! `OSPREY_SEQUENCES` says how many sequences each cache policy gets, `OSPREY_SEED` which; a
//! failure prints the seed, and the fewest lines that show the difference, as a case has them.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![cfg(feature = "mount")]

#[path = "../common/mod.rs"]
mod common;
mod compare;
mod sequence;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Instant, SystemTime};

use common::{is_root, skip};
use compare::{Class, Sides};
use conformance::mounted::Mounted;
use fs_core::op::Line;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// How many sequences a policy gets, unless `OSPREY_SEQUENCES` says otherwise.
const SEQUENCES: u32 = 200;

/// What was found: how many sequences were the same, or the shortest that was not.
struct Found {
    count: u32,
    difference: Option<(usize, String)>,
}

/// Runs sequences on the mount with these options.
fn hunt(sides: &Sides, seed: u64, count: u32) -> Found {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { cases: count, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let class: RefCell<Option<Class>> = RefCell::new(None);
    let found = TestRunner::new_with_rng(config, rng).run(&sequence::sequences(is_root()), |steps| {
        let difference = sides.compare(&steps).map_err(TestCaseError::reject)?;
        let Some(difference) = difference else { return Ok(()) };
        // While it is made shorter, it stays the same bug.
        if *class.borrow_mut().get_or_insert_with(|| difference.class()) != difference.class() {
            return Ok(());
        }
        Err(TestCaseError::fail(difference.to_string()))
    });
    let difference = match found {
        Ok(()) => None,
        Err(TestError::Fail(_, steps)) => Some(shortest(sides, steps)),
        Err(TestError::Abort(why)) => panic!("cannot run sequences: {why}"),
    };
    Found { count, difference }
}

/// The difference of the sequence that proptest ended at, without the steps that it does not need.
fn shortest(sides: &Sides, mut steps: Vec<Line<'static>>) -> (usize, String) {
    let Some(mut difference) = sides.compare(&steps).unwrap() else {
        let lines: Vec<String> = steps.iter().map(|step| format!("  {step}")).collect();
        let text = format!("{}\n  # differs sometimes: this time both sides gave the same", lines.join("\n"));
        return (steps.len(), text);
    };
    // What was needed by a step that is gone now can go, too.
    let mut index = 0;
    while index < steps.len() {
        let mut fewer = steps.clone();
        fewer.remove(index);
        match sides.compare(&fewer).unwrap().filter(|other| other.class() == difference.class()) {
            Some(other) => (steps, difference, index) = (fewer, other, 0),
            None => index += 1,
        }
    }
    (difference.len(), difference.to_string())
}

/// A real directory and a mount beside it, with these options; `None`, where nothing can be mounted.
fn mounted(options: &str) -> Option<(Mounted, Sides)> {
    if !Path::new("/dev/fuse").exists() || !(is_root() || Path::new("/usr/bin/fusermount3").exists()) {
        skip("nothing can be mounted here: no /dev/fuse, or no fusermount3");
        return None;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_conformance"));
    let mounted = Mounted::start(program, Some(options), Some(Path::new("/dev/null"))).unwrap();
    let sides = Sides::new(mounted.real(), mounted.mountpoint(), mounted.source()).unwrap();
    Some((mounted, sides))
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{variable} is not a number")))
}

fn check(cache: &str) {
    let Some((mounted, sides)) = mounted(&format!("cache={cache}")) else { return };
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = number("OSPREY_SEED").unwrap_or(clock.as_nanos() as u64);
    let count = number("OSPREY_SEQUENCES").map_or(SEQUENCES, |count| u32::try_from(count).unwrap());
    let start = Instant::now();
    let Found { count, difference } = hunt(&sides, seed, count);
    let seconds = start.elapsed().as_secs_f64();
    println!("cache={cache}: {count} sequences in {seconds:.1} s, OSPREY_SEED={seed}");
    drop(sides);
    mounted.end().unwrap();
    if let Some((_, lines)) = difference {
        panic!("the mount differs from a real directory with cache={cache}, OSPREY_SEED={seed}:\n{lines}");
    }
}

#[test]
fn a_mount_that_asks_each_time_is_as_the_kernel() {
    check("none");
}

#[test]
fn a_mount_that_remembers_for_a_tick_is_as_the_kernel() {
    check("tick");
}

#[test]
fn a_mount_that_has_its_source_alone_is_as_the_kernel() {
    check("exclusive");
}

#[test]
fn a_difference_is_found_and_made_short() {
    // A whiteout is a device, which can be opened on neither side: but here for another reason.
    let Some((mounted, sides)) = mounted("cache=none,nodev") else { return };
    if !is_root() {
        return skip("only root can make device nodes, by which this mount differs");
    }
    let Found { difference, .. } = hunt(&sides, 1, 20_000);
    drop(sides);
    mounted.end().unwrap();
    let (length, lines) = difference.expect("devices are not there on such a mount");
    assert!(lines.contains("EACCES"), "{lines}");
    assert!(length <= 3, "{lines}");
}

#[test]
fn every_kind_of_step_succeeds_now_and_then() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let sides = Sides::new(path.clone(), path.clone(), path).unwrap();
    let mut steps: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..SEQUENCES {
        let sequence = sequence::sequences(is_root()).new_tree(&mut runner).unwrap().current();
        for (line, succeeded) in sequence.iter().zip(sides.succeeds(&sequence).unwrap()) {
            let (successes, all) = steps.entry(line.op.name()).or_default();
            *successes += u32::from(succeeded);
            *all += 1;
        }
    }
    let never: Vec<_> = steps.iter().filter(|(_, (successes, _))| *successes == 0).collect();
    assert!(never.is_empty(), "never a success: {never:?}");
    let (successes, all) = steps.values().fold((0, 0), |sum, (successes, all)| (sum.0 + successes, sum.1 + all));
    println!("{successes} of {all} steps succeeded: {steps:?}");
    assert!(successes * 3 > all, "only {successes} of {all} steps succeeded: {steps:?}");
}
