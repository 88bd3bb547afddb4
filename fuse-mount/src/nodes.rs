//! Nodes: the inodes that the kernel knows, how often it was told of each, and where each was seen last.
//!
//! A node is found by its number alone, because numbers are injective
//! ([`crate::number`]), so two hard links are one node.
//!
//! Of the nodes only so many have a descriptor; the longest unused lose theirs and get it back
//! when they are asked for ([`crate::reach`]).

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use fs_core::{Errno, StatResult};

use crate::node::{Hold, Name, Node, Place, lock};
use crate::number::{Numbers, ROOT};
use crate::reach::{self, Mounts};

/// All nodes of a mount.
///
/// No lock is shared by all requests: a request takes the lock of one of many
/// shards, and holds it for a few instructions.
#[derive(Debug)]
pub struct Nodes {
    root: Arc<Node>,
    shards: Box<[Mutex<Shard>]>,
    numbers: Numbers,
    mounts: Mounts,
    generations: AtomicU64,
    /// How many descriptors the nodes of a shard may have.
    shard_limit: usize,
    keeps_names: bool,
    /// Whether a node was ever without a descriptor.
    has_let_go: AtomicBool,
}

#[derive(Debug, Default)]
struct Shard {
    known: HashMap<u64, Known, BuildHasherDefault<NumberHasher>>,
    /// The nodes that have a descriptor, by number and generation: the next to lose it first. Those that
    /// are forgotten meanwhile are still here, those that must keep theirs are not.
    ring: VecDeque<(u64, u64)>,
}

#[derive(Debug)]
struct Known {
    node: Arc<Node>,
    /// How often the kernel was told of the node, less how often it forgot it.
    lookups: u64,
}

const SHARD_COUNT: usize = 64;

/// How a table of nodes goes about its business.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// About how many nodes have a descriptor at a time.
    pub most_descriptors: usize,
    /// Whether names are kept where they are not needed to reach an inode.
    pub keeps_names: bool,
    /// Whether inodes are reached by handle where they can.
    pub by_handle: bool,
}

