//! The life of a mount: checks, the background, the mount itself, signals, and its end.
//!
//! The order matters. All checks come first, so that a mistake changes nothing. The two forks
//! (the background, the guard) come before the first thread. The guard knows the mount before
//! anybody sees it, and anybody sees it only once it answers.

mod attach;
mod awake;
mod background;
mod connection;
mod dead;
mod detach;
mod fusermount;
mod guard;
mod identity;
mod mount_table;
mod panics;
mod place;
mod privileges;
mod process;
mod say;
mod servers;
mod tracing;
mod twice;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use fs_core::Error;
use rustix::event::{PollFd, PollFlags};

use crate::cli::Mount;
use crate::exit::{self, Failure};
use crate::filesystem::PassthroughFs;
use crate::options::{Cache, Options};
use crate::watch::Watching;

use awake::Awake;
use background::{Inherited, Role, Waiting};
use detach::Ended;
use guard::Guard;
use identity::MountId;
use place::Places;
use process::Signals;
use servers::{Running, Started};
use tracing::Tracing;

pub(crate) use say::say;

/// How often a mount that is in use is looked at again before it is taken away all the same, and
/// after how long.
const BUSY_LOOKS: usize = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// Checks what a mount needs, and mounts nothing.
///
/// # Errors
/// As [`run`].
pub fn check(mount: &Mount) -> Result<(), Failure> {
    Places::open(&mount.source, &mount.mountpoint).map(|_| ())
}

/// Mounts, and serves the mount to its end; in the background unless told otherwise, and then
/// returns in two processes: in the caller as soon as the mount is live, in the daemon at its end.
///
/// Must be called before the process has started a thread.
///
/// # Errors
/// Why the mount could not be made or did not end well. Nothing is left mounted.
pub fn run(mount: &Mount) -> Result<ExitCode, Failure> {
    let inherited = Inherited::now();
    let places = Places::open(&mount.source, &mount.mountpoint)?;
    let tracing = Tracing::plan(mount, &places)?;
    let waiting = match mount.foreground {
        true => Waiting::nobody(),
        false => match background::split(&inherited)? {
            Role::Daemon(waiting) => waiting,
            Role::Caller(code) => {
                tracing.leave();
                return Ok(code);
            }
        },
    };
    serve(mount, places, tracing, waiting)?;
    Ok(ExitCode::from(exit::DONE))
}

fn serve(mount: &Mount, places: Places, mut tracing: Tracing, waiting: Waiting) -> Result<(), Failure> {
    let failed = |what: &str, error: io::Error| Failure::io(what, &error);
    let signals = Signals::block().map_err(|error| failed("cannot block signals", error))?;
    // Dropped last, and so after all else has let go of the mount.
    let mut guard = Guard::start(&places.mountpoint_path)?;
    let awake = mount.cpu_latency.map(Awake::new).transpose()?;
    let mut attached = attach::attach(&places, &mount.words)?;
    guard.watch(attached.id)?;
    privileges::confine_daemon(!attached.is_ours_to_unmount())?;

    crate::memory::keep_buffers_apart();

    // From here on there are threads.
    panics::print_on_one_line();
    let source = rustix::io::fcntl_dupfd_cloexec(&places.source, 0)
        .map_err(|errno| failed("cannot open the source", errno.into()))?;
    let mut options = options(mount, &places);
    if options.cache.keeps()
        && let Some([one, other]) = twice::shown_twice(places.source.as_fd())
    {
        say(format_args!(
            "what {} shows is shown at {} as well, and the kernel would remember two states of it: the mount goes on as with --cache tick",
            other.display(),
            one.display()
        ));
        options.cache = Cache::Tick;
    }
    let threads = options.threads;
    let filesystem = PassthroughFs::new(options, source, tracing.tracer()).map_err(|error| {
        let hint = dead::hint(&places.source_path, error.errno());
        Failure::Failed(format!("source {}: {error}{hint}", places.source_path.display()))
    })?;
    if let Some(why) = filesystem.unwatched() {
        say(format_args!(
            "{} cannot be watched, so the mount goes on as with --cache tick: {why}",
            places.source_path.display()
        ));
    }
    tracing.caches_as(filesystem.cache());
    let device = attached.device.try_clone().map_err(|error| failed("cannot copy the connection", error))?;
    let load = Arc::clone(filesystem.load());
    let Started { ended, running, watching } = servers::start(filesystem, device, threads)
        .map_err(|error| failed("the kernel and the file system do not agree", error))?;
    if let Some(awake) = awake {
        awake.follow(load).map_err(|error| failed("cannot start a thread", error))?;
    }
    attached.show(&places)?;
    tracing.begin()?;
    let live = Live { signals, ended, running, watching, id: attached.id, mountpoint: places.mountpoint_path.clone() };
    // Nothing of ours may keep the mount, or what is below it, in use.
    drop(attached);
    drop(places);
    rustix::process::chdir("/").map_err(|errno| Failure::failed("/", Error::Os(errno)))?;
    waiting.release()?;
    let lived = live.until_the_end();
    let traced = tracing.finish();
    lived.and(traced)
}

