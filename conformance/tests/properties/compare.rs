//! Runs a sequence on a real directory and on a mount, and compares.

use std::fmt;
use std::path::{Path, PathBuf};

use conformance::scratch::Scratch;
use conformance::worker::{StepError, Workers, Zygote};
use fs_core::Follow;
use fs_core::op::{Field, Line, Op, Outcome, Target, Value, Word};

/// What a step gave: an outcome in which is left what both sides must agree on, or the reason
/// why there is none.
type Got = Result<String, String>;

/// Times later than this were set by a clock, which goes on between one side and the other.
const CLOCK_NS: i128 = 1_700_000_000_000_000_000;

/// Fields that are a file system's own affair, or that go on by themselves.
const PRIVATE: [&str; 6] = ["ino", "dev", "blocks", "blksize", "ctime_ns", "offset"];

/// Three places to look from: a directory, the mount, and the directory that it shows.
pub(crate) struct Sides {
    zygote: Zygote,
    real: PathBuf,
    mount: PathBuf,
    source: PathBuf,
}

/// The first thing of which both sides think differently.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The steps up to the one that differs, with what they gave on the real directory.
    steps: Vec<(Line<'static>, Got)>,
    /// What the mount gave for the last one.
    mount: Got,
    /// Where it was seen, if not in an outcome.
    seen: &'static str,
}

/// What tells one bug from another, roughly: the operation and how it ended on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class(String);

impl Sides {
    /// With directories below these.
    pub(crate) fn new(real: PathBuf, mount: PathBuf, source: PathBuf) -> Result<Sides, String> {
        let zygote = Zygote::start().map_err(|error| error.to_string())?;
        Ok(Sides { zygote, real, mount, source })
    }

