//! Status of the file system that holds a file.

use std::os::fd::AsFd;

use bitflags::bitflags;
use rustix::io::retry_on_intr;

use crate::{Follow, Result, Target, sys};

bitflags! {
    /// How a file system is mounted: the `ST_*` bits of [`StatVfs::f_flag`].
    ///
    /// Bits without a name are kept, but for the one by which the kernel says that
    /// the others are valid.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct StFlags: u64 {
        /// Nothing can be written.
        const RDONLY = libc::ST_RDONLY;
        /// Set-id bits have no effect.
        const NOSUID = libc::ST_NOSUID;
        /// Device nodes cannot be opened.
        const NODEV = libc::ST_NODEV;
        /// Programs cannot be executed.
        const NOEXEC = libc::ST_NOEXEC;
        /// Writes wait until they are on storage.
        const SYNCHRONOUS = libc::ST_SYNCHRONOUS;
        /// Mandatory locks are honoured.
        const MANDLOCK = libc::ST_MANDLOCK;
        /// Of the C library; no Linux file system reports it.
        const WRITE = libc::ST_WRITE;
        /// Of the C library; no Linux file system reports it.
        const APPEND = libc::ST_APPEND;
        /// Of the C library; no Linux file system reports it.
        const IMMUTABLE = libc::ST_IMMUTABLE;
        /// Access times are not kept.
        const NOATIME = libc::ST_NOATIME;
        /// Access times of directories are not kept.
        const NODIRATIME = libc::ST_NODIRATIME;
        /// Access times are kept as far as they tell whether a file was read since its change.
        const RELATIME = libc::ST_RELATIME;

        const _ = !0;
    }
}

/// What [`statvfs`] tells of a file system. Counts of blocks are in units of `f_frsize` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "statvfs_result")]
pub struct StatVfs {
    /// The size of reads and writes that suits the file system, in bytes.
    #[doc(alias = "os.statvfs().f_bsize")]
    pub f_bsize: u64,
    /// The unit of the counts, in bytes.
    #[doc(alias = "os.statvfs().f_frsize")]
    pub f_frsize: u64,
    /// Number of blocks.
    #[doc(alias = "os.statvfs().f_blocks")]
    pub f_blocks: u64,
    /// Number of free blocks.
    #[doc(alias = "os.statvfs().f_bfree")]
    pub f_bfree: u64,
    /// Number of free blocks that an ordinary user may take.
    #[doc(alias = "os.statvfs().f_bavail")]
    pub f_bavail: u64,
    /// Number of inodes.
    #[doc(alias = "os.statvfs().f_files")]
    pub f_files: u64,
    /// Number of free inodes.
    #[doc(alias = "os.statvfs().f_ffree")]
    pub f_ffree: u64,
    /// Number of free inodes that an ordinary user may take; on Linux all of them.
    #[doc(alias = "os.statvfs().f_favail")]
    pub f_favail: u64,
    /// How it is mounted.
    #[doc(alias = "os.statvfs().f_flag")]
    pub f_flag: StFlags,
    /// The longest name of a directory entry, in bytes.
    #[doc(alias = "os.statvfs().f_namemax")]
    pub f_namemax: u64,
    /// A number for the file system.
    #[doc(alias = "os.statvfs().f_fsid")]
    pub f_fsid: u64,
}

impl From<rustix::fs::StatVfs> for StatVfs {
    fn from(stat: rustix::fs::StatVfs) -> Self {
        /// The kernel's ST_VALID: "the flags are there". The C library hides it.
        const VALID: u64 = 0x20;
        StatVfs {
            f_bsize: stat.f_bsize,
            f_frsize: stat.f_frsize,
            f_blocks: stat.f_blocks,
            f_bfree: stat.f_bfree,
            f_bavail: stat.f_bavail,
            f_files: stat.f_files,
            f_ffree: stat.f_ffree,
            f_favail: stat.f_favail,
            f_flag: StFlags::from_bits_retain(stat.f_flag.bits() & !VALID),
            f_namemax: stat.f_namemax,
            f_fsid: stat.f_fsid,
        }
    }
}

/// Gets the status of the file system that holds what a path names, or what a
/// descriptor is open on. A path below a directory descriptor is an extension.
///
/// # Errors
/// - `ENOENT`: no such name.
/// - `ENOSYS`: the file system does not tell.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/statvfs.html),
/// [Linux](https://man7.org/linux/man-pages/man3/statvfs.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.statvfs)
#[doc(alias = "os.statvfs")]
pub fn statvfs<'a>(target: impl Into<Target<'a>>) -> Result<StatVfs> {
    match target.into().check()? {
        Target::Fd(fd) => fstatvfs(fd),
        Target::Path(at) => match at.without_dir() {
            Some(path) => Ok(path.with_c_str(|path| rustix::fs::statvfs(path))?.into()),
            None => fstatvfs(sys::proc_fd::open_path(at, Follow::Yes)?),
        },
    }
}

/// Gets the status of the file system that holds an open file, `O_PATH` descriptors
/// included.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fstatvfs.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.fstatvfs)
#[doc(alias = "os.fstatvfs")]
pub fn fstatvfs(fd: impl AsFd) -> Result<StatVfs> {
    Ok(retry_on_intr(|| rustix::fs::fstatvfs(&fd))?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_the_one_of_its_name() {
        // As the kernel gives them to rustix; each number another one.
        let numbers = |flags| rustix::fs::StatVfs {
            f_bsize: 1,
            f_frsize: 2,
            f_blocks: 3,
            f_bfree: 4,
            f_bavail: 5,
            f_files: 6,
            f_ffree: 7,
            f_favail: 8,
            f_fsid: 9,
            f_flag: rustix::fs::StatVfsMountFlags::from_bits_retain(flags),
            f_namemax: 10,
        };
        let found = StatVfs::from(numbers(0x20 | 1));
        let sizes = [found.f_bsize, found.f_frsize, found.f_blocks, found.f_bfree, found.f_bavail];
        let inodes = [found.f_files, found.f_ffree, found.f_favail, found.f_fsid, found.f_namemax];
        assert_eq!((sizes, inodes), ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]));
        assert_eq!(found.f_flag, StFlags::RDONLY);
    }

    #[test]
    fn the_kernels_mark_of_validity_is_hidden() {
        let stat = statvfs("/").unwrap();
        assert_eq!(stat.f_flag.bits() & 0x20, 0);
        // rustix shows it.
        assert_eq!(rustix::fs::statvfs("/").unwrap().f_flag.bits() & 0x20, 0x20);
    }

    #[test]
    fn a_descriptor_a_path_and_a_path_below_a_descriptor_agree() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "x").unwrap();
        let fd = crate::open(dir.path(), crate::OFlags::PATH, crate::Mode::empty()).unwrap();
        let by_path = statvfs(&dir.path().join("f")).unwrap();
        for other in [statvfs((&fd, "f")).unwrap(), statvfs(&fd).unwrap()] {
            assert_eq!(
                (other.f_fsid, other.f_blocks, other.f_namemax),
                (by_path.f_fsid, by_path.f_blocks, by_path.f_namemax)
            );
        }
        assert_eq!(statvfs((&fd, "missing")).unwrap_err().errno(), crate::Errno::NOENT);
        assert_eq!(statvfs((&fd, "")).unwrap_err().errno(), crate::Errno::NOENT);
    }
}
