//! The thread that writes the trace.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::lane::Receiver;
use super::marks::{self, Header, Totals};
use super::recorder::Shared;
use super::{json, wire};

/// How long records wait at most before they are written.
const PAUSE: Duration = Duration::from_millis(40);

/// How long a record that was announced is waited for at the end.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much is formatted before it is written.
const CHUNK_LEN: usize = 256 << 10;

/// A step of the wall clock that is followed: smaller ones would make times go back for nothing.
const STEP_NS: i64 = 1_000_000;

/// The writer, on its own thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    output: File,
    lanes: Vec<Receiver>,
    /// The ticket whose turn it is.
    next: u64,
    /// The number of the next line.
    seq: u64,
    lines: Vec<u8>,
    totals: Totals,
    epoch_ns: i64,
    /// Why nothing is written any more. Records are still taken, so that nobody waits for room.
    failed: Option<io::Error>,
}

impl Writer {
    /// Writes the first line.
    pub(super) fn begin(shared: Arc<Shared>, output: File, header: &Header) -> io::Result<Self> {
        let mut writer = Writer {
            shared,
            output,
            lanes: Vec::new(),
            next: 0,
            seq: 1,
            lines: Vec::with_capacity(CHUNK_LEN + (CHUNK_LEN >> 2)),
            totals: Totals::default(),
            epoch_ns: epoch_ns(),
            failed: None,
        };
        let now_ns = now_ns();
        marks::begin(&mut writer.lines, header, writer.epoch_ns.saturating_add_unsigned(now_ns), now_ns);
        writer.write();
        writer.failed.take().map_or(Ok(writer), Err)
    }

    /// Writes until the recorder is closing and all is written.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut closing_since = None;
        loop {
            // In this order: all that was recorded before the closing is then seen.
            let is_closing = self.shared.is_closing.load(Ordering::Acquire);
            let before = self.next;
            self.drain();
            if !is_closing {
                thread::park_timeout(PAUSE);
                continue;
            }
            if self.next == self.shared.tickets.load(Ordering::Acquire) {
                break;
            }
            // A worker is between its answer and its record, which is a moment, unless it has died.
            let since = *closing_since.get_or_insert_with(Instant::now);
            if self.next != before {
                closing_since = None;
            } else if since.elapsed() > PATIENCE {
                self.failed = self.failed.or(Some(io::Error::other("a worker has died before it had recorded")));
                break;
            }
            thread::sleep(Duration::from_micros(100));
        }
        self.totals.summary = self.shared.table();
        let t_ns = self.epoch_ns.saturating_add_unsigned(now_ns());
        marks::end(&mut self.lines, self.seq, &self.totals, t_ns);
        self.write();
        self.failed.map_or(Ok(()), Err)
    }

    /// Writes what is there, in the order of the tickets.
    fn drain(&mut self) {
        self.follow_the_clock();
        self.lanes.extend(self.shared.take_new_lanes());
        self.write_ready();
        let dropped = self.shared.take_dropped();
        if dropped.counts.total() > 0 {
            let [from_ns, to_ns] = [dropped.from_ns, dropped.to_ns].map(|ns| self.epoch_ns.saturating_add_unsigned(ns));
            marks::dropped(&mut self.lines, self.seq, &dropped.counts, from_ns, to_ns);
            self.seq += 1;
            self.totals.dropped.merge(&dropped.counts);
        }
        self.write();
        self.lanes.retain_mut(|lane| !lane.is_over());
    }

    fn write_ready(&mut self) {
        loop {
            let before = self.next;
            for index in 0..self.lanes.len() {
                while self.lanes[index].head_ticket() == Some(self.next) {
                    self.write_head(index);
                    self.next += 1;
                }
            }
            if self.next == before {
                return;
            }
        }
    }

    fn write_head(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        if !wire::is_nothing(lane.head()) {
            let entry = wire::decode(lane.head());
            json::entry(&mut self.lines, self.seq, &entry, self.epoch_ns);
            self.totals.written.add(entry.record.kind);
            self.seq += 1;
        }
        lane.advance();
        if self.lines.len() >= CHUNK_LEN {
            self.write();
        }
    }

    /// Writes whole lines, so that a reader of a trace that was cut off finds few broken ones.
    fn write(&mut self) {
        if self.failed.is_none() && !self.lines.is_empty() {
            self.failed = self.output.write_all(&self.lines).err();
        }
        self.lines.clear();
    }

    /// The wall clock may be set, and goes on while the machine sleeps.
    fn follow_the_clock(&mut self) {
        let epoch_ns = epoch_ns();
        if (epoch_ns - self.epoch_ns).abs() > STEP_NS {
            self.epoch_ns = epoch_ns;
        }
    }
}

/// When the monotonic clock was 0, in nanoseconds of the wall clock.
fn epoch_ns() -> i64 {
    let wall = clock_gettime(ClockId::Realtime);
    let wall_ns = wall.tv_sec.saturating_mul(1_000_000_000).saturating_add(wall.tv_nsec);
    wall_ns.saturating_sub_unsigned(now_ns())
}

fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
