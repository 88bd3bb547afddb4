//! The program `fuse-mount`.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuse_mount::run_cli(std::env::args_os())
}
