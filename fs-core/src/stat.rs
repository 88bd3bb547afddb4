//! Status of a file, and of the file system that holds it.

use std::convert::Infallible;
use std::os::fd::AsFd;

pub use rustix::fs::FileType;
use rustix::io::retry_on_intr;

use crate::{At, Error, Follow, Mode, Result, Target, Unsupported};

/// What [`stat`] tells of a file.
///
/// Times are nanoseconds since 1970 as `i128` (`i64` ends in the year 2262), or
/// seconds as `f64`, which are inexact.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "os.stat_result")]
pub struct StatResult(rustix::fs::Stat);

impl From<rustix::fs::Stat> for StatResult {
    fn from(stat: rustix::fs::Stat) -> Self {
        StatResult(stat)
    }
}

impl From<StatResult> for rustix::fs::Stat {
    fn from(status: StatResult) -> Self {
        status.0
    }
}

// The fields have other widths on other architectures.
#[expect(clippy::unnecessary_cast, reason = "not unnecessary on every architecture")]
impl StatResult {
    /// Type and permission bits.
    #[doc(alias = "os.stat_result.st_mode")]
    pub fn st_mode(&self) -> u32 {
        self.0.st_mode as u32
    }

    /// Number of the inode, unique on its device while it exists.
    #[doc(alias = "os.stat_result.st_ino")]
    pub fn st_ino(&self) -> u64 {
        self.0.st_ino as u64
    }

    /// The device that holds the file.
    #[doc(alias = "os.stat_result.st_dev")]
    pub fn st_dev(&self) -> u64 {
        self.0.st_dev as u64
    }

    /// Number of names.
    #[doc(alias = "os.stat_result.st_nlink")]
    pub fn st_nlink(&self) -> u64 {
        self.0.st_nlink as u64
    }

    /// The owner.
    #[doc(alias = "os.stat_result.st_uid")]
    pub fn st_uid(&self) -> u32 {
        self.0.st_uid as u32
    }

    /// The group.
    #[doc(alias = "os.stat_result.st_gid")]
    pub fn st_gid(&self) -> u32 {
        self.0.st_gid as u32
    }

    /// Size in bytes; of a symbolic link, the length of its text.
    #[doc(alias = "os.stat_result.st_size")]
    pub fn st_size(&self) -> i64 {
        self.0.st_size as i64
    }

    /// Time of the last access, in seconds.
    #[doc(alias = "os.stat_result.st_atime")]
    pub fn st_atime(&self) -> f64 {
        seconds(self.0.st_atime as i64, self.0.st_atime_nsec as u32)
    }

    /// Time of the last change of content, in seconds.
    #[doc(alias = "os.stat_result.st_mtime")]
    pub fn st_mtime(&self) -> f64 {
        seconds(self.0.st_mtime as i64, self.0.st_mtime_nsec as u32)
    }

    /// Time of the last change of content or attributes, in seconds.
    #[doc(alias = "os.stat_result.st_ctime")]
    pub fn st_ctime(&self) -> f64 {
        seconds(self.0.st_ctime as i64, self.0.st_ctime_nsec as u32)
    }

    /// Time of the last access, in nanoseconds.
    #[doc(alias = "os.stat_result.st_atime_ns")]
    pub fn st_atime_ns(&self) -> i128 {
        nanoseconds(self.0.st_atime as i64, self.0.st_atime_nsec as u32)
    }

    /// Time of the last change of content, in nanoseconds.
    #[doc(alias = "os.stat_result.st_mtime_ns")]
    pub fn st_mtime_ns(&self) -> i128 {
        nanoseconds(self.0.st_mtime as i64, self.0.st_mtime_nsec as u32)
    }

    /// Time of the last change of content or attributes, in nanoseconds.
    #[doc(alias = "os.stat_result.st_ctime_ns")]
    pub fn st_ctime_ns(&self) -> i128 {
        nanoseconds(self.0.st_ctime as i64, self.0.st_ctime_nsec as u32)
    }

    /// Time of the last access: seconds rounded down, and the nanoseconds after them.
    /// An extension, which costs no arithmetic.
    #[doc(alias = "st_atim")]
    pub fn atime(&self) -> (i64, u32) {
        (self.0.st_atime as i64, self.0.st_atime_nsec as u32)
    }

    /// Time of the last change of content, as [`atime`](Self::atime).
    #[doc(alias = "st_mtim")]
    pub fn mtime(&self) -> (i64, u32) {
        (self.0.st_mtime as i64, self.0.st_mtime_nsec as u32)
    }

    /// Time of the last change of content or attributes, as [`atime`](Self::atime).
    #[doc(alias = "st_ctim")]
    pub fn ctime(&self) -> (i64, u32) {
        (self.0.st_ctime as i64, self.0.st_ctime_nsec as u32)
    }

