//! The command line: it parses and nothing else.

use std::path::PathBuf;

use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, ValueEnum};

use super::contestant::Contestant;
use super::failure;
use super::workload::WORKLOADS;

const EXAMPLES: &str = "\
Examples:
  cargo bench -p benches --bench peers
      Measures everything; some minutes. The machine should have nothing else to do.
  cargo bench -p benches --bench peers -- --quick
      The same in less than a minute, to see whether it works.
  cargo bench -p benches --bench peers -- --only stat,create --mounts exclusive,bindfs
      Two workloads on two mounts, beside the directory itself.
  cargo bench -p benches --bench peers -- --json peers.json --svg peers.svg
      Writes all medians and quartiles, and a chart, beside the table.
  cargo bench -p benches --bench peers -- --mounts native \\
      --peer 'bindfs-mt=bindfs -f --multithreaded {source} {mountpoint}'
      Measures another command.";

#[expect(missing_docs, reason = "clap would take it for what the program does")]
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Measures only these mounts, and the directory itself, which is `native`: none, tick, watch,
    /// exclusive (our policies), bindfs, fuse-overlayfs, mergerfs, unionfs-fuse, and floor, floor-tick,
    /// floor-none: what FUSE itself takes, under our policies, which limits what a mount can reach.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub mounts: Vec<String>,

    /// Measures another mount as well. {source} and {mountpoint} stand in its command, and may
    /// {empty} and {work}, two directories beside the source. Words are parted by spaces; there is
    /// no shell. It should stay in the foreground.
    #[arg(long, value_name = "NAME=COMMAND", value_parser = Contestant::parse)]
    pub peer: Vec<Contestant>,

    /// Ends a mount that does not answer for so long, and leaves it out.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u16).range(1..))]
    pub patience: u16,

    /// Writes everything that was measured to a file, as JSON; `-` is standard output, which then has
    /// no table.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Our mount's program [default: the one that is built beside this one].
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,

    /// Colours in the table, messages and help.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

/// Measures our mount beside its peers: other passthrough file systems, and no mount at all.
///
/// All of them show directories of one ext4 image in memory, which is made for it and removed
/// after, and take turns in each round. The results are medians of the rounds, as ratios to the
/// directory itself, which are taken round by round.
#[derive(Clone, Debug, Parser)]
#[command(name = "peers", version, max_term_width = 100)]
pub struct Cli {
    /// Measures only these workloads; `seq-read` means all that begin with `seq-read/`.
    #[arg(long, value_name = "WORKLOAD,...", value_delimiter = ',')]
    pub only: Vec<String>,

    /// How many rounds there are [default: 11; 3 with --quick].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: Option<u16>,

    /// Does a tenth of the operations, in fewer rounds: to see whether it works, not for numbers.
    #[arg(long)]
    pub quick: bool,

    /// Where daemon and clients run: on one processor, which they share, or on all
    /// [default: one, and all for the workloads that compare numbers of clients].
    #[arg(long, value_name = "WHERE")]
    pub cpus: Option<Cpus>,

    /// Runs daemons and clients under SCHED_RR, so that nothing else comes between. Takes privilege.
    #[arg(long)]
    pub rr: bool,

    /// Writes a chart to a file.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,

    /// What all measurements of mounts have.
    #[command(flatten)]
    pub common: Common,
}

/// Where daemon and clients run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cpus {
    /// On one processor.
    One,
    /// On all.
    All,
}

impl Cli {
    /// The command line of this process; what is wrong with it is told, and ends the process.
    pub fn of_this_process() -> Cli {
        let matches =
            Cli::command().after_long_help(more()).after_help("--help has examples and all workloads.").get_matches();
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// How many rounds there are.
    pub fn rounds(&self) -> usize {
        self.rounds.map_or(if self.quick { 3 } else { 11 }, usize::from)
    }
}

/// What stands below the options in `--help`.
fn more() -> String {
    let mut text = format!("{EXAMPLES}\n\nWorkloads:\n");
    for workload in WORKLOADS {
        text.push_str(&format!("  {:<23}{}\n", workload.name, workload.what));
    }
    text.push('\n');
    text.push_str(failure::HELP);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_hold() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_has_every_workload() {
        let text = more();
        assert!(WORKLOADS.iter().all(|workload| text.contains(workload.what)));
    }
}
