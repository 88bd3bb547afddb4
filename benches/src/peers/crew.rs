//! The clients of a mount, seen from who asks them for work.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::client::{FORGET, VERB};
use super::interrupt;
use super::launch::{Placement, this_program};
use super::steps::Span;
use super::workload::Workload;

/// How often it is looked whether somebody wants the end.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Why there is no measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The file system does not do it, in words.
    Refused(String),
    /// The mount or the client is not to be used any more, in words.
    Broken(String),
    /// Somebody wants the end.
    Interrupted,
}

/// The clients of one mount.
#[derive(Debug, Default)]
pub struct Crew {
    clients: Vec<Client>,
    /// How long they may take to answer.
    patience: Duration,
}

/// A process that answers lines with lines; ended when dropped.
#[derive(Debug)]
pub(crate) struct Client {
    process: Child,
    requests: ChildStdin,
    answers: ChildStdout,
    /// What was read and is no whole line yet.
    begun: Vec<u8>,
}

impl Crew {
    /// Starts so many clients in a directory, who may take so long to answer.
    ///
    /// # Errors
    /// Why one cannot be started.
    pub fn start(
        count: usize,
        placement: &Placement,
        dir: &Path,
        archive: &Path,
        patience: Duration,
    ) -> std::io::Result<Crew> {
        let mut crew = Crew { clients: Vec::new(), patience };
        for index in 0..count {
            let mut command = placement.command(this_program()?)?;
            crew.clients.push(Client::start(command.arg(VERB).arg(dir).arg(index.to_string()).arg(archive))?);
        }
        Ok(crew)
    }

    /// Has the clients of a workload do it `count` times, and tells how many nanoseconds passed from
    /// the beginning of the first to the end of the last.
    ///
    /// # Errors
    /// Why there is no measurement.
    pub fn perform(&mut self, workload: &Workload, count: u64) -> Result<u64, Trouble> {
        let spans = self.ask(workload.clients, &format!("{} {count}", workload.name))?;
        let from_ns = spans.iter().map(|span| span.from_ns).min();
        let to_ns = spans.iter().map(|span| span.to_ns).max();
        let took_ns = to_ns.zip(from_ns).map(|(to_ns, from_ns)| to_ns.saturating_sub(from_ns));
        took_ns.filter(|took_ns| *took_ns > 0).ok_or_else(|| Trouble::Refused("it took no time".to_owned()))
    }

    /// Has the clients do what makes the caches warm for a workload.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn warm_up(&mut self, workload: &Workload, count: u64) -> Result<(), Trouble> {
        self.ask(workload.clients, &format!("warm {} {count}", workload.name)).map(drop)
    }

    /// Has the clients take away what a workload left.
    ///
    /// # Errors
    /// Why it is still there.
    pub fn undo(&mut self, workload: &Workload, count: u64) -> Result<(), Trouble> {
        self.ask(workload.clients, &format!("undo {} {count}", workload.name)).map(drop)
    }

    /// Has a client have the kernel forget the names below its mount.
    ///
    /// # Errors
    /// Why they are not forgotten.
    pub fn forget(&mut self) -> Result<(), Trouble> {
        self.ask(1, FORGET).map(drop)
    }

    fn ask(&mut self, clients: usize, line: &str) -> Result<Vec<Span>, Trouble> {
        let patience = self.patience;
        let clients = &mut self.clients[..clients];
        for client in &mut *clients {
            client.ask(line)?;
        }
        // All answers are read, whatever one of them is, so that the next ones are those of the next question.
        let answers: Vec<String> =
            clients.iter_mut().map(|client| client.answer(patience)).collect::<Result<_, _>>()?;
        answers.iter().map(|answer| understand(answer)).collect()
    }
}

fn understand(answer: &str) -> Result<Span, Trouble> {
    let words: Vec<&str> = answer.splitn(3, ' ').collect();
    if let ["ok", from_ns, to_ns] = words[..]
        && let (Ok(from_ns), Ok(to_ns)) = (from_ns.parse(), to_ns.parse())
    {
        return Ok(Span { from_ns, to_ns });
    }
    Err(Trouble::Refused(answer.strip_prefix("error ").unwrap_or(answer).to_owned()))
}

/// Sends a signal to a process that was started as the first of its group, and to all that it
/// started; to nobody if it has ended, for then the group may be another one.
pub(crate) fn send_to_group(process: &mut Child, signal: Signal) {
    let is_running = process.try_wait().is_ok_and(|status| status.is_none());
    let group = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group.filter(|_| is_running) {
        let _ = kill_process_group(group, signal);
    }
}

impl Client {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> std::io::Result<Client> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (requests, answers) = (process.stdin.take(), process.stdout.take());
        let (requests, answers) = requests.zip(answers).expect("both are pipes");
        Ok(Client { process, requests, answers, begun: Vec::new() })
    }

    /// Asks it something.
    pub(crate) fn ask(&mut self, line: &str) -> Result<(), Trouble> {
        let asked = self.requests.write_all(format!("{line}\n").as_bytes());
        asked.map_err(|error| Trouble::Broken(format!("the client has ended: {error}")))
    }

    /// Its next line, for which it may take so long.
    pub(crate) fn answer(&mut self, patience: Duration) -> Result<String, Trouble> {
        let until = Instant::now() + patience;
        loop {
            if let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.begun.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if interrupt::seen() {
                return Err(Trouble::Interrupted);
            }
            if Instant::now() > until {
                return Err(Trouble::Broken(format!("no answer for {patience:?}")));
            }
            let mut ready = [PollFd::from_borrowed_fd(self.answers.as_fd(), PollFlags::IN)];
            // Interrupted by a signal it is as if nothing had come.
            if poll(&mut ready, Some(&GLANCE)).unwrap_or(0) == 0 {
                continue;
            }
            let mut data = [0; 256];
            match self.answers.read(&mut data) {
                Ok(0) => return Err(Trouble::Broken("the client has ended".to_owned())),
                Ok(count) => self.begun.extend_from_slice(&data[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Trouble::Broken(format!("the client: {error}"))),
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // With the programs that it may have started.
        send_to_group(&mut self.process, Signal::KILL);
        let _ = self.process.wait();
    }
}
