//! The report for people: differences between the targets first, then what failed,
//! then the counts.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::event::{CaseResult, Counts, End, Event, Status, TargetInfo};

/// How the report is written.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// The directories, as words for a shell, each after a space: what follows the
    /// command that runs a case again.
    pub dirs: String,
}

/// The report, while the results come in.
pub struct Human {
    style: Style,
    targets: Vec<TargetInfo>,
    /// The results that are to be told of, with those of the same case on the other targets.
    told: Vec<Vec<CaseResult>>,
    /// The results of the case that comes in.
    case: Vec<CaseResult>,
    /// By reason: how many results were skipped for it, and on which targets.
    skips: BTreeMap<String, BTreeMap<String, usize>>,
}

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BOLD: &str = "1";

impl Human {
    pub(super) fn new(style: Style) -> Self {
        Human { style, targets: Vec::new(), told: Vec::new(), case: Vec::new(), skips: BTreeMap::new() }
    }

    pub(super) fn tell(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        match event {
            Event::Begin(begin) => {
                self.targets.clone_from(&begin.targets);
                Ok(())
            }
            Event::Case(result) => {
                self.case.push(result.clone());
                if self.case.len() == self.targets.len() {
                    self.take_case();
                }
                Ok(())
            }
            Event::End(end) => self.write(end, out),
        }
    }

    fn take_case(&mut self) {
        let results = std::mem::take(&mut self.case);
        for result in results.iter().filter(|result| result.status == Status::Skip) {
            let reason = result.reason.clone().unwrap_or_default();
            *self.skips.entry(reason).or_default().entry(result.target.clone()).or_default() += 1;
        }
        if results.iter().any(|result| !matches!(result.status, Status::Pass | Status::Skip)) {
            self.told.push(results);
        }
    }

    fn write(&self, end: &End, out: &mut impl Write) -> io::Result<()> {
        let (differ, same): (Vec<_>, Vec<_>) = self.told.iter().filter(counts).partition(|results| differs(results));
        if !differ.is_empty() {
            writeln!(out, "{}", self.paint(BOLD, "Different between the targets"))?;
            differ.iter().try_for_each(|results| self.write_case(results, out))?;
        }
        if !same.is_empty() {
            if self.targets.len() > 1 {
                writeln!(out, "{}", self.paint(BOLD, "The same on all targets"))?;
            }
            same.iter().try_for_each(|results| self.write_case(results, out))?;
        }
        self.write_excused(out)?;
        self.write_skips(out)?;
        self.write_counts(end, out)
    }

    /// Writes what is wrong with one case.
    fn write_case(&self, results: &[CaseResult], out: &mut impl Write) -> io::Result<()> {
        let several = self.targets.len() > 1;
        for result in results {
            let wrong = !matches!(result.status, Status::Pass | Status::Skip) && result.excused.is_none();
            if !wrong && !several {
                continue;
            }
            let on = if several { format!("  on {}", result.target) } else { String::new() };
            let reason = result.reason.as_deref().map(|reason| format!("  {reason}")).unwrap_or_default();
            writeln!(out, "{} {}{on}{reason}", self.status(result.status), result.id)?;
            if let Some(last) = result.steps.last().filter(|_| wrong) {
                writeln!(out, "     step:   {}", last.op)?;
            }
        }
        if let Some(result) = results.first() {
            writeln!(out, "     claim:  {}", result.claim)?;
            writeln!(out, "     source: {} ({})", result.clause, result.class)?;
            writeln!(out, "     again:  conformance run --case {}{}", result.id, self.style.dirs)?;
        }
        writeln!(out)
    }

    fn write_excused(&self, out: &mut impl Write) -> io::Result<()> {
        let excused = self.told.iter().flatten().filter_map(|result| Some((result, result.excused.as_ref()?)));
        let mut causes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (result, excuse) in excused {
            let reason = result.reason.as_deref().unwrap_or_default();
            let line = format!("{} {}  on {}  {reason}", result.status, result.id, result.target);
            causes.entry(&excuse.cause).or_default().push(line);
        }
        if causes.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", self.paint(BOLD, "Different, and excused"))?;
        for (cause, lines) in causes {
            writeln!(out, "{cause}")?;
            lines.iter().try_for_each(|line| writeln!(out, "     {line}"))?;
        }
        writeln!(out)
    }

    fn write_skips(&self, out: &mut impl Write) -> io::Result<()> {
        if self.skips.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", self.paint(BOLD, "Skipped"))?;
        for (reason, targets) in &self.skips {
            let counts: Vec<String> = targets.iter().map(|(target, count)| format!("{count} on {target}")).collect();
            writeln!(out, "     {}: {reason}", counts.join(", "))?;
        }
        writeln!(out)
    }

    fn write_counts(&self, end: &End, out: &mut impl Write) -> io::Result<()> {
        let width = self.targets.iter().map(|target| target.name.len()).max().unwrap_or(0).max("target".len());
        write!(out, "{:width$}", "target")?;
        for status in Status::ALL {
            write!(out, "  {status:>7}")?;
        }
        writeln!(out, "  excused  directory")?;
        let mut all = Counts::default();
        for target in &self.targets {
            let counts = end.counts.get(&target.name).copied().unwrap_or_default();
            write!(out, "{:width$}", target.name)?;
            for status in Status::ALL {
                let count = format!("{:>7}", counts.of(status));
                write!(out, "  {}", if counts.of(status) > 0 { self.tint(status, &count) } else { count })?;
            }
            writeln!(out, "  {:>7}  {}", counts.excused, target.dir)?;
            all.excused += counts.excused;
            all.pass += counts.pass + counts.skip;
            all.fail += counts.fail + counts.error + counts.timeout + counts.blocked;
        }
        for stale in &end.stale {
            writeln!(out, "{} known difference `{stale}` no longer differs", self.paint(YELLOW, "STALE"))?;
        }
        let seconds = end.duration_ns as f64 / 1e9;
        let results = all.pass + all.fail;
        let verdict = match all.fail - all.excused {
            0 => self.paint(GREEN, "no failures"),
            count => self.paint(RED, &format!("{count} not passed")),
        };
        writeln!(out, "{verdict}; {results} results in {seconds:.2} s ({:.0} a second)", results as f64 / seconds)
    }

    fn status(&self, status: Status) -> String {
        self.tint(status, &format!("{status:<4}"))
    }

    fn tint(&self, status: Status, text: &str) -> String {
        match status {
            Status::Pass => self.paint(GREEN, text),
            Status::Skip => self.paint(YELLOW, text),
            Status::Fail | Status::Error | Status::Timeout | Status::Blocked => self.paint(RED, text),
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        match self.style.color {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// Whether one of the results counts: it did not pass, and nothing excuses it.
fn counts(results: &&Vec<CaseResult>) -> bool {
    results.iter().any(|result| !matches!(result.status, Status::Pass | Status::Skip) && result.excused.is_none())
}

/// Whether the results of a case differ between the targets where it was run.
fn differs(results: &[CaseResult]) -> bool {
    let ran: Vec<&CaseResult> = results.iter().filter(|result| result.status != Status::Skip).collect();
    ran.windows(2).any(|pair| pair[0].status != pair[1].status || pair[0].reason != pair[1].reason)
}
