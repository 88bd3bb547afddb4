//! The thread that writes the trace.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::lane::Receiver;
use super::marks::{self, Header, Totals};
use super::recorder::Shared;
use super::{json, wire};

/// How long records wait at most before they are written.
const PAUSE: Duration = Duration::from_millis(40);

/// How much is formatted before it is written.
const CHUNK_LEN: usize = 256 << 10;

/// A step of the wall clock that is followed: smaller ones would make times go back for nothing.
const STEP_NS: i64 = 1_000_000;

/// The writer, on its own thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    output: File,
    lanes: Vec<Receiver>,
    /// The number of the next line.
    next: u64,
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
            next: 1,
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
        loop {
            // In this order: all that was recorded before the closing is then seen.
            let is_closing = self.shared.is_closing.load(Ordering::Acquire);
            self.drain();
            if is_closing && self.next == self.shared.seq.load(Ordering::Acquire) {
                break;
            }
            if !is_closing {
                thread::park_timeout(PAUSE);
            }
        }
        self.totals.summary = self.shared.table();
        let t_ns = self.epoch_ns.saturating_add_unsigned(now_ns());
        marks::end(&mut self.lines, self.next, &self.totals, t_ns);
        self.write();
        self.failed.map_or(Ok(()), Err)
    }

    /// Writes what is there, in the order of the numbers.
    fn drain(&mut self) {
        self.follow_the_clock();
        self.lanes.extend(self.shared.take_new_lanes());
        let dropped = self.shared.take_dropped();
        if dropped.counts.total() > 0 {
            let seq = self.shared.seq.fetch_add(1, Ordering::Relaxed);
            self.write_until(seq);
            let [from_ns, to_ns] = [dropped.from_ns, dropped.to_ns].map(|ns| self.epoch_ns.saturating_add_unsigned(ns));
            marks::dropped(&mut self.lines, seq, &dropped.counts, from_ns, to_ns);
            self.totals.dropped.merge(&dropped.counts);
            self.next = seq + 1;
        }
        self.write_ready();
        self.write();
        self.lanes.retain_mut(|lane| !lane.is_over());
    }

    /// Writes all before a number that has been taken. Those that have been taken before it
    /// are there, or will be in a moment.
    fn write_until(&mut self, seq: u64) {
        while self.next < seq {
            self.write_ready();
            if self.next < seq {
                self.lanes.extend(self.shared.take_new_lanes());
                thread::yield_now();
            }
        }
    }

    fn write_ready(&mut self) {
        loop {
            let before = self.next;
            for index in 0..self.lanes.len() {
                while self.lanes[index].head_seq() == Some(self.next) {
                    let entry = wire::decode(self.lanes[index].head());
                    json::entry(&mut self.lines, &entry, self.epoch_ns);
                    self.totals.written.add(entry.record.kind);
                    self.lanes[index].advance();
                    self.next += 1;
                    if self.lines.len() >= CHUNK_LEN {
                        self.write();
                    }
                }
            }
            if self.next == before {
                return;
            }
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