    /// Number of blocks of 512 bytes that the file takes.
    #[doc(alias = "os.stat_result.st_blocks")]
    pub fn st_blocks(&self) -> i64 {
        self.0.st_blocks as i64
    }

    /// The size of reads and writes that suits the file, in bytes.
    #[doc(alias = "os.stat_result.st_blksize")]
    pub fn st_blksize(&self) -> i64 {
        self.0.st_blksize as i64
    }

    /// The device that a device node stands for.
    #[doc(alias = "os.stat_result.st_rdev")]
    pub fn st_rdev(&self) -> u64 {
        self.0.st_rdev as u64
    }

    /// The type of the file. An extension: Python has functions on `st_mode`.
    #[doc(alias = "S_ISDIR")]
    pub fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.st_mode())
    }

    /// The permission bits, without the type. An extension: Python's `stat.S_IMODE`.
    #[doc(alias = "S_IMODE")]
    pub fn permissions(&self) -> Mode {
        Mode::from_bits_retain(self.st_mode() & 0o7777)
    }

    /// Python's tuple of ten integers: mode, ino, dev, nlink, uid, gid, size, and
    /// atime, mtime, ctime in whole seconds, rounded down (-1 ns is -1 s).
    pub fn as_tuple(&self) -> [i128; 10] {
        [
            self.st_mode().into(),
            self.st_ino().into(),
            self.st_dev().into(),
            self.st_nlink().into(),
            self.st_uid().into(),
            self.st_gid().into(),
            self.st_size().into(),
            // The kernel's seconds are rounded down, with nanoseconds that count up.
            self.0.st_atime as i128,
            self.0.st_mtime as i128,
            self.0.st_ctime as i128,
        ]
    }
}

/// Fields of other systems.
impl StatResult {
    /// Always an error: a field of the BSDs, which Python's document lists for Linux.
    #[doc(alias = "os.stat_result.st_flags")]
    pub fn st_flags(&self) -> Result<Infallible> {
        Err(Error::Unsupported(Unsupported::Bsd))
    }

    /// Always an error: a field of the BSDs.
    #[doc(alias = "os.stat_result.st_gen")]
    pub fn st_gen(&self) -> Result<Infallible> {
        Err(Error::Unsupported(Unsupported::Bsd))
    }

    /// Always an error: a field of the BSDs. Linux tells the time of birth by
    /// [`crate::linux::statx`].
    #[doc(alias = "os.stat_result.st_birthtime")]
    pub fn st_birthtime(&self) -> Result<Infallible> {
        Err(Error::Unsupported(Unsupported::Bsd))
    }

    /// Always an error: a field of Solaris.
    #[doc(alias = "os.stat_result.st_fstype")]
    pub fn st_fstype(&self) -> Result<Infallible> {
        Err(Error::Unsupported(Unsupported::Solaris))
    }

    /// Always an error: a field of macOS.
    #[doc(alias = "os.stat_result.st_rsize")]
    pub fn st_rsize(&self) -> Result<Infallible> {
        Err(Error::Unsupported(Unsupported::MacOs))
    }

    /// Always an error: a field of macOS.
    #[doc(alias = "os.stat_result.st_creator")]
    pub fn st_creator(&self) -> Result<Infallible> {
        Err(Error::Unsupported(Unsupported::MacOs))
    }

    /// Always an error: a field of macOS.
    #[doc(alias = "os.stat_result.st_type")]
    pub fn st_type(&self) -> Result<Infallible> {
        Err(Error::Unsupported(Unsupported::MacOs))
    }

    /// Always an error: a field of Windows.
    #[doc(alias = "os.stat_result.st_file_attributes")]
    pub fn st_file_attributes(&self) -> Result<Infallible> {
        Err(Error::Unsupported(Unsupported::Windows))
    }

    /// Always an error: a field of Windows.
    #[doc(alias = "os.stat_result.st_reparse_tag")]
    pub fn st_reparse_tag(&self) -> Result<Infallible> {
        Err(Error::Unsupported(Unsupported::Windows))
    }
}

fn nanoseconds(seconds: i64, nanoseconds: u32) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}

/// As CPython counts them, so that the floats compare equal.
fn seconds(seconds: i64, nanoseconds: u32) -> f64 {
    seconds as f64 + 1e-9 * f64::from(nanoseconds)
}

