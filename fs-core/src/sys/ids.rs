#![expect(unsafe_code, reason = "ids that rustix sets for one thread only, or reads wrongly")]
//! Ids as the C library sets them: for all threads.

use std::ffi::{CStr, c_int};

use rustix::io::{self, Errno};
use rustix::process::{Gid, Pid, Uid};

use super::linux::{check, last_errno};

fn done(result: c_int) -> io::Result<()> {
    check(result.into()).map(drop)
}

/// The number that keeps an id.
const KEEP_UID: libc::uid_t = libc::uid_t::MAX;

fn raw_uid(uid: Option<Uid>) -> libc::uid_t {
    uid.map_or(KEEP_UID, Uid::as_raw)
}

pub(crate) fn setuid(uid: Uid) -> io::Result<()> {
    // SAFETY: numbers only.
    done(unsafe { libc::setuid(uid.as_raw()) })
}

pub(crate) fn seteuid(euid: Uid) -> io::Result<()> {
    // SAFETY: numbers only.
    done(unsafe { libc::seteuid(euid.as_raw()) })
}

pub(crate) fn setreuid(ruid: Option<Uid>, euid: Option<Uid>) -> io::Result<()> {
    // SAFETY: numbers only.
    done(unsafe { libc::setreuid(raw_uid(ruid), raw_uid(euid)) })
}

pub(crate) fn setresuid(ruid: Option<Uid>, euid: Option<Uid>, suid: Option<Uid>) -> io::Result<()> {
    // SAFETY: numbers only.
    done(unsafe { libc::setresuid(raw_uid(ruid), raw_uid(euid), raw_uid(suid)) })
}

pub(crate) fn getresuid() -> (Uid, Uid, Uid) {
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    // SAFETY: the three numbers are written.
    let result = unsafe { libc::getresuid(&raw mut real, &raw mut effective, &raw mut saved) };
    assert_eq!(result, 0, "the call only fails for bad addresses");
    (Uid::from_raw(real), Uid::from_raw(effective), Uid::from_raw(saved))
}

/// The number that keeps an id.
const KEEP_GID: libc::gid_t = libc::gid_t::MAX;

fn raw_gid(gid: Option<Gid>) -> libc::gid_t {
    gid.map_or(KEEP_GID, Gid::as_raw)
}

pub(crate) fn setgid(gid: Gid) -> io::Result<()> {
    // SAFETY: numbers only.
    done(unsafe { libc::setgid(gid.as_raw()) })
}

pub(crate) fn setegid(egid: Gid) -> io::Result<()> {
    // SAFETY: numbers only.
    done(unsafe { libc::setegid(egid.as_raw()) })
}

pub(crate) fn setregid(rgid: Option<Gid>, egid: Option<Gid>) -> io::Result<()> {
    // SAFETY: numbers only.
    done(unsafe { libc::setregid(raw_gid(rgid), raw_gid(egid)) })
}

pub(crate) fn setresgid(rgid: Option<Gid>, egid: Option<Gid>, sgid: Option<Gid>) -> io::Result<()> {
    // SAFETY: numbers only.
    done(unsafe { libc::setresgid(raw_gid(rgid), raw_gid(egid), raw_gid(sgid)) })
}

pub(crate) fn getresgid() -> (Gid, Gid, Gid) {
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    // SAFETY: the three numbers are written.
    let result = unsafe { libc::getresgid(&raw mut real, &raw mut effective, &raw mut saved) };
    assert_eq!(result, 0, "the call only fails for bad addresses");
    (Gid::from_raw(real), Gid::from_raw(effective), Gid::from_raw(saved))
}

/// The groups of the process.
///
/// rustix takes the number of groups and the groups with two calls, and believes the
/// first: a list that shrinks between them gains groups 0, and one that grows fails.
pub(crate) fn getgroups() -> io::Result<Vec<Gid>> {
    loop {
        // SAFETY: with room for none, nothing is written.
        let count = check(unsafe { libc::getgroups(0, std::ptr::null_mut()) }.into())?;
        let mut groups: Vec<libc::gid_t> = vec![0; count];
        let room = c_int::try_from(count).map_err(|_| Errno::INVAL)?;
        if room == 0 {
            return Ok(Vec::new());
        }
        // SAFETY: there is room for as many groups as the call is told.
        match check(unsafe { libc::getgroups(room, groups.as_mut_ptr()) }.into()) {
            Ok(count) => return Ok(groups[..count].iter().map(|gid| Gid::from_raw(*gid)).collect()),
            // There are more by now.
            Err(Errno::INVAL) => {}
            Err(errno) => return Err(errno),
        }
    }
}

pub(crate) fn setgroups(groups: &[Gid]) -> io::Result<()> {
    let groups: Vec<libc::gid_t> = groups.iter().map(|gid| gid.as_raw()).collect();
    // SAFETY: as many groups are read as there are.
    done(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })
}

pub(crate) fn initgroups(user: &CStr, group: Gid) -> io::Result<()> {
    // SAFETY: the name is a C string that outlives the call.
    done(unsafe { libc::initgroups(user.as_ptr(), group.as_raw()) })
}

pub(crate) fn getgrouplist(user: &CStr, group: Gid) -> Vec<Gid> {
    let mut groups: Vec<libc::gid_t> = vec![0; 32];
    loop {
        let mut count = c_int::try_from(groups.len()).unwrap_or(c_int::MAX);
        // SAFETY: there is room for `count` groups, and the name is a C string.
        let result = unsafe { libc::getgrouplist(user.as_ptr(), group.as_raw(), groups.as_mut_ptr(), &raw mut count) };
        let needed = usize::try_from(count).unwrap_or(0);
        if result >= 0 {
            return groups[..needed].iter().map(|gid| Gid::from_raw(*gid)).collect();
        }
        // Too little room; the groups may grow again before the next call.
        groups.resize(needed.max(2 * groups.len()), 0);
    }
}

/// A process that may have no number here, because it is outside of the PID namespace:
/// the kernel says 0, which is no value of `Pid`, and of which rustix makes one.
fn pid_or_outside(result: libc::pid_t) -> io::Result<Option<Pid>> {
    match result {
        -1 => Err(last_errno()),
        pid => Ok(Pid::from_raw(pid)),
    }
}

pub(crate) fn getpgid(pid: Option<Pid>) -> io::Result<Option<Pid>> {
    // SAFETY: numbers only.
    pid_or_outside(unsafe { libc::getpgid(Pid::as_raw(pid)) })
}

pub(crate) fn getsid(pid: Option<Pid>) -> io::Result<Option<Pid>> {
    // SAFETY: numbers only.
    pid_or_outside(unsafe { libc::getsid(Pid::as_raw(pid)) })
}

pub(crate) fn tcgetpgrp(fd: std::os::fd::BorrowedFd<'_>) -> io::Result<Option<Pid>> {
    use std::os::fd::AsRawFd;
    // SAFETY: numbers only.
    pid_or_outside(unsafe { libc::tcgetpgrp(fd.as_raw_fd()) })
}
