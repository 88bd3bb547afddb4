//! The way of a record from a worker to the writer: a bounded ring for each worker, without a
//! lock. Every record has a ticket, its place among the records of all workers; a worker takes its
//! tickets one after the other, so each ring is in order, and together the rings hold each once.

use rtrb::{Consumer, Producer, RingBuffer};

use super::wire::{self, LENGTH_LEN};

/// Room for some thousand records of usual length, and for the longest.
const RING_LEN: usize = 1 << 20;

/// The worker's end.
#[derive(Debug)]
pub(super) struct Sender {
    ring: Producer<u8>,
}

/// The writer's end.
#[derive(Debug)]
pub(super) struct Receiver {
    ring: Consumer<u8>,
    /// The first record of the ring, once it has been looked at.
    head: Vec<u8>,
}

/// A new lane.
pub(super) fn lane() -> (Sender, Receiver) {
    let (producer, consumer) = RingBuffer::new(RING_LEN);
    (Sender { ring: producer }, Receiver { ring: consumer, head: Vec::new() })
}

impl Sender {
    /// Puts a record in, if there is room for it.
    pub(super) fn try_send(&mut self, encoded: &[u8]) -> bool {
        self.has_room(encoded.len()) && self.ring.push_entire_slice(encoded).is_ok()
    }

    /// Whether a record of this length would find room; once it would, it will.
    pub(super) fn has_room(&self, length: usize) -> bool {
        self.ring.cached_slots() >= length || self.ring.slots() >= length
    }

    /// Whether more than half of the room is taken: it is time to wake the writer.
    pub(super) fn is_filling(&self) -> bool {
        self.ring.cached_slots() < RING_LEN / 2 && self.ring.slots() < RING_LEN / 2
    }
}

impl Receiver {
    /// The ticket of the first record, if there is one.
    pub(super) fn head_ticket(&mut self) -> Option<u64> {
        if self.head.is_empty() {
            let mut length = [0; LENGTH_LEN];
            self.ring.pop_entire_slice(&mut length).ok()?;
            self.head.resize(u32::from_ne_bytes(length) as usize, 0);
            self.head[..LENGTH_LEN].copy_from_slice(&length);
            self.ring.pop_entire_slice(&mut self.head[LENGTH_LEN..]).expect("a record goes in as a whole");
        }
        Some(wire::ticket(&self.head))
    }

    /// The first record, which [`Receiver::head_ticket`] has found.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Drops the first record.
    pub(super) fn advance(&mut self) {
        self.head.clear();
    }

    /// Whether nothing is left and nothing will come.
    pub(super) fn is_over(&mut self) -> bool {
        // In this order: what the worker put in before it went is then seen.
        self.ring.is_abandoned() && self.head_ticket().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Args, Record, RequestKind};
    use super::super::who::Who;
    use super::*;

    fn record(path: &[u8]) -> Vec<u8> {
        let record = Record {
            kind: RequestKind::Lookup,
            ino: 1,
            path,
            path2: None,
            ret: 0,
            errno: None,
            start_ns: 0,
            duration_ns: 0,
            tid: 1,
            uid: 0,
            gid: 0,
            args: Args::default(),
        };
        let mut encoded = Vec::new();
        wire::encode(&mut encoded, &record, Who::default());
        encoded
    }

    #[test]
    fn what_goes_in_comes_out_in_order_until_the_worker_is_gone() {
        let (mut sender, mut receiver) = lane();
        let mut encoded = record(&[b'x'; 1000]);
        let mut sent = 0;
        while sender.try_send(&encoded) {
            sent += 1;
            wire::set_ticket(&mut encoded, sent);
        }
        assert!(sender.is_filling() && !sender.has_room(encoded.len()) && sent > 900);
        for wanted in 0..sent {
            assert_eq!(receiver.head_ticket(), Some(wanted));
            assert_eq!(wire::decode(receiver.head()).record.path, [b'x'; 1000]);
            receiver.advance();
        }
        assert_eq!(receiver.head_ticket(), None);
        assert!(!receiver.is_over());
        assert!(sender.try_send(&wire::nothing()));
        drop(sender);
        assert!(!receiver.is_over());
        assert!(wire::is_nothing(receiver.head()));
        receiver.advance();
        assert!(receiver.is_over());
    }

    #[test]
    fn the_longest_record_fits() {
        assert!(lane().0.has_room(wire::ENCODED_MAX));
    }
}
