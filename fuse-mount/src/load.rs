//! How many of the servers are at work, so that who keeps them learns when none is free; and whether requests
//! come at all.
//!
//! A request that is slow in the source holds its server. What it costs to notice is two additions for each request.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Thread};

/// The requests that were begun and done, and the servers that there are for them.
#[derive(Debug)]
pub(crate) struct Load {
    begun: AtomicU64,
    done: AtomicU64,
    servers: AtomicU64,
    is_watched: AtomicBool,
    watcher: OnceLock<Watcher>,
    is_awaited: AtomicBool,
    waiting: OnceLock<Thread>,
}

struct Watcher(Box<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

/// A request that is being served; dropped when it is done.
#[derive(Debug)]
pub(crate) struct Busy<'a>(&'a Load);

/// The state at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// How many requests have been done.
    pub(crate) done: u64,
    /// Whether every server has one.
    pub(crate) all_busy: bool,
}

impl Load {
    /// Of servers that nobody watches.
    pub(crate) fn new() -> Self {
        Load {
            begun: AtomicU64::new(0),
            done: AtomicU64::new(0),
            servers: AtomicU64::new(u64::MAX),
            is_watched: AtomicBool::new(false),
            watcher: OnceLock::new(),
            is_awaited: AtomicBool::new(false),
            waiting: OnceLock::new(),
        }
    }

    /// Calls `watcher` each time that all servers are busy while nobody looks, in the thread that
    /// is the last to be. It has to [look away](Load::look_away) again.
    pub(crate) fn watch_with(&self, watcher: impl Fn() + Send + Sync + 'static) {
        // One mount has one watcher.
        let _ = self.watcher.set(Watcher(Box::new(watcher)));
    }

    /// There are so many servers now.
    pub(crate) fn set_servers(&self, servers: u64) {
        self.servers.store(servers, Ordering::Relaxed);
    }

    /// A request begins.
    pub(crate) fn enter(&self) -> Busy<'_> {
        let begun = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is_all(begun) && !self.is_watched.load(Ordering::Relaxed) {
            self.alarm();
        }
        if self.is_awaited.load(Ordering::Relaxed) {
            self.has_come();
        }
        Busy(self)
    }

    fn is_all(&self, begun: u64) -> bool {
        // The two are not read at one moment: one that has ended meanwhile counts as busy or not.
        begun.saturating_sub(self.done.load(Ordering::Relaxed)) >= self.servers.load(Ordering::Relaxed)
    }

    #[cold]
    fn alarm(&self) {
        let Some(Watcher(watcher)) = self.watcher.get() else { return };
        if !self.is_watched.swap(true, Ordering::Relaxed) {
            watcher();
        }
    }

    /// Waits for a request to begin. One thread of a mount may, always the same.
    ///
    /// That one which begins at this very moment may be missed, but not the next.
    pub(crate) fn wait_for_request(&self) {
        self.waiting.get_or_init(thread::current);
        self.is_awaited.store(true, Ordering::SeqCst);
        // It can return for no reason.
        while self.is_awaited.load(Ordering::SeqCst) {
            thread::park();
        }
    }

    #[cold]
    fn has_come(&self) {
        if self.is_awaited.swap(false, Ordering::SeqCst)
            && let Some(thread) = self.waiting.get()
        {
            thread.unpark();
        }
    }

    /// How many requests have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// How it is now.
    pub(crate) fn sample(&self) -> Sample {
        Sample { all_busy: self.is_all(self.begun.load(Ordering::Relaxed)), done: self.done.load(Ordering::Relaxed) }
    }

    /// The watcher wants to be called again. It looks once more after this.
    pub(crate) fn look_away(&self) {
        self.is_watched.store(false, Ordering::SeqCst);
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_watcher_is_called_when_the_last_server_is_taken_and_once_until_it_looks_away() {
        let load = Load::new();
        let calls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&calls);
        load.watch_with(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        load.set_servers(2);
        let calls = || calls.load(Ordering::Relaxed);
        for _ in 0..10 {
            drop(load.enter());
        }
        assert_eq!((calls(), load.sample()), (0, Sample { done: 10, all_busy: false }));
        let first = load.enter();
        let second = load.enter();
        assert_eq!((calls(), load.sample()), (1, Sample { done: 10, all_busy: true }));
        drop(second);
        drop(load.enter());
        assert_eq!(calls(), 1);
        load.look_away();
        drop(load.enter());
        assert_eq!(calls(), 2);
        drop(first);
        assert_eq!(load.sample(), Sample { done: 14, all_busy: false });
    }

    #[test]
    fn who_waits_for_a_request_is_woken_by_the_next_and_only_by_that() {
        let load = Load::new();
        let woken = AtomicU64::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..100 {
                    load.wait_for_request();
                    woken.fetch_add(1, Ordering::SeqCst);
                }
            });
            while woken.load(Ordering::SeqCst) < 100 {
                if load.is_awaited.load(Ordering::SeqCst) {
                    drop(load.enter());
                }
            }
        });
        assert_eq!(load.begun(), 100);
    }
}
