//! `--cache watch`: the kernel remembers everything, and is told to forget what somebody else changes on the source.
//!
//! A fanotify group hears of every change on the source's file system, and on those that are mounted below it
//! (`filesystems`). Events call inodes by their handles; nodes have theirs noted (`handles`). A thread of its own
//! (`watcher`) reads the events, works out what has to be forgotten (`changes`), and tells the kernel (`kernel`).
//! What we do ourselves the kernel has done in its caches already: such events are left out.
//!
//! Where a file system cannot be watched, its nodes are remembered as under `tick`; where the source's cannot, the
//! whole mount is one with `tick`, and says so.
//!
//! # What is not heard of
//!
//! A store into a mapping of a file, a read that changes a time of access, and a time of access that is set
//! alone. The first is seen with the next change that is heard of, or when the kernel forgets by itself.
//!
//! # Why nothing stale stays
//!
//! A change is made, then its event is queued, then we tell the kernel. Whatever the kernel asks after the change has the
//! change in its answer. What is left are answers that were taken from the source before the change, and get into the
//! kernel's caches after we have told it to forget. In the kernel's code (`fs/fuse`, Linux 6.18):
//!
//! - **Names.** `fuse_reverse_inval_entry` takes the lock of the directory for itself alone, and lookups and listings hold it
//!   shared from the question until the answer is in the cache: so it waits for them, and then drops what they
//!   have brought. A name where nothing is any more is dropped for good. One where something is is only to be asked for
//!   again: what the kernel has may be right already, and a program whose working directory was dropped would have no path any more.
//!   Such a question (`d_revalidate`) takes no lock, and later kernels take it only if the name is in the
//!   cache; so these names are told once more, when no answer can be under way any longer (`later`).
//! - **Attributes.** `fuse_reverse_inval_inode` counts the inode's version up, and an answer to a question that is
//!   older than the version is dropped (`fuse_change_attributes`): to `GETATTR`, `LOOKUP` and `READDIRPLUS`. Answers to
//!   `SETATTR` and `LINK` are believed unseen; they hold for a second, and then the kernel asks anew
//!   ([`Cache::answer_to_change`](crate::options::Cache)).
//! - **Inodes that the kernel has not got yet.** The answer that brings one may have old attributes, and the kernel has
//!   nothing to count up: it says that it knows no such inode. But we have its node, from before its status was taken
//!   (`Nodes::enter`, then [`Call::fresh`](crate::ops::Call)); so it is told again until it knows it, or has told us
//!   that it has forgotten it.
//! - **Data.** Pages are locked while they are read, and are dropped when the lock is free. Writes that are
//!   on their way from a mapping are brought to the source first.
//! - **Listings.** As names: a listing that is read holds the directory's lock; the pages that it filled are dropped then, and a listing
//!   without its first page is read anew. As a second bar, the kernel compares times of change before it uses a listing
//!   (`FUSE_AUTO_INVAL_DATA`).
//! - **Directories that we change ourselves.** The kernel forgets their attributes when it has our answer, without counting the version
//!   up: the answer to a stat at the same time stays. So their attributes are told a moment later, once for many changes.
//! - **POSIX ACLs.** `fuse_reverse_inval_inode` forgets them.
//! - **Too many changes.** If the queue is full, the kernel is told to forget all names, by counting up the epoch of the
//!   connection (Linux 6.16), and all inodes that we have. Before that, all names that we have, one by one: a name
//!   that is not there, and the second name of a file, can stay; so there the queue has no limit, and can
//!   only be full if the machine has no memory.
//!
//! The watcher waits for workers, through the locks above. So a worker never waits for the watcher.
//!
//! A name that is removed is told as one to forget, not as one that is deleted (`FUSE_NOTIFY_DELETE`): that would count an inode's links as
//! none that has other names, and make a directory dead that has by now been made anew under the same number. A
//! program in a removed directory, or with a removed file open, sees what it would see beneath all the same: what it asks for is asked
//! of the inode. Only its path is told until somebody looks there, if another directory has taken the place.

mod changes;
mod filesystems;
mod handles;
mod kernel;
mod later;
mod unwatched;
mod watcher;

use std::os::fd::OwnedFd;
use std::sync::Arc;

use fs_core::Follow;
use fs_core::linux::fanotify::Fid;
use fs_core::linux::{HandleFlags, name_to_handle_at};

use crate::lifecycle::say;

use filesystems::FileSystems;
use handles::Handles;

pub(crate) use handles::Key;
pub(crate) use kernel::can_forget_all_names;
pub use unwatched::Unwatched;
pub(crate) use watcher::{Watcher, Watching};

/// What is watched, and which nodes are known by which handles.
#[derive(Debug)]
pub struct Watch {
    file_systems: FileSystems,
    handles: Handles,
}

impl Watch {
    /// Watches the file system of `source`.
    ///
    /// # Errors
    /// It cannot be watched here.
    pub fn new(source: &Arc<OwnedFd>, device: u64) -> Result<Self, Unwatched> {
        let watch = Watch { file_systems: FileSystems::new(!can_forget_all_names())?, handles: Handles::new() };
        watch.file_systems.meet(source, device)?;
        match watch.key(source, device) {
            Some(_) => Ok(watch),
            None => Err(Unwatched::file_system(fs_core::Errno::OPNOTSUPP)),
        }
    }

    /// Watches the file system of a directory from now on, if it can and does not yet.
    pub(crate) fn meet(&self, dir: &Arc<OwnedFd>, device: u64) {
        if let Err(why) = self.file_systems.meet(dir, device) {
            let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
            say(format_args!("what the source has of device {major}:{minor} is shown as by --cache tick: {why}"));
        }
    }

    /// What events call the inode that `fd` is open on; `None` if there will be none.
    pub(crate) fn key(&self, fd: &OwnedFd, device: u64) -> Option<Key> {
        if !self.file_systems.have(device) {
            return None;
        }
        let (handle, _) = name_to_handle_at(fd, Follow::Yes, HandleFlags::empty()).ok()?;
        handles::key(device, handle.handle_type(), handle.bytes())
    }

    /// From now on events about `key` are about this node.
    pub(crate) fn enter(&self, ino: u64, key: &Key) {
        self.handles.insert(ino, key);
    }

    /// The kernel does not know this node any more.
    pub(crate) fn forget(&self, ino: u64) {
        self.handles.remove(ino);
    }

    fn find(&self, fid: &Fid<'_>) -> Option<u64> {
        self.handles.find(self.file_systems.device(fid.fsid)?, fid.handle_type, fid.bytes)
    }
}
