//! Going into the background: the process that was called ends when the mount is live, and
//! with the daemon's exit code if it never is.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use rustix::fs::{Mode, OFlags};
use rustix::pipe::PipeFlags;
use rustix::process::{WaitOptions, waitpid};

use super::process::{self, Side};
use super::say;
use crate::exit::{self, Failure};

/// The descriptors that the process was born with, beside the standard streams.
///
/// Nobody here uses them, and a daemon that kept them would hold somebody's lock, or the end of somebody's
/// pipe, for as long as the mount lives.
pub(super) struct Inherited(Vec<u32>);

impl Inherited {
    /// Those that are open now: before anything of ours is.
    pub(super) fn now() -> Self {
        let listing = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        let mut numbers: Vec<u32> = listing.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        // One of them was that of the listing itself, which is closed by now.
        numbers.retain(|number| *number > 2 && process::is_open(*number));
        Inherited(numbers)
    }

    fn close(&self) {
        for number in &self.0 {
            // Where it fails it stays open: nothing worse than before.
            let _ = process::close_range(*number, *number);
        }
    }
}

/// Which process this has become.
pub(super) enum Role {
    /// The daemon.
    Daemon(Waiting),
    /// The one that was called; it is done, with this code.
    Caller(ExitCode),
}

/// Whoever waits for the daemon to become live.
pub(super) struct Waiting(Option<File>);

impl Waiting {
    /// Nobody: the daemon stays in the foreground.
    pub(super) fn nobody() -> Self {
        Waiting(None)
    }

    /// Lets the caller go with success, and leaves its terminal.
    pub(super) fn release(self) -> Result<(), Failure> {
        let Some(mut pipe) = self.0 else { return Ok(()) };
        leave_the_terminal()?;
        say::leave_the_terminal();
        // A caller that has been killed meanwhile does not end the mount.
        let _ = pipe.write_all(b"!");
        Ok(())
    }
}

/// Splits off the daemon, which keeps none of the `inherited` descriptors. The process must have one thread.
pub(super) fn split(inherited: &Inherited) -> Result<Role, Failure> {
    let failed = |error: io::Error| Failure::io("cannot go into the background", &error);
    let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(|errno| failed(errno.into()))?;
    match process::fork().map_err(failed)? {
        Side::Child => {
            drop(read);
            inherited.close();
            rustix::process::setsid().map_err(|errno| failed(errno.into()))?;
            Ok(Role::Daemon(Waiting(Some(write.into()))))
        }
        Side::Parent(pid) => {
            drop(write);
            let mut byte = [0];
            if let Ok(1) = File::from(read).read(&mut byte) {
                return Ok(Role::Caller(ExitCode::from(exit::DONE)));
            }
            // It has printed why.
            let status = rustix::io::retry_on_intr(|| waitpid(Some(pid), WaitOptions::empty()));
            let code = status.ok().flatten().and_then(|(_, status)| status.exit_status());
            let code = code.and_then(|code| u8::try_from(code).ok()).filter(|code| *code != exit::DONE);
            Ok(Role::Caller(ExitCode::from(code.unwrap_or(exit::FAILED))))
        }
    }
}

/// Keeps no descriptor of the terminal or of the caller's pipes.
fn leave_the_terminal() -> Result<(), Failure> {
    let failed = |errno: rustix::io::Errno| Failure::failed("/dev/null", fs_core::Error::Os(errno));
    let null = rustix::fs::open(c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(failed)?;
    rustix::stdio::dup2_stdin(&null).map_err(failed)?;
    rustix::stdio::dup2_stdout(&null).map_err(failed)?;
    rustix::stdio::dup2_stderr(&null).map_err(failed)
}
