//! Signals to processes.

use crate::audit::{self, Arg};
use crate::{Error, RawPid, Result, sys};

/// Sends the signal `sig` to a process; to the caller's process group if `pid` is 0, to
/// all processes that the caller may send it to if it is -1, and to the process group
/// `-pid` below that.
///
/// Signal 0 is not sent: it asks whether it could be.
///
/// # Errors
/// - `ESRCH`: there is no such process or group. One that has ended and was not waited
///   for is still there.
/// - `EPERM`: the caller may not. `EINVAL`: there is no such signal.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/kill.html),
/// [Linux](https://man7.org/linux/man-pages/man2/kill.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.kill)
#[doc(alias = "os.kill")]
pub fn kill(pid: RawPid, sig: i32) -> Result<()> {
    audit::raise("os.kill", || [Arg::Int(pid.into()), Arg::Int(sig.into())])?;
    Ok(sys::process::kill(pid, sig)?)
}

/// Sends the signal `sig` to a process group; to the caller's own if `pgid` is 0.
///
/// Group 1 is refused, which Python does not: the C library would send the signal to
/// every process there is.
///
/// # Errors
/// - [`Error::Invalid`]: the group is 1.
/// - `EINVAL`: the group is negative, or there is no such signal. Else as [`kill`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/killpg.html),
/// [Linux](https://man7.org/linux/man-pages/man3/killpg.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.killpg)
#[doc(alias = "os.killpg")]
pub fn killpg(pgid: RawPid, sig: i32) -> Result<()> {
    if pgid == 1 {
        // `killpg(1, sig)` is `kill(-1, sig)`.
        return Err(Error::Invalid("process group 1 cannot be told from all processes"));
    }
    audit::raise("os.killpg", || [Arg::Int(pgid.into()), Arg::Int(sig.into())])?;
    Ok(sys::process::killpg(pgid, sig)?)
}
