//! Python's constants under their own names, each of the type of the call that takes it.
//!
//! Where that type is an enum, the constant is its number.

use std::ffi::c_int;

use crate::{Access, MfdFlags, OFlags, RwFlags, StFlags, XattrFlags};

/// Reads only.
#[doc(alias = "os.O_RDONLY")]
pub const O_RDONLY: OFlags = OFlags::RDONLY;
/// Writes only.
#[doc(alias = "os.O_WRONLY")]
pub const O_WRONLY: OFlags = OFlags::WRONLY;
/// Reads and writes.
#[doc(alias = "os.O_RDWR")]
pub const O_RDWR: OFlags = OFlags::RDWR;
/// Writes go to the end, each time.
#[doc(alias = "os.O_APPEND")]
pub const O_APPEND: OFlags = OFlags::APPEND;
/// Makes a file where there is none.
#[doc(alias = "os.O_CREAT")]
pub const O_CREAT: OFlags = OFlags::CREAT;
/// With `O_CREAT`: fails if the name exists.
#[doc(alias = "os.O_EXCL")]
pub const O_EXCL: OFlags = OFlags::EXCL;
/// Cuts the file to length 0.
#[doc(alias = "os.O_TRUNC")]
pub const O_TRUNC: OFlags = OFlags::TRUNC;
/// A write returns when its data is on storage.
#[doc(alias = "os.O_DSYNC")]
pub const O_DSYNC: OFlags = OFlags::DSYNC;
/// As `O_SYNC`: Linux does not tell them apart.
#[doc(alias = "os.O_RSYNC")]
pub const O_RSYNC: OFlags = OFlags::RSYNC;
/// A write returns when its data and metadata are on storage.
#[doc(alias = "os.O_SYNC")]
pub const O_SYNC: OFlags = OFlags::SYNC;
/// The old name of `O_NONBLOCK`.
#[doc(alias = "os.O_NDELAY")]
pub const O_NDELAY: OFlags = OFlags::NDELAY;
/// Neither the opening nor later reads and writes wait.
#[doc(alias = "os.O_NONBLOCK")]
pub const O_NONBLOCK: OFlags = OFlags::NONBLOCK;
/// A terminal does not become the controlling one.
#[doc(alias = "os.O_NOCTTY")]
pub const O_NOCTTY: OFlags = OFlags::NOCTTY;
/// Closed on exec; always added by `open`.
#[doc(alias = "os.O_CLOEXEC")]
pub const O_CLOEXEC: OFlags = OFlags::CLOEXEC;
/// A signal is sent when reading or writing becomes possible.
#[doc(alias = "os.O_ASYNC")]
pub const O_ASYNC: OFlags = OFlags::ASYNC;
/// Reads and writes bypass the page cache.
#[doc(alias = "os.O_DIRECT")]
pub const O_DIRECT: OFlags = OFlags::DIRECT;
/// Fails if the path is not a directory.
#[doc(alias = "os.O_DIRECTORY")]
pub const O_DIRECTORY: OFlags = OFlags::DIRECTORY;
/// Fails if the last component is a symbolic link.
#[doc(alias = "os.O_NOFOLLOW")]
pub const O_NOFOLLOW: OFlags = OFlags::NOFOLLOW;
/// Reads leave the access time alone; the owner's right.
#[doc(alias = "os.O_NOATIME")]
pub const O_NOATIME: OFlags = OFlags::NOATIME;
/// A handle on the place, through which nothing is read or written.
#[doc(alias = "os.O_PATH")]
pub const O_PATH: OFlags = OFlags::PATH;
/// An unnamed file in the directory that the path names.
#[doc(alias = "os.O_TMPFILE")]
pub const O_TMPFILE: OFlags = OFlags::TMPFILE;

/// An offset counts from the start of the file.
#[doc(alias = "os.SEEK_SET")]
pub const SEEK_SET: c_int = libc::SEEK_SET;
/// An offset counts from the file position.
#[doc(alias = "os.SEEK_CUR")]
pub const SEEK_CUR: c_int = libc::SEEK_CUR;
/// An offset counts from the end of the file.
#[doc(alias = "os.SEEK_END")]
pub const SEEK_END: c_int = libc::SEEK_END;
/// An offset leads to the next data.
#[doc(alias = "os.SEEK_DATA")]
pub const SEEK_DATA: c_int = libc::SEEK_DATA;
/// An offset leads to the next hole.
#[doc(alias = "os.SEEK_HOLE")]
pub const SEEK_HOLE: c_int = libc::SEEK_HOLE;

