//! Failures clustered by their cause: one bug of a file system is told once, however
//! many cases it makes fail.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::{Cause, cause, is_refusal};
use crate::event::{CaseResult, Status};

/// Results with one cause, on the same targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster<'r> {
    /// The cause. Of a file system that refuses whatever it is asked, `expected` has all
    /// that was expected of it.
    pub cause: Cause,
    /// The targets, in the order of the columns.
    pub targets: Vec<&'r str>,
    /// The results of each case on these targets, in the order of the run.
    pub cases: Vec<Vec<&'r CaseResult>>,
    /// How many results ended how.
    pub counts: BTreeMap<Status, usize>,
}

/// Clusters results; `cases` has those of each case on all targets, of which `counts`
/// picks the ones to tell. The largest come first.
pub fn clusters<'r>(
    cases: impl IntoIterator<Item = &'r [CaseResult]>,
    counts: impl Fn(&CaseResult) -> bool,
) -> Vec<Cluster<'r>> {
    let mut clusters: Vec<(BTreeSet<String>, Cluster<'r>)> = Vec::new();
    let mut places: BTreeMap<(Cause, Vec<&str>), usize> = BTreeMap::new();
    for results in cases {
        for (cause, results) in by_cause(results.iter().filter(|result| counts(result))) {
            let targets: Vec<&str> = results.iter().map(|result| &*result.target).collect();
            let expected = match is_refusal(&cause.got) {
                true => String::new(),
                false => cause.expected.clone(),
            };
            let key = (Cause { expected, ..cause.clone() }, targets.clone());
            let place = *places.entry(key).or_insert(clusters.len());
            if place == clusters.len() {
                let cluster = Cluster { cause: cause.clone(), targets, cases: Vec::new(), counts: BTreeMap::new() };
                clusters.push((BTreeSet::new(), cluster));
            }
            let (expected, cluster) = &mut clusters[place];
            expected.insert(cause.expected);
            for result in &results {
                *cluster.counts.entry(result.status).or_default() += 1;
            }
            cluster.cases.push(results);
        }
    }
    let finish = |(expected, mut cluster): (BTreeSet<String>, Cluster<'r>)| {
        cluster.cause.expected = expected.into_iter().collect::<Vec<_>>().join(" or ");
        cluster
    };
    let mut clusters: Vec<Cluster<'r>> = clusters.into_iter().map(finish).collect();
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.cases.len()));
    clusters
}

/// The results of one case, by their causes, in the order of the targets.
fn by_cause<'r>(results: impl Iterator<Item = &'r CaseResult>) -> Vec<(Cause, Vec<&'r CaseResult>)> {
    let mut causes: Vec<(Cause, Vec<&CaseResult>)> = Vec::new();
    for result in results {
        let Some(cause) = cause(result) else {
            continue;
        };
        match causes.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, results)) => results.push(result),
            None => causes.push((cause, vec![result])),
        }
    }
    causes
}

impl<'r> Cluster<'r> {
    /// The case that shows the cause best: one that failed rather than one that it kept
    /// from its claim, and of these the shortest.
    pub fn example(&self) -> &'r CaseResult {
        let results = self.cases.iter().flatten().copied();
        let length = |result: &&CaseResult| {
            let text: usize = result.steps.iter().map(|step| step.op.len()).sum();
            (result.status == Status::Blocked, result.steps.len(), text)
        };
        results.min_by_key(length).expect("a cluster has a result")
    }

    /// The ids of the cases.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &'r str> {
        self.cases.iter().map(|results| &*results.first().expect("a case has a result").id)
    }

    /// How the cases ended: that they failed says more than that others were kept from
    /// their claims.
    pub fn worst(&self) -> Status {
        *self.counts.keys().next().expect("a cluster has a result")
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn result(id: &str, target: &str, status: Status, steps: &[&str]) -> CaseResult {
        CaseResult { id: id.to_owned(), target: target.to_owned(), status, ..sample::fail(steps) }
    }

    fn all(_: &CaseResult) -> bool {
        true
    }

    #[test]
    fn many_cases_of_one_cause_are_one_cluster_with_what_it_kept_from_their_claims() {
        let cases = [
            vec![result("a", "t", Status::Fail, &["link src=a dst=b follow=yes -> ok => EPERM"])],
            vec![result("b", "t", Status::Fail, &["stat path=a -> ENOENT => ok"])],
            vec![result("c", "t", Status::Blocked, &["link src=x dst=y => EPERM"])],
            vec![result("d", "t", Status::Pass, &["stat path=a -> ok => ok"])],
            vec![result("e", "t", Status::Fail, &["mkdir path=d => ok", "link src=x dst=y -> ok => EPERM"])],
        ];
        let clusters = clusters(cases.iter().map(Vec::as_slice), all);
        let told: Vec<(String, Vec<&str>)> =
            clusters.iter().map(|cluster| (cluster.cause.to_string(), cluster.ids().collect())).collect();
        assert_eq!(
            told,
            [
                ("link: expected ok, got EPERM".to_owned(), vec!["a", "c", "e"]),
                ("stat: expected ENOENT, got ok".to_owned(), vec!["b"]),
            ]
        );
        assert_eq!(clusters[0].counts, [(Status::Fail, 2), (Status::Blocked, 1)].into());
        assert_eq!(clusters[0].example().id, "a");
    }

    #[test]
    fn a_call_that_is_refused_whatever_was_expected_is_one_cluster() {
        let cases = [
            vec![result("a", "t", Status::Fail, &["rename src=a dst=b flags=EXCHANGE -> ok => EINVAL"])],
            vec![result("b", "t", Status::Fail, &["rename src=a dst=b flags=EXCHANGE -> ENOENT => EINVAL"])],
            vec![result("c", "t", Status::Fail, &["rename src=a dst=b -> ENOENT => EINVAL"])],
        ];
        let clusters = clusters(cases.iter().map(Vec::as_slice), all);
        let told: Vec<String> = clusters.iter().map(|cluster| cluster.cause.to_string()).collect();
        assert_eq!(
            told,
            ["rename flags=EXCHANGE: expected ENOENT or ok, got EINVAL", "rename: expected ENOENT, got EINVAL"]
        );
    }

    #[test]
    fn the_same_cause_on_other_targets_is_another_cluster() {
        let fail = |id, target| result(id, target, Status::Fail, &["stat path=a -> ENOENT => ok"]);
        let pass = |id, target| result(id, target, Status::Pass, &["stat path=a -> ENOENT => ENOENT"]);
        let cases = [
            vec![fail("a", "t"), fail("a", "u")],
            vec![pass("b", "t"), fail("b", "u")],
            vec![fail("c", "t"), fail("c", "u")],
        ];
        let clusters = clusters(cases.iter().map(Vec::as_slice), |result| result.status != Status::Pass);
        let told: Vec<(&[&str], usize)> =
            clusters.iter().map(|cluster| (&*cluster.targets, cluster.cases.len())).collect();
        assert_eq!(told, [(&["t", "u"][..], 2), (&["u"][..], 1)]);
    }
}
