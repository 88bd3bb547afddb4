//! Which of the errors that the manual pages document came back in a run, call by call.
//!
//! A pair of call and error is observed where a step made that very call and that
//! error came back: `mkdir` and `mkdirat` are two calls, though they share a page.

use std::collections::{BTreeMap, BTreeSet};

use fs_core::op::{Line, Outcome, Word};
use serde::Serialize;

use crate::calls;
use crate::event::{CaseResult, Step};

/// What the manual pages document: call, error, and whether it can be had without a
/// broken disk, full memory or a quota.
const DOCUMENTED: &str = include_str!("../documented-errors.tsv");

/// Why some of it is not observed.
const UNOBSERVED: &str = include_str!("../unobserved-errors.tsv");

/// What has been observed so far.
#[derive(Default)]
pub struct Coverage {
    /// By call, the errors that came back; a call that only succeeded is here too.
    observed: BTreeMap<String, BTreeSet<String>>,
    cases: usize,
    assertions: usize,
}

/// Coverage as a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many results were looked at.
    pub cases: usize,
    /// How many of their steps asserted something.
    pub assertions: usize,
    /// How many pairs of call and error the manual pages document.
    pub documented: usize,
    /// How many of those can be had on a sound machine.
    pub reachable: usize,
    /// How many of the reachable ones came back.
    pub observed: usize,
    /// How many calls are documented.
    pub calls_documented: usize,
    /// How many of those were made.
    pub calls_observed: usize,
    /// The calls, in order of their names.
    pub calls: Vec<CallSummary>,
}

/// One documented call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallSummary {
    /// Its name.
    pub call: String,
    /// Whether a step made it.
    pub made: bool,
    /// How many of its errors can be had on a sound machine.
    pub reachable: usize,
    /// The reachable ones that came back.
    pub observed: Vec<String>,
    /// The reachable ones that did not.
    pub missing: Vec<Missing>,
    /// Errors that came back, and that are not documented, or not taken for reachable.
    pub beyond: Vec<String>,
}

/// A documented error that did not come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The error.
    pub errno: String,
    /// Why not, where that is known.
    pub why: Option<String>,
}

impl Coverage {
    /// Takes in what a case saw.
    pub fn add(&mut self, result: &CaseResult) {
        self.cases += 1;
        for step in &result.steps {
            self.assertions += usize::from(step.want.is_some());
            let Some(got) = &step.got else {
                continue;
            };
            let Some(call) = call_of(step) else {
                continue;
            };
            let errors = self.observed.entry(call).or_default();
            if let Ok(Outcome { word: Word::Errno(_), .. }) = Outcome::parse(got) {
                errors.insert(got.clone());
            }
        }
    }

    /// The report.
    pub fn summary(&self) -> Summary {
        let mut documented: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
        for (call, errno, reachable) in rows(DOCUMENTED) {
            documented.entry(call).or_default().push((errno, reachable == "yes"));
        }
        let calls: Vec<CallSummary> = documented.iter().map(|(call, errors)| self.call(call, errors)).collect();
        Summary {
            cases: self.cases,
            assertions: self.assertions,
            documented: documented.values().map(Vec::len).sum(),
            reachable: calls.iter().map(|call| call.reachable).sum(),
            observed: calls.iter().map(|call| call.observed.len()).sum(),
            calls_documented: calls.len(),
            calls_observed: calls.iter().filter(|call| call.made).count(),
            calls,
        }
    }

    fn call(&self, call: &str, errors: &[(&str, bool)]) -> CallSummary {
        let none = BTreeSet::new();
        let came = self.observed.get(call).unwrap_or(&none);
        let reachable: Vec<&str> = errors.iter().filter(|(_, reachable)| *reachable).map(|(errno, _)| *errno).collect();
        let (observed, missing): (Vec<&str>, Vec<&str>) =
            reachable.iter().copied().partition(|errno| came.iter().any(|came| is_same(came, errno)));
        let is_known = |came: &&String| reachable.iter().any(|errno| is_same(came, errno));
        CallSummary {
            call: call.to_owned(),
            made: self.observed.contains_key(call),
            reachable: reachable.len(),
            observed: observed.into_iter().map(str::to_owned).collect(),
            missing: missing
                .into_iter()
                .map(|errno| Missing { errno: errno.to_owned(), why: why(call, errno).map(str::to_owned) })
                .collect(),
            beyond: came.iter().filter(|came| !is_known(came)).cloned().collect(),
        }
    }
}

