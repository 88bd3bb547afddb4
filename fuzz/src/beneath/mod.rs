//! Opening beneath a directory: `open_beneath_by_walk` against the kernel's `openat2`.
//!
//! [`Gallery`] opens paths of all kinds in one tree that stays as it is; [`twins`] runs
//! sequences that change two trees alike.

mod attempt;
mod path;
pub mod twins;

use std::collections::HashSet;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirEntryExt;
use std::path::Path;

use fs_core::op::run::Runner;
use fs_core::op::{Fd, Line, Op, Outcome};
use fs_core::{Errno, Mode, OFlags, fstat, open};

pub use attempt::{Attempt, By, Opened, may_differ};

use crate::jail::{Jail, NoJail};
use crate::kept::lines;
use crate::source::Source;

/// The tree, as operations.
static GALLERY: &str = include_str!("gallery.ops");

/// What stands outside of the tree.
static OUTSIDE: &str = "mkdir path=in\nmkdir path=d\nmknod path=f\nmknod path=d/f\n";

/// The most attempts of one input.
const ATTEMPTS: usize = 8;

/// A tree with links and names of all kinds, in a jail.
pub struct Gallery {
    jail: Jail,
    inside: OwnedFd,
    /// The numbers of all that is in the tree.
    inos: HashSet<u64>,
    /// Names and paths in the tree.
    names: Vec<Vec<u8>>,
    /// Directories to start from.
    dirs: Runner,
    /// The lines that opened them.
    opened: Vec<Line<'static>>,
}

impl Gallery {
    /// Makes the tree.
    ///
    /// # Errors
    /// The reason why there is no jail here.
    pub fn new() -> Result<Self, NoJail> {
        let jail = Jail::new()?;
        let mut dirs = Runner::new();
        let make = |text: &str, runner: &mut Runner| {
            for line in lines(text).expect("the gallery can be read") {
                let outcome = runner.run(&line.op).expect("the gallery runs here");
                assert_eq!(outcome.word, Outcome::OK.word, "{line}");
            }
        };
        let inside = jail.run(jail.top(), jail.top(), || {
            make(OUTSIDE, &mut dirs);
            open("in", OFlags::PATH, Mode::empty()).expect("it was just made")
        });
        let inos = jail.run(jail.top(), inside.as_fd(), || {
            make(GALLERY, &mut dirs);
            numbers(Path::new("."))
        });
        let lines = lines(GALLERY).expect("the gallery can be read");
        let names = lines.iter().filter_map(|line| match &line.op {
            Op::Mkdir { path, .. } | Op::Mknod { path, .. } | Op::Mkfifo { path, .. } => Some(path),
            Op::Symlink { dst, .. } => Some(dst),
            _ => None,
        });
        let names = names.map(|at| at.path.resolve().into_owned()).collect();
        let opened = lines.iter().filter(|line| register(&line.op).is_some()).cloned().collect();
        Ok(Gallery { jail, inside, inos, names, dirs, opened })
    }

    /// Makes the attempts that `input` stands for.
    ///
    /// # Errors
    /// The lines of an attempt of which walk and kernel think differently.
    pub fn check(&self, input: &[u8]) -> Result<(), String> {
        let names: Vec<&[u8]> = self.names.iter().map(Vec::as_slice).collect();
        let mut source = Source::new(input);
        self.jail.run(self.jail.top(), self.inside.as_fd(), || {
            for _ in 0..ATTEMPTS {
                if source.is_empty() {
                    break;
                }
                self.compare(Attempt::choose(&mut source, &names, self.opened.len()))?;
            }
            Ok(())
        })
    }

