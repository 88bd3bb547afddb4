//! `conformance report`.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::cli::Report;
use crate::exit::{self, Failure};
use crate::interrupt;
use crate::log::Reader;
use crate::progress::Progress;
use crate::report::Page;

pub(super) fn report(arguments: &Report) -> Result<u8, Failure> {
    let output = &arguments.output;
    if let Some(log) = arguments.logs.iter().find(|log| is_same_file(log, output)) {
        return Err(Failure::Usage(format!("{}: the page would be written over this log", log.display())));
    }
    let mut page = Page::new();
    for log in &arguments.logs {
        let reader = Reader::open(log)?;
        let progress = Progress::new(reader.begin().cases, false);
        let added = page.add(log, reader, || progress.advance(0));
        progress.finish();
        added?;
    }
    if output == Path::new("-") {
        let mut bytes = Vec::new();
        page.write(&mut bytes).map_err(|error| unwritten(output, &error))?;
        return super::print(&bytes);
    }
    // Only now is there something to clean up; before, a signal ends the program.
    interrupt::listen().map_err(|error| Failure::Environment(format!("cannot listen to signals: {error}")))?;
    replace(output, |file| page.write(file)).map_err(|error| match interrupt::seen() {
        true => Failure::Interrupted,
        false => unwritten(output, &error),
    })?;
    Ok(exit::PASSED)
}

fn unwritten(output: &Path, error: &io::Error) -> Failure {
    Failure::Environment(format!("{}: cannot write the page: {error}", output.display()))
}

fn is_same_file(log: &Path, output: &Path) -> bool {
    match (fs::metadata(log), fs::metadata(output)) {
        (Ok(log), Ok(output)) => output.is_file() && (log.dev(), log.ino()) == (output.dev(), output.ino()),
        _ => false,
    }
}

/// Writes a file that appears complete, or not at all: what was there stays until then.
/// What is no regular file, a pipe for one, is written to as it is.
fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let old = fs::metadata(path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return write(&mut BufWriter::new(OpenOptions::new().write(true).open(path)?));
    }
    // A symbolic link stays, and what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = beside(&path);
    let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    let beside = Beside(beside);
    if let Some(old) = old {
        file.set_permissions(old.permissions())?;
    }
    let mut file = BufWriter::new(file);
    write(&mut file)?;
    file.flush()?;
    if interrupt::seen() {
        return Err(io::ErrorKind::Interrupted.into());
    }
    fs::rename(&beside.0, &path)
}

/// A file beside another, which is removed unless it has been renamed.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    path.with_file_name(name)
}
