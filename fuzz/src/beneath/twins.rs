//! Sequences that change two trees alike: one is opened by the walk, the other by the
//! kernel, and at the end both are compared.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use fs_core::op::run::Runner;
use fs_core::op::run::tree::{self, Node};
use fs_core::op::{At, FileKind, Line, Op, Outcome, Target, Word};
use fs_core::{Errno, Follow, Mode, OFlags, open};

use super::path;
use super::{Attempt, By, Opened, may_differ};
use crate::jail::{Jail, NoJail};
use crate::kept::lines;
use crate::source::Source;

/// The most operations of one input.
const OPERATIONS: usize = 24;

/// Names in the trees.
static NAMES: &[&[u8]] = &[b"a", b"b", b"c", b"d", b"d/a", b"d/d", b"a/b", b"l", b"d/l"];

/// What stands in each tree's neighbourhood, for who gets out.
static OUTSIDE: &str = "mkdir path=in\nmkdir path=d\nmknod path=a\nmknod path=b\nmknod path=d/a\n";

/// A place for pairs of trees.
pub struct Twins {
    jail: Jail,
    /// How descriptors are asked for their paths inside of the jail.
    descriptors: OwnedFd,
}

impl Twins {
    /// Makes the place.
    ///
    /// # Errors
    /// The reason why there is no jail here.
    pub fn new() -> Result<Self, NoJail> {
        let jail = Jail::new()?;
        let descriptors = open("/proc/self/fd", OFlags::PATH, Mode::empty());
        let descriptors = descriptors.map_err(|error| NoJail::new(format!("/proc/self/fd: {error}")))?;
        Ok(Twins { jail, descriptors })
    }

    /// Runs the operations that `input` stands for.
    ///
    /// # Errors
    /// As [`Twins::check_lines`].
    pub fn check(&self, input: &[u8]) -> Result<(), String> {
        self.check_lines(&choose(Source::new(input)))
    }

    /// Runs `lines` in both trees of a new pair. `openat2` is the walk in one of them;
    /// by an actor it is done by a stranger.
    ///
    /// # Errors
    /// The lines, and what differs.
    pub fn check_lines(&self, lines: &[Line<'_>]) -> Result<(), String> {
        let result = self.compare(lines);
        self.jail.run(self.jail.top(), self.jail.top(), || {
            for name in ["walk", "kernel"] {
                std::fs::remove_dir_all(name).expect("a tree can be removed");
            }
        });
        result.map_err(|report| {
            let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
            format!("{}\n{report}", text.join("\n"))
        })
    }

    fn compare(&self, lines: &[Line<'_>]) -> Result<(), String> {
        let (mut walk, mut kernel) = (Twin::new(self, "walk"), Twin::new(self, "kernel"));
        for line in lines {
            let attempt = Attempt::of_line(line);
            let (by_walk, by_kernel) = match &attempt {
                Some(attempt) => (walk.open(attempt, By::Walk), kernel.open(attempt, By::Kernel)),
                None => (walk.run(&line.op), kernel.run(&line.op)),
            };
            let may_differ =
                attempt.is_some_and(|attempt| may_differ(&attempt, walk.start(&attempt), &by_walk, &by_kernel));
            if by_walk != by_kernel && !may_differ {
                let [by_walk, by_kernel] = [by_walk, by_kernel].map(tell);
                return Err(format!("differ in: {line}\nwalk:   {by_walk}\nkernel: {by_kernel}"));
            }
            if by_walk.as_ref().is_ok_and(|seen| seen.contains(OUT)) {
                return Err(format!("both lead out: {line}\n{}", tell(by_walk)));
            }
        }
        let (walk, kernel) = (walk.nodes(), kernel.nodes());
        match walk.iter().zip(&kernel).find(|(one, two)| one != two) {
            Some((one, two)) => Err(format!("the trees differ:\nwalk:   {one}\nkernel: {two}")),
            None if walk.len() != kernel.len() => Err("one tree has more than the other".to_owned()),
            None => Ok(()),
        }
    }
}

/// What is said of a descriptor outside of the tree.
const OUT: &str = "outside of the tree";

/// What an operation did.
type Seen = Result<String, Errno>;

fn tell(seen: Seen) -> String {
    seen.unwrap_or_else(|errno| Outcome::errno(errno).to_string())
}

/// One tree.
struct Twin<'a> {
    twins: &'a Twins,
    name: &'static str,
    /// The tree's neighbourhood.
    around: OwnedFd,
    inside: OwnedFd,
    runner: Runner,
}

impl<'a> Twin<'a> {
    fn new(twins: &'a Twins, name: &'static str) -> Self {
        let dir = |path: &str| open(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).expect("it was just made");
        let top = twins.jail.top();
        let around = twins.jail.run(top, top, || {
            std::fs::create_dir(name).expect("the jail is empty");
            dir(name)
        });
        let mut runner = Runner::new();
        let inside = twins.jail.run(around.as_fd(), around.as_fd(), || {
            for line in lines(OUTSIDE).expect("it can be read") {
                runner.run(&line.op).expect("it runs here");
            }
            dir("in")
        });
        Twin { twins, name, around, inside, runner }
    }

