//! The lines of a trace that are about the trace itself: its beginning, what is missing, its end.
//!
//! They have the fixed fields of all lines, so that whoever reads only these needs no exception, and
//! a field `type`, which a line about an operation has not.

use std::path::PathBuf;

use super::json::{Fixed, Object};
use super::record::RequestKind;
use super::settings::{Level, Policy};
use crate::options::{Cache, Passthrough};
use crate::summary::Table;

/// The version of the format. Fields are added without a new one.
pub(super) const SCHEMA: u32 = 1;

/// What the first line says of the mount.
#[derive(Clone, Debug)]
pub struct Header {
    /// The directory that is shown.
    pub source: PathBuf,
    /// Where it is shown.
    pub mountpoint: PathBuf,
    /// Whether the mount refuses every change.
    pub read_only: bool,
    /// What the kernel may remember.
    pub cache: Cache,
    /// Whether the kernel may read and write the source's files itself.
    pub passthrough: Passthrough,
    /// Threads that serve requests.
    pub threads: usize,
    /// What the trace sees.
    pub level: Level,
    /// What happens when it cannot be written fast enough.
    pub policy: Policy,
    /// The expression that picks the records, if there is one.
    pub filter: Option<String>,
}

impl Header {
    /// What happens on the mount and is not in the trace, in words.
    fn not_seen(&self) -> Vec<&'static str> {
        let mut not_seen = Vec::new();
        match (self.level, self.passthrough) {
            (Level::Io, _) => {}
            (Level::Meta, Passthrough::Auto) => {
                not_seen.push("reads and writes that the kernel passes to the source's files itself");
            }
            (Level::Meta, Passthrough::Off) => not_seen.push("reads that the page cache answers"),
        }
        not_seen.push("loads and stores through mmap");
        match self.cache {
            Cache::None => {}
            Cache::Tick => not_seen.push("stat of what was looked at within one tick of the kernel's clock"),
            Cache::Watch | Cache::Exclusive => {
                not_seen.push("lookups and stat of what the kernel remembers, which is all that was seen once");
            }
        }
        not_seen.push("calls that the kernel answers itself, as mkdir of a name that it knows to exist, or what permissions forbid");
        not_seen
    }
}

/// What the last line says.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    /// Lines about operations, per operation.
    pub(super) written: Counts,
    /// Operations without a line.
    pub(super) dropped: Counts,
    /// The table, if one was asked for.
    pub(super) summary: Option<Table>,
}

/// A number per operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counts([u64; RequestKind::ALL.len()]);

impl Default for Counts {
    fn default() -> Self {
        Counts([0; RequestKind::ALL.len()])
    }
}

impl Counts {
    pub(super) fn add(&mut self, kind: RequestKind) {
        self.0[kind as usize] += 1;
    }

    pub(super) fn merge(&mut self, other: &Counts) {
        for (count, other) in self.0.iter_mut().zip(other.0) {
            *count += other;
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// `{"open":3,"read":1}`
    fn json(&self) -> Vec<u8> {
        let mut json = Vec::new();
        let mut object = Object::new(&mut json);
        for (kind, count) in RequestKind::ALL.iter().zip(self.0).filter(|(_, count)| *count > 0) {
            object.number(kind.as_str(), count);
        }
        object.close();
        json
    }
}

/// The first line.
pub(super) fn begin(out: &mut Vec<u8>, header: &Header, t_ns: i64, monotonic_ns: u64) {
    let mut line = mark(out, "begin", 0, t_ns);
    line.number("schema", SCHEMA);
    line.string("program", "fuse-mount");
    line.string("version", env!("CARGO_PKG_VERSION"));
    let kernel = rustix::system::uname();
    line.string("kernel", &format!("{} {}", kernel.sysname().to_string_lossy(), kernel.release().to_string_lossy()));
    line.bytes("source", std::os::unix::ffi::OsStrExt::as_bytes(header.source.as_os_str()));
    line.bytes("mountpoint", std::os::unix::ffi::OsStrExt::as_bytes(header.mountpoint.as_os_str()));
    line.raw("read_only", if header.read_only { b"true" } else { b"false" });
    line.string("cache", header.cache.as_str());
    line.string("passthrough", header.passthrough.as_str());
    line.number("threads", header.threads);
    line.string("level", header.level.as_str());
    line.string("policy", header.policy.as_str());
    match &header.filter {
        Some(filter) => line.string("filter", filter),
        None => line.raw("filter", b"null"),
    }
    line.string("clock", "CLOCK_REALTIME");
    line.number("monotonic_ns", monotonic_ns);
    line.strings("not_seen", &header.not_seen());
    line.end();
}

/// A line about records that found no room.
pub(super) fn dropped(out: &mut Vec<u8>, seq: u64, counts: &Counts, from_ns: i64, to_ns: i64) {
    let mut line = mark(out, "drop", seq, from_ns);
    line.number("count", counts.total());
    line.raw("dropped", &counts.json());
    line.number("to_t_ns", to_ns);
    line.end();
}

/// The last line.
pub(super) fn end(out: &mut Vec<u8>, seq: u64, totals: &Totals, t_ns: i64) {
    let mut line = mark(out, "end", seq, t_ns);
    line.number("records", totals.written.total());
    line.raw("written", &totals.written.json());
    line.raw("dropped", &totals.dropped.json());
    if let Some(table) = &totals.summary {
        let mut json = vec![b'['];
        for row in table.rows() {
            if json.len() > 1 {
                json.push(b',');
            }
            let mut object = Object::new(&mut json);
            object.string("op", &row.op);
            object.number("calls", row.calls);
            object.number("errors", row.errors);
            object.number("total_ns", row.total_ns);
            object.number("mean_ns", row.mean_ns);
            object.number("p99_ns", row.p99_ns);
            object.close();
        }
        json.push(b']');
        line.raw("summary", &json);
    }
    line.end();
}

fn mark<'a>(out: &'a mut Vec<u8>, name: &str, seq: u64, t_ns: i64) -> Object<'a> {
    let mut line = Object::new(out);
    line.string("type", name);
    let pid = std::process::id();
    line.fixed(&Fixed {
        seq,
        t_ns,
        dur_ns: 0,
        op: name,
        path: b".",
        path2: None,
        ret: 0,
        errno: None,
        pid,
        tid: pid,
        uid: rustix::process::getuid().as_raw(),
        gid: rustix::process::getgid().as_raw(),
        comm: b"fuse-mount",
    });
    line
}
