//! Starts a program where it is to run: on which processors, under which policy.
//!
//! The program of the benchmark is started anew under the verb [`VERB`], puts itself where it
//! is told, and becomes the other program: so all its threads are there from the first one on.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use fs_core::{SCHED_RR, SchedParam, sched_setaffinity, sched_setscheduler};
use rustix::process::{Signal, set_parent_process_death_signal};

use super::steps::now_ns;

/// The first argument of a program that is to become another.
pub const VERB: &str = "launch";

/// Below the one of who asks for the work, which has to wait for its end.
const PRIORITY: i32 = 1;

/// In the environment of a program: when it was started, in nanoseconds of a clock that all processes share.
const STARTED: &str = "OSPREY_PEERS_STARTED_NS";

/// The path of this program, as it was when it was first asked for: in a chroot, the kernel tells another one from
/// within a mount namespace that was made later.
///
/// # Errors
/// It is not known.
pub fn this_program() -> io::Result<&'static Path> {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    match PATH.get() {
        Some(path) => Ok(path),
        None => std::env::current_exe().map(|path| &**PATH.get_or_init(|| path)),
    }
}

/// Where programs run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The processors.
    pub cpus: Vec<usize>,
    /// Whether under `SCHED_RR`.
    pub is_rr: bool,
}

impl Placement {
    /// A command that starts a program there, in a process group of its own, so that a ^C at the
    /// terminal reaches only who has to clean up.
    ///
    /// # Errors
    /// The path of this program is not known.
    pub fn command(&self, program: impl AsRef<OsStr>) -> io::Result<Command> {
        let mut command = Command::new(this_program()?);
        let cpus: Vec<String> = self.cpus.iter().map(usize::to_string).collect();
        let policy = if self.is_rr { "rr" } else { "other" };
        command.arg(VERB).arg(cpus.join(",")).arg(policy).arg(program).process_group(0);
        Ok(command)
    }
}

/// Becomes the program of the arguments: processors, policy, program and its arguments.
///
/// Returns only if that fails: why.
pub fn become_program(mut args: impl Iterator<Item = OsString>) -> String {
    let cpus = args.next().and_then(|cpus| cpus.into_string().ok()).unwrap_or_default();
    let cpus: Result<Vec<usize>, _> = cpus.split(',').map(str::parse).collect();
    let (Ok(cpus), Some(policy), Some(program)) = (cpus, args.next(), args.next()) else {
        return format!("{VERB}: processors, policy and program are wanted");
    };
    // Whatever ends the benchmark ends what it started.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    if let Err(error) = sched_setaffinity(None, cpus) {
        return format!("the processors: {error}");
    }
    if policy == "rr"
        && let Err(error) = sched_setscheduler(None, SCHED_RR, SchedParam::new(PRIORITY))
    {
        return format!("SCHED_RR: {error}");
    }
    let error = Command::new(&program).args(args).env(STARTED, now_ns().to_string()).exec();
    format!("{}: {error}", program.display())
}

/// When the process became its program; `None` if it has ended.
pub fn started_ns(process: u32) -> Option<u64> {
    let environment = std::fs::read(format!("/proc/{process}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0).filter_map(|variable| std::str::from_utf8(variable).ok());
    variables.find_map(|variable| variable.strip_prefix(STARTED)?.strip_prefix('=')?.parse().ok())
}
