//! The trace of a mount: one [`Record`] for each request that it answered.
//!
//! The way of a record: the worker that served the request finds out who asked (`who`), drops
//! it if it does not fit the `filter`, counts it, puts it as bytes (`wire`) into a bounded ring of
//! its own (`lane`); one thread (`writer`) takes the records of all rings in the order of their
//! answers and writes them as lines (`json`), with lines of its own at the beginning and the end
//! (`marks`). On the way there is no lock that two threads want, and in the steady state no allocation.

mod destination;
mod filter;
mod glob;
mod json;
mod lane;
mod listener;
mod marks;
mod reader;
mod record;
mod recorder;
mod settings;
mod tally;
mod who;
mod wire;
mod writer;

pub use destination::Destination;
pub use marks::Header;
pub(crate) use reader::field_bytes;
pub use reader::{Line, Reader};
pub use record::{Args, Record, RequestKind, Time};
pub use recorder::Recorder;
pub use settings::{Level, Policy};

type Listener = dyn Fn(Event<'_, '_>) + Send + Sync;

/// Hears of each request of a mount, on the thread that serves it.
///
/// A mount without a tracer reads no clock and makes no record.
pub struct Tracer(Box<Listener>);

/// What a tracer hears of a request, in this order.
#[derive(Clone, Copy, Debug)]
pub enum Event<'e, 'r> {
    /// It has arrived.
    Arrived {
        /// What is asked.
        kind: RequestKind,
        /// The thread that asks, or has opened the handle; see [`Record::tid`].
        tid: u32,
        /// The handle that it is about.
        handle: Option<u64>,
    },
    /// It is about to be answered. Not heard of a request that has no answer, or that panicked.
    Answering {
        /// What is asked.
        kind: RequestKind,
        /// The handle that it has opened.
        opened: Option<u64>,
    },
    /// It is done.
    Recorded(&'e Record<'r>),
}

impl Tracer {
    /// A tracer that gives each event to `listener`.
    pub fn new(listener: impl Fn(Event<'_, '_>) + Send + Sync + 'static) -> Self {
        Tracer(Box::new(listener))
    }

    /// A request has arrived. Until it is answered its caller waits, and can be looked at; after
    /// that it may be gone.
    pub fn arrived(&self, kind: RequestKind, tid: u32, handle: Option<u64>) {
        (self.0)(Event::Arrived { kind, tid, handle });
    }

    /// A request is about to be answered: what its caller does next comes after it.
    pub fn answering(&self, kind: RequestKind, opened: Option<u64>) {
        (self.0)(Event::Answering { kind, opened });
    }

    /// Takes the record of a request.
    pub fn record(&self, record: &Record<'_>) {
        (self.0)(Event::Recorded(record));
    }
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracer").finish_non_exhaustive()
    }
}
