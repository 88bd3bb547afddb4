#![expect(unsafe_code, reason = "fork and close_range have no safe form")]
//! The zygote: a small process with one thread that forks workers.
//!
//! Forking from it is cheap, because it has little memory, and safe, because it has
//! one thread. It also knows how its workers ended, and ends them all.

use std::cell::Cell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::{self, Errno};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};

use super::actor::Role;
use super::channel::{self, Channel, Readiness};
use super::confine::Confinement;
use super::crew::{StepError, Workers};
use super::process::{self, UNAVAILABLE};
use super::room::Room;
use crate::mounts::BindMount;

/// How long the zygote may take to answer. It only waits for processes that it has
/// killed, and that takes long only where a file system does not let go of one.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a request or an answer is at most, in bytes.
const MESSAGE: usize = 2048;

/// A process that forks workers.
pub struct Zygote {
    socket: OwnedFd,
    pid: Pid,
    confinement: Confinement,
    /// Whether a request had no answer.
    lost: Cell<bool>,
}

impl Zygote {
    /// Forks the zygote from this process.
    ///
    /// It is best called before other threads are started. A process with several
    /// threads may call it too: the zygote only allocates, which the C library makes
    /// safe after a fork.
    ///
    /// # Errors
    /// There is no memory, process or descriptor left.
    pub fn start() -> Result<Zygote, StepError> {
        let (ours, theirs) = channel::packet_pair().map_err(failed("no sockets for workers"))?;
        // SAFETY: the child runs code that allocates but takes no lock of another thread, and never returns.
        let pid = match unsafe { libc::fork() } {
            0 => serve(theirs),
            pid => pid,
        };
        let pid = Pid::from_raw(pid).filter(|_| pid > 0).ok_or_else(|| failed("cannot fork")(Errno::AGAIN))?;
        drop(theirs);
        let mut zygote = Zygote { socket: ours, pid, confinement: Confinement::Chroot, lost: Cell::new(false) };
        let (hello, _) = zygote.answer()?;
        zygote.confinement = match hello.split_once(' ').unwrap_or((&hello, "")) {
            ("chroot", _) => Confinement::Chroot,
            ("namespace", _) => Confinement::UserNamespace,
            (_, why) => Confinement::Refusal(why.to_owned()),
        };
        Ok(zygote)
    }

    /// How its workers are confined.
    pub fn confinement(&self) -> &Confinement {
        &self.confinement
    }

    /// Whether it no longer answers: a call of a worker hangs in a file system. Start
    /// another one.
    pub fn is_lost(&self) -> bool {
        self.lost.get()
    }

    /// The workers of the directory `dir`, none of them started yet. A zygote has
    /// the workers of one directory at a time.
    pub fn enter<'a>(&'a self, dir: BorrowedFd<'a>) -> Workers<'a> {
        Workers::new(self, Place::Directory(dir))
    }

    /// As [`enter`](Zygote::enter), of a new directory with mode 0777 below `parent`,
    /// which is removed when the workers end. The zygote makes and removes it: where a
    /// file system does not answer, this process goes on.
    pub fn enter_new<'a>(&'a self, parent: BorrowedFd<'a>) -> Workers<'a> {
        Workers::new(self, Place::NewBelow(parent))
    }

