//! Has the mounts do the workloads in turn, round by round, so that what slows the machine slows
//! all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::crew::Trouble;
use super::failure::Failure;
use super::image::Image;
use super::interrupt;
use super::live::Live;
use super::results::Results;
use super::workload::{Phase, WORKLOADS, Workload};
use crate::requests::Requests;

/// What follows a close comes a little later.
const AFTERWARDS: Duration = Duration::from_millis(20);

/// Workloads that are done one after the other, each with its place among the chosen ones; the
/// others only leave, or take away, what those need.
pub type Group = Vec<(&'static Workload, Option<usize>)>;

/// The groups of the workloads that are chosen and measured in a phase, in order.
pub fn groups(chosen: &[&'static Workload], phase: Phase) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for workload in WORKLOADS.iter().filter(|workload| workload.phase() == phase) {
        let place = chosen.iter().position(|other| other.name == workload.name);
        match groups.last_mut() {
            Some(group) if group[0].0.group == workload.group => group.push((workload, place)),
            _ => groups.push(vec![(workload, place)]),
        }
    }
    groups.retain(|group| group.iter().any(|(_, place)| place.is_some()));
    groups
}

/// What a turn is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Nothing: it makes caches warm.
    Warm,
    /// Requests are counted.
    Counted,
    /// Times are taken.
    Timed(usize),
}

/// What is measured how.
pub struct Plan<'a> {
    /// How many rounds there are.
    pub rounds: usize,
    /// Whether a round has to be short.
    pub is_quick: bool,
    /// Below everything.
    pub image: &'a Image,
    /// Counts requests, where that can be done.
    pub requests: Option<&'a Requests>,
    /// How far it has come.
    pub bar: ProgressBar,
}

impl Plan<'_> {
    /// How many operations a round has.
    pub fn count(&self, workload: &Workload) -> u64 {
        if self.is_quick { workload.quick_count() } else { workload.count }
    }

    /// Measures; `lives` are the contestants' mounts, by their places. One that breaks is left out
    /// from then on.
    ///
    /// # Errors
    /// Somebody wants the end, or there is nothing left to compare with.
    pub fn measure(&self, groups: &[Group], lives: &mut [Option<Live>], results: &mut Results) -> Result<(), Failure> {
        let rounds: Vec<Round> = [Round::Warm, Round::Counted]
            .into_iter()
            .filter(|round| *round == Round::Warm || self.requests.is_some())
            .chain((0..self.rounds).map(Round::Timed))
            .collect();
        self.bar.inc_length((groups.len() * lives.len() * rounds.len()) as u64);
        let does = |group: &Group| results.contestants.iter().map(|one| one.does(group[0].0)).collect::<Vec<_>>();
        let mut left_out: Vec<Vec<bool>> =
            groups.iter().map(|group| does(group).into_iter().map(|does| !does).collect()).collect();
        for (number, round) in rounds.into_iter().enumerate() {
            for (group, left_out) in groups.iter().zip(&mut left_out) {
                for turn in 0..lives.len() {
                    let place = (turn + number) % lives.len();
                    // Who comes after whom is turned around each time.
                    let place = if number % 2 == 0 { place } else { lives.len() - 1 - place };
                    self.bar.set_message(format!("{} on {}", group[0].0.group, results.contestants[place].name));
                    self.bar.inc(1);
                    if !left_out[place] {
                        left_out[place] = !self.turn(group, round, place, &mut lives[place], results)?;
                    }
                    if interrupt::seen() {
                        return Err(Failure::Interrupted);
                    }
                }
            }
        }
        Ok(())
    }

    /// Does a group on a mount once. Returns whether all went well.
    fn turn(
        &self,
        group: &Group,
        round: Round,
        contestant: usize,
        live: &mut Option<Live>,
        results: &mut Results,
    ) -> Result<bool, Failure> {
        for (index, (workload, place)) in group.iter().enumerate() {
            let trouble = match live {
                Some(mount) => self.step(workload, *place, round, contestant, mount, results).err(),
                None => Some(Trouble::Refused("the mount is not there".to_owned())),
            };
            let Some(trouble) = trouble else { continue };
            let reason = match trouble {
                Trouble::Interrupted => return Err(Failure::Interrupted),
                Trouble::Refused(reason) => reason,
                Trouble::Broken(reason) => {
                    let name = &results.contestants[contestant].name;
                    if contestant == 0 {
                        return Err(Failure::Environment(format!("{}: {reason}", workload.name)));
                    }
                    self.say(&format!("{name} is ended, and left out from now on: {}: {reason}", workload.name));
                    *live = None;
                    reason
                }
            };
            for (other, place) in &group[index..] {
                if let Some(place) = place {
                    // The others of the group lack what this one should have left.
                    let is_it = other.name == workload.name;
                    let told = if is_it { reason.clone() } else { format!("{}: {reason}", workload.name) };
                    results.cell_mut(*place, contestant).trouble.get_or_insert(told);
                }
            }
            return Ok(false);
        }
        Ok(true)
    }

    fn step(
        &self,
        workload: &Workload,
        place: Option<usize>,
        round: Round,
        contestant: usize,
        live: &mut Live,
        results: &mut Results,
    ) -> Result<(), Trouble> {
        let count = match round {
            Round::Timed(_) => self.count(workload),
            Round::Warm | Round::Counted => workload.counted(),
        };
        if place.is_some() && round != Round::Warm {
            live.warm_up(workload)?;
        }
        match (round, place) {
            (Round::Timed(number), Some(place)) => {
                let took_ns = live.perform(workload, count, self.image)?;
                let each = took_ns as f64 / (count * workload.clients as u64) as f64;
                results.cell_mut(place, contestant).samples.insert(number, each);
            }
            (Round::Counted, Some(place)) => {
                let requests = self.count_requests(workload, count, live)?;
                results.cell_mut(place, contestant).requests = requests;
            }
            _ => _ = live.perform(workload, count, self.image)?,
        }
        live.undo(workload, count)
    }

    /// The requests of one operation, by their names.
    fn count_requests(&self, workload: &Workload, count: u64, live: &mut Live) -> Result<Option<Counts>, Trouble> {
        let Some((requests, connection)) = self.requests.zip(live.connection()) else {
            return live.perform(workload, count, self.image).map(|_| None);
        };
        let mut done = Ok(0);
        let seen = requests.of(connection, || {
            done = live.perform(workload, count, self.image);
            std::thread::sleep(AFTERWARDS);
        });
        done?;
        let names = match seen {
            Ok(names) => names,
            Err(error) => {
                self.say(&format!("the requests of {} are not counted: {error}", workload.name));
                return Ok(None);
            }
        };
        let mut counts = Counts::new();
        for name in names {
            *counts.entry(name).or_default() += 1.0 / (count * workload.clients as u64) as f64;
        }
        Ok(Some(counts))
    }

    /// Tells something beside the progress bar.
    fn say(&self, text: &str) {
        self.bar.suspend(|| eprintln!("peers: {text}"));
    }
}

