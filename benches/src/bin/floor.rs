//! The floor, as a program: what FUSE itself takes.

use std::process::ExitCode;

fn main() -> ExitCode {
    benches::floor::main()
}
