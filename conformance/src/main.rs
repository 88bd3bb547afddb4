//! `conformance`: finds out whether a kernel or a file system keeps its promises.

use std::process::ExitCode;

use clap::Parser;
use conformance::cli::Cli;
use conformance::verbs;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match verbs::perform(cli) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("conformance: {failure}");
            ExitCode::from(failure.code())
        }
    }
}
