//! Takes the records of a mount: counts them, and sends them to the trace.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, JoinHandle, Thread};

use super::filter::Filter;
use super::lane::{self, Receiver, Sender};
use super::marks::Header;
use super::settings::Policy;
use super::tally::{Dropped, PerKind, Tally, lock};
use super::who::Openers;
use super::writer::Writer;
use super::{Tracer, listener};
use crate::exit::Failure;
use crate::summary::Table;

/// The recorder of one mount.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<io::Result<()>>>,
}

/// What workers and writer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) filter: Filter,
    pub(super) policy: Policy,
    pub(super) has_output: bool,
    pub(super) counts: bool,
    /// The next ticket; see [`lane`].
    pub(super) tickets: AtomicU64,
    pub(super) openers: Openers,
    /// Lanes that the writer has not taken over yet.
    new_lanes: Mutex<Vec<Receiver>>,
    tallies: Mutex<Vec<Arc<Tally>>>,
    writer: OnceLock<Thread>,
    /// No record comes any more.
    pub(super) is_closing: AtomicBool,
}

impl Recorder {
    /// A recorder that is going to write if `has_output`, and counts if `counts`.
    ///
    /// # Errors
    /// The filter of `header` cannot be read.
    pub fn new(header: &Header, has_output: bool, counts: bool) -> Result<Self, Failure> {
        let filter = header.filter.as_deref().map_or_else(|| Ok(Filter::all()), Filter::new)?;
        let shared = Arc::new(Shared {
            filter,
            policy: header.policy,
            has_output,
            counts,
            tickets: AtomicU64::new(0),
            openers: Openers::default(),
            new_lanes: Mutex::default(),
            tallies: Mutex::default(),
            writer: OnceLock::new(),
            is_closing: AtomicBool::new(false),
        });
        Ok(Recorder { shared, writer: None })
    }

    /// What the mount gives its records to.
    pub fn tracer(&self) -> Tracer {
        let shared = Arc::clone(&self.shared);
        Tracer::new(move |event| listener::hear(&shared, event))
    }

    /// Begins to write to `output`. Records that came before wait until now.
    ///
    /// # Errors
    /// The first line cannot be written, or no thread be started.
    pub fn start(&mut self, header: &Header, output: File) -> io::Result<()> {
        let writer = Writer::begin(Arc::clone(&self.shared), output, header)?;
        let thread = thread::Builder::new().name("trace".into()).spawn(|| writer.run())?;
        // Set once: this is the only place.
        let _ = self.shared.writer.set(thread.thread().clone());
        self.writer = Some(thread);
        Ok(())
    }

    /// Writes what is left, and the last line; gives the table if it was asked for.
    ///
    /// # Errors
    /// Something could not be written. What was counted is right all the same.
    pub fn finish(self) -> (Option<Table>, io::Result<()>) {
        self.shared.is_closing.store(true, Ordering::Release);
        self.shared.wake_writer();
        let written = match self.writer.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(written)) => written,
            Some(Err(_)) => Err(io::Error::other("the thread that writes it has died")),
        };
        (self.shared.table(), written)
    }
}

impl Shared {
    /// Takes a worker in: what it sends to, and what it counts in.
    pub(super) fn join(&self) -> (Sender, Arc<Tally>) {
        let (sender, receiver) = lane::lane();
        let tally = Arc::new(Tally::default());
        lock(&self.new_lanes).push(receiver);
        lock(&self.tallies).push(Arc::clone(&tally));
        (sender, tally)
    }

    /// The lanes that have come since the last time.
    pub(super) fn take_new_lanes(&self) -> Vec<Receiver> {
        std::mem::take(&mut *lock(&self.new_lanes))
    }

    /// What was dropped since the last time.
    pub(super) fn take_dropped(&self) -> Dropped {
        let mut all = Dropped::default();
        lock(&self.tallies).iter().for_each(|tally| all.merge(&tally.take_dropped()));
        all
    }

    /// The table so far, if one was asked for.
    pub(super) fn table(&self) -> Option<Table> {
        if !self.counts {
            return None;
        }
        let mut all = PerKind::default();
        lock(&self.tallies).iter().for_each(|tally| tally.add_to(&mut all));
        Some(all.table())
    }

    /// Whether it matters who asks.
    pub(super) fn needs_who(&self) -> bool {
        self.has_output || self.filter.needs_who()
    }

