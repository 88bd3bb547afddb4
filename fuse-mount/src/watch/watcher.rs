//! The thread that reads events and tells the kernel what to forget.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use fs_core::Errno;
use fs_core::linux::fanotify::Events;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::PipeFlags;

use super::Watch;
use super::changes::Changes;
use super::kernel::{Kernel, Over, Told};
use super::later::Later;
use crate::node::Name;
use crate::nodes::Nodes;

/// A watcher that is not started yet.
#[derive(Debug)]
pub(crate) struct Watcher {
    watch: Arc<Watch>,
    nodes: Arc<Nodes>,
}

/// A watcher at work. Dropping it lets it end, and waits for nothing.
#[derive(Debug)]
pub(crate) struct Watching {
    /// The other end of the thread's: either end hears when the other is dropped.
    stop: OwnedFd,
    thread: JoinHandle<()>,
}

/// Room for some hundred events.
const BUFFER_SIZE: usize = 64 * 1024;

impl Watcher {
    pub(crate) fn new(watch: Arc<Watch>, nodes: Arc<Nodes>) -> Self {
        Watcher { watch, nodes }
    }

    /// Starts it. `device` is the connection to the kernel.
    pub(crate) fn start(self, device: OwnedFd) -> io::Result<Watching> {
        let (stopped, stop) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let thread = std::thread::Builder::new().name("watcher".into()).spawn(move || {
            let work = Work {
                watch: &self.watch,
                nodes: &self.nodes,
                kernel: Kernel::new(device),
                changes: Changes::default(),
                later: Later::default(),
            };
            // An end that nobody asked for is that of the connection.
            let _over = work.until_the_end(&stopped);
            drop(stopped);
        })?;
        Ok(Watching { stop, thread })
    }
}

impl Watching {
    /// A descriptor that has an error once the thread has ended.
    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.stop.as_fd()
    }

    /// Ends it; once the connection is over, nothing can hold it up.
    pub(crate) fn end(self) -> std::thread::Result<()> {
        drop(self.stop);
        self.thread.join()
    }
}

struct Work<'a> {
    watch: &'a Watch,
    nodes: &'a Nodes,
    kernel: Kernel,
    changes: Changes,
    later: Later,
}

impl Work<'_> {
    fn until_the_end(mut self, stopped: &OwnedFd) -> Result<(), Over> {
        let own = std::process::id().cast_signed();
        let mut buffer = vec![0; BUFFER_SIZE];
        while !self.wait(stopped) {
            self.changes.clear();
            let group = self.watch.file_systems.as_fd();
            // Nothing to read: something is due.
            let length = fs_core::read(group, &mut buffer).unwrap_or(0);
            for event in Events::new(&buffer[..length]) {
                self.changes.add(&event, own, |fid| self.watch.find(fid));
            }
            self.tell_changes()?;
            self.tell_what_is_due()?;
        }
        Ok(())
    }

    /// Waits until there is something to do; whether that is to stop.
    fn wait(&self, stopped: &OwnedFd) -> bool {
        let group = self.watch.file_systems.as_fd();
        loop {
            let pause = self.later.pause(Instant::now()).map(|pause| {
                // Not a moment too early, which would be another round for nothing.
                let nanoseconds = i64::from(pause.subsec_nanos());
                Timespec { tv_sec: pause.as_secs().cast_signed(), tv_nsec: nanoseconds }
            });
            let mut fds = [PollFd::from_borrowed_fd(group, PollFlags::IN), PollFd::new(stopped, PollFlags::empty())];
            match poll(&mut fds, pause.as_ref()) {
                Ok(_) => return !fds[1].revents().is_empty(),
                Err(Errno::INTR) => {}
                Err(_) => return true,
            }
        }
    }

    fn tell_changes(&mut self) -> Result<(), Over> {
        let mut changes = std::mem::take(&mut self.changes);
        if changes.overflow {
            self.tell_all()?;
        }
        for moved in &changes.places {
            if let Ok(node) = self.nodes.get(moved.ino) {
                let name = Name { parent: moved.parent, name: &moved.name };
                if moved.is_gone { self.nodes.gone(&node, name) } else { self.nodes.seen(&node, name) }
            }
        }
        let now = Instant::now();
        // Names first: that waits for answers under way, which bring inodes and listings.
        for (parent, name) in &changes.names {
            if !self.tell_name(*parent, name)? && !self.later.name(now, *parent, name) {
                self.tell_all()?;
            }
        }
        for (&ino, &content) in &changes.inodes {
            if self.kernel.forget_inode(ino, content)? == Told::Unknown && self.nodes.get(ino).is_ok() {
                self.later.inode(now, ino, content);
            }
        }
        changes.own_directories.drain(..).for_each(|ino| self.later.directory(now, ino));
        self.changes = changes;
        Ok(())
    }

    /// Tells that a name has changed; whether that was enough.
    fn tell_name(&mut self, parent: u64, name: &[u8]) -> Result<bool, Over> {
        if self.is_there(parent, name) {
            // What the kernel has there may be the right one, and a program in it: it must not lose its path.
            self.kernel.doubt_name(parent, name)?;
            return Ok(false);
        }
        Ok(self.kernel.forget_name(parent, name)? == Told::Done)
    }

    fn is_there(&self, parent: u64, name: &[u8]) -> bool {
        let dir = self.nodes.get(parent).and_then(|node| self.nodes.fd(&node));
        dir.is_ok_and(|dir| fs_core::lstat((&*dir, name)).is_ok())
    }

    fn tell_what_is_due(&mut self) -> Result<(), Over> {
        let now = Instant::now();
        for (parent, name) in self.later.due_names(now) {
            self.tell_name(parent, &name)?;
        }
        for (ino, waiting) in self.later.due_inodes(now) {
            let told = self.kernel.forget_inode(ino, waiting.content)?;
            if told == Told::Unknown && self.nodes.get(ino).is_ok() {
                self.later.again(now, ino, waiting);
            }
        }
        Ok(())
    }

    /// Nobody knows what has changed, so everything may have.
    fn tell_all(&mut self) -> Result<(), Over> {
        let by_name = self.kernel.forget_all_names()? != Told::Done;
        self.later.clear_names();
        let now = Instant::now();
        for node in self.nodes.all() {
            if let (true, Some((parent, name))) = (by_name, node.place()) {
                self.kernel.forget_name(parent, &name)?;
            }
            if self.kernel.forget_inode(node.ino, true)? == Told::Unknown {
                self.later.inode(now, node.ino, true);
            }
        }
        Ok(())
    }
}