impl Nodes {
    /// The root alone: `source`, an `O_PATH` descriptor of a directory with the status
    /// `status`.
    pub fn new(source: OwnedFd, status: &StatResult, settings: Settings) -> Self {
        let Settings { most_descriptors, keeps_names, by_handle } = settings;
        let mounts = Mounts::new(by_handle);
        mounts.meet(&source, status.st_dev());
        let mut root = Node::new(ROOT, 0, Arc::new(source), status);
        root.shown = status.st_ino();
        Nodes {
            root: Arc::new(root),
            shards: (0..SHARD_COUNT).map(|_| Mutex::default()).collect(),
            numbers: Numbers::new(status.st_dev()),
            generations: AtomicU64::new(1),
            shard_limit: (most_descriptors / SHARD_COUNT).max(1),
            keeps_names: keeps_names || !mounts.have(status.st_dev()),
            mounts,
            has_let_go: AtomicBool::new(false),
        }
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

    /// The number of an entry of a listing: `ino` in a directory on `device`.
    pub fn number(&self, device: u64, ino: u64) -> u64 {
        self.numbers.number(device, ino)
    }

    /// The node of an inode with this status, if the kernel knows it. Counts nothing.
    pub fn find(&self, status: &StatResult) -> Option<Arc<Node>> {
        let ino = self.numbers.number(status.st_dev(), status.st_ino());
        self.shard(ino).known.get(&ino).map(|known| Arc::clone(&known.node))
    }

    /// The node of an inode with this status, seen at `name`, if the kernel knows it and a
    /// descriptor holds it: then it is the same inode. The kernel will be told of it once more.
    pub fn recognise(&self, name: Name<'_>, status: &StatResult) -> Option<Arc<Node>> {
        let ino = self.numbers.number(status.st_dev(), status.st_ino());
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
    pub fn enter(&self, name: Name<'_>, fd: OwnedFd, status: &StatResult) -> Arc<Node> {
        let ino = self.numbers.number(status.st_dev(), status.st_ino());
        if status.st_mode() & libc::S_IFMT == libc::S_IFDIR {
            self.mounts.meet(&fd, status.st_dev());
        }
        let fd = Arc::new(fd);
        let node = loop {
            if let Some(node) = self.try_enter(ino, &fd, status) {
                break node;
            }
        };
        self.seen(&node, name);
        node
    }

    /// `None` if the table changed meanwhile.
    fn try_enter(&self, ino: u64, fd: &Arc<OwnedFd>, status: &StatResult) -> Option<Arc<Node>> {
        let known = {
            let mut shard = self.shard(ino);
            match shard.known.get_mut(&ino) {
                None => return Some(self.insert(shard, self.node(ino, fd, status), 1)),
                Some(known) if known.node.has_descriptor() => {
                    known.lookups += 1;
                    return Some(Arc::clone(&known.node));
                }
                Some(known) => Arc::clone(&known.node),
            }
        };
        // The number may be another inode's by now. Finding out takes a system call.
        let is_same = reach::is_same(&lock(&known.hold), fd);
        let mut shard = self.shard(ino);
        let still = shard.known.get_mut(&ino).filter(|still| Arc::ptr_eq(&still.node, &known))?;
        if is_same {
            still.lookups += 1;
            drop(shard);
            self.hold(&known, Arc::clone(fd));
            return Some(known);
        }
        // The kernel will forget the old one under the same number.
        let lookups = still.lookups + 1;
        Some(self.insert(shard, self.node(ino, fd, status), lookups))
    }

    fn node(&self, ino: u64, fd: &Arc<OwnedFd>, status: &StatResult) -> Arc<Node> {
        let generation = self.generations.fetch_add(1, Ordering::Relaxed);
        Arc::new(Node::new(ino, generation, Arc::clone(fd), status))
    }

    fn insert(&self, mut shard: MutexGuard<'_, Shard>, node: Arc<Node>, lookups: u64) -> Arc<Node> {
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
        let _freed = {
            let mut shard = self.shard(ino);
            let Some(known) = shard.known.get_mut(&ino) else { return };
            known.lookups = known.lookups.saturating_sub(lookups);
            if known.lookups == 0 { shard.known.remove(&ino) } else { None }
        };
    }

    /// How many nodes the kernel knows beside the root.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).known.len()).sum()
    }

    fn shard(&self, ino: u64) -> MutexGuard<'_, Shard> {
        lock(&self.shards[(spread(ino) >> 58) as usize % SHARD_COUNT])
    }
}

/// Descriptors of nodes.
impl Nodes {
    /// A descriptor of the node, mostly an `O_PATH` one.
    ///
    /// # Errors
    /// `ESTALE`: the inode is gone, or where its file system has no handles, its name.
    pub fn fd(&self, node: &Arc<Node>) -> Result<Arc<OwnedFd>, Errno> {
        match node.descriptor() {
            Some(fd) => Ok(fd),
            None => {
                let fd = Arc::new(self.with_room(|| self.reach(node))?);
                Ok(self.hold(node, fd))
            }
        }
    }

    /// Calls `open`; once more, after all nodes have let their descriptors go, if there
    /// is no room for another.
    pub fn with_room<T>(&self, mut open: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
        match open() {
            Err(Errno::MFILE | Errno::NFILE) => {
                for shard in &self.shards {
                    let losers: Vec<Arc<Node>> = lock(shard).empty_ring();
                    losers.into_iter().for_each(|loser| self.let_go(Some(loser)));
                }
                open()
            }
            result => result,
        }
    }

    /// Whether a node may be without a descriptor. If so, one must be held by
    /// [`Nodes::hold`] before its last name is taken away, and after.
    pub fn have_let_go(&self) -> bool {
        self.has_let_go.load(Ordering::Relaxed)
    }

    /// Lets `fd` hold the node, unless another descriptor does; the one that does.
    pub fn hold(&self, node: &Arc<Node>, fd: Arc<OwnedFd>) -> Arc<OwnedFd> {
        {
            let mut hold = lock(&node.hold);
            if let Hold::Descriptor(fd) = &*hold {
                return Arc::clone(fd);
            }
            *hold = Hold::Descriptor(Arc::clone(&fd));
        }
        // Otherwise it could be the one to let go.
        node.use_descriptor();
        let loser = self.shard(node.ino).add_to_ring(node, self.shard_limit);
        self.let_go(loser);
        fd
    }

