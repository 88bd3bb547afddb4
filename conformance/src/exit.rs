//! Exit codes, and failures that end in one.

use std::fmt;

/// All passed, or what did not is excused.
pub const PASSED: u8 = 0;
/// A case failed.
pub const FAILED: u8 = 1;
/// Wrong usage: an option, a directory, or a case file that is not one.
pub const USAGE: u8 = 2;
/// The environment or the program failed.
pub const ENVIRONMENT: u8 = 3;
/// No case was selected.
pub const NOTHING_SELECTED: u8 = 4;
/// SIGINT, SIGTERM or SIGHUP ended the run, which cleaned up.
pub const INTERRUPTED: u8 = 130;

/// The exit codes, for `--help`.
pub const HELP: &str = "\
Exit codes:
  0    all passed, or what did not is excused
  1    a case failed, did not return, or could not get as far as its claim
  2    wrong usage: an unknown option, a directory or a case file that is none
  3    the environment or the program failed: no permission, no /dev/fuse
  4    no case was selected
  130  interrupted; what was made is cleaned up";

/// Why a program ends without having done its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Wrong usage.
    Usage(String),
    /// The environment or the program failed.
    Environment(String),
    /// No case was selected.
    NothingSelected(String),
    /// Interrupted.
    Interrupted,
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => USAGE,
            Failure::Environment(_) => ENVIRONMENT,
            Failure::NothingSelected(_) => NOTHING_SELECTED,
            Failure::Interrupted => INTERRUPTED,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Environment(message) | Failure::NothingSelected(message) => {
                f.write_str(message)
            }
            Failure::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Failure {}
