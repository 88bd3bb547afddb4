//! Real programs.

use std::io;
use std::process::{Command, Stdio};

use super::{Context, Span, timed};
use crate::peers::source::REPOSITORY;
use crate::peers::tree;

/// Where the archive is unpacked, in an empty directory of the source.
const UNPACKED: &str = "new/tree";

/// Unpacks the tree.
///
/// # Errors
/// What the program said.
pub fn tar(context: &Context, _: u64) -> io::Result<Span> {
    std::fs::create_dir(UNPACKED)?;
    timed(1, |_| run(Command::new("tar").arg("-xf").arg(&context.archive).args(["-C", UNPACKED])).map(drop))
}

/// Removes the tree that [`tar`] unpacked.
///
/// # Errors
/// What the program said.
pub fn rm(_: &Context, _: u64) -> io::Result<Span> {
    timed(1, |_| run(Command::new("rm").args(["-rf", UNPACKED])).map(drop))
}

/// Looks for a word.
///
/// # Errors
/// What the program said; a word that is not found is one.
pub fn grep(_: &Context, count: u64) -> io::Result<Span> {
    timed(count, |_| {
        let mut command = Command::new("grep");
        // Where nobody reads the lines, grep stops at the first one of a file.
        let lines = run(command.env("LC_ALL", "C").args(["-r", "--exclude-dir=.git", tree::WORD, REPOSITORY]))?;
        match lines.is_empty() {
            true => Err(io::Error::other("grep found nothing")),
            false => Ok(()),
        }
    })
}

/// Asks whether the tree is as it was committed, which it is.
///
/// # Errors
/// What the program said; a difference is one.
pub fn git_status(_: &Context, count: u64) -> io::Result<Span> {
    timed(count, |_| {
        let told = run(tree::git().args(["-C", REPOSITORY, "status", "--porcelain"]))?;
        match told.is_empty() {
            true => Ok(()),
            false => Err(io::Error::other(format!("git status: {}", String::from_utf8_lossy(&told).trim()))),
        }
    })
}

fn run(command: &mut Command) -> io::Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(io::Error::other(format!(
            "{}: {}: {}",
            command.get_program().display(),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
    }
}
