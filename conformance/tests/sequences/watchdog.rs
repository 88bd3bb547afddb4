//! Ends a mount that no longer answers: whoever waits for it then gets an error, and the
//! test fails instead of hanging.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use conformance::mounted::Mounted;
use rustix::process::{Signal, kill_process};

/// How long one sequence may take on both sides, on a machine that is busy with others.
const PATIENCE: Duration = Duration::from_secs(60);

/// Watches a mount until it is dropped.
pub(crate) struct Watchdog {
    beats: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    pub(crate) fn start(mounted: &Mounted) -> Self {
        let (beats, beaten) = mpsc::channel();
        let (abort, daemon) = (mounted.abort().to_owned(), mounted.daemon());
        let thread = thread::spawn(move || {
            while match beaten.recv_timeout(PATIENCE) {
                Ok(()) => true,
                Err(RecvTimeoutError::Disconnected) => false,
                Err(RecvTimeoutError::Timeout) => {
                    eprintln!("watchdog: no sequence has ended for {PATIENCE:?}: the mount is ended by force");
                    let _ = fs::write(&abort, "1");
                    // Without its daemon a connection is aborted where that file is not.
                    if let Some(daemon) = daemon {
                        let _ = kill_process(daemon, Signal::KILL);
                    }
                    false
                }
            } {}
        });
        Watchdog { beats: Some(beats), thread: Some(thread) }
    }

    /// There is progress.
    pub(crate) fn beat(&self) {
        if let Some(beats) = &self.beats {
            let _ = beats.send(());
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.beats = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
