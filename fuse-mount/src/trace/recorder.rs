//! Takes the records of a mount: counts them, and sends them to the trace.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use super::filter::Filter;
use super::lane::{self, Receiver, Sender};
use super::marks::{Counts, Header};
use super::record::{Record, RequestKind};
use super::settings::Policy;
use super::who::{Openers, Threads, Who};
use super::writer::Writer;
use super::{Event, Tracer, wire};
use crate::exit::Failure;
use crate::summary::{Counted, Table};

/// How long an operation that finds no room sleeps before it looks again.
const FULL_PAUSE: Duration = Duration::from_micros(100);

/// The recorder of one mount.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<io::Result<()>>>,
}

/// What workers and writer share.
#[derive(Debug)]
pub(super) struct Shared {
    filter: Filter,
    policy: Policy,
    has_output: bool,
    counts: bool,
    /// The next ticket; see [`lane`].
    pub(super) tickets: AtomicU64,
    openers: Openers,
    /// Lanes that the writer has not taken over yet.
    new_lanes: Mutex<Vec<Receiver>>,
    workers: Mutex<Vec<Arc<Worker>>>,
    writer: OnceLock<Thread>,
    /// No record comes any more.
    pub(super) is_closing: AtomicBool,
}

/// What one worker counts. Its locks are its own but for the moments when somebody looks.
#[derive(Debug, Default)]
struct Worker {
    counted: Mutex<PerKind>,
    dropped: Mutex<Dropped>,
}

/// What was counted of each kind that came.
#[derive(Debug)]
struct PerKind([Option<Box<Counted>>; RequestKind::ALL.len()]);

impl Default for PerKind {
    fn default() -> Self {
        PerKind(std::array::from_fn(|_| None))
    }
}

/// Records that found no room, and from when to when, on the monotonic clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Dropped {
    pub(super) counts: Counts,
    pub(super) from_ns: u64,
    pub(super) to_ns: u64,
}

/// What a thread keeps of its recorder.
struct Lane {
    shared: Arc<Shared>,
    sender: Sender,
    encoded: Vec<u8>,
    threads: Threads,
    /// The thread whose request is being served, and what it was when the request arrived.
    caller: Option<(u32, Who)>,
    /// The place of the record of that request, once it is to be answered.
    place: Option<Place>,
    worker: Arc<Worker>,
}

/// Where a record will stand. It is taken before the request is answered, so that whatever the
/// caller does next stands after it.
#[derive(Clone, Copy, Debug)]
enum Place {
    Ticket(u64),
    /// There is no room, and nobody is to wait for it.
    Dropped,
}

