//! Locks between processes on the mount: who waits can be interrupted, who waits for each other is told,
//! and locks go with their owners. What each call does is in the suite (`conformance/cases/lock.case`).

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use support::{Mount, can_mount, is_alive, python, send, wait_for};

/// A process that does what it is told, a line of Python at a time, and says what came of it.
struct Process {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<String>,
}

const PROGRAM: &str = "
import errno, fcntl, os, signal, struct, sys
class Interrupted(Exception): pass
def interrupt(*_): raise Interrupted
signal.signal(signal.SIGUSR1, interrupt)
fds = []
def open_(path): fds.append(os.open(path, os.O_RDWR))
def whole(wait): fcntl.flock(fds[-1], fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
def record(wait, start=0): fcntl.lockf(fds[-1], fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, start)
def owned(wait):
    how = fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK
    fcntl.fcntl(fds[-1], how, struct.pack('hhqqixxxx', fcntl.F_WRLCK, 0, 0, 1, 0))
def close(): os.close(fds.pop())
for line in sys.stdin:
    try:
        eval(line)
        print('done', flush=True)
    except Interrupted:
        print('interrupted', flush=True)
    except OSError as error:
        print('EDEADLK' if error.errno == errno.EDEADLK else errno.errorcode[error.errno], flush=True)
";

impl Process {
    fn start() -> Process {
        let mut child =
            Command::new("python3").args(["-c", PROGRAM]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (tell, answers) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Process { stdin: child.stdin.take().unwrap(), child, answers }
    }

    fn on(path: &Path) -> Process {
        let mut process = Process::start();
        process.opens(path);
        process
    }

    fn opens(&mut self, path: &Path) {
        assert_eq!(self.does(&format!("open_({:?})", path.to_str().unwrap())), "done");
    }

    fn begins(&mut self, code: &str) {
        writeln!(self.stdin, "{code}").unwrap();
    }

    fn does(&mut self, code: &str) -> String {
        self.begins(code);
        self.answers()
    }

    fn answers(&mut self) -> String {
        self.answers.recv_timeout(Duration::from_secs(20)).expect("an answer")
    }

    /// Begins what has to wait, and waits for it to do so.
    fn waits(&mut self, code: &str) {
        self.begins(code);
        // `1: -> POSIX  ADVISORY  WRITE 123 00:2a:7 0 0`: the table has who waits below what is waited for.
        let pid = format!(" {} ", self.child.id());
        let waits = || {
            fs::read_to_string("/proc/locks").unwrap().lines().any(|line| line.contains("->") && line.contains(&pid))
        };
        // Locks of open files are nobody's: then this is only a pause.
        support::wait_up_to(Duration::from_millis(200), waits);
        assert!(self.answers.try_recv().is_err(), "`{code}` has not waited");
    }

    fn signal(&self, signal: Signal) {
        send(self.child.id(), signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The kinds of locks: of open files, of processes, and of open files again, by record.
const KINDS: [&str; 3] = ["whole", "record", "owned"];

fn on_each_mount(test: impl Fn(&Mount)) {
    if !can_mount() || python().is_none() {
        return;
    }
    for args in [&[][..], &["--passthrough", "off", "--cache", "exclusive"]] {
        test(&Mount::prepared(args, |source| {
            fs::write(source.join("f"), "text").unwrap();
            fs::write(source.join("other"), "text").unwrap();
        }));
    }
}

#[test]
fn who_waits_for_a_lock_can_be_interrupted_and_killed() {
    on_each_mount(|mount| {
        let path = mount.mountpoint.join("f");
        for kind in KINDS {
            let (mut holder, mut waiter, mut victim) = (Process::on(&path), Process::on(&path), Process::on(&path));
            assert_eq!(holder.does(&format!("{kind}(False)")), "done");
            assert_eq!(waiter.does(&format!("{kind}(False)")), "EAGAIN", "{kind}");
            waiter.waits(&format!("{kind}(True)"));
            waiter.signal(Signal::USR1);
            assert_eq!(waiter.answers(), "interrupted", "{kind}");
            victim.waits(&format!("{kind}(True)"));
            victim.signal(Signal::KILL);
            assert!(wait_for(|| !is_alive(victim.child.id())), "{kind}");
            // And nothing of them is left in the way.
            assert_eq!(holder.does("close()"), "done");
            assert_eq!(waiter.does(&format!("{kind}(False)")), "done", "{kind}");
        }
    });
}

#[test]
fn who_would_wait_for_each_other_is_told() {
    on_each_mount(|mount| {
        let path = mount.mountpoint.join("f");
        let (mut one, mut other) = (Process::on(&path), Process::on(&path));
        assert_eq!(one.does("record(False, 0)"), "done");
        assert_eq!(other.does("record(False, 1)"), "done");
        one.waits("record(True, 1)");
        assert_eq!(other.does("record(True, 0)"), "EDEADLK");
        assert_eq!(other.does("close()"), "done");
        assert_eq!(one.answers(), "done");
    });
}

#[test]
fn locks_go_with_a_close_and_with_their_process() {
    on_each_mount(|mount| {
        let path = mount.mountpoint.join("f");
        for kind in KINDS {
            for end in ["close", "exit", "kill"] {
                let (mut holder, mut waiter) = (Process::on(&path), Process::on(&path));
                assert_eq!(holder.does(&format!("{kind}(False)")), "done");
                waiter.waits(&format!("{kind}(True)"));
                match end {
                    "close" => drop(holder.does("close()")),
                    "exit" => holder.begins("os._exit(0)"),
                    _ => holder.signal(Signal::KILL),
                }
                assert_eq!(waiter.answers(), "done", "{kind} {end}");
            }
        }
    });
}

#[test]
fn a_lock_is_the_files_and_not_the_names() {
    on_each_mount(|mount| {
        let [first, second, other] = ["f", "moved", "other"].map(|name| mount.mountpoint.join(name));
        for kind in KINDS {
            let (mut holder, mut early) = (Process::on(&first), Process::on(&first));
            assert_eq!(holder.does(&format!("{kind}(False)")), "done");
            fs::rename(&first, &second).unwrap();
            assert_eq!(Process::on(&second).does(&format!("{kind}(False)")), "EAGAIN", "{kind}: renamed");
            fs::write(&first, "new").unwrap();
            assert_eq!(Process::on(&first).does(&format!("{kind}(False)")), "done", "{kind}: a new file");
            fs::rename(&other, &second).unwrap();
            assert_eq!(early.does(&format!("{kind}(False)")), "EAGAIN", "{kind}: replaced");
            assert_eq!(Process::on(&second).does(&format!("{kind}(False)")), "done", "{kind}: what replaced it");
            fs::rename(&second, &other).unwrap();
        }
    });
}

#[test]
fn processes_on_the_source_have_locks_of_their_own() {
    on_each_mount(|mount| {
        for kind in KINDS {
            let mut above = Process::on(&mount.mountpoint.join("f"));
            let mut below = Process::on(&mount.source.join("f"));
            // As README.md says: it is so in both directions.
            assert_eq!(above.does(&format!("{kind}(False)")), "done");
            assert_eq!(below.does(&format!("{kind}(False)")), "done", "{kind}");
        }
    });
}
