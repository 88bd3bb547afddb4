//! The command line: it parses and nothing else.

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser};

use super::files::EACH;
use crate::peers::cli::Common;
use crate::peers::failure;

const EXAMPLES: &str = "\
Examples:
  cargo bench -p benches --bench memory
      Measures our mount under each policy, and its peers.
  cargo bench -p benches --bench memory -- --files 1000000 --json memory.json
      With a million files that the kernel knows; takes some GB of memory.
  cargo bench -p benches --bench memory -- --mounts exclusive,bindfs --files 10000
      Two mounts, in a few seconds.";

/// Measures what a mount takes before it does anything: how long it needs to come, and how much
/// memory its process has, at first and when the kernel knows many files in it.
///
/// All mounts show one directory in memory, which is made for it and removed after.
#[derive(Clone, Debug, Parser)]
#[command(name = "memory", version, max_term_width = 100)]
pub struct Cli {
    /// How many files the kernel is to know; in directories of 1,000, the last of which is full as well.
    #[arg(long, value_name = "N", default_value = "250000", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub files: u64,

    /// How often each mount is started, in turn.
    #[arg(long, value_name = "N", default_value = "11", value_parser = clap::value_parser!(u16).range(1..))]
    pub starts: u16,

    /// What all measurements of mounts have.
    #[command(flatten)]
    pub common: Common,
}

impl Cli {
    /// The command line of arguments; what is wrong with it is told, and ends the process.
    pub fn of(args: impl Iterator<Item = OsString>) -> Cli {
        let command = Cli::command().after_long_help(format!("{EXAMPLES}\n\n{}", failure::HELP));
        let matches = command
            .after_help("--help has examples.")
            .get_matches_from([OsString::from("memory")].into_iter().chain(args));
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// How many directories the files are in.
    pub fn dirs(&self) -> u64 {
        self.files.div_ceil(EACH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_hold_and_directories_are_full() {
        Cli::command().debug_assert();
        let args = ["--files", "1001"].into_iter().map(OsString::from);
        assert_eq!(Cli::of(args).dirs(), 2);
    }
}
