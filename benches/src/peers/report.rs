//! The table on the terminal: for each workload a line for each mount.

use std::fmt::Write;

use super::contestant::{Contestant, Kind};
use super::goal::{Judgement, Standing, Verdict, judge, standings};
use super::launch::Placement;
use super::results::{Cell, Results, Spread, per_second};
use super::run::Setting;
use super::workload::Unit;

/// What is told where a goal is not met.
const LIMIT: &str = "\
  limit: what a server on /dev/fuse that is asked the same cannot be under: the time of floor, which answers from memory, and
  that of the directory itself as well where the work has to be done beneath each time
";

/// Puts text into colours, or leaves it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint {
    /// Whether there are colours.
    pub color: bool,
}

impl Paint {
    fn verdict(self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Met => self.paint("32", "met"),
            Verdict::NotMet => self.paint("31", "not met"),
        }
    }

    fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self.color {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// Everything that is told of a run.
pub fn table(setting: &Setting, results: &Results, paint: Paint) -> String {
    let mut text = heading(setting, results);
    for workload in 0..results.workloads.len() {
        text.push('\n');
        block(&mut text, results, workload, paint);
    }
    text.push('\n');
    summary(&mut text, results, paint);
    text
}

fn heading(setting: &Setting, results: &Results) -> String {
    let machine = &setting.machine;
    let mut text = format!("{}, {}; {}\n", machine.kernel, machine.system, machine.cpu);
    let _ = writeln!(text, "Sources on {}; the load before was {}.", setting.image, machine.load);
    let places: Vec<String> = [(false, "what has one client"), (true, "what compares numbers of clients")]
        .into_iter()
        .filter(|(is_of_clients, _)| results.workloads.iter().any(|known| known.is_of_clients() == *is_of_clients))
        .map(|(is_of_clients, what)| {
            let placement = if is_of_clients { &setting.several } else { &setting.single };
            format!("{what} on {}", place_of(placement))
        })
        .collect();
    let _ = writeln!(text, "Daemon and clients: {}.", places.join(", "));
    let short = if setting.is_quick { ", each a tenth: to see whether it works, not for its numbers" } else { "" };
    let _ = writeln!(
        text,
        "Medians of {} rounds{short}; ratios to the directory itself (x), of times, or of rates where more is \
         better, with the middle half of the rounds. * is the best of ours.",
        setting.rounds
    );
    for Contestant { name, version, .. } in &results.contestants {
        if let Some(version) = version {
            let _ = writeln!(text, "  {name}: {version}");
        }
    }
    text
}

/// `CPU 1`, `CPUs 0 and 1, SCHED_RR`
pub(crate) fn place_of(placement: &Placement) -> String {
    let numbers: Vec<String> = placement.cpus.iter().map(usize::to_string).collect();
    let cpus = match &numbers[..] {
        [one] => format!("CPU {one}"),
        [others @ .., last] => format!("CPUs {} and {last}", others.join(", ")),
        [] => "any CPU".to_owned(),
    };
    if placement.is_rr { format!("{cpus}, SCHED_RR") } else { cpus }
}

fn block(text: &mut String, results: &Results, workload: usize, paint: Paint) {
    let known = results.workloads[workload];
    let _ = writeln!(text, "{}: {}", paint.bold(known.name), known.what);
    let (best, found) = (results.best_of_ours(workload), judge(results));
    for (index, contestant) in results.contestants.iter().enumerate() {
        let Some(cell) = results.cell(workload, index) else { continue };
        let is_best = best == Some(index);
        let mark = if is_best { "*" } else { " " };
        let mut line = format!("  {mark} {:<16}", contestant.name);
        match results.time_ns(workload, index) {
            Some(time) => {
                let _ = write!(line, "{:>11}", value(known.unit, time.median));
            }
            None => {
                let _ = write!(line, "          -  {}", cell.trouble.as_deref().unwrap_or("not measured"));
            }
        }
        if let Some(ratio) = results.ratio(workload, index).filter(|_| contestant.kind != Kind::Native) {
            let _ = write!(line, "  {:>6}x {:<16}  {:<14}", number(ratio.median), middle(ratio), requests(cell));
        }
        let mut line = if is_best { paint.bold(line.trim_end()) } else { line.trim_end().to_owned() };
        for found in found.iter().filter(|found| is_about(found, known.name, &contestant.name)) {
            let _ = match found.of {
                None => write!(line, "  {}", verdict(found, paint)),
                Some(_) => write!(line, "  {}", sentence(found, paint)),
            };
        }
        let _ = writeln!(text, "{line}");
    }
    let standing = beside_peers(results, workload, paint);
    if !standing.is_empty() {
        let _ = writeln!(text, "    {standing}");
    }
}

fn is_about(found: &Judgement, workload: &str, mount: &str) -> bool {
    found.workload == workload && found.mount == mount
}

/// `ahead of bindfs; level with mergerfs`
fn beside_peers(results: &Results, workload: usize, paint: Paint) -> String {
    let found = standings(results, workload);
    let told = |standing: Standing, words: &str| {
        let names: Vec<&str> = found
            .iter()
            .filter(|(_, other)| *other == standing)
            .map(|(peer, _)| results.contestants[*peer].name.as_str())
            .collect();
        let text = format!("{words} {}", names.join(", "));
        match standing {
            Standing::Behind => (!names.is_empty()).then(|| paint.bad(&text)),
            Standing::Ahead | Standing::Level => (!names.is_empty()).then_some(text),
        }
    };
    let parts =
        [told(Standing::Ahead, "ahead of"), told(Standing::Level, "level with"), told(Standing::Behind, "behind")];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn summary(text: &mut String, results: &Results, paint: Paint) {
    let found = judge(results);
    let missed: Vec<&Judgement> = found.iter().filter(|found| found.verdict == Verdict::NotMet).collect();
    if !found.is_empty() {
        let _ = writeln!(text, "goals: {} met, {} not met", found.len() - missed.len(), missed.len());
    }
    for judgement in &missed {
        let _ = writeln!(text, "  {} on {}: {}", judgement.workload, judgement.mount, sentence(judgement, paint));
    }
    if missed.iter().any(|judgement| judgement.least.is_some()) {
        text.push_str(LIMIT);
    }
    let mut behind = Vec::new();
    let mut counts = [0, 0];
    for workload in 0..results.workloads.len() {
        for (peer, standing) in standings(results, workload) {
            match standing {
                Standing::Ahead => counts[0] += 1,
                Standing::Level => counts[1] += 1,
                Standing::Behind => {
                    behind.push(format!("{} {}", results.workloads[workload].name, results.contestants[peer].name));
                }
            }
        }
    }
    if counts != [0, 0] || !behind.is_empty() {
        let _ = writeln!(text, "beside peers: {} ahead, {} level, {} behind", counts[0], counts[1], behind.len());
    }
    for name in behind {
        let _ = writeln!(text, "  {}", paint.bad(&format!("behind: {name}")));
    }
}

/// `0.93x, goal >= 0.97: not met`
fn sentence(found: &Judgement, paint: Paint) -> String {
    let of = found.of.map(|of| format!(" {of}")).unwrap_or_default();
    format!("{}x{of}, {}", number(found.ratio), verdict(found, paint))
}

/// `goal <= 2.5: not met, limit 3.0x`
fn verdict(found: &Judgement, paint: Paint) -> String {
    let verdict = format!("goal {}: {}", found.limit.text(), paint.verdict(found.verdict));
    match found.least.filter(|_| found.verdict == Verdict::NotMet) {
        Some(least) => format!("{verdict}, limit {}x", number(least)),
        None => verdict,
    }
}

/// `4 requests`, where they were counted.
fn requests(cell: &Cell) -> String {
    let Some(requests) = &cell.requests else { return String::new() };
    let sum = requests.values().fold(0.0, |sum, count| sum + count);
    // What is not seen each time, but now and then, is not nothing.
    let text = if sum > 0.0 && sum < 0.1 { "<0.1".to_owned() } else { trimmed(format!("{sum:.1}")) };
    format!("{text} request{}", if text == "1" { "" } else { "s" })
}

/// The middle half.
pub(crate) fn middle(spread: Spread) -> String {
    format!("({}-{})", number(spread.first), number(spread.third))
}

/// A number with three digits, more where it has more before the point.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

fn trimmed(text: String) -> String {
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A result with its unit: `1.42 µs`, `26.1 GB/s`.
pub(crate) fn value(unit: Unit, time_ns: f64) -> String {
    let (value, units): (f64, [&str; 4]) = match unit {
        Unit::Time => (time_ns, ["ns", "µs", "ms", "s"]),
        Unit::Bytes(_) => (per_second(unit, time_ns), ["B/s", "kB/s", "MB/s", "GB/s"]),
        Unit::Rate => (per_second(unit, time_ns), ["/s", "k/s", "M/s", "G/s"]),
    };
    let mut value = value;
    let mut units = units.into_iter().peekable();
    loop {
        match units.next() {
            Some(_) if value >= 1000.0 && units.peek().is_some() => value /= 1000.0,
            Some(unit) => return format!("{} {unit}", number(value)),
            None => return number(value),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::peers::machine::Machine;
    use crate::peers::results::tests::example;

    pub(crate) fn setting() -> Setting {
        let placement = |cpus: &[usize]| Placement { cpus: cpus.to_vec(), is_rr: false };
        let [cpu, kernel, system] = ["A processor", "Linux 6.18", "Debian"].map(str::to_owned);
        Setting {
            machine: Machine { cpu, cpus: vec![0, 1], memory_bytes: 1 << 30, kernel, system, load: 0.5 },
            image: "ext4".to_owned(),
            single: placement(&[1]),
            several: placement(&[0, 1]),
            rounds: 3,
            is_quick: false,
            patience: Duration::from_secs(60),
        }
    }

    #[test]
    fn values_have_three_digits_and_their_units() {
        assert_eq!(value(Unit::Time, 280.4), "280 ns");
        assert_eq!(value(Unit::Time, 1_420.0), "1.42 µs");
        assert_eq!(value(Unit::Time, 5e10), "50.0 s");
        assert_eq!(value(Unit::Bytes(1 << 20), 40_000.0), "26.2 GB/s");
        assert_eq!(value(Unit::Rate, 3_400.0), "294 k/s");
    }

    #[test]
    fn a_goal_that_is_not_met_has_its_limit_beside_it() {
        let mut results = example();
        let (tick, bindfs) = (results.contestant("tick").unwrap(), results.contestant("bindfs").unwrap());
        results.contestants[bindfs].name = "floor-tick".to_owned();
        results.cell_mut(0, tick).samples.values_mut().for_each(|sample| *sample *= 4.0);
        let text = table(&setting(), &results, Paint::default());
        assert!(text.contains("20.0x (20.0-20.0)  goal <= 13: not met, limit 9.00x\n"), "{text}");
        assert!(text.contains("  stat on tick: 20.0x, goal <= 13: not met, limit 9.00x\nlimit: what "), "{text}");
    }

    #[test]
    fn a_block_has_a_line_for_each_mount_and_marks_the_best() {
        let mut results = example();
        results.cell_mut(1, 3).samples.clear();
        results.cell_mut(1, 3).trouble = Some("EINVAL".to_owned());
        let text = table(&setting(), &results, Paint::default());
        let wanted = "\
stat: the status of a file two names deep
    native              2.00 µs
    none                20.0 µs    10.0x (10.0-10.0)       5 requests  goal <= 27: met
  * tick                10.0 µs    5.00x (5.00-5.00)  goal <= 13: met
    bindfs              16.0 µs    8.00x (8.00-8.00)
    ahead of bindfs
";
        assert!(text.contains(wanted), "{text}");
        assert!(text.contains("    bindfs                    -  EINVAL\n"), "{text}");
        assert!(text.contains("what has one client on CPU 1.\n"), "{text}");
        assert!(text.ends_with("goals: 2 met, 0 not met\nbeside peers: 1 ahead, 0 level, 0 behind\n"), "{text}");
        assert!(!text.contains('\x1b') && table(&setting(), &results, Paint { color: true }).contains('\x1b'));
    }
}
