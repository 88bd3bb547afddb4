//! The workloads: what is measured, how often, and what is to come of it.

use super::source::{DATA_SIZE, ENTRIES};
use super::steps::{Context, Span, data, metadata, names, programs};

/// Does a workload so often.
pub type Step = fn(&Context, u64) -> std::io::Result<Span>;

/// How a result is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// How long an operation takes: less is better.
    Time,
    /// How many of so many bytes are done in a second: more is better.
    Bytes(u64),
    /// How many are done in a second by all clients: more is better.
    Rate,
}

impl Unit {
    /// Whether more is better.
    pub fn is_rate(self) -> bool {
        self != Unit::Time
    }
}

/// When a workload is measured: each phase has rounds of its own, on mounts that were just made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// With one client, and everything in the caches.
    Warm,
    /// With numbers of clients, on more processors; in the caches as well.
    Clients,
    /// The kernel forgets names and contents each time: of all sources on the image, so that
    /// whatever came after would begin with nothing in the caches too.
    Cold,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Phase; 3] = [Phase::Warm, Phase::Clients, Phase::Cold];
}

/// What is measured.
#[derive(Debug)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// What one operation is.
    pub what: &'static str,
    /// Those of a group are done one after the other: each leaves what the next one needs.
    pub group: &'static str,
    /// What a client does.
    pub step: Step,
    /// How many operations there are in a round.
    pub count: u64,
    /// The operations that are only done together.
    pub least: u64,
    /// How its result is told.
    pub unit: Unit,
    /// How many clients do it at once.
    pub clients: usize,
    /// Whether the kernel has to forget the tree before it.
    pub is_cold: bool,
    /// What is done just before, and how often, so that the caches are warm: even those of a mount
    /// that remembers for a second only. It changes nothing.
    pub warm_up: Option<(Step, u64)>,
    /// Takes away what it left, when no client is measured any more.
    pub undo: Option<fn(&Context, u64) -> std::io::Result<()>>,
}

impl Workload {
    const fn new(name: &'static str, what: &'static str, step: Step, count: u64) -> Self {
        Workload {
            name,
            what,
            group: name,
            step,
            count,
            least: 1,
            unit: Unit::Time,
            clients: 1,
            is_cold: false,
            warm_up: None,
            undo: None,
        }
    }

    /// On the data of a file in the page cache, all of which is read before.
    const fn buffered(name: &'static str, what: &'static str, bytes: u64, step: Step, count: u64) -> Self {
        let read_all: Step = |_, count| data::read(Sequential, Buffered, MIB, count);
        let warm_up = Some((read_all, DATA_SIZE / MIB));
        Workload { unit: Unit::Bytes(bytes), warm_up, ..Workload::new(name, what, step, count) }
    }

    /// On the data of a file beside the page cache, which has nothing left to be written before.
    const fn direct(name: &'static str, what: &'static str, bytes: u64, step: Step, count: u64) -> Self {
        let read_all: Step = |_, count| data::read(Sequential, Direct, MIB, count);
        let warm_up = Some((read_all, DATA_SIZE / MIB));
        Workload { unit: Unit::Bytes(bytes), warm_up, ..Workload::new(name, what, step, count) }
    }

    const fn of(self, group: &'static str) -> Self {
        Workload { group, ..self }
    }

    const fn by(self, clients: usize) -> Self {
        Workload { unit: Unit::Rate, clients, ..self }
    }

    const fn at_least(self, least: u64) -> Self {
        Workload { least, ..self }
    }

    const fn cold(self) -> Self {
        Workload { is_cold: true, ..self }
    }

    /// It changes nothing, so that doing a part of it before makes it warm.
    const fn warmed(self) -> Self {
        Workload { warm_up: Some((self.step, self.quick_count())), ..self }
    }

    const fn undone_by(self, undo: fn(&Context, u64) -> std::io::Result<()>) -> Self {
        Workload { undo: Some(undo), ..self }
    }

    /// Whether it compares numbers of clients, for which there has to be more than one processor.
    pub fn is_of_clients(&self) -> bool {
        self.unit == Unit::Rate
    }

    /// When it is measured.
    pub fn phase(&self) -> Phase {
        match (self.is_cold, self.is_of_clients()) {
            (true, _) => Phase::Cold,
            (false, true) => Phase::Clients,
            (false, false) => Phase::Warm,
        }
    }

