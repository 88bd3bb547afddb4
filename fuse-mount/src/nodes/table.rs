//! The table: which nodes the kernel knows, and how often it was told of each.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use fs_core::{Errno, StatResult};

use super::shard::{Known, Shard, spread};
use super::{Nodes, Settings};
use crate::found::Found;
use crate::memory;
use crate::node::{Name, Node, lock};
use crate::number::{Numbers, OriginIndex, ROOT};
use crate::reach::{self, Mounts};
use crate::watch::{Key, Watch};

pub(super) const SHARD_COUNT: usize = 64;

/// After so many nodes were freed it is worth it to give their memory back to the system.
const MANY: usize = 1 << 14;

impl Nodes {
    /// The root alone: `source`, an `O_PATH` descriptor of a directory, as it was found.
    pub fn new(source: Arc<OwnedFd>, found: &Found, settings: Settings) -> Self {
        let Settings { most_descriptors, keeps_names, by_handle } = settings;
        let mounts = Mounts::new(by_handle);
        mounts.meet(&source, OriginIndex::OWN);
        Nodes {
            root: Arc::new(Node::new(ROOT, 0, source, OriginIndex::OWN, &found.status)),
            root_shown: found.status.st_ino(),
            shards: (0..SHARD_COUNT).map(|_| Mutex::default()).collect(),
            numbers: Numbers::new(found.origin()),
            generations: AtomicU64::new(1),
            shard_limit: (most_descriptors / SHARD_COUNT).max(1),
            keeps_names: keeps_names || !mounts.have(OriginIndex::OWN),
            mounts,
            watch: None,
            has_let_go: AtomicBool::new(false),
            freed: AtomicUsize::new(0),
        }
    }

    /// The same, with nodes that are known to `watch`, which watches the source.
    ///
    /// # Panics
    /// If there are nodes beside the root already.
    pub(crate) fn watched(mut self, watch: Arc<Watch>) -> Self {
        let root = Arc::get_mut(&mut self.root).expect("nobody has got it yet");
        let key = root.descriptor().and_then(|fd| watch.key(&fd, self.numbers.device(root.origin)));
        if let Some(key) = key {
            watch.enter(ROOT, &key);
            root.is_watched = true;
        }
        self.watch = Some(watch);
        self
    }

    /// The node that the kernel knows by this number.
    ///
    /// # Errors
    /// `ESTALE`: it knows none, as happens only when it asks out of order.
    pub fn get(&self, ino: u64) -> Result<Arc<Node>, Errno> {
        if ino == ROOT {
            return Ok(Arc::clone(&self.root));
        }
        self.shard(ino).known.get(&ino).map(|known| Arc::clone(&known.node)).ok_or(Errno::STALE)
    }

    /// The number that programs see: the node's own, but for the root, which has the source's.
    pub fn shown(&self, node: &Node) -> u64 {
        if node.ino == ROOT { self.root_shown } else { node.ino }
    }

    /// The number of an entry of a listing: `ino` in a directory.
    pub fn number(&self, dir: &Node, ino: u64) -> u64 {
        self.numbers.number(dir.origin, ino)
    }

    pub(super) fn number_of(&self, found: &Found) -> u64 {
        self.numbers.number(self.numbers.index(found.origin()), found.status.st_ino())
    }

    /// The node of an inode that was found, if the kernel knows it. Counts nothing.
    pub fn find(&self, found: &Found) -> Option<Arc<Node>> {
        let ino = self.number_of(found);
        self.shard(ino).known.get(&ino).map(|known| Arc::clone(&known.node))
    }

    /// The node of an inode that was found at `name`, if the kernel knows it and a
    /// descriptor holds it: then it is the same inode. The kernel will be told of it once more.
    pub fn recognise(&self, name: Name<'_>, found: &Found) -> Option<Arc<Node>> {
        let ino = self.number_of(found);
        let node = {
            let mut shard = self.shard(ino);
            let known = shard.known.get_mut(&ino)?;
            if !known.node.has_descriptor() {
                return None;
            }
            known.lookups += 1;
            Arc::clone(&known.node)
        };
        self.seen(&node, name);
        Some(node)
    }

