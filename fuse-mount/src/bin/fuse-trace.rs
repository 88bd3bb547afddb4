//! The program `fuse-trace`.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuse_mount::run_trace_cli(std::env::args_os())
}
