//! Nodes: the inodes that the kernel knows, how often it was told of each, and where each was seen last.
//!
//! A node is found by its number alone, because numbers are injective
//! ([`crate::number`]), so two hard links are one node.
//!
//! Of the nodes only so many have a descriptor; the longest unused lose theirs and get it back
//! when they are asked for ([`crate::reach`]).

mod descriptors;
#[cfg(test)]
mod fixture;
mod places;
mod shard;
mod table;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};

use crate::node::Node;
use crate::number::Numbers;
use crate::reach::Mounts;
use crate::watch::Watch;
use shard::Shard;

/// All nodes of a mount.
///
/// No lock is shared by all requests: a request takes the lock of one of many
/// shards, and holds it for a few instructions.
#[derive(Debug)]
pub struct Nodes {
    root: Arc<Node>,
    /// The source's own number.
    root_shown: u64,
    shards: Box<[Mutex<Shard>]>,
    numbers: Numbers,
    mounts: Mounts,
    watch: Option<Arc<Watch>>,
    generations: AtomicU64,
    /// How many descriptors the nodes of a shard may have.
    shard_limit: usize,
    keeps_names: bool,
    /// Whether a node was ever without a descriptor.
    has_let_go: AtomicBool,
    /// How many nodes were freed since their memory was last given back.
    freed: AtomicUsize,
}

/// How a table of nodes goes about its business.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// About how many nodes have a descriptor at a time.
    pub most_descriptors: usize,
    /// Whether names are kept where they are not needed to reach an inode.
    pub keeps_names: bool,
    /// Whether inodes are reached by handle where they can.
    pub by_handle: bool,
}