/// `lockf` takes the lock, and waits for it.
#[doc(alias = "os.F_LOCK")]
pub const F_LOCK: c_int = libc::F_LOCK;
/// `lockf` takes the lock, or fails.
#[doc(alias = "os.F_TLOCK")]
pub const F_TLOCK: c_int = libc::F_TLOCK;
/// `lockf` gives the lock back.
#[doc(alias = "os.F_ULOCK")]
pub const F_ULOCK: c_int = libc::F_ULOCK;
/// `lockf` fails if another process holds a lock.
#[doc(alias = "os.F_TEST")]
pub const F_TEST: c_int = libc::F_TEST;

/// Data will be used in no special pattern.
#[doc(alias = "os.POSIX_FADV_NORMAL")]
pub const POSIX_FADV_NORMAL: c_int = libc::POSIX_FADV_NORMAL;
/// Data will be used in order.
#[doc(alias = "os.POSIX_FADV_SEQUENTIAL")]
pub const POSIX_FADV_SEQUENTIAL: c_int = libc::POSIX_FADV_SEQUENTIAL;
/// Data will be used in random order.
#[doc(alias = "os.POSIX_FADV_RANDOM")]
pub const POSIX_FADV_RANDOM: c_int = libc::POSIX_FADV_RANDOM;
/// Data will be used once only.
#[doc(alias = "os.POSIX_FADV_NOREUSE")]
pub const POSIX_FADV_NOREUSE: c_int = libc::POSIX_FADV_NOREUSE;
/// Data will be used soon.
#[doc(alias = "os.POSIX_FADV_WILLNEED")]
pub const POSIX_FADV_WILLNEED: c_int = libc::POSIX_FADV_WILLNEED;
/// Data will not be used soon.
#[doc(alias = "os.POSIX_FADV_DONTNEED")]
pub const POSIX_FADV_DONTNEED: c_int = libc::POSIX_FADV_DONTNEED;

/// Reads what is ready, and fails with `EAGAIN` if nothing is.
#[doc(alias = "os.RWF_NOWAIT")]
pub const RWF_NOWAIT: RwFlags = RwFlags::NOWAIT;
/// Polls the device; files with `O_DIRECT` only.
#[doc(alias = "os.RWF_HIPRI")]
pub const RWF_HIPRI: RwFlags = RwFlags::HIPRI;
/// `O_DSYNC` for this write.
#[doc(alias = "os.RWF_DSYNC")]
pub const RWF_DSYNC: RwFlags = RwFlags::DSYNC;
/// `O_SYNC` for this write.
#[doc(alias = "os.RWF_SYNC")]
pub const RWF_SYNC: RwFlags = RwFlags::SYNC;

/// Whether the path exists.
#[doc(alias = "os.F_OK")]
pub const F_OK: Access = Access::EXISTS;
/// Whether it can be read.
#[doc(alias = "os.R_OK")]
pub const R_OK: Access = Access::READ_OK;
/// Whether it can be written.
#[doc(alias = "os.W_OK")]
pub const W_OK: Access = Access::WRITE_OK;
/// Whether it can be executed or searched.
#[doc(alias = "os.X_OK")]
pub const X_OK: Access = Access::EXEC_OK;

