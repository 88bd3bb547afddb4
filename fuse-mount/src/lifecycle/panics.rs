//! Notices that a thread that serves requests, or watches the source, has died.
//!
//! A panic in a node operation is caught, answered with `EIO`, and the thread goes on. A panic
//! outside of them, in the decoding of a request, ends the thread: its request is never answered
//! and its caller waits for ever. Nobody but the kernel can answer then, so the mount has to end. As it has
//! to without the watcher: what the kernel remembers would be wrong for ever.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use rustix::pipe::PipeFlags;
use rustix::process::Pid;

use super::say::say;
use crate::exit::Failure;
use crate::watch::WATCHER;

/// How fuser names its threads.
const WORKER_PREFIX: &str = "fuser-";

/// Readable when a thread that serves requests has panicked.
#[derive(Debug)]
pub(super) struct Panics(File);

impl Panics {
    /// From now on, prints each panic of the process on one line, and notes those of the
    /// threads that serve requests.
    pub(super) fn watch() -> Result<Self, Failure> {
        let flags = PipeFlags::CLOEXEC | PipeFlags::NONBLOCK;
        let (read, write) = rustix::pipe::pipe_with(flags)
            .map_err(|errno| Failure::failed("cannot watch for panics", fs_core::Error::Os(errno)))?;
        let write = Mutex::new(File::from(write));
        std::panic::set_hook(Box::new(move |info| {
            say(format_args!("internal error, please report it: {info}"));
            if thread::current().name().is_some_and(|name| name.starts_with(WORKER_PREFIX) || name == WATCHER) {
                let tid = rustix::thread::gettid().as_raw_nonzero().get();
                let mut write = write.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let _ = write.write_all(&tid.to_ne_bytes());
            }
        }));
        Ok(Panics(read.into()))
    }

    /// Whether a thread that has panicked is gone, and not only back from an operation.
    pub(super) fn worker_died(&mut self) -> bool {
        let mut tid = [0; size_of::<i32>()];
        while let Ok(()) = self.0.read_exact(&mut tid) {
            let Some(tid) = Pid::from_raw(i32::from_ne_bytes(tid)) else { continue };
            // Unwinding takes microseconds where nothing is in the way.
            for _ in 0..20 {
                thread::sleep(Duration::from_millis(5));
                if !std::path::Path::new(&format!("/proc/self/task/{tid}")).exists() {
                    return true;
                }
            }
        }
        false
    }
}

impl AsFd for Panics {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_gone_is_told_from_one_that_goes_on() {
        let mut panics = Panics::watch().unwrap();
        let worker = |name: &str, work: fn()| thread::Builder::new().name(name.into()).spawn(work).unwrap();
        // Of other threads nothing is noted.
        worker("other", || panic!("on purpose")).join().unwrap_err();
        assert!(!panics.worker_died());
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let alive = thread::Builder::new().name("fuser-7".into()).spawn(move || {
            std::panic::catch_unwind(|| panic!("on purpose")).unwrap_err();
            wait.lock().unwrap().recv().unwrap();
        });
        thread::sleep(Duration::from_millis(50));
        assert!(!panics.worker_died(), "caught");
        worker("fuser-8", || panic!("on purpose")).join().unwrap_err();
        assert!(panics.worker_died());
        go_on.send(()).unwrap();
        alive.unwrap().join().unwrap();
        drop(std::panic::take_hook());
    }
}
