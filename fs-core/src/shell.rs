//! Commands for the shell: `system`, and `popen`.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use crate::audit::{self, Arg};
use crate::program::{Argv, Strings, c_string};
use crate::sys::posix_spawn::{Attributes, FileActions, Search};
use crate::{Env, Errno, Error, PathArg, Pid, Result, WaitOptions, WaitStatus, pipe, read, sys, waitpid, write};

/// Has the shell run a command, and waits for it. The status is that of `wait`: exit
/// status 3 is 768, the end by `SIGKILL` is 9.
///
/// Meanwhile the process ignores `SIGINT` and `SIGQUIT`, which are the command's, and so
/// does what another thread starts meanwhile, for good; the calling thread blocks
/// `SIGCHLD`. A shell that cannot be started counts as one that exits with 127.
///
/// ```
/// assert_eq!(fs_core::system("exit 3")?.exit_status(), 3);
/// # Ok::<(), fs_core::Error>(())
/// ```
///
/// # Errors
/// - `EAGAIN`, `ENOMEM`: there can be no new process.
/// - `ECHILD`: `SIGCHLD` is ignored, so that the end of the shell is not told.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/system.html),
/// [Linux](https://man7.org/linux/man-pages/man3/system.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.system)
#[doc(alias = "os.system")]
pub fn system<'a>(command: impl Into<PathArg<'a>>) -> Result<WaitStatus> {
    let command = command.into().check()?;
    audit::raise("os.system", || [Arg::Bytes(command.as_bytes())])?;
    Ok(WaitStatus::from_raw(command.with_c_str(sys::process::system)?))
}

/// Which end of a command [`popen`] opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PopenMode {
    /// Its output is read. Python's `"r"`.
    #[default]
    Read,
    /// Its input is written. Python's `"w"`.
    Write,
}

/// A command that runs, and a pipe to or from it; see [`popen`].
///
/// Dropped without [`Self::close`] it closes the pipe, and leaves a command that has not
/// ended yet to whoever waits for any child.
#[derive(Debug)]
#[doc(alias = "os.popen().close")]
pub struct PopenStream {
    end: Option<OwnedFd>,
    shell: Option<Pid>,
}

/// Has the shell run a command, with a pipe from its output or to its input.
///
/// The command has the other standard descriptors of this process, and none beyond them.
/// What a program made by Rust ignores, `SIGPIPE`, is not ignored there. Python wraps the
/// pipe in a text buffer; here it is a reader and a writer of bytes.
///
/// ```
/// use std::io::Read;
///
/// use fs_core::{PopenMode, popen};
///
/// let mut stream = popen("echo hello; exit 3", PopenMode::Read)?;
/// let mut text = String::new();
/// stream.read_to_string(&mut text)?;
/// assert_eq!((text.as_str(), stream.close()?), ("hello\n", Some(3 << 8)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Raises `subprocess.Popen`, as CPython does, since it is made of that.
///
/// # Errors
/// - As [`crate::posix_spawn`]. `EMFILE`, `ENFILE`: there are no more descriptors.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/popen.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.popen)
#[doc(alias = "os.popen")]
#[doc(alias = "subprocess.Popen")]
pub fn popen<'a>(command: impl Into<PathArg<'a>>, mode: PopenMode) -> Result<PopenStream> {
    const SHELL: &str = "/bin/sh";
    let command = command.into().check()?;
    let argv = Argv::new([SHELL.into(), "-c".into(), command])?;
    let program = Strings::new(&argv, &Env::Inherit)?;
    let path = c_string(SHELL)?;
    audit::raise("subprocess.Popen", || [Arg::Bytes(path.as_bytes()), program.audit_argv(), Arg::None, Arg::None])?;

    let (read_end, write_end) = pipe()?;
    let (own, theirs, number) = match mode {
        PopenMode::Read => (read_end, write_end, 1),
        PopenMode::Write => (write_end, read_end, 0),
    };
    let mut actions = FileActions::new()?;
    actions.dup2(theirs.as_raw_fd(), number)?;
    for fd in open_descriptors() {
        match actions.close(fd) {
            // Above a limit that was lowered after it was opened: it stays open there.
            Ok(()) | Err(Errno::BADF) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    let mut attributes = Attributes::new()?;
    attributes.set_default_signals(&[libc::SIGPIPE, libc::SIGXFSZ])?;
    let shell = sys::posix_spawn::posix_spawn(Search::No, &path, &actions, &attributes, &program.argv, &program.envp)?;
    Ok(PopenStream { end: Some(own), shell: Some(shell) })
}

/// The descriptors of this process beyond the standard ones; none where there is no
/// `/proc`. One that is closed meanwhile does no harm.
fn open_descriptors() -> Vec<RawFd> {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let number = |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    entries.filter_map(number).filter(|fd| *fd > 2).collect()
}

impl PopenStream {
    /// Closes the pipe, and waits for the command. `None` if it has exited with 0; else its
    /// exit status times 256, or the negative number of the signal that has ended it times
    /// 256, which the document does not say.
    ///
    /// # Errors
    /// - `ECHILD`: `SIGCHLD` is ignored, or somebody else has waited for the command.
    pub fn close(mut self) -> Result<Option<i32>> {
        // The command may wait for the end of its input.
        if let Some(end) = self.end.take() {
            crate::close(end)?;
        }
        let shell = self.shell.take().expect("the command is waited for once");
        loop {
            match waitpid(shell.as_raw_pid(), WaitOptions::empty())?.1.exit_code() {
                Some(0) => return Ok(None),
                Some(code) => return Ok(Some(code << 8)),
                // Stopped, and traced by this process.
                None => {}
            }
        }
    }

    /// The process of the shell.
    pub fn pid(&self) -> Pid {
        self.shell.expect("the command is waited for only at the end")
    }

    fn end(&self) -> &OwnedFd {
        self.end.as_ref().expect("the pipe is closed only at the end")
    }
}

impl Drop for PopenStream {
    fn drop(&mut self) {
        self.end = None;
        if let Some(shell) = self.shell {
            // Takes it away if it has ended. Waiting might last for ever.
            let _ = waitpid(shell.as_raw_pid(), WaitOptions::NOHANG);
        }
    }
}

impl AsFd for PopenStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.end().as_fd()
    }
}

impl io::Read for PopenStream {
    /// Reads the output of the command; `EBADF` with [`PopenMode::Write`].
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        read(self.end(), buf).map_err(Error::into)
    }
}

impl io::Write for PopenStream {
    /// Writes to the input of the command; `EBADF` with [`PopenMode::Read`].
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        write(self.end(), buf).map_err(Error::into)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