    /// The node of the inode that `fd` (an `O_PATH` descriptor) is open on, seen at
    /// `name`; a new one if the kernel does not know it. It will be told of it.
    pub fn enter(&self, name: Name<'_>, fd: OwnedFd, found: &Found) -> Arc<Node> {
        let (origin, device) = (self.numbers.index(found.origin()), found.status.st_dev());
        let fd = Arc::new(fd);
        if found.status.st_mode() & libc::S_IFMT == libc::S_IFDIR {
            self.mounts.meet(&fd, origin);
            if let Some(watch) = &self.watch {
                watch.meet(&fd, device);
            }
        }
        let key = self.watch.as_ref().and_then(|watch| watch.key(&fd, device));
        loop {
            if let Some(node) = self.try_enter(name, &fd, origin, &found.status, key.as_ref()) {
                return node;
            }
        }
    }

    /// `None` if the table changed meanwhile.
    fn try_enter(
        &self,
        name: Name<'_>,
        fd: &Arc<OwnedFd>,
        origin: OriginIndex,
        status: &StatResult,
        key: Option<&Key>,
    ) -> Option<Arc<Node>> {
        let ino = self.numbers.number(origin, status.st_ino());
        let node = || {
            let generation = self.generations.fetch_add(1, Ordering::Relaxed);
            let mut node = Node::new(ino, generation, Arc::clone(fd), origin, status);
            node.is_watched = key.is_some();
            let node = Arc::new(node);
            // Before it is in the table, where it may at once have to do without its descriptor.
            self.seen(&node, name);
            node
        };
        let known = {
            let mut shard = self.shard(ino);
            match shard.known.get_mut(&ino) {
                None => return Some(self.insert(shard, node(), 1, key)),
                Some(known) if known.node.has_descriptor() => {
                    known.lookups += 1;
                    self.seen(&known.node, name);
                    return Some(Arc::clone(&known.node));
                }
                Some(known) => Arc::clone(&known.node),
            }
        };
        // The number may be another inode's by now. Finding out takes a system call.
        let hold = known.state().hold.clone();
        let is_same = reach::is_same(&hold, fd);
        let mut shard = self.shard(ino);
        let still = shard.known.get_mut(&ino).filter(|still| Arc::ptr_eq(&still.node, &known))?;
        if is_same {
            still.lookups += 1;
            drop(shard);
            self.seen(&known, name);
            self.hold(&known, Arc::clone(fd));
            return Some(known);
        }
        // The kernel will forget the old one under the same number.
        let lookups = still.lookups + 1;
        Some(self.insert(shard, node(), lookups, key))
    }

    fn insert(&self, mut shard: MutexGuard<'_, Shard>, node: Arc<Node>, lookups: u64, key: Option<&Key>) -> Arc<Node> {
        // Under the lock of the shard, so that node and handle come and go together.
        match (&self.watch, key) {
            (Some(watch), Some(key)) => watch.enter(node.ino, key),
            (Some(watch), None) => watch.forget(node.ino),
            (None, _) => {}
        }
        // Dropped after the lock: closing a descriptor can take long.
        let _replaced = shard.known.insert(node.ino, Known { node: Arc::clone(&node), lookups });
        let loser = shard.add_to_ring(&node, self.shard_limit);
        drop(shard);
        self.let_go(loser);
        node
    }