    fn let_go(&self, node: Option<Arc<Node>>) {
        let Some(node) = node else { return };
        self.has_let_go.store(true, Ordering::Relaxed);
        let has_name = || self.keeps_names && !lock(&node.place).is_gone;
        reach::let_go(&node, &self.mounts, has_name);
    }

    fn reach(&self, node: &Arc<Node>) -> Result<OwnedFd, Errno> {
        // The lock is not held meanwhile: another node's may be needed.
        let hold = lock(&node.hold).clone();
        let reached = match hold {
            Hold::Descriptor(fd) => return Ok(fs_core::dup(&*fd)?),
            Hold::Handle(kind, bytes) => reach::by_handle(&self.mounts, node.device, kind, &bytes),
            Hold::Name { birth } => self.by_name(node, birth),
        };
        match (reached, node.open_descriptor()) {
            // Its names are gone, but a program has it open.
            (Err(Errno::STALE), Some(fd)) => Ok(fs_core::dup(&*fd)?),
            (reached, _) => reached,
        }
    }

    fn by_name(&self, node: &Arc<Node>, birth: Option<i128>) -> Result<OwnedFd, Errno> {
        // From above: what is above a node has a descriptor when its turn comes. That is a loop and
        // no recursion, because paths can be long.
        for above in self.reached_by_name_above(node)?.iter().rev() {
            self.fd(above)?;
        }
        let (parent, name) = place_of(node);
        let dir = self.fd(&self.get(parent)?)?;
        reach::by_name(&dir, &name, |device, ino| self.numbers.number(device, ino) == node.ino, birth)
    }

    /// The directories above a node that have to be reached by name, from below.
    fn reached_by_name_above(&self, node: &Node) -> Result<Vec<Arc<Node>>, Errno> {
        let mut above: Vec<Arc<Node>> = Vec::new();
        loop {
            let below = above.last().map_or(node, |above| above);
            let next = self.get(place_of(below).0)?;
            if !matches!(*lock(&next.hold), Hold::Name { .. }) {
                return Ok(above);
            }
            // Directories that were moved on the source while nobody looked can seem to
            // lie in each other.
            if above.len() == MOST_COMPONENTS {
                return Err(Errno::STALE);
            }
            above.push(next);
        }
    }
}

fn place_of(node: &Node) -> (u64, Box<[u8]>) {
    let place = lock(&node.place);
    (place.parent, place.name.clone())
}

impl Shard {
    /// Adds a node that has a descriptor; the node that has to let its own go for it.
    fn add_to_ring(&mut self, node: &Node, limit: usize) -> Option<Arc<Node>> {
        self.ring.push_back((node.ino, node.generation));
        // Each is passed over once if it was used meanwhile.
        for _ in 0..2 * self.ring.len() {
            if self.ring.len() <= limit {
                return None;
            }
            let (ino, generation) = self.ring.pop_front()?;
            let Some(known) = self.known.get(&ino).filter(|known| known.node.generation == generation) else {
                continue;
            };
            if known.node.was_used() {
                self.ring.push_back((ino, generation));
            } else {
                return Some(Arc::clone(&known.node));
            }
        }
        None
    }

    fn empty_ring(&mut self) -> Vec<Arc<Node>> {
        let ring = std::mem::take(&mut self.ring);
        let current = |(ino, generation)| {
            self.known
                .get(&ino)
                .filter(|known| known.node.generation == generation)
                .map(|known| Arc::clone(&known.node))
        };
        ring.into_iter().filter_map(current).collect()
    }
}

/// Where nodes are.
impl Nodes {
    /// Whether [`Nodes::path_into`] works.
    pub fn keeps_names(&self) -> bool {
        self.keeps_names
    }

    /// Takes note that a node is now at `name`.
    pub fn seen(&self, node: &Node, name: Name<'_>) {
        if !self.keeps_names || node.ino == ROOT {
            return;
        }
        let mut place = lock(&node.place);
        if place.parent != name.parent || *place.name != *name.name {
            *place = Place { parent: name.parent, name: name.name.into(), is_gone: false };
        }
        place.is_gone = false;
    }

