//! Why the program ends without having measured, and its exit codes.

use std::fmt;

/// The exit codes, for `--help`.
pub const HELP: &str = "\
Exit codes:
  0    measured, whatever the goals say
  2    wrong usage: an unknown option, workload or mount
  3    the environment or the program failed: nothing could be measured or written
  130  interrupted; what was made is cleaned up";

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Wrong usage.
    Usage(String),
    /// The environment or the program failed.
    Environment(String),
    /// Interrupted.
    Interrupted,
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Environment(_) => 3,
            Failure::Interrupted => 130,
        }
    }

    /// A failure of the environment, about a thing that is named.
    pub fn about(what: impl fmt::Display) -> impl FnOnce(std::io::Error) -> Failure {
        move |error| Failure::Environment(format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Environment(message) => f.write_str(message),
            Failure::Interrupted => f.write_str("interrupted"),
        }
    }
}
