//! The border with the kernel: decodes a request, calls the node operation, sends
//! the reply, and hands a record to the tracer. The only room that knows fuser's
//! requests and replies.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

use fuser::{Filesystem, KernelConfig, Request};

use crate::options::Options;
use crate::trace::Tracer;

/// Where a mount finds the way to tell the kernel that what it remembers is stale.
///
/// Filled by whoever builds the session, once there is one:
/// `slot.set(session.notifier())`.
pub type NotifierSlot = Arc<OnceLock<fuser::Notifier>>;

/// The file system: a directory, shown at a second place.
#[derive(Debug)]
#[expect(dead_code, reason = "read by the node operations, which come next")]
pub struct PassthroughFs {
    options: Options,
    source: OwnedFd,
    tracer: Option<Arc<Tracer>>,
    notifier: NotifierSlot,
}

impl PassthroughFs {
    /// A file system that shows `source`, a directory open with `O_PATH` or for reading.
    ///
    /// Each request that it answers is given to `tracer`.
    ///
    /// # Errors
    /// `ENOTDIR`: `source` is not a directory.
    pub fn new(options: Options, source: OwnedFd, tracer: Option<Arc<Tracer>>) -> fs_core::Result<Self> {
        let status = fs_core::fstat(&source)?;
        if status.st_mode() & libc::S_IFMT != libc::S_IFDIR {
            return Err(fs_core::Errno::NOTDIR.into());
        }
        Ok(PassthroughFs { options, source, tracer, notifier: NotifierSlot::default() })
    }

    /// The slot for the session's notifier.
    pub fn notifier_slot(&self) -> NotifierSlot {
        Arc::clone(&self.notifier)
    }
}

impl Filesystem for PassthroughFs {
    fn init(&mut self, _request: &Request, _config: &mut KernelConfig) -> io::Result<()> {
        Ok(())
    }
}
