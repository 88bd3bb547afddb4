//! The table at the end of a mount: calls, errors and times per operation.

use std::fmt;

use hdrhistogram::Histogram;

/// The longest duration that is told apart: an hour, in nanoseconds.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// What was counted of one operation.
#[derive(Clone, Debug)]
pub struct Counted {
    calls: u64,
    errors: u64,
    total_ns: u64,
    longest_ns: u64,
    durations: Histogram<u64>,
}

impl Default for Counted {
    fn default() -> Self {
        // Two digits: the p99 is right to one part in a hundred.
        let durations = Histogram::new_with_bounds(1, LONGEST_NS, 2).expect("bounds that are allowed");
        Counted { calls: 0, errors: 0, total_ns: 0, longest_ns: 0, durations }
    }
}

impl Counted {
    /// Counts one call.
    pub fn add(&mut self, duration_ns: u64, failed: bool) {
        self.calls += 1;
        self.errors += u64::from(failed);
        self.total_ns = self.total_ns.saturating_add(duration_ns);
        self.longest_ns = self.longest_ns.max(duration_ns);
        self.durations.saturating_record(duration_ns.max(1));
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: &Counted) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.total_ns = self.total_ns.saturating_add(other.total_ns);
        self.longest_ns = self.longest_ns.max(other.longest_ns);
        self.durations.add(&other.durations).expect("the same bounds");
    }

    /// The row of the table.
    pub fn row(&self, op: impl Into<String>) -> Row {
        Row {
            op: op.into(),
            calls: self.calls,
            errors: self.errors,
            total_ns: self.total_ns,
            mean_ns: self.total_ns.checked_div(self.calls).unwrap_or(0),
            // The histogram knows the upper end of a range only, which no call may have reached.
            p99_ns: self.durations.value_at_quantile(0.99).min(self.longest_ns),
        }
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The operation.
    pub op: String,
    /// How often it was asked for.
    pub calls: u64,
    /// How often it failed.
    pub errors: u64,
    /// The sum of its durations.
    pub total_ns: u64,
    /// Their mean.
    pub mean_ns: u64,
    /// What 99 of 100 calls did not exceed.
    pub p99_ns: u64,
}

/// The table: what took longest comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table(Vec<Row>);

impl Table {
    /// A table of these rows, of which those without calls are left out.
    pub fn new(rows: impl IntoIterator<Item = Row>) -> Self {
        let mut rows: Vec<Row> = rows.into_iter().filter(|row| row.calls > 0).collect();
        rows.sort_by(|a, b| b.total_ns.cmp(&a.total_ns).then_with(|| a.op.cmp(&b.op)));
        Table(rows)
    }

    /// The rows, in the order of the table.
    pub fn rows(&self) -> &[Row] {
        &self.0
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total_ns: u64 = self.0.iter().map(|row| row.total_ns).sum();
        let calls: u64 = self.0.iter().map(|row| row.calls).sum();
        let errors: u64 = self.0.iter().map(|row| row.errors).sum();
        writeln!(f, "% time      total       mean        p99      calls     errors operation")?;
        writeln!(f, "------ ---------- ---------- ---------- ---------- ---------- ----------------")?;
        for Row { op, calls, errors, total_ns: total, mean_ns, p99_ns } in &self.0 {
            let share = *total as f64 * 100.0 / total_ns.max(1) as f64;
            let [total, mean, p99] = [*total, *mean_ns, *p99_ns].map(duration);
            writeln!(f, "{share:>6.2} {total:>10} {mean:>10} {p99:>10} {calls:>10} {errors:>10} {op}")?;
        }
        writeln!(f, "------ ---------- ---------- ---------- ---------- ---------- ----------------")?;
        let (total, mean) = (duration(total_ns), duration(total_ns.checked_div(calls).unwrap_or(0)));
        writeln!(f, "{:>6.2} {total:>10} {mean:>10} {:>10} {calls:>10} {errors:>10} total", 100.0, "")
    }
}

/// A duration with three digits or more: `950 ns`, `12.3 us`, `4.56 ms`, `1.20 s`.
pub fn duration(ns: u64) -> String {
    let scaled = |unit_ns: f64, unit: &str| {
        let value = ns as f64 / unit_ns;
        let digits = if value < 10.0 { 2 } else { 1 };
        format!("{value:.digits$} {unit}")
    };
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => scaled(1e3, "us"),
        1_000_000..1_000_000_000 => scaled(1e6, "ms"),
        _ => scaled(1e9, "s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(durations: impl IntoIterator<Item = u64>, errors: usize) -> Counted {
        let mut counted = Counted::default();
        for (index, duration) in durations.into_iter().enumerate() {
            counted.add(duration, index < errors);
        }
        counted
    }

    #[test]
    fn a_row_has_sum_mean_and_p99() {
        let row = counted((0..100).map(|n| if n < 98 { 1_000 } else { 1_000_000 }), 3).row("open");
        assert_eq!((row.calls, row.errors, row.total_ns), (100, 3, 98 * 1_000 + 2 * 1_000_000));
        assert_eq!(row.mean_ns, 20_980);
        assert!((990_000..=1_010_000).contains(&row.p99_ns), "{}", row.p99_ns);
    }

    #[test]
    fn two_halves_make_the_whole() {
        let mut half = counted([5, 10], 1);
        half.merge(&counted([LONGEST_NS * 2, 0], 1));
        let row = half.row("x");
        assert_eq!((row.calls, row.errors, row.total_ns), (4, 2, LONGEST_NS * 2 + 15));
    }

    #[test]
    fn the_table_is_sorted_by_time_and_ends_in_the_sum() {
        let rows =
            [counted([100, 300], 1).row("stat"), counted([1_600_000], 0).row("open"), Counted::default().row("no")];
        let text = Table::new(rows).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], " 99.98    1.60 ms    1.60 ms    1.60 ms          1          0 open");
        assert!(lines[3].ends_with("          2          1 stat"), "{text}");
        assert_eq!(lines[5], "100.00    1.60 ms   533.5 us                     3          1 total");
        assert_eq!(lines.len(), 6);
    }

    #[test]
    fn an_empty_table_is_a_table() {
        assert!(Table::default().to_string().ends_with("0          0 total\n"));
    }
}
