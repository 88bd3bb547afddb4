//! Results for the tests of reports.

use crate::event::{CaseResult, Status, Step};

/// A failure with these steps, each a line `OP [-> WANT] [=> GOT]`, as a case has it.
pub(super) fn fail(steps: &[&str]) -> CaseResult {
    CaseResult {
        id: "t.c".to_owned(),
        target: "ext4".to_owned(),
        status: Status::Fail,
        class: "linux-man".to_owned(),
        clause: "y(2)".to_owned(),
        claim: "x".to_owned(),
        duration_ns: 1_500_000,
        reason: Some("step 1: expected ENOENT, got ok".to_owned()),
        excused: None,
        steps: steps.iter().map(|line| step(line)).collect(),
    }
}

fn step(line: &str) -> Step {
    let (line, got) = match line.split_once(" => ") {
        Some((line, got)) => (line, Some(got.to_owned())),
        None => (line, None),
    };
    let Ok(read) = fs_core::op::Line::parse(line) else {
        let (op, want) = line.split_once(" -> ").unwrap();
        return Step { op: op.to_owned(), want: Some(want.to_owned()), got };
    };
    Step { op: read.subject(), want: read.want.as_ref().map(ToString::to_string), got }
}
