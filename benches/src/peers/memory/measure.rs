//! Starts the mounts in turn, and has the kernel know the files of each.

use std::path::Path;
use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;

use super::{files, scout};
use crate::peers::contestant::Contestant;
use crate::peers::crew::{Client, Trouble};
use crate::peers::failure::Failure;
use crate::peers::image::Image;
use crate::peers::interrupt;
use crate::peers::launch::{Placement, started_ns, this_program};
use crate::peers::live::{Mounted, mountpoint_of};

/// After it a mount has done what it does by itself.
const A_MOMENT: Duration = Duration::from_millis(200);

/// How many directories are known at once.
const BATCH: u64 = 5;

/// What a mount takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Taken {
    /// From the start of its program until the mount has answered, each time.
    pub(super) starts_ns: Vec<f64>,
    /// What is resident of its process at first, in bytes.
    pub(super) idle_bytes: Option<u64>,
    /// The same when the kernel knows all files.
    pub(super) known_bytes: Option<u64>,
    /// Why there is nothing, or not all.
    pub(super) trouble: Option<String>,
}

/// What is measured how.
pub(super) struct Plan<'a> {
    pub(super) image: &'a Image,
    pub(super) placement: &'a Placement,
    /// How often each mount is started.
    pub(super) starts: u16,
    /// How many directories of files there are.
    pub(super) dirs: u64,
    /// How long a mount may be silent.
    pub(super) patience: Duration,
    pub(super) bar: ProgressBar,
}

impl Plan<'_> {
    /// Measures all of them. One that breaks is left out from then on.
    pub(super) fn measure(&self, contestants: Vec<Contestant>) -> Result<Vec<(Contestant, Taken)>, Failure> {
        let source = self.image.ground("").join("source");
        files::make(&source, self.dirs)?;
        let mut mounts: Vec<_> = contestants.into_iter().map(|one| (one, Taken::default())).collect();
        self.bar.inc_length(mounts.len() as u64 * (u64::from(self.starts) + self.dirs.div_ceil(BATCH)));
        // The last turn is the one with the files.
        for turn in (0..=self.starts).rev() {
            for (contestant, taken) in mounts.iter_mut().filter(|(_, taken)| taken.trouble.is_none()) {
                self.bar.set_message(contestant.name.clone());
                let done = match turn {
                    0 => self.know(contestant, &source, taken),
                    _ => self.start(contestant, &source).map(|seen| {
                        self.bar.inc(1);
                        taken.starts_ns.push(seen.took_ns as f64);
                    }),
                };
                match done {
                    _ if interrupt::seen() => return Err(Failure::Interrupted),
                    Ok(()) => {}
                    Err(Trouble::Interrupted) => return Err(Failure::Interrupted),
                    Err(Trouble::Refused(reason) | Trouble::Broken(reason)) => {
                        self.bar.suspend(|| eprintln!("peers: {} is left out: {reason}", contestant.name));
                        taken.trouble = Some(reason);
                    }
                }
            }
        }
        Ok(mounts)
    }

    /// Mounts, and waits until the mount has answered.
    fn start(&self, contestant: &Contestant, source: &Path) -> Result<Seen, Trouble> {
        let refused = |error: std::io::Error| Trouble::Refused(format!("the scout: {error}"));
        let mut command = this_program().and_then(|this| self.placement.command(this)).map_err(refused)?;
        let command = command.arg(scout::VERB).arg(mountpoint_of(self.image, contestant));
        let mut scout = Client::start(command).map_err(refused)?;
        scout.answer(self.patience)?;
        let mut mount = Mounted::start(contestant, self.image, source, self.placement).map_err(Trouble::Refused)?;
        let answer = scout.answer(self.patience).inspect_err(|_| mount.end_by_force())?;
        let live_ns = answer.strip_prefix("live ").and_then(|time| time.parse::<u64>().ok());
        let live_ns = live_ns.ok_or_else(|| Trouble::Refused(answer.clone()))?;
        let Some(started_ns) = started_ns(mount.process()) else {
            return Err(Trouble::Refused("it went into the background, where its process is not known".to_owned()));
        };
        Ok(Seen { took_ns: live_ns.saturating_sub(started_ns), scout, mount })
    }

    /// Mounts, and has the kernel know all files.
    fn know(&self, contestant: &Contestant, source: &Path, taken: &mut Taken) -> Result<(), Trouble> {
        let mut seen = self.start(contestant, source)?;
        thread::sleep(A_MOMENT);
        taken.idle_bytes = Some(resident_bytes(seen.mount.process())?);
        for from in (0..self.dirs).step_by(BATCH as usize) {
            let asked = seen.scout.ask(&format!("{from} {}", (from + BATCH).min(self.dirs)));
            let answer = asked.and_then(|()| seen.scout.answer(self.patience));
            match answer.inspect_err(|_| seen.mount.end_by_force())?.as_str() {
                "ok" => self.bar.inc(1),
                answer => return Err(Trouble::Refused(answer.to_owned())),
            }
        }
        thread::sleep(A_MOMENT);
        taken.known_bytes = Some(resident_bytes(seen.mount.process())?);
        Ok(())
    }
}

impl Drop for Plan<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A mount that has answered.
struct Seen {
    took_ns: u64,
    // Before the mount: who works in it keeps it busy.
    scout: Client,
    mount: Mounted,
}

/// What is resident of a process.
fn resident_bytes(process: u32) -> Result<u64, Trouble> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kib =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map(|kib| kib << 10).ok_or_else(|| Trouble::Broken("its process has ended".to_owned()))
}
