//! The program, from its options to its results.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::ColorChoice;
use fs_core::{SCHED_RR, SchedParam, sched_setscheduler};

use super::cli::{Cli, Common, Cpus};
use super::contestant::{Contestant, Programs, choose, keep_installed};
use super::failure::Failure;
use super::image::{Image, Store, WATCHED};
use super::launch::{self, Placement};
use super::live::{Live, source_of};
use super::machine::Machine;
use super::measure::{Plan, groups, progress};
use super::memory::{self, scout};
use super::report::{Paint, table};
use super::results::Results;
use super::source::{Supplies, settle};
use super::workload::{Phase, WORKLOADS, Workload};
use super::{alone, client, interrupt, json, svg, tree};
use crate::requests::Requests;

/// Who asks for the work has to get the processor for it.
const PRIORITY: i32 = 2;

/// The program; also what it starts itself as, to be a client or to become another program.
pub fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let verb = args.next();
    let failed = match verb.as_deref().and_then(|verb| verb.to_str()) {
        Some(launch::VERB) => Err(Failure::Environment(launch::become_program(args))),
        Some(client::VERB) => client::serve(args).map_err(Failure::Environment),
        Some(scout::VERB) => scout::serve(args).map_err(Failure::Environment),
        Some(memory::VERB) => memory::run(&memory::Cli::of(args)),
        _ => run(&Cli::of_this_process()),
    };
    match failed {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // What was interrupted may have failed for that.
            let failure = if interrupt::seen() { Failure::Interrupted } else { failure };
            eprintln!("peers: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

/// All that is known about a run beside its results.
#[derive(Debug)]
pub struct Setting {
    /// The machine.
    pub machine: Machine,
    /// What is below everything.
    pub image: String,
    /// Where what has one client runs.
    pub single: Placement,
    /// Where what compares numbers of clients runs.
    pub several: Placement,
    /// How many rounds there are.
    pub rounds: usize,
    /// Whether they are short.
    pub is_quick: bool,
    /// How long a mount may be silent.
    pub patience: Duration,
}

impl Setting {
    /// Where a workload runs.
    pub fn placement(&self, workload: &Workload) -> &Placement {
        if workload.is_of_clients() { &self.several } else { &self.single }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let workloads = chosen_workloads(&cli.only)?;
    let (mounted, floor) = programs(&cli.common)?;
    let mut contestants = choose(Programs { mounted: &mounted, floor: &floor }, &cli.common.mounts, &cli.common.peer)?;
    let mut json_file = cli.common.json.as_deref().map(create).transpose()?;
    let mut svg_file = cli.svg.as_deref().map(create).transpose()?;
    interrupt::listen().map_err(Failure::about("signals"))?;
    let alone = alone::be_alone();
    if let Err(reason) = &alone {
        eprintln!("peers: {reason}");
    }
    let machine = Machine::here();
    if cli.rr {
        let set = sched_setscheduler(None, SCHED_RR, SchedParam::new(PRIORITY));
        set.map_err(|error| Failure::Environment(format!("--rr: {error}: it takes root or CAP_SYS_NICE")))?;
    }
    keep_installed(&mut contestants);
    let image =
        Image::make(Store::Ext4, alone.is_ok(), contestants.iter().any(|contestant| contestant.name == WATCHED))?;
    let setting = Setting {
        image: image.describe(),
        single: placement(&machine, cli.cpus.unwrap_or(Cpus::One), cli.rr),
        several: placement(&machine, cli.cpus.unwrap_or(Cpus::All), cli.rr),
        rounds: cli.rounds(),
        is_quick: cli.quick,
        patience: Duration::from_secs(cli.common.patience.into()),
        machine,
    };
    let results = measure(&setting, workloads, contestants, &image)?;
    // Before anything is told, nothing is left.
    drop(image);
    if !results.is_of_mounts() {
        return Err(Failure::Environment("no mount could be measured".to_owned()));
    }
    if let Some(file) = &mut json_file {
        write_all(file, &json::document(&setting, &results), "--json")?;
    }
    if let Some(file) = &mut svg_file {
        write_all(file, &svg::chart(&setting, &results), "--svg")?;
    }
    if cli.common.json.as_deref() == Some(Path::new("-")) {
        return Ok(());
    }
    let paint = Paint { color: wants_color(cli.common.color) };
    write_all(&mut io::stdout(), &table(&setting, &results, paint), "the table")
}

fn measure(
    setting: &Setting,
    workloads: Vec<&'static Workload>,
    contestants: Vec<Contestant>,
    image: &Image,
) -> Result<Results, Failure> {
    let requests = Requests::new().inspect_err(|reason| eprintln!("peers: requests are not counted: {reason}")).ok();
    let (rounds, is_quick) = (setting.rounds, setting.is_quick);
    let plan = Plan { rounds, is_quick, image, requests: requests.as_ref(), bar: progress() };
    let has_programs = workloads.iter().any(|workload| workload.is_program());
    let files = if is_quick { tree::FILES / 10 } else { tree::FILES };
    let supplies = Supplies::make(image, if has_programs { files } else { 0 })?;
    for contestant in &contestants {
        supplies.fill(&source_of(image, contestant))?;
        if interrupt::seen() {
            return Err(Failure::Interrupted);
        }
    }
    settle(image).map_err(Failure::about("the image"))?;
    let counts = workloads.iter().map(|workload| plan.count(workload)).collect();
    let mut results = Results::new(workloads, contestants, counts);
    let mut left_out = vec![false; results.contestants.len()];
    for phase in Phase::ALL {
        let groups = groups(&results.workloads, phase);
        let Some(most) = groups.iter().flatten().map(|(workload, _)| workload.clients).max() else { continue };
        let placement = setting.placement(groups[0][0].0);
        let mut lives = Vec::new();
        for (contestant, is_left_out) in results.contestants.iter().zip(&left_out) {
            let has_work = groups.iter().flatten().any(|(workload, _)| contestant.does(workload));
            if *is_left_out || !has_work {
                lives.push(None);
                continue;
            }
            let live = Live::start(contestant, image, &supplies, placement, most, setting.patience);
            lives.push(live.inspect_err(|reason| eprintln!("peers: {} is left out: {reason}", contestant.name)).ok());
        }
        plan.measure(&groups, &mut lives, &mut results)?;
        left_out = lives.iter().map(Option::is_none).collect();
    }
    Ok(results)
}

fn chosen_workloads(names: &[String]) -> Result<Vec<&'static Workload>, Failure> {
    if let Some(name) = names.iter().find(|name| !WORKLOADS.iter().any(|workload| workload.is_meant_by(name))) {
        return Err(Failure::Usage(format!("--only: there is no workload `{name}`; --help lists them")));
    }
    let is_chosen = |workload: &&Workload| names.is_empty() || names.iter().any(|name| workload.is_meant_by(name));
    Ok(WORKLOADS.iter().filter(is_chosen).collect())
}

/// Our mount's program, and the floor, which are built beside this one.
pub(crate) fn programs(common: &Common) -> Result<(PathBuf, PathBuf), Failure> {
    let this = launch::this_program().map_err(Failure::about("this program"))?;
    let mounted = common.program.clone().unwrap_or_else(|| this.with_file_name("mounted"));
    match mounted.is_file() {
        true => Ok((mounted, this.with_file_name("floor"))),
        false => Err(Failure::Usage(format!("{}: our mount is not there; --program names it", mounted.display()))),
    }
}

pub(crate) fn placement(machine: &Machine, cpus: Cpus, is_rr: bool) -> Placement {
    let cpus = match cpus {
        // Of all it is the last one that the kernel uses least for itself.
        Cpus::One => machine.cpus.iter().copied().next_back().into_iter().collect(),
        Cpus::All => machine.cpus.clone(),
    };
    Placement { cpus, is_rr }
}

/// Where a result goes: known to be writable before minutes are spent for it.
pub(crate) fn create(path: &Path) -> Result<Box<dyn Write>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdout()));
    }
    let file = File::create(path).map_err(Failure::about(path.display()))?;
    Ok(Box::new(file))
}

/// Who does not want to read any more has had enough.
pub(crate) fn write_all(output: &mut (impl Write + ?Sized), text: &str, what: &str) -> Result<(), Failure> {
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Environment(format!("{what}: {error}"))),
        _ => Ok(()),
    }
}

pub(crate) fn wants_color(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            io::stdout().is_terminal() && !is_refused
        }
    }
}
