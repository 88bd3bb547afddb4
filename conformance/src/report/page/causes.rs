//! Causes: results that did not pass for the same reason, so that one fault is read once.

use std::collections::BTreeMap;

use super::matrix::Matrix;
use crate::event::{CaseResult, Status};
use crate::report::cause;

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
    match result.status {
        // What it needs is the same for every call.
        Status::Skip => result.reason.clone().unwrap_or_default(),
        _ => cause::cause(result).map(|cause| cause.to_string()).unwrap_or_default(),
    }
}
