//! Which mount, and which directory, something is: asked without a request to any daemon.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, CWD, Statx, StatxAttributes, StatxFlags};
use rustix::io::{Errno, Result};
use rustix::path::Arg;

/// `STATX_MNT_ID_UNIQUE`, since Linux 6.8; rustix has no name for it yet.
const MNT_ID_UNIQUE: StatxFlags = StatxFlags::from_bits_retain(0x4000);

/// A mount, told from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MountId {
    /// Never given twice.
    Unique(u64),
    /// Before Linux 6.8: given again as soon as the mount is gone, so the number of the file
    /// system is looked at as well.
    Reusable {
        /// The mount's number in `/proc/self/mountinfo`.
        mount: u64,
        /// Major and minor number of the file system.
        device: (u32, u32),
    },
}

/// A directory, told from all others; the same through every mount of its file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DirectoryId {
    device: (u32, u32),
    ino: u64,
}

/// The mount that `fd` is on.
pub(crate) fn mount_of(fd: impl AsFd) -> Result<MountId> {
    mount_id(&quiet_statx(fd, c"", AtFlags::EMPTY_PATH, MNT_ID_UNIQUE | StatxFlags::MNT_ID)?)
}

/// The topmost mount at `path`.
pub(crate) fn mount_at(path: impl Arg) -> Result<MountId> {
    mount_id(&quiet_statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, MNT_ID_UNIQUE | StatxFlags::MNT_ID)?)
}

/// The number of the mount that `fd` is on, in `/proc/self/mountinfo`.
pub(crate) fn mount_number(fd: impl AsFd) -> Result<u64> {
    let status = quiet_statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?;
    if status.stx_mask & StatxFlags::MNT_ID.bits() == 0 { Err(Errno::NOSYS) } else { Ok(status.stx_mnt_id) }
}

/// The number of the mount that `fd` is on, in `/proc/self/mountinfo`, if `fd` is the
/// root of that mount.
pub(crate) fn mountinfo_number(fd: impl AsFd) -> Result<Option<u64>> {
    let status = quiet_statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?;
    let is_root = status.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
    Ok(is_root.then_some(status.stx_mnt_id))
}

/// The directory that `fd` is.
pub(crate) fn directory(fd: impl AsFd) -> Result<DirectoryId> {
    let status = quiet_statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::INO)?;
    Ok(DirectoryId { device: (status.stx_dev_major, status.stx_dev_minor), ino: status.stx_ino })
}

/// `statx` from what the kernel remembers: a FUSE daemon that is dead or stuck is not asked.
fn quiet_statx(fd: impl AsFd, path: impl Arg, flags: AtFlags, mask: StatxFlags) -> Result<Statx> {
    rustix::fs::statx(fd, path, flags | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC, mask)
}

fn mount_id(status: &Statx) -> Result<MountId> {
    let mask = StatxFlags::from_bits_retain(status.stx_mask);
    if mask.contains(MNT_ID_UNIQUE) {
        Ok(MountId::Unique(status.stx_mnt_id))
    } else if mask.contains(StatxFlags::MNT_ID) {
        let device = (status.stx_dev_major, status.stx_dev_minor);
        Ok(MountId::Reusable { mount: status.stx_mnt_id, device })
    } else {
        Err(Errno::NOSYS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_mounts_differ_and_one_is_itself() {
        let proc = mount_at("/proc").unwrap();
        assert_eq!(mount_at("/proc").unwrap(), proc);
        assert_ne!(mount_at("/").unwrap(), proc);
        assert_eq!(mount_of(std::fs::File::open("/proc").unwrap()).unwrap(), proc);
    }

    #[test]
    fn only_the_root_of_a_mount_has_its_number() {
        let number = |path: &str| mountinfo_number(std::fs::File::open(path).unwrap()).unwrap();
        assert!(number("/proc").is_some());
        assert_eq!(number("/proc/self"), None);
    }

    #[test]
    fn a_directory_is_itself_by_any_path() {
        let id = |path: &str| directory(std::fs::File::open(path).unwrap()).unwrap();
        assert_eq!(id("/proc"), id("/proc/sys/.."));
        assert_ne!(id("/proc"), id("/proc/sys"));
    }
}