    pub(super) fn wake_writer(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use serde_json::Value;

    use super::super::record::{Args, Record, RequestKind};
    use super::super::settings::Level;
    use super::*;
    use crate::options::{Cache, Passthrough};

    fn header(policy: Policy, filter: Option<&str>) -> Header {
        Header {
            source: PathBuf::from("/source"),
            mountpoint: PathBuf::from("/mountpoint"),
            read_only: false,
            cache: Cache::Tick,
            passthrough: Passthrough::Auto,
            threads: 2,
            level: Level::Meta,
            policy,
            filter: filter.map(str::to_owned),
        }
    }

    fn record(kind: RequestKind, path: &[u8]) -> Record<'_> {
        Record {
            kind,
            ino: 1,
            path,
            path2: None,
            ret: 0,
            errno: (path == b"no").then_some(libc::ENOENT),
            start_ns: 1,
            duration_ns: 10,
            tid: u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()).unwrap(),
            uid: 0,
            gid: 0,
            args: Args::default(),
        }
    }

    fn lines(file: &tempfile::NamedTempFile) -> Vec<Value> {
        let text = std::fs::read_to_string(file.path()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_record_of_every_thread_is_written_once_and_in_order() {
        const EACH: u64 = 6_000;
        let file = tempfile::NamedTempFile::new().unwrap();
        let header = header(Policy::Record, None);
        let mut recorder = Recorder::new(&header, true, true).unwrap();
        let tracer = recorder.tracer();
        recorder.start(&header, file.reopen().unwrap()).unwrap();
        // Far more than the rings hold: some have to wait.
        let name = "x".repeat(200);
        thread::scope(|scope| {
            for worker in 0..4 {
                let (tracer, name) = (&tracer, &name);
                scope.spawn(move || {
                    for index in 0..EACH {
                        tracer.record(&record(RequestKind::Lookup, format!("{name}/{worker}/{index}").as_bytes()));
                    }
                });
            }
        });
        let (table, written) = recorder.finish();
        written.unwrap();
        let row = &table.unwrap().rows()[0].clone();
        assert_eq!((row.op.as_str(), row.calls, row.total_ns), ("lookup", 4 * EACH, 40 * EACH));

        let lines = lines(&file);
        assert_eq!(lines.len() as u64, 4 * EACH + 2);
        let mut next = [0; 4];
        for (seq, line) in lines.iter().enumerate() {
            assert_eq!(line["seq"], seq);
            let Some((worker, index)) = line["path"].as_str().unwrap().rsplit_once('/') else { continue };
            let worker: usize = worker.rsplit_once('/').unwrap().1.parse().unwrap();
            assert_eq!(index.parse::<u64>().unwrap(), next[worker], "in the order of its thread");
            next[worker] += 1;
            assert_eq!(line["pid"], std::process::id());
        }
        let (first, last) = (&lines[0], &lines[lines.len() - 1]);
        assert_eq!((&first["type"], &first["op"], &first["schema"]), (&"begin".into(), &"begin".into(), &1.into()));
        assert_eq!((&last["type"], &last["records"]), (&"end".into(), &(4 * EACH).into()));
        assert_eq!(last["written"]["lookup"], 4 * EACH);
        assert_eq!(last["summary"][0]["calls"], 4 * EACH);
    }

    #[test]
    fn what_comes_after_an_answer_stands_after_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let header = header(Policy::Record, Some("path!=left"));
        let mut recorder = Recorder::new(&header, true, false).unwrap();
        let tracer = recorder.tracer();
        recorder.start(&header, file.reopen().unwrap()).unwrap();
        // This thread has answered, and is held up before it has recorded that.
        tracer.arrived(RequestKind::Mkdir, 0, None);
        tracer.answering(RequestKind::Mkdir, None);
        thread::scope(|scope| {
            scope.spawn(|| {
                for path in ["left", "second"] {
                    tracer.arrived(RequestKind::Rmdir, 0, None);
                    tracer.answering(RequestKind::Rmdir, None);
                    tracer.record(&record(RequestKind::Rmdir, path.as_bytes()));
                }
            });
        });
        thread::sleep(Duration::from_millis(100));
        assert_eq!(lines(&file).len(), 1, "the second waits for the first");
        tracer.record(&record(RequestKind::Mkdir, b"first"));
        recorder.finish().1.unwrap();
        let lines = lines(&file);
        let paths: Vec<&Value> = lines[1..lines.len() - 1].iter().map(|line| &line["path"]).collect();
        assert_eq!(paths, ["first", "second"]);
        assert_eq!(lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }

    #[test]
    fn a_monitor_drops_and_says_what() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let header = header(Policy::Monitor, None);
        let mut recorder = Recorder::new(&header, true, true).unwrap();
        let tracer = recorder.tracer();
        // Nobody takes them yet.
        for _ in 0..20_000 {
            tracer.record(&record(RequestKind::Getattr, b"a"));
        }
        tracer.record(&record(RequestKind::Unlink, &[b'b'; 4000]));
        recorder.start(&header, file.reopen().unwrap()).unwrap();
        let (table, written) = recorder.finish();
        written.unwrap();
        let lines = lines(&file);
        let dropped = lines.iter().find(|line| line["type"] == "drop").unwrap();
        let count = |line: &Value, op: &str| line["dropped"][op].as_u64().unwrap_or(0);
        assert!(count(dropped, "getattr") > 0 && count(dropped, "unlink") == 1, "{dropped}");
        let last = lines.last().unwrap();
        assert_eq!(last["records"].as_u64().unwrap() + count(last, "getattr") + count(last, "unlink"), 20_001);
        assert_eq!(
            lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect::<Vec<_>>(),
            (0..lines.len() as u64).collect::<Vec<_>>()
        );
        assert_eq!(table.unwrap().rows().iter().map(|row| row.calls).sum::<u64>(), 20_001, "the table has all");
    }

    #[test]
    fn a_full_disk_stops_the_trace_and_not_the_mount() {
        let header = header(Policy::Record, None);
        let mut recorder = Recorder::new(&header, true, false).unwrap();
        let tracer = recorder.tracer();
        let full = File::options().write(true).open("/dev/full").unwrap();
        assert_eq!(recorder.start(&header, full).unwrap_err().raw_os_error(), Some(libc::ENOSPC));

        // A pipe whose reader goes away later.
        let (read, write) = rustix::pipe::pipe().unwrap();
        recorder.start(&header, write.into()).unwrap();
        drop(read);
        for _ in 0..50_000 {
            tracer.record(&record(RequestKind::Getattr, b"a"));
        }
        let (table, written) = recorder.finish();
        assert_eq!(written.unwrap_err().raw_os_error(), Some(libc::EPIPE));
        assert_eq!(table, None);
    }

    #[test]
    fn what_does_not_fit_is_neither_written_nor_counted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let header = header(Policy::Record, Some("op=lookup path!=a"));
        let mut recorder = Recorder::new(&header, true, true).unwrap();
        let tracer = recorder.tracer();
        recorder.start(&header, file.reopen().unwrap()).unwrap();
        for (kind, path) in [(RequestKind::Lookup, "a"), (RequestKind::Lookup, "no"), (RequestKind::Open, "b")] {
            tracer.record(&record(kind, path.as_bytes()));
        }
        let (table, _) = recorder.finish();
        assert_eq!(table.unwrap().rows().iter().map(|row| (row.calls, row.errors)).collect::<Vec<_>>(), [(1, 1)]);
        let lines = lines(&file);
        assert_eq!(lines.len(), 3);
        assert_eq!(
            (&lines[1]["path"], &lines[1]["errno"], &lines[0]["filter"]),
            (&"no".into(), &"ENOENT".into(), &"op=lookup path!=a".into())
        );
    }

    #[test]
    fn a_caller_that_is_gone_when_its_request_is_recorded_was_known_when_it_arrived() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let header = header(Policy::Record, None);
        let mut recorder = Recorder::new(&header, true, false).unwrap();
        let tracer = recorder.tracer();
        recorder.start(&header, file.reopen().unwrap()).unwrap();
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        thread::sleep(Duration::from_millis(50));
        tracer.arrived(RequestKind::Getattr, child.id(), None);
        child.kill().unwrap();
        child.wait().unwrap();
        thread::sleep(Duration::from_millis(1));
        let late = Record { tid: child.id(), ..record(RequestKind::Getattr, b"a") };
        tracer.record(&late);
        tracer.record(&late);
        recorder.finish().1.unwrap();
        let lines = lines(&file);
        assert_eq!((&lines[1]["pid"], &lines[1]["comm"]), (&child.id().into(), &"sleep".into()));
        assert_eq!((&lines[2]["pid"], &lines[2]["comm"]), (&0.into(), &"".into()), "each arrival serves one record");
    }

    #[test]
    fn a_release_belongs_to_who_opened() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let header = header(Policy::Record, Some("op=release"));
        let mut recorder = Recorder::new(&header, true, false).unwrap();
        let tracer = recorder.tracer();
        recorder.start(&header, file.reopen().unwrap()).unwrap();
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let of_child =
            |kind| Record { tid: child.id(), args: Args { handle: Some(5), ..Args::default() }, ..record(kind, b"a") };
        let (open, release) = (of_child(RequestKind::Open), of_child(RequestKind::Release));
        thread::sleep(Duration::from_millis(50));
        tracer.arrived(RequestKind::Open, child.id(), None);
        tracer.answering(RequestKind::Open, Some(5));
        tracer.record(&open);
        child.kill().unwrap();
        child.wait().unwrap();
        tracer.arrived(RequestKind::Release, child.id(), Some(5));
        tracer.answering(RequestKind::Release, None);
        tracer.record(&release);
        recorder.finish().1.unwrap();
        let lines = lines(&file);
        assert_eq!(
            (&lines[1]["op"], &lines[1]["pid"], &lines[1]["comm"]),
            (&"release".into(), &child.id().into(), &"sleep".into())
        );
    }
}
