//! Exit codes, and failures that end in one.

use std::{fmt, io};

/// All went well.
pub const DONE: u8 = 0;
/// The command line asks for something that cannot be: wrong usage.
pub const USAGE: u8 = 2;
/// The environment or the program failed.
pub const FAILED: u8 = 3;

/// The exit codes, for `--help`.
pub const HELP: &str = "\
Exit codes:
  0  done
  2  wrong usage: an unknown option, a SOURCE or MOUNTPOINT that is no directory
  3  the environment or the program failed: no /dev/fuse, no permission, a
     mountpoint in use, a trace that cannot be written";

/// Why a program ends without having done its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Wrong usage.
    Usage(String),
    /// The environment or the program failed.
    Failed(String),
}

impl Failure {
    /// A failure of the environment: `what`, and why.
    pub fn failed(what: impl fmt::Display, why: impl fmt::Display) -> Self {
        Failure::Failed(format!("{what}: {why}"))
    }

    /// The same, of an error that the system gave: under the name of its errno, if it has one.
    pub fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        match rustix::io::Errno::from_io_error(error) {
            Some(errno) => Failure::failed(what, fs_core::Error::Os(errno)),
            None => Failure::failed(what, error),
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => USAGE,
            Failure::Failed(_) => FAILED,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Failed(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Failure {}
