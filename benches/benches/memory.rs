//! What a mount takes before it does anything, in time and in memory: becomes the program `peers`, which is built beside it.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let mut args: Vec<_> = std::env::args_os().skip(1).collect();
    let count = args.len();
    // cargo says so when it wants numbers; `cargo test --benches` only wants to know whether it runs.
    args.retain(|arg| arg != "--bench");
    let mut command = Command::new(env!("CARGO_BIN_EXE_peers"));
    command.arg("memory");
    if args.len() == count {
        command.args(["--files", "1000", "--starts", "1", "--mounts", "tick"]);
    }
    let error = command.args(args).exec();
    eprintln!("memory: {}: {error}", env!("CARGO_BIN_EXE_peers"));
    ExitCode::from(3)
}
