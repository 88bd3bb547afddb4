//! The workers of one directory, seen from the runner.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use fs_core::op::{Actor, Line, Name, Op, Outcome, Word};
use rustix::process::Pid;

use super::actor::Role;
use super::channel::{Channel, Incoming};
use super::process::{BROKEN, REFUSED, UNAVAILABLE, UNBOUND};
use super::zygote::{Ending, Place, Zygote};
use crate::mounts::BindMount;

/// How long a step that may block is given to return: `blocked` is its outcome after.
const BLOCKED_AFTER: Duration = Duration::from_millis(100);

/// How long a step may take, unless [`Workers::set_deadline`] says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a step has no outcome. None of these is a failure of the file system, but for
/// a [`Timeout`](StepError::Timeout), which may be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepError {
    /// The step uses a register that no earlier step has bound.
    Unbound(String),
    /// The operation, or this use of it, is not one that is ever run.
    Refused(String),
    /// The step cannot be done here: by whom, or where, says the reason.
    Unavailable(String),
    /// The step did not return in time.
    Timeout,
    /// The run is interrupted.
    Interrupted,
    /// The workers themselves failed.
    Tool(String),
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepError::Unbound(register) => write!(f, "register `{register}` is not bound"),
            StepError::Refused(why) | StepError::Unavailable(why) | StepError::Tool(why) => f.write_str(why),
            StepError::Timeout => f.write_str("no answer in time"),
            StepError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for StepError {}

/// The workers of one directory; see the [module](super).
pub struct Workers<'a> {
    zygote: &'a Zygote,
    place: Place<'a>,
    mounts: Vec<BindMount>,
    workers: BTreeMap<Actor, Worker>,
    deadline: Option<Instant>,
    /// Whether the zygote has been told of the place.
    begun: bool,
}

struct Worker {
    channel: Channel,
    /// Its process, if the zygote forked it; a child made by `fork` has another parent.
    pid: Option<Pid>,
    /// Whether its last call has not returned yet.
    blocked: bool,
    /// How many steps it has been sent that were not asked for yet.
    ahead: usize,
}

/// How many bytes of steps are sent ahead: less than a socket holds, so that neither
/// end waits for the other to read.
const AHEAD: usize = 16 << 10;

impl<'a> Workers<'a> {
    pub(super) fn new(zygote: &'a Zygote, place: Place<'a>) -> Self {
        Workers { zygote, place, mounts: Vec::new(), workers: BTreeMap::new(), deadline: None, begun: false }
    }

    /// Has the directory begin with these mounts, which only the workers see.
    #[must_use]
    pub fn with_mounts(mut self, mounts: Vec<BindMount>) -> Self {
        self.mounts = mounts;
        self
    }

    /// From when on steps are [`StepError::Timeout`]; `None` gives each step ten
    /// seconds, which is how it begins.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// Has the worker of the line's actor do the step, and returns what came back.
    ///
    /// Only where the line wants `blocked` is it the outcome of a step that has not
    /// returned after a tenth of a second; `wait` collects it later.
    ///
    /// # Errors
    /// There is no outcome; [`StepError`] says why.
    pub fn run(&mut self, line: &Line<'_>) -> Result<Outcome, StepError> {
        let actor = line.actor.clone().unwrap_or_else(myself);
        let until = self.deadline.unwrap_or_else(|| Instant::now() + PATIENCE);
        let worker = self.worker(&actor)?;
        match (&line.op, worker.blocked) {
            (Op::Wait {}, true) => {}
            (Op::Wait {}, false) => {
                return Err(StepError::Refused(format!("`wait`: no call of `{actor}` is blocked")));
            }
            (_, true) => {
                return Err(StepError::Refused(format!("`{actor}` is blocked: only `wait` can be its next step")));
            }
            (_, false) if worker.ahead > 0 => worker.ahead -= 1,
            (_, false) => worker.send(&actor, &line.subject())?,
        }
        let may_block = line.want.as_ref().is_some_and(|want| want.words.contains(&Word::Blocked));
        let patience = if may_block { until.min(Instant::now() + BLOCKED_AFTER) } else { until };
        let received = worker.channel.receive(Some(patience));
        worker.blocked = may_block && matches!(received, Ok(Incoming::Late));
        match received {
            Ok(Incoming::Line(answer)) => self.read_answer(&actor, &line.op, &answer),
            Ok(Incoming::Late) if may_block => Ok(Outcome { word: Word::Blocked, fields: Vec::new() }),
            Ok(Incoming::Late) => Err(StepError::Timeout),
            Ok(Incoming::Interrupted) => Err(StepError::Interrupted),
            Ok(Incoming::Closed) => self.ended_by(&actor),
            Err(errno) => Err(StepError::Tool(format!("cannot hear the worker of `{actor}`: {errno}"))),
        }
    }

