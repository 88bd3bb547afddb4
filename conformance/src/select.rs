//! Which cases are run.

use std::fmt;
use std::str::FromStr;

use crate::case::Case;

/// A pattern for the ids of cases: `*` stands for any characters, `?` for one.
///
/// A pattern that matches the first words of an id matches all below it: `rename`
/// selects `rename.exchange_needs_both_names`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// The pattern.
    pub fn new(pattern: &str) -> Self {
        Glob(pattern.to_owned())
    }

    /// Whether an id matches.
    pub fn matches(&self, id: &str) -> bool {
        let ends = id.match_indices('.').map(|(end, _)| end).chain([id.len()]);
        ends.into_iter().any(|end| matches(self.0.as_bytes(), &id.as_bytes()[..end]))
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A part of the cases: `2/5` is the second of five.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Shard { index, count }),
            _ => Err("write I/N, with I from 1 to N".to_owned()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// The cases that match one of the patterns (all, if there is none) and belong to the shard.
pub fn select(cases: Vec<Case>, globs: &[Glob], shard: Option<Shard>) -> Vec<Case> {
    let matching = cases.into_iter().filter(|case| globs.is_empty() || globs.iter().any(|glob| glob.matches(&case.id)));
    let in_shard = |index: usize| shard.is_none_or(|shard| index % shard.count == shard.index - 1);
    matching.enumerate().filter(|(index, _)| in_shard(*index)).map(|(_, case)| case).collect()
}

fn matches(pattern: &[u8], text: &[u8]) -> bool {
    // Where the last `*` stands, and how much of the text it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    let (mut at, mut seen) = (0, 0);
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(c) if *c == b'?' || *c == text[seen] => (at, seen) = (at + 1, seen + 1),
            _ => match star {
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    (at, seen) = (star_at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_ids_and_what_is_below_them() {
        let check = |pattern: &str, id: &str, wanted: bool| {
            assert_eq!(Glob::new(pattern).matches(id), wanted, "{pattern} {id}");
        };
        check("rename", "rename.loop", true);
        check("rename", "renames.loop", false);
        check("rename.*", "rename.loop", true);
        check("rename.l?op", "rename.loop", true);
        check("*.loop", "rename.loop", true);
        check("*", "rename.loop", true);
        check("rename.dirs", "rename.dirs.file.dir", true);
        check("rename.dirs.file", "rename.dirs.file.dir", true);
        check("rename.d", "rename.dirs.file.dir", false);
        check("*a*b*c", "xaxbxbxc", true);
        check("", "rename", false);
    }

    #[test]
    fn a_shard_is_a_number_of_a_count() {
        assert_eq!("2/5".parse(), Ok(Shard { index: 2, count: 5 }));
        for wrong in ["0/5", "6/5", "2", "a/b", "1/0", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
