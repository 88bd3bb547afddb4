//! What a mount takes before it does anything: the time to come, and memory, at first and when the
//! kernel knows many files in it.
//!
//! [`run()`] is the program. A [`scout`] looks at each mount, as a process that can be ended when the
//! mount does not answer.

mod cli;
mod files;
mod measure;
mod report;
pub mod scout;

use std::io;
use std::path::Path;
use std::time::Duration;

pub use cli::Cli;
use measure::{Plan, Taken};

use super::cli::Cpus;
use super::contestant::{Contestant, Kind, Programs, choose, keep_installed};
use super::failure::Failure;
use super::image::{Image, Store};
use super::launch::Placement;
use super::machine::{Machine, memory_bytes};
use super::measure::progress;
use super::run::{create, placement, programs, wants_color, write_all};
use super::{alone, interrupt};

/// The first argument of the program when this is to be measured.
pub const VERB: &str = "memory";

/// What a file takes that the kernel knows twice, in the source and in the mount, and the daemon once, in bytes.
const EACH_FILE: u64 = 4 << 10;

/// What was measured, and how.
#[derive(Debug)]
pub(crate) struct Measured {
    machine: Machine,
    image: String,
    placement: Placement,
    /// How many files and directories the kernel was made to know.
    inodes: u64,
    mounts: Vec<(Contestant, Taken)>,
}

/// Measures, and tells what came of it.
///
/// # Errors
/// Wrong usage, or nothing that could be measured.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    let (mounted, floor) = programs(&cli.common)?;
    let programs = Programs { mounted: &mounted, floor: &floor };
    let mut contestants = choose(programs, &cli.common.mounts, &cli.common.peer)?;
    contestants.retain(|contestant| matches!(contestant.kind, Kind::Ours | Kind::Peer));
    if contestants.is_empty() {
        return Err(Failure::Usage("--mounts: a mount is wanted, ours or a peer".to_owned()));
    }
    let needed = cli.files * EACH_FILE;
    if needed > memory_bytes("MemAvailable") {
        let needed = needed >> 20;
        return Err(Failure::Environment(format!("{} files take some {needed} MiB, which are not free", cli.files)));
    }
    let mut json_file = cli.common.json.as_deref().map(create).transpose()?;
    interrupt::listen().map_err(Failure::about("signals"))?;
    let alone = alone::be_alone();
    if let Err(reason) = &alone {
        eprintln!("peers: {reason}");
    }
    let machine = Machine::here();
    keep_installed(&mut contestants);
    let image = Image::make(Store::Tmpfs, alone.is_ok(), false)?;
    let placement = placement(&machine, Cpus::One, false);
    let patience = Duration::from_secs(cli.common.patience.into());
    let plan =
        Plan { image: &image, placement: &placement, starts: cli.starts, dirs: cli.dirs(), patience, bar: progress() };
    let mounts = plan.measure(contestants)?;
    drop(plan);
    let inodes = cli.dirs() * (files::EACH + 1);
    let measured = Measured { machine, image: image.describe(), placement: placement.clone(), inodes, mounts };
    // Before anything is told, nothing is left.
    drop(image);
    if measured.mounts.iter().all(|(_, taken)| taken.starts_ns.is_empty()) {
        return Err(Failure::Environment("no mount could be measured".to_owned()));
    }
    if let Some(file) = &mut json_file {
        write_all(file, &report::document(&measured), "--json")?;
    }
    if cli.common.json.as_deref() == Some(Path::new("-")) {
        return Ok(());
    }
    write_all(&mut io::stdout(), &report::table(&measured, wants_color(cli.common.color)), "the table")
}
