//! Open files and directories, by the number that the kernel knows them by.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fs_core::Errno;

/// A table of handles: insertion gives a number, and the number leads back.
///
/// Numbers of removed handles are given again. No lock is shared by all: a
/// request takes one of several, and holds it for a few instructions.
#[derive(Debug)]
pub struct Handles<T> {
    shards: [Mutex<Shard<T>>; SHARD_COUNT],
    next: AtomicUsize,
}

const SHARD_COUNT: usize = 16;

#[derive(Debug)]
struct Shard<T> {
    slots: Vec<Option<Arc<T>>>,
    free: Vec<usize>,
}

impl<T> Default for Handles<T> {
    fn default() -> Self {
        let empty = |_| Mutex::new(Shard { slots: Vec::new(), free: Vec::new() });
        Handles { shards: std::array::from_fn(empty), next: AtomicUsize::new(0) }
    }
}

impl<T> Handles<T> {
    /// Keeps `handle`; its number.
    pub fn insert(&self, handle: Arc<T>) -> u64 {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % SHARD_COUNT;
        let mut shard = lock(&self.shards[index]);
        let slot = match shard.free.pop() {
            Some(slot) => {
                shard.slots[slot] = Some(handle);
                slot
            }
            None => {
                shard.slots.push(Some(handle));
                shard.slots.len() - 1
            }
        };
        (slot * SHARD_COUNT + index) as u64
    }

    /// The handle with this number.
    ///
    /// # Errors
    /// `EBADF`: there is none.
    pub fn get(&self, number: u64) -> Result<Arc<T>, Errno> {
        let (index, slot) = place(number);
        lock(&self.shards[index]).slots.get(slot).cloned().flatten().ok_or(Errno::BADF)
    }

    /// Gives the handle with this number back. Requests that use it already go on.
    ///
    /// # Errors
    /// `EBADF`: there is none.
    pub fn remove(&self, number: u64) -> Result<Arc<T>, Errno> {
        let (index, slot) = place(number);
        let mut shard = lock(&self.shards[index]);
        let handle = shard.slots.get_mut(slot).and_then(Option::take).ok_or(Errno::BADF)?;
        shard.free.push(slot);
        Ok(handle)
    }

    /// How many handles there are.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard)).map(|shard| shard.slots.len() - shard.free.len()).sum()
    }
}

fn place(number: u64) -> (usize, usize) {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    (number % SHARD_COUNT, number / SHARD_COUNT)
}

fn lock<T>(shard: &Mutex<Shard<T>>) -> std::sync::MutexGuard<'_, Shard<T>> {
    // A panic in between leaves nothing half done that matters.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_until_it_is_removed() {
        let handles = Handles::default();
        let numbers: Vec<u64> = (0..100).map(|value| handles.insert(Arc::new(value))).collect();
        for (value, number) in numbers.iter().enumerate() {
            assert_eq!(*handles.get(*number).unwrap(), value);
        }
        assert_eq!(*handles.remove(numbers[7]).unwrap(), 7);
        assert_eq!(handles.get(numbers[7]), Err(Errno::BADF));
        assert_eq!(handles.remove(numbers[7]), Err(Errno::BADF));
        assert_eq!(handles.get(u64::MAX), Err(Errno::BADF));
        assert_eq!(handles.count(), 99);
    }

    #[test]
    fn numbers_are_given_again() {
        let handles = Handles::default();
        for value in 0..10_000 {
            let number = handles.insert(Arc::new(value));
            handles.remove(number).unwrap();
            assert!(number < 2 * SHARD_COUNT as u64, "number {number} grows");
        }
    }
}