    /// Sends as many of the first of `lines` as can be told to be one actor's next
    /// steps, whatever comes back, to save it waiting for each. [`run`](Workers::run)
    /// must be called for these lines next, or the workers be ended.
    ///
    /// # Errors
    /// As [`run`](Workers::run).
    pub fn send_ahead(&mut self, lines: &[Line<'_>]) -> Result<(), StepError> {
        let Some(first) = lines.first() else {
            return Ok(());
        };
        let actor = first.actor.clone().unwrap_or_else(myself);
        let is_next = |line: &&Line<'_>| {
            let blocks = line.want.as_ref().is_some_and(|want| want.words.contains(&Word::Blocked));
            line.actor == first.actor && !blocks && !matches!(line.op, Op::Wait {} | Op::Fork { .. })
        };
        let worker = self.worker(&actor)?;
        if worker.blocked || worker.ahead > 0 {
            return Ok(());
        }
        let mut steps = Vec::new();
        let mut size = 0;
        for line in lines.iter().take_while(is_next) {
            let step = line.subject();
            size += step.len() + 1;
            if size > AHEAD {
                break;
            }
            steps.push(step);
        }
        if steps.len() > 1 {
            worker.send(&actor, &steps.join("\n"))?;
            worker.ahead = steps.len();
        }
        Ok(())
    }

    /// Ends all workers, which dropping does too, and says if that failed.
    ///
    /// # Errors
    /// [`StepError::Timeout`]: a worker does not end, for a call of it hangs in the
    /// file system. [`StepError::Tool`]: the directory that was made for them cannot be
    /// removed.
    pub fn end(mut self) -> Result<(), StepError> {
        self.end_all()
    }

    fn end_all(&mut self) -> Result<(), StepError> {
        match std::mem::take(&mut self.begun) {
            true => self.zygote.end_workers(),
            false => Ok(()),
        }
    }

    /// The worker of an actor, forked if it is the first time.
    fn worker(&mut self, actor: &Actor) -> Result<&mut Worker, StepError> {
        if !self.workers.contains_key(actor) {
            let role = Role::by_name(actor.name.as_str());
            let role = role.ok_or_else(|| StepError::Refused(format!("there is no actor `{actor}`")))?;
            let first = (!self.begun).then_some((self.place, &self.mounts[..]));
            self.begun = true;
            let (channel, pid) = self.zygote.fork_worker(role, first)?;
            self.workers.insert(actor.clone(), Worker { channel, pid: Some(pid), blocked: false, ahead: 0 });
        }
        Ok(self.workers.get_mut(actor).expect("the worker was inserted if it was not there"))
    }

    fn read_answer(&mut self, actor: &Actor, op: &Op<'_>, answer: &str) -> Result<Outcome, StepError> {
        for (prefix, error) in PROBLEMS {
            if let Some(why) = answer.strip_prefix(prefix) {
                return Err(error(why.to_owned()));
            }
        }
        if let (Op::Fork { child }, Some(worker)) = (op, self.workers.get_mut(actor))
            && let Some(socket) = worker.channel.take_passed()
        {
            let child = Actor { name: child.clone(), instance: 1 };
            self.workers.insert(child, Worker { channel: Channel::new(socket), pid: None, blocked: false, ahead: 0 });
        }
        Outcome::parse(answer)
            .map_err(|error| StepError::Tool(format!("the worker of `{actor}` said `{answer}`: {error}")))
    }

    /// The outcome of a step in which the worker ended: the signal, if it was one.
    fn ended_by(&mut self, actor: &Actor) -> Result<Outcome, StepError> {
        let worker = self.workers.get(actor).and_then(|worker| worker.pid);
        let worker = worker.ok_or_else(|| StepError::Tool(format!("the worker of `{actor}` is gone")))?;
        match self.zygote.ending(worker)? {
            Ending::Signal(number) => Ok(Outcome { word: Word::Signal(number), fields: Vec::new() }),
            Ending::Exit(code) => Err(StepError::Tool(format!("the worker of `{actor}` ended with {code}"))),
        }
    }
}

impl Worker {
    fn send(&self, actor: &Actor, steps: &str) -> Result<(), StepError> {
        let sent = self.channel.send(steps, None);
        sent.map_err(|errno| StepError::Tool(format!("the worker of `{actor}` is gone: {errno}")))
    }
}

impl Drop for Workers<'_> {
    fn drop(&mut self) {
        let _ = self.end_all();
    }
}

type Problem = (&'static str, fn(String) -> StepError);

/// What the answers mean that are no outcomes.
const PROBLEMS: [Problem; 4] = [
    (UNBOUND, StepError::Unbound),
    (REFUSED, StepError::Refused),
    (UNAVAILABLE, StepError::Unavailable),
    (BROKEN, StepError::Tool),
];

/// The actor of a step that names none.
fn myself() -> Actor {
    Actor { name: Name::new(Role::Myself.as_str()).expect("`self` is a name"), instance: 1 }
}
