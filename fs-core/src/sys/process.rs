#![expect(unsafe_code, reason = "fork, and calls that take raw ids and signals")]
//! Processes: how they are made, signalled and ended.

use std::ffi::{CStr, c_int};
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr::null;

use rustix::io;
use rustix::process::{Pid, RawPid};

use super::linux::{check, last_errno};

/// Makes a second process of this one; `None` in it.
///
/// # Safety
/// If the process has other threads, the child may only do what is async-signal-safe.
pub(crate) unsafe fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: the caller answers for what the child does.
    parent_or_child(unsafe { libc::fork() })
}

/// As [`fork`], with a new terminal for the child, and its other end for the parent.
///
/// # Safety
/// As for [`fork`].
pub(crate) unsafe fn forkpty() -> io::Result<Option<(Pid, OwnedFd)>> {
    let mut master = -1;
    // SAFETY: `master` has room for a descriptor; neither name, nor settings, nor size
    // are given. The caller answers for what the child does.
    let pid = unsafe { libc::forkpty(&raw mut master, std::ptr::null_mut(), null(), null()) };
    Ok(parent_or_child(pid)?.map(|pid| {
        // SAFETY: in the parent the descriptor is new, so that nobody else owns it.
        (pid, unsafe { OwnedFd::from_raw_fd(master) })
    }))
}

fn parent_or_child(pid: RawPid) -> io::Result<Option<Pid>> {
    match pid {
        -1 => Err(last_errno()),
        pid => Ok(Pid::from_raw(pid)),
    }
}

pub(crate) fn exit(status: c_int) -> ! {
    // SAFETY: ends the process, and runs no code of it.
    unsafe { libc::_exit(status) }
}

pub(crate) fn kill(pid: RawPid, signal: c_int) -> io::Result<()> {
    // SAFETY: numbers only.
    check(unsafe { libc::kill(pid, signal) }.into())?;
    Ok(())
}

pub(crate) fn killpg(pgid: RawPid, signal: c_int) -> io::Result<()> {
    // SAFETY: numbers only.
    check(unsafe { libc::killpg(pgid, signal) }.into())?;
    Ok(())
}

/// Has the process ignore a signal, or do what it does without being told.
pub(crate) fn ignore(signal: c_int, ignore: bool) -> io::Result<()> {
    let action = if ignore { libc::SIG_IGN } else { libc::SIG_DFL };
    // SAFETY: neither action is a function of this process.
    match unsafe { libc::signal(signal, action) } {
        libc::SIG_ERR => Err(last_errno()),
        _ => Ok(()),
    }
}

/// The status of a shell that has run `command`.
pub(crate) fn system(command: &CStr) -> io::Result<c_int> {
    // SAFETY: the command is a C string that outlives the call.
    match unsafe { libc::system(command.as_ptr()) } {
        -1 => Err(last_errno()),
        status => Ok(status),
    }
}
