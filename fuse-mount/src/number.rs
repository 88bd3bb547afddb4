//! Inode numbers: what programs see as `st_ino`, and the kernel as the node's id.
//!
//! fuser makes the two one number, so it has to be unique over all devices that
//! are mounted below the source. Inodes of the source's own device keep their numbers; those
//! of other devices get the device's index in the upper bits; the few that fit
//! neither rule get numbers in the order in which they are seen.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};

/// The number of the mount's root, fixed by the protocol.
pub const ROOT: u64 = 1;

/// The numbers of all inodes of a mount; injective for its whole life.
#[derive(Debug)]
pub struct Numbers {
    /// The source's device.
    own: u64,
    /// The other devices, by index.
    others: RwLock<Vec<u64>>,
    /// The inodes that fit no rule.
    odd: Mutex<HashMap<(u64, u64), u64>>,
}

/// The upper four bits of all numbers but those of the source's device.
const FOREIGN: u64 = 0xf << 60;
const DEVICE_SHIFT: u32 = 48;
const DEVICE_LIMIT: usize = 0xfff;
/// The device index of odd inodes.
const ODD: u64 = FOREIGN | (DEVICE_LIMIT as u64) << DEVICE_SHIFT;

impl Numbers {
    /// Numbers for a source on the device `own`.
    pub fn new(own: u64) -> Self {
        Numbers { own, others: RwLock::default(), odd: Mutex::default() }
    }

    /// The number of the inode `ino` of the device `device`.
    pub fn number(&self, device: u64, ino: u64) -> u64 {
        // 0 means "no such entry" in the protocol, 1 the root.
        let fits = ino > ROOT;
        if device == self.own && fits && ino & FOREIGN != FOREIGN {
            return ino;
        }
        match self.index(device) {
            Some(index) if fits && ino >> DEVICE_SHIFT == 0 => FOREIGN | index << DEVICE_SHIFT | ino,
            _ => self.odd_number(device, ino),
        }
    }

    fn index(&self, device: u64) -> Option<u64> {
        if device == self.own {
            return None;
        }
        let find = |others: &[u64]| others.iter().position(|other| *other == device);
        let known = find(&self.others.read().unwrap_or_else(PoisonError::into_inner));
        let index = known.or_else(|| {
            let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
            find(&others).or_else(|| {
                others.push(device);
                Some(others.len() - 1)
            })
        });
        index.filter(|index| *index < DEVICE_LIMIT).map(|index| index as u64)
    }

    fn odd_number(&self, device: u64, ino: u64) -> u64 {
        let mut odd = self.odd.lock().unwrap_or_else(PoisonError::into_inner);
        let next = ODD | odd.len() as u64;
        *odd.entry((device, ino)).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inodes_of_the_sources_device_keep_their_numbers() {
        let numbers = Numbers::new(7);
        for ino in [2, 3, 1 << 47, 0xefff_ffff_ffff_ffff] {
            assert_eq!(numbers.number(7, ino), ino);
        }
    }

    #[test]
    fn no_two_inodes_share_a_number_and_none_is_the_root() {
        let numbers = Numbers::new(7);
        let inos = [0, 1, 2, 3, 1 << 47, 1 << 48, u64::MAX - 1, u64::MAX, FOREIGN | 2, ODD, ODD | 1];
        let mut seen = HashMap::new();
        for _ in 0..2 {
            for device in [7, 8, 9, 1 << 40] {
                for ino in inos {
                    let number = numbers.number(device, ino);
                    assert!(number > ROOT);
                    assert_eq!(*seen.entry(number).or_insert((device, ino)), (device, ino));
                }
            }
        }
        assert_eq!(seen.len(), 4 * inos.len());
    }
}
