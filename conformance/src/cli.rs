//! The command line of `conformance`: it parses and nothing else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::exit;
use crate::report::Format;
use crate::reproduce::Language;
use crate::select::{Glob, Shard};

const EXAMPLES: &str = "\
Examples:
  conformance run
      Runs all cases on a temporary directory and on a mount over another one.
  conformance run /mnt/new
      Runs all cases in a directory of its own below /mnt/new, and removes it after.
  conformance run --case 'rename.*' /srv/ext4 /mnt/new
      Runs the cases of rename on both, side by side; differences come first.
  conformance run --log run.jsonl --format json /mnt/new
      Writes the log, a line of JSON for each case, to a file and to standard output.
  conformance run --format junit /mnt/new > report.xml
      Reports as JUnit XML; ktap and tap print each result as it comes.
  conformance list --actors
      Whose rights the actors of a case have.
  conformance list --case rename
      The ids of the cases of rename.
  conformance show rename.exchange_needs_both_names
      What the case claims, and its steps.
  conformance coverage run.jsonl
      Which of the documented errors came back in that run, and which did not.
  conformance compare old.jsonl new.jsonl
      What differs between two runs: on two kernels, or two file systems.
  conformance report run.jsonl -o run.html
      A page of the log, for the browser: every case on every target.
  conformance reproduce rename.exchange_needs_both_names -o reproduce.c
      A program in C that shows the same without this one, for a bug report.
  conformance reproduce rename.exchange_needs_both_names --lang python
      The same in Python; sh and ops (a case file) are there too.";

const COMPARE: &str = "\
Examples:
  conformance compare linux-6.1.jsonl linux-6.18.jsonl
      Prints the results that differ, by clause and cause, and the counts.
  conformance compare run.jsonl run.jsonl --target ext4=mount
      Compares two targets of one run.
  ssh host conformance run --format json /mnt | conformance compare here.jsonl -
      Compares with a run that goes on elsewhere.

Results differ if their statuses or their causes do. Times, numbers of inodes and
durations are no difference; an outcome that is allowed where both passed is told
apart, and is none; nor is a case that only one log has.

Exit codes:
  0    no result differs
  1    a result differs
  2    wrong usage: a file that is no log, or of a newer version; no such target
  3    a log cannot be read
  4    no case is in both logs";

const REPORT_EXAMPLES: &str = "\
Examples:
  conformance report run.jsonl -o run.html
      A page of the targets of one run.
  conformance report linux-6.1.jsonl linux-6.18.jsonl -o kernels.html
      A page of two runs, side by side; what differs can be picked out.
  conformance run --format json /mnt/new | conformance report - -o new.html
      A page of a run, without a log that stays.

Exit codes:
  0    the page is written, whatever the logs say
  2    wrong usage: an unknown option, a log that is not there, or that is none
  3    the environment or the program failed: the page cannot be written
  130  interrupted; a page that was there is as it was";

const REPRODUCE: &str = "\
The program makes a directory below the one that it is given (or the working directory),
does the steps of the case in it, and removes it, unless it is told --keep. It ends in
  0  all is as wanted
  1  a wanted outcome differs: FAIL step N: expected .., got ..
  2  it cannot be run here: not root, a system call that is not there
  3  a step that only prepares failed

Examples:
  conformance reproduce open.creat_excl_on_a_file -o reproduce.c
  cc -o reproduce reproduce.c && ./reproduce /mnt/new
  conformance reproduce open.creat_excl_on_a_file --lang python | python3 - /mnt/new";

/// Finds out whether a kernel or a file system keeps its promises.
#[derive(Clone, Debug, Parser)]
#[command(name = "conformance", version, after_help = help(), arg_required_else_help = true)]
pub struct Cli {
    /// Colours in reports, messages and help.
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: ColorChoice,

    /// Prints a completion script for a shell.
    #[arg(long, value_name = "SHELL", exclusive = true)]
    pub completions: Option<Shell>,

    /// Prints the manual page, as roff; with DIR, writes one for each verb too: DIR/conformance.1,
    /// DIR/conformance-run.1 and so on.
    #[arg(long, value_name = "DIR", exclusive = true)]
    pub man: Option<Option<PathBuf>>,

    /// What to do.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Runs cases on directories, and reports.
    #[command(after_help = exit::HELP)]
    Run(Run),
    /// Lists the ids of the cases.
    List(List),
    /// Shows what a case claims, and its steps.
    Show(Show),
    /// Counts the documented errors that came back, call by call.
    Coverage(Coverage),
    /// Compares the logs of two runs, and prints what differs.
    #[command(after_help = COMPARE)]
    Compare(Compare),
    /// Makes a page of logs: what every case came to, on every target.
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Report),
    /// Prints a program of its own that shows what a case shows, for a bug report.
    #[command(after_help = reproduce_help())]
    Reproduce(Reproduce),
}

