//! `conformance coverage`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use clap::Parser;

use super::run::{Listener, observe};
use crate::cli::{self, Cli, TableFormat, Verb};
use crate::coverage::{CallSummary, Coverage, Summary};
use crate::event::Event;
use crate::exit::Failure;
use crate::log::Reader;

pub(super) fn coverage(arguments: &cli::Coverage) -> Result<u8, Failure> {
    let coverage = match &arguments.log {
        Some(log) => of_log(log, arguments.target.as_deref())?,
        None => of_run()?,
    };
    let summary = coverage.summary();
    let text = match arguments.format {
        TableFormat::Human => table(&summary),
        TableFormat::Json => serde_json::to_string(&summary).expect("a summary has only text and numbers") + "\n",
    };
    super::print(text.as_bytes())
}

fn of_log(path: &Path, target: Option<&str>) -> Result<Coverage, Failure> {
    let mut log = Reader::open(path)?;
    let names: Vec<&str> = log.begin().targets.iter().map(|target| target.name.as_str()).collect();
    if let Some(target) = target.filter(|target| !names.contains(target)) {
        let names = names.join(", ");
        return Err(Failure::Usage(format!("{}: no target `{target}`; there are {names}", log.name())));
    }
    let mut coverage = Coverage::default();
    for event in &mut log {
        match event? {
            Event::Case(result) if target.is_none_or(|target| target == result.target) => coverage.add(&result),
            Event::Begin(_) | Event::Case(_) | Event::End(_) => {}
        }
    }
    if log.is_cut() {
        eprintln!("conformance: {}: the run was cut short: there is no end", log.name());
    }
    Ok(coverage)
}

/// Coverage of all cases on a temporary directory.
fn of_run() -> Result<Coverage, Failure> {
    let cli = Cli::parse_from(["conformance", "run", "--no-mount"]);
    let Some(Verb::Run(run)) = cli.verb else {
        unreachable!("the command line says `run`");
    };
    let mut coverage = Coverage::default();
    // How the cases ended is not what is asked here.
    observe(&run, |_| Ok(Collector(&mut coverage)))?;
    Ok(coverage)
}

struct Collector<'c>(&'c mut Coverage);

impl Listener for Collector<'_> {
    fn tell(&mut self, event: &Event) -> Result<(), Failure> {
        if let Event::Case(result) = event {
            self.0.add(result);
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        Ok(())
    }
}

fn table(summary: &Summary) -> String {
    let mut out = String::new();
    let width = summary.calls.iter().map(|call| call.call.len()).max().unwrap_or_default();
    for call in &summary.calls {
        let count = format!("{}/{}", call.observed.len(), call.reachable);
        let missing: Vec<&str> = call.missing.iter().map(|missing| missing.errno.as_str()).collect();
        let missing = match (call.made, &missing[..]) {
            (false, _) => "  not called".to_owned(),
            (true, []) => String::new(),
            (true, missing) => format!("  missing {}", missing.join(" ")),
        };
        let _ = writeln!(out, "{:width$}  {count:>5}{missing}", call.call);
    }
    write_reasons(&summary.calls, &mut out);
    let Summary { observed, reachable, documented, calls_observed, calls_documented, assertions, cases, .. } = summary;
    let _ = writeln!(
        out,
        "\n{observed} of {reachable} reachable pairs of call and error came back ({documented} are documented), from \
         {calls_observed} of {calls_documented} calls;\n{assertions} assertions in {cases} results"
    );
    out
}

/// Why pairs are missing, each reason once.
fn write_reasons(calls: &[CallSummary], out: &mut String) {
    let mut reasons: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
    for call in calls {
        for missing in &call.missing {
            let why = missing.why.as_deref().unwrap_or("no case has had it yet");
            let (count, pairs) = reasons.entry(why).or_default();
            *count += 1;
            match pairs.last_mut().filter(|last| last.starts_with(&format!("{} ", call.call))) {
                Some(last) => {
                    let _ = write!(last, " {}", missing.errno);
                }
                None => pairs.push(format!("{} {}", call.call, missing.errno)),
            }
        }
    }
    if reasons.is_empty() {
        return;
    }
    out.push_str("\nWhy some are missing\n");
    for (why, (count, pairs)) in reasons {
        let _ = writeln!(out, "{count:>4}  {why}\n      {}", pairs.join(", "));
    }
}
