//! How the bytes of an open file travel: by the kernel itself, through a backing id, or
//! through the kernel's page cache and us. Never both for one inode at a time, and one
//! backing id for all handles of an inode: the kernel answers anything else with EIO.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fuser::BackingId;

use crate::node::Node;

/// The way of each inode that is open.
#[derive(Debug)]
pub(super) struct Backings {
    allowed: AtomicBool,
    shards: [Mutex<HashMap<usize, Open>>; SHARD_COUNT],
}

const SHARD_COUNT: usize = 16;

#[derive(Debug)]
struct Open {
    handles: u64,
    /// `None`: through us.
    backing: Option<Arc<BackingId>>,
}

impl Backings {
    /// No inode is open yet; the kernel is let do it where it can, or never.
    pub(super) fn new() -> Self {
        Backings { allowed: AtomicBool::new(false), shards: std::array::from_fn(|_| Mutex::default()) }
    }

    /// From now on the kernel is let do it where it can.
    pub(super) fn allow(&self) {
        self.allowed.store(true, Ordering::Relaxed);
    }

    /// Whether the kernel is let do it where it can.
    pub(super) fn are_allowed(&self) -> bool {
        self.allowed.load(Ordering::Relaxed)
    }

    /// The way of one more handle of `node`: the backing id to open it with, or `None`
    /// for through us. `register` gives the node a backing id if it has none.
    ///
    /// Each call is undone by one of [`Backings::release`].
    pub(super) fn open(
        &self,
        node: &Arc<Node>,
        register: impl FnOnce() -> io::Result<BackingId>,
    ) -> Option<Arc<BackingId>> {
        let mut shard = self.shard(node);
        if let Some(open) = shard.get_mut(&key(node)) {
            open.handles += 1;
            return open.backing.clone();
        }
        // A file with suid or sgid goes through us: whether a write takes these bits away depends on
        // who writes, and the kernel would write in our name.
        let backing = if self.are_allowed() && !node.has_set_id() { self.register(register) } else { None };
        shard.insert(key(node), Open { handles: 1, backing: backing.clone() });
        backing
    }

    /// Takes one handle of `node` back; with the last the way is open again.
    pub(super) fn release(&self, node: &Arc<Node>) {
        // Dropped after the lock: it is a system call.
        let _last = {
            let mut shard = self.shard(node);
            let Some(open) = shard.get_mut(&key(node)) else { return };
            open.handles -= 1;
            if open.handles == 0 { shard.remove(&key(node)) } else { None }
        };
    }

    fn register(&self, register: impl FnOnce() -> io::Result<BackingId>) -> Option<Arc<BackingId>> {
        match register() {
            Ok(id) => Some(Arc::new(id)),
            Err(error) => {
                // Not the file's fault but ours: the next one would be refused as well.
                if error.raw_os_error() == Some(libc::EPERM) {
                    self.allowed.store(false, Ordering::Relaxed);
                }
                None
            }
        }
    }

    fn shard(&self, node: &Arc<Node>) -> MutexGuard<'_, HashMap<usize, Open>> {
        // Nodes are more than 64 bytes apart.
        let shard = &self.shards[(key(node) >> 6) % SHARD_COUNT];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A node that is open stays where it is: its handles hold it.
fn key(node: &Arc<Node>) -> usize {
    Arc::as_ptr(node).addr()
}
