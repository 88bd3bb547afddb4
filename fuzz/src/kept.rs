//! Inputs that are kept: seeds (`corpus/TARGET`) and what once failed (`regressions/TARGET`).

use std::fs;
use std::path::{Path, PathBuf};

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

/// The files of a directory in order of their names; none if there is no directory.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
