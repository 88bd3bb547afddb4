//! A mount namespace of the program's own: what is mounted in it nobody else sees, and it is gone
//! with the last process of the program.

#![expect(unsafe_code, reason = "unsharing may part threads from what they share")]

use std::path::Path;

use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Where the kernel lets connections be aborted.
const CONNECTIONS: &str = "/sys/fs/fuse/connections";

/// Moves into a mount namespace of its own, in which connections of FUSE can be aborted.
///
/// Only while there is one thread: others would stay behind.
///
/// # Errors
/// Why there is none, in words: it takes root.
pub fn be_alone() -> Result<(), String> {
    // SAFETY: only the mount namespace is unshared; no descriptor changes its owner.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.map_err(|error| format!("a mount namespace: {error}"))?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).map_err(|error| match error {
        Errno::INVAL => "no mounts of our own: / is no mount here, as in a chroot without one".to_owned(),
        error => format!("a mount namespace that is private: {error}"),
    })?;
    if Path::new(CONNECTIONS).is_dir() {
        // Where it is mounted already this is refused, or makes no difference.
        let _ = mount("fusectl", CONNECTIONS, "fusectl", MountFlags::empty(), None);
    }
    Ok(())
}
