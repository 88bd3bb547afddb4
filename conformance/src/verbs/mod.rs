//! The verbs of the command line.

mod compare;
mod coverage;
mod list;
mod report;
mod reproduce;
mod run;
mod show;

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use clap::{ColorChoice, CommandFactory};

use crate::case::Case;
use crate::cli::{Cli, Verb};
use crate::exit::{self, Failure};
use crate::suite;

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// What kept it from being done, with its exit code.
pub fn perform(cli: Cli) -> Result<u8, Failure> {
    if let Some(shell) = cli.completions {
        return print(&Cli::completion_script(shell));
    }
    if let Some(Some(dir)) = &cli.man {
        let cannot = |error| Failure::Environment(format!("{}: {error}", dir.display()));
        return Cli::write_manual_pages(dir).map(|()| exit::PASSED).map_err(cannot);
    }
    if cli.man.is_some() {
        let page = Cli::manual_page().map_err(|error| Failure::Environment(error.to_string()))?;
        return print(&page);
    }
    match cli.verb {
        Some(Verb::Run(run)) => run::run(&run, cli.color),
        Some(Verb::List(list)) => list::list(&list),
        Some(Verb::Show(show)) => show::show(&show),
        Some(Verb::Coverage(coverage)) => coverage::coverage(&coverage),
        Some(Verb::Compare(compare)) => compare::compare(&compare, cli.color),
        Some(Verb::Report(report)) => report::report(&report),
        Some(Verb::Reproduce(reproduce)) => reproduce::reproduce(&reproduce),
        None => Err(Failure::Usage(Cli::command().render_help().to_string())),
    }
}

/// The cases of a directory, or those of this version.
fn read_cases(dir: Option<&Path>) -> Result<Vec<Case>, Failure> {
    match dir {
        Some(dir) => suite::from_dir(dir),
        None => suite::embedded().map_err(|error| Failure::Environment(error.to_string())),
    }
}

fn print(bytes: &[u8]) -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    match written {
        // Who reads has seen enough: `list | head`.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Environment(format!("standard output: {error}")))
        }
        _ => Ok(exit::PASSED),
    }
}

/// Whether to write colours to standard output.
fn wants_color(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            io::stdout().is_terminal()
                && !is_set("NO_COLOR")
                && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}
