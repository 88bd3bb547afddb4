//! Listings that have begun and will go on, where directories are not opened: see [`super::directories`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::OpenDir;

/// The directories of listings that will go on.
///
/// One belongs to the thread that reads it: it may have been filled before a change that another, who has opened the
/// directory later, must see. A few are kept; one that is missing is opened anew, at the offset that is asked for.
#[derive(Debug, Default)]
pub struct Listings {
    shards: [Mutex<Vec<Arc<OpenDir>>>; SHARD_COUNT],
}

const SHARD_COUNT: usize = 16;

/// The oldest makes room for another.
const MOST_IN_A_SHARD: usize = 8;

impl Listings {
    /// The one that `thread` reads of the directory `ino`, if it goes on at `offset`.
    pub(super) fn take(&self, ino: u64, thread: u32, offset: u64) -> Option<Arc<OpenDir>> {
        let mut kept = self.shard(ino);
        let goes_on = |dir: &Arc<OpenDir>| is_of(dir, ino, thread) && dir.goes_on_at() == offset;
        let place = kept.iter().rposition(goes_on)?;
        Some(kept.remove(place))
    }

    /// Keeps one. A thread without a number is not told from others.
    pub(super) fn keep(&self, dir: Arc<OpenDir>) {
        if dir.opener.tid == 0 {
            return;
        }
        let mut kept = self.shard(dir.node.ino);
        let oldest = if kept.len() == MOST_IN_A_SHARD { Some(kept.remove(0)) } else { None };
        kept.push(dir);
        drop(kept);
        drop(oldest);
    }

    /// Lets go of what `thread` has read of the directory `ino`: it begins anew.
    pub(super) fn begin(&self, ino: u64, thread: u32) {
        let over: Vec<_> = self.shard(ino).extract_if(.., |dir| is_of(dir, ino, thread)).collect();
        // Closed without the lock.
        drop(over);
    }

    /// Lets go of all of the directory `ino`, which the kernel forgets.
    pub(crate) fn forget(&self, ino: u64) {
        let over: Vec<_> = self.shard(ino).extract_if(.., |dir| dir.node.ino == ino).collect();
        drop(over);
    }

    fn shard(&self, ino: u64) -> MutexGuard<'_, Vec<Arc<OpenDir>>> {
        let index = usize::try_from(ino % SHARD_COUNT as u64).expect("less than the number of shards");
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_of(dir: &OpenDir, ino: u64, thread: u32) -> bool {
    dir.node.ino == ino && dir.opener.tid == thread
}
