//! Inputs that are kept: seeds (`corpus/TARGET`), what once failed (`regressions/TARGET`),
//! and lines that once failed (`regressions/*.ops`).

use std::fs;
use std::path::{Path, PathBuf};

use fs_core::op::Line;

/// Runs `check` on all kept inputs of a target, and prints how many.
///
/// # Panics
/// At the first input that `check` refuses, and if there are none.
pub fn replay(target: &str, mut check: impl FnMut(&[u8]) -> Result<(), String>) {
    let mut count = 0;
    for place in ["corpus", "regressions"] {
        for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(place).join(target)) {
            let input = fs::read(&path).expect("a kept input can be read");
            if let Err(report) = check(&input) {
                panic!("{}:\n{report}", path.display());
            }
            count += 1;
        }
    }
    assert!(count > 0, "no inputs of {target} are kept");
    println!("{target}: {count} kept inputs");
}

/// Runs `check` on the lines of each `regressions/SUBJECT.*.ops`, and prints how many.
///
/// # Panics
/// At the first file that cannot be read or that `check` refuses, and if there are none.
pub fn replay_lines(subject: &str, mut check: impl FnMut(&[Line<'_>]) -> Result<(), String>) {
    let mut count = 0;
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !(name.starts_with(&format!("{subject}.")) && name.ends_with(".ops")) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a regression is text");
        if let Err(report) = lines(&text).and_then(|lines| check(&lines)) {
            panic!("{}:\n{report}", path.display());
        }
        count += 1;
    }
    assert!(count > 0, "no lines of {subject} are kept");
    println!("{subject}: {count} kept sequences of lines");
}

/// The lines of a text, without comments.
///
/// # Errors
/// Names the line that cannot be read.
pub fn lines(text: &str) -> Result<Vec<Line<'static>>, String> {
    let is_line = |(_, text): &(usize, &str)| !text.trim().is_empty() && !text.starts_with('#');
    let read = |(index, text)| match Line::parse(text) {
        Ok(line) => Ok(line.into_owned()),
        Err(error) => Err(format!("line {}: {error}", index + 1)),
    };
    text.lines().enumerate().filter(is_line).map(read).collect()
}

/// The files of a directory in order of their names; none if there is no directory.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
