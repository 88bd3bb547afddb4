//! A tree of files as a project has it, the same each time, for real programs.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::image::succeed;

/// How many files are in all of it.
pub const FILES: usize = 2_000;

/// How many are in each directory.
const EACH: usize = 16;

/// The word that is looked for: in one of some hundred lines.
pub const WORD: &str = "osprey";

const WORDS: [&str; 16] = [
    "inode", "entry", "lookup", "forget", "handle", "rename", "unlink", "mount", "source", "kernel", "daemon", "cache",
    "answer", "request", "page", "name",
];

/// Writes the tree, or as many files of it, to a new directory.
///
/// # Errors
/// Those of the calls.
pub fn write(dir: &Path, files: usize) -> io::Result<()> {
    let mut numbers = Numbers::new(1);
    for index in 0..files {
        let number = index / EACH;
        let place = dir.join(format!("part{:02}/module{:02}", number / 12, number % 12));
        if index % EACH == 0 {
            fs::create_dir_all(&place)?;
        }
        // Most files are small, a few are not.
        let lines = 4 + numbers.below(60) + if numbers.below(20) == 0 { 400 } else { 0 };
        fs::write(place.join(format!("file{:02}.txt", index % EACH)), text(lines, &mut numbers))?;
    }
    Ok(())
}

/// Makes a repository of a tree, with everything in one commit.
///
/// # Errors
/// What git said.
pub fn commit(dir: &Path) -> Result<(), String> {
    let run = |args: &[&str]| succeed(git().current_dir(dir).args(args));
    run(&["init", "-q"])?;
    run(&["add", "."])?;
    run(&["-c", "user.name=peers", "-c", "user.email=peers@localhost", "commit", "-q", "-m", "All"])
}

/// git as it is without anybody's configuration.
pub fn git() -> Command {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

fn text(lines: u64, numbers: &mut Numbers) -> String {
    let mut text = String::new();
    for _ in 0..lines {
        for _ in 0..5 + numbers.below(8) {
            let word = match numbers.below(800) {
                0 => WORD,
                number => WORDS[number as usize % WORDS.len()],
            };
            text.push_str(word);
            text.push(' ');
        }
        text.push('\n');
    }
    text
}

/// Numbers that look random, and are the same each time.
#[derive(Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// Begins at a seed.
    pub fn new(seed: u64) -> Self {
        Numbers(seed)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        // Knuth's MMIX; its upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_trees_are_the_same_and_have_the_word() {
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let read = |dir: &Path| {
            let files = (0..FILES).map(|index| {
                let number = index / EACH;
                let place = format!("part{:02}/module{:02}/file{:02}.txt", number / 12, number % 12, index % EACH);
                fs::read_to_string(dir.join(place)).unwrap()
            });
            files.collect::<Vec<_>>()
        };
        for dir in &dirs {
            write(dir.path(), FILES).unwrap();
        }
        let files = read(dirs[0].path());
        assert_eq!(files, read(dirs[1].path()));
        let with_word = files.iter().filter(|text| text.contains(WORD)).count();
        assert!(with_word > 100 && with_word < FILES, "{with_word}");
    }
}
