//! What the functions take here: Python's `supports_*` sets.
//!
//! They name what CPython names. Beyond that, [`crate::truncate`], [`crate::statvfs`],
//! [`crate::pathconf`], [`crate::listdir`], [`crate::scandir`], [`crate::chdir`],
//! [`crate::execve`] and the four calls of extended attributes take a path below a
//! directory descriptor, the latter a descriptor too, and [`crate::chmod`] does not follow
//! links if told so.

use std::sync::OnceLock;

use bitflags::bitflags;

use crate::{Access, AccessOptions, Follow, try_access};

bitflags! {
    /// Functions of the library, as a set.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct OsFnSet: u32 {
        /// [`access`](crate::access)
        const ACCESS = 1;
        /// [`chdir`](crate::chdir)
        const CHDIR = 1 << 1;
        /// [`chmod`](crate::chmod)
        const CHMOD = 1 << 2;
        /// [`chown`](crate::chown)
        const CHOWN = 1 << 3;
        /// [`execve`](crate::execve)
        const EXECVE = 1 << 4;
        /// [`link`](crate::link)
        const LINK = 1 << 5;
        /// [`listdir`](crate::listdir)
        const LISTDIR = 1 << 6;
        /// [`mkdir`](crate::mkdir)
        const MKDIR = 1 << 7;
        /// [`mkfifo`](crate::mkfifo)
        const MKFIFO = 1 << 8;
        /// [`mknod`](crate::mknod)
        const MKNOD = 1 << 9;
        /// [`open`](crate::open)
        const OPEN = 1 << 10;
        /// [`pathconf`](crate::pathconf)
        const PATHCONF = 1 << 11;
        /// [`readlink`](crate::readlink)
        const READLINK = 1 << 12;
        /// [`rename`](crate::rename)
        const RENAME = 1 << 13;
        /// [`rmdir`](crate::rmdir)
        const RMDIR = 1 << 14;
        /// [`scandir`](crate::scandir)
        const SCANDIR = 1 << 15;
        /// [`stat`](crate::stat())
        const STAT = 1 << 16;
        /// [`statvfs`](crate::statvfs())
        const STATVFS = 1 << 17;
        /// [`symlink`](crate::symlink)
        const SYMLINK = 1 << 18;
        /// [`truncate`](crate::truncate)
        const TRUNCATE = 1 << 19;
        /// [`unlink`](crate::unlink)
        const UNLINK = 1 << 20;
        /// [`utime`](crate::utime)
        const UTIME = 1 << 21;
        /// [`lstat`](crate::lstat)
        const LSTAT = 1 << 22;
    }
}

/// The functions that take a path below a directory descriptor. `lstat` is among them since Python 3.13; it took one before.
#[doc(alias = "os.supports_dir_fd")]
pub fn supports_dir_fd() -> OsFnSet {
    OsFnSet::ACCESS
        | OsFnSet::CHMOD
        | OsFnSet::CHOWN
        | OsFnSet::LINK
        | OsFnSet::LSTAT
        | OsFnSet::MKDIR
        | OsFnSet::MKFIFO
        | OsFnSet::MKNOD
        | OsFnSet::OPEN
        | OsFnSet::READLINK
        | OsFnSet::RENAME
        | OsFnSet::RMDIR
        | OsFnSet::STAT
        | OsFnSet::SYMLINK
        | OsFnSet::UNLINK
        | OsFnSet::UTIME
}

/// The functions that take a descriptor for a path.
#[doc(alias = "os.supports_fd")]
pub fn supports_fd() -> OsFnSet {
    OsFnSet::CHDIR
        | OsFnSet::CHMOD
        | OsFnSet::CHOWN
        | OsFnSet::EXECVE
        | OsFnSet::LISTDIR
        | OsFnSet::PATHCONF
        | OsFnSet::SCANDIR
        | OsFnSet::STAT
        | OsFnSet::STATVFS
        | OsFnSet::TRUNCATE
        | OsFnSet::UTIME
}

/// The functions that can leave a symbolic link at the end of the path alone.
///
/// `access` needs a kernel with `faccessat2` (5.8), which is tried out once.
#[doc(alias = "os.supports_follow_symlinks")]
pub fn supports_follow_symlinks() -> OsFnSet {
    let always = OsFnSet::CHOWN | OsFnSet::LINK | OsFnSet::STAT | OsFnSet::UTIME;
    static ACCESS: OnceLock<OsFnSet> = OnceLock::new();
    always | *ACCESS.get_or_init(|| if_known(AccessOptions { follow: Follow::No, effective_ids: false }))
}

/// `access`, if it can ask for the effective ids here, which is tried out once.
#[doc(alias = "os.supports_effective_ids")]
pub fn supports_effective_ids() -> OsFnSet {
    static ACCESS: OnceLock<OsFnSet> = OnceLock::new();
    *ACCESS.get_or_init(|| if_known(AccessOptions { effective_ids: true, follow: Follow::Yes }))
}

fn if_known(options: AccessOptions) -> OsFnSet {
    // The root exists for everybody, so that only a call that is missing, or a sandbox
    // that does not know it, says no.
    match try_access("/", Access::EXISTS, options) {
        Ok(()) => OsFnSet::ACCESS,
        Err(_) => OsFnSet::empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_are_those_of_cpython() {
        // len(os.supports_dir_fd), and so on, of CPython 3.13
        assert_eq!(supports_dir_fd().iter().count(), 16);
        assert_eq!(supports_fd().iter().count(), 11);
        assert_eq!(supports_follow_symlinks().iter().count(), 5);
        assert_eq!(supports_effective_ids(), OsFnSet::ACCESS);
    }
}
