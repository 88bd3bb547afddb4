//! Why a file system cannot be watched, and what can be done about it.

use std::fmt;

use fs_core::{Errno, Error};

/// Why a file system cannot be watched; printed with what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwatched {
    errno: Errno,
    /// There is no group, so the file system has nothing to do with it.
    is_group: bool,
}

impl Unwatched {
    pub(super) fn group(errno: Errno) -> Self {
        Unwatched { errno, is_group: true }
    }

    pub(super) fn file_system(errno: Errno) -> Self {
        Unwatched { errno, is_group: false }
    }

    /// What is missing, and what to do where something can be done.
    fn reason(self) -> &'static str {
        match (self.errno, self.is_group) {
            (Errno::PERM, _) => "it needs CAP_SYS_ADMIN: mount as root, outside of user namespaces",
            (Errno::NOSYS, _) => "the kernel has no fanotify",
            (Errno::INVAL, true) => "it needs Linux 5.17",
            (Errno::MFILE, true) => "the user has too many fanotify groups: raise fs.fanotify.max_user_groups",
            (Errno::NOSPC, _) => "the user has too many fanotify marks: raise fs.fanotify.max_user_marks",
            (Errno::OPNOTSUPP, _) => "the file system has no file handles; overlayfs has them with nfs_export=on",
            (Errno::NODEV, _) => "the file system has no id",
            (Errno::XDEV, _) => {
                "a subvolume of btrfs cannot be watched by itself: mount from the top of the file system"
            }
            _ => "the kernel refuses to",
        }
    }
}

impl fmt::Display for Unwatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason(), Error::Os(self.errno))
    }
}

impl std::error::Error for Unwatched {}
