//! Copies of files, for the faults that make one where an inode should stay.

use fs_core::{Errno, Follow, Gid, Mode, OFlags, Time, Times, Uid, fstat, open};

use super::Faulty;
use crate::node::Name;

impl Faulty<'_> {
    /// Makes a copy of a regular file, with its owner, permissions and times.
    pub(super) fn copy(&self, ino: u64, name: Name<'_>) -> Result<(), Errno> {
        let dir = self.directory_of(name)?;
        let src = self.reopened(ino, OFlags::RDONLY)?;
        let status = fstat(&src)?;
        let flags = OFlags::WRONLY | OFlags::CREAT | OFlags::EXCL;
        let dst = open((&*dir, name.name), flags, Mode::from_raw_mode(0o600))?;
        let mut bytes = vec![0; 1 << 16];
        let mut offset = 0;
        loop {
            let count = fs_core::pread(&src, &mut bytes, offset)?;
            if count == 0 {
                break;
            }
            fs_core::pwrite(&dst, &bytes[..count], offset)?;
            offset += count as u64;
        }
        let times =
            Times { atime: Time::At { ns: status.st_atime_ns() }, mtime: Time::At { ns: status.st_mtime_ns() } };
        fs_core::fchown(&dst, Some(Uid::from_raw(status.st_uid())), Some(Gid::from_raw(status.st_gid())))?;
        fs_core::fchmod(&dst, Mode::from_raw_mode(status.st_mode() & 0o7777))?;
        self.worker.at(&dst, |dst| fs_core::utime(dst, times, Follow::Yes))?;
        Ok(())
    }
}
