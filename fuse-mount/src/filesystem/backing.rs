//! How the bytes of an open file travel: by the kernel itself, through a backing id, or
//! through the kernel's page cache and us. Never both for one inode at a time, and one
//! backing id for all handles of an inode: the kernel answers anything else with EIO.
//!
//! A node keeps its backing id past the last close, for as long as it has a descriptor: to register one and to give it back
//! takes as long as the rest of an open. It keeps nothing alive that the descriptor does not, and is no open file of the
//! source: what it is registered from is an `O_PATH` descriptor.
//!
//! Where nobody else changes the source, a small file that is opened again, only to be read, goes through the page cache:
//! the kernel does not open the source's file then, and a read that finds its page leaves the attributes as they are, so
//! that the next stat asks nothing. Who writes it meanwhile goes through us, too. Whom the kernel lets pass later writes
//! past the pages: it drops them at such an opening, because the answer does not say to keep them.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use fs_core::Errno;
use fuser::BackingId;

use crate::backing::Backing;
use crate::node::{Asks, Node, Way};

/// Whether, and through which descriptor, the kernel is let read and write files itself.
#[derive(Debug)]
pub(super) struct Backings {
    allowed: AtomicBool,
    device: OnceLock<Arc<OwnedFd>>,
}

impl Backings {
    /// The kernel is let do it where it can, or never.
    pub(super) fn new() -> Self {
        Backings { allowed: AtomicBool::new(false), device: OnceLock::new() }
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
    /// for through us. `fd` gives a descriptor of the node to read and write it by, if it has no backing id yet.
    ///
    /// Each call is undone by one of [`Backings::release`].
    pub(super) fn open(
        &self,
        node: &Node,
        prefers_pages: bool,
        fd: impl FnOnce() -> Result<Arc<OwnedFd>, Errno>,
    ) -> Way {
        // A file with suid or sgid goes through us: whether a write takes these bits away depends on
        // who writes, and the kernel would write in our name.
        let asks = Asks { may_pass: self.are_allowed() && !node.has_set_id(), prefers_pages };
        if let Some(way) = node.open_again(asks) {
            return way;
        }
        // Without the node's lock: the source may be slow.
        let backing = fd().ok().and_then(|fd| self.register(&fd));
        // Another may have been first.
        node.open_first(backing, asks)
    }

    /// Takes one handle of `node` back; with the last the way is open again.
    pub(super) fn release(&self, node: &Node) {
        node.close();
    }

    fn register(&self, fd: &OwnedFd) -> Option<Arc<Backing>> {
        let device = self.device.get()?;
        match BackingId::create_raw(device, fd) {
            Ok(id) => Some(Arc::new(Backing::new(id, Arc::clone(device)))),
            Err(error) => {
                // Not the file's fault but ours: the next one would be refused as well.
                if error.raw_os_error() == Some(libc::EPERM) {
                    self.allowed.store(false, Ordering::Relaxed);
                }
                None
            }
        }
    }
}
