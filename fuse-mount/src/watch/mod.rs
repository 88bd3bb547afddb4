//! `--cache watch`: the kernel remembers everything, and is told to forget what somebody else changes on the source.
//!
//! A fanotify group hears of every change on the source's file system, and on those that are mounted below it
//! (`filesystems`). Events call inodes by their handles; nodes have theirs noted (`handles`). A thread of its own
//! (`watcher`) reads the events, works out what has to be forgotten (`changes`), and tells the kernel (`kernel`).
//! What we do ourselves the kernel has done in its caches already: such events are left out. Of what the kernel writes to the
//! source for programs there are none (`own_mount`).
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
//!
//! # What the kernel writes for programs
//!
//! A write that the kernel passes through to the source would be an event, with the process of the program that writes: to
//! queue it takes as long as the write of a page itself, and then it would be read, and the kernel told what it knows. So the kernel is given
//! files on a mount of our own to pass through to, a copy of the source's that nobody else can reach, and the group has a mark on it that leaves `FAN_MODIFY` out. What
//! anybody else writes comes through another mount, and is heard of, to the same file and at the same time.
//!
//! So nothing is to be known of who has which file open, and nothing has to be told when it is closed. What is not heard of must be in the
//! kernel's caches all the same (`fs/fuse/passthrough.c`, Linux 6.12, before which nothing is left out): when a
//! write is done, `fuse_write_update_attr` counts the inode's version up, so that an answer that is under way with what was before is dropped,
//! and forgets size, times and blocks. Answers to `SETATTR` and `LINK`, which are believed unseen, cannot be under way
//! meanwhile: they hold the inode's lock as a write does. (All but one with `O_DIRECT` that is not waited for; then such an answer
//! holds for a second.) There are no pages to drop: while one handle of an inode is passed through, all are. A
//! file that has its bytes written through us is not passed through at all.
//!
//! All else is said as ever of what is done through that mount: privileges that a write takes away are `FAN_ATTRIB`,
//! and names and truncations do not come by this way.
//!
//! A file that was reached through another mount than the one that was copied is given to the kernel as it was reached (that mount may be read-only), as is every file if the
//! mount must not be copied, is read-only, or the kernel lacks what it takes: then programs' writes are heard of as others' are,
//! which costs time and nothing else.

mod changes;
mod filesystems;
mod handles;
mod kernel;
mod later;
mod own_mount;
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

    /// A descriptor of what `fd` is open on, for the kernel to read and write it by: of what it writes for programs no
    /// event comes. `None` where that cannot be; then it is heard of as what others write.
    pub(crate) fn unheard(&self, fd: &OwnedFd, device: u64) -> Option<OwnedFd> {
        self.file_systems.own_mount(device)?.reach(fd).ok()
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
