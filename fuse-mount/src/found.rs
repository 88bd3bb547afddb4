//! An inode of the source as it was found: its status, and the mount that it was reached by.

use std::os::fd::OwnedFd;

use fs_core::linux::{StatxFlags, statx_without_automount};
use fs_core::{Errno, Follow, StatResult, Target};

use crate::number::Origin;

/// An inode as it was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its status at that moment.
    pub status: StatResult,
    /// The mount by which it was reached, as `/proc/self/mountinfo` numbers it; 0 before Linux 5.8, which does not tell.
    pub mount: u64,
}

impl Found {
    /// What is at `name` in `dir`, be it a symbolic link.
    pub fn at(dir: &OwnedFd, name: &[u8]) -> Result<Self, Errno> {
        Found::look((dir, name), Follow::No)
    }

    /// What `fd` is open on.
    pub fn by(fd: &OwnedFd) -> Result<Self, Errno> {
        Found::look(fd, Follow::Yes)
    }

    fn look<'a>(target: impl Into<Target<'a>>, follow: Follow) -> Result<Self, Errno> {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
        let status = statx_without_automount(target, follow, wanted)?;
        Ok(Found { status: StatResult::from(&status), mount: status.mnt_id().unwrap_or(0) })
    }

    /// Where its number is one of.
    pub(crate) fn origin(&self) -> Origin {
        Origin { mount: self.mount, device: self.status.st_dev() }
    }
}
