//! Many files: directories of a thousand, without contents.

use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};

use crate::peers::failure::Failure;
use crate::peers::interrupt;

/// How many are in each directory.
pub(super) const EACH: u64 = 1_000;

pub(super) fn dir_name(number: u64) -> String {
    format!("dir{number:05}")
}

pub(super) fn file_name(number: u64) -> String {
    format!("file{number:03}")
}

/// Makes so many directories of files in a new directory.
///
/// # Errors
/// Those of the calls, or an interrupt.
pub(super) fn make(source: &Path, dirs: u64) -> Result<(), Failure> {
    let failed = || Failure::about(source.display());
    std::fs::create_dir(source).map_err(failed())?;
    for dir in 0..dirs {
        fill(&source.join(dir_name(dir))).map_err(failed())?;
        if interrupt::seen() {
            return Err(Failure::Interrupted);
        }
    }
    Ok(())
}

fn fill(dir: &Path) -> io::Result<()> {
    std::fs::create_dir(dir)?;
    let dir = rustix::fs::open(dir, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for file in 0..EACH {
        openat(&dir, file_name(file), OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC, Mode::from_raw_mode(0o644))?;
    }
    Ok(())
}
