//! Descriptors of nodes: held, let go where there are too many, and reached again.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use fs_core::Errno;

use super::Nodes;
use super::places::MOST_COMPONENTS;
use crate::node::{Hold, Node, lock};
use crate::reach;

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

    /// A descriptor of the node for the kernel to read and write it by.
    ///
    /// # Errors
    /// As [`Nodes::fd`].
    pub fn fd_to_pass(&self, node: &Arc<Node>) -> Result<Arc<OwnedFd>, Errno> {
        let fd = self.fd(node)?;
        let unheard = self.watch.as_ref().and_then(|watch| watch.unheard(&fd, self.numbers.device(node.origin)));
        Ok(unheard.map_or(fd, Arc::new))
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
            let hold = &mut node.state().hold;
            if let Hold::Descriptor(fd) = hold {
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

    pub(super) fn let_go(&self, node: Option<Arc<Node>>) {
        let Some(node) = node else { return };
        self.has_let_go.store(true, Ordering::Relaxed);
        reach::let_go(&node, &self.mounts);
    }

    fn reach(&self, node: &Arc<Node>) -> Result<OwnedFd, Errno> {
        // The lock is not held meanwhile: another node's may be needed.
        let hold = node.state().hold.clone();
        let reached = match hold {
            Hold::Descriptor(fd) => return Ok(fs_core::dup(&*fd)?),
            Hold::Handle(kind, bytes) => reach::by_handle(&self.mounts, node.origin, kind, &bytes),
            Hold::Name { birth } => self.by_name(node, birth),
        };
        match (reached, node.open_descriptor()) {
            // Its names are gone, but a program has it open.
            (Err(Errno::STALE), Some(fd)) => Ok(fs_core::dup(&*fd)?),
            (reached, _) => reached,
        }
    }

    fn by_name(&self, node: &Arc<Node>, birth: Option<i64>) -> Result<OwnedFd, Errno> {
        // From above: what is above a node has a descriptor when its turn comes. That is a loop and
        // no recursion, because paths can be long.
        for above in self.reached_by_name_above(node)?.iter().rev() {
            self.fd(above)?;
        }
        let (parent, name) = node.place().ok_or(Errno::STALE)?;
        let dir = self.fd(&self.get(parent)?)?;
        reach::by_name(&dir, &name, |found| self.number_of(found) == node.ino, birth)
    }

    /// The directories above a node that have to be reached by name, from below.
    fn reached_by_name_above(&self, node: &Node) -> Result<Vec<Arc<Node>>, Errno> {
        let mut above: Vec<Arc<Node>> = Vec::new();
        loop {
            let below = above.last().map_or(node, |above| above);
            let next = self.get(below.place().ok_or(Errno::STALE)?.0)?;
            if !matches!(next.state().hold, Hold::Name { .. }) {
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

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::super::fixture::{name, place};
    use super::super::table::SHARD_COUNT;
    use super::*;
    use fs_core::fstat;
    use std::path::Path;

    /// A table with one descriptor a shard, of a directory with `count` files that the kernel knows.
    fn crowded(dir: &Path, count: usize, by_handle: bool) -> (Nodes, Vec<Arc<Node>>) {
        let (fd, found) = place(dir);
        let nodes = Nodes::new(Arc::new(fd), &found, Settings { most_descriptors: 1, keeps_names: false, by_handle });
        let known = (0..count).map(|n| format!("f{n}")).map(|file| {
            std::fs::write(dir.join(&file), &file).unwrap();
            let (fd, found) = place(&dir.join(&file));
            nodes.enter(name(1, &file), fd, &found)
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
                let (fd, found) = place(&dir.path().join(&file));
                let again = nodes.recognise(name(1, &file), &found);
                let again = again.unwrap_or_else(|| nodes.enter(name(1, &file), fd, &found));
                assert!(Arc::ptr_eq(&again, node));
                nodes.forget(node.ino, 2);
            }
            assert_eq!(nodes.count(), 0);
        }
    }

    #[test]
    fn where_there_is_no_room_all_let_go() {
        let dir = tempfile::tempdir().unwrap();
        let (fd, found) = place(dir.path());
        let nodes = Nodes::new(
            Arc::new(fd),
            &found,
            Settings { most_descriptors: 1 << 20, keeps_names: true, by_handle: true },
        );
        std::fs::write(dir.path().join("f"), "").unwrap();
        let (fd, found) = place(&dir.path().join("f"));
        let node = nodes.enter(name(1, "f"), fd, &found);
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
        let (fd, found) = place(&dir.path().join(&file));
        assert!(nodes.recognise(name(1, &file), &found).is_none());
        let new = nodes.enter(name(1, &file), fd, &found);
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
