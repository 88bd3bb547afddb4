//! Two directories in which the same sequences are run, each time in a fresh directory
//! below both, by processes that live as long as the twins.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use conformance::scratch::Scratch;
use conformance::worker::{StepError, Workers, Zygote};
use fs_core::op::run::tree;
use fs_core::op::{Actor, At, Bytes, Fd, Line, Op, Target, Want, Word};
use rustix::fs::{Mode, OFlags};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::compare::{Difference, Now, Ran, Seen, compare};
use crate::forced;
use crate::generate::REGISTERS;

/// What the processes of the sides need; the twins borrow it.
pub(crate) struct Ground {
    sides: [(PathBuf, OwnedFd, Zygote); 2],
    /// The directory that the other one shows, if it is a mount.
    source: Option<PathBuf>,
}

/// Two directories.
pub(crate) struct Twins<'g> {
    real: Side<'g>,
    other: Side<'g>,
    now: Now,
    /// How often each operation was done on the real side, and how often it succeeded.
    pub(crate) tally: BTreeMap<&'static str, (u64, u64)>,
    /// Is told that there is progress.
    beat: Box<dyn Fn() + 'g>,
}

struct Side<'g> {
    top: &'g Path,
    /// What is at `top`, seen without what is mounted there.
    source: Option<&'g Path>,
    workers: Workers<'g>,
    /// The umask with which every process begins.
    umask: Mode,
    /// What is still bound of the last sequence of each actor.
    bound: BTreeMap<Option<Actor>, Vec<Fd>>,
}

/// Keeps this thread, and the processes that it starts from now on, on one processor: in a
/// sequence there is always one that runs and one that waits for it, and to wake who
/// sleeps on another processor takes longer than most operations.
pub(crate) fn stay_on_one_processor() {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let processors: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).collect();
    let mut one = CpuSet::new();
    one.set(processors[NEXT.fetch_add(1, Ordering::Relaxed) % processors.len()]);
    // It is slower without, and nothing else.
    let _ = sched_setaffinity(None, &one);
}

/// Why a sequence could not be compared: that is nobody's difference.
pub(crate) type Broken = String;

impl Ground {
    /// Starts the processes that work in these directories. What is left in `other` is looked
    /// at beneath it, too, if it shows the directory `source`.
    pub(crate) fn new(real: PathBuf, other: PathBuf, source: Option<PathBuf>) -> Result<Self, Broken> {
        let side = |top: PathBuf| {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let dir = rustix::fs::open(&top, flags, Mode::empty());
            let dir = dir.map_err(|errno| format!("{}: {errno}", top.display()))?;
            let zygote = Zygote::start().map_err(|error| error.to_string())?;
            Ok::<_, Broken>((top, dir, zygote))
        };
        Ok(Ground { sides: [side(real)?, side(other)?], source })
    }
}

