//! `fuse-mount` as a function: parse, run, print, and the exit code.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::cli::{self, Request};
use crate::exit::{self, Failure};
use crate::lifecycle;

/// Does what the program `fuse-mount` does with these arguments, of which the first is the
/// program's name, and gives its exit code.
///
/// For a program that has to be its own mount daemon: it starts itself with a verb of its own
/// and calls this with what follows. It must do so before it starts a thread, and end with the
/// code at once; without `-f` the call returns in two processes, the caller and the daemon.
pub fn run_cli<I, T>(args: I) -> ExitCode
where
    I: IntoIterator<Item = T>,
    T: Into<OsString>,
{
    let request = match cli::parse(args) {
        Ok(request) => request,
        Err(error) => {
            // Help goes to stdout, errors to stderr; nothing is left to say if they are closed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    #[cfg(feature = "planted-faults")]
    if let Err(failure) = crate::faults::chosen() {
        lifecycle::say(&failure);
        return ExitCode::from(failure.code());
    }
    let result = match request {
        Request::Mount(mount) => lifecycle::run(&mount),
        Request::Fake(mount) => lifecycle::check(&mount).map(|()| ExitCode::from(exit::DONE)),
        Request::Completions(shell) => print(|out| {
            clap_complete::generate(shell, &mut cli::command(), "fuse-mount", out);
            Ok(())
        }),
        Request::Man => print(|out| clap_mangen::Man::new(cli::command()).render(out)),
    };
    result.unwrap_or_else(|failure| {
        lifecycle::say(&failure);
        ExitCode::from(failure.code())
    })
}

fn print(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Result<ExitCode, Failure> {
    let mut text = Vec::new();
    let written = write(&mut text).and_then(|()| io::stdout().write_all(&text));
    written.map_err(|error| Failure::io("standard output", &error))?;
    Ok(ExitCode::from(exit::DONE))
}
