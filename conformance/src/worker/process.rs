//! The worker's own side: does the steps that it is sent, one at a time.

use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use fs_core::linux::FileSignal;
use fs_core::op::run::{RunError, Runner};
use fs_core::op::{Line, Op, Outcome};
use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, Signal};

use super::actor::Role;
use super::channel::{self, Channel, Incoming};
use super::confine::Confinement;
use super::room::Room;
use super::zygote;

/// An answer that is no outcome begins with one of these. No outcome does.
pub(super) const UNBOUND: &str = "!unbound ";
pub(super) const REFUSED: &str = "!refused ";
pub(super) const UNAVAILABLE: &str = "!unavailable ";
pub(super) const BROKEN: &str = "!broken ";

/// The life of a worker: answers steps until its channel is closed.
pub(super) fn work(role: Role, room: &Room, channel: Channel, confinement: &Confinement, parent: Pid) -> ! {
    let _ = rustix::thread::set_name(c"conf-worker");
    let entered = room.enter().and_then(|dir| confinement.enter(dir, role.credentials().as_ref()));
    // What the zygote holds leads out of the directory, and is not this process's business.
    zygote::close_all_but(channel.as_fd());
    die_with(parent);
    set_signals();
    let unavailable = entered.err().map(|error| match role {
        Role::Myself => format!("a worker cannot enter its directory: {error}"),
        _ => format!("a worker cannot become `{role}`: {error}"),
    });
    serve(Worker { runner: Runner::new(), confinement, unavailable }, channel)
}

/// A call that fails tells more than one that ends the worker, until a step says otherwise. And
/// no memory of a worker is written to where it worked.
fn set_signals() {
    for signal in [FileSignal::FileSize, FileSignal::Lease] {
        let _ = fs_core::linux::ignore_signal(signal, true);
    }
    // Neither to a file, which would be shorter than a page, nor to a program: core(5).
    let _ = rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(1), maximum: Some(1) });
}

/// Asks to be killed when the parent ends; taking other credentials revokes it.
pub(super) fn die_with(parent: Pid) {
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    if rustix::process::getppid() != Some(parent) {
        zygote::exit(0);
    }
}

struct Worker<'c> {
    runner: Runner,
    confinement: &'c Confinement,
    /// Why no step can be done.
    unavailable: Option<String>,
}

fn serve(mut worker: Worker<'_>, mut channel: Channel) -> ! {
    while let Ok(Incoming::Line(step)) = channel.receive(None) {
        let answer = catch_unwind(AssertUnwindSafe(|| worker.answer(&step)));
        let sent = match answer {
            Ok(Answer::Text(text)) => channel.send(&text, None),
            Ok(Answer::Child(socket)) => channel.send(&Outcome::OK.to_string(), Some(socket.as_fd())),
            Ok(Answer::IAmTheChild(own)) => {
                channel = own;
                Ok(())
            }
            Err(_) => channel.send(&format!("{BROKEN}the worker panicked in `{step}`"), None),
        };
        if sent.is_err() {
            break;
        }
    }
    zygote::exit(0)
}

enum Answer {
    Text(String),
    /// The step was `fork`: the channel to the child, for the runner.
    Child(OwnedFd),
    /// The step was `fork`, and this is the child's side of it.
    IAmTheChild(Channel),
}

impl Worker<'_> {
    fn answer(&mut self, step: &str) -> Answer {
        let line = match Line::parse(step) {
            Ok(line) => line,
            Err(error) => return Answer::Text(format!("{BROKEN}`{step}`: {error}")),
        };
        let refusal = self.unavailable.clone().or_else(|| self.confinement.refuses(&line));
        if let Some(why) = refusal {
            return Answer::Text(format!("{UNAVAILABLE}{why}"));
        }
        if let Op::Fork { .. } = line.op {
            return fork().unwrap_or_else(|errno| Answer::Text(Outcome::errno(errno).to_string()));
        }
        Answer::Text(match self.runner.run(&line.op) {
            Ok(outcome) => outcome.to_string(),
            Err(RunError::Unbound(register)) => format!("{UNBOUND}{register}"),
            Err(RunError::Refused(why)) => format!("{REFUSED}{why}"),
        })
    }
}

/// Forks the worker. The child has copies of all registers and of the working
/// directory, and answers on a channel of its own.
fn fork() -> Result<Answer, Errno> {
    let (ours, childs) = channel::pair()?;
    let parent = rustix::process::getpid();
    match zygote::fork()? {
        Some(_) => Ok(Answer::Child(ours)),
        None => {
            die_with(parent);
            Ok(Answer::IAmTheChild(Channel::new(childs)))
        }
    }
}
