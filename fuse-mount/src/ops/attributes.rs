//! Attributes: reading and changing them, and the status of the file system.

use std::sync::Arc;

use fs_core::{Errno, Follow, Gid, Mode, StatResult, StatVfs, Time, Times, Uid, fstat};

use super::{Call, Entry, File};
use crate::node::Node;

/// What a request changes; what it leaves alone is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The length in bytes.
    pub size: Option<u64>,
    /// The owner.
    pub uid: Option<u32>,
    /// The group.
    pub gid: Option<u32>,
    /// The permission bits, suid, sgid and sticky included.
    pub mode: Option<u32>,
    /// The time of the last access.
    pub atime: Option<Time>,
    /// The time of the last change of content.
    pub mtime: Option<Time>,
}

impl Call<'_> {
    /// The status of a node, or of what `file` is open on.
    pub fn getattr(&self, ino: u64, file: Option<File>) -> Result<Entry, Errno> {
        if let Some(open @ File::Open(_)) = file {
            let file = self.file(open)?;
            let status = fstat(&*file.opened().map_or_else(|| self.volume.nodes.fd(&file.node), Ok)?)?;
            file.node.observe(&status);
            return Ok(Entry { node: file.node.clone(), status });
        }
        let node = self.volume.nodes.get(ino)?;
        let status = fstat(&*self.volume.nodes.fd(&node)?)?;
        node.observe(&status);
        Ok(Entry { node, status })
    }

    /// Changes attributes of a node; a size through `file`, if that is asked for.
    ///
    /// With several changes, those before one that fails are made.
    pub fn setattr(&self, ino: u64, file: Option<File>, changes: Changes) -> Result<Entry, Errno> {
        self.check_writable()?;
        let node = self.volume.nodes.get(ino)?;
        let fd = self.volume.nodes.fd(&node)?;
        if changes == Changes::default() {
            self.remove_privileges(&node, &fstat(&*fd)?)?;
        }
        if let Some(size) = changes.size {
            let size = i64::try_from(size).map_err(|_| Errno::FBIG)?;
            self.changing_content(&node, || match file {
                // As ftruncate, which changes mtime where truncate to the same length does not.
                Some(file) => Ok(fs_core::ftruncate(&*self.source(file)?, size)?),
                None => Ok(self.worker.at(&*fd, |node| fs_core::truncate(node, size))?),
            })?;
        }
        if changes.uid.is_some() || changes.gid.is_some() {
            let (uid, gid) = (changes.uid.map(Uid::from_raw), changes.gid.map(Gid::from_raw));
            let chown = || self.on(&node, |node| fs_core::chown(node, uid, gid, Follow::Yes));
            self.changing_content(&node, chown)?;
        }
        if let Some(mode) = changes.mode {
            let mode = mode & 0o7777;
            let chmod = || self.on(&node, |node| fs_core::chmod(node, Mode::from_raw_mode(mode), Follow::Yes));
            // The kernel took sgid away already from one who is not of the group.
            if mode & libc::S_ISGID != 0 { self.worker.with_fsetid(chmod)? } else { chmod()? }
        }
        if changes.atime.is_some() || changes.mtime.is_some() {
            let times =
                Times { atime: changes.atime.unwrap_or(Time::Omit), mtime: changes.mtime.unwrap_or(Time::Omit) };
            self.on(&node, |node| fs_core::utime(node, times, Follow::Yes))?;
        }
        let status = fstat(&*fd)?;
        node.observe(&status);
        Ok(Entry { node, status })
    }

    /// Answers a request that changes nothing. It is sent for `chown(path, -1, -1)`, and to take
    /// suid, sgid and capabilities away before a write; the two cannot be told apart.
    fn remove_privileges(&self, node: &Arc<Node>, status: &StatResult) -> Result<(), Errno> {
        let may_change = self.caller.uid == 0 || self.caller.uid == status.st_uid();
        if !may_change && crate::cache::has_set_id(status.st_mode()) {
            // A stranger who writes: the write itself clears the bits.
            let writes = node.writers.load(std::sync::atomic::Ordering::Relaxed) > 0;
            return if writes { Ok(()) } else { Err(Errno::PERM) };
        }
        self.changing_content(node, || self.on(node, |node| fs_core::chown(node, None, None, Follow::Yes)))
    }

    /// Calls `change`, which takes suid and sgid from a file, so that they stay as they would
    /// stay for the caller: for root, and sgid without group execution for a member of the group.
    pub(super) fn changing_content<T>(
        &self,
        node: &Node,
        change: impl FnOnce() -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        if node.has_set_id() { self.worker.as_member(self.caller, change) } else { change() }
    }

    /// The status of the file system that holds a node.
    pub fn statfs(&self, ino: u64) -> Result<StatVfs, Errno> {
        Ok(fs_core::fstatvfs(&*self.fd(ino)?)?)
    }

    /// Answers whether the caller may use a node: always, because the kernel has checked already
    /// and asks nobody.
    pub fn access(&self, ino: u64) -> Result<(), Errno> {
        self.volume.nodes.get(ino).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Mount, name};
    use super::*;
    use crate::caller::Caller;
    use crate::number::ROOT;
    use crate::ops::Opens;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    fn set(mount: &Mount, caller: u32, file: &str, changes: Changes) -> Result<Entry, Errno> {
        mount.call(|call| {
            let call = Call { caller: Caller { uid: caller, gid: caller, tid: std::process::id() }, ..*call };
            call.setattr(call.lookup(name(ROOT, file)).unwrap().node.ino, None, changes)
        })
    }

    fn made(mount: &Mount, file: &str, mode: u32) {
        std::fs::write(mount.path(file), "12345").unwrap();
        std::fs::set_permissions(mount.path(file), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(mount: &Mount, file: &str) -> u32 {
        std::fs::metadata(mount.path(file)).unwrap().mode() & 0o7777
    }

    #[test]
    fn times_are_set_omitted_and_taken_now() {
        let mount = Mount::new();
        made(&mount, "f", 0o644);
        let at = |ns| Some(Time::At { ns });
        let changes = Changes { atime: at(-1_500_000_000), mtime: at(1_000_000_007), ..Changes::default() };
        let status = set(&mount, 0, "f", changes).unwrap().status;
        assert_eq!((status.st_atime_ns(), status.st_mtime_ns()), (-1_500_000_000, 1_000_000_007));
        let status = set(&mount, 0, "f", Changes { atime: at(5), ..Changes::default() }).unwrap().status;
        assert_eq!((status.st_atime_ns(), status.st_mtime_ns()), (5, 1_000_000_007));
        let status = set(&mount, 0, "f", Changes { mtime: Some(Time::Now), ..Changes::default() }).unwrap().status;
        assert_eq!(status.st_atime_ns(), 5);
        assert!(status.st_mtime_ns() > 1_600_000_000_000_000_000);
    }

    #[test]
    fn several_changes_come_back_in_one_answer() {
        let mount = Mount::new();
        made(&mount, "f", 0o644);
        let changes = Changes { size: Some(2), mode: Some(0o600), ..Changes::default() };
        let status = set(&mount, 0, "f", changes).unwrap().status;
        assert_eq!((status.st_size(), status.st_mode() & 0o7777), (2, 0o600));
    }

    #[test]
    fn a_truncation_takes_set_id_from_all_but_root() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: acting as another user needs root");
            return;
        }
        let mount = Mount::new();
        for (caller, left) in [(0, 0o6777), (1234, 0o0777)] {
            made(&mount, "f", 0o6777);
            set(&mount, caller, "f", Changes { size: Some(2), ..Changes::default() }).unwrap();
            assert_eq!(mode(&mount, "f"), left, "after a truncation by {caller}");
        }
    }

    #[test]
    fn changing_the_owner_takes_set_id_away() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: changing the owner needs root");
            return;
        }
        let mount = Mount::new();
        made(&mount, "f", 0o6755);
        set(&mount, 0, "f", Changes { gid: Some(7), ..Changes::default() }).unwrap();
        assert_eq!((mode(&mount, "f"), std::fs::metadata(mount.path("f")).unwrap().gid()), (0o755, 7));
        // Without group execution sgid is no privilege, and root keeps it.
        made(&mount, "g", 0o2644);
        set(&mount, 0, "g", Changes { gid: Some(7), ..Changes::default() }).unwrap();
        assert_eq!(mode(&mount, "g"), 0o2644);
    }

    #[test]
    fn sgid_can_be_given() {
        let mount = Mount::new();
        made(&mount, "f", 0o644);
        set(&mount, 1234, "f", Changes { mode: Some(0o6755), ..Changes::default() }).unwrap();
        assert_eq!(mode(&mount, "f"), 0o6755);
    }

    #[test]
    fn a_change_of_nothing_is_the_owners_or_a_writers() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: acting as another user needs root");
            return;
        }
        let mount = Mount::new();
        made(&mount, "f", 0o6777);
        assert_eq!(set(&mount, 1234, "f", Changes::default()).unwrap_err(), Errno::PERM);
        let opened = mount.call(|call| {
            let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            call.open(f, libc::O_WRONLY as u32, Opens::Now).unwrap()
        });
        assert!(set(&mount, 1234, "f", Changes::default()).is_ok());
        assert_eq!(mode(&mount, "f"), 0o6777);
        mount.call(|call| call.release(opened.number)).unwrap();
        set(&mount, 0, "f", Changes::default()).unwrap();
        assert_eq!(mode(&mount, "f"), 0o777);
        assert!(set(&mount, 1234, "f", Changes::default()).is_ok());
    }
}