fn options(mount: &Mount, places: &Places) -> Options {
    let defaults = Options::new(&places.source_path);
    Options {
        cache: mount.cache,
        passthrough: mount.passthrough,
        read_only: mount.words.read_only,
        threads: mount.threads.unwrap_or(defaults.threads),
        trace_level: mount.trace_level,
        ..defaults
    }
}

/// A mount that is live.
struct Live {
    signals: Signals,
    ended: OwnedFd,
    running: Running,
    watching: Option<Watching>,
    id: MountId,
    mountpoint: std::path::PathBuf,
}

impl Live {
    /// Serves until the mount is gone and the last file on it is closed.
    fn until_the_end(mut self) -> Result<(), Failure> {
        let mut was_asked = false;
        loop {
            let (signalled, ended, stopped_watching) = self.wait()?;
            if ended {
                return self.join();
            }
            // If it has not died, the connection is over, and the servers will say so.
            if stopped_watching && self.watching.take().is_some_and(|watching| watching.end().is_err()) {
                let _ = detach::lazily(&self.mountpoint, self.id);
                return Err(Failure::failed(
                    self.mountpoint.display(),
                    "the thread that watches the source has died; the mount is ended",
                ));
            }
            if signalled && self.signals.take().is_some() {
                if was_asked {
                    // A second time: what is still open gets errors.
                    let _ = detach::lazily(&self.mountpoint, self.id);
                    return Ok(());
                }
                was_asked = true;
                unmount(&self.mountpoint, self.id);
            }
        }
    }

    fn wait(&self) -> Result<(bool, bool, bool), Failure> {
        // A descriptor without a watcher behind it is asked twice, for nothing.
        let watching = self.watching.as_ref().map_or(self.ended.as_fd(), Watching::as_fd);
        let mut fds = [
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::new(&self.ended, PollFlags::IN),
            PollFd::from_borrowed_fd(watching, PollFlags::empty()),
        ];
        rustix::io::retry_on_intr(|| rustix::event::poll(&mut fds, None))
            .map_err(|errno| Failure::failed("poll", Error::Os(errno)))?;
        let ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        Ok((ready(&fds[0]), ready(&fds[1]), ready(&fds[2])))
    }

    fn join(self) -> Result<(), Failure> {
        let result = self.running.join();
        // With the connection all that it could wait for is over.
        let watched = self.watching.map_or(Ok(()), Watching::end);
        // A session that ended while the mount is still there was not ended by an unmount.
        let was_there = detach::lazily(&self.mountpoint, self.id) == Ok(Ended::Gone);
        if watched.is_err() {
            return Err(Failure::failed(self.mountpoint.display(), "the thread that watches the source has died"));
        }
        verdict(result, was_there).map_err(|why| Failure::failed(self.mountpoint.display(), why))
    }
}

/// What the end of a session means, whose mount was still there or not.
fn verdict(result: thread::Result<io::Result<()>>, was_there: bool) -> Result<(), String> {
    match result {
        Ok(Err(error)) if error.raw_os_error() != Some(libc::ECONNABORTED) => Err(error.to_string()),
        // Also for who was just reading a request when the mount was taken away: the release of a
        // file that was closed a moment before.
        Ok(_) if was_there => Err("the connection to the kernel was aborted; the mount is ended".to_owned()),
        Ok(_) => Ok(()),
        Err(_) => Err("the thread that keeps the servers has died".to_owned()),
    }
}

/// What a first signal asks for.
fn unmount(mountpoint: &Path, id: MountId) {
    let shown = mountpoint.display();
    // A process that is just ending, or being born with its parent's files, is in nobody's way.
    let mut ended = detach::if_idle(mountpoint, id);
    for _ in 0..BUSY_LOOKS {
        if ended != Ok(Ended::Busy) {
            break;
        }
        thread::sleep(BUSY_PAUSE);
        ended = detach::if_idle(mountpoint, id);
    }
    let ended = match ended {
        Ok(Ended::Busy) => {
            say(format_args!(
                "{shown} is in use: it is unmounted, and what is open there works until it is closed; \
                 a second signal ends it at once"
            ));
            detach::lazily(mountpoint, id)
        }
        other => other,
    };
    match ended {
        Ok(Ended::Gone) => {}
        Ok(Ended::NotThere | Ended::Busy) => {
            say(format_args!("{shown} is mounted elsewhere or beneath another mount; a second signal ends it at once"));
        }
        Err(errno) => say(format_args!("cannot unmount {shown}: {}", Error::Os(errno))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_was_being_read_when_the_mount_was_taken_away_is_no_failure() {
        let aborted = || io::Error::from_raw_os_error(libc::ECONNABORTED);
        assert_eq!(verdict(Ok(Err(aborted())), false), Ok(()));
        assert_eq!(verdict(Ok(Ok(())), false), Ok(()));
    }

    #[test]
    fn a_session_that_ends_without_an_unmount_has_failed() {
        for result in [Ok(()), Err(io::Error::from_raw_os_error(libc::ECONNABORTED))] {
            assert!(verdict(Ok(result), true).unwrap_err().contains("aborted"));
        }
        assert!(verdict(Ok(Err(io::Error::from_raw_os_error(libc::EPERM))), false).is_err());
        assert!(verdict(Err(Box::new("a panic")), false).is_err());
    }
}
