//! One case that did not pass, as its author wants to read it: what is claimed and by
//! which text, the steps with what came back, and what to type to see it again.

use std::io::{self, Write};

use super::cluster::Cluster;
use super::paint::Paint;
use super::told::{self, Told};
use crate::event::{CaseResult, Status};

/// How many ids of a cluster are written out.
const IDS: usize = 4;

/// The longest reason of a headline; what came back stands below it too.
const REASON: usize = 120;

/// The longest operation behind which what came back still stands in one column.
const COLUMN: usize = 64;

/// The line that says how a case ended: `FAIL rename.x  on mount  step 2: ...`. `on` is
/// the target, if there are several.
pub(crate) fn headline(result: &CaseResult, on: Option<&str>, paint: Paint) -> String {
    let status = paint.status(result.status, &format!("{:<4}", result.status));
    let on = on.map(|target| format!("  on {}", told::visible(target))).unwrap_or_default();
    let reason =
        result.reason.as_deref().map(|reason| format!("  {}", told::shorten(reason, REASON))).unwrap_or_default();
    format!("{status} {}{on}{reason}", told::visible(&result.id))
}

/// Writes all that there is to say about a result, below its headline.
pub(crate) fn write(result: &CaseResult, again: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "     claim:  {}", told::visible(&result.claim))?;
    writeln!(out, "     source: {} ({})", told::visible(&result.clause), told::visible(&result.class))?;
    let steps = told::steps(result);
    write_steps("steps: ", &steps, out)?;
    if let Some(last) = steps.last().filter(|_| result.status != Status::Pass) {
        if let Some(wanted) = &last.wanted {
            writeln!(out, "     wanted: {wanted}")?;
        }
        let nothing = if result.status == Status::Timeout { "nothing: it did not return" } else { "nothing" };
        writeln!(out, "     got:    {}", last.got.as_deref().unwrap_or(nothing))?;
    }
    writeln!(out, "     again:  {}", again_command(&result.id, again))
}

/// The command that runs just this case.
pub(crate) fn again_command(id: &str, again: &str) -> String {
    told::visible(&format!("conformance run --case {id}{again}"))
}

/// Writes steps, with what came back in a column of its own.
pub(crate) fn write_steps(label: &str, steps: &[Told], out: &mut impl Write) -> io::Result<()> {
    let width = steps.iter().map(|step| step.op.len()).filter(|width| *width <= COLUMN).max().unwrap_or(0);
    for (index, step) in steps.iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        let line = format!("     {label:<7} {:<width$}  {}", step.op, step.got.as_deref().unwrap_or("..."));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// The line above a cluster of several cases: the cause, and how many results it has.
pub(crate) fn cluster_headline(cluster: &Cluster<'_>, on: Option<&str>, paint: Paint) -> String {
    let status = cluster.worst();
    let status = paint.status(status, &format!("{status:<4}"));
    let on = on.map(|targets| format!("  on {}", told::visible(targets))).unwrap_or_default();
    let cause = told::short(&cluster.cause.to_string());
    format!("{status} {}{on}  ({})", paint.headline(&cause), count(cluster))
}

/// How many cases a cluster has; how many of which end, if they ended differently.
fn count(cluster: &Cluster<'_>) -> String {
    match cluster.counts.len() {
        1 => format!("{} cases", cluster.cases.len()),
        _ => {
            let ends: Vec<String> = cluster.counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
            format!("{} cases: {}", cluster.cases.len(), ends.join(", "))
        }
    }
}

/// The first ids of a list, and how many more there are.
pub(crate) fn first_ids<'i>(ids: impl ExactSizeIterator<Item = &'i str>) -> String {
    let more = ids.len().saturating_sub(IDS);
    let first: Vec<String> = ids.take(IDS).map(told::visible).collect();
    match more {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
