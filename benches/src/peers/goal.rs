//! What our mount is to reach, and whether it does.

use super::contestant::Kind;
use super::results::Results;

/// How a result compares with its goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is reached.
    Met,
    /// It is not.
    NotMet,
}

/// A limit of the median ratio to the directory itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// Of times.
    AtMost(f64),
    /// Of rates.
    AtLeast(f64),
}

impl Limit {
    /// As it is written: `<= 2.5`.
    pub fn text(self) -> String {
        match self {
            Limit::AtMost(ratio) => format!("<= {ratio}"),
            Limit::AtLeast(ratio) => format!(">= {ratio}"),
        }
    }

    /// Whether a ratio is within it.
    pub fn judge(self, ratio: f64) -> Verdict {
        let is_met = match self {
            Limit::AtMost(limit) => ratio <= limit,
            Limit::AtLeast(limit) => ratio >= limit,
        };
        if is_met { Verdict::Met } else { Verdict::NotMet }
    }
}

const ALL: &[&str] = &["none", "tick", "watch", "exclusive"];
const EXCLUSIVE: &[&str] = &["exclusive"];

/// The goals: workload, policies, limit.
static GOALS: &[(&str, &[&str], Limit)] = &[
    ("seq-read/1MiB", ALL, Limit::AtLeast(0.97)),
    ("seq-write/1MiB", ALL, Limit::AtLeast(0.97)),
    ("mmap-read", ALL, Limit::AtLeast(0.97)),
    ("mmap-write", ALL, Limit::AtLeast(0.97)),
    ("rand-read/4KiB", ALL, Limit::AtLeast(0.87)),
    ("rand-write/4KiB", ALL, Limit::AtLeast(0.85)),
    ("stat", &["exclusive", "watch"], Limit::AtMost(1.2)),
    ("stat", &["tick"], Limit::AtMost(13.0)),
    ("stat", &["none"], Limit::AtMost(27.0)),
    ("create", EXCLUSIVE, Limit::AtMost(2.5)),
    ("open-read-close", EXCLUSIVE, Limit::AtMost(3.8)),
    ("rename", EXCLUSIVE, Limit::AtMost(2.1)),
    ("unlink", EXCLUSIVE, Limit::AtMost(2.8)),
    ("readdir-stat", EXCLUSIVE, Limit::AtMost(1.1)),
    ("git-status", EXCLUSIVE, Limit::AtMost(1.4)),
    ("tar-x", EXCLUSIVE, Limit::AtMost(3.5)),
];

/// One mount, several clients: the workload of one, that of several, the policy, and how many times
/// the rate of one there is to be.
const SCALING: (&str, &str, &str, f64) = ("fstat-clients/1", "fstat-clients/4", "none", 1.7);

/// The goal of a workload for a policy.
pub fn goal(workload: &str, policy: &str) -> Option<Limit> {
    let is_it = |goal: &&(&str, &[&str], Limit)| goal.0 == workload && goal.1.contains(&policy);
    GOALS.iter().find(is_it).map(|goal| goal.2)
}

/// A goal, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What it is about.
    pub workload: &'static str,
    /// The policy.
    pub mount: &'static str,
    /// The limit.
    pub limit: Limit,
    /// The ratio that was measured.
    pub ratio: f64,
    /// What the ratio is of, if not to the directory itself.
    pub of: Option<&'static str>,
    /// Whether it is reached.
    pub verdict: Verdict,
}

/// All goals of what was measured.
pub fn judge(results: &Results) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    for &(workload, policies, limit) in GOALS {
        for &mount in policies {
            let places = results.workload(workload).zip(results.contestant(mount));
            let Some(ratio) = places.and_then(|(workload, mount)| results.ratio(workload, mount)) else { continue };
            let (ratio, of) = (ratio.median, None);
            judgements.push(Judgement { workload, mount, limit, ratio, of, verdict: limit.judge(ratio) });
        }
    }
    judgements.extend(scaling(results));
    judgements
}

/// The goal of several clients, if both numbers of them were measured.
pub fn scaling(results: &Results) -> Option<Judgement> {
    let (one, workload, mount, least) = SCALING;
    let contestant = results.contestant(mount)?;
    let time = |name| Some(results.time_ns(results.workload(name)?, contestant)?.median);
    let ratio = time(one)? / time(workload)?;
    let limit = Limit::AtLeast(least);
    Some(Judgement { workload, mount, limit, ratio, of: Some("the rate of one client"), verdict: limit.judge(ratio) })
}

/// How the best of ours stands beside one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its median is the better one.
    Ahead,
    /// The middle halves of both overlap, so that it cannot be told.
    Level,
    /// The peer's is the better one.
    Behind,
}

/// How the best of ours stands beside each peer that was measured, by the peer's place.
pub fn standings(results: &Results, workload: usize) -> Vec<(usize, Standing)> {
    let best = results.best_of_ours(workload).and_then(|best| results.times_native(workload, best));
    let Some(ours) = best else { return Vec::new() };
    let peers = (0..results.contestants.len()).filter(|index| results.contestants[*index].kind == Kind::Peer);
    let standing = |peer: usize| {
        let theirs = results.times_native(workload, peer)?;
        let standing = if ours.first <= theirs.third && theirs.first <= ours.third {
            Standing::Level
        } else if ours.median < theirs.median {
            Standing::Ahead
        } else {
            Standing::Behind
        };
        Some((peer, standing))
    };
    peers.filter_map(standing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::contestant::POLICIES;
    use crate::peers::results::tests::example;
    use crate::peers::workload;

    #[test]
    fn goals_are_of_workloads_and_policies_that_there_are() {
        for (name, policies, limit) in GOALS {
            let workload = workload::find(name).unwrap();
            assert_eq!(workload.unit.is_rate(), matches!(limit, Limit::AtLeast(_)), "{name}");
            assert!(policies.iter().all(|policy| POLICIES.contains(policy)), "{name}");
        }
        assert!([SCALING.0, SCALING.1].iter().all(|name| workload::find(name).is_some()));
    }

    #[test]
    fn a_goal_is_met_at_its_limit() {
        assert_eq!(Limit::AtMost(1.2).judge(1.2), Verdict::Met);
        assert_eq!(Limit::AtMost(1.2).judge(1.3), Verdict::NotMet);
        assert_eq!(Limit::AtLeast(0.97).judge(0.97), Verdict::Met);
        assert_eq!(Limit::AtLeast(0.97).judge(0.96), Verdict::NotMet);
        let verdicts: Vec<_> = judge(&example()).iter().map(|found| (found.mount, found.verdict)).collect();
        assert_eq!(verdicts, [("tick", Verdict::Met), ("none", Verdict::Met)]);
    }

    #[test]
    fn ahead_is_only_who_is_clearly_so() {
        let mut results = example();
        let bindfs = results.contestant("bindfs").unwrap();
        assert_eq!(standings(&results, 0), [(bindfs, Standing::Ahead)]);
        for sample in results.cell_mut(0, bindfs).samples.values_mut() {
            *sample *= 5.0 / 8.0;
        }
        assert_eq!(standings(&results, 0), [(bindfs, Standing::Level)]);
        for sample in results.cell_mut(0, bindfs).samples.values_mut() {
            *sample /= 2.0;
        }
        assert_eq!(standings(&results, 0), [(bindfs, Standing::Behind)]);
    }
}
