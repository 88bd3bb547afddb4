//! The scout: a process that sees when a mount is live, and has the kernel know files in it.
//!
//! It says `ready`; when the mount is there and has answered, `live` with the time; then it answers each line
//! `FROM TO`, numbers of directories, by `ok` when the kernel knows all files in them, or by `error WHY`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open, openat, statfs};

use super::files::{EACH, dir_name, file_name};
use crate::mount::connection_at;
use crate::peers::steps::now_ns;

/// The first argument of a program that is to be a scout.
pub const VERB: &str = "scout";

/// How often the table of mounts is looked at if nothing is heard of it.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Serves until nobody asks any more. The argument: the mountpoint.
///
/// # Errors
/// A wrong argument, or a mount that does not answer, in words.
pub fn serve(mut args: impl Iterator<Item = OsString>) -> Result<(), String> {
    let mountpoint = PathBuf::from(args.next().ok_or(format!("{VERB}: a mountpoint is wanted"))?);
    let failed = |error: io::Error| format!("{}: {error}", mountpoint.display());
    let mut answers = io::stdout().lock();
    // Changes after this moment are told.
    let table = File::open("/proc/self/mountinfo").map_err(failed)?;
    say(&mut answers, "ready").map_err(failed)?;
    while connection_at(&mountpoint).is_none() {
        // Interrupted or not, it looks again.
        let _ = poll(&mut [PollFd::new(&table, PollFlags::PRI)], Some(&GLANCE));
    }
    statfs(&mountpoint).map_err(|error| failed(error.into()))?;
    say(&mut answers, &format!("live {}", now_ns())).map_err(failed)?;
    for line in io::stdin().lock().lines() {
        let answer = match know(&mountpoint, &line.map_err(failed)?) {
            Ok(()) => "ok".to_owned(),
            Err(error) => format!("error {error}"),
        };
        if say(&mut answers, &answer).is_err() {
            // Who does not listen any more has ended.
            break;
        }
    }
    Ok(())
}

/// Has the kernel look up each file of some directories, and nothing else.
fn know(mountpoint: &Path, line: &str) -> io::Result<()> {
    let numbers = line.split_once(' ').and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    let dirs: std::ops::Range<u64> = numbers.ok_or_else(|| io::Error::other(format!("not understood: {line}")))?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for dir in dirs {
        let dir = open(mountpoint.join(dir_name(dir)), flags | OFlags::DIRECTORY, Mode::empty())?;
        for file in 0..EACH {
            openat(&dir, file_name(file), flags, Mode::empty())?;
        }
    }
    Ok(())
}

fn say(answers: &mut impl Write, line: &str) -> io::Result<()> {
    writeln!(answers, "{line}").and_then(|()| answers.flush())
}
