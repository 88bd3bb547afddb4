//! The mount beside its peers, as a program: `cargo bench -p benches --bench peers` becomes it.

use std::process::ExitCode;

fn main() -> ExitCode {
    benches::peers::run::main()
}