    /// The kernel forgets that it was told `lookups` times of a node; the last
    /// time frees it.
    pub fn forget(&self, ino: u64, lookups: u64) {
        if ino == ROOT {
            return;
        }
        // Dropped after the lock: closing a descriptor can take long.
        let (freed, has_shrunk) = {
            let mut shard = self.shard(ino);
            let Some(known) = shard.known.get_mut(&ino) else { return };
            known.lookups = known.lookups.saturating_sub(lookups);
            if known.lookups > 0 {
                return;
            }
            if let Some(watch) = &self.watch {
                watch.forget(ino);
            }
            (shard.known.remove(&ino), shard.shrink())
        };
        drop(freed);
        let freed = self.freed.fetch_add(1, Ordering::Relaxed) + 1;
        if has_shrunk && freed >= MANY {
            self.freed.store(0, Ordering::Relaxed);
            memory::give_back();
        }
    }

    /// All nodes that the kernel knows, the root among them.
    pub(crate) fn all(&self) -> impl Iterator<Item = Arc<Node>> {
        let shards = self
            .shards
            .iter()
            .flat_map(|shard| lock(shard).known.values().map(|known| Arc::clone(&known.node)).collect::<Vec<_>>());
        std::iter::once(Arc::clone(&self.root)).chain(shards)
    }

    /// How many nodes the kernel knows beside the root.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).known.len()).sum()
    }

    pub(super) fn shard(&self, ino: u64) -> MutexGuard<'_, Shard> {
        lock(&self.shards[(spread(ino) >> 58) as usize % SHARD_COUNT])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{name, nodes, place};
    use super::*;

    #[test]
    fn hard_links_are_one_node_that_lives_until_its_last_forget() {
        let dir = tempfile::tempdir().unwrap();
        let nodes = nodes(dir.path());
        std::fs::write(dir.path().join("a"), "").unwrap();
        std::fs::hard_link(dir.path().join("a"), dir.path().join("b")).unwrap();
        let (fd, found) = place(&dir.path().join("a"));
        assert!(nodes.recognise(name(1, "a"), &found).is_none());
        let a = nodes.enter(name(1, "a"), fd, &found);
        let (fd, found) = place(&dir.path().join("b"));
        let b = nodes.enter(name(1, "b"), fd, &found);
        let again = nodes.recognise(name(1, "b"), &found).unwrap();
        assert!(Arc::ptr_eq(&a, &b) && Arc::ptr_eq(&a, &again));
        nodes.forget(a.ino, 2);
        assert!(nodes.get(a.ino).is_ok());
        nodes.forget(a.ino, 1);
        assert_eq!(nodes.get(a.ino).unwrap_err(), Errno::STALE);
        assert_eq!(nodes.count(), 0);
    }

    #[test]
    fn a_number_that_is_used_again_has_another_generation() {
        let dir = tempfile::tempdir().unwrap();
        let nodes = nodes(dir.path());
        std::fs::write(dir.path().join("a"), "").unwrap();
        let (fd, found) = place(&dir.path().join("a"));
        let first = nodes.enter(name(1, "a"), fd, &found).generation;
        nodes.forget(found.status.st_ino(), 1);
        let (fd, found) = place(&dir.path().join("a"));
        assert_ne!(nodes.enter(name(1, "a"), fd, &found).generation, first);
    }

    #[test]
    fn the_root_is_never_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let nodes = nodes(dir.path());
        nodes.forget(ROOT, 1000);
        assert_eq!(nodes.shown(&nodes.get(ROOT).unwrap()), fs_core::lstat(dir.path()).unwrap().st_ino());
    }

    #[test]
    fn lookups_and_forgets_of_many_threads_balance() {
        let dir = tempfile::tempdir().unwrap();
        let nodes = nodes(dir.path());
        std::fs::write(dir.path().join("a"), "").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        let (fd, found) = place(&dir.path().join("a"));
                        let node = match nodes.recognise(name(1, "a"), &found) {
                            Some(node) => node,
                            None => nodes.enter(name(1, "a"), fd, &found),
                        };
                        assert!(Arc::ptr_eq(&nodes.get(node.ino).unwrap(), &node));
                        nodes.forget(node.ino, 1);
                    }
                });
            }
        });
        assert_eq!(nodes.count(), 0);
    }
}