    /// Takes note that a node is no longer at `name`.
    pub fn gone(&self, node: &Node, name: Name<'_>) {
        let mut place = lock(&node.place);
        if place.parent == name.parent && *place.name == *name.name {
            place.is_gone = true;
        }
    }

    /// Appends the path of a node from the root, without a leading slash; `.` for the
    /// root. A node whose last name is gone has that name still, and a node that the
    /// kernel does not know is `?`.
    ///
    /// Allocates nothing once `path` is long enough.
    pub fn path_into(&self, ino: u64, path: &mut Vec<u8>) {
        let start = path.len();
        let mut ino = ino;
        // Directories that were moved on the source while nobody looked can seem to
        // lie in each other.
        for _ in 0..MOST_COMPONENTS {
            if ino == ROOT {
                break;
            }
            if path.len() > start {
                path.push(b'/');
            }
            let Ok(node) = self.get(ino) else {
                path.push(b'?');
                break;
            };
            // From the end to the beginning, so backwards.
            let place = lock(&node.place);
            path.extend(place.name.iter().rev());
            ino = place.parent;
        }
        if path.len() == start {
            path.push(b'.');
        }
        path[start..].reverse();
    }
}

/// As many as the longest path has that can be opened in one call.
const MOST_COMPONENTS: usize = 2048;