impl<'g> Twins<'g> {
    /// The twins of a ground; `beat` is called after each sequence.
    pub(crate) fn new(ground: &'g Ground, beat: impl Fn() + 'g) -> Self {
        let side = |(top, dir, zygote): &'g (PathBuf, OwnedFd, Zygote), source| Side {
            top,
            source,
            workers: zygote.enter(dir.as_fd()),
            umask: Mode::from_bits_retain(0o022),
            bound: BTreeMap::new(),
        };
        let [real, other] = &ground.sides;
        let (real, other) = (side(real, None), side(other, ground.source.as_deref()));
        Twins { real, other, now: Now::begin(), tally: BTreeMap::new(), beat: Box::new(beat) }
    }

    /// Plants a difference: on the other side processes begin with this umask.
    pub(crate) fn plant_umask(&mut self, mode: u32) {
        self.other.umask = Mode::from_bits_retain(mode);
    }

    /// Runs a sequence on both sides; the real side's outcomes, and how the other differs.
    pub(crate) fn run(&mut self, lines: &[Line<'static>]) -> Result<(Vec<Seen>, Option<Difference>), Broken> {
        let real = self.real.run(lines)?;
        let other = self.other.run(lines)?;
        (self.beat)();
        for (line, seen) in lines.iter().zip(&real.seen) {
            let (done, succeeded) = self.tally.entry(line.op.name()).or_default();
            *done += u64::from(seen.is_ok());
            *succeeded += u64::from(seen.as_ref().is_ok_and(|seen| seen.word == Word::Ok));
        }
        let mut excused = Vec::new();
        loop {
            let difference = compare(lines, &real, &other, self.now, &excused).or_else(|| {
                let beneath = Ran { seen: real.seen.clone(), tree: other.beneath.clone()?, beneath: None };
                compare(lines, &real, &beneath, self.now, &excused)
            });
            let Some((step, ask, answer)) = difference.as_ref().and_then(|found| forced::question(lines, found)) else {
                return Ok((real.seen, difference));
            };
            if !self.is_so(&lines[..step], ask, &answer)? {
                return Ok((real.seen, difference));
            }
            excused.push(step);
        }
    }

    /// Whether, after these lines, one more has this outcome on the real side.
    fn is_so(&mut self, before: &[Line<'static>], ask: Line<'static>, answer: &Want) -> Result<bool, Broken> {
        let lines = [before, &[ask]].concat();
        let ran = self.real.run(&lines)?;
        let last = ran.seen.last().and_then(|seen| seen.as_ref().ok());
        Ok(last.is_some_and(|outcome| answer.matches(outcome, |_| None)))
    }
}

impl Side<'_> {
    fn run(&mut self, lines: &[Line<'static>]) -> Result<Ran, Broken> {
        let broken = |error: std::io::Error| format!("{}: {error}", self.top.display());
        let scratch = Scratch::new_in(self.top).map_err(broken)?;
        let name = scratch.path().file_name().expect("it has a name").as_bytes();
        self.enter(lines, &[b"/", name].concat())?;
        let seen = self.run_lines(lines)?;
        let read = |path: &Path| tree::read(path.as_os_str().as_bytes()).map_err(|error| error.errno());
        let tree = read(scratch.path());
        let beneath = self.source.map(|source| read(&source.join(OsStr::from_bytes(name))));
        let place = scratch.path().to_owned();
        scratch.remove().map_err(|error| format!("{}: not removed: {error}", place.display()))?;
        Ok(Ran { seen, tree, beneath })
    }

    /// Has all actors of the lines forget what they did before, and go to a directory. All
    /// are told first and heard then, which spares many changes of processes.
    fn enter(&mut self, lines: &[Line<'static>], dir: &[u8]) -> Result<(), Broken> {
        let mut actors: Vec<Option<Actor>> = lines.iter().map(|line| line.actor.clone()).collect();
        actors.sort();
        actors.dedup();
        let mut entering = Vec::new();
        for actor in actors {
            let registers = (0..REGISTERS).map(Fd).filter(|register| is_bound_by(lines, &actor, *register)).collect();
            let close = self.bound.insert(actor.clone(), registers).unwrap_or_default();
            let close = close.into_iter().map(|fd| Op::Close { fd });
            let ops = close.chain([chdir(dir), Op::Umask { mode: self.umask }]);
            let line = |op| Line { actor: actor.clone(), op, save: None, want: None };
            let lines: Vec<Line<'static>> = ops.map(line).collect();
            self.workers.send_ahead(&lines).map_err(|error| error.to_string())?;
            entering.extend(lines);
        }
        for line in &entering {
            let seen = self.workers.run(line);
            // A register may not have been bound, or be closed already.
            let is_done = matches!(line.op, Op::Close { .. }) || seen.as_ref().is_ok_and(|seen| seen.word == Word::Ok);
            if !is_done {
                return Err(format!("{}: `{line}`: {seen:?}", self.top.display()));
            }
        }
        Ok(())
    }

    fn run_lines(&mut self, lines: &[Line<'static>]) -> Result<Vec<Seen>, Broken> {
        let mut seen = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            self.workers.send_ahead(&lines[index..]).map_err(|error| error.to_string())?;
            let one = self.workers.run(line);
            if let Err(StepError::Timeout | StepError::Tool(_) | StepError::Interrupted) = &one {
                let text: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
                let why = one.expect_err("it is an error");
                return Err(format!("{}: {why} in `{line}`, of\n{}", self.top.display(), text.join("\n")));
            }
            seen.push(one);
        }
        Ok(seen)
    }
}

fn chdir(path: &[u8]) -> Op<'static> {
    Op::Chdir { path: Target::Path(At { path: Bytes::Literal(path.to_vec().into()), dir: None }) }
}

/// Whether a line of the actor may have bound the register.
fn is_bound_by(lines: &[Line<'static>], actor: &Option<Actor>, register: Fd) -> bool {
    lines.iter().any(|line| {
        let bound = match &line.op {
            Op::Open { fd, .. } => *fd,
            Op::Dup { fd2, .. } => *fd2,
            _ => None,
        };
        line.actor == *actor && bound == Some(register)
    })
}