    /// Forks a worker; `first` says where, and with which mounts, for the first one.
    pub(super) fn fork_worker(
        &self,
        role: Role,
        first: Option<(Place<'_>, &[BindMount])>,
    ) -> Result<(Channel, Pid), StepError> {
        let (ours, theirs) = Channel::pair().map_err(failed("no sockets for a worker"))?;
        let theirs = theirs.as_fd();
        let mounts = first.map(|(_, mounts)| BindMount::print_all(mounts)).unwrap_or_default();
        let answer = match first {
            None => self.ask(&format!("start {role}"), &[theirs])?,
            Some((Place::Directory(dir), _)) => self.ask(&format!("start-in {role} {mounts}"), &[theirs, dir])?,
            Some((Place::NewBelow(dir), _)) => self.ask(&format!("start-below {role} {mounts}"), &[theirs, dir])?,
        };
        if let Some(why) = answer.strip_prefix(UNAVAILABLE) {
            return Err(StepError::Unavailable(why.to_owned()));
        }
        let pid = answer.strip_prefix("pid ").and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
        Ok((ours, pid.ok_or(StepError::Tool(answer))?))
    }

    /// How a worker that closed its channel ended.
    pub(super) fn ending(&self, worker: Pid) -> Result<Ending, StepError> {
        let answer = self.ask(&format!("ending {worker}"), &[])?;
        let number = |prefix| answer.strip_prefix(prefix).and_then(|number: &str| number.parse().ok());
        match (number("signal "), number("exit ")) {
            (Some(signal), _) => Ok(Ending::Signal(signal)),
            (_, Some(code)) => Ok(Ending::Exit(code)),
            (None, None) => Err(StepError::Tool(answer)),
        }
    }

    /// Kills all workers, waits until they are gone, and removes their directory if the
    /// zygote made it. Where a file system does not let go of one of them, this is
    /// [`StepError::Timeout`].
    pub(super) fn end_workers(&self) -> Result<(), StepError> {
        match self.ask("end", &[])? {
            done if done == "done" => Ok(()),
            why => Err(StepError::Tool(why)),
        }
    }

    fn ask(&self, request: &str, fds: &[BorrowedFd<'_>]) -> Result<String, StepError> {
        let sent = channel::send(self.socket.as_fd(), request.as_bytes(), fds);
        let answer = sent.map_err(failed("cannot ask for a worker")).and_then(|_| self.answer());
        self.lost.set(self.lost.get() || answer.is_err());
        answer.map(|(answer, _)| answer)
    }

    fn answer(&self) -> Result<(String, Vec<OwnedFd>), StepError> {
        let until = Instant::now() + PATIENCE;
        // An interrupt does not shorten this: ending the workers is part of cleaning up.
        while channel::wait(self.socket.as_fd(), until).map_err(failed("cannot wait"))? != Readiness::Ready {
            if Instant::now() >= until {
                return Err(StepError::Timeout);
            }
        }
        let mut buffer = [0; MESSAGE];
        let (count, fds) =
            channel::receive(self.socket.as_fd(), &mut buffer).map_err(failed("no answer from the zygote"))?;
        match count {
            0 => Err(StepError::Tool("the process that starts workers is gone".to_owned())),
            _ => Ok((String::from_utf8_lossy(&buffer[..count]).into_owned(), fds)),
        }
    }
}

impl Drop for Zygote {
    fn drop(&mut self) {
        // Its workers die with it. It cannot be waited for if one of its calls hangs
        // in a dead mount; then it is a zombie until this process ends.
        let _ = rustix::process::kill_process(self.pid, Signal::KILL);
        let until = Instant::now() + PATIENCE;
        while let Ok(None) = rustix::process::waitpid(Some(self.pid), WaitOptions::NOHANG) {
            if Instant::now() >= until {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Where workers work.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// In this directory.
    Directory(BorrowedFd<'a>),
    /// In a new directory below this one.
    NewBelow(BorrowedFd<'a>),
}

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Signal(i32),
    Exit(i32),
}

fn failed(what: &str) -> impl FnOnce(Errno) -> StepError {
    move |errno| StepError::Tool(format!("{what}: {errno}"))
}

// From here on: the zygote's own side.

/// The life of the zygote: answers requests until the runner is gone.
fn serve(socket: OwnedFd) -> ! {
    let result = std::panic::catch_unwind(|| serve_until_closed(socket));
    exit(if result.is_ok() { 0 } else { 70 })
}

fn serve_until_closed(socket: OwnedFd) {
    let socket = leave_parent(socket);
    let confinement = Confinement::prepare();
    let hello = match &confinement {
        Confinement::Chroot => "chroot".to_owned(),
        Confinement::UserNamespace => "namespace".to_owned(),
        Confinement::Refusal(why) => format!("refusal {why}"),
    };
    let mut answered = channel::send(socket.as_fd(), hello.as_bytes(), &[]);
    let mut workers: Vec<Pid> = Vec::new();
    let mut room: Option<Room> = None;
    let mut buffer = [0; MESSAGE];
    while answered.is_ok() {
        let Ok((count @ 1.., fds)) = channel::receive(socket.as_fd(), &mut buffer) else {
            break;
        };
        let request = String::from_utf8_lossy(&buffer[..count]);
        let answer = match request.split_once(' ').unwrap_or((&request, "")) {
            (start @ ("start" | "start-in" | "start-below"), rest) => {
                let (role, mounts) = rest.split_once(' ').unwrap_or((rest, ""));
                let mut fds = fds.into_iter();
                let (channel, place) = (fds.next(), fds.next());
                let settled = match place {
                    Some(place) => {
                        settle(start, place, &mut room).and_then(|()| mount(mounts, &mut room, &confinement))
                    }
                    None => Ok(()),
                };
                match settled.and_then(|()| start_worker(role, channel, room.as_ref(), &confinement)) {
                    Ok(pid) => {
                        workers.push(pid);
                        format!("pid {pid}")
                    }
                    Err(why) => why,
                }
            }
            ("ending", pid) => {
                let ended = ending(pid, &workers);
                workers.retain(|worker| worker.to_string() != pid);
                ended
            }
            _ => {
                end_workers(&mut workers, room.as_ref());
                room.take().map_or(Ok(()), Room::remove).err().unwrap_or_else(|| "done".to_owned())
            }
        };
        answered = channel::send(socket.as_fd(), answer.as_bytes(), &[]);
    }
    end_workers(&mut workers, room.as_ref());
}

/// Makes the room of the next workers.
fn settle(start: &str, place: OwnedFd, room: &mut Option<Room>) -> Result<(), String> {
    let new = if start == "start-below" { Room::made_below(place)? } else { Room::given(place) };
    *room = Some(new);
    Ok(())
}

/// Makes the mounts that are asked for.
fn mount(mounts: &str, room: &mut Option<Room>, confinement: &Confinement) -> Result<(), String> {
    let (mounts, Some(room)) = (BindMount::parse_all(mounts)?, room) else {
        return Err("no directory for mounts".to_owned());
    };
    let made = match confinement {
        Confinement::Refusal(why) if !mounts.is_empty() => Err(why.clone()),
        _ => room.mount(&mounts),
    };
    made.map_err(|why| format!("{UNAVAILABLE}{why}"))
}

/// Lets go of what was the parent's: descriptors, whose other ends somebody may wait
/// to see closed, and the terminal.
fn leave_parent(socket: OwnedFd) -> OwnedFd {
    let _ = rustix::process::setsid();
    let _ = rustix::thread::set_name(c"conf-zygote");
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    if let Ok(null) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
    }
    close_all_but(socket.as_fd());
    socket
}

/// Closes all descriptors but `keep`, standard input, output and error.
pub(super) fn close_all_but(keep: BorrowedFd<'_>) {
    let keep = keep.as_raw_fd() as u32;
    close_range(3, keep - 1);
    close_range(keep + 1, u32::MAX);
}

fn close_range(first: u32, last: u32) {
    if first > last {
        return;
    }
    // SAFETY: the owners of these descriptors are in frames that this process never returns to.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if done == -1 {
        // A kernel before 5.9.
        for fd in first..=last.min(1024) {
            // SAFETY: as above.
            drop(unsafe { OwnedFd::from_raw_fd(fd as i32) });
        }
    }
}

fn start_worker(
    role: &str,
    channel: Option<OwnedFd>,
    room: Option<&Room>,
    confinement: &Confinement,
) -> Result<Pid, String> {
    let (Some(role), Some(channel), Some(room)) = (Role::by_name(role), channel, room) else {
        return Err(format!("cannot start `{role}`"));
    };
    let zygote = rustix::process::getpid();
    match fork() {
        Ok(None) => process::work(role, room, Channel::new(channel), confinement, zygote),
        Ok(Some(pid)) => Ok(pid),
        Err(errno) => Err(format!("cannot fork a worker: {errno}")),
    }
}

/// Waits for a worker that has closed its channel.
fn ending(pid: &str, workers: &[Pid]) -> String {
    let Some(worker) = workers.iter().find(|worker| worker.to_string() == pid) else {
        return "no such worker".to_owned();
    };
    match rustix::process::waitpid(Some(*worker), WaitOptions::empty()) {
        Ok(Some((_, status))) => describe(status),
        Ok(None) | Err(_) => "no such worker".to_owned(),
    }
}

fn describe(status: WaitStatus) -> String {
    match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => format!("signal {signal}"),
        (None, code) => format!("exit {}", code.unwrap_or_default()),
    }
}

/// Kills all workers, and the children that they leave behind, and waits for them.
fn end_workers(workers: &mut Vec<Pid>, room: Option<&Room>) {
    for worker in workers.drain(..) {
        let _ = rustix::process::kill_process(worker, Signal::KILL);
    }
    room.inspect(|room| room.unmount());
    // The child of a worker becomes ours when the worker is gone, and has asked to be
    // killed then: what is waited for here is dying already.
    while !matches!(rustix::process::wait(WaitOptions::empty()), Err(errno) if errno != Errno::INTR) {}
}

/// Ends this process without running what the parent registered for its own exit.
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: `_exit` ends the process; nothing of it is used after.
    unsafe { libc::_exit(code) }
}

/// Forks this process; `None` in the child.
pub(super) fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: a zygote and a worker have one thread; the child goes on with copies of all it has.
    match unsafe { libc::fork() } {
        -1 => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::AGAIN)),
        pid => Ok(Pid::from_raw(pid)),
    }
}
