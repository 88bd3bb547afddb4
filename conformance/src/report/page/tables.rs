//! The parts of the page that stand without a script: what was run where, how it ended,
//! the causes, and every result as a plain table.

use std::fmt::{self, Write};

use super::causes::Cause;
use super::date;
use super::matrix::{Case, Cell, Column, Matrix, Run};
use super::sign;
use super::text::{Html, fragment, grouped};
use crate::event::{Counts, Status};

/// The result of all in a sentence.
pub(super) struct Verdict<'m>(pub(super) &'m Matrix);

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.columns.iter().map(|column| column.counts);
        let all: usize = counts.clone().map(sum).sum();
        let wrong: usize = counts.clone().map(not_passed).sum();
        let excused: usize = counts.clone().map(|counts| counts.excused).sum();
        let skipped: usize = counts.map(|counts| counts.skip).sum();
        let columns = self.0.columns.len();
        let on = if columns == 1 { "one target".to_owned() } else { format!("{columns} targets") };
        write!(f, "{} results on {on}: ", grouped(all))?;
        match wrong - excused {
            0 => f.write_str(r#"<strong class="good">no failures</strong>"#)?,
            count => write!(f, r#"<strong class="bad">{} not passed</strong>"#, grouped(count))?,
        }
        if excused > 0 {
            write!(f, ", {} more excused", grouped(excused))?;
        }
        if skipped > 0 {
            write!(f, ", {} skipped", grouped(skipped))?;
        }
        f.write_char('.')
    }
}

/// How many results ended how, a row for each column of the matrix.
pub(super) struct Results<'m>(pub(super) &'m Matrix);

impl fmt::Display for Results<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"<table class="counts"><thead><tr><th scope="col">Target"#)?;
        for status in Status::ALL {
            let (class, sign) = (sign::class(status), sign::of(status));
            write!(f, r#"<th scope="col"><span class="sign {class}" aria-hidden="true">{sign}</span> {status}"#)?;
        }
        f.write_str(r#"<th scope="col">excused<th scope="col">Time</thead><tbody>"#)?;
        for column in &self.0.columns {
            write!(f, r#"<tr><th scope="row">{}"#, Html(&column.name))?;
            for status in Status::ALL {
                write_count(f, column.counts.of(status), sign::class(status))?;
            }
            write_count(f, column.counts.excused, "excused")?;
            writeln!(f, "<td>{}", Ended(&self.0.runs[column.run], sum(column.counts)))?;
        }
        f.write_str("</tbody></table>")
    }
}

fn write_count(f: &mut fmt::Formatter<'_>, count: usize, class: &str) -> fmt::Result {
    match count {
        0 => f.write_str(r#"<td class="none">0"#),
        count => write!(f, r#"<td class="some {class}">{}"#, grouped(count)),
    }
}

/// How long a run took, or how far it came.
struct Ended<'m>(&'m Run, usize);

impl fmt::Display for Ended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.end {
            Some(end) => write!(f, "{:.2} s", end.duration_ns as f64 / 1e9),
            None => write!(
                f,
                r#"<strong class="bad">incomplete</strong>: {} of {} cases"#,
                grouped(self.1),
                grouped(self.0.begin.cases)
            ),
        }
    }
}

/// Where it was run, a card for each column of the matrix.
pub(super) struct Places<'m>(pub(super) &'m Matrix);

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.columns.iter().try_for_each(|column| write_place(f, column, &self.0.runs[column.run]))
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, column: &Column, run: &Run) -> fmt::Result {
    let (target, begin) = (&column.target, &run.begin);
    write!(f, r#"<section class="place"><h3>{}</h3><dl>"#, Html(&column.name))?;
    let mut item = |name: &str, value: &str| write!(f, "<dt>{name}<dd>{}", Html(value));
    item("File system", &target.fs_type)?;
    item("Source", &target.fs_source)?;
    item("Options", &target.options.replace(',', ", "))?;
    item("Directory", &target.dir)?;
    item("Kernel", &format!("{}, {}", begin.kernel, begin.machine))?;
    item("Date", &date::utc(begin.time_s))?;
    item("Run by", &format!("user {}, confined by {}", begin.uid, begin.confinement))?;
    item("Suite", &format!("conformance {}", begin.version))?;
    item("Log", &run.path)?;
    f.write_str("</dl>")?;
    write_probes(f, column)?;
    match &run.end {
        None => f.write_str(r#"<p class="note">The run was cut short: its log has no end.</p>"#)?,
        Some(end) if target.mount && !end.stale.is_empty() => {
            f.write_str(r#"<p class="note">Known differences that no longer differ: "#)?;
            write!(f, "{}</p>", Html(&end.stale.join(", ")))?;
        }
        Some(_) => {}
    }
    writeln!(f, "</section>")
}

fn write_probes(f: &mut fmt::Formatter<'_>, column: &Column) -> fmt::Result {
    let probes = &column.target.probes;
    let unmet: Vec<_> = probes.iter().filter_map(|(need, why)| Some((need, why.as_deref()?))).collect();
    if unmet.is_empty() {
        return write!(f, "<p>All {} needs of cases are met.</p>", probes.len());
    }
    let summary = format!("{} of {} needs of cases are not met", unmet.len(), probes.len());
    write!(f, "<details><summary>{summary}</summary><dl>")?;
    for (need, why) in unmet {
        write!(f, "<dt>{}<dd>{}", Html(need), Html(why))?;
    }
    f.write_str("</dl></details>")
}

/// What did not pass, by cause.
pub(super) struct Causes<'m>(pub(super) &'m Matrix, pub(super) &'m [Cause<'m>]);

/// So many causes are there to see; more can be opened.
const CAUSES_SEEN: usize = 12;

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_empty() {
            return f.write_str("<p>Everything passed.</p>");
        }
        let (seen, more) = self.1.split_at(self.1.len().min(CAUSES_SEEN));
        self.write_table(f, seen)?;
        if more.is_empty() {
            return Ok(());
        }
        write!(f, "<details><summary>{} more</summary>", grouped(more.len()))?;
        self.write_table(f, more)?;
        f.write_str("</details>")
    }
}

