//! Ends a mount, and no other mount than that.

use std::os::fd::AsRawFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::{Errno, Result};
use rustix::mount::{UnmountFlags, unmount};

use super::fusermount;
use super::identity::{self, MountId};

/// What became of a mount that was to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It is gone from its mountpoint.
    Gone,
    /// It was not there: somebody else ended it, or mounted something over it.
    NotThere,
    /// Something is open on it, or somebody's working directory is there.
    Busy,
}

/// Ends the mount `id` at `mountpoint` unless it is in use.
pub(super) fn if_idle(mountpoint: &Path, id: MountId) -> Result<Ended> {
    if identity::mount_at(mountpoint) != Ok(id) {
        return Ok(Ended::NotThere);
    }
    match unmount(mountpoint, UnmountFlags::NOFOLLOW) {
        Ok(()) => Ok(Ended::Gone),
        Err(Errno::BUSY) => Ok(Ended::Busy),
        Err(Errno::INVAL | Errno::NOENT) => Ok(Ended::NotThere),
        // The helper does not say why it failed. What can be wrong is that it is busy.
        Err(Errno::PERM) if fusermount::unmount(mountpoint, false) => Ok(Ended::Gone),
        Err(Errno::PERM) => Ok(Ended::Busy),
        Err(errno) => Err(errno),
    }
}

/// Takes the mount `id` away from `mountpoint` at once. What is open on it goes on working for
/// as long as the daemon lives.
pub(super) fn lazily(mountpoint: &Path, id: MountId) -> Result<Ended> {
    // Through a descriptor, so that what is taken away is what was looked at.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let root = match rustix::fs::openat(CWD, mountpoint, flags, Mode::empty()) {
        Ok(root) => root,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Ended::NotThere),
        Err(errno) => return Err(errno),
    };
    if identity::mount_of(&root) != Ok(id) {
        return Ok(Ended::NotThere);
    }
    match unmount(format!("/proc/self/fd/{}", root.as_raw_fd()), UnmountFlags::DETACH) {
        Ok(()) => Ok(Ended::Gone),
        Err(Errno::PERM) => {
            drop(root);
            if fusermount::unmount(mountpoint, true) { Ok(Ended::Gone) } else { Err(Errno::PERM) }
        }
        // No /proc: by path, a moment after the look.
        Err(Errno::NOENT) => unmount(mountpoint, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW).map(|()| Ended::Gone),
        Err(errno) => Err(errno),
    }
}