    /// Runs the steps on both sides, in fresh directories; `Ok(None)`, if all was the same.
    ///
    /// # Errors
    /// They cannot be run.
    pub(crate) fn compare(&self, steps: &[Line<'static>]) -> Result<Option<Difference>, String> {
        let look = Line::parse("tree path=.").expect("a line");
        let real = Scratch::new_in(&self.real).map_err(|error| error.to_string())?;
        let mount = Scratch::new_in(&self.mount).map_err(|error| error.to_string())?;
        let (wanted, tree) = self.run(&real, steps, &look)?;
        let (got, shown) = self.run(&mount, steps, &look)?;
        let steps = || steps.iter().cloned().zip(wanted.iter().cloned());
        for (index, got) in got.into_iter().enumerate() {
            if got != wanted[index] {
                let steps = steps().take(index + 1).collect();
                return Ok(Some(Difference { steps, mount: got, seen: "" }));
            }
        }
        let beneath = self.source.join(mount.path().file_name().expect("a scratch directory has a name"));
        let below = Beneath::open(&beneath)?;
        let mut workers = self.zygote.enter(below.dir());
        let beneath = told(&look, workers.run(&look));
        end(workers)?;
        for (seen, got) in [("at the end, through the mount", shown), ("at the end, beneath the mount", beneath)] {
            if got != tree {
                let steps = steps().chain([(look.clone(), tree)]).collect();
                return Ok(Some(Difference { steps, mount: got, seen }));
            }
        }
        Ok(None)
    }

    /// Whether each of the steps succeeds, on the real directory alone.
    ///
    /// # Errors
    /// They cannot be run.
    pub(crate) fn succeeds(&self, steps: &[Line<'static>]) -> Result<Vec<bool>, String> {
        let real = Scratch::new_in(&self.real).map_err(|error| error.to_string())?;
        let mut workers = self.zygote.enter(real.dir());
        let is_ok = |step| workers.run(step).is_ok_and(|outcome| outcome.word == Word::Ok);
        let succeeded = steps.iter().map(is_ok).collect();
        end(workers)?;
        Ok(succeeded)
    }

    fn run(&self, scratch: &Scratch, steps: &[Line<'_>], look: &Line<'_>) -> Result<(Vec<Got>, Got), String> {
        let mut workers = self.zygote.enter(scratch.dir());
        let outcomes = steps.iter().map(|step| take(&mut workers, step)).collect();
        end(workers)?;
        // By somebody who has changed neither directory nor umask.
        let mut workers = self.zygote.enter(scratch.dir());
        let tree = told(look, workers.run(look));
        end(workers)?;
        Ok((outcomes, tree))
    }
}

/// An open directory.
struct Beneath(std::fs::File);

impl Beneath {
    fn open(path: &Path) -> Result<Beneath, String> {
        std::fs::File::open(path).map(Beneath).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn dir(&self) -> std::os::fd::BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.0)
    }
}

/// Takes a step, unless its outcome cannot be the same on both sides.
fn take(workers: &mut Workers<'_>, step: &Line<'_>) -> Got {
    if let (Op::Chown { uid: None, gid: None, .. }, Some(_)) = (&step.op, &step.actor) {
        return Err("left out: a stranger's change of nothing is the kernel's question before a write".to_owned());
    }
    let of_fd = match step.op {
        Op::Lseek { fd, .. } | Op::Write { fd, .. } | Op::Pwrite { fd, .. } | Op::Fallocate { fd, .. } => Some(fd),
        Op::CopyFileRange { dst_fd, .. } => Some(dst_fd),
        _ => None,
    };
    if let Some(fd) = of_fd {
        let look = Line { op: Op::Stat { path: Target::Fd(fd), follow: Follow::Yes }, ..step.clone() };
        if let Some(why) = workers.run(&look).ok().and_then(|status| forced(step, &status)) {
            return Err(format!("left out: {why}"));
        }
    }
    told(step, workers.run(step))
}

/// The difference that the kernel's FUSE forces on a step with a descriptor of this status. The
/// suite has the cases of each, and `known-differences` names them.
fn forced(step: &Line<'_>, status: &Outcome) -> Option<&'static str> {
    let is_dir = status.get("type") == Some(&Value::Word("dir".to_owned()));
    let mode = status.get("mode").and_then(Value::as_number).unwrap_or_default();
    let is_superuser = step.actor.is_none() && rustix::process::geteuid().is_root();
    match step.op {
        Op::Lseek { .. } if is_dir => Some("a FUSE file system is not asked for positions in a directory"),
        Op::Lseek { .. } => None,
        _ if mode & 0o2010 == 0o2000 => Some("a write clears sgid of a group that may not execute"),
        _ if is_superuser && mode & 0o6000 != 0 => Some("root's own write clears suid and sgid through a mount"),
        _ => None,
    }
}

fn end(workers: Workers<'_>) -> Result<(), String> {
    workers.end().map_err(|error| format!("the workers do not end: {error}"))
}

/// What came back, without what is private to a side.
fn told(line: &Line<'_>, result: Result<Outcome, StepError>) -> Got {
    match result {
        Ok(mut outcome) => {
            outcome.fields.retain(|field| !is_private(line, field));
            for field in &mut outcome.fields {
                if let (Op::Tree { .. }, Value::List(nodes)) = (&line.op, &mut field.value) {
                    nodes.iter_mut().for_each(forget_clock);
                }
            }
            Ok(outcome.to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn is_private(line: &Line<'_>, field: &Field) -> bool {
    let is_clock = field.name.ends_with("time_ns") && field.value.as_number().is_some_and(|time| time > CLOCK_NS);
    let is_position = matches!(line.op, Op::Lseek { .. }) && field.name == "offset";
    is_clock || (PRIVATE.contains(&field.name) && !is_position)
}

/// Takes a time that a clock has set out of the text of a node of a tree.
fn forget_clock(node: &mut Vec<u8>) {
    let Some(at) = node.windows(3).rposition(|bytes| bytes == b":m=") else { return };
    let time = std::str::from_utf8(&node[at + 3..]).ok().and_then(|time| time.parse::<i128>().ok());
    if time.is_some_and(|time| time > CLOCK_NS) {
        node.truncate(at);
    }
}

impl Difference {
    /// What tells this bug from another one.
    pub(crate) fn class(&self) -> Class {
        let word = |got: &Got| match got {
            Ok(outcome) => outcome.split(' ').next().unwrap_or_default().to_owned(),
            Err(why) => why.clone(),
        };
        let (line, real) = self.steps.last().expect("a difference has a step");
        let fields = match (real, &self.mount) {
            (Ok(real), Ok(mount)) if !matches!(line.op, Op::Tree { .. }) => differing(real, mount).join(" "),
            _ => String::new(),
        };
        Class(format!("{} {} {} {fields} {}", line.op.name(), word(real), word(&self.mount), self.seen))
    }

    /// How many steps there are, the one that differs included.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }
}

/// The names of the fields that are not the same in two outcomes.
fn differing(one: &str, two: &str) -> Vec<String> {
    let fields = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (one, two) = (fields(one), fields(two));
    let missing = one.iter().filter(|field| !two.contains(field));
    missing.map(|field| field.split('=').next().unwrap_or_default().to_owned()).collect()
}

impl fmt::Display for Difference {
    /// The steps as a case has them, and what the mount gave for the last one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (last, before) = self.steps.split_last().expect("a difference has a step");
        for (line, got) in before {
            match got {
                Ok(outcome) if outcome.starts_with("ok") => writeln!(f, "  {line}")?,
                Ok(errno) => writeln!(f, "  {line} -> {errno}")?,
                Err(why) => writeln!(f, "  # {line}: {why}")?,
            }
        }
        let text = |got: &Got| match got {
            Ok(outcome) => outcome.clone(),
            Err(why) => format!("# {why}"),
        };
        writeln!(f, "  {} -> {}", last.0.subject(), text(&last.1))?;
        let seen = if self.seen.is_empty() { String::new() } else { format!(" ({})", self.seen) };
        write!(f, "  # the mount gave{seen}: {}", text(&self.mount))
    }
}
