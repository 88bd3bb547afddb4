//! Asking what is there.

use std::ffi::CStr;
use std::hint::black_box;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, RawDir, open, statat};
use rustix::io::{Errno, read};

use super::{Context, Span, timed};
use crate::peers::source::{CLIENT_FILE, CLIENTS, ENTRIES, FILE, FILE_SIZE, LISTING, MISSING, XATTR};

/// The status of one open file.
///
/// # Errors
/// Those of the calls.
pub fn fstat(context: &Context, count: u64) -> io::Result<Span> {
    fstat_of(&reading(&context.path(FILE))?, count)
}

/// The status of an open file that is the client's own.
///
/// # Errors
/// Those of the calls.
pub fn client_fstat(context: &Context, count: u64) -> io::Result<Span> {
    fstat_of(&reading(&context.path(&format!("{CLIENTS}/{}/{CLIENT_FILE}", context.index)))?, count)
}

/// The status of one file by its path.
///
/// # Errors
/// Those of the calls.
pub fn stat(context: &Context, count: u64) -> io::Result<Span> {
    let path = context.path(FILE);
    timed(count, |_| {
        black_box(rustix::fs::stat(&path)?);
        Ok(())
    })
}

/// Opens a small file, reads it, closes it.
///
/// # Errors
/// Those of the calls; a short read is one.
pub fn open_read_close(context: &Context, count: u64) -> io::Result<Span> {
    let path = context.path(FILE);
    timed(count, |_| {
        let mut data = [0; 2 * FILE_SIZE];
        match read(reading(&path)?, &mut data)? {
            FILE_SIZE => Ok(()),
            done => Err(io::Error::other(format!("{done} bytes of {FILE_SIZE}"))),
        }
    })
}

/// Looks for a name that is not there.
///
/// # Errors
/// It is there, or cannot be looked for.
pub fn negative(context: &Context, count: u64) -> io::Result<Span> {
    let path = context.path(MISSING);
    timed(count, |_| match rustix::fs::stat(&path) {
        Err(Errno::NOENT) => Ok(()),
        Ok(_) => Err(io::Error::other(format!("{MISSING} is there"))),
        Err(error) => Err(error.into()),
    })
}

/// Reads an extended attribute by the path of its file.
///
/// # Errors
/// Those of the calls.
pub fn getxattr(context: &Context, count: u64) -> io::Result<Span> {
    let path = context.path(FILE);
    timed(count, |_| {
        let mut value = [0; 64];
        black_box(rustix::fs::getxattr(&path, XATTR, &mut value)?);
        Ok(())
    })
}

/// Reads a directory, and asks for the status of each entry, `count` of them: a multiple of
/// [`ENTRIES`].
///
/// # Errors
/// Those of the calls; an entry that is not seen is one.
pub fn readdir_stat(context: &Context, count: u64) -> io::Result<Span> {
    let path = context.path(LISTING);
    timed(count / ENTRIES, |_| {
        let dir = open(&path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        match stat_all(&dir)? {
            ENTRIES => Ok(()),
            seen => Err(io::Error::other(format!("{seen} entries of {ENTRIES}"))),
        }
    })
}

fn stat_all(dir: &OwnedFd) -> io::Result<u64> {
    let mut buffer = Vec::with_capacity(32 << 10);
    let mut entries = RawDir::new(dir, buffer.spare_capacity_mut());
    let mut seen = 0;
    while let Some(entry) = entries.next() {
        let entry = entry?;
        if ![c".", c".."].contains(&entry.file_name()) {
            black_box(statat(dir, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)?);
            seen += 1;
        }
    }
    Ok(seen)
}

fn fstat_of(file: impl AsFd, count: u64) -> io::Result<Span> {
    timed(count, |_| {
        black_box(rustix::fs::fstat(&file)?);
        Ok(())
    })
}

fn reading(path: &CStr) -> io::Result<OwnedFd> {
    Ok(open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}
