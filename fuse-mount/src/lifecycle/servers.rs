//! The servers: threads that each take a request, do it, and take the next.
//!
//! A request can take as long as the source likes: a file server that does not answer, a disk that
//! spins up. It holds its server meanwhile. When every server has been held for a moment and a request
//! waits, more come. So however many requests are stuck, the next one is served.
//!
//! They stay, for 32 KiB and a descriptor each, and the trace's ring. One that waits is in a `read` inside of fuser, from which only a request or the end
//! of the connection brings it back. A signal does not: fuser reads again. Nor does another descriptor put in the place of
//! its own: the `read` goes on with the old one, and the answer to the request that it then takes would go to the new one, so that
//! whoever asked waits for ever.
//!
//! A server dies of a panic outside of the node operations, in the decoding of a request. The kernel then
//! answers its caller with an error (ECONNABORTED), because the server's descriptor is closed, and another
//! server takes its place.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use fuser::Session;
use rustix::pipe::PipeFlags;

use super::connection::{Connection, State};
use super::say::say;
use crate::filesystem::PassthroughFs;
use crate::load::Load;
use crate::watch::Watching;

/// For how long all servers may be held before more come.
const PATIENCE: Duration = Duration::from_millis(10);

/// How many looks without a reason to look end the watch.
const QUIET_LOOKS: u32 = 100;

/// How many servers there may be. Each has a stack, a buffer and a descriptor.
const MOST: usize = 4096;

/// How many may come at once.
const MOST_AT_ONCE: usize = 64;

/// How long servers that are held in the source are waited for once the mount is gone.
const FAREWELL: Duration = Duration::from_secs(2);

/// What the keeper of the servers is told.
enum News {
    /// Every server has a request.
    AllBusy,
    /// A server has ended.
    Ended(io::Result<()>),
}

/// The keeper of the servers.
struct Servers {
    filesystem: PassthroughFs,
    connection: Connection,
    /// The session that has agreed with the kernel. It serves nothing.
    _first: Session<PassthroughFs>,
    count: usize,
    has_complained: bool,
    news: Receiver<News>,
    /// To be given to servers.
    tell: Sender<News>,
}

/// The thread that keeps the servers, which ends with the mount.
pub(super) type Running = JoinHandle<io::Result<()>>;

/// A mount that is served.
pub(super) struct Started {
    /// Hung up when the mount ends.
    pub(super) ended: OwnedFd,
    pub(super) running: Running,
    /// What watches the source, if something does.
    pub(super) watching: Option<Watching>,
}

/// Agrees with the kernel on what both can do, and starts to answer it with so many servers.
pub(super) fn start(filesystem: PassthroughFs, device: OwnedFd, count: usize) -> io::Result<Started> {
    filesystem.pass_through(device.try_clone()?);
    let watched_by = device.try_clone()?;
    let connection = Connection::new(device);
    let first = connection.agree(filesystem.clone())?;
    // The slot is new, so nobody has filled it.
    let _ = filesystem.notifier_slot().set(first.notifier());
    let watching = filesystem.watcher().map(|watcher| watcher.start(watched_by)).transpose()?;
    let (tell, news) = mpsc::channel();
    let alarm = tell.clone();
    filesystem.load().watch_with(move || {
        // The keeper is gone with the mount.
        let _ = alarm.send(News::AllBusy);
    });
    let mut servers = Servers { filesystem, connection, _first: first, count: 0, has_complained: false, news, tell };
    servers.add(count)?;
    let (ended, alive) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    let running = thread::Builder::new().name("servers".into()).spawn(move || {
        let result = servers.keep();
        drop(alive);
        result
    })?;
    Ok(Started { ended, running, watching })
}

impl Servers {
    fn load(&self) -> &Load {
        self.filesystem.load()
    }

    fn add(&mut self, count: usize) -> io::Result<()> {
        for _ in 0..count {
            let session = self.connection.session(self.filesystem.clone())?;
            let tell = self.tell.clone();
            // It waits for fuser's own thread, and needs next to no stack.
            let waiting = thread::Builder::new().name("server".into()).stack_size(64 << 10);
            waiting.spawn(move || {
                // Nobody listens any more when the mount is gone.
                let _ = tell.send(News::Ended(session.run()));
            })?;
            self.count += 1;
            self.load().set_servers(self.count as u64);
        }
        Ok(())
    }

    /// Keeps enough servers until the connection ends; then why it did.
    fn keep(mut self) -> io::Result<()> {
        loop {
            let over = match self.news.recv().expect("this has a sender, too") {
                News::AllBusy => self.watch(),
                News::Ended(result) => self.ended(result),
            };
            if let Some(result) = over {
                self.say_farewell();
                return result;
            }
        }
    }

    /// What the end of a server means: the end of the connection and its reason; or that it has died,
    /// and another has come.
    fn ended(&mut self, result: io::Result<()>) -> Option<io::Result<()>> {
        self.count -= 1;
        match result {
            // Not an error of the connection, but of fuser's. All have one descriptor, which holds what was being served
            // until it is closed: its caller would wait for ever.
            Err(error) if error.raw_os_error().is_none() && !self.connection.has_clones() => {
                Some(Err(io::Error::other("a thread that serves requests has died, and the mount with it")))
            }
            Err(error) if error.raw_os_error().is_none() => {
                say("a thread that serves requests has died: its request fails, and another thread takes its place");
                match self.add(1) {
                    Err(error) if self.count == 0 => Some(Err(error)),
                    _ => None,
                }
            }
            result => Some(result),
        }
    }

    /// Looks at the servers for as long as they are all busy now and then, and brings more where they are
    /// held. The end of the connection, if it comes meanwhile.
    fn watch(&mut self) -> Option<io::Result<()>> {
        let (mut quiet, mut more) = (0, 1);
        let mut before = self.load().sample();
        while quiet < QUIET_LOOKS {
            match self.news.recv_timeout(PATIENCE) {
                Err(_) => {}
                Ok(News::AllBusy) => continue,
                Ok(News::Ended(result)) => match self.ended(result) {
                    None => continue,
                    over => return over,
                },
            }
            let now = self.load().sample();
            let are_held = before.all_busy && now.all_busy && before.done == now.done;
            if are_held {
                match self.connection.state() {
                    State::Idle => {}
                    State::HasRequest => self.relieve(&mut more),
                    // Nobody is left to be told so by the kernel.
                    State::Over => return Some(Ok(())),
                }
            } else if !now.all_busy {
                more = 1;
            }
            quiet = if now.all_busy { 0 } else { quiet + 1 };
            before = now;
        }
        self.load().look_away();
        // Whoever was the last to become busy before that has told nobody.
        if self.load().sample().all_busy {
            self.tell.send(News::AllBusy).expect("the receiver is here");
        }
        None
    }

    /// Adds servers: one, and twice as many the next time.
    fn relieve(&mut self, more: &mut usize) {
        let count = (*more).min(MOST.saturating_sub(self.count));
        *more = (2 * *more).min(MOST_AT_ONCE);
        if let Err(error) = self.add(count) {
            // Once: it is tried again and again.
            if !std::mem::replace(&mut self.has_complained, true) {
                say(format_args!("all {} threads wait for the source, and no more can be made: {error}", self.count));
            }
        }
    }

    /// Lets servers that are at work end, though not for ever.
    fn say_farewell(&mut self) {
        let end = Instant::now() + FAREWELL;
        while self.count > 0 {
            match self.news.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(News::Ended(_)) => self.count -= 1,
                Ok(News::AllBusy) => {}
                Err(_) => return,
            }
        }
    }
}
