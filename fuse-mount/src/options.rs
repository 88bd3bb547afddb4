//! What a mount is told when it starts.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::trace::Level;

/// How a mount behaves; the same for its whole life.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory that is shown, for messages only: the mount works on the
    /// descriptor that it is given.
    pub source: PathBuf,
    /// What the kernel may remember between requests.
    pub cache: Cache,
    /// Whether the kernel reads and writes the source's files itself.
    pub passthrough: Passthrough,
    /// Refuses every change, whatever the mount flags say.
    pub read_only: bool,
    /// Threads that serve requests to begin with; at least 1.
    pub threads: usize,
    /// What the trace is to see: at [`Level::Io`] each read and write is a request.
    pub trace_level: Level,
}

impl Options {
    /// The defaults, for a mount of `source`.
    pub fn new(source: impl Into<PathBuf>) -> Self {
        Options {
            source: source.into(),
            cache: Cache::default(),
            passthrough: Passthrough::default(),
            read_only: false,
            trace_level: Level::default(),
            threads: std::thread::available_parallelism().map_or(1, usize::from).max(2),
        }
    }
}

/// What the kernel may remember between requests: how soon a change that is made
/// on the source is seen through the mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cache {
    /// Nothing: names and attributes are asked for each time.
    None,
    /// Attributes for one tick of the kernel's clock (1 to 10 ms); names are asked
    /// for each time.
    #[default]
    Tick,
    /// Everything, until somebody changes it: changes on the source are watched, and the kernel is told to
    /// forget. Where they cannot be watched, as `Tick`.
    Watch,
    /// Everything, for as long as the kernel likes. Only right when nobody changes the
    /// source but through the mount.
    Exclusive,
}

impl Cache {
    /// Every policy, in the order in which they are documented.
    pub const ALL: [Cache; 4] = [Cache::None, Cache::Tick, Cache::Watch, Cache::Exclusive];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Cache::None => "none",
            Cache::Tick => "tick",
            Cache::Watch => "watch",
            Cache::Exclusive => "exclusive",
        }
    }
}

impl fmt::Display for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Cache {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Cache::ALL.into_iter().find(|cache| cache.as_str() == word).ok_or(UnknownWord("cache policy"))
    }
}

/// Whether the kernel reads and writes the source's files itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Passthrough {
    /// Where the kernel and the source allow it; elsewhere, quietly, through us.
    #[default]
    Auto,
    /// Never: every read and write is a request.
    Off,
}

impl Passthrough {
    /// Every choice, in the order in which they are documented.
    pub const ALL: [Passthrough; 2] = [Passthrough::Auto, Passthrough::Off];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Passthrough::Auto => "auto",
            Passthrough::Off => "off",
        }
    }
}

impl fmt::Display for Passthrough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Passthrough {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Passthrough::ALL.into_iter().find(|choice| choice.as_str() == word).ok_or(UnknownWord("passthrough choice"))
    }
}

/// A word that is none of those that an option knows; holds what kind of word was
/// wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownWord(pub &'static str);

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {}", self.0)
    }
}

impl std::error::Error for UnknownWord {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for cache in Cache::ALL {
            assert_eq!(cache.to_string().parse(), Ok(cache));
        }
        for choice in Passthrough::ALL {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert_eq!("sometimes".parse::<Cache>(), Err(UnknownWord("cache policy")));
    }
}
