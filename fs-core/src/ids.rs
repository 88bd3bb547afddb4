//! The user and group ids of the process.
//!
//! The kernel keeps ids by thread. The functions that set are the C library's, which
//! change all threads of the process, each interrupted for it, or end the process if
//! they cannot. A file server that acts for a caller changes one thread only, and wants
//! `rustix::thread::set_thread_uid` and its kind instead.
//!
//! `None` keeps an id (Python's -1).

use crate::{Gid, Result, Uid, sys};

/// The real user id: who started the process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getuid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getuid)
#[doc(alias = "os.getuid")]
pub fn getuid() -> Uid {
    rustix::process::getuid()
}

/// The effective user id: whose rights the process has.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/geteuid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.geteuid)
#[doc(alias = "os.geteuid")]
pub fn geteuid() -> Uid {
    rustix::process::geteuid()
}

/// The real group id.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getgid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getgid)
#[doc(alias = "os.getgid")]
pub fn getgid() -> Gid {
    rustix::process::getgid()
}

/// The effective group id.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getegid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getegid)
#[doc(alias = "os.getegid")]
pub fn getegid() -> Gid {
    rustix::process::getegid()
}

/// The real, the effective and the saved user id.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/getresuid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getresuid)
#[doc(alias = "os.getresuid")]
pub fn getresuid() -> (Uid, Uid, Uid) {
    sys::ids::getresuid()
}

/// The real, the effective and the saved group id.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/getresgid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getresgid)
#[doc(alias = "os.getresgid")]
pub fn getresgid() -> (Gid, Gid, Gid) {
    sys::ids::getresgid()
}

/// Sets the effective user id, and for a privileged process the real and the saved one too:
/// then there is no way back.
///
/// # Errors
/// - `EPERM`: without the capability `CAP_SETUID` an id may only become one of those that the
///   process has.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/setuid.html),
/// [Linux](https://man7.org/linux/man-pages/man2/setuid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setuid)
#[doc(alias = "os.setuid")]
pub fn setuid(uid: Uid) -> Result<()> {
    Ok(sys::ids::setuid(uid)?)
}

/// Sets the effective user id only.
///
/// # Errors
/// - `EPERM`: without the capability `CAP_SETUID` an id may only become one of those that the
///   process has.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/seteuid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.seteuid)
#[doc(alias = "os.seteuid")]
pub fn seteuid(euid: Uid) -> Result<()> {
    Ok(sys::ids::seteuid(euid)?)
}

/// Sets the real and the effective user id.
///
/// The saved one becomes the new effective one, if the real one is set, or the effective
/// one to something else than the real one was.
///
/// # Errors
/// - `EPERM`: without the capability `CAP_SETUID` an id may only become one of those that the
///   process has.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/setreuid.html),
/// [Linux](https://man7.org/linux/man-pages/man2/setreuid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setreuid)
#[doc(alias = "os.setreuid")]
pub fn setreuid(ruid: Option<Uid>, euid: Option<Uid>) -> Result<()> {
    Ok(sys::ids::setreuid(ruid, euid)?)
}

/// Sets the real, the effective and the saved user id.
///
/// # Errors
/// - `EPERM`: without the capability `CAP_SETUID` an id may only become one of those that the
///   process has.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/setresuid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setresuid)
#[doc(alias = "os.setresuid")]
pub fn setresuid(ruid: Option<Uid>, euid: Option<Uid>, suid: Option<Uid>) -> Result<()> {
    Ok(sys::ids::setresuid(ruid, euid, suid)?)
}

/// Sets the effective group id, and for a privileged process the real and the saved one too:
/// then there is no way back.
///
/// # Errors
/// - `EPERM`: without the capability `CAP_SETGID` an id may only become one of those that the
///   process has.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/setgid.html),
/// [Linux](https://man7.org/linux/man-pages/man2/setgid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setgid)
#[doc(alias = "os.setgid")]
pub fn setgid(gid: Gid) -> Result<()> {
    Ok(sys::ids::setgid(gid)?)
}

/// Sets the effective group id only.
///
/// # Errors
/// - `EPERM`: without the capability `CAP_SETGID` an id may only become one of those that the
///   process has.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/setegid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setegid)
#[doc(alias = "os.setegid")]
pub fn setegid(egid: Gid) -> Result<()> {
    Ok(sys::ids::setegid(egid)?)
}

/// Sets the real and the effective group id.
///
/// The saved one becomes the new effective one, if the real one is set, or the effective
/// one to something else than the real one was.
///
/// # Errors
/// - `EPERM`: without the capability `CAP_SETGID` an id may only become one of those that the
///   process has.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/setregid.html),
/// [Linux](https://man7.org/linux/man-pages/man2/setregid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setregid)
#[doc(alias = "os.setregid")]
pub fn setregid(rgid: Option<Gid>, egid: Option<Gid>) -> Result<()> {
    Ok(sys::ids::setregid(rgid, egid)?)
}

/// Sets the real, the effective and the saved group id.
///
/// # Errors
/// - `EPERM`: without the capability `CAP_SETGID` an id may only become one of those that the
///   process has.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/setresgid.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setresgid)
#[doc(alias = "os.setresgid")]
pub fn setresgid(rgid: Option<Gid>, egid: Option<Gid>, sgid: Option<Gid>) -> Result<()> {
    Ok(sys::ids::setresgid(rgid, egid, sgid)?)
}
