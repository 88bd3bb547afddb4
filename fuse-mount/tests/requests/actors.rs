//! Who does the steps of a row: each actor is a thread with registers and a working directory of
//! its own. The daemon is another process, so none of them waits for itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use fs_core::op::run::{RunError, Runner};
use fs_core::op::{Actor, Line, Op, Outcome, Word};
use rustix::thread::UnshareFlags;

/// How long a call that is to block is watched.
const MOMENT: Duration = Duration::from_millis(20);

/// The actors of one row.
pub(crate) struct Actors {
    dir: PathBuf,
    threads: BTreeMap<Option<Actor>, Acting>,
    children: Vec<Child>,
}

struct Acting {
    steps: Option<Sender<Op<'static>>>,
    outcomes: Receiver<Result<Outcome, RunError>>,
    thread: Option<JoinHandle<()>>,
}

impl Actors {
    /// None yet; each will begin in `dir`.
    pub(crate) fn new(dir: PathBuf) -> Self {
        let mut actors = Actors { dir, threads: BTreeMap::new(), children: Vec::new() };
        actors.of(None);
        actors
    }

    /// Does a step; what is wanted of it must hold, and without that it must succeed.
    pub(crate) fn act(&mut self, step: &Line<'static>) {
        if let Op::Fork { .. } = step.op {
            return self.children.push(Child::fork());
        }
        let wants = |word| step.want.as_ref().is_some_and(|want| want.words.contains(&word));
        let actor = self.of(step.actor.clone());
        if !matches!(step.op, Op::Wait {}) {
            actor.steps.as_ref().unwrap().send(step.op.clone()).unwrap();
        }
        if wants(Word::Blocked) {
            assert!(actor.outcomes.recv_timeout(MOMENT).is_err(), "{step}: did not block");
            return;
        }
        let outcome = actor.outcomes.recv().unwrap().unwrap_or_else(|error| panic!("{step}: {error}"));
        match &step.want {
            Some(want) => assert!(want.matches(&outcome, |_| None), "{step}: got {outcome}"),
            None => assert_eq!(outcome.word, Word::Ok, "{step}"),
        }
    }

    fn of(&mut self, actor: Option<Actor>) -> &Acting {
        let dir = &self.dir;
        self.threads.entry(actor).or_insert_with(|| Acting::start(dir.clone()))
    }
}

impl Acting {
    fn start(dir: PathBuf) -> Self {
        let (steps, ops) = mpsc::channel::<Op<'static>>();
        let (results, outcomes) = mpsc::channel();
        let (arrived, in_place) = mpsc::channel();
        let act = move || {
            // SAFETY: FS unshares only the working directory, the root and the umask; no
            // descriptor changes owner.
            unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FS) }.unwrap();
            rustix::process::chdir(&dir).unwrap();
            arrived.send(()).unwrap();
            let mut runner = Runner::new();
            for op in ops {
                let _ = results.send(runner.run(&op));
            }
        };
        let thread = thread::spawn(act);
        // The way to the directory is none of the requests of a step.
        in_place.recv().unwrap();
        Acting { steps: Some(steps), outcomes, thread: Some(thread) }
    }
}

impl Drop for Acting {
    fn drop(&mut self) {
        self.steps = None;
        let _ = self.thread.take().unwrap().join();
    }
}

/// A process with copies of all descriptors, until it is dropped.
struct Child(libc::pid_t);

impl Child {
    fn fork() -> Self {
        // SAFETY: the child does nothing but wait to be ended.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            loop {
                // SAFETY: only waits for signals.
                unsafe { libc::pause() };
            }
        }
        assert!(pid > 0, "{}", std::io::Error::last_os_error());
        Child(pid)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // SAFETY: a child of ours that is not waited for yet, so the number is still its own.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
        // SAFETY: no status is wanted.
        unsafe { libc::waitpid(self.0, std::ptr::null_mut(), 0) };
    }
}
