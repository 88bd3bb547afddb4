//! `fuse-mount`, built beside the benchmarks and as they are.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuse_mount::run_cli(std::env::args_os())
}
