//! The trace of a mount: one [`Record`] for each request that it answered.
//!
//! The way of a record: the worker that served the request finds out who asked (`who`), drops
//! it if it does not fit the `filter`, counts it, puts it as bytes (`wire`) into a bounded ring of
//! its own (`lane`); one thread (`writer`) takes the records of all rings in the order of their
//! numbers and writes them as lines (`json`), with lines of its own at the beginning and the end
//! (`marks`). On the way there is no lock that two threads want, and in the steady state no allocation.

mod destination;
mod filter;
mod glob;
mod json;
mod lane;
mod marks;
mod reader;
mod record;
mod recorder;
mod settings;
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

type Sink = dyn Fn(&Record<'_>) + Send + Sync;
type Arrival = dyn Fn(RequestKind, u32) + Send + Sync;

/// Takes each record of a mount, on the thread that served the request.
///
/// A mount without a tracer reads no clock and makes no record.
pub struct Tracer {
    arrival: Option<Box<Arrival>>,
    sink: Box<Sink>,
}

impl Tracer {
    /// A tracer that gives each record to `sink`.
    pub fn new(sink: impl Fn(&Record<'_>) + Send + Sync + 'static) -> Self {
        Tracer { arrival: None, sink: Box::new(sink) }
    }

    /// The same, which also hears of each request before it is served: its kind, and the thread
    /// that asks.
    pub fn hearing(self, arrival: impl Fn(RequestKind, u32) + Send + Sync + 'static) -> Self {
        Tracer { arrival: Some(Box::new(arrival)), ..self }
    }

    /// A request has arrived. To be called before it is answered, on the thread that serves it:
    /// until then the caller waits, and can be looked at; after that it may be gone.
    pub fn arrived(&self, kind: RequestKind, tid: u32) {
        if let Some(arrival) = &self.arrival {
            arrival(kind, tid);
        }
    }

    /// Takes a record.
    pub fn record(&self, record: &Record<'_>) {
        (self.sink)(record);
    }
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracer").finish_non_exhaustive()
    }
}
