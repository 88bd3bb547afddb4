//! The matrix as JSON for the page's script: long rows of numbers, each the number of a
//! text, a step or a sequence, so that tens of thousands of results stay a few megabytes.

use serde::Serialize;

use super::again;
use super::causes::Cause;
use super::matrix::{Cell, Matrix};
use super::sign;
use super::text::shown;
use crate::event::Status;

/// What the script reads. `page/data.js` is the other side.
#[derive(Serialize)]
struct Data<'m> {
    /// The word, the sign and the class of each status.
    statuses: [[&'static str; 3]; Status::ALL.len()],
    columns: Vec<ColumnData<'m>>,
    texts: &'m [String],
    /// Three texts for each step: what was done, what was wanted, what came back.
    steps: Vec<usize>,
    /// A text for each step: the documented error that came back.
    errors: &'m [usize],
    /// Steps.
    sequences: &'m [Vec<usize>],
    /// Whether it is a known difference, and a text.
    excuses: &'m [(bool, usize)],
    ids: Vec<&'m str>,
    /// Three texts for each case: its class, its clause, its claim.
    claims: Vec<usize>,
    causes: Vec<CauseData<'m>>,
}

#[derive(Serialize)]
struct ColumnData<'m> {
    name: &'m str,
    /// What follows the command that runs a case again.
    again: String,
    /// Five numbers for each case: the status, microseconds, a text for the reason, an
    /// excuse and one more or 0, and a sequence. A status of -1: it was not run.
    cells: Vec<i64>,
}

#[derive(Serialize)]
struct CauseData<'m> {
    text: &'m str,
    /// Case and column, by turns.
    cells: Vec<usize>,
}

/// The data of the matrix.
pub(super) fn json(matrix: &Matrix, causes: &[Cause<'_>]) -> String {
    let columns = matrix.columns.iter().enumerate().map(|(number, column)| ColumnData {
        name: &column.name,
        again: shown(&again::rest(&column.target.dir)).into_owned(),
        cells: matrix.cases.iter().flat_map(|case| numbers(case.cells[number].as_ref())).collect(),
    });
    let data = Data {
        statuses: Status::ALL.map(|status| [status.as_str(), sign::of(status), sign::class(status)]),
        columns: columns.collect(),
        texts: matrix.texts.values(),
        steps: matrix.steps.values().as_flattened().to_vec(),
        errors: &matrix.errors,
        sequences: matrix.sequences.values(),
        excuses: matrix.excuses.values(),
        ids: matrix.cases.iter().map(|case| case.id.as_str()).collect(),
        claims: matrix.cases.iter().flat_map(|case| [case.class, case.clause, case.claim]).collect(),
        causes: causes.iter().map(|cause| CauseData { text: cause.text, cells: flat(&cause.cells) }).collect(),
    };
    serde_json::to_string(&data).expect("the data has only text and numbers")
}

fn numbers(cell: Option<&Cell>) -> [i64; 5] {
    let Some(cell) = cell else { return [-1, 0, 0, 0, 0] };
    let number = |number: usize| i64::try_from(number).expect("a table has fewer values than that");
    let status = Status::ALL.iter().position(|status| *status == cell.status).expect("ALL has every status");
    let micros = i64::try_from(cell.duration_ns / 1000).expect("a thousandth fits");
    let excuse = cell.excuse.map_or(0, |excuse| excuse + 1);
    [number(status), micros, number(cell.reason), number(excuse), number(cell.sequence)]
}

fn flat(pairs: &[(usize, usize)]) -> Vec<usize> {
    pairs.iter().flat_map(|(case, column)| [*case, *column]).collect()
}
