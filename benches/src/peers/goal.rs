//! What our mount is to reach, and whether it does.

use super::contestant::{Kind, NATIVE};
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

/// What no server on `/dev/fuse` can be under, if the kernel asks it the same: the time of `floor`, which
/// answers from memory; as far as that says something about a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// It says nothing: the data of files pass by it.
    Unknown,
    /// Its time alone. Either the work need not be done beneath, because the kernel may remember what was asked or the
    /// source's file need not be opened again; or a whole program is measured, of which the most is neither
    /// the kernel's FUSE nor the work beneath, and would be counted twice.
    Alone,
    /// Its time and that of the directory itself: the work is also done beneath, each time.
    WithNative,
}

impl Floor {
    /// Which floor is asked as our mount is under a policy.
    fn of_policy(policy: &str) -> &'static str {
        match policy {
            "none" => "floor-none",
            "tick" => "floor-tick",
            _ => "floor",
        }
    }

    /// The ratio to the directory itself, if there is one that was measured.
    fn ratio(self, results: &Results, workload: &str, policy: &str) -> Option<f64> {
        let place = results.contestant(Floor::of_policy(policy))?;
        let floor = results.times_native(results.workload(workload)?, place)?.median;
        match self {
            Floor::Unknown => None,
            Floor::Alone => Some(floor),
            Floor::WithNative => Some(1.0 + floor),
        }
    }
}

const ALL: &[&str] = &["none", "tick", "watch", "exclusive"];
const EXCLUSIVE: &[&str] = &["exclusive"];

/// The goals: workload, policies, limit, and what is known of what can be reached.
static GOALS: &[(&str, &[&str], Limit, Floor)] = &[
    ("seq-read/1MiB", ALL, Limit::AtLeast(0.97), Floor::Unknown),
    ("seq-write/1MiB", ALL, Limit::AtLeast(0.97), Floor::Unknown),
    ("mmap-read", ALL, Limit::AtLeast(0.97), Floor::Unknown),
    ("mmap-write", ALL, Limit::AtLeast(0.97), Floor::Unknown),
    ("rand-read/4KiB", ALL, Limit::AtLeast(0.87), Floor::Unknown),
    ("rand-write/4KiB", ALL, Limit::AtLeast(0.85), Floor::Unknown),
    ("stat", &["exclusive", "watch"], Limit::AtMost(1.2), Floor::Alone),
    ("stat", &["tick"], Limit::AtMost(13.0), Floor::WithNative),
    ("stat", &["none"], Limit::AtMost(27.0), Floor::WithNative),
    ("create", EXCLUSIVE, Limit::AtMost(2.5), Floor::WithNative),
    ("open-read-close", EXCLUSIVE, Limit::AtMost(3.8), Floor::Alone),
    ("rename", EXCLUSIVE, Limit::AtMost(2.1), Floor::WithNative),
    ("unlink", EXCLUSIVE, Limit::AtMost(2.8), Floor::WithNative),
    ("readdir-stat", EXCLUSIVE, Limit::AtMost(1.1), Floor::Alone),
    ("git-status", EXCLUSIVE, Limit::AtMost(1.4), Floor::Alone),
    ("tar-x", EXCLUSIVE, Limit::AtMost(3.5), Floor::Alone),
];

/// One mount, several clients: the workload of one, that of several, the policy, and how many times
/// the rate of one there is to be.
const SCALING: (&str, &str, &str, f64) = ("fstat-clients/1", "fstat-clients/4", "none", 1.7);

/// The goal of a workload for a policy.
pub fn goal(workload: &str, policy: &str) -> Option<Limit> {
    let mut goals = GOALS.iter().filter(|goal| goal.0 == workload && goal.1.contains(&policy));
    goals.next().map(|goal| goal.2)
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
    /// What is known of what can be reached.
    pub floor: Floor,
    /// The ratio that no server can be under, where that is known.
    pub least: Option<f64>,
}

impl Judgement {
    /// Whose times the ratio that no server can be under is made of.
    pub fn least_of(&self) -> Vec<&'static str> {
        let floor = Floor::of_policy(self.mount);
        match self.floor {
            Floor::Unknown => Vec::new(),
            Floor::Alone => vec![floor],
            Floor::WithNative => vec![NATIVE, floor],
        }
    }
}

/// All goals of what was measured.
pub fn judge(results: &Results) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    for &(workload, policies, limit, floor) in GOALS {
        for &mount in policies {
            let places = results.workload(workload).zip(results.contestant(mount));
            let Some(ratio) = places.and_then(|(workload, mount)| results.ratio(workload, mount)) else { continue };
            let (ratio, of, least) = (ratio.median, None, floor.ratio(results, workload, mount));
            judgements.push(Judgement { workload, mount, limit, ratio, of, verdict: limit.judge(ratio), floor, least });
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
    let (of, verdict) = (Some("the rate of one client"), limit.judge(ratio));
    Some(Judgement { workload, mount, limit, ratio, of, verdict, floor: Floor::Unknown, least: None })
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
        for (name, policies, limit, floor) in GOALS {
            let workload = workload::find(name).unwrap();
            assert_eq!(workload.unit.is_rate(), matches!(limit, Limit::AtLeast(_)), "{name}");
            assert_eq!(workload.unit.is_rate(), *floor == Floor::Unknown, "{name}");
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
    fn what_no_server_can_be_under_is_the_floor_and_the_work_beneath() {
        let mut results = example();
        let least = |results: &Results| {
            judge(results).iter().map(|found| (found.mount, found.least, found.least_of())).collect::<Vec<_>>()
        };
        assert!(least(&results).iter().all(|(_, ratio, _)| ratio.is_none()));
        let bindfs = results.contestant("bindfs").unwrap();
        results.contestants[bindfs].name = "floor-tick".to_owned();
        let wanted = [("tick", Some(9.0), vec!["native", "floor-tick"]), ("none", None, vec!["native", "floor-none"])];
        assert_eq!(least(&results), wanted);
        let of_tick = |floor: Floor| floor.ratio(&results, "stat", "tick");
        assert_eq!((of_tick(Floor::Alone), of_tick(Floor::Unknown)), (Some(8.0), None));
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