/// Mounted read-only.
#[doc(alias = "os.ST_RDONLY")]
pub const ST_RDONLY: StFlags = StFlags::RDONLY;
/// Set-id bits have no effect.
#[doc(alias = "os.ST_NOSUID")]
pub const ST_NOSUID: StFlags = StFlags::NOSUID;
/// Device nodes cannot be opened.
#[doc(alias = "os.ST_NODEV")]
pub const ST_NODEV: StFlags = StFlags::NODEV;
/// Programs cannot be executed.
#[doc(alias = "os.ST_NOEXEC")]
pub const ST_NOEXEC: StFlags = StFlags::NOEXEC;
/// Writes wait until they are on storage.
#[doc(alias = "os.ST_SYNCHRONOUS")]
pub const ST_SYNCHRONOUS: StFlags = StFlags::SYNCHRONOUS;
/// Mandatory locks are honoured.
#[doc(alias = "os.ST_MANDLOCK")]
pub const ST_MANDLOCK: StFlags = StFlags::MANDLOCK;
/// Of the C library; no Linux file system reports it.
#[doc(alias = "os.ST_WRITE")]
pub const ST_WRITE: StFlags = StFlags::WRITE;
/// Of the C library; no Linux file system reports it.
#[doc(alias = "os.ST_APPEND")]
pub const ST_APPEND: StFlags = StFlags::APPEND;
/// Of the C library; CPython does not export it.
#[doc(alias = "os.ST_IMMUTABLE")]
pub const ST_IMMUTABLE: StFlags = StFlags::IMMUTABLE;
/// Access times are not kept.
#[doc(alias = "os.ST_NOATIME")]
pub const ST_NOATIME: StFlags = StFlags::NOATIME;
/// Access times of directories are not kept.
#[doc(alias = "os.ST_NODIRATIME")]
pub const ST_NODIRATIME: StFlags = StFlags::NODIRATIME;
/// Access times are kept relative to changes.
#[doc(alias = "os.ST_RELATIME")]
pub const ST_RELATIME: StFlags = StFlags::RELATIME;

/// The attribute must be new.
#[doc(alias = "os.XATTR_CREATE")]
pub const XATTR_CREATE: XattrFlags = XattrFlags::CREATE;
/// The attribute must exist.
#[doc(alias = "os.XATTR_REPLACE")]
pub const XATTR_REPLACE: XattrFlags = XattrFlags::REPLACE;

/// Closed on exec.
#[doc(alias = "os.MFD_CLOEXEC")]
pub const MFD_CLOEXEC: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_CLOEXEC);
/// Seals may be added.
#[doc(alias = "os.MFD_ALLOW_SEALING")]
pub const MFD_ALLOW_SEALING: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_ALLOW_SEALING);
/// Made of huge pages.
#[doc(alias = "os.MFD_HUGETLB")]
pub const MFD_HUGETLB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGETLB);
/// Huge pages of 64 KB.
#[doc(alias = "os.MFD_HUGE_64KB")]
pub const MFD_HUGE_64KB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_64KB);
/// Huge pages of 512 KB.
#[doc(alias = "os.MFD_HUGE_512KB")]
pub const MFD_HUGE_512KB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_512KB);
/// Huge pages of 1 MB.
#[doc(alias = "os.MFD_HUGE_1MB")]
pub const MFD_HUGE_1MB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_1MB);
/// Huge pages of 2 MB.
#[doc(alias = "os.MFD_HUGE_2MB")]
pub const MFD_HUGE_2MB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_2MB);
/// Huge pages of 8 MB.
#[doc(alias = "os.MFD_HUGE_8MB")]
pub const MFD_HUGE_8MB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_8MB);
/// Huge pages of 16 MB.
#[doc(alias = "os.MFD_HUGE_16MB")]
pub const MFD_HUGE_16MB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_16MB);
/// Huge pages of 32 MB.
#[doc(alias = "os.MFD_HUGE_32MB")]
pub const MFD_HUGE_32MB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_32MB);
/// Huge pages of 256 MB.
#[doc(alias = "os.MFD_HUGE_256MB")]
pub const MFD_HUGE_256MB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_256MB);
/// Huge pages of 512 MB.
#[doc(alias = "os.MFD_HUGE_512MB")]
pub const MFD_HUGE_512MB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_512MB);
/// Huge pages of 1 GB.
#[doc(alias = "os.MFD_HUGE_1GB")]
pub const MFD_HUGE_1GB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_1GB);
/// Huge pages of 2 GB.
#[doc(alias = "os.MFD_HUGE_2GB")]
pub const MFD_HUGE_2GB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_2GB);
/// Huge pages of 16 GB.
#[doc(alias = "os.MFD_HUGE_16GB")]
pub const MFD_HUGE_16GB: MfdFlags = MfdFlags::from_bits_retain(libc::MFD_HUGE_16GB);
/// Position of the field that holds the size of the huge pages.
#[doc(alias = "os.MFD_HUGE_SHIFT")]
pub const MFD_HUGE_SHIFT: u32 = 26;
/// Mask of that field, once shifted.
#[doc(alias = "os.MFD_HUGE_MASK")]
pub const MFD_HUGE_MASK: u32 = 63;
