//! KTAP version 1, the kernel's dialect of TAP:
//! <https://docs.kernel.org/dev-tools/ktap.html>.
//!
//! What is excused is expected to fail: `ok N ID # XFAIL cause`. A FAIL and a BLOCKED have
//! no directive; TIMEOUT and ERROR have those of their names. What there is to say about
//! a point stands before it, in lines that begin with `#`.

use std::io::{self, Write};

use super::failure;
use super::told;
use crate::event::{CaseResult, Counts, Status};

/// The depth of the points of cases.
const CASES: usize = 2;

pub(super) fn write_begin(depth: usize, name: &str, points: usize, out: &mut dyn Write) -> io::Result<()> {
    let indent = "  ".repeat(depth);
    writeln!(out, "{indent}KTAP version 1\n{indent}# Subtest: {}\n{indent}1..{points}", described(name))
}

/// `about` is a directive with what it says, or nothing.
pub(super) fn write_point(
    depth: usize,
    is_ok: bool,
    number: usize,
    name: &str,
    about: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let word = if is_ok { "ok" } else { "not ok" };
    let hash = if about.is_empty() { "" } else { " # " };
    writeln!(out, "{}{word} {number} {}{hash}{about}", "  ".repeat(depth), described(name))
}

pub(super) fn write_case(number: usize, result: &CaseResult, again: &str, out: &mut dyn Write) -> io::Result<()> {
    if !matches!(result.status, Status::Pass | Status::Skip) {
        write_details(result, again, out)?;
    }
    write_point(CASES, !result.counts(), number, &result.id, &about(result), out)
}

/// Numbers of the kind that kselftest prints.
pub(super) fn write_totals(counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
    let failed = counts.fail + counts.timeout + counts.blocked - counts.excused;
    writeln!(
        out,
        "  # Totals: pass:{} fail:{failed} xfail:{} xpass:0 skip:{} error:{}",
        counts.pass, counts.excused, counts.skip, counts.error
    )
}

/// The directive of a result, and what there is to say.
fn about(result: &CaseResult) -> String {
    let reason = described(&told::short(result.reason.as_deref().unwrap_or_default()));
    if let Some(excused) = &result.excused {
        return format!("XFAIL {}", described(&excused.cause));
    }
    match result.status {
        Status::Pass => String::new(),
        Status::Fail => reason,
        Status::Skip | Status::Timeout | Status::Error | Status::Blocked => format!("{} {reason}", result.status),
    }
}

fn write_details(result: &CaseResult, again: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |text: String| writeln!(out, "{}# {text}", "  ".repeat(CASES));
    if result.excused.is_some() {
        line(format!("{}: {}", result.status, told::short(result.reason.as_deref().unwrap_or_default())))?;
    }
    line(format!("claim: {}", told::visible(&result.claim)))?;
    line(format!("source: {} ({})", told::visible(&result.clause), told::visible(&result.class)))?;
    for step in told::steps(result) {
        let wanted = step.wanted.map(|wanted| format!(" wanted `{wanted}`,")).unwrap_or_default();
        let got = step.got.map_or_else(|| " got nothing".to_owned(), |got| format!(" got `{got}`"));
        line(format!("step: `{}`{wanted}{got}", step.op))?;
    }
    line(format!("again: {}", failure::again_command(&result.id, again)))
}

/// A text without the sign at which a description ends and a directive begins; the format
/// has no escape for it. The kernel's parser takes the last `# SKIP` of a line for the
/// directive, so what was found out must not have one either.
fn described(name: &str) -> String {
    told::visible(name).replace('#', "\\x23")
}
