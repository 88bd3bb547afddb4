//! What faults remember of files between requests: faults of memory are about the past.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use fs_core::StatResult;

use crate::node::Node;
use crate::ops::File;

/// A node for as long as the kernel knows it: its number, and what tells it from others that had it.
pub(super) type Key = (u64, u64);

#[derive(Default)]
pub(super) struct Memory {
    /// The status that was told of a node first, or last, and when.
    pub(super) told: HashMap<Key, (StatResult, Instant)>,
    /// The bytes that a truncation cut off, and where they were.
    pub(super) cut: HashMap<Key, (u64, Vec<u8>)>,
    /// The nodes that took the place of others.
    pub(super) replaced: HashMap<Key, u64>,
    /// The names of the attributes that were removed.
    pub(super) removed: HashMap<Key, BTreeSet<Vec<u8>>>,
    /// Where the next append of an open file goes.
    pub(super) ends: HashMap<File, u64>,
    /// What an open file held when it was opened.
    pub(super) contents: HashMap<File, Vec<u8>>,
}

/// The memory of the mount, of which a process has one.
pub(super) fn memory() -> MutexGuard<'static, Memory> {
    static MEMORY: LazyLock<Mutex<Memory>> = LazyLock::new(Mutex::default);
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn key(node: &Node) -> Key {
    (node.ino, node.generation)
}
