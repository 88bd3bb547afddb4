//! The command line of `fuse-trace`: it parses and nothing else.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ColorChoice, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::cli::color;

/// Verbs that are not there yet.
const LATER: [&str; 3] = ["top", "recover", "anonymize"];

const HELP: &str = "\
Examples:
  fuse-trace show /tmp/make.jsonl
      One line for each operation: when, who, what, and what came of it.
  fuse-trace summary /tmp/make.jsonl
      Calls, errors and times per operation, as fuse-mount --summary prints them.
  fuse-trace export --format jsonl -o - /tmp/make.jsonl | head
      The lines of the trace, checked; FILE and OUT may be -.

Exit codes:
  0  done
  2  wrong usage
  3  the trace cannot be read, or the result not be written; a verb that is not
     supported yet";

/// Looks at a trace that fuse-mount --trace has recorded.
#[derive(Clone, Debug, Parser)]
#[command(name = "fuse-trace", version, after_help = HELP, disable_help_subcommand = true)]
#[command(arg_required_else_help = true)]
pub(super) struct Cli {
    /// Colours in what is printed.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,

    /// Prints a completion script for a shell.
    #[arg(long, value_name = "SHELL", exclusive = true)]
    completions: Option<Shell>,

    /// Prints the manual page, as roff; with DIR, writes one for each verb too: DIR/fuse-trace.1,
    /// DIR/fuse-trace-show.1 and so on.
    #[arg(long, value_name = "DIR", exclusive = true)]
    man: Option<Option<PathBuf>>,

    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What a command line asks for.
pub(super) enum Request {
    /// A verb, and whether it prints in colours.
    Verb(Verb, ColorChoice),
    /// The completion script of a shell.
    Completions(Shell),
    /// The manual page, or all of them in a directory.
    Man(Option<PathBuf>),
    /// A verb that is not there yet.
    Later(&'static str),
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum Verb {
    /// Prints one line for each operation.
    Show {
        /// The trace; - is standard input.
        file: PathBuf,
    },
    /// Prints a table of calls, errors and times per operation.
    Summary {
        /// The trace; - is standard input.
        file: PathBuf,
    },
    /// Writes a trace in a format for other programs.
    Export {
        /// The format.
        #[arg(long)]
        format: Format,
        /// Where to write; - is standard output.
        #[arg(short = 'o', long = "output", value_name = "OUT")]
        output: PathBuf,
        /// The trace; - is standard input.
        file: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    /// A JSON object a line.
    Jsonl,
}

/// Reads a command line; the first argument is the program's name.
pub(super) fn parse(args: Vec<OsString>) -> Result<Request, clap::Error> {
    let mut command = command().color(color(&args));
    let matches = match command.try_get_matches_from_mut(args) {
        Ok(matches) => matches,
        Err(error) => return later(&error).map(Request::Later).ok_or(error),
    };
    match Cli::from_arg_matches(&matches)? {
        Cli { verb: Some(verb), color, .. } => Ok(Request::Verb(verb, color)),
        Cli { completions: Some(shell), .. } => Ok(Request::Completions(shell)),
        Cli { man: Some(dir), .. } => Ok(Request::Man(dir)),
        _ => Err(command.error(ErrorKind::MissingSubcommand, "a verb is missing: show, summary or export")),
    }
}

/// The verb that is not there yet, if that is what is wrong.
fn later(error: &clap::Error) -> Option<&'static str> {
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) => LATER.into_iter().find(|verb| verb == word),
        _ => None,
    }
}

/// The command, for completions and the manual page too.
pub(super) fn command() -> Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_sound() {
        super::command().debug_assert();
    }

    #[test]
    fn every_verb_has_a_manual_page() {
        let dir = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(super::command(), dir.path()).unwrap();
        for name in ["fuse-trace", "fuse-trace-show", "fuse-trace-summary", "fuse-trace-export"] {
            let page = std::fs::read_to_string(dir.path().join(format!("{name}.1"))).unwrap();
            assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        }
    }
}
