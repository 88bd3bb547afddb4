#![expect(unsafe_code, reason = "fork, and what a child may do before it is another program")]
//! Programs that run: one only, `%program()`, which cannot do anything.
//!
//! A line from a stranger must not run what it likes, so a file is run only if it holds that
//! program, or nothing. What is compared is what is run: nobody can write to it in between, for
//! the kernel runs no file that is open for writing.

use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::fs::{FileType, Mode};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, WaitStatus, waitpid};

use super::{Failed, Ran, RunError, Runner, with_at};
use crate::op::outcome::{Field, Outcome, Word};
use crate::op::place::{At, Process};
use crate::op::program;
use crate::sys::exec::CStrings;
use crate::{Errno, OFlags, sys};

/// A program that runs until it can read something, or its input ends.
pub(super) struct Running {
    pid: Pid,
    input: File,
    reaped: bool,
}

impl Running {
    /// Has it end, and waits for that.
    fn end(&mut self) -> rustix::io::Result<WaitStatus> {
        self.reaped = true;
        // Where it is gone already, its status is there to be had.
        let _ = self.input.write(b"x");
        let waited = rustix::io::retry_on_intr(|| waitpid(Some(self.pid), WaitOptions::empty()))?;
        waited.map(|(_, status)| status).ok_or(Errno::CHILD)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.end();
        }
    }
}

impl Runner {
    pub(super) fn spawn(&mut self, at: &At<'_>, register: Option<Process>) -> Ran {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(with_at(self, at, |at| crate::open(at, flags, Mode::empty()))?);
        check(&file)?;
        let running = start(file.as_fd())?;
        if let Some(register) = register {
            self.programs.insert(register, running);
        }
        Ok(Outcome::OK)
    }

    pub(super) fn reap(&mut self, process: Process) -> Ran {
        let unbound = || RunError::Unbound(format!("process={process}"));
        let status = self.programs.remove(&process).ok_or_else(unbound)?.end()?;
        Ok(match (status.terminating_signal(), status.exit_status()) {
            (Some(signal), _) => Outcome { word: Word::Signal(signal), fields: Vec::new() },
            (None, status) => Outcome::ok(vec![Field::number("status", status.unwrap_or_default())]),
        })
    }
}

/// Refuses a file that holds another program.
fn check(file: &File) -> Result<(), Failed> {
    if FileType::from_raw_mode(rustix::fs::fstat(file)?.st_mode) != FileType::RegularFile {
        return Ok(());
    }
    let known = program::bytes();
    let mut held = Vec::with_capacity(known.len() + 1);
    let mut start = file.take(known.len() as u64 + 1);
    start.read_to_end(&mut held).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    match held.is_empty() || held == known {
        true => Ok(()),
        false => Err(RunError::Refused("only a file that holds `%program()`, or nothing, is run".to_owned()).into()),
    }
}

/// Runs what `file` holds, in a child.
fn start(file: BorrowedFd<'_>) -> Result<Running, Failed> {
    let (output, input) = pipe_with(PipeFlags::CLOEXEC)?;
    let (failure, told) = pipe_with(PipeFlags::CLOEXEC)?;
    let argv = CStrings::new(vec![CString::from(c"program")]);
    let envp = CStrings::new(Vec::new());
    // SAFETY: the child only makes system calls; what they need was made before.
    let Some(pid) = (unsafe { sys::process::fork() })? else {
        let errno = become_program(file, output.as_fd(), &argv, &envp);
        let _ = rustix::io::write(&told, &errno.raw_os_error().to_ne_bytes());
        sys::process::exit(127);
    };
    drop((output, told));
    let running = Running { pid, input: input.into(), reaped: false };
    let mut errno = [0; 4];
    // It ends when the child is another program.
    match File::from(failure).read_exact(&mut errno) {
        Ok(()) => Err(Errno::from_raw_os_error(i32::from_ne_bytes(errno)).into()),
        Err(_) => Ok(running),
    }
}

/// Returns only if it fails.
fn become_program(file: BorrowedFd<'_>, input: BorrowedFd<'_>, argv: &CStrings, envp: &CStrings) -> Errno {
    // SAFETY: what standard input was belongs to nobody in this process.
    if unsafe { libc::dup2(input.as_raw_fd(), libc::STDIN_FILENO) } == -1 {
        return Errno::BADF;
    }
    // A descriptor that a raw call has opened would go on in the program. Kernels before 5.11 cannot.
    // SAFETY: no descriptor changes owner; they are marked.
    unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    sys::exec::execveat_fd(file, argv, envp)
}
