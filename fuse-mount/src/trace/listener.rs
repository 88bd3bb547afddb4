//! What a worker does about a request: it finds out who asks, takes the record's place before the
//! answer, and sends the record to the writer.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::lane::Sender;
use super::record::{Record, RequestKind};
use super::recorder::Shared;
use super::settings::Policy;
use super::tally::Tally;
use super::who::{Threads, Who};
use super::{Event, wire};

/// How long an operation that finds no room sleeps before it looks again.
const FULL_PAUSE: Duration = Duration::from_micros(100);

/// What a thread keeps of its recorder.
struct Listener {
    shared: Arc<Shared>,
    sender: Sender,
    encoded: Vec<u8>,
    threads: Threads,
    /// The thread whose request is being served, and what it was when the request arrived.
    caller: Option<(u32, Who)>,
    /// The place of the record of that request, once it is to be answered.
    place: Option<Place>,
    tally: Arc<Tally>,
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
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Does what an event asks for, on the thread that serves the request.
pub(super) fn hear(shared: &Arc<Shared>, event: Event<'_, '_>) {
    let kind = match event {
        Event::Arrived { kind, .. } | Event::Answering { kind, .. } => kind,
        Event::Recorded(record) => record.kind,
    };
    // Of what is never kept, the handles matter all the same.
    if !shared.filter.keeps_kind(kind) && !is_about_handles(kind) {
        return;
    }
    LISTENER.with_borrow_mut(|listener| {
        let listener = match listener {
            Some(listener) if Arc::ptr_eq(&listener.shared, shared) => listener,
            _ => listener.insert(Listener::new(shared)),
        };
        listener.hear(event);
    });
}

/// Whether a handle's opener is learnt or forgotten: also where the record itself is not kept.
fn is_about_handles(kind: RequestKind) -> bool {
    use RequestKind::{Create, Open, Opendir, Release, Releasedir};
    matches!(kind, Create | Open | Opendir | Release | Releasedir)
}

impl Listener {
    fn new(shared: &Arc<Shared>) -> Self {
        let (sender, tally) = shared.join();
        Listener {
            shared: Arc::clone(shared),
            sender,
            encoded: Vec::with_capacity(1024),
            threads: Threads::default(),
            caller: None,
            place: None,
            tally,
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
            self.tally.count(record);
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
            _ => self.tally.drop_one(record),
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
