//! Making, moving and removing names.

use std::ffi::CString;
use std::io;

use rustix::fs::{Mode, OFlags, open};

use super::{Context, Span, timed};
use crate::peers::source::{CLIENTS, NEW};

/// Makes files.
///
/// # Errors
/// Those of the calls.
pub fn create(context: &Context, count: u64) -> io::Result<Span> {
    create_in(context, NEW, count)
}

/// Renames the files that [`create`] made.
///
/// # Errors
/// Those of the calls.
pub fn rename(context: &Context, count: u64) -> io::Result<Span> {
    let names = numbered(context, NEW, "file", count)
        .into_iter()
        .zip(numbered(context, NEW, "renamed", count))
        .collect::<Vec<_>>();
    timed(count, |index| {
        let (from, to) = &names[index as usize];
        Ok(rustix::fs::rename(from, to)?)
    })
}

/// Removes the files that [`rename`] renamed.
///
/// # Errors
/// Those of the calls.
pub fn unlink(context: &Context, count: u64) -> io::Result<Span> {
    let names = numbered(context, NEW, "renamed", count);
    timed(count, |index| Ok(rustix::fs::unlink(&names[index as usize])?))
}

/// Makes directories.
///
/// # Errors
/// Those of the calls.
pub fn mkdir(context: &Context, count: u64) -> io::Result<Span> {
    let names = numbered(context, NEW, "dir", count);
    timed(count, |index| Ok(rustix::fs::mkdir(&names[index as usize], Mode::from_raw_mode(0o755))?))
}

/// Removes the directories that [`mkdir`] made.
///
/// # Errors
/// Those of the calls.
pub fn rmdir(context: &Context, count: u64) -> io::Result<Span> {
    let names = numbered(context, NEW, "dir", count);
    timed(count, |index| Ok(rustix::fs::rmdir(&names[index as usize])?))
}

/// Makes files in a directory that is the client's own.
///
/// # Errors
/// Those of the calls.
pub fn client_create(context: &Context, count: u64) -> io::Result<Span> {
    create_in(context, &format!("{CLIENTS}/{}", context.index), count)
}

/// Removes what [`client_create`] made.
///
/// # Errors
/// Those of the calls.
pub fn client_clear(context: &Context, count: u64) -> io::Result<()> {
    let names = numbered(context, &format!("{CLIENTS}/{}", context.index), "file", count);
    names.iter().try_for_each(|name| Ok(rustix::fs::unlink(name)?))
}

fn create_in(context: &Context, dir: &str, count: u64) -> io::Result<Span> {
    let names = numbered(context, dir, "file", count);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    timed(count, |index| {
        drop(open(&names[index as usize], flags, Mode::from_raw_mode(0o644))?);
        Ok(())
    })
}

/// The names that a step uses, made before it is measured.
fn numbered(context: &Context, dir: &str, kind: &str, count: u64) -> Vec<CString> {
    (0..count).map(|index| context.path(&format!("{dir}/{kind}{index}"))).collect()
}
