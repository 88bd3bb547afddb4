//! TAP version 14: <https://testanything.org/tap-version-14-specification.html>.
//!
//! What is excused is still to be done: `not ok N - ID # TODO cause`, which is no failure.
//! What is not ok has a block of YAML below it. Its texts are quoted, whatever is in them.

use std::io::{self, Write};

use super::failure;
use super::told;
use crate::event::{CaseResult, Status};

/// The depth of the points of cases.
const CASES: usize = 2;

pub(super) fn write_begin(depth: usize, name: &str, points: usize, out: &mut dyn Write) -> io::Result<()> {
    // The comment stands where the point with these points in it will.
    let (outer, inner) = ("    ".repeat(depth - 1), "    ".repeat(depth));
    writeln!(out, "{outer}# Subtest: {}\n{inner}1..{points}", escaped(name))
}

/// `directive` is that of the point with what it says, or nothing.
pub(super) fn write_point(
    depth: usize,
    is_ok: bool,
    number: usize,
    name: &str,
    directive: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let word = if is_ok { "ok" } else { "not ok" };
    let hash = if directive.is_empty() { "" } else { " # " };
    writeln!(out, "{}{word} {number} - {}{hash}{directive}", "    ".repeat(depth), escaped(name))
}

pub(super) fn write_case(number: usize, result: &CaseResult, again: &str, out: &mut dyn Write) -> io::Result<()> {
    let directive = match (&result.excused, result.status) {
        (Some(excused), _) => format!("TODO {}", escaped(&excused.cause)),
        (None, Status::Skip) => format!("SKIP {}", escaped(result.reason.as_deref().unwrap_or_default())),
        (None, _) => String::new(),
    };
    let passed = !result.counts() && result.excused.is_none();
    write_point(CASES, passed, number, &result.id, &directive, out)?;
    match passed {
        true => Ok(()),
        false => write_yaml(result, again, out),
    }
}

fn write_yaml(result: &CaseResult, again: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |text: String| writeln!(out, "{}  {text}", "    ".repeat(CASES));
    line("---".to_owned())?;
    line(format!("message: {}", quoted(&told::short(result.reason.as_deref().unwrap_or_default()))))?;
    line(format!("status: {}", quoted(result.status.as_str())))?;
    line(format!("claim: {}", quoted(&result.claim)))?;
    line(format!("source: {}", quoted(&result.clause)))?;
    line(format!("class: {}", quoted(&result.class)))?;
    let steps = told::steps(result);
    line(if steps.is_empty() { "steps: []" } else { "steps:" }.to_owned())?;
    for step in steps {
        line(format!("  - op: {}", quoted(&step.op)))?;
        if let Some(wanted) = step.wanted {
            line(format!("    wanted: {}", quoted(&wanted)))?;
        }
        if let Some(got) = step.got {
            line(format!("    got: {}", quoted(&got)))?;
        }
    }
    line(format!("again: {}", quoted(&failure::again_command(&result.id, again))))?;
    line("...".to_owned())
}

/// A text of the line of a point, in which a `#` begins a directive.
fn escaped(text: &str) -> String {
    // Characters that do not show first: their backslashes are escaped with all others.
    told::visible(text).replace('\\', "\\\\").replace('#', "\\#")
}

/// A text of YAML, in double quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", told::visible(text).replace('\\', "\\\\").replace('"', "\\\""))
}
