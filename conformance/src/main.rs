//! `conformance`: finds out whether a kernel or a file system keeps its promises.

use std::process::ExitCode;

use clap::Parser;
use conformance::cli::Cli;
use conformance::verbs;

fn main() -> ExitCode {
    #[cfg(feature = "mount")]
    if std::env::args_os().nth(1).is_some_and(|verb| verb == conformance::mounted::VERB) {
        return conformance::mounted::serve(std::env::args_os().skip(2));
    }
    let cli = Cli::parse();
    match verbs::perform(cli) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("conformance: {failure}");
            ExitCode::from(failure.code())
        }
    }
}
