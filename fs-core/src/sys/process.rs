#![expect(unsafe_code, reason = "calls that take raw ids and signals, and the end of the process")]
//! Processes: how they are signalled and ended.

use std::ffi::c_int;

use rustix::io;
use rustix::process::RawPid;

use super::linux::check;

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
