//! What was measured, and what it comes to.

use std::collections::BTreeMap;

use super::contestant::{Contestant, Kind};
use super::workload::{Unit, Workload};

/// The first quartile, the median, the third.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// A quarter of the samples is not above it.
    pub first: f64,
    /// Half of the samples is not above it.
    pub median: f64,
    /// Three quarters of the samples are not above it.
    pub third: f64,
}

impl Spread {
    /// The quartiles of samples, if there are any; between two samples where they fall there.
    pub fn of(mut samples: Vec<f64>) -> Option<Spread> {
        samples.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = part * (samples.len().checked_sub(1)?) as f64;
            let (below, above) = (samples[place.floor() as usize], samples[place.ceil() as usize]);
            Some(below + (above - below) * place.fract())
        };
        Some(Spread { first: at(0.25)?, median: at(0.5)?, third: at(0.75)? })
    }

    /// The same of what each sample becomes by a function that never changes its direction.
    pub fn map(self, become_other: impl Fn(f64) -> f64) -> Spread {
        let ends = [become_other(self.first), become_other(self.third)];
        Spread { first: ends[0].min(ends[1]), median: become_other(self.median), third: ends[0].max(ends[1]) }
    }
}

/// All that was measured.
#[derive(Debug)]
pub struct Results {
    /// The workloads that were chosen, in order.
    pub workloads: Vec<&'static Workload>,
    /// Who was measured, the directory itself first.
    pub contestants: Vec<Contestant>,
    /// How many operations a round had, by workload.
    pub counts: Vec<u64>,
    cells: BTreeMap<(usize, usize), Cell>,
}

/// A workload on a mount.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// Nanoseconds of one operation, by round.
    pub samples: BTreeMap<usize, f64>,
    /// How many requests of each kind one operation caused.
    pub requests: Option<BTreeMap<String, f64>>,
    /// Why there is nothing, or not all.
    pub trouble: Option<String>,
}

impl Results {
    /// Nothing was measured yet.
    pub fn new(workloads: Vec<&'static Workload>, contestants: Vec<Contestant>, counts: Vec<u64>) -> Self {
        Results { workloads, contestants, counts, cells: BTreeMap::new() }
    }

    /// A workload on a mount, both by their place, to be added to.
    pub fn cell_mut(&mut self, workload: usize, contestant: usize) -> &mut Cell {
        self.cells.entry((workload, contestant)).or_default()
    }

    /// A workload on a mount.
    pub fn cell(&self, workload: usize, contestant: usize) -> Option<&Cell> {
        self.cells.get(&(workload, contestant))
    }

    /// Whether a mount was measured, if there are any among the contestants.
    pub fn is_of_mounts(&self) -> bool {
        let is_sampled = |contestant: usize| {
            self.cells.iter().any(|((_, other), cell)| *other == contestant && !cell.samples.is_empty())
        };
        match self.contestants.len() {
            1 => is_sampled(0),
            count => (1..count).any(is_sampled),
        }
    }

    /// Nanoseconds of one operation; of one of those that all clients did.
    pub fn time_ns(&self, workload: usize, contestant: usize) -> Option<Spread> {
        Spread::of(self.cell(workload, contestant)?.samples.values().copied().collect())
    }

    /// How many times as long as in the directory itself it takes, round by round, so that what
    /// slows the machine slows both.
    pub fn times_native(&self, workload: usize, contestant: usize) -> Option<Spread> {
        let (cell, native) = (self.cell(workload, contestant)?, self.cell(workload, 0)?);
        let ratio = |(round, sample): (&usize, &f64)| Some(sample / native.samples.get(round)?);
        Spread::of(cell.samples.iter().filter_map(ratio).collect())
    }

    /// The ratio to the directory itself as it is told: of times, or of rates where more is better.
    pub fn ratio(&self, workload: usize, contestant: usize) -> Option<Spread> {
        let times = self.times_native(workload, contestant)?;
        Some(if self.workloads[workload].unit.is_rate() { times.map(|ratio| 1.0 / ratio) } else { times })
    }

