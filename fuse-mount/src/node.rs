//! Nodes: the inodes that the kernel knows, how often it was told of each, and where each was seen last.
//!
//! A node is found by its number alone, because numbers are injective
//! ([`crate::number`]), so two hard links are one node. While the kernel knows it, the node
//! holds its inode, so that the file system beneath cannot give the number to another file.

use std::collections::HashMap;
use std::collections::hash_map;
use std::hash::{BuildHasherDefault, Hasher};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fs_core::{Errno, StatResult};

use crate::cache::has_set_id;
use crate::number::{Numbers, ROOT};

/// An inode that the kernel knows.
#[derive(Debug)]
pub struct Node {
    /// The number that the kernel knows it by, and that programs see; see [`Node::shown`].
    pub ino: u64,
    /// Tells two inodes apart that had the same number, one after the other.
    pub generation: u64,
    /// The number that programs see: of the root it is the source's own.
    pub shown: u64,
    /// The type, as the upper bits of a mode.
    pub file_type: u32,
    /// The device that holds the inode.
    pub device: u64,
    /// How many handles are open for writing.
    pub writers: AtomicU32,
    set_id: AtomicBool,
    fd: Arc<OwnedFd>,
    place: Mutex<Place>,
}

/// Where a node was seen last.
#[derive(Debug, Default)]
struct Place {
    parent: u64,
    name: Box<[u8]>,
}

impl Node {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.file_type == libc::S_IFDIR
    }

    /// Whether it was a file with suid or sgid when it was last looked at.
    pub fn has_set_id(&self) -> bool {
        self.set_id.load(Ordering::Relaxed)
    }

    /// Takes note of attributes that are about to be told to the kernel.
    pub fn observe(&self, status: &StatResult) {
        let set_id = has_set_id(status.st_mode());
        if self.set_id.load(Ordering::Relaxed) != set_id {
            self.set_id.store(set_id, Ordering::Relaxed);
        }
    }
}

/// All nodes of a mount.
///
/// No lock is shared by all requests: a request takes the lock of one of many
/// shards, and holds it for a few instructions.
#[derive(Debug)]
pub struct Nodes {
    root: Arc<Node>,
    shards: Box<[Mutex<Shard>]>,
    numbers: Numbers,
    generations: AtomicU64,
    keeps_names: bool,
}

type Shard = HashMap<u64, Known, BuildHasherDefault<NumberHasher>>;

#[derive(Debug)]
struct Known {
    node: Arc<Node>,
    /// How often the kernel was told of the node, less how often it forgot it.
    lookups: u64,
}

const SHARD_COUNT: usize = 64;

/// Where a name is: its directory, and the name itself.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// The number of the directory.
    pub parent: u64,
    /// One component.
    pub name: &'a [u8],
}

impl Nodes {
    /// The root alone: `source`, an `O_PATH` descriptor of a directory with the status
    /// `status`. Names of nodes are kept only if `keeps_names`.
    pub fn new(source: OwnedFd, status: &StatResult, keeps_names: bool) -> Self {
        let root = Node {
            ino: ROOT,
            generation: 0,
            shown: status.st_ino(),
            file_type: libc::S_IFDIR,
            device: status.st_dev(),
            writers: AtomicU32::new(0),
            set_id: AtomicBool::new(false),
            fd: Arc::new(source),
            place: Mutex::default(),
        };
        Nodes {
            root: Arc::new(root),
            shards: (0..SHARD_COUNT).map(|_| Mutex::default()).collect(),
            numbers: Numbers::new(status.st_dev()),
            generations: AtomicU64::new(1),
            keeps_names,
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
        self.shard(ino).get(&ino).map(|known| Arc::clone(&known.node)).ok_or(Errno::STALE)
    }

    /// An `O_PATH` descriptor of the node.
    ///
    /// # Errors
    /// `ESTALE`: the inode is gone.
    pub fn fd(&self, node: &Node) -> Result<Arc<OwnedFd>, Errno> {
        Ok(Arc::clone(&node.fd))
    }

    /// The number of an entry of a listing: `ino` in a directory on `device`.
    pub fn number(&self, device: u64, ino: u64) -> u64 {
        self.numbers.number(device, ino)
    }

    /// The node of an inode with this status, seen at `name`, if the kernel knows it. It
    /// will be told of it once more.
    pub fn recognise(&self, name: Name<'_>, status: &StatResult) -> Option<Arc<Node>> {
        let ino = self.numbers.number(status.st_dev(), status.st_ino());
        let node = {
            let mut shard = self.shard(ino);
            let known = shard.get_mut(&ino)?;
            known.lookups += 1;
            Arc::clone(&known.node)
        };
        self.seen(&node, name);
        Some(node)
    }

    /// The node of an inode with this status, if the kernel knows it. Counts nothing.
    pub fn find(&self, status: &StatResult) -> Option<Arc<Node>> {
        let ino = self.numbers.number(status.st_dev(), status.st_ino());
        self.shard(ino).get(&ino).map(|known| Arc::clone(&known.node))
    }

    /// The node of the inode that `fd` (an `O_PATH` descriptor) is open on, seen at
    /// `name`; a new one if the kernel does not know it. It will be told of it.
    pub fn enter(&self, name: Name<'_>, fd: OwnedFd, status: &StatResult) -> Arc<Node> {
        let ino = self.numbers.number(status.st_dev(), status.st_ino());
        let node = match self.shard(ino).entry(ino) {
            hash_map::Entry::Occupied(mut known) => {
                known.get_mut().lookups += 1;
                Arc::clone(&known.get().node)
            }
            hash_map::Entry::Vacant(vacant) => {
                let node = Arc::new(Node {
                    ino,
                    generation: self.generations.fetch_add(1, Ordering::Relaxed),
                    shown: ino,
                    file_type: status.st_mode() & libc::S_IFMT,
                    device: status.st_dev(),
                    writers: AtomicU32::new(0),
                    set_id: AtomicBool::new(false),
                    fd: Arc::new(fd),
                    place: Mutex::default(),
                });
                vacant.insert(Known { node: Arc::clone(&node), lookups: 1 });
                node
            }
        };
        self.seen(&node, name);
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
            let Some(known) = shard.get_mut(&ino) else { return };
            known.lookups = known.lookups.saturating_sub(lookups);
            if known.lookups == 0 { shard.remove(&ino) } else { None }
        };
    }

    /// How many nodes the kernel knows beside the root.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    fn shard(&self, ino: u64) -> MutexGuard<'_, Shard> {
        lock(&self.shards[(spread(ino) >> 58) as usize % SHARD_COUNT])
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
            *place = Place { parent: name.parent, name: name.name.into() };
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

/// More than the longest path that can be opened in one call has.
const MOST_COMPONENTS: usize = 4096;

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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in between leaves nothing half done that matters.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        let (fd, status) = place(dir);
        Nodes::new(fd, &status, true)
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
}
