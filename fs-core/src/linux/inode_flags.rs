#![expect(unsafe_code, reason = "two ioctls that rustix lacks")]
//! Flags of inodes that are no permissions: immutable, append-only, no copy on write, a project.

use std::os::fd::AsFd;

use rustix::fs::{ioctl_getflags, ioctl_setflags};
use rustix::io::retry_on_intr;
use rustix::ioctl::{Getter, Opcode, Setter, ioctl, opcode};

pub use rustix::fs::IFlags as InodeFlags;

use crate::Result;

/// Gets the flags of an inode, as `lsattr` shows them.
///
/// # Errors
/// - `ENOTTY`: the file system has none. `EBADF`: an `O_PATH` descriptor.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/FS_IOC_SETFLAGS.2const.html)
#[doc(alias = "FS_IOC_GETFLAGS")]
pub fn inode_flags(fd: impl AsFd) -> Result<InodeFlags> {
    Ok(retry_on_intr(|| ioctl_getflags(&fd))?)
}

/// Sets the flags of an inode, as `chattr` does.
///
/// # Errors
/// - `EPERM`: the caller is not the owner, or changes `IMMUTABLE` or `APPEND` without the
///   capability `CAP_LINUX_IMMUTABLE`. `EOPNOTSUPP`: a flag that the file system does not know.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/FS_IOC_SETFLAGS.2const.html)
#[doc(alias = "FS_IOC_SETFLAGS")]
pub fn set_inode_flags(fd: impl AsFd, flags: InodeFlags) -> Result<()> {
    Ok(retry_on_intr(|| ioctl_setflags(&fd, flags))?)
}

/// What [`extended_flags`] tells of an inode: `struct fsxattr`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
#[doc(alias = "fsxattr")]
pub struct ExtendedFlags {
    /// `FS_XFLAG_*` bits, which are not those of [`InodeFlags`].
    pub flags: u32,
    /// The hint for the size of an extent, in bytes.
    pub extent_size: u32,
    /// How many extents there are; not set.
    pub extent_count: u32,
    /// The project that the inode's storage is accounted to.
    pub project: u32,
    /// The hint for the size of an extent that is copied on write, in bytes.
    pub cow_extent_size: u32,
    /// Nothing yet.
    pub rest: [u8; 8],
}

const GET: Opcode = opcode::read::<ExtendedFlags>(b'X', 31);
const SET: Opcode = opcode::write::<ExtendedFlags>(b'X', 32);

/// Gets the extended flags of an inode.
///
/// # Errors
/// As [`inode_flags`].
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/FS_IOC_FSGETXATTR.2const.html)
#[doc(alias = "FS_IOC_FSGETXATTR")]
pub fn extended_flags(fd: impl AsFd) -> Result<ExtendedFlags> {
    Ok(retry_on_intr(|| {
        // SAFETY: the opcode fills in one such struct.
        let getter = unsafe { Getter::<GET, ExtendedFlags>::new() };
        // SAFETY: the struct is plain numbers, so whatever is filled in is valid.
        unsafe { ioctl(&fd, getter) }
    })?)
}

/// Sets the extended flags of an inode.
///
/// # Errors
/// As [`set_inode_flags`]; `EINVAL`: a size that the file system cannot have.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/FS_IOC_FSGETXATTR.2const.html)
#[doc(alias = "FS_IOC_FSSETXATTR")]
pub fn set_extended_flags(fd: impl AsFd, flags: ExtendedFlags) -> Result<()> {
    Ok(retry_on_intr(|| {
        // SAFETY: the opcode reads one such struct.
        let setter = unsafe { Setter::<SET, ExtendedFlags>::new(flags) };
        // SAFETY: as above; it changes no memory.
        unsafe { ioctl(&fd, setter) }
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errno;

    #[test]
    fn flags_are_set_and_read() {
        let file = tempfile::tempfile().unwrap();
        let before = match inode_flags(&file) {
            Err(error) if matches!(error.errno(), Errno::NOTTY | Errno::OPNOTSUPP) => {
                return eprintln!("not run: the file system of the temporary directory has no flags");
            }
            result => result.unwrap(),
        };
        set_inode_flags(&file, before | InodeFlags::NODUMP).unwrap();
        assert_eq!(inode_flags(&file).unwrap(), before | InodeFlags::NODUMP);
        const NODUMP: u32 = 0x80;
        let extended = match extended_flags(&file) {
            Err(error) if error.errno() == Errno::NOTTY => return,
            result => result.unwrap(),
        };
        assert_eq!(extended.flags & NODUMP, NODUMP);
        set_extended_flags(&file, ExtendedFlags { flags: extended.flags & !NODUMP, ..extended }).unwrap();
        assert_eq!(inode_flags(&file).unwrap(), before);
    }
}
