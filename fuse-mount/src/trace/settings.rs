//! What a trace keeps, and what happens when it cannot be written fast enough.

use std::fmt;
use std::str::FromStr;

use crate::options::UnknownWord;

/// How much of what programs do a trace sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    /// Names, attributes, opens and closes. Reads and writes that the kernel passes to the
    /// source's files itself are not seen.
    #[default]
    Meta,
    /// And each read and write: files are opened for direct I/O.
    Io,
}

impl Level {
    /// Every level, from the cheapest on.
    pub const ALL: [Level; 2] = [Level::Meta, Level::Io];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Meta => "meta",
            Level::Io => "io",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Level::ALL.into_iter().find(|level| level.as_str() == word).ok_or(UnknownWord("trace level"))
    }
}

/// What happens to an operation whose record finds no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// It waits: the trace is complete.
    #[default]
    Record,
    /// It goes on, and the trace says how many records are missing.
    Monitor,
}

impl Policy {
    /// Both policies.
    pub const ALL: [Policy; 2] = [Policy::Record, Policy::Monitor];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Policy::Record => "record",
            Policy::Monitor => "monitor",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Policy {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Policy::ALL.into_iter().find(|policy| policy.as_str() == word).ok_or(UnknownWord("trace policy"))
    }
}
