//! Causes: results that did not pass for the same reason, so that one fault is read once.

use std::collections::BTreeMap;

use super::matrix::Matrix;
use crate::event::{CaseResult, Status};

/// Results that did not pass, and what is behind them.
pub(super) struct Cause<'m> {
    /// What is behind them; in addresses too, for it is the same in every page.
    pub(super) text: &'m str,
    /// Whether nothing was run for it.
    pub(super) is_skip: bool,
    /// Numbers of cases, each with the number of the column.
    pub(super) cells: Vec<(usize, usize)>,
    /// How many results ended how, by status; and of these, how many are excused.
    pub(super) counts: BTreeMap<Status, (usize, usize)>,
}

/// The causes of what did not pass: first what counts, then what is excused, then what
/// could not be run; what has most results first.
pub(super) fn causes(matrix: &Matrix) -> Vec<Cause<'_>> {
    let mut causes: BTreeMap<(bool, &str), Cause<'_>> = BTreeMap::new();
    for (row, case) in matrix.cases.iter().enumerate() {
        for (column, cell) in case.cells.iter().enumerate() {
            let Some(cell) = cell.as_ref().filter(|cell| cell.status != Status::Pass) else { continue };
            let (text, is_skip) = (&*matrix.texts.values()[cell.cause], cell.status == Status::Skip);
            let new = || Cause { text, is_skip, cells: Vec::new(), counts: BTreeMap::new() };
            let cause = causes.entry((is_skip, text)).or_insert_with(new);
            cause.cells.push((row, column));
            let (count, excused) = cause.counts.entry(cell.status).or_default();
            *count += 1;
            *excused += usize::from(cell.excuse.is_some());
        }
    }
    let mut causes: Vec<Cause<'_>> = causes.into_values().collect();
    causes.sort_by_key(|cause| (cause.is_skip, !cause.counts(), std::cmp::Reverse(cause.cells.len())));
    causes
}

impl Cause<'_> {
    /// Whether any of the results counts.
    pub(super) fn counts(&self) -> bool {
        self.counts.values().any(|(count, excused)| count > excused)
    }
}

/// What is behind a result that did not pass, as a text; empty for one that did.
pub(super) fn cause(result: &CaseResult) -> String {
    let reason = reason(result.reason.as_deref().unwrap_or_default());
    match result.status {
        Status::Pass => String::new(),
        // What it needs is the same for every call.
        Status::Skip => reason.to_owned(),
        _ => format!("{}: {reason}", call(result)),
    }
}

/// The call of the last step that was taken, which is the one that went wrong.
fn call(result: &CaseResult) -> &str {
    let last = result.steps.last().map_or("", |step| step.op.as_str());
    let call = last.split(' ').find(|word| !word.starts_with('@') && !word.is_empty());
    call.unwrap_or_else(|| result.id.split('.').next().unwrap_or_default())
}

/// A reason without the number of the step.
fn reason(reason: &str) -> &str {
    let step = reason.strip_prefix("step ").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    step.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_step_is_no_part_of_the_cause() {
        assert_eq!(reason("step 12: expected ok, got ENOENT"), "expected ok, got ENOENT");
        assert_eq!(reason("stepwise"), "stepwise");
        assert_eq!(reason("step: x"), "step: x");
    }
}