impl Causes<'_> {
    fn write_table(&self, f: &mut fmt::Formatter<'_>, causes: &[Cause<'_>]) -> fmt::Result {
        f.write_str(r#"<table class="causes"><thead><tr><th scope="col">Results<th scope="col">Cause"#)?;
        f.write_str(r#"<th scope="col">Where<th scope="col">Cases</thead><tbody>"#)?;
        for cause in causes {
            f.write_str("<tr><td>")?;
            for (status, (all, excused)) in &cause.counts {
                for (count, is_excused) in [(all - excused, false), (*excused, true)] {
                    if count > 0 {
                        write!(f, "<div>{} {}</div>", Chip(*status, is_excused), grouped(count))?;
                    }
                }
            }
            let mut columns: Vec<usize> = cause.cells.iter().map(|(_, column)| *column).collect();
            columns.sort_unstable();
            columns.dedup();
            let names: Vec<&str> = columns.iter().map(|column| self.0.columns[*column].name.as_str()).collect();
            write!(f, "<td>{}<td>{}", Html(cause.text), Html(&names.join(", ")))?;
            let first = &self.0.cases[cause.cells[0].0].id;
            write!(f, r##"<td><a href="#cause={}">{}"##, fragment(cause.text), Html(first))?;
            match cause.cells.chunk_by(|a, b| a.0 == b.0).count() - 1 {
                0 => writeln!(f, "</a>")?,
                others => writeln!(f, " and {} more</a>", grouped(others))?,
            }
        }
        f.write_str("</tbody></table>")
    }
}

/// A status as the page writes it, with its sign.
struct Chip(Status, bool);

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Chip(status, is_excused) = self;
        let (class, sign) = (sign::class(*status), sign::of(*status));
        let (excused, mark) = if *is_excused { (" excused", sign::EXCUSED) } else { ("", "") };
        write!(f, r#"<span class="sign {class}{excused}" aria-hidden="true">{sign}{mark}</span> {status}"#)
    }
}

/// Every result, for who reads without a script.
pub(super) struct Plain<'m>(pub(super) &'m Matrix);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for cases in self.0.cases.chunk_by(|a, b| a.call() == b.call()) {
            let cells = || cases.iter().flat_map(|case| case.cells.iter().flatten());
            let wrong = cells().filter(|cell| !matches!(cell.status, Status::Pass | Status::Skip)).count();
            let open = if wrong > 0 { " open" } else { "" };
            write!(f, "<details{open}><summary>{}: {} cases, ", Html(cases[0].call()), grouped(cases.len()))?;
            match wrong {
                0 => f.write_str("no failures</summary>")?,
                count => write!(f, "{} results not passed</summary>", grouped(count))?,
            }
            f.write_str(r#"<table class="plain"><thead><tr><th scope="col">Case"#)?;
            for column in &self.0.columns {
                write!(f, r#"<th scope="col">{}"#, Html(&column.name))?;
            }
            f.write_str("</thead><tbody>\n")?;
            cases.iter().try_for_each(|case| self.write_case(f, case))?;
            writeln!(f, "</tbody></table></details>")?;
        }
        Ok(())
    }
}

impl Plain<'_> {
    fn write_case(&self, f: &mut fmt::Formatter<'_>, case: &Case) -> fmt::Result {
        write!(f, "<tr><th scope=row>{}", Html(&case.id))?;
        for cell in &case.cells {
            match cell {
                None => f.write_str("<td>")?,
                Some(cell) if cell.status == Status::Pass => f.write_str("<td class=pass>✓")?,
                Some(cell) => self.write_not_passed(f, case, cell)?,
            }
        }
        f.write_char('\n')
    }

    fn write_not_passed(&self, f: &mut fmt::Formatter<'_>, case: &Case, cell: &Cell) -> fmt::Result {
        let texts = self.0.texts.values();
        write!(f, "<td>{} {}", Chip(cell.status, cell.excuse.is_some()), Html(&texts[cell.reason]))?;
        if let Some(excuse) = cell.excuse {
            let (_, cause) = self.0.excuses.values()[excuse];
            write!(f, "<br>Excused: {}", Html(&texts[cause]))?;
        }
        match cell.status {
            Status::Skip => Ok(()),
            _ => write!(f, "<br>{} ({})", Html(&texts[case.claim]), Html(&texts[case.clause])),
        }
    }
}

fn sum(counts: Counts) -> usize {
    Status::ALL.iter().map(|status| counts.of(*status)).sum()
}

fn not_passed(counts: Counts) -> usize {
    sum(counts) - counts.pass - counts.skip
}
