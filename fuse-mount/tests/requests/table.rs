//! `requests.table`: read, compared, and printed as it is written.

use std::collections::HashMap;
use std::fmt::Write;

use fs_core::op::Line;
use fuse_mount::Cache;
use fuse_mount::trace::{Level, RequestKind};

/// Where the table is.
pub(crate) const FILE: &str = "fuse-mount/tests/requests/requests.table";

/// The table.
pub(crate) const TEXT: &str = include_str!("requests.table");

/// The requests, in order, on each kind of mount.
pub(crate) type Requests = HashMap<(Level, Cache), Vec<RequestKind>>;

/// An operation, what is done before it, and the requests that it causes.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) before: Vec<Line<'static>>,
    /// What was remembered before is remembered still.
    pub(crate) at_once: bool,
    /// Nobody knows how often each of its requests comes.
    repeats: bool,
    pub(crate) step: Line<'static>,
    pub(crate) wanted: Requests,
}

impl Row {
    /// Whether the requests are those that are wanted.
    pub(crate) fn agree(&self, wanted: Option<&Vec<RequestKind>>, seen: Option<&Vec<RequestKind>>) -> bool {
        wanted.map(|requests| self.canonical(requests)) == seen.map(|requests| self.canonical(requests))
    }

    fn canonical(&self, requests: &[RequestKind]) -> Vec<RequestKind> {
        let mut requests = requests.to_vec();
        if self.repeats {
            requests.sort_by_key(|kind| *kind as u8);
            requests.dedup();
        }
        requests
    }

    /// The row as it stands in the table, with these requests.
    pub(crate) fn print(&self, requests: &Requests) -> String {
        let mut text = format!("{}\n", self.step);
        self.before.iter().for_each(|step| writeln!(text, "  after {step}").unwrap());
        for (word, is_said) in [("at-once", self.at_once), ("repeats", self.repeats)] {
            if is_said {
                writeln!(text, "  {word}").unwrap();
            }
        }
        let requests: Requests = requests.iter().map(|(key, list)| (*key, self.canonical(list))).collect();
        let of = |level: Level| Cache::ALL.map(|cache| requests.get(&(level, cache)));
        let levels: &[(&str, Level)] = match of(Level::Meta) == of(Level::Io) {
            true => &[("", Level::Meta)],
            false => &[("meta ", Level::Meta), ("io   ", Level::Io)],
        };
        for (prefix, level) in levels {
            let mut left = Cache::ALL.to_vec();
            while let Some(first) = left.first().copied() {
                let Some(list) = requests.get(&(*level, first)) else { break };
                let is_alike = |cache: &Cache| requests.get(&(*level, *cache)) == Some(list);
                let alike: Vec<&str> =
                    left.iter().filter(|cache| is_alike(cache)).map(|cache| cache.as_str()).collect();
                left.retain(|cache| !is_alike(cache));
                let caches = if alike.len() == Cache::ALL.len() { "always".to_owned() } else { alike.join(",") };
                let list = print_list(list);
                writeln!(text, "  {prefix}{caches:<15} {list}").unwrap();
            }
        }
        text + "\n"
    }
}

/// `lookup getattr*3`, or `-` for none.
fn print_list(requests: &[RequestKind]) -> String {
    let print = |same: &[RequestKind]| match same {
        [kind] => kind.to_string(),
        [kind, ..] => format!("{kind}*{}", same.len()),
        [] => unreachable!("chunks have elements"),
    };
    match requests {
        [] => "-".to_owned(),
        _ => requests.chunk_by(|a, b| a == b).map(print).collect::<Vec<_>>().join(" "),
    }
}

fn read_list(words: &[&str]) -> Option<Vec<RequestKind>> {
    let mut list = Vec::new();
    for word in words.iter().filter(|word| **word != "-") {
        let (name, count) = word.split_once('*').unwrap_or((word, "1"));
        let kind = RequestKind::ALL.iter().find(|kind| kind.as_str() == name)?;
        list.extend(std::iter::repeat_n(kind, count.parse().ok()?));
    }
    Some(list)
}

/// The rows of the table.
pub(crate) fn read() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (index, line) in TEXT.lines().enumerate() {
        let step = |text: &'static str| Line::parse(text).unwrap_or_else(|error| wrong(index, &error.to_string()));
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some(line) = line.strip_prefix("  ") else {
            let step = step(line);
            rows.push(Row { before: Vec::new(), at_once: false, repeats: false, step, wanted: Requests::new() });
            continue;
        };
        let row = rows.last_mut().unwrap_or_else(|| wrong(index, "stands before the first operation"));
        match line.split_once(' ') {
            Some(("after", line)) => row.before.push(step(line)),
            None if line == "at-once" => row.at_once = true,
            None if line == "repeats" => row.repeats = true,
            _ => read_requests(line, &mut row.wanted).unwrap_or_else(|| wrong(index, "is not LEVEL POLICY REQUESTS")),
        }
    }
    rows
}

/// Reads `[LEVEL] POLICY{,POLICY} REQUESTS`.
fn read_requests(line: &str, wanted: &mut Requests) -> Option<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let level: Option<Level> = words[0].parse().ok();
    let levels = level.map_or_else(|| Level::ALL.to_vec(), |level| vec![level]);
    let (policies, requests) = words[usize::from(level.is_some())..].split_first()?;
    let caches: Vec<Cache> = match *policies {
        "always" => Cache::ALL.to_vec(),
        names => names.split(',').map(|name| name.parse().ok()).collect::<Option<_>>()?,
    };
    let list = read_list(requests)?;
    let keys = levels.iter().flat_map(|level| caches.iter().map(|cache| (*level, *cache)));
    keys.map(|key| wanted.insert(key, list.clone()).is_none().then_some(())).collect()
}

fn wrong(index: usize, why: &str) -> ! {
    panic!("{FILE}:{}: {why}", index + 1)
}
