//! Looks for a sequence of which two directories differ, and makes it as short as it gets.
//!
//! The seed of a sequence is that of the search and the sequence's number added, so that
//! one that differs is found again without the others.

use std::fmt::Write;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use fs_core::op::Line;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRng, TestRunner};

use crate::compare::{Difference, Seen, preparing};
use crate::generate::Sequence;
use crate::twins::{Broken, Twins};

/// How often a sequence that differs is run to shorten it.
const MOST_RUNS: usize = 4000;

/// How many sequences there are where nothing says it.
const COUNT: u64 = 500;

/// How many sequences, and from which seed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) count: u64,
    pub(crate) seed: u64,
}

/// A sequence of which the directories differ, and what is to be said of it.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its seed.
    pub(crate) seed: u64,
    /// The shortest lines.
    pub(crate) lines: Sequence,
    /// What each of them gave on the real side.
    pub(crate) seen: Vec<Seen>,
    pub(crate) difference: Difference,
}

impl Plan {
    /// What the environment says: `OSPREY_SEQUENCES` and `PROPTEST_RNG_SEED`.
    pub(crate) fn from_environment() -> Plan {
        let count = std::env::var("OSPREY_SEQUENCES").ok();
        let count = count.map_or(COUNT, |count| count.parse().expect("OSPREY_SEQUENCES is a number"));
        let seed = match Config::default().rng_seed {
            RngSeed::Fixed(seed) => seed,
            RngSeed::Random => RandomState::new().build_hasher().finish(),
        };
        Plan { count, seed }
    }
}

/// Runs sequences until one differs, or all have been run; how long these took.
pub(crate) fn search(
    twins: &mut Twins<'_>,
    sequences: &BoxedStrategy<Sequence>,
    plan: Plan,
) -> Result<Result<Duration, Box<Found>>, Broken> {
    let begin = Instant::now();
    for number in 0..plan.count {
        let seed = plan.seed.wrapping_add(number);
        let mut tree = sequences.new_tree(&mut runner(seed)).expect("no sequence is refused");
        let lines = tree.current();
        let told = |broken: Broken| format!("seed {seed}: {broken}");
        let (seen, difference) = twins.run(&lines).map_err(told)?;
        if let Some(difference) = difference {
            let mut found = Found { seed, lines, seen, difference };
            let mut runs = 0;
            shrink_fields(twins, &mut *tree, &mut found, &mut runs)?;
            shrink_lines(twins, &mut found, &mut runs)?;
            return Ok(Err(Box::new(found)));
        }
    }
    Ok(Ok(begin.elapsed()))
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Runs shorter lines; whether they differ in the same way, in which case they are what
/// is found. Another difference is another bug: lines must not drift to it.
fn is_still(twins: &mut Twins<'_>, lines: Sequence, found: &mut Found, runs: &mut usize) -> Result<bool, Broken> {
    *runs += 1;
    let (seen, difference) = twins.run(&lines)?;
    match difference.filter(|difference| difference.class == found.difference.class) {
        Some(difference) => {
            *found = Found { seed: found.seed, lines, seen, difference };
            Ok(true)
        }
        None => Ok(false),
    }
}

/// Shortens the lines and what stands in them, as proptest does.
fn shrink_fields(
    twins: &mut Twins<'_>,
    tree: &mut dyn ValueTree<Value = Sequence>,
    found: &mut Found,
    runs: &mut usize,
) -> Result<(), Broken> {
    let mut goes_on = tree.simplify();
    while goes_on && *runs < MOST_RUNS {
        goes_on = match is_still(twins, tree.current(), found, runs)? {
            true => tree.simplify(),
            false => tree.complicate(),
        };
    }
    Ok(())
}

/// Leaves out every line without which the difference stays.
fn shrink_lines(twins: &mut Twins<'_>, found: &mut Found, runs: &mut usize) -> Result<(), Broken> {
    let mut index = found.lines.len();
    while index > 0 && *runs < MOST_RUNS {
        index = index.min(found.lines.len()) - 1;
        let mut lines = found.lines.clone();
        lines.remove(index);
        if !lines.is_empty() && is_still(twins, lines, found, runs)? {
            // Lines behind it may have needed it.
            index = found.lines.len();
        }
    }
    Ok(())
}

impl Found {
    /// The lines as steps of a case, with what the real directory gives.
    pub(crate) fn steps(&self) -> Vec<Line<'static>> {
        let lines = self.lines.iter().zip(&self.seen).enumerate();
        let last = self.difference.step.unwrap_or(self.lines.len());
        let mut steps: Vec<Line<'static>> = lines.take(last).map(|(_, (line, seen))| preparing(line, seen)).collect();
        steps.extend(self.difference.proof.clone());
        steps
    }

    /// What is printed: the seed, the steps, and what both sides gave. `test` is the
    /// name of the test, for the command that finds it again.
    pub(crate) fn report(&self, test: &str) -> String {
        let mut text = format!("the directories differ: {}\n\n", self.difference.class.join(" "));
        for step in self.steps() {
            writeln!(text, "  {step}").expect("writing to a string does not fail");
        }
        let seed = self.seed;
        let again = format!("cargo test --release -p conformance --test sequences {test}");
        write!(text, "\n{}\n\nagain: PROPTEST_RNG_SEED={seed} OSPREY_SEQUENCES=1 {again}\n", self.difference)
            .expect("writing to a string does not fail");
        text
    }
}
