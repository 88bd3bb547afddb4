//! Backing ids: files that the kernel reads and writes itself, by the number that it has given them.

#![expect(unsafe_code, reason = "the ioctl that gives a backing id back")]

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::ioctl::{Setter, ioctl, opcode};

/// A file that the kernel reads and writes itself. It belongs to the mount: fuser's own would end with the server
/// that has opened it.
#[derive(Debug)]
pub(crate) struct Backing {
    id: u32,
    device: Arc<OwnedFd>,
}

impl Backing {
    /// The one with the number `id`, which the connection `device` has given.
    pub(crate) fn new(id: u32, device: Arc<OwnedFd>) -> Self {
        Backing { id, device }
    }

    /// The kernel's number of it, which is good for as long as this is.
    pub(crate) fn id(&self) -> u32 {
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