    fn compare(&self, attempt: Attempt<'_>) -> Result<(), String> {
        let dir = attempt.dir.map(|dir| self.dirs.fd(dir).expect("each attempt starts from what is open"));
        let walk = self.seen(attempt.open(By::Walk, dir));
        let kernel = self.seen(attempt.open(By::Kernel, dir));
        if walk == kernel && walk.as_ref().is_ok_and(|(ino, _)| *ino == OUT) {
            return Err(format!("{}\nboth lead out", self.report(attempt)));
        }
        if walk != kernel && !may_differ(&attempt, dir.unwrap_or(self.inside.as_fd()), &walk, &kernel) {
            return Err(format!("{}\nwalk:   {}\nkernel: {}", self.report(attempt), tell(&walk), tell(&kernel)));
        }
        Ok(())
    }

    /// The file's number in the tree, and how it is open.
    fn seen(&self, result: Result<OwnedFd, Errno>) -> Seen {
        let fd = result?;
        let (ino, opened) = (number(fd.as_fd())?, Opened::of(&fd)?);
        Ok(match self.inos.contains(&ino) {
            true => (ino, opened),
            false if opened.is_nameless() => (NAMELESS, opened),
            false => (OUT, opened),
        })
    }

    fn report(&self, attempt: Attempt<'_>) -> String {
        let start = attempt.dir.and_then(|dir| self.opened.iter().find(|line| register(&line.op) == Some(dir)));
        let start = start.map(|line| format!("{line}\n")).unwrap_or_default();
        format!("in the tree of gallery.ops:\n{start}{}", attempt.line())
    }
}

/// Of a file without a name, and of one that is not in the tree.
const NAMELESS: u64 = u64::MAX;
const OUT: u64 = u64::MAX - 1;

type Seen = Result<(u64, Opened), Errno>;

fn tell(seen: &Seen) -> String {
    match seen {
        Ok((OUT, opened)) => format!("ok, but outside of the tree {opened}"),
        Ok((NAMELESS, opened)) => format!("ok, a file without a name {opened}"),
        Ok((ino, opened)) => format!("ok ino={ino} {opened}"),
        Err(errno) => Outcome::errno(*errno).to_string(),
    }
}

fn register(op: &Op<'_>) -> Option<Fd> {
    match op {
        Op::Open { fd, .. } => *fd,
        _ => None,
    }
}

fn number(fd: BorrowedFd<'_>) -> Result<u64, Errno> {
    fstat(fd).map(|stat| stat.st_ino()).map_err(|error| error.errno())
}

/// The numbers of `dir` and of all below.
fn numbers(dir: &Path) -> HashSet<u64> {
    let mut numbers = HashSet::from([std::os::unix::fs::MetadataExt::ino(&fs::metadata(dir).expect("it is there"))]);
    for entry in fs::read_dir(dir).expect("the gallery can be read").flatten() {
        numbers.insert(entry.ino());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            numbers.extend(self::numbers(&entry.path()));
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn attempts_end_in_many_ways() {
        let gallery = match Gallery::new() {
            Ok(gallery) => gallery,
            Err(reason) => return reason.skip(),
        };
        let names: Vec<&[u8]> = gallery.names.iter().map(Vec::as_slice).collect();
        let mut ends = HashSet::new();
        let mut random = Random::new(11);
        gallery.jail.run(gallery.jail.top(), gallery.inside.as_fd(), || {
            for _ in 0..20_000 {
                let input = random.input();
                let attempt = Attempt::choose(&mut Source::new(&input), &names, gallery.opened.len());
                let dir = attempt.dir.and_then(|dir| gallery.dirs.fd(dir));
                ends.insert(match attempt.open(By::Walk, dir) {
                    Ok(fd) => Ok(fstat(&fd).unwrap().st_mode() >> 12),
                    Err(errno) => Err(errno.raw_os_error()),
                });
            }
        });
        for errno in [Errno::NOENT, Errno::LOOP, Errno::XDEV, Errno::NOTDIR, Errno::NAMETOOLONG, Errno::INVAL] {
            assert!(ends.contains(&Err(errno.raw_os_error())), "{errno}: {ends:?}");
        }
        assert!(ends.len() >= 12, "{ends:?}");
    }
}
