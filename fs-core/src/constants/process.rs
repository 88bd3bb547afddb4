//! Python's constants of processes under their own names, each of the type of the call
//! that takes it.
//!
//! Where that type is an enum, the constant is its number.

use std::ffi::c_int;

use crate::WaitOptions;

/// The number of `FileAction::Open`.
#[doc(alias = "os.POSIX_SPAWN_OPEN")]
pub const POSIX_SPAWN_OPEN: c_int = 0;
/// The number of `FileAction::Close`.
#[doc(alias = "os.POSIX_SPAWN_CLOSE")]
pub const POSIX_SPAWN_CLOSE: c_int = 1;
/// The number of `FileAction::Dup2`.
#[doc(alias = "os.POSIX_SPAWN_DUP2")]
pub const POSIX_SPAWN_DUP2: c_int = 2;

/// `spawnv` and its like wait for the program.
#[doc(alias = "os.P_WAIT")]
pub const P_WAIT: c_int = 0;
/// `spawnv` and its like do not wait for the program.
#[doc(alias = "os.P_NOWAIT")]
pub const P_NOWAIT: c_int = 1;
/// `P_NOWAIT` under another name.
#[doc(alias = "os.P_NOWAITO")]
pub const P_NOWAITO: c_int = P_NOWAIT;

/// `waitid` waits for one child.
#[doc(alias = "os.P_PID")]
pub const P_PID: c_int = libc::P_PID as c_int;
/// `waitid` waits for the children of a process group.
#[doc(alias = "os.P_PGID")]
pub const P_PGID: c_int = libc::P_PGID as c_int;
/// `waitid` waits for any child.
#[doc(alias = "os.P_ALL")]
pub const P_ALL: c_int = libc::P_ALL as c_int;

/// `waitid` waits for children that have ended.
#[doc(alias = "os.WEXITED")]
pub const WEXITED: WaitOptions = WaitOptions::EXITED;
/// `waitid` waits for children that were stopped.
#[doc(alias = "os.WSTOPPED")]
pub const WSTOPPED: WaitOptions = WaitOptions::STOPPED;
/// `waitid` leaves the child to be waited for again.
#[doc(alias = "os.WNOWAIT")]
pub const WNOWAIT: WaitOptions = WaitOptions::NOWAIT;
/// Does not wait.
#[doc(alias = "os.WNOHANG")]
pub const WNOHANG: WaitOptions = WaitOptions::NOHANG;
/// Children that were continued count too.
#[doc(alias = "os.WCONTINUED")]
pub const WCONTINUED: WaitOptions = WaitOptions::CONTINUED;
/// Children that were stopped count too.
#[doc(alias = "os.WUNTRACED")]
pub const WUNTRACED: WaitOptions = WaitOptions::UNTRACED;

/// The child has ended by itself.
#[doc(alias = "os.CLD_EXITED")]
pub const CLD_EXITED: c_int = libc::CLD_EXITED;
/// A signal has ended the child. CPython has this name since 3.9.
#[doc(alias = "os.CLD_KILLED")]
pub const CLD_KILLED: c_int = libc::CLD_KILLED;
/// A signal has ended the child, and a core was dumped.
#[doc(alias = "os.CLD_DUMPED")]
pub const CLD_DUMPED: c_int = libc::CLD_DUMPED;
/// The child is traced, and its tracer has stopped it.
#[doc(alias = "os.CLD_TRAPPED")]
pub const CLD_TRAPPED: c_int = libc::CLD_TRAPPED;
/// A signal has stopped the child. CPython has this name since 3.9.
#[doc(alias = "os.CLD_STOPPED")]
pub const CLD_STOPPED: c_int = libc::CLD_STOPPED;
/// The child was continued.
#[doc(alias = "os.CLD_CONTINUED")]
pub const CLD_CONTINUED: c_int = libc::CLD_CONTINUED;

/// The table of [`super::constant`].
pub(super) static VALUES: &[(&str, i64)] = &[
    ("POSIX_SPAWN_OPEN", POSIX_SPAWN_OPEN as i64),
    ("POSIX_SPAWN_CLOSE", POSIX_SPAWN_CLOSE as i64),
    ("POSIX_SPAWN_DUP2", POSIX_SPAWN_DUP2 as i64),
    ("P_WAIT", P_WAIT as i64),
    ("P_NOWAIT", P_NOWAIT as i64),
    ("P_NOWAITO", P_NOWAITO as i64),
    ("P_PID", P_PID as i64),
    ("P_PGID", P_PGID as i64),
    ("P_ALL", P_ALL as i64),
    ("WEXITED", WEXITED.bits() as i64),
    ("WSTOPPED", WSTOPPED.bits() as i64),
    ("WNOWAIT", WNOWAIT.bits() as i64),
    ("WNOHANG", WNOHANG.bits() as i64),
    ("WCONTINUED", WCONTINUED.bits() as i64),
    ("WUNTRACED", WUNTRACED.bits() as i64),
    ("CLD_EXITED", CLD_EXITED as i64),
    ("CLD_KILLED", CLD_KILLED as i64),
    ("CLD_DUMPED", CLD_DUMPED as i64),
    ("CLD_TRAPPED", CLD_TRAPPED as i64),
    ("CLD_STOPPED", CLD_STOPPED as i64),
    ("CLD_CONTINUED", CLD_CONTINUED as i64),
];
