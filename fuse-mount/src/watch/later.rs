//! What the kernel is told once more, a moment later.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Messages that are due later.
#[derive(Debug, Default)]
pub(super) struct Later {
    names: HashMap<(u64, Box<[u8]>), Instant>,
    inodes: HashMap<u64, Waiting>,
}

/// An inode that the kernel has not yet got, or a directory that it may have got wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    due: Instant,
    pause: Duration,
    /// Whether its content, too.
    pub(super) content: bool,
}

/// How long an answer that is under way may take to get into the kernel's caches, by far.
const UNDER_WAY: Duration = Duration::from_millis(100);

/// After how long an inode that the kernel has not got yet is tried again first; each time it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(1);

/// More names than this are too many to tell one by one.
const MOST_NAMES: usize = 4096;

impl Later {
    /// A name of which an answer may be under way that is not told of yet.
    ///
    /// False if there are too many already.
    pub(super) fn name(&mut self, now: Instant, parent: u64, name: &[u8]) -> bool {
        if self.names.len() >= MOST_NAMES {
            return false;
        }
        self.names.entry((parent, name.into())).or_insert(now + UNDER_WAY);
        true
    }

    /// An inode that the kernel does not know though it was told of it: it is about to.
    pub(super) fn inode(&mut self, now: Instant, ino: u64, content: bool) {
        self.wait(ino, Waiting { due: now + FIRST_PAUSE, pause: FIRST_PAUSE, content });
    }

    /// A directory in which names were changed through the mount.
    pub(super) fn directory(&mut self, now: Instant, ino: u64) {
        self.wait(ino, Waiting { due: now + UNDER_WAY, pause: UNDER_WAY, content: false });
    }

    /// An inode that was tried again in vain.
    pub(super) fn again(&mut self, now: Instant, ino: u64, waiting: Waiting) {
        let pause = (2 * waiting.pause).min(UNDER_WAY);
        self.wait(ino, Waiting { due: now + pause, pause, ..waiting });
    }

    fn wait(&mut self, ino: u64, new: Waiting) {
        let waiting = self.inodes.entry(ino).or_insert(new);
        waiting.content |= new.content;
        waiting.due = waiting.due.min(new.due);
    }

    /// How long there is nothing to do; `None` if there will be nothing.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        let inodes = self.inodes.values().map(|waiting| waiting.due);
        self.names.values().copied().chain(inodes).min().map(|due| due.saturating_duration_since(now))
    }

    /// Takes the names that are due.
    pub(super) fn due_names(&mut self, now: Instant) -> Vec<(u64, Box<[u8]>)> {
        self.names.extract_if(|_, due| *due <= now).map(|(name, _)| name).collect()
    }

    /// Takes the inodes that are due.
    pub(super) fn due_inodes(&mut self, now: Instant) -> Vec<(u64, Waiting)> {
        self.inodes.extract_if(|_, waiting| waiting.due <= now).collect()
    }

    /// All names were told.
    pub(super) fn clear_names(&mut self) {
        self.names.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_once_more_and_no_more() {
        let (mut later, start) = (Later::default(), Instant::now());
        assert_eq!(later.pause(start), None);
        assert!(later.name(start, 1, b"n") && later.name(start + FIRST_PAUSE, 1, b"n"));
        assert_eq!(later.pause(start), Some(UNDER_WAY));
        assert_eq!(later.due_names(start), []);
        assert_eq!(later.due_names(start + UNDER_WAY), [(1, b"n".as_slice().into())]);
        assert_eq!(later.pause(start), None);
    }

    #[test]
    fn an_inode_is_tried_again_at_growing_distances() {
        let (mut later, start) = (Later::default(), Instant::now());
        later.inode(start, 7, false);
        later.inode(start, 7, true);
        let mut now = start;
        for millis in [1, 2, 4, 8, 16, 32, 64, 100, 100] {
            assert_eq!(later.pause(now), Some(Duration::from_millis(millis)));
            now += Duration::from_millis(millis);
            let [(7, waiting)] = later.due_inodes(now)[..] else { panic!("not due") };
            assert!(waiting.content);
            later.again(now, 7, waiting);
        }
    }

    #[test]
    fn too_many_names_are_refused() {
        let (mut later, start) = (Later::default(), Instant::now());
        for n in 0..MOST_NAMES {
            assert!(later.name(start, 1, &n.to_ne_bytes()));
        }
        assert!(!later.name(start, 1, b"one more"));
        later.clear_names();
        assert!(later.name(start, 1, b"one more"));
    }
}
