//! [`statx`]: status with the time of birth, the mount and the attributes.

#![expect(unsafe_code, reason = "a status of the other kind is made field by field")]

use rustix::fs::AtFlags;
pub use rustix::fs::{StatxAttributes, StatxFlags};

use crate::{Dev, FileType, Follow, Result, StatResult, Target, makedev};

/// What [`statx`] tells of a file. Times are nanoseconds since 1970.
///
/// A file system may tell less than was asked for, or more: [`mask`](Statx::mask)
/// says what it told. Fields that may be missing are `Option`.
#[derive(Clone, Copy, Debug)]
pub struct Statx(rustix::fs::Statx);

impl Statx {
    /// What is told.
    #[doc(alias = "stx_mask")]
    pub fn mask(&self) -> StatxFlags {
        StatxFlags::from_bits_retain(self.0.stx_mask)
    }

    /// Type and permission bits.
    #[doc(alias = "stx_mode")]
    pub fn mode(&self) -> u32 {
        self.0.stx_mode.into()
    }

    /// The type of the file.
    pub fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.mode())
    }

    /// Number of the inode.
    #[doc(alias = "stx_ino")]
    pub fn ino(&self) -> u64 {
        self.0.stx_ino
    }

    /// The device that holds the file.
    #[doc(alias = "stx_dev_major")]
    pub fn dev(&self) -> Dev {
        makedev(self.0.stx_dev_major, self.0.stx_dev_minor)
    }

    /// The device that a device node stands for.
    #[doc(alias = "stx_rdev_major")]
    pub fn rdev(&self) -> Dev {
        makedev(self.0.stx_rdev_major, self.0.stx_rdev_minor)
    }

    /// Number of names.
    #[doc(alias = "stx_nlink")]
    pub fn nlink(&self) -> u32 {
        self.0.stx_nlink
    }

    /// The owner.
    #[doc(alias = "stx_uid")]
    pub fn uid(&self) -> u32 {
        self.0.stx_uid
    }

    /// The group.
    #[doc(alias = "stx_gid")]
    pub fn gid(&self) -> u32 {
        self.0.stx_gid
    }

    /// Size in bytes.
    #[doc(alias = "stx_size")]
    pub fn size(&self) -> u64 {
        self.0.stx_size
    }

    /// Number of blocks of 512 bytes that the file takes.
    #[doc(alias = "stx_blocks")]
    pub fn blocks(&self) -> u64 {
        self.0.stx_blocks
    }

    /// The size of reads and writes that suits the file, in bytes.
    #[doc(alias = "stx_blksize")]
    pub fn blksize(&self) -> u32 {
        self.0.stx_blksize
    }

    /// Time of the last access.
    #[doc(alias = "stx_atime")]
    pub fn atime_ns(&self) -> i128 {
        nanoseconds(self.0.stx_atime)
    }

    /// Time of the last change of content.
    #[doc(alias = "stx_mtime")]
    pub fn mtime_ns(&self) -> i128 {
        nanoseconds(self.0.stx_mtime)
    }

    /// Time of the last change of content or attributes.
    #[doc(alias = "stx_ctime")]
    pub fn ctime_ns(&self) -> i128 {
        nanoseconds(self.0.stx_ctime)
    }

    /// Time when the inode was made.
    #[doc(alias = "stx_btime")]
    pub fn btime_ns(&self) -> Option<i128> {
        self.told(StatxFlags::BTIME, nanoseconds(self.0.stx_btime))
    }

    /// The mount: the number of `/proc/self/mountinfo`, used again after an unmount; or,
    /// if [`MNT_ID_UNIQUE`] was asked for and is told, one that is never used again.
    #[doc(alias = "stx_mnt_id")]
    pub fn mnt_id(&self) -> Option<u64> {
        self.told(StatxFlags::MNT_ID | MNT_ID_UNIQUE, self.0.stx_mnt_id)
    }

    /// The attributes that are set.
    #[doc(alias = "stx_attributes")]
    pub fn attributes(&self) -> StatxAttributes {
        self.0.stx_attributes
    }

    /// The attributes that the file system tells at all.
    #[doc(alias = "stx_attributes_mask")]
    pub fn attributes_mask(&self) -> StatxAttributes {
        self.0.stx_attributes_mask
    }

    /// Whether the file is the root of a mount; `None` before Linux 5.8.
    #[doc(alias = "STATX_ATTR_MOUNT_ROOT")]
    pub fn is_mount_root(&self) -> Option<bool> {
        let bit = StatxAttributes::MOUNT_ROOT;
        self.attributes_mask().contains(bit).then(|| self.attributes().contains(bit))
    }

    fn told<T>(&self, any_of: StatxFlags, value: T) -> Option<T> {
        self.mask().intersects(any_of).then_some(value)
    }
}

