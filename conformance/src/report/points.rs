//! The numbered points that KTAP and TAP share: a test for each target, in it one for
//! each file of cases, in that one for each case.
//!
//! The points of the first target are printed as they come. A second target's stand
//! behind all of the first's, so they are kept, as text, until the end.

use std::io::{self, Write};

use super::plan::Plan;
use super::{ktap, tap};
use crate::event::{CaseResult, Counts, End, Event};

/// The format of the points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// KTAP version 1.
    Ktap,
    /// TAP version 14.
    Tap,
}

/// The report, while the results come in.
pub struct Points {
    dialect: Dialect,
    plan: Plan,
    again: String,
    columns: Vec<Column>,
}

/// What has been told of one target.
struct Column {
    target: String,
    /// What is not printed yet.
    kept: Vec<u8>,
    /// Which file of the plan is told, and how many of its cases have been.
    file: usize,
    told: usize,
    /// How many points of this file, and how many of its files, are not ok.
    failed: usize,
    failed_files: usize,
    counts: Counts,
}

impl Points {
    pub(super) fn new(dialect: Dialect, plan: Plan, again: String) -> Self {
        Points { dialect, plan, again, columns: Vec::new() }
    }

    pub(super) fn tell(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        match event {
            Event::Begin(begin) => {
                let column = |target: &crate::event::TargetInfo| Column {
                    target: target.name.clone(),
                    kept: Vec::new(),
                    file: 0,
                    told: 0,
                    failed: 0,
                    failed_files: 0,
                    counts: Counts::default(),
                };
                self.columns = begin.targets.iter().map(column).collect();
                self.dialect.write_head(self.columns.len(), out)?;
                for (place, column) in self.columns.iter_mut().enumerate() {
                    let writer: &mut dyn Write = if place == 0 { out } else { &mut column.kept };
                    self.dialect.write_begin(1, &column.target, self.plan.files.len(), writer)?;
                }
                Ok(())
            }
            Event::Case(result) => {
                let place = self.columns.iter().position(|column| column.target == result.target);
                match place {
                    Some(0) => self.tell_case(0, result, out),
                    Some(place) => {
                        let mut kept = std::mem::take(&mut self.columns[place].kept);
                        let told = self.tell_case(place, result, &mut kept);
                        self.columns[place].kept = kept;
                        told
                    }
                    None => Ok(()),
                }
            }
            Event::End(end) => self.end(end, out),
        }
    }

    fn tell_case(&mut self, place: usize, result: &CaseResult, out: &mut dyn Write) -> io::Result<()> {
        let column = &mut self.columns[place];
        let Some((file, count)) = self.plan.files.get(column.file) else {
            return Ok(());
        };
        if column.told == 0 {
            self.dialect.write_begin(2, file, *count, out)?;
        }
        column.told += 1;
        column.counts.add(result);
        column.failed += usize::from(result.counts());
        self.dialect.write_case(column.told, result, &self.again, out)?;
        if column.told == *count {
            column.file += 1;
            self.dialect.write_point(1, column.failed == 0, column.file, file, out)?;
            column.failed_files += usize::from(column.failed > 0);
            (column.told, column.failed) = (0, 0);
        }
        Ok(())
    }

    fn end(&mut self, end: &End, out: &mut impl Write) -> io::Result<()> {
        for (place, column) in self.columns.iter().enumerate() {
            out.write_all(&column.kept)?;
            self.dialect.write_totals(&column.counts, out)?;
            let is_ok = column.failed_files == 0;
            self.dialect.write_point(0, is_ok, place + 1, &column.target, out)?;
        }
        end.stale.iter().try_for_each(|stale| self.dialect.write_note(&format!("stale known difference: {stale}"), out))
    }
}

impl Dialect {
    fn write_head(self, targets: usize, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Dialect::Ktap => writeln!(out, "KTAP version 1\n1..{targets}"),
            Dialect::Tap => writeln!(out, "TAP version 14\n1..{targets}"),
        }
    }

    /// Begins the points within another one, at a depth.
    fn write_begin(self, depth: usize, name: &str, points: usize, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Dialect::Ktap => ktap::write_begin(depth, name, points, out),
            Dialect::Tap => tap::write_begin(depth, name, points, out),
        }
    }

    /// Writes the point that has others within it.
    fn write_point(self, depth: usize, is_ok: bool, number: usize, name: &str, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Dialect::Ktap => ktap::write_point(depth, is_ok, number, name, "", out),
            Dialect::Tap => tap::write_point(depth, is_ok, number, name, "", out),
        }
    }

    fn write_case(self, number: usize, result: &CaseResult, again: &str, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Dialect::Ktap => ktap::write_case(number, result, again, out),
            Dialect::Tap => tap::write_case(number, result, again, out),
        }
    }

    fn write_totals(self, counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Dialect::Ktap => ktap::write_totals(counts, out),
            Dialect::Tap => Ok(()),
        }
    }

    fn write_note(self, note: &str, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "# {}", super::told::visible(note))
    }
}
