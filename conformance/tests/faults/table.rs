//! The table of what was found: for each fault how much fails, and the cases that name it.
//!
//! ```text
//! exchange-is-rename  RENAME_EXCHANGE is done as a plain rename
//!   144 cases, 7 causes
//!   alone rename.exchange_swaps  stat: ino
//! ```
//!
//! A case with `alone` before it fails for no other fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use fuse_mount::faults::Fault;

use crate::run::Failures;

/// How many cases a fault is named by at most: each is run for all faults.
const MOST_CASES: usize = 2;

const HEAD: &str = "\
# What the whole suite finds of each planted fault, on a mount with `--cache none --passthrough off`: how
# many cases fail, of how many kinds their differences are, and cases that name it. Written by the test,
# with OSPREY_FAULTS=all; checked by it without.
";

/// What was found of all faults.
pub(crate) struct Table {
    pub(crate) found: Vec<Found>,
}

/// What was found of a fault.
pub(crate) struct Found {
    pub(crate) fault: String,
    about: String,
    case_count: usize,
    cause_count: usize,
    /// The cases that name it, with their differences.
    pub(crate) named_by: Vec<(String, String)>,
    /// Whether the first of them fails for no other fault.
    pub(crate) is_alone: bool,
}

impl Table {
    /// The table of what failed for each fault in runs of the whole suite.
    pub(crate) fn of(failures: &BTreeMap<String, Failures>) -> Table {
        Table { found: Fault::ALL.iter().map(|fault| Found::of(*fault, failures)).collect() }
    }

    /// All cases that name a fault.
    pub(crate) fn cases(&self) -> BTreeSet<String> {
        self.found.iter().flat_map(|found| found.named_by.iter().map(|(case, _)| case.clone())).collect()
    }

    /// Reads the file.
    pub(crate) fn read() -> Table {
        let text = fs::read_to_string(path()).unwrap();
        let mut found: Vec<Found> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let Some(line) = line.strip_prefix("  ") else {
                let (fault, about) = line.split_once("  ").unwrap();
                let fresh = Found { fault: fault.into(), about: about.into(), ..Found::nothing() };
                found.push(fresh);
                continue;
            };
            let last = found.last_mut().unwrap();
            match line.split_once("  ") {
                None => {
                    let numbers: Vec<usize> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
                    (last.case_count, last.cause_count) = (numbers[0], numbers[1]);
                }
                Some((case, difference)) => {
                    let alone = case.strip_prefix("alone ");
                    last.is_alone |= alone.is_some();
                    last.named_by.push((alone.unwrap_or(case).into(), difference.into()));
                }
            }
        }
        Table { found }
    }

    /// Writes the file.
    pub(crate) fn write(&self) {
        let mut text = HEAD.to_owned();
        for found in &self.found {
            writeln!(text, "\n{}  {}", found.fault, found.about).unwrap();
            writeln!(text, "  {} cases, {} causes", found.case_count, found.cause_count).unwrap();
            for (index, (case, difference)) in found.named_by.iter().enumerate() {
                let alone = if index == 0 && found.is_alone { "alone " } else { "" };
                writeln!(text, "  {alone}{case}  {difference}").unwrap();
            }
        }
        fs::write(path(), text).unwrap();
    }

    /// One line for each fault.
    pub(crate) fn summary(&self) -> String {
        let line = |found: &Found| {
            let (case, difference) = &found.named_by[0];
            let Found { fault, case_count, cause_count, .. } = found;
            format!("{fault:26} {case_count:5} cases {cause_count:3} causes  {case}  {difference}")
        };
        self.found.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Found {
    fn nothing() -> Found {
        let (fault, about) = (String::new(), String::new());
        Found { fault, about, case_count: 0, cause_count: 0, named_by: Vec::new(), is_alone: false }
    }

    fn of(fault: Fault, failures: &BTreeMap<String, Failures>) -> Found {
        let own = &failures[fault.name()];
        assert!(!own.is_empty(), "the suite does not find {}: {}", fault.name(), fault.about());
        // Those first that fail for the fewest, and of these the ones that fail with a difference of their own.
        let rank = |(case, difference): &(&String, &String)| {
            let others = failures.iter().filter(|(other, _)| *other != fault.name());
            let theirs: Vec<&String> = others.filter_map(|(_, of)| of.get(*case)).collect();
            (theirs.len(), theirs.iter().filter(|other| **other == *difference).count())
        };
        let mut ranked: Vec<_> = own.iter().collect();
        ranked.sort_by_key(rank);
        let causes: BTreeSet<&String> = own.values().collect();
        Found {
            fault: fault.name().to_owned(),
            about: fault.about().to_owned(),
            case_count: own.len(),
            cause_count: causes.len(),
            is_alone: rank(&ranked[0]).0 == 0,
            named_by: ranked.iter().take(MOST_CASES).map(|(case, of)| ((*case).clone(), (*of).clone())).collect(),
        }
    }
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "faults", "found.table"].iter().collect()
}
