//! Inode numbers: what programs see as `st_ino`, and the kernel as the node's id.
//!
//! fuser makes the two one number, so it has to be unique over all that is mounted below the source. An inode that is
//! reached by two mounts is two, as what may be done to it can differ: one of them may be read-only. Inodes of the source's own device
//! and mount keep their numbers; those of other origins get the origin's index in the upper bits; the few that fit
//! neither rule get numbers in the order in which they are seen.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};

/// The number of the mount's root, fixed by the protocol.
pub const ROOT: u64 = 1;

/// What inode numbers are unique in: a device, as a mount shows it. One mount can show several devices (btrfs, overlayfs), and a device
/// can be shown by several mounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// As in [`Found`](crate::found::Found).
    pub mount: u64,
    /// As `st_dev`.
    pub device: u64,
}

/// An origin by its index among those of the mount; 0 is the source's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OriginIndex(u32);

impl OriginIndex {
    /// The source's own.
    pub const OWN: Self = OriginIndex(0);
}

/// The numbers of all inodes of a mount; injective for its whole life.
#[derive(Debug)]
pub struct Numbers {
    own: Origin,
    /// The other origins: the first has index 1.
    others: RwLock<Vec<Origin>>,
    /// The inodes that fit no rule.
    odd: Mutex<HashMap<(OriginIndex, u64), u64>>,
}

/// The upper four bits of all numbers but those of the source's own.
const FOREIGN: u64 = 0xf << 60;
const ORIGIN_SHIFT: u32 = 48;
const ORIGIN_LIMIT: u64 = 0xfff;
/// The origin of odd inodes.
const ODD: u64 = FOREIGN | ORIGIN_LIMIT << ORIGIN_SHIFT;

impl Numbers {
    /// Numbers for a source of this origin.
    pub fn new(own: Origin) -> Self {
        Numbers { own, others: RwLock::default(), odd: Mutex::default() }
    }

    /// The index of an origin, which is new or known.
    pub fn index(&self, origin: Origin) -> OriginIndex {
        if origin == self.own {
            return OriginIndex::OWN;
        }
        let find = |others: &[Origin]| others.iter().position(|other| *other == origin);
        let known = find(&self.others.read().unwrap_or_else(PoisonError::into_inner));
        let place = known.unwrap_or_else(|| {
            let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
            find(&others).unwrap_or_else(|| {
                others.push(origin);
                others.len() - 1
            })
        });
        OriginIndex(u32::try_from(place + 1).expect("fewer mounts than that"))
    }

    /// The device of an origin.
    pub fn device(&self, index: OriginIndex) -> u64 {
        match index.0.checked_sub(1) {
            None => self.own.device,
            Some(place) => self.others.read().unwrap_or_else(PoisonError::into_inner)[place as usize].device,
        }
    }

    /// The number of the inode `ino` of an origin.
    pub fn number(&self, origin: OriginIndex, ino: u64) -> u64 {
        // 0 means "no such entry" in the protocol, 1 the root.
        let fits = ino > ROOT;
        match u64::from(origin.0) {
            0 if fits && ino & FOREIGN != FOREIGN => ino,
            index @ 1..=ORIGIN_LIMIT if fits && ino >> ORIGIN_SHIFT == 0 => FOREIGN | (index - 1) << ORIGIN_SHIFT | ino,
            _ => self.odd_number(origin, ino),
        }
    }

    fn odd_number(&self, origin: OriginIndex, ino: u64) -> u64 {
        let mut odd = self.odd.lock().unwrap_or_else(PoisonError::into_inner);
        let next = ODD | odd.len() as u64;
        *odd.entry((origin, ino)).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Origin = Origin { mount: 20, device: 7 };

    #[test]
    fn inodes_of_the_sources_own_device_and_mount_keep_their_numbers() {
        let numbers = Numbers::new(OWN);
        assert_eq!(numbers.index(OWN), OriginIndex::OWN);
        for ino in [2, 3, 1 << 47, 0xefff_ffff_ffff_ffff] {
            assert_eq!(numbers.number(OriginIndex::OWN, ino), ino);
        }
    }

    #[test]
    fn no_two_inodes_share_a_number_and_none_is_the_root() {
        let numbers = Numbers::new(OWN);
        let inos = [0, 1, 2, 3, 1 << 47, 1 << 48, u64::MAX - 1, u64::MAX, FOREIGN | 2, ODD, ODD | 1];
        let origins = [(20, 7), (20, 8), (21, 7), (21, 9), (1 << 40, 1 << 40)];
        let mut seen = HashMap::new();
        for _ in 0..2 {
            for (mount, device) in origins {
                let index = numbers.index(Origin { mount, device });
                assert_eq!(numbers.device(index), device);
                for ino in inos {
                    let number = numbers.number(index, ino);
                    assert!(number > ROOT);
                    assert_eq!(*seen.entry(number).or_insert((mount, device, ino)), (mount, device, ino));
                }
            }
        }
        assert_eq!(seen.len(), origins.len() * inos.len());
    }

    #[test]
    fn there_may_be_more_origins_than_fit_into_numbers() {
        let numbers = Numbers::new(OWN);
        let mut seen = std::collections::HashSet::new();
        for mount in 0..5_000 {
            let index = numbers.index(Origin { mount: 100 + mount, device: 7 });
            assert!(seen.insert(numbers.number(index, 2)) && numbers.device(index) == 7);
        }
    }
}
