//! The comparison at the end: a table in Markdown, of times and of requests.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// What was measured: by operation and rung.
#[derive(Debug, Default)]
pub struct Table {
    operations: Vec<&'static str>,
    rungs: Vec<&'static str>,
    /// Nanoseconds of one operation, a number for each sample.
    samples: BTreeMap<(&'static str, &'static str), Vec<f64>>,
    requests: BTreeMap<(&'static str, &'static str), Vec<String>>,
}

impl Table {
    /// Notes how long `count` operations took.
    pub fn add(&mut self, operation: &'static str, rung: &'static str, count: u64, time: Duration) {
        if count > 0 {
            self.know(operation, rung);
            let samples = self.samples.entry((operation, rung)).or_default();
            samples.push(time.as_nanos() as f64 / count as f64);
        }
    }

    /// Notes the requests that one operation caused.
    pub fn add_requests(&mut self, operation: &'static str, rung: &'static str, requests: Vec<String>) {
        self.know(operation, rung);
        self.requests.insert((operation, rung), requests);
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The times: of the first rung in microseconds, of the others as multiples of it.
    pub fn times(&self) -> String {
        let mut text = format!("| | {}, µs | {} |\n", self.rungs[0], self.rungs[1..].join(" | "));
        text.push_str(&"|---".repeat(self.rungs.len() + 1));
        text.push_str("|\n");
        for operation in &self.operations {
            let base = self.median(operation, self.rungs[0]);
            let _ = write!(text, "| {operation} | {} |", cell(base.map(|ns| format!("{:.3}", ns / 1000.0))));
            for rung in &self.rungs[1..] {
                let ratio = base.and_then(|base| Some(self.median(operation, rung)? / base));
                let _ = write!(text, " {} |", cell(ratio.map(|ratio| format!("{ratio:.2}"))));
            }
            text.push('\n');
        }
        text
    }

    /// The requests of one operation on each rung that is a mount; empty if none were counted.
    pub fn requests(&self) -> String {
        let counted = |rung: &&&'static str| self.requests.keys().any(|(_, known)| known == *rung);
        let rungs: Vec<&&'static str> = self.rungs.iter().filter(counted).collect();
        if rungs.is_empty() {
            return String::new();
        }
        let mut text = String::from("| requests |");
        for rung in &rungs {
            let _ = write!(text, " {rung} |");
        }
        let _ = writeln!(text, "\n{}|", "|---".repeat(rungs.len() + 1));
        for operation in &self.operations {
            let _ = write!(text, "| {operation} |");
            for rung in &rungs {
                let requests = self.requests.get(&(*operation, **rung));
                let _ = write!(text, " {} |", cell(requests.map(|requests| counted_names(requests))));
            }
            text.push('\n');
        }
        text
    }

    fn know(&mut self, operation: &'static str, rung: &'static str) {
        for (known, new) in [(&mut self.operations, operation), (&mut self.rungs, rung)] {
            if !known.contains(&new) {
                known.push(new);
            }
        }
    }

    /// The median of the samples: what comes first, before caches are warm, does not matter.
    fn median(&self, operation: &'static str, rung: &'static str) -> Option<f64> {
        let mut samples = self.samples.get(&(operation, rung))?.clone();
        samples.sort_by(f64::total_cmp);
        Some(samples[samples.len() / 2])
    }
}

fn cell(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

/// `3: LOOKUP GETATTR×2`
fn counted_names(requests: &[String]) -> String {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for request in requests {
        match names.iter_mut().find(|(name, _)| name == request) {
            Some((_, count)) => *count += 1,
            None => names.push((request, 1)),
        }
    }
    let mut text = requests.len().to_string();
    for (index, (name, count)) in names.into_iter().enumerate() {
        text.push_str(if index == 0 { ": " } else { " " });
        text.push_str(name);
        if count > 1 {
            let _ = write!(text, "×{count}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_multiples_of_the_first_rung() {
        let mut table = Table::default();
        for (rung, nanos) in [("rustix", 1000), ("rustix", 3000), ("rustix", 2000), ("mounted", 5000)] {
            table.add("stat", rung, 10, Duration::from_nanos(nanos * 10));
        }
        table.add("rename", "rustix", 1, Duration::from_micros(20));
        table.add_requests("stat", "mounted", ["LOOKUP", "GETATTR", "GETATTR"].map(String::from).to_vec());
        assert_eq!(
            table.times(),
            "| | rustix, µs | mounted |\n|---|---|---|\n| stat | 2.000 | 2.50 |\n| rename | 20.000 | - |\n"
        );
        assert_eq!(
            table.requests(),
            "| requests | mounted |\n|---|---|\n| stat | 3: LOOKUP GETATTR×2 |\n| rename | - |\n"
        );
    }
}
