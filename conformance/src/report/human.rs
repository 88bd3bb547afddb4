//! The report for people: differences between the targets first, then what failed, each
//! cause once, then the counts.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::cause::causes;
use super::cluster::{Cluster, clusters};
use super::failure;
use super::paint::Paint;
use super::told::visible;
use crate::event::{CaseResult, Counts, End, Event, Status, TargetInfo};

/// How the report is written.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Prints every case that failed in full, instead of one of each cause.
    pub verbose: bool,
    /// What follows `conformance run --case ID` in the command that runs a case again.
    pub again: String,
}

/// The report, while the results come in.
pub struct Human {
    style: Style,
    paint: Paint,
    targets: Vec<TargetInfo>,
    /// The results that are to be told of, with those of the same case on the other targets.
    told: Vec<Vec<CaseResult>>,
    /// The results of the case that comes in.
    case: Vec<CaseResult>,
    /// By reason: how many results were skipped for it, and on which targets.
    skips: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Human {
    pub(super) fn new(style: Style) -> Self {
        let paint = Paint { color: style.color };
        Human { style, paint, targets: Vec::new(), told: Vec::new(), case: Vec::new(), skips: BTreeMap::new() }
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
        let counted = self.told.iter().filter(|results| results.iter().any(CaseResult::counts));
        let (differ, same): (Vec<&[CaseResult]>, Vec<&[CaseResult]>) =
            counted.map(Vec::as_slice).partition(|results| differs(results));
        let mut causes = 0;
        if !differ.is_empty() {
            writeln!(out, "{}", self.paint.headline("Different between the targets"))?;
            causes += self.write_cases(&differ, out)?;
        }
        if !same.is_empty() {
            if self.several() {
                writeln!(out, "{}", self.paint.headline("The same on all targets"))?;
            }
            causes += self.write_cases(&same, out)?;
        }
        self.write_excused(out)?;
        self.write_skips(out)?;
        self.write_counts(end, causes, out)
    }

    /// Writes what is wrong with cases, and gives the number of the causes.
    fn write_cases(&self, cases: &[&[CaseResult]], out: &mut impl Write) -> io::Result<usize> {
        let clusters = clusters(cases.iter().copied(), CaseResult::counts);
        if self.style.verbose {
            cases.iter().try_for_each(|results| self.write_case("", results, out))?;
        } else {
            clusters.iter().try_for_each(|cluster| self.write_cluster(cluster, cases, out))?;
        }
        Ok(clusters.len())
    }

    fn write_cluster(&self, cluster: &Cluster<'_>, cases: &[&[CaseResult]], out: &mut impl Write) -> io::Result<()> {
        let example = cluster.example();
        let of_example = cases.iter().find(|results| results.iter().any(|result| std::ptr::eq(result, example)));
        let of_example = of_example.expect("an example is one of the results");
        if cluster.cases.len() > 1 {
            let on = self.several().then(|| cluster.targets.join(", "));
            writeln!(out, "{}", failure::cluster_headline(cluster, on.as_deref(), self.paint))?;
            writeln!(out, "     cases:  {}", failure::first_ids(cluster.ids()))?;
            writeln!(out, "     for example:")?;
            return self.write_case("     ", of_example, out);
        }
        self.write_case("", of_example, out)
    }

    /// Writes what is wrong with one case, its headlines behind `indent`.
    fn write_case(&self, indent: &str, results: &[CaseResult], out: &mut impl Write) -> io::Result<()> {
        let several = self.several();
        for result in results.iter().filter(|result| several || result.counts()) {
            writeln!(out, "{indent}{}", failure::headline(result, several.then_some(&*result.target), self.paint))?;
        }
        if let Some(result) = results.iter().find(|result| result.counts()) {
            failure::write(result, &self.style.again, out)?;
        }
        writeln!(out)
    }

    fn write_excused(&self, out: &mut impl Write) -> io::Result<()> {
        let mut excuses: Vec<&str> =
            self.told.iter().flatten().filter_map(|result| Some(&*result.excused.as_ref()?.cause)).collect();
        excuses.sort_unstable();
        excuses.dedup();
        if excuses.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", self.paint.headline("Different, and excused"))?;
        for excuse in excuses {
            writeln!(out, "{}", visible(excuse))?;
            let is_excused =
                |result: &CaseResult| result.excused.as_ref().is_some_and(|excused| excused.cause == excuse);
            for cluster in clusters(self.told.iter().map(Vec::as_slice), is_excused) {
                self.write_excused_cluster(&cluster, out)?;
            }
        }
        writeln!(out)
    }

    fn write_excused_cluster(&self, cluster: &Cluster<'_>, out: &mut impl Write) -> io::Result<()> {
        if self.style.verbose || cluster.cases.len() == 1 {
            let mut results = cluster.cases.iter().flatten();
            return results.try_for_each(|result| {
                writeln!(out, "     {}", failure::headline(result, Some(&result.target), Paint::default()))
            });
        }
        let on = cluster.targets.join(", ");
        writeln!(out, "     {}", failure::cluster_headline(cluster, Some(&on), Paint::default()))?;
        writeln!(out, "          {}", failure::first_ids(cluster.ids()))
    }

    fn write_skips(&self, out: &mut impl Write) -> io::Result<()> {
        if self.skips.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", self.paint.headline("Skipped"))?;
        for (reason, targets) in &self.skips {
            let counts: Vec<String> = targets.iter().map(|(target, count)| format!("{count} on {target}")).collect();
            writeln!(out, "     {}: {}", counts.join(", "), visible(reason))?;
        }
        writeln!(out)
    }

    fn write_counts(&self, end: &End, causes: usize, out: &mut impl Write) -> io::Result<()> {
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
                write!(out, "  {}", if counts.of(status) > 0 { self.paint.status(status, &count) } else { count })?;
            }
            writeln!(out, "  {:>7}  {}", counts.excused, target.dir)?;
            all.excused += counts.excused;
            all.pass += counts.pass + counts.skip;
            all.fail += counts.fail + counts.error + counts.timeout + counts.blocked;
        }
        for stale in &end.stale {
            writeln!(out, "{} known difference `{stale}` no longer differs", self.paint.note("STALE"))?;
        }
        let seconds = end.duration_ns as f64 / 1e9;
        let results = all.pass + all.fail;
        let verdict = match all.fail - all.excused {
            0 => self.paint.good("no failures"),
            count => self.paint.bad(&format!("{count} not passed{}", of_causes(count, causes))),
        };
        writeln!(out, "{verdict}; {results} results in {seconds:.2} s ({:.0} a second)", results as f64 / seconds)?;
        if causes < all.fail - all.excused && !self.style.verbose {
            writeln!(out, "`--verbose` prints each that did not pass")?;
        }
        Ok(())
    }

    fn several(&self) -> bool {
        self.targets.len() > 1
    }
}

/// The number of causes, where it says more than that of the results.
fn of_causes(results: usize, causes: usize) -> String {
    match causes {
        causes if causes == results => String::new(),
        1 => ", 1 cause".to_owned(),
        causes => format!(", {causes} causes"),
    }
}

/// Whether the results of a case differ between the targets where it was run. That a
/// time or a number of an inode is another does not make them differ.
fn differs(results: &[CaseResult]) -> bool {
    let ran: Vec<&CaseResult> = results.iter().filter(|result| result.status != Status::Skip).collect();
    ran.windows(2).any(|pair| pair[0].status != pair[1].status || causes(pair[0]) != causes(pair[1]))
}
