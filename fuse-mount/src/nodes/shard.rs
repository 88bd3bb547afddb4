//! A part of the table of nodes: those of some numbers, under a lock of their own.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::node::Node;

/// Some of the nodes.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) known: HashMap<u64, Known, BuildHasherDefault<NumberHasher>>,
    /// The nodes that have a descriptor, by number and generation: the next to lose it first. Those that
    /// are forgotten meanwhile are still here, those that must keep theirs are not.
    ring: VecDeque<(u64, u64)>,
}

/// What a shard may have room for without shrinking.
const FEW: usize = 256;

/// A node that the kernel knows.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) node: Arc<Node>,
    /// How often the kernel was told of the node, less how often it forgot it.
    pub(super) lookups: u64,
}

impl Shard {
    /// Adds a node that has a descriptor; the node that has to let its own go for it.
    pub(super) fn add_to_ring(&mut self, node: &Node, limit: usize) -> Option<Arc<Node>> {
        self.ring.push_back((node.ino, node.generation));
        // Each is passed over once if it was used meanwhile.
        for _ in 0..2 * self.ring.len() {
            if self.ring.len() <= limit {
                return None;
            }
            let (ino, generation) = self.ring.pop_front()?;
            let Some(known) = self.known.get(&ino).filter(|known| known.node.generation == generation) else {
                continue;
            };
            if known.node.needs_descriptor() {
                self.ring.push_back((ino, generation));
            } else {
                return Some(Arc::clone(&known.node));
            }
        }
        None
    }

    /// Gives memory back if the shard uses little of what it has; whether it did.
    pub(super) fn shrink(&mut self) -> bool {
        let shrinks = self.known.capacity() > FEW && self.known.len() < self.known.capacity() / 4;
        if shrinks {
            self.known.shrink_to(2 * self.known.len());
            self.ring.retain(|(ino, _)| self.known.contains_key(ino));
            self.ring.shrink_to_fit();
        }
        shrinks
    }

    /// Takes all nodes out of the ring that can do without their descriptor.
    pub(super) fn empty_ring(&mut self) -> Vec<Arc<Node>> {
        let (known, mut nodes) = (&self.known, Vec::new());
        self.ring.retain(|(ino, generation)| {
            let Some(known) = known.get(ino).filter(|known| known.node.generation == *generation) else { return false };
            let stays = known.node.state().needs_descriptor();
            if !stays {
                nodes.push(Arc::clone(&known.node));
            }
            stays
        });
        nodes
    }
}

/// Spreads numbers that are close to each other.
pub(super) fn spread(ino: u64) -> u64 {
    ino.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[derive(Default)]
pub(super) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, number: u64) {
        // The map uses upper and lower bits; the shard used the upper ones.
        self.0 = spread(number).rotate_left(20);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }
}