    /// Whether it needs the tree.
    pub fn is_program(&self) -> bool {
        ["tree", "grep-cold", "grep-warm", "git-status"].contains(&self.group)
    }

    /// Whether a name means it: its own, or the part before a slash.
    pub fn is_meant_by(&self, name: &str) -> bool {
        self.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// How many operations there are where requests are counted.
    pub fn counted(&self) -> u64 {
        self.quick_count().min(100).max(self.least)
    }

    /// How many operations a round has where it has to be short.
    pub const fn quick_count(&self) -> u64 {
        let tenth = self.count.div_ceil(10);
        if tenth > self.least { tenth } else { self.least }
    }
}

/// The workload of a name.
pub fn find(name: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|workload| workload.name == name)
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

use data::Cache::{Buffered, Direct};
use data::Order::{Random, Sequential};

/// All of them, in the order in which they are measured.
#[rustfmt::skip]
pub static WORKLOADS: &[Workload] = &[
    Workload::buffered("seq-read/1MiB", "reads of 1 MiB, one after the other, from the page cache", MIB,
        |_, count| data::read(Sequential, Buffered, MIB, count), 256),
    Workload::buffered("seq-write/1MiB", "writes of 1 MiB, one after the other, to the page cache", MIB,
        |_, count| data::write(Sequential, Buffered, MIB, count), 256),
    Workload::buffered("rand-read/1MiB", "reads of 1 MiB anywhere, from the page cache", MIB,
        |_, count| data::read(Random, Buffered, MIB, count), 256),
    Workload::buffered("rand-write/1MiB", "writes of 1 MiB anywhere, to the page cache", MIB,
        |_, count| data::write(Random, Buffered, MIB, count), 256),
    Workload::buffered("seq-read/4KiB", "reads of 4 KiB, one after the other, from the page cache", 4 * KIB,
        |_, count| data::read(Sequential, Buffered, 4 * KIB, count), 20_000),
    Workload::buffered("seq-write/4KiB", "writes of 4 KiB, one after the other, to the page cache", 4 * KIB,
        |_, count| data::write(Sequential, Buffered, 4 * KIB, count), 5_000),
    Workload::buffered("rand-read/4KiB", "reads of 4 KiB anywhere, from the page cache", 4 * KIB,
        |_, count| data::read(Random, Buffered, 4 * KIB, count), 20_000),
    Workload::buffered("rand-write/4KiB", "writes of 4 KiB anywhere, to the page cache", 4 * KIB,
        |_, count| data::write(Random, Buffered, 4 * KIB, count), 5_000),
    Workload::direct("seq-read-direct/1MiB", "reads of 1 MiB, one after the other, with O_DIRECT", MIB,
        |_, count| data::read(Sequential, Direct, MIB, count), 64),
    Workload::direct("seq-write-direct/1MiB", "writes of 1 MiB, one after the other, with O_DIRECT", MIB,
        |_, count| data::write(Sequential, Direct, MIB, count), 64),
    Workload::direct("rand-read-direct/1MiB", "reads of 1 MiB anywhere, with O_DIRECT", MIB,
        |_, count| data::read(Random, Direct, MIB, count), 64),
    Workload::direct("rand-write-direct/1MiB", "writes of 1 MiB anywhere, with O_DIRECT", MIB,
        |_, count| data::write(Random, Direct, MIB, count), 64),
    Workload::direct("seq-read-direct/4KiB", "reads of 4 KiB, one after the other, with O_DIRECT", 4 * KIB,
        |_, count| data::read(Sequential, Direct, 4 * KIB, count), 1_000),
    Workload::direct("seq-write-direct/4KiB", "writes of 4 KiB, one after the other, with O_DIRECT", 4 * KIB,
        |_, count| data::write(Sequential, Direct, 4 * KIB, count), 1_000),
    Workload::direct("rand-read-direct/4KiB", "reads of 4 KiB anywhere, with O_DIRECT", 4 * KIB,
        |_, count| data::read(Random, Direct, 4 * KIB, count), 1_000),
    Workload::direct("rand-write-direct/4KiB", "writes of 4 KiB anywhere, with O_DIRECT", 4 * KIB,
        |_, count| data::write(Random, Direct, 4 * KIB, count), 1_000),
    Workload::buffered("mmap-read", "32 MiB mapped, read, unmapped", DATA_SIZE, |_, count| data::load(count), 8),
    Workload::buffered("mmap-write", "32 MiB mapped, written, unmapped", DATA_SIZE, |_, count| data::store(count), 8),

    Workload::new("fstat", "the status of an open file", metadata::fstat, 20_000).warmed(),
    Workload::new("stat", "the status of a file two names deep", metadata::stat, 5_000).warmed(),
    Workload::new("open-read-close", "1 KiB of a file two names deep", metadata::open_read_close, 2_000).warmed(),
    Workload::new("negative", "a name that is not there, two names deep", metadata::negative, 5_000).warmed(),
    Workload::new("getxattr", "an attribute of a file two names deep", metadata::getxattr, 5_000).warmed(),
    Workload::new("readdir-stat", "an entry of 1,000, read and its status asked", metadata::readdir_stat, 5 * ENTRIES)
        .at_least(ENTRIES).warmed(),

    Workload::new("create", "a new file, opened and closed", names::create, 500).of("files"),
    Workload::new("rename", "a file, within its directory", names::rename, 500).of("files"),
    Workload::new("unlink", "a file", names::unlink, 500).of("files"),
    Workload::new("mkdir", "a new directory", names::mkdir, 200).of("directories"),
    Workload::new("rmdir", "an empty directory", names::rmdir, 200).of("directories"),

    Workload::new("tar-x", "tar x of 2,000 files", programs::tar, 1).of("tree"),
    Workload::new("rm-rf", "rm -rf of 2,000 files", programs::rm, 1).of("tree"),
    Workload::new("grep-cold", "grep -r in 2,000 files, of which the kernel knows nothing", programs::grep, 1)
        .cold(),
    Workload::new("grep-warm", "grep -r in 2,000 files", programs::grep, 1).warmed(),
    Workload::new("git-status", "git status in 2,000 files", programs::git_status, 2).warmed(),

    Workload::new("fstat-clients/1", "the status of an open file, by one client", metadata::client_fstat, 20_000).by(1)
        .warmed(),
    Workload::new("fstat-clients/2", "the same by 2 clients, each with its file", metadata::client_fstat, 10_000).by(2)
        .warmed(),
    Workload::new("fstat-clients/4", "the same by 4 clients", metadata::client_fstat, 5_000).by(4)
        .warmed(),
    Workload::new("fstat-clients/8", "the same by 8 clients", metadata::client_fstat, 2_500).by(8)
        .warmed(),
    Workload::new("create-clients/1", "new files, by one client", names::client_create, 400).by(1)
        .undone_by(names::client_clear),
    Workload::new("create-clients/2", "the same by 2 clients, each in its directory", names::client_create, 200).by(2)
        .undone_by(names::client_clear),
    Workload::new("create-clients/4", "the same by 4 clients", names::client_create, 100).by(4)
        .undone_by(names::client_clear),
    Workload::new("create-clients/8", "the same by 8 clients", names::client_create, 50).by(8)
        .undone_by(names::client_clear),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_a_group_stands_together() {
        for (index, workload) in WORKLOADS.iter().enumerate() {
            assert!(std::ptr::eq(find(workload.name).unwrap(), workload), "{}", workload.name);
            let before = &WORKLOADS[..index];
            let is_begun = before.iter().any(|other| other.group == workload.group);
            let is_next = before.last().is_some_and(|last| last.group == workload.group);
            assert_eq!(is_begun, is_next, "{}", workload.name);
        }
    }

    #[test]
    fn what_is_to_find_warm_caches_is_done_before_unless_it_changes_something() {
        let changing = ["files", "directories", "tree"];
        for workload in WORKLOADS {
            let is_changing = changing.contains(&workload.group) || workload.name.starts_with("create-clients");
            let is_warmed = !is_changing && !workload.is_cold;
            assert_eq!(workload.warm_up.is_some(), is_warmed, "{}", workload.name);
        }
    }

    #[test]
    fn the_part_before_a_slash_means_all_of_it() {
        let meant = |name: &str| WORKLOADS.iter().filter(|workload| workload.is_meant_by(name)).count();
        assert_eq!([meant("stat"), meant("seq-read"), meant("create-clients/8"), meant("crea")], [1, 2, 1, 0]);
    }
}