/// Gets the status of a descriptor or of what a path names.
///
/// `follow` tells whether a symbolic link at the end is followed. One system call, no heap allocation
/// for a path of up to 255 bytes.
///
/// # Errors
/// - `ENOENT`: no such name, or the path is empty.
/// - [`Error::Conflict`]: a descriptor with [`Follow::No`], which Python refuses too.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/stat.html),
/// [Linux](https://man7.org/linux/man-pages/man2/stat.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.stat)
#[doc(alias = "os.stat")]
#[doc(alias = "fstatat")]
pub fn stat<'a>(target: impl Into<Target<'a>>, follow: Follow) -> Result<StatResult> {
    match target.into().check_follow(follow)? {
        Target::Fd(fd) => fstat(fd),
        Target::Path(at) => {
            let stat = at.with_c_str(|dir, path| rustix::fs::statat(dir, path, follow.at_flags()))?;
            Ok(StatResult(stat))
        }
    }
}

/// Gets the status of what a path names, not following a symbolic link at the end.
///
/// # Errors
/// As [`stat`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.lstat)
#[doc(alias = "os.lstat")]
pub fn lstat<'a>(at: impl Into<At<'a>>) -> Result<StatResult> {
    stat(at.into(), Follow::No)
}

/// Gets the status of an open file, `O_PATH` descriptors included.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fstat.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.fstat)
#[doc(alias = "os.fstat")]
pub fn fstat(fd: impl AsFd) -> Result<StatResult> {
    Ok(StatResult(retry_on_intr(|| rustix::fs::fstat(&fd))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Time, Times, utime};

    fn with_mtime(ns: i128) -> StatResult {
        let file = tempfile::NamedTempFile::new().unwrap();
        utime(file.path(), Times { atime: Time::Omit, mtime: Time::At { ns } }, Follow::Yes).unwrap();
        stat(file.path(), Follow::Yes).unwrap()
    }

    #[test]
    fn the_tuple_holds_seconds_rounded_down() {
        let stat = with_mtime(-1);
        if stat.st_mtime_ns() != -1 {
            eprintln!("not run: the file system here does not store times before 1970");
            return;
        }
        assert_eq!(stat.as_tuple()[8], -1);
        assert_eq!(with_mtime(1_999_999_999).as_tuple()[8], 1);
    }

    #[test]
    fn nanoseconds_go_beyond_the_year_2262() {
        assert_eq!(nanoseconds(i64::MAX, 999_999_999), (1_i128 << 63) * 1_000_000_000 - 1);
        // The year 2300; ext4 stores times until 2446.
        let ns = 10_413_792_000_000_000_007;
        let stat = with_mtime(ns);
        assert_eq!(stat.st_mtime_ns(), ns);
    }

    #[test]
    fn floats_are_those_of_python() {
        // os.utime(f, ns=(0, 1234567890123456789)); os.stat(f).st_mtime
        assert_eq!(with_mtime(1_234_567_890_123_456_789).st_mtime(), 1_234_567_890.123_456_7);
        assert_eq!(seconds(-1, 500_000_000), -0.5);
        assert_eq!(seconds(1, 123_456_789), 1.123_456_789);
    }

    #[test]
    fn fields_of_other_systems_say_which() {
        let stat = with_mtime(0);
        for (field, place) in [
            (stat.st_flags(), Unsupported::Bsd),
            (stat.st_gen(), Unsupported::Bsd),
            (stat.st_birthtime(), Unsupported::Bsd),
            (stat.st_fstype(), Unsupported::Solaris),
            (stat.st_rsize(), Unsupported::MacOs),
            (stat.st_creator(), Unsupported::MacOs),
            (stat.st_type(), Unsupported::MacOs),
            (stat.st_file_attributes(), Unsupported::Windows),
            (stat.st_reparse_tag(), Unsupported::Windows),
        ] {
            assert_eq!(field, Err(Error::Unsupported(place)));
        }
    }

    #[test]
    fn each_field_is_the_one_of_its_name() {
        use std::os::unix::fs::MetadataExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [b'x'; 5000]).unwrap();
        let time = |ns| Time::At { ns };
        utime(file.path(), Times { atime: time(1_500_000_000), mtime: time(2_250_000_000) }, Follow::Yes).unwrap();
        let stat = stat(file.path(), Follow::Yes).unwrap();
        let theirs = file.as_file().metadata().unwrap();
        assert_eq!((stat.st_atime(), stat.st_mtime()), (1.5, 2.25));
        assert_eq!(stat.st_ctime(), seconds(theirs.ctime(), theirs.ctime_nsec() as u32));
        assert_eq!((stat.st_uid(), stat.st_gid()), (theirs.uid(), theirs.gid()));
        assert_eq!((stat.st_size(), stat.st_blocks() as u64), (5000, theirs.blocks()));
        assert_eq!(stat.st_blksize() as u64, theirs.blksize());
    }
}