    /// Runs an operation that has nothing to get out of: the tree is all there is.
    fn run(&mut self, op: &Op<'_>) -> Seen {
        let inside = self.inside.as_fd();
        self.twins.jail.run(inside, inside, || match self.runner.run(op) {
            Ok(Outcome { word: Word::Errno(errno), .. }) => Err(errno),
            Ok(outcome) => Ok(outcome.word.to_string()),
            Err(error) => Ok(error.to_string()),
        })
    }

    /// Makes an attempt with the way out open.
    fn open(&self, attempt: &Attempt<'_>, by: By) -> Seen {
        let dir = attempt.dir.map(|dir| self.runner.fd(dir));
        if dir.is_some_and(|dir| dir.is_none()) {
            return Ok("not open".to_owned());
        }
        self.twins.jail.run(self.twins.jail.top(), self.inside.as_fd(), || {
            let fd = attempt.open(by, dir.flatten())?;
            let opened = Opened::of(&fd)?;
            let place = if opened.is_nameless() { "without a name".to_owned() } else { self.place(&fd) };
            Ok(format!("{opened} {place}"))
        })
    }

    /// Where an attempt starts.
    fn start(&self, attempt: &Attempt<'_>) -> BorrowedFd<'_> {
        attempt.dir.and_then(|dir| self.runner.fd(dir)).unwrap_or(self.inside.as_fd())
    }

    /// Where `fd` is in the tree.
    fn place(&self, fd: &OwnedFd) -> String {
        let number = std::os::fd::AsRawFd::as_raw_fd(fd).to_string();
        let path = fs_core::readlink((&self.twins.descriptors, &number)).expect("the descriptor is open");
        let prefix = format!("/{}/in", self.name);
        match path.strip_prefix(&prefix) {
            Ok(path) => format!("path={}", path.display()),
            Err(_) => format!("{} {OUT}", path.display()),
        }
    }

    /// All that is in the tree and around it.
    fn nodes(&self) -> Vec<Node> {
        let around = self.around.as_fd();
        let mut nodes = self.twins.jail.run(around, around, || tree::read(b".").expect("a tree can be read"));
        for node in &mut nodes {
            node.mtime_ns = 0;
        }
        nodes
    }
}

/// Makes operations of the bytes: trees of a few names, and openings in them.
fn choose(mut source: Source<'_>) -> Vec<Line<'_>> {
    let mut lines = vec![
        step(Op::Mkdir { path: At::path(b"d"), mode: Mode::from_bits_retain(0o755) }),
        step(Op::Open { path: At::path(b"d"), flags: OFlags::PATH, mode: Mode::empty(), fd: Some(fs_core::op::Fd(0)) }),
    ];
    for _ in 0..OPERATIONS {
        if source.is_empty() {
            break;
        }
        lines.push(match source.below(8) {
            0..4 => Attempt::choose_changing(&mut source, NAMES, 1).line(),
            4 | 5 => {
                let dst = At::path(source.pick(NAMES));
                step(Op::Symlink { src: path::choose(&mut source, NAMES), dst })
            }
            _ => step(change(&mut source)),
        });
    }
    lines
}

fn step(op: Op<'_>) -> Line<'_> {
    Line { actor: None, op, save: None, want: None }
}

/// An operation on names that stays in the tree.
fn change<'a>(source: &mut Source<'a>) -> Op<'a> {
    let kind = source.below(8);
    let path = At::path(source.pick(NAMES));
    let mode = Mode::from_bits_retain(source.pick(&[0o755, 0o700, 0o711, 0o744, 0o1777, 0]));
    match kind {
        0..3 => Op::Mkdir { path, mode },
        3 => Op::Mknod { path, kind: FileKind::File, mode, device: 0 },
        4 => Op::Rename { src: path, dst: At::path(source.pick(NAMES)), flags: rustix::fs::RenameFlags::empty() },
        5 => Op::Unlink { path },
        6 => Op::Mkfifo { path, mode },
        _ => Op::Chmod { path: Target::Path(path), mode, follow: Follow::Yes },
    }
}
