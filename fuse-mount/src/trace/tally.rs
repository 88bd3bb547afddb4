//! What a worker counts: calls, errors and times, and the records that found no room.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::marks::Counts;
use super::record::{Record, RequestKind};
use crate::summary::{Counted, Table};

/// What one worker counts. Its locks are its own but for the moments when somebody looks.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counted: Mutex<PerKind>,
    dropped: Mutex<Dropped>,
}

/// What was counted of each kind that came.
#[derive(Debug)]
pub(super) struct PerKind([Option<Box<Counted>>; RequestKind::ALL.len()]);

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

impl Tally {
    /// PerKind a record.
    pub(super) fn count(&self, record: &Record<'_>) {
        let mut counted = lock(&self.counted);
        counted.0[record.kind as usize].get_or_insert_default().add(record.duration_ns, record.errno.is_some());
    }

    /// PerKind a record that found no room.
    pub(super) fn drop_one(&self, record: &Record<'_>) {
        lock(&self.dropped).add(record);
    }

    /// What was dropped since the last time.
    pub(super) fn take_dropped(&self) -> Dropped {
        std::mem::take(&mut *lock(&self.dropped))
    }

    /// Adds what was counted to that of others.
    pub(super) fn add_to(&self, all: &mut PerKind) {
        for (sum, counted) in all.0.iter_mut().zip(&lock(&self.counted).0) {
            if let Some(counted) = counted {
                sum.get_or_insert_default().merge(counted);
            }
        }
    }
}

impl PerKind {
    pub(super) fn table(&self) -> Table {
        let rows = RequestKind::ALL.iter().zip(&self.0);
        Table::new(rows.filter_map(|(kind, counted)| Some(counted.as_ref()?.row(kind.as_str()))))
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

    pub(super) fn merge(&mut self, other: &Dropped) {
        if other.counts.total() == 0 {
            return;
        }
        let is_first = self.counts.total() == 0;
        self.from_ns = if is_first { other.from_ns } else { self.from_ns.min(other.from_ns) };
        self.to_ns = self.to_ns.max(other.to_ns);
        self.counts.merge(&other.counts);
    }
}

/// A panic elsewhere does not make what was counted wrong.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
