//! Which file systems are watched: the source's, and those that are mounted below it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, PoisonError, RwLock};

use fs_core::linux::fanotify::{GroupFlags, Happened, MarkFlags, fanotify_init, fanotify_mark};
use fs_core::{Errno, fstatvfs};

use super::Unwatched;
use super::kernel::notices_what_it_passes;
use super::own_mount::OwnMount;

/// What is reported. Not `DELETE_SELF` and `MOVE_SELF`: what they say is said of the name before, and of
/// an inode with a descriptor of ours the first never comes.
const WANTED: Happened = Happened::CREATE
    .union(Happened::DELETE)
    .union(Happened::MOVED_FROM)
    .union(Happened::MOVED_TO)
    .union(Happened::MODIFY)
    .union(Happened::ATTRIB)
    .union(Happened::ONDIR);

const REPORT: GroupFlags = GroupFlags::FID
    .union(GroupFlags::DIR_FID)
    .union(GroupFlags::NAME)
    .union(GroupFlags::TARGET_FID)
    .union(GroupFlags::NONBLOCK);

/// A fanotify group, and the file systems that it hears of.
#[derive(Debug)]
pub(super) struct FileSystems {
    group: OwnedFd,
    known: RwLock<Vec<FileSystem>>,
}

/// A file system that was met.
#[derive(Debug)]
struct FileSystem {
    device: u64,
    /// Its id in events; `None` if it is not watched.
    fsid: Option<u64>,
    /// Through which the kernel writes unheard, if it can.
    own_mount: Option<Arc<OwnMount>>,
    /// Keeps it mounted: otherwise its device number could become another's.
    _dir: Arc<OwnedFd>,
}

impl FileSystems {
    /// A group that hears of nothing yet, with a queue of thousands of events or one `without_limit`.
    pub(super) fn new(without_limit: bool) -> Result<Self, Unwatched> {
        let queue = if without_limit { GroupFlags::UNLIMITED_QUEUE } else { GroupFlags::empty() };
        let group = fanotify_init(REPORT | queue).map_err(|error| Unwatched::group(error.errno()))?;
        Ok(FileSystems { group, known: RwLock::default() })
    }

    /// Hears of the file system of `dir` from now on, unless it was met before.
    pub(super) fn meet(&self, dir: &Arc<OwnedFd>, device: u64) -> Result<(), Unwatched> {
        if self.find(|known| known.device == device, |_| ()).is_some() {
            return Ok(());
        }
        // The lock is held over the call: who asks next must find it marked.
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.iter().any(|known| known.device == device) {
            return Ok(());
        }
        let marked = self.mark(dir);
        let fsid = marked.as_ref().ok().copied();
        let own_mount = fsid.filter(|_| notices_what_it_passes()).and_then(|_| OwnMount::of(&self.group, dir).ok());
        known.push(FileSystem { device, fsid, own_mount: own_mount.map(Arc::new), _dir: Arc::clone(dir) });
        marked.map(drop).map_err(Unwatched::file_system)
    }

    fn mark(&self, dir: &OwnedFd) -> Result<u64, Errno> {
        let flags = MarkFlags::ADD | MarkFlags::FILESYSTEM | MarkFlags::ONLYDIR;
        fanotify_mark(&self.group, flags, WANTED, (dir, "."))?;
        Ok(fstatvfs(dir)?.f_fsid)
    }

    /// Whether the file system on `device` is watched.
    pub(super) fn have(&self, device: u64) -> bool {
        self.find(|known| known.device == device && known.fsid.is_some(), |_| ()).is_some()
    }

    /// The device of the file system that events call `fsid`.
    pub(super) fn device(&self, fsid: u64) -> Option<u64> {
        self.find(|known| known.fsid == Some(fsid), |known| known.device)
    }

    /// The mount through which the kernel writes unheard what is on `device`, if there is one.
    pub(super) fn own_mount(&self, device: u64) -> Option<Arc<OwnMount>> {
        self.find(|known| known.device == device, |known| known.own_mount.clone()).flatten()
    }

    fn find<T>(&self, is_it: impl Fn(&FileSystem) -> bool, then: impl FnOnce(&FileSystem) -> T) -> Option<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|known| is_it(known)).map(then)
    }
}

impl AsFd for FileSystems {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.group.as_fd()
    }
}