impl Drop for Plan<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How many requests of each name one operation causes.
type Counts = BTreeMap<String, f64>;

/// A bar on the terminal, if there is one.
pub fn progress() -> ProgressBar {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    // It draws on a terminal only.
    let target = if is_dumb { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{percent:>3} % {bar:30} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::workload::find;

    #[test]
    fn a_group_is_done_whole_for_one_of_it() {
        let chosen = ["rename", "stat"].map(|name| find(name).unwrap());
        let groups = groups(&chosen, Phase::Warm);
        let names: Vec<Vec<(&str, Option<usize>)>> = groups
            .iter()
            .map(|group| group.iter().map(|(workload, place)| (workload.name, *place)).collect())
            .collect();
        assert_eq!(names, [vec![("stat", Some(1))], vec![("create", None), ("rename", Some(0)), ("unlink", None)]]);
    }
    #[test]
    fn all_is_measured_once_and_nothing_warm_in_rounds_that_forget() {
        let all: Vec<&Workload> = WORKLOADS.iter().collect();
        let phases = Phase::ALL.map(|phase| groups(&all, phase).concat());
        for (index, (phase, workloads)) in Phase::ALL.into_iter().zip(&phases).enumerate() {
            for (workload, _) in workloads {
                assert_eq!(workload.is_cold, phase == Phase::Cold, "{}", workload.name);
                assert!(!workload.is_cold || index == Phase::ALL.len() - 1, "{} is not the last", workload.name);
            }
        }
        let mut names: Vec<&str> = phases.iter().flatten().map(|(workload, _)| workload.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), WORKLOADS.len());
        assert_eq!(phases.iter().map(Vec::len).sum::<usize>(), WORKLOADS.len());
    }
}
