//! How the bytes of an open file travel: by the kernel itself, through a backing id, or
//! through the kernel's page cache and us. Never both for one inode at a time, and one
//! backing id for all handles of an inode: the kernel answers anything else with EIO.

#![expect(unsafe_code, reason = "backing ids that belong to the mount and not to one server")]

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use fs_core::Errno;
use fuser::BackingId;
use rustix::ioctl::{Setter, ioctl, opcode};

use crate::node::Node;

/// The way of each inode that is open.
#[derive(Debug)]
pub(super) struct Backings {
    allowed: AtomicBool,
    device: OnceLock<Arc<OwnedFd>>,
    shards: [Mutex<HashMap<usize, Open>>; SHARD_COUNT],
}

const SHARD_COUNT: usize = 16;

#[derive(Debug)]
struct Open {
    handles: u64,
    /// `None`: through us.
    backing: Option<Arc<Backing>>,
}

impl Open {
    /// One more handle.
    fn again(&mut self) -> Option<Arc<Backing>> {
        self.handles += 1;
        self.backing.clone()
    }
}

/// A file that the kernel reads and writes itself. fuser's own would end with the server that has opened it.
#[derive(Debug)]
pub(super) struct Backing {
    id: u32,
    device: Arc<OwnedFd>,
}

impl Backing {
    /// The kernel's number of it, which is good for as long as this is.
    pub(super) fn id(&self) -> u32 {
        self.id
    }
}

impl Drop for Backing {
    fn drop(&mut self) {
        // SAFETY: FUSE_DEV_IOC_BACKING_CLOSE reads one u32.
        let close = unsafe { Setter::<{ opcode::write::<u32>(229, 2) }, u32>::new(self.id) };
        // SAFETY: as above, and the descriptor is of the connection that gave the id. Where it fails, the
        // connection is gone, and the id with it.
        let _ = unsafe { ioctl(&*self.device, close) };
    }
}

impl Backings {
    /// No inode is open yet; the kernel is let do it where it can, or never.
    pub(super) fn new() -> Self {
        Backings {
            allowed: AtomicBool::new(false),
            device: OnceLock::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// What the kernel is told through.
    pub(super) fn connect(&self, device: OwnedFd) {
        // One mount has one connection.
        let _ = self.device.set(Arc::new(device));
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
    /// for through us. `fd` gives a descriptor of the node, if it has no backing id yet.
    ///
    /// Each call is undone by one of [`Backings::release`].
    pub(super) fn open(
        &self,
        node: &Arc<Node>,
        fd: impl FnOnce() -> Result<Arc<OwnedFd>, Errno>,
    ) -> Option<Arc<Backing>> {
        if let Some(known) = self.shard(node).get_mut(&key(node)).map(Open::again) {
            return known;
        }
        // A file with suid or sgid goes through us: whether a write takes these bits away depends on
        // who writes, and the kernel would write in our name.
        let may_pass = self.are_allowed() && !node.has_set_id();
        // Without the lock: the source may be slow.
        let fd = if may_pass { fd().ok() } else { None };
        let mut shard = self.shard(node);
        if let Some(known) = shard.get_mut(&key(node)).map(Open::again) {
            return known;
        }
        let backing = fd.and_then(|fd| self.register(&fd));
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

    fn register(&self, fd: &OwnedFd) -> Option<Arc<Backing>> {
        let device = self.device.get()?;
        match BackingId::create_raw(device, fd) {
            Ok(id) => Some(Arc::new(Backing { id, device: Arc::clone(device) })),
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
