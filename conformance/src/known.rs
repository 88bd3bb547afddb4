//! Known differences: what is left different on a mount from its source, with the
//! cause. An entry excuses a result on a mount only, and one that no longer differs
//! is stale.
//!
//! ```text
//! # a comment
//! rename.whiteout*   The kernel's FUSE does not pass RENAME_WHITEOUT on.
//!                    A line that begins with space goes on with the cause.
//! ```

use std::collections::BTreeSet;

use crate::case::Case;
use crate::event::{CaseResult, ExcuseKind, Excused, Status, TargetInfo};
use crate::select::Glob;

/// The list that is built into the binary.
static EMBEDDED: &str = include_str!("../known-differences");

/// A list of known differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    cases: Glob,
    cause: String,
}

impl Known {
    /// The list that is built into the binary.
    ///
    /// # Errors
    /// What is wrong in it. A test keeps that from being built.
    pub fn embedded() -> Result<Known, String> {
        Known::parse("conformance/known-differences", EMBEDDED)
    }

    /// Reads a list; `file` is its name for messages.
    ///
    /// # Errors
    /// The line that has no cause, or goes on with none.
    pub fn parse(file: &str, text: &str) -> Result<Known, String> {
        let mut entries: Vec<Entry> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let words = line.trim();
            let wrong = |what: &str| format!("{file}:{}:1: {what}", index + 1);
            if words.is_empty() || words.starts_with('#') {
                continue;
            }
            if line.starts_with([' ', '\t']) {
                let entry = entries.last_mut().ok_or_else(|| wrong("no entry stands before this line"))?;
                entry.cause = format!("{} {words}", entry.cause);
                continue;
            }
            let (glob, cause) = words.split_once([' ', '\t']).ok_or_else(|| wrong("the entry gives no cause"))?;
            entries.push(Entry { cases: Glob::new(glob), cause: cause.trim().to_owned() });
        }
        Ok(Known { entries })
    }

    /// Why a result does not count, if it does not: an entry for its case, or the class
    /// of its clause.
    pub fn excuse(&self, result: &CaseResult, case: &Case, target: &TargetInfo) -> Option<Excused> {
        let entry = self.entries.iter().find(|entry| target.mount && entry.cases.matches(&result.id));
        match (result.status, entry) {
            (Status::Fail | Status::Timeout | Status::Blocked, Some(entry)) => {
                Some(Excused { kind: ExcuseKind::Known, cause: entry.cause.clone() })
            }
            (Status::Fail, None) if !case.class.is_binding() => {
                let cause = format!("a clause of class {} is recorded, not required", case.class);
                Some(Excused { kind: ExcuseKind::Class, cause })
            }
            _ => None,
        }
    }

    /// The entries that no longer differ: of all cases that they are for, each was
    /// run on a mount, and passed. `suite` has all ids, `results` those of this run.
    pub fn stale(&self, suite: &[String], targets: &[TargetInfo], results: &[CaseResult]) -> Vec<String> {
        let mounts: BTreeSet<&str> = targets.iter().filter(|target| target.mount).map(|target| &*target.name).collect();
        let on_mounts = results.iter().filter(|result| mounts.contains(&*result.target));
        let passed: BTreeSet<&str> =
            on_mounts.clone().filter(|result| result.status == Status::Pass).map(|result| &*result.id).collect();
        let differed: BTreeSet<&str> =
            on_mounts.filter(|result| result.status != Status::Pass).map(|result| &*result.id).collect();
        let is_stale = |entry: &&Entry| {
            let mut cases = suite.iter().filter(|id| entry.cases.matches(id)).peekable();
            let still = |id: &String| !passed.contains(&**id) || differed.contains(&**id);
            cases.peek().is_some() && !cases.any(still)
        };
        self.entries.iter().filter(is_stale).map(|entry| entry.cases.as_str().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite;

    #[test]
    fn the_embedded_list_can_be_read_and_each_entry_is_for_a_case() {
        let known = Known::embedded().unwrap();
        let cases = suite::embedded().map_err(|error| error.to_string()).unwrap();
        for entry in &known.entries {
            assert!(cases.iter().any(|case| entry.cases.matches(&case.id)), "{} is for no case", entry.cases.as_str());
        }
    }

    #[test]
    fn reads_entries_with_their_causes() {
        let known = Known::parse("k", "# c\n\na.b  one\n     two\nc*  three\n").unwrap();
        let causes: Vec<(&str, &str)> =
            known.entries.iter().map(|entry| (entry.cases.as_str(), entry.cause.as_str())).collect();
        assert_eq!(causes, [("a.b", "one two"), ("c*", "three")]);
        assert_eq!(Known::parse("k", "a.b\n").unwrap_err(), "k:1:1: the entry gives no cause");
        assert_eq!(Known::parse("k", " x\n").unwrap_err(), "k:1:1: no entry stands before this line");
    }
}
