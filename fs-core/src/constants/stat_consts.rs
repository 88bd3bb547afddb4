//! Constants of Python's `stat` module that calls of `os` take: permission bits, and
//! the types of [`mknod`](crate::mknod).

use crate::{Mode, RawMode};

/// Set user id on execution.
#[doc(alias = "os.stat.S_ISUID")]
pub const S_ISUID: Mode = Mode::SUID;
/// Set group id on execution; in a directory, new files get its group.
#[doc(alias = "os.stat.S_ISGID")]
pub const S_ISGID: Mode = Mode::SGID;
/// Mandatory locking: the bit of `S_ISGID`.
#[doc(alias = "os.stat.S_ENFMT")]
pub const S_ENFMT: Mode = Mode::SGID;
/// Sticky: in a directory, only owners remove.
#[doc(alias = "os.stat.S_ISVTX")]
pub const S_ISVTX: Mode = Mode::SVTX;
/// The old name of `S_IRUSR`.
#[doc(alias = "os.stat.S_IREAD")]
pub const S_IREAD: Mode = Mode::RUSR;
/// The old name of `S_IWUSR`.
#[doc(alias = "os.stat.S_IWRITE")]
pub const S_IWRITE: Mode = Mode::WUSR;
/// The old name of `S_IXUSR`.
#[doc(alias = "os.stat.S_IEXEC")]
pub const S_IEXEC: Mode = Mode::XUSR;
/// The owner may do all.
#[doc(alias = "os.stat.S_IRWXU")]
pub const S_IRWXU: Mode = Mode::RWXU;
/// The owner may read.
#[doc(alias = "os.stat.S_IRUSR")]
pub const S_IRUSR: Mode = Mode::RUSR;
/// The owner may write.
#[doc(alias = "os.stat.S_IWUSR")]
pub const S_IWUSR: Mode = Mode::WUSR;
/// The owner may execute or search.
#[doc(alias = "os.stat.S_IXUSR")]
pub const S_IXUSR: Mode = Mode::XUSR;
/// The group may do all.
#[doc(alias = "os.stat.S_IRWXG")]
pub const S_IRWXG: Mode = Mode::RWXG;
/// The group may read.
#[doc(alias = "os.stat.S_IRGRP")]
pub const S_IRGRP: Mode = Mode::RGRP;
/// The group may write.
#[doc(alias = "os.stat.S_IWGRP")]
pub const S_IWGRP: Mode = Mode::WGRP;
/// The group may execute or search.
#[doc(alias = "os.stat.S_IXGRP")]
pub const S_IXGRP: Mode = Mode::XGRP;
/// Others may do all.
#[doc(alias = "os.stat.S_IRWXO")]
pub const S_IRWXO: Mode = Mode::RWXO;
/// Others may read.
#[doc(alias = "os.stat.S_IROTH")]
pub const S_IROTH: Mode = Mode::ROTH;
/// Others may write.
#[doc(alias = "os.stat.S_IWOTH")]
pub const S_IWOTH: Mode = Mode::WOTH;
/// Others may execute or search.
#[doc(alias = "os.stat.S_IXOTH")]
pub const S_IXOTH: Mode = Mode::XOTH;

/// A regular file.
#[doc(alias = "os.stat.S_IFREG")]
pub const S_IFREG: RawMode = libc::S_IFREG;
/// A character device.
#[doc(alias = "os.stat.S_IFCHR")]
pub const S_IFCHR: RawMode = libc::S_IFCHR;
/// A block device.
#[doc(alias = "os.stat.S_IFBLK")]
pub const S_IFBLK: RawMode = libc::S_IFBLK;
/// A FIFO.
#[doc(alias = "os.stat.S_IFIFO")]
pub const S_IFIFO: RawMode = libc::S_IFIFO;

/// A socket. Not in Python's list, and taken all the same.
pub const S_IFSOCK: RawMode = libc::S_IFSOCK;