impl From<&Statx> for StatResult {
    /// What both have. What a file system has not told ([`Statx::mask`]) is 0, or made up by the kernel.
    fn from(status: &Statx) -> Self {
        // SAFETY: it has numbers alone, each of which may be 0.
        let mut stat: rustix::fs::Stat = unsafe { std::mem::zeroed() };
        stat.st_dev = status.dev() as _;
        stat.st_ino = status.ino() as _;
        stat.st_mode = status.mode() as _;
        stat.st_nlink = status.nlink() as _;
        stat.st_uid = status.uid() as _;
        stat.st_gid = status.gid() as _;
        stat.st_rdev = status.rdev() as _;
        stat.st_size = status.size() as _;
        stat.st_blksize = status.blksize() as _;
        stat.st_blocks = status.blocks() as _;
        let [atime, mtime, ctime] = [status.0.stx_atime, status.0.stx_mtime, status.0.stx_ctime];
        (stat.st_atime, stat.st_atime_nsec) = (atime.tv_sec as _, atime.tv_nsec as _);
        (stat.st_mtime, stat.st_mtime_nsec) = (mtime.tv_sec as _, mtime.tv_nsec as _);
        (stat.st_ctime, stat.st_ctime_nsec) = (ctime.tv_sec as _, ctime.tv_nsec as _);
        stat.into()
    }
}

/// Asks [`statx`] for a mount id that is never used again (Linux 6.8).
#[doc(alias = "STATX_MNT_ID_UNIQUE")]
pub const MNT_ID_UNIQUE: StatxFlags = StatxFlags::from_bits_retain(libc::STATX_MNT_ID_UNIQUE);

/// Gets the status of a descriptor, `O_PATH` ones included, or of what a path names.
///
/// `mask` says what is wanted; the file system may tell more.
///
/// # Errors
/// As [`stat`](crate::stat); `ENOSYS`: before Linux 4.11, or in a sandbox.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/statx.2.html)
pub fn statx<'a>(target: impl Into<Target<'a>>, follow: Follow, mask: StatxFlags) -> Result<Statx> {
    look(target.into(), follow, mask, AtFlags::empty())
}

/// As [`statx`], but nothing is mounted for it where something is mounted when it is needed: the place itself is
/// looked at, as by [`stat`](crate::stat) and [`lstat`](crate::lstat).
///
/// # Errors
/// As [`statx`].
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/statx.2.html), `AT_NO_AUTOMOUNT`
#[doc(alias = "AT_NO_AUTOMOUNT")]
pub fn statx_without_automount<'a>(target: impl Into<Target<'a>>, follow: Follow, mask: StatxFlags) -> Result<Statx> {
    look(target.into(), follow, mask, AtFlags::NO_AUTOMOUNT)
}

fn look(target: Target<'_>, follow: Follow, mask: StatxFlags, flags: AtFlags) -> Result<Statx> {
    let stat = match target.check_follow(follow)? {
        Target::Fd(fd) => rustix::fs::statx(fd, c"", flags | AtFlags::EMPTY_PATH, mask),
        Target::Path(at) => at.with_c_str(|dir, path| rustix::fs::statx(dir, path, flags | follow.at_flags(), mask)),
    };
    Ok(Statx(stat?))
}

fn nanoseconds(time: rustix::fs::StatxTimestamp) -> i128 {
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mode, OFlags, Times, open, stat, utime};

    #[test]
    fn agrees_with_stat() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hello").unwrap();
        utime(file.path(), Times::from_ns(-1, 1_234_567_890_123_456_789), Follow::Yes).unwrap();
        let (x, s) = (
            statx(file.path(), Follow::Yes, StatxFlags::BASIC_STATS).unwrap(),
            stat(file.path(), Follow::Yes).unwrap(),
        );
        assert_eq!((x.mode(), x.ino(), x.dev()), (s.st_mode(), s.st_ino(), s.st_dev()));
        assert_eq!((x.atime_ns(), x.mtime_ns(), x.ctime_ns()), (s.st_atime_ns(), s.st_mtime_ns(), s.st_ctime_ns()));
        assert_eq!((x.size(), u64::from(x.nlink()), x.uid()), (5, s.st_nlink(), s.st_uid()));
        let device = std::path::Path::new("/dev/null");
        for path in [file.path(), device, file.path().parent().unwrap()] {
            let x = statx(path, Follow::Yes, StatxFlags::BASIC_STATS).unwrap();
            let (one, other) = (StatResult::from(&x), stat(path, Follow::Yes).unwrap());
            assert_eq!(format!("{one:?}"), format!("{other:?}"));
        }
    }

    #[test]
    fn the_time_of_birth_is_told_or_missing_but_never_made_up() {
        let dir = tempfile::tempdir().unwrap();
        let x = statx(dir.path(), Follow::Yes, StatxFlags::BTIME | StatxFlags::BASIC_STATS).unwrap();
        match x.btime_ns() {
            Some(btime) => assert!(btime > 0 && btime <= x.ctime_ns()),
            None => assert!(!x.mask().contains(StatxFlags::BTIME)),
        }
        // procfs has none.
        assert_eq!(statx("/proc/self/stat", Follow::Yes, StatxFlags::BTIME).unwrap().btime_ns(), None);
    }

    #[test]
    fn a_place_without_opening_what_is_there_is_enough() {
        let fd = open("/", OFlags::PATH, Mode::empty()).unwrap();
        let x = statx(&fd, Follow::Yes, StatxFlags::MNT_ID).unwrap();
        assert_eq!(x.is_mount_root(), Some(true));
        assert!(x.mnt_id().is_some());
    }
}
