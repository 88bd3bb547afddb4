//! Nodes by the file handles of their inodes, which is what events call them by.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::node::lock;

/// A handle together with the device that it is one of, as bytes.
pub(crate) type Key = Arc<[u8]>;

/// Which node has which handle. No lock is shared by all.
#[derive(Debug)]
pub(super) struct Handles {
    nodes: Box<[Mutex<HashMap<Key, u64>>]>,
    keys: Box<[Mutex<HashMap<u64, Key>>]>,
    hashes: RandomState,
}

const SHARD_COUNT: usize = 64;

/// What a map may have room for without shrinking.
const FEW: usize = 256;

/// The longest key: a device, a type, and the bytes of a handle.
const LONGEST: usize = 8 + 4 + fs_core::linux::FileHandle::MAX_SIZE;

impl Handles {
    pub(super) fn new() -> Self {
        Handles {
            nodes: (0..SHARD_COUNT).map(|_| Mutex::default()).collect(),
            keys: (0..SHARD_COUNT).map(|_| Mutex::default()).collect(),
            hashes: RandomState::new(),
        }
    }

    /// Takes note of the handle of a node, in the place of the one that it had.
    pub(super) fn insert(&self, ino: u64, key: &Key) {
        self.remove(ino);
        lock(&self.keys[self.shard_of(&ino)]).insert(ino, Arc::clone(key));
        self.node(key).insert(Arc::clone(key), ino);
    }

    /// Forgets the handle of a node.
    pub(super) fn remove(&self, ino: u64) {
        let Some(key) = remove(&mut lock(&self.keys[self.shard_of(&ino)]), &ino) else { return };
        let mut nodes = self.node(&key);
        if nodes.get(&key) == Some(&ino) {
            remove(&mut nodes, &key);
        }
    }

    /// The node with this handle.
    pub(super) fn find(&self, device: u64, handle_type: i32, bytes: &[u8]) -> Option<u64> {
        let mut room = [0; LONGEST];
        let key = encode(&mut room, device, handle_type, bytes)?;
        self.node(key).get(key).copied()
    }

    fn node(&self, key: &[u8]) -> MutexGuard<'_, HashMap<Key, u64>> {
        lock(&self.nodes[self.shard_of(key)])
    }

    fn shard_of<T: Hash + ?Sized>(&self, value: &T) -> usize {
        (self.hashes.hash_one(value) >> 32) as usize % SHARD_COUNT
    }
}

/// Removes an entry, and gives memory back if the map uses little of what it has.
fn remove<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: &K) -> Option<V> {
    let removed = map.remove(key);
    if map.capacity() > FEW && map.len() < map.capacity() / 4 {
        map.shrink_to(2 * map.len());
    }
    removed
}

/// The key of a handle.
pub(super) fn key(device: u64, handle_type: i32, bytes: &[u8]) -> Option<Key> {
    encode(&mut [0; LONGEST], device, handle_type, bytes).map(|key| (*key).into())
}

fn encode<'room>(room: &'room mut [u8; LONGEST], device: u64, kind: i32, bytes: &[u8]) -> Option<&'room [u8]> {
    room[..8].copy_from_slice(&device.to_ne_bytes());
    room[8..12].copy_from_slice(&kind.to_ne_bytes());
    room.get_mut(12..12 + bytes.len())?.copy_from_slice(bytes);
    Some(&room[..12 + bytes.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_found_by_its_last_handle_until_it_is_forgotten() {
        let handles = Handles::new();
        let (old, new) = (key(1, 2, b"old").unwrap(), key(1, 2, b"new").unwrap());
        handles.insert(7, &old);
        assert_eq!(handles.find(1, 2, b"old"), Some(7));
        assert_eq!((handles.find(2, 2, b"old"), handles.find(1, 3, b"old")), (None, None));
        handles.insert(7, &new);
        assert_eq!((handles.find(1, 2, b"old"), handles.find(1, 2, b"new")), (None, Some(7)));
        handles.remove(7);
        assert_eq!(handles.find(1, 2, b"new"), None);
    }

    #[test]
    fn the_end_of_an_old_node_does_not_take_a_handle_from_a_new_one() {
        let handles = Handles::new();
        let one = key(1, 2, b"one").unwrap();
        handles.insert(7, &one);
        handles.insert(8, &one);
        handles.remove(7);
        assert_eq!(handles.find(1, 2, b"one"), Some(8));
    }

    #[test]
    fn a_handle_that_is_too_long_is_none() {
        assert!(key(1, 2, &[0; 128]).is_some());
        assert!(key(1, 2, &[0; 129]).is_none());
        assert_eq!(Handles::new().find(1, 2, &[0; 4096]), None);
    }
}