/// Spreads numbers that are close to each other.
fn spread(ino: u64) -> u64 {
    ino.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[derive(Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, number: u64) {
        // The map uses upper and lower bits; the shard used the upper ones.
        self.0 = spread(number).rotate_left(20);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fs_core::{Mode, OFlags, fstat, open};
    use std::path::Path;

    fn place(path: &Path) -> (OwnedFd, StatResult) {
        let fd = open(path, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty()).unwrap();
        let status = fstat(&fd).unwrap();
        (fd, status)
    }

    fn nodes(dir: &Path) -> Nodes {
        limited(dir, 1 << 20)
    }

    fn limited(dir: &Path, most_descriptors: usize) -> Nodes {
        let (fd, status) = place(dir);
        Nodes::new(fd, &status, Settings { most_descriptors, keeps_names: true, by_handle: true })
    }

    fn name(parent: u64, name: &str) -> Name<'_> {
        Name { parent, name: name.as_bytes() }
    }

    fn path_of(nodes: &Nodes, ino: u64) -> String {
        let mut path = b"before ".to_vec();
        nodes.path_into(ino, &mut path);
        String::from_utf8(path).unwrap().strip_prefix("before ").unwrap().to_owned()
    }

    #[test]
    fn hard_links_are_one_node_that_lives_until_its_last_forget() {
        let dir = tempfile::tempdir().unwrap();
        let nodes = nodes(dir.path());
        std::fs::write(dir.path().join("a"), "").unwrap();
        std::fs::hard_link(dir.path().join("a"), dir.path().join("b")).unwrap();
        let (fd, status) = place(&dir.path().join("a"));
        assert!(nodes.recognise(name(1, "a"), &status).is_none());
        let a = nodes.enter(name(1, "a"), fd, &status);
        let (fd, status) = place(&dir.path().join("b"));
        let b = nodes.enter(name(1, "b"), fd, &status);
        let again = nodes.recognise(name(1, "b"), &status).unwrap();
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
        let (fd, status) = place(&dir.path().join("a"));
        let first = nodes.enter(name(1, "a"), fd, &status).generation;
        nodes.forget(status.st_ino(), 1);
        let (fd, status) = place(&dir.path().join("a"));
        assert_ne!(nodes.enter(name(1, "a"), fd, &status).generation, first);
    }

    #[test]
    fn the_root_is_never_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let nodes = nodes(dir.path());
        nodes.forget(ROOT, 1000);
        assert_eq!(nodes.get(ROOT).unwrap().shown, fs_core::lstat(dir.path()).unwrap().st_ino());
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
                        let (fd, status) = place(&dir.path().join("a"));
                        let node = match nodes.recognise(name(1, "a"), &status) {
                            Some(node) => node,
                            None => nodes.enter(name(1, "a"), fd, &status),
                        };
                        assert!(Arc::ptr_eq(&nodes.get(node.ino).unwrap(), &node));
                        nodes.forget(node.ino, 1);
                    }
                });
            }
        });
        assert_eq!(nodes.count(), 0);
    }

    #[test]
    fn paths_follow_names() {
        let dir = tempfile::tempdir().unwrap();
        let nodes = nodes(dir.path());
        std::fs::create_dir(dir.path().join("d")).unwrap();
        std::fs::write(dir.path().join("d/f"), "").unwrap();
        let (fd, status) = place(&dir.path().join("d"));
        let d = nodes.enter(name(1, "d"), fd, &status);
        let (fd, status) = place(&dir.path().join("d/f"));
        let f = nodes.enter(name(d.ino, "f"), fd, &status);
        assert_eq!(path_of(&nodes, f.ino), "d/f");
        assert_eq!(path_of(&nodes, ROOT), ".");
        nodes.seen(&d, name(1, "moved"));
        assert_eq!(path_of(&nodes, f.ino), "moved/f");
        nodes.forget(d.ino, 1);
        assert_eq!(path_of(&nodes, f.ino), "?/f");
    }

    #[test]
    fn directories_that_seem_to_lie_in_each_other_have_some_path() {
        let dir = tempfile::tempdir().unwrap();
        let nodes = nodes(dir.path());
        std::fs::create_dir(dir.path().join("a")).unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        let (fd, status) = place(&dir.path().join("a"));
        let a = nodes.enter(name(1, "a"), fd, &status);
        let (fd, status) = place(&dir.path().join("b"));
        let b = nodes.enter(name(a.ino, "b"), fd, &status);
        nodes.seen(&a, name(b.ino, "a"));
        assert!(path_of(&nodes, a.ino).ends_with("b/a"));
    }

    /// A table with one descriptor a shard, of a directory with `count` files that the kernel knows.
    fn crowded(dir: &Path, count: usize, by_handle: bool) -> (Nodes, Vec<Arc<Node>>) {
        let (fd, status) = place(dir);
        let nodes = Nodes::new(fd, &status, Settings { most_descriptors: 1, keeps_names: false, by_handle });
        let known = (0..count).map(|n| format!("f{n}")).map(|file| {
            std::fs::write(dir.join(&file), &file).unwrap();
            let (fd, status) = place(&dir.join(&file));
            nodes.enter(name(1, &file), fd, &status)
        });
        let known = known.collect();
        (nodes, known)
    }

    fn with_descriptor(known: &[Arc<Node>]) -> usize {
        known.iter().filter(|node| node.has_descriptor()).count()
    }

    #[test]
    fn few_descriptors_serve_many_nodes() {
        for by_handle in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let (nodes, known) = crowded(dir.path(), 1_000, by_handle);
            assert!(with_descriptor(&known) <= SHARD_COUNT);
            for round in 0..2 {
                for node in &known {
                    assert_eq!(fstat(&*nodes.fd(node).unwrap()).unwrap().st_ino(), node.ino, "round {round}");
                }
            }
            assert!(with_descriptor(&known) <= SHARD_COUNT);
            // Looked up again, each is the same node.
            for (n, node) in known.iter().enumerate() {
                let file = format!("f{n}");
                let (fd, status) = place(&dir.path().join(&file));
                let again = nodes.recognise(name(1, &file), &status);
                let again = again.unwrap_or_else(|| nodes.enter(name(1, &file), fd, &status));
                assert!(Arc::ptr_eq(&again, node));
                nodes.forget(node.ino, 2);
            }
            assert_eq!(nodes.count(), 0);
        }
    }

    #[test]
    fn where_there_is_no_room_all_let_go() {
        let dir = tempfile::tempdir().unwrap();
        let (fd, status) = place(dir.path());
        let nodes = Nodes::new(fd, &status, Settings { most_descriptors: 1 << 20, keeps_names: true, by_handle: true });
        std::fs::write(dir.path().join("f"), "").unwrap();
        let (fd, status) = place(&dir.path().join("f"));
        let node = nodes.enter(name(1, "f"), fd, &status);
        let mut tries = 0;
        let result = nodes.with_room(|| {
            tries += 1;
            if node.has_descriptor() { Err(Errno::MFILE) } else { Ok(()) }
        });
        assert_eq!((result, tries), (Ok(()), 2));
        assert!(nodes.fd(&node).is_ok());
    }

    #[test]
    fn a_number_that_another_file_took_is_another_node() {
        let dir = tempfile::tempdir().unwrap();
        let (nodes, known) = crowded(dir.path(), 500, true);
        let (n, old) = known.iter().enumerate().find(|(_, node)| !node.has_descriptor()).unwrap();
        std::fs::remove_file(dir.path().join(format!("f{n}"))).unwrap();
        let reused = (0..500).map(|n| format!("new{n}")).find(|file| {
            std::fs::write(dir.path().join(file), "").unwrap();
            fs_core::lstat(&dir.path().join(file)).unwrap().st_ino() == old.ino
        });
        let Some(file) = reused else { return eprintln!("not run: numbers are not used again here") };
        assert_eq!(nodes.fd(old).unwrap_err(), Errno::STALE);
        let (fd, status) = place(&dir.path().join(&file));
        assert!(nodes.recognise(name(1, &file), &status).is_none());
        let new = nodes.enter(name(1, &file), fd, &status);
        assert!(!Arc::ptr_eq(&new, old) && new.generation != old.generation && new.ino == old.ino);
        // The kernel forgets both under the one number.
        nodes.forget(old.ino, 1);
        assert!(Arc::ptr_eq(&nodes.get(new.ino).unwrap(), &new));
        nodes.forget(new.ino, 1);
        assert!(nodes.get(new.ino).is_err());
    }

    #[test]
    fn an_inode_without_a_name_is_kept_or_found_by_who_has_it_open() {
        let dir = tempfile::tempdir().unwrap();
        let (nodes, known) = crowded(dir.path(), 300, false);
        let fd = nodes.fd(&known[0]).unwrap();
        std::fs::remove_file(dir.path().join("f0")).unwrap();
        drop(fd);
        let open = Arc::new(OwnedFd::from(std::fs::File::open(dir.path().join("f1")).unwrap()));
        known[1].witness(&open);
        std::fs::remove_file(dir.path().join("f1")).unwrap();
        for node in known[2..].iter().chain(&known[2..]) {
            nodes.fd(node).unwrap();
        }
        assert!(known[0].has_descriptor());
        for node in &known[..2] {
            assert_eq!(fstat(&*nodes.fd(node).unwrap()).unwrap().st_ino(), node.ino);
        }
    }

    #[test]
    fn by_name_only_the_same_inode_is_reached() {
        let dir = tempfile::tempdir().unwrap();
        let (nodes, known) = crowded(dir.path(), 300, false);
        let cold = |n: &&usize| !known[**n].has_descriptor();
        let numbers: Vec<usize> = (0..300).collect();
        let numbers: Vec<usize> = numbers.iter().filter(cold).copied().take(3).collect();
        let path = |n: usize| dir.path().join(format!("f{n}"));
        std::fs::remove_file(path(numbers[0])).unwrap();
        std::fs::remove_file(path(numbers[1])).unwrap();
        std::fs::rename(path(numbers[2]), path(numbers[1])).unwrap();
        for n in &numbers {
            assert_eq!(nodes.fd(&known[*n]).unwrap_err(), Errno::STALE);
        }
        // Seen again at its new name, it is within reach.
        nodes.seen(&known[numbers[2]], name(1, &format!("f{}", numbers[1])));
        assert!(nodes.fd(&known[numbers[2]]).is_ok());
    }

    #[test]
    fn directories_that_seem_to_lie_in_each_other_are_out_of_reach() {
        let dir = tempfile::tempdir().unwrap();
        let (nodes, known) = crowded(dir.path(), 300, false);
        let cold: Vec<_> = known.iter().filter(|node| !node.has_descriptor()).take(2).collect();
        nodes.seen(cold[0], name(cold[1].ino, "a"));
        nodes.seen(cold[1], name(cold[0].ino, "b"));
        assert_eq!(nodes.fd(cold[0]).unwrap_err(), Errno::STALE);
    }
}
