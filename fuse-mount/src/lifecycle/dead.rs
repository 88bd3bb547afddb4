//! A mount that has lost its daemon, and what to do about it: all that is below it gives ENOTCONN.

use std::fmt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// The command that takes the mount at a path away.
pub(super) fn unmount_command(mountpoint: impl fmt::Display) -> String {
    match rustix::process::geteuid().is_root() {
        true => format!("umount {mountpoint}"),
        false => format!("fusermount3 -u {mountpoint}"),
    }
}

/// What to add to a message that `path` gives this error: nothing, unless a dead mount is the reason.
pub(super) fn hint(path: &Path, errno: Errno) -> String {
    if errno != Errno::NOTCONN {
        return String::new();
    }
    let Some(mountpoint) = mountpoint_above(path) else { return String::new() };
    let shown = mountpoint.display();
    format!("; what was mounted at {shown} has lost its daemon; unmount it: {}", unmount_command(&shown))
}

/// The dead mount's place: the first directory on the way that gives that error. Those above it have answered before.
fn mountpoint_above(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let is_dead = |path: &&Path| rustix::fs::stat(*path).err() == Some(Errno::NOTCONN);
    let way: Vec<&Path> = path.ancestors().collect();
    way.into_iter().rev().find(is_dead).map(Path::to_owned)
}