/// The call that a step made and the error that came back, as the manual pages have them;
/// none, if they do not document it.
pub fn documented_error(step: &Step) -> Option<(String, &'static str)> {
    let got = step.got.as_deref().filter(|got| got.starts_with('E'))?;
    let call = call_of(step)?;
    let (_, errno, _) = rows(DOCUMENTED).find(|(other, errno, _)| *other == call && is_same(errno, got))?;
    Some((call, errno))
}

/// The call that a step made, by the name that the manual pages have for it.
fn call_of(step: &Step) -> Option<String> {
    calls::documented(&Line::parse(&step.op).ok()?.op)
}

/// Whether two names are those of one error on Linux.
fn is_same(left: &str, right: &str) -> bool {
    fn one_name(name: &str) -> &str {
        match name {
            "EWOULDBLOCK" => "EAGAIN",
            "EOPNOTSUPP" => "ENOTSUP",
            other => other,
        }
    }
    one_name(left) == one_name(right)
}

fn why(call: &str, errno: &str) -> Option<&'static str> {
    let applies = |(calls, errnos, _): &(&str, &str, &str)| {
        calls.split('|').any(|other| other == call) && errnos.split(' ').any(|other| other == errno)
    };
    rows(UNOBSERVED).find(applies).map(|(_, _, why)| why)
}

/// The rows of a table of three columns, without its head and comments.
fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.starts_with("syscall\t"));
    lines.filter_map(|line| {
        let mut columns = line.splitn(3, '\t');
        Some((columns.next()?, columns.next()?, columns.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Status, Step};

    fn result(steps: &[(&str, Option<&str>, &str)]) -> CaseResult {
        let step = |(op, want, got): &(&str, Option<&str>, &str)| Step {
            op: (*op).to_owned(),
            want: want.map(str::to_owned),
            got: Some((*got).to_owned()),
        };
        CaseResult {
            id: "t.a".to_owned(),
            target: "ext4".to_owned(),
            status: Status::Pass,
            class: "linux-man".to_owned(),
            clause: "x(2)".to_owned(),
            claim: "x".to_owned(),
            duration_ns: 1,
            reason: None,
            excused: None,
            steps: steps.iter().map(step).collect(),
        }
    }

    fn call(coverage: &Coverage, name: &str) -> CallSummary {
        coverage.summary().calls.into_iter().find(|call| call.call == name).unwrap()
    }

    #[test]
    fn counts_what_came_back_from_the_very_call() {
        let mut coverage = Coverage::default();
        coverage.add(&result(&[
            ("mkdir path=d", None, "ok"),
            ("@other mkdir path=d", Some("EEXIST"), "EEXIST"),
            ("syscall name=mkdir args=str:d,0", Some("EEXIST"), "ENOSPC"),
            ("flock fd=1 operation=EX|NB", Some("EAGAIN"), "EAGAIN"),
        ]));
        assert_eq!(call(&coverage, "mkdirat").observed, ["EEXIST"]);
        assert_eq!(call(&coverage, "mkdir").observed, ["ENOSPC"]);
        assert_eq!(call(&coverage, "flock").observed, ["EWOULDBLOCK"]);
        assert!(!call(&coverage, "rmdir").made);
        let summary = coverage.summary();
        assert_eq!((summary.observed, summary.calls_observed, summary.assertions), (3, 3, 3));
        assert_eq!((summary.documented, summary.reachable, summary.calls_documented), (849, 721, 90));
    }

    #[test]
    fn every_reason_is_about_documented_pairs() {
        let documented: BTreeSet<(&str, &str)> = rows(DOCUMENTED).map(|(call, errno, _)| (call, errno)).collect();
        for (calls, errnos, why) in rows(UNOBSERVED) {
            assert!(!why.is_empty());
            for call in calls.split('|') {
                for errno in errnos.split(' ') {
                    assert!(documented.contains(&(call, errno)), "{call} {errno}");
                }
            }
        }
    }

    #[test]
    fn an_error_is_documented_for_a_call_and_not_for_every_call() {
        let check = |op: &str, got: &str, wanted: Option<(&str, &str)>| {
            let result = result(&[(op, Some("ok"), got)]);
            let found = documented_error(&result.steps[0]);
            assert_eq!(found.as_ref().map(|(call, errno)| (call.as_str(), *errno)), wanted, "{op} {got}");
        };
        check("mkdir path=d", "EEXIST", Some(("mkdirat", "EEXIST")));
        check("mkdir path=d", "ENOTEMPTY", None);
        check("mkdir path=d", "ok", None);
        check("teleport path=d", "EEXIST", None);
    }
}