thread_local! {
    static LANE: RefCell<Option<Lane>> = const { RefCell::new(None) };
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
            workers: Mutex::default(),
            writer: OnceLock::new(),
            is_closing: AtomicBool::new(false),
        });
        Ok(Recorder { shared, writer: None })
    }

    /// What the mount gives its records to.
    pub fn tracer(&self) -> Tracer {
        let shared = Arc::clone(&self.shared);
        Tracer::new(move |event| {
            let kind = match event {
                Event::Arrived { kind, .. } | Event::Answering { kind, .. } => kind,
                Event::Recorded(record) => record.kind,
            };
            // Of what is never kept, the handles matter all the same.
            if shared.filter.keeps_kind(kind) || is_about_handles(kind) {
                with_lane(&shared, |lane| lane.hear(event));
            }
        })
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

/// Calls `work` with the lane of this thread.
fn with_lane(shared: &Arc<Shared>, work: impl FnOnce(&mut Lane)) {
    LANE.with_borrow_mut(|lane| {
        let lane = match lane {
            Some(lane) if Arc::ptr_eq(&lane.shared, shared) => lane,
            _ => lane.insert(Lane::new(shared)),
        };
        work(lane);
    });
}

/// Whether a handle's opener is learnt or forgotten: also where the record itself is not kept.
fn is_about_handles(kind: RequestKind) -> bool {
    use RequestKind::{Create, Open, Opendir, Release, Releasedir};
    matches!(kind, Create | Open | Opendir | Release | Releasedir)
}

impl Lane {
    fn new(shared: &Arc<Shared>) -> Self {
        let (sender, receiver) = lane::lane();
        let worker = Arc::new(Worker::default());
        lock(&shared.new_lanes).push(receiver);
        lock(&shared.workers).push(Arc::clone(&worker));
        Lane {
            shared: Arc::clone(shared),
            sender,
            encoded: Vec::with_capacity(1024),
            threads: Threads::default(),
            caller: None,
            place: None,
            worker,
        }
    }

    fn hear(&mut self, event: Event<'_, '_>) {
        match event {
            Event::Arrived { kind, tid, handle } => self.arrived(kind, tid, handle),
            Event::Answering { kind, opened } => self.answering(kind, opened),
            Event::Recorded(record) => self.record(record),
        }
    }

    /// Finds out who asks, while it waits.
    fn arrived(&mut self, kind: RequestKind, tid: u32, handle: Option<u64>) {
        if !self.shared.needs_who() {
            return;
        }
        let closed = if matches!(kind, RequestKind::Release | RequestKind::Releasedir) { handle } else { None };
        let opener = closed.and_then(|handle| self.shared.openers.remove(handle));
        let who = opener.or_else(|| self.threads.process_of(tid));
        self.caller = who.or_else(|| self.shared.openers.get(handle?)).map(|who| (tid, who));
    }

    /// Takes the record's place, and learns who has opened a handle before it can be closed.
    fn answering(&mut self, kind: RequestKind, opened: Option<u64>) {
        if let (Some(handle), Some((_, who))) = (opened, self.caller) {
            self.shared.openers.insert(handle, who);
        }
        if !self.shared.has_output || !self.shared.filter.keeps_kind(kind) {
            return;
        }
        self.leave_place();
        let sheds = self.shared.policy == Policy::Monitor && !self.sender.has_room(wire::ENCODED_MAX);
        self.place = Some(if sheds { Place::Dropped } else { self.next_place() });
    }

    fn record(&mut self, record: &Record<'_>) {
        let who = match self.caller.take() {
            Some((tid, who)) if tid == record.tid => who,
            _ if self.shared.needs_who() => self.threads.process_of(record.tid).unwrap_or_default(),
            _ => Who::default(),
        };
        if !self.shared.filter.keeps_kind(record.kind) || !self.shared.filter.keeps(record, &who) {
            return self.leave_place();
        }
        if self.shared.counts {
            let mut counted = lock(&self.worker.counted);
            counted.0[record.kind as usize].get_or_insert_default().add(record.duration_ns, record.errno.is_some());
        }
        if !self.shared.has_output {
            return;
        }
        // A request without an answer, or whose answer a panic has sent, has no place yet.
        if self.place.is_none() {
            self.answering(record.kind, None);
        }
        match self.place.take() {
            Some(Place::Ticket(ticket)) => {
                wire::encode(&mut self.encoded, record, who);
                wire::set_ticket(&mut self.encoded, ticket);
                self.send();
            }
            _ => lock(&self.worker.dropped).add(record),
        }
    }

    fn next_place(&self) -> Place {
        Place::Ticket(self.shared.tickets.fetch_add(1, Ordering::Relaxed))
    }

    /// Fills a place that was taken for nothing: the writer waits for each.
    fn leave_place(&mut self) {
        if let Some(Place::Ticket(ticket)) = self.place.take() {
            self.encoded.clear();
            self.encoded.extend_from_slice(&wire::nothing());
            wire::set_ticket(&mut self.encoded, ticket);
            self.send();
        }
    }

    /// Puts in what was encoded; it waits for room. A monitor has made sure that there is some.
    fn send(&mut self) {
        while !self.sender.try_send(&self.encoded) {
            self.shared.wake_writer();
            thread::sleep(FULL_PAUSE);
        }
        if self.sender.is_filling() {
            self.shared.wake_writer();
        }
    }
}

impl Dropped {
    fn add(&mut self, record: &Record<'_>) {
        if self.counts.total() == 0 {
            self.from_ns = record.start_ns;
        }
        self.counts.add(record.kind);
        self.from_ns = self.from_ns.min(record.start_ns);
        self.to_ns = self.to_ns.max(record.start_ns);
    }

    fn merge(&mut self, other: &Dropped) {
        if other.counts.total() == 0 {
            return;
        }
        let is_first = self.counts.total() == 0;
        self.from_ns = if is_first { other.from_ns } else { self.from_ns.min(other.from_ns) };
        self.to_ns = self.to_ns.max(other.to_ns);
        self.counts.merge(&other.counts);
    }
}

impl Shared {
    /// The lanes that have come since the last time.
    pub(super) fn take_new_lanes(&self) -> Vec<Receiver> {
        std::mem::take(&mut *lock(&self.new_lanes))
    }

    /// What was dropped since the last time.
    pub(super) fn take_dropped(&self) -> Dropped {
        let mut all = Dropped::default();
        for worker in lock(&self.workers).iter() {
            all.merge(&std::mem::take(&mut *lock(&worker.dropped)));
        }
        all
    }

    /// The table so far, if one was asked for.
    pub(super) fn table(&self) -> Option<Table> {
        if !self.counts {
            return None;
        }
        let mut all = PerKind::default();
        for worker in lock(&self.workers).iter() {
            for (sum, counted) in all.0.iter_mut().zip(&lock(&worker.counted).0) {
                if let Some(counted) = counted {
                    sum.get_or_insert_default().merge(counted);
                }
            }
        }
        let rows = RequestKind::ALL.iter().zip(&all.0);
        Some(Table::new(rows.filter_map(|(kind, counted)| Some(counted.as_ref()?.row(kind.as_str())))))
    }

    /// Whether it matters who asks.
    fn needs_who(&self) -> bool {
        self.has_output || self.filter.needs_who()
    }

    fn wake_writer(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }
}

/// A panic elsewhere does not make what was counted wrong.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::Value;

    use super::super::record::Args;
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