    /// The one of ours that is the fastest.
    pub fn best_of_ours(&self, workload: usize) -> Option<usize> {
        let ours = (0..self.contestants.len()).filter(|index| self.contestants[*index].kind == Kind::Ours);
        let measured = ours.filter_map(|index| Some((index, self.times_native(workload, index)?.median)));
        measured.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(index, _)| index)
    }

    /// The place of a workload.
    pub fn workload(&self, name: &str) -> Option<usize> {
        self.workloads.iter().position(|workload| workload.name == name)
    }

    /// The place of a contestant.
    pub fn contestant(&self, name: &str) -> Option<usize> {
        self.contestants.iter().position(|contestant| contestant.name == name)
    }
}

/// What is done in a second at so many nanoseconds an operation: bytes, or operations.
pub fn per_second(unit: Unit, time_ns: f64) -> f64 {
    let each = if let Unit::Bytes(bytes) = unit { bytes as f64 } else { 1.0 };
    each * 1e9 / time_ns
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::peers::contestant::choose;
    use crate::peers::contestant::tests::programs;
    use crate::peers::workload::find;

    /// Results of `stat` and `seq-read/4KiB`, with ratios 1, 10 (none), 5 (tick), and so on.
    pub(crate) fn example() -> Results {
        let workloads = ["stat", "seq-read/4KiB"].map(|name| find(name).unwrap()).to_vec();
        let contestants = choose(programs(), &["none", "tick", "bindfs"].map(str::to_owned), &[]).unwrap();
        let mut results = Results::new(workloads, contestants, vec![100, 100]);
        for (round, native) in [1000.0, 2000.0, 3000.0].into_iter().enumerate() {
            for (workload, times) in [[1.0, 10.0, 5.0, 8.0], [1.0, 1.25, 2.0, 4.0]].into_iter().enumerate() {
                for (contestant, ratio) in times.into_iter().enumerate() {
                    results.cell_mut(workload, contestant).samples.insert(round, native * ratio);
                }
            }
        }
        results.cell_mut(0, 1).requests = Some([("GETATTR".to_owned(), 3.0), ("LOOKUP".to_owned(), 2.0)].into());
        results
    }

    #[test]
    fn quartiles_stand_between_samples() {
        let spread = Spread::of(vec![4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { first: 1.75, median: 2.5, third: 3.25 });
        assert_eq!(Spread::of(vec![7.0]).unwrap(), Spread { first: 7.0, median: 7.0, third: 7.0 });
        assert_eq!(Spread::of(Vec::new()), None);
        assert_eq!(spread.map(|sample| -sample), Spread { first: -3.25, median: -2.5, third: -1.75 });
    }

    #[test]
    fn ratios_are_taken_round_by_round_and_of_rates_where_more_is_better() {
        let results = example();
        assert_eq!(results.ratio(0, 1).unwrap(), Spread { first: 10.0, median: 10.0, third: 10.0 });
        assert_eq!(results.ratio(1, 1).unwrap().median, 0.8);
        assert_eq!(results.best_of_ours(0), results.contestant("tick"));
        assert_eq!(results.best_of_ours(1), results.contestant("none"));
        assert_eq!(results.time_ns(0, 0).unwrap().median, 2000.0);
        assert!(results.is_of_mounts());
    }

    #[test]
    fn a_round_that_one_of_them_lacks_has_no_ratio() {
        let mut results = example();
        results.cell_mut(0, 0).samples.remove(&1);
        results.cell_mut(0, 1).samples.insert(1, 1e9);
        assert_eq!(results.ratio(0, 1).unwrap().third, 10.0);
    }

    #[test]
    fn rates_are_of_bytes_or_of_operations() {
        assert_eq!(per_second(Unit::Bytes(4096), 1000.0), 4.096e9);
        assert_eq!(per_second(Unit::Rate, 500.0), 2e6);
    }
}