/// What `run` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Run {
    /// The directories to run on, one column of the report each. Without one: a
    /// temporary directory and a traced mount over another one, side by side.
    #[arg(value_name = "DIR")]
    pub dirs: Vec<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take it for the help of all of them")]
    pub cases: Cases,

    /// Runs only a part of the cases: 2/5 is the second of five.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,

    /// How many cases run at a time [default: as many as there are processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,

    /// Writes the log to FILE: a line of JSON for each case.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,

    /// What is printed.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: Format,

    /// Prints each case that did not pass in full, instead of one of each cause.
    #[arg(long, short)]
    pub verbose: bool,

    /// The list of known differences of a mount [default: the one of this version].
    #[arg(long, value_name = "FILE")]
    pub known: Option<PathBuf>,

    /// Without DIR: runs on the temporary directory alone.
    #[arg(long, conflicts_with = "dirs")]
    pub no_mount: bool,

    /// Without DIR: where the trace of the mount stays.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dirs", "no_mount"])]
    pub trace: Option<PathBuf>,

    /// Without DIR: more options for the mount, as fuse-mount's -o takes them: cache=none.
    #[arg(long, value_name = "OPT,...", conflicts_with_all = ["dirs", "no_mount"])]
    pub mount_options: Option<String>,

    /// How long a case may take.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub timeout: Duration,
}

/// Which cases.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Cases {
    /// Only these cases: * stands for any characters, and the first words of an id for
    /// all below it. May be given several times.
    #[arg(long = "case", value_name = "GLOB", value_parser = glob)]
    pub globs: Vec<Glob>,

    /// The cases of the files DIR/NAME.case instead of those of this version.
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
}

/// What `list` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take it for the help of all of them")]
    pub cases: Cases,

    /// Adds the class, the clause and the claim.
    #[arg(long)]
    pub long: bool,

    /// Lists what cases may need instead, and what it is.
    #[arg(long, exclusive = true)]
    pub needs: bool,

    /// Lists the actors that steps may have instead, and whose rights they have.
    #[arg(long, exclusive = true)]
    pub actors: bool,

    /// Lists the classes of objects and paths that products may have instead.
    #[arg(long, exclusive = true)]
    pub classes: bool,
}

/// What `coverage` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Coverage {
    /// The log of a run, or - for standard input. Without one the cases are run on a
    /// temporary directory.
    #[arg(value_name = "LOG")]
    pub log: Option<PathBuf>,

    /// Only what this target of the log saw.
    #[arg(long, value_name = "NAME", requires = "log")]
    pub target: Option<String>,

    /// What is printed.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: TableFormat,
}

/// What `compare` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Compare {
    /// The log of a run, or - for standard input.
    #[arg(value_name = "A")]
    pub a: PathBuf,

    /// The log of another run, or - for standard input.
    #[arg(value_name = "B")]
    pub b: PathBuf,

    /// Compares only this target; where it has another name in B, write A=B. May be given
    /// several times [default: those of the same name, or the only ones].
    #[arg(long = "target", value_name = "NAME")]
    pub targets: Vec<String>,

    /// What is printed.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: CompareFormat,

    /// Prints each result that differs in full, instead of one of each cause, and all ids.
    #[arg(long, short)]
    pub verbose: bool,
}

/// The format of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CompareFormat {
    /// For people.
    Human,
    /// JSON Lines: what is compared, each difference, the counts.
    Json,
}

/// The format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TableFormat {
    /// For people.
    Human,
    /// One value of JSON.
    Json,
}

/// What `show` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Show {
    /// The id of the case, or a pattern.
    #[arg(value_name = "CASE", value_parser = glob)]
    pub case: Glob,

    /// The cases of the files DIR/NAME.case instead of those of this version.
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
}

/// What `report` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Report {
    /// Logs, as `conformance run --log` writes them: each target of each of them is a
    /// column. `-` is standard input.
    #[arg(value_name = "LOG", required = true)]
    pub logs: Vec<PathBuf>,

    /// The page, which is one file and needs no other; it is replaced if it is there. `-`
    /// is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// What `reproduce` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Reproduce {
    /// The id of the case.
    #[arg(value_name = "CASE")]
    pub case: String,

    /// What the program is written in.
    #[arg(long, value_name = "LANGUAGE", default_value = "c")]
    pub lang: Language,

    /// Writes the program to FILE instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The cases of the files DIR/NAME.case instead of those of this version.
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
}

impl Cli {
    /// The completion script of a shell.
    pub fn completion_script(shell: Shell) -> Vec<u8> {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "conformance", &mut script);
        script
    }

    /// The manual page, as roff.
    ///
    /// # Errors
    /// Never: it is written to memory.
    pub fn manual_page() -> std::io::Result<Vec<u8>> {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        Ok(page)
    }

    /// Writes the manual page, and one for each verb, to files in a directory.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_manual_pages(dir: &Path) -> std::io::Result<()> {
        clap_mangen::generate_to(Cli::command(), dir)
    }
}

fn reproduce_help() -> String {
    format!("{REPRODUCE}\n\n{}", exit::HELP)
}

fn help() -> String {
    format!("{EXAMPLES}\n\n{}", exit::HELP)
}

#[expect(clippy::unnecessary_wraps, reason = "clap wants a result")]
fn glob(pattern: &str) -> Result<Glob, String> {
    Ok(Glob::new(pattern))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.01..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "write a number of seconds, from 0.01 to 86400".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
        assert!(!Cli::completion_script(Shell::Bash).is_empty());
        assert!(!Cli::manual_page().unwrap().is_empty());
    }
}
