//! Sends answers, and says what the trace has as the result.

use std::time::Duration;

use fs_core::Errno;
use fuser::{ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyXattr};

use super::{PassthroughFs, reply};
use crate::ops::Entry;
use crate::worker::Worker;

impl PassthroughFs {
    /// Tells the kernel of a node.
    pub(super) fn send_entry(&self, reply: ReplyEntry, entry: &Entry) -> Result<i64, Errno> {
        self.send_entry_for(reply, entry, self.volume.attribute_ttl(entry))
    }

    /// Tells the kernel of a node that it may have known before, and that has just been changed.
    pub(super) fn send_changed_entry(&self, reply: ReplyEntry, entry: &Entry) -> Result<i64, Errno> {
        let cache = self.volume.cache_of(&entry.node);
        self.send_entry_for(reply, entry, cache.answer_to_change(entry.status.st_mode(), entry.node.may_be_mapped()))
    }

    fn send_entry_for(&self, reply: ReplyEntry, entry: &Entry, attribute_ttl: Duration) -> Result<i64, Errno> {
        let entry_ttl = self.volume.cache_of(&entry.node).entry_ttl();
        match reply::entry(&entry.node, &entry.status) {
            Ok((attr, generation)) => {
                reply.entry_with_ttls(&attribute_ttl, &entry_ttl, &attr, generation);
                Ok(0)
            }
            Err(errno) => {
                self.volume.nodes.forget(entry.node.ino, 1);
                reply::Refuse::refuse(reply, errno);
                Err(errno)
            }
        }
    }

    /// Tells the kernel the attributes of a node that it knows.
    pub(super) fn send_attributes(&self, reply: ReplyAttr, entry: &Entry) -> Result<i64, Errno> {
        self.send_attributes_for(reply, entry, self.volume.attribute_ttl(entry));
        Ok(0)
    }

    /// Tells the kernel the attributes of a node that it knows and that has just been changed.
    pub(super) fn send_changed_attributes(&self, reply: ReplyAttr, entry: &Entry) -> Result<i64, Errno> {
        let cache = self.volume.cache_of(&entry.node);
        let ttl = cache.answer_to_change(entry.status.st_mode(), entry.node.may_be_mapped());
        self.send_attributes_for(reply, entry, ttl);
        Ok(0)
    }

    fn send_attributes_for(&self, reply: ReplyAttr, entry: &Entry, ttl: Duration) {
        let attr = reply::attributes(self.volume.nodes.shown(&entry.node), &entry.status)
            .expect("a node has a type of the protocol");
        reply.attr(&ttl, &attr);
    }
}

/// Says that it is done.
pub(super) fn send_done(reply: ReplyEmpty, (): (), _: &Worker) -> Result<i64, Errno> {
    reply.ok();
    Ok(0)
}

/// Sends the first `count` bytes of the worker's buffer.
pub(super) fn send_data(reply: ReplyData, count: usize, worker: &Worker) -> Result<i64, Errno> {
    reply.data(worker.data.borrow().filled(count));
    Ok(count as i64)
}

/// Sends the first `length` bytes of the worker's buffer, or only how many there are if no room was offered.
pub(super) fn send_attribute(reply: ReplyXattr, length: usize, room: u32, worker: &Worker) -> Result<i64, Errno> {
    if room == 0 {
        reply.size(u32::try_from(length).expect("at most 64 KiB"));
    } else {
        reply.data(worker.data.borrow().filled(length));
    }
    Ok(length as i64)
}
