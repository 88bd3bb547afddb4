//! The trace of a mount: one [`Record`] for each request that it answered.

mod record;
mod settings;

pub use record::{Args, Record, RequestKind, Time};
pub use settings::{Level, Policy};

type Sink = dyn Fn(&Record<'_>) + Send + Sync;

/// Takes each record of a mount, on the thread that served the request.
///
/// A mount without a tracer reads no clock and makes no record.
pub struct Tracer(Box<Sink>);

impl Tracer {
    /// A tracer that gives each record to `sink`.
    pub fn new(sink: impl Fn(&Record<'_>) + Send + Sync + 'static) -> Self {
        Tracer(Box::new(sink))
    }

    /// Takes a record.
    pub fn record(&self, record: &Record<'_>) {
        (self.0)(record);
    }
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracer").finish_non_exhaustive()
    }
}
