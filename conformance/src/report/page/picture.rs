//! A picture of the runs, as plain SVG: for each call a bar for each column, with the
//! shares of the statuses.

use std::fmt::{self, Write};

use super::matrix::Matrix;
use super::sign;
use super::text::{Html, fragment};
use crate::event::Status;

/// From the left: what a reader looks for comes first, at the edge where bars begin.
const ORDER: [Status; 6] = [Status::Fail, Status::Error, Status::Timeout, Status::Blocked, Status::Skip, Status::Pass];

/// Calls stand in as many columns, one below the other.
const COLUMNS: usize = 3;
const WIDTH: usize = 336;
const LABEL: usize = 92;
const BAR: f64 = 176.0;
const BAR_HEIGHT: usize = 8;
/// A single failure among hundreds of cases is seen as well.
const NARROWEST: f64 = 3.0;

/// How many results of one call in one column ended how; the second number is that of
/// those that are excused.
type Shares = [(usize, usize); ORDER.len()];

/// The picture.
pub(super) struct Picture<'m>(pub(super) &'m Matrix);

impl fmt::Display for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = shares(self.0);
        let row = (self.0.columns.len() * (BAR_HEIGHT + 1) + 6).max(18);
        let rows = calls.len().div_ceil(COLUMNS).max(1);
        let (width, height) = (WIDTH * COLUMNS, rows * row + 4);
        write!(f, r#"<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="group" "#)?;
        writeln!(f, r#"aria-label="Results by call">"#)?;
        for (index, (call, bars)) in calls.iter().enumerate() {
            let (x, y) = (index / rows * WIDTH, index % rows * row + 4);
            write!(f, r##"<a href="#q={}.*" aria-label="{}">"##, fragment(call), about(self.0, call, bars))?;
            let middle = y + (row - 6) / 2 + 4;
            write!(f, r#"<text x="{}" y="{middle}" text-anchor="end">{}</text>"#, x + LABEL - 8, Html(call))?;
            for (column, shares) in bars.iter().enumerate() {
                let bar = Bar { x: x + LABEL, y: y + column * (BAR_HEIGHT + 1), shares };
                write!(f, "{bar}")?;
            }
            let wrong: usize = bars.iter().map(not_passed).sum();
            if wrong > 0 {
                let x = x + LABEL + BAR as usize + 6;
                write!(f, r#"<text x="{x}" y="{middle}" class="wrong">{wrong}</text>"#)?;
            }
            writeln!(f, "</a>")?;
        }
        f.write_str("</svg>")
    }
}

/// One bar.
struct Bar<'s> {
    x: usize,
    y: usize,
    shares: &'s Shares,
}

impl fmt::Display for Bar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = parts(self.shares);
        let all: usize = parts.iter().map(|part| part.count).sum();
        let mut x = self.x as f64;
        for (part, width) in parts.iter().zip(widths(&parts, all)) {
            let class = sign::class(part.status);
            let excused = if part.is_excused { " excused" } else { "" };
            write!(
                f,
                r#"<rect class="{class}{excused}" x="{x:.1}" y="{}" width="{width:.1}" height="{BAR_HEIGHT}"/>"#,
                self.y
            )?;
            x += width;
        }
        Ok(())
    }
}

/// A part of a bar, which is not empty.
struct Part {
    status: Status,
    is_excused: bool,
    count: usize,
}

fn parts(shares: &Shares) -> Vec<Part> {
    let both = ORDER.iter().zip(shares).flat_map(|(&status, &(all, excused))| {
        [Part { status, is_excused: false, count: all - excused }, Part { status, is_excused: true, count: excused }]
    });
    both.filter(|part| part.count > 0).collect()
}

/// The widths of the parts of a bar: their share of it, but no part too narrow to be seen.
fn widths(parts: &[Part], all: usize) -> Vec<f64> {
    let shares = parts.iter().map(|part| (BAR * part.count as f64 / all as f64).max(NARROWEST));
    let mut widths: Vec<f64> = shares.collect();
    let over = widths.iter().sum::<f64>() - BAR;
    if let Some(widest) = widths.iter_mut().max_by(|a, b| a.total_cmp(b)) {
        *widest -= over;
    }
    widths
}

fn shares(matrix: &Matrix) -> Vec<(&str, Vec<Shares>)> {
    let mut calls: Vec<(&str, Vec<Shares>)> = Vec::new();
    for case in &matrix.cases {
        if calls.last().is_none_or(|(call, _)| *call != case.call()) {
            calls.push((case.call(), vec![Shares::default(); matrix.columns.len()]));
        }
        let (_, bars) = calls.last_mut().expect("one was pushed");
        for (bar, cell) in bars.iter_mut().zip(&case.cells) {
            let Some(cell) = cell else { continue };
            let index = ORDER.iter().position(|status| *status == cell.status).expect("ORDER has every status");
            bar[index].0 += 1;
            bar[index].1 += usize::from(cell.excuse.is_some());
        }
    }
    calls
}

/// What a bar says, in words.
fn about(matrix: &Matrix, call: &str, bars: &[Shares]) -> String {
    let mut words = Html(call).to_string();
    for (column, shares) in matrix.columns.iter().zip(bars) {
        let counts = parts(shares).into_iter().map(|part| {
            let excused = if part.is_excused { " excused" } else { "" };
            format!("{} {}{excused}", part.count, part.status)
        });
        let counts: Vec<String> = counts.collect();
        write!(words, "; {}: {}", Html(&column.name), counts.join(", ")).expect("writing to a string does not fail");
    }
    words
}

/// How many results neither passed nor were skipped.
fn not_passed(shares: &Shares) -> usize {
    let wrong = ORDER.iter().zip(shares).filter(|(status, _)| !matches!(status, Status::Pass | Status::Skip));
    wrong.map(|(_, (all, _))| all).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_failure_is_seen_and_the_bar_stays_as_wide() {
        let mut shares = Shares::default();
        shares[0] = (1, 0);
        shares[5] = (999, 0);
        let parts = parts(&shares);
        let widths = widths(&parts, 1000);
        assert_eq!(widths, [NARROWEST, BAR - NARROWEST]);
    }

    #[test]
    fn what_is_excused_is_a_part_of_its_own() {
        let mut shares = Shares::default();
        shares[0] = (3, 1);
        let parts: Vec<(usize, bool)> = parts(&shares).iter().map(|part| (part.count, part.is_excused)).collect();
        assert_eq!(parts, [(2, false), (1, true)]);
    }
}
