//! Answers, in fuser's words.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fs_core::{Errno, StatResult};
use fuser::{FileAttr, FileType, Generation, INodeNo};

use crate::node::Node;

/// A reply that can say why a request failed.
pub(super) trait Refuse {
    /// Sends the reason.
    fn refuse(self, errno: Errno);
}

macro_rules! refuse {
    ($($reply:ident),* $(,)?) => {$(
        impl Refuse for fuser::$reply {
            fn refuse(self, errno: Errno) {
                self.error(fuser::Errno::from_i32(errno.raw_os_error()));
            }
        }
    )*};
}
refuse!(
    ReplyAttr,
    ReplyCreate,
    ReplyData,
    ReplyDirectory,
    ReplyDirectoryPlus,
    ReplyEmpty,
    ReplyEntry,
    ReplyIoctl,
    ReplyLseek,
    ReplyOpen,
    ReplyStatfs,
    ReplyWrite,
    ReplyXattr,
);

/// Attributes in a reply that tells the kernel of a node.
///
/// # Errors
/// `EIO`: the type is none that the protocol has.
pub(super) fn entry(node: &Node, status: &StatResult) -> Result<(FileAttr, Generation), Errno> {
    Ok((attributes(node.ino, status)?, Generation(node.generation)))
}

/// Attributes of a node that the kernel knows.
///
/// # Errors
/// `EIO`: the type is none that the protocol has.
pub(super) fn attributes(ino: u64, status: &StatResult) -> Result<FileAttr, Errno> {
    let mode = status.st_mode();
    Ok(FileAttr {
        ino: INodeNo(ino),
        size: status.st_size().cast_unsigned(),
        blocks: status.st_blocks().cast_unsigned(),
        atime: system_time(status.atime()),
        mtime: system_time(status.mtime()),
        ctime: system_time(status.ctime()),
        crtime: UNIX_EPOCH,
        kind: kind(mode & libc::S_IFMT).ok_or(Errno::IO)?,
        perm: (mode & 0o7777) as u16,
        nlink: u32::try_from(status.st_nlink()).unwrap_or(u32::MAX),
        uid: status.st_uid(),
        gid: status.st_gid(),
        // In the 32 bits that the protocol has, Linux's device numbers look alike.
        rdev: status.st_rdev() as u32,
        blksize: u32::try_from(status.st_blksize()).unwrap_or(4096),
        flags: 0,
    })
}

/// Attributes of which only number and type count.
pub(super) fn bare(ino: u64, kind: FileType) -> FileAttr {
    FileAttr {
        ino: INodeNo(ino),
        size: 0,
        blocks: 0,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm: 0,
        nlink: 0,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 0,
        flags: 0,
    }
}

/// The type, from the upper bits of a mode.
pub(super) fn kind(file_type: u32) -> Option<FileType> {
    Some(match file_type {
        libc::S_IFREG => FileType::RegularFile,
        libc::S_IFDIR => FileType::Directory,
        libc::S_IFLNK => FileType::Symlink,
        libc::S_IFIFO => FileType::NamedPipe,
        libc::S_IFSOCK => FileType::Socket,
        libc::S_IFCHR => FileType::CharDevice,
        libc::S_IFBLK => FileType::BlockDevice,
        _ => return None,
    })
}

fn system_time((seconds, nanoseconds): (i64, u32)) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let whole = if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    // Where the standard library counts in less than the kernel, the epoch is as good as any.
    whole.and_then(|whole| whole.checked_add(Duration::from_nanos(nanoseconds.into()))).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_the_epoch_count_their_nanoseconds_forward() {
        assert_eq!(system_time((-1, 500_000_000)), UNIX_EPOCH - Duration::from_millis(500));
        assert_eq!(system_time((1, 7)), UNIX_EPOCH + Duration::new(1, 7));
    }

    #[test]
    fn no_time_panics() {
        for seconds in [i64::MIN, i64::MIN + 1, i64::MAX] {
            let _ = system_time((seconds, 999_999_999));
        }
    }
}
