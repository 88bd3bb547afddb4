//! Compares two logs: of a run on one kernel or file system, and of one on another.
//!
//! Results differ if their statuses do, or their causes ([`cause`](crate::report::cause)):
//! that a time, a number of an inode or a duration is another is no difference. Where both
//! passed, what came back may still be another of the outcomes that are allowed, which is
//! told, and is no difference.
//!
//! The results of the second log are compared as they are read, and of the first only
//! what did not pass is kept with its steps, so that long logs need little memory.

mod environment;
mod human;
mod json;
mod results;
mod targets;

use std::collections::BTreeMap;

use crate::event::{Begin, CaseResult, Event};
use crate::exit::Failure;
use crate::log::Reader;

pub use environment::Change;
pub use human::{Style, write as write_human};
pub use json::write as write_json;
pub use results::{Allowed, Difference, Side};
pub use targets::{Pair, Pairs, pair};

use results::{Kept, Verdict};

/// What two logs have in common, and what not. The first is A, the second B.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The logs.
    pub logs: [Source; 2],
    /// The targets that are compared, and those that are not.
    pub pairs: Pairs,
    /// What differs around the runs.
    pub environment: Vec<Change>,
    /// The results that differ, in the order of B.
    pub differences: Vec<Difference>,
    /// Outcomes that differ, and are allowed.
    pub allowed: Vec<Allowed>,
    /// The counts, by pair.
    pub counts: Vec<Counts>,
    /// The ids that only one log has, by pair.
    pub only: Vec<[Vec<String>; 2]>,
}

/// A log.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file.
    pub name: String,
    /// Where the run took place.
    pub begin: Begin,
    /// Whether the run was cut short.
    pub is_cut: bool,
}

/// How many results of a pair are what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The same in both.
    pub same: usize,
    /// Different.
    pub different: usize,
    /// The same, with an outcome that is allowed to differ.
    pub allowed: usize,
}

/// Compares two logs; `chosen` are the targets, as [`pair`] takes them.
///
/// # Errors
/// A log cannot be read, or the targets are none.
pub fn compare(mut a: Reader, mut b: Reader, chosen: &[String]) -> Result<Comparison, Failure> {
    let pairs = pair([&a, &b], chosen)?;
    let mut kept: Vec<BTreeMap<String, Kept>> = vec![BTreeMap::new(); pairs.pairs.len()];
    let of = |side: usize, result: &CaseResult| -> Vec<usize> {
        let is_of = |pair: &Pair| pair.names[side] == result.target;
        (0..pairs.pairs.len()).filter(|place| is_of(&pairs.pairs[*place])).collect()
    };
    let mut order: Vec<Vec<String>> = vec![Vec::new(); pairs.pairs.len()];
    for event in &mut a {
        if let Event::Case(result) = event? {
            for place in of(0, &result) {
                if kept[place].insert(result.id.clone(), Kept::of(&result)).is_none() {
                    order[place].push(result.id.clone());
                }
            }
        }
    }
    let (mut differences, mut allowed) = (Vec::new(), Vec::new());
    let mut counts = vec![Counts::default(); pairs.pairs.len()];
    let mut only: Vec<[Vec<String>; 2]> = vec![<[Vec<String>; 2]>::default(); pairs.pairs.len()];
    for event in &mut b {
        let Event::Case(result) = event? else {
            continue;
        };
        for place in of(1, &result) {
            let Some(of_a) = kept[place].remove(&result.id) else {
                only[place][1].push(result.id.clone());
                continue;
            };
            match results::judge(place, of_a, &result) {
                Verdict::Same => counts[place].same += 1,
                Verdict::Allowed(found) => {
                    counts[place].allowed += 1;
                    allowed.push(found);
                }
                Verdict::Different(found) => {
                    counts[place].different += 1;
                    differences.push(*found);
                }
            }
        }
    }
    for (place, order) in order.into_iter().enumerate() {
        only[place][0] = order.into_iter().filter(|id| kept[place].contains_key(id)).collect();
    }
    let environment = environment::changes(a.begin(), b.begin(), &pairs.pairs);
    let logs =
        [a, b].map(|log| Source { name: log.name().to_owned(), begin: log.begin().clone(), is_cut: log.is_cut() });
    Ok(Comparison { logs, pairs, environment, differences, allowed, counts, only })
}

impl Comparison {
    /// How many cases are in both logs.
    pub fn compared(&self) -> usize {
        self.counts.iter().map(|counts| counts.same + counts.different + counts.allowed).sum()
    }
}
