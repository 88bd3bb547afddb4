//! A mount of our own of a watched file system, through which the kernel reads and writes for programs: nobody else has it,
//! and of what is written through it nothing is said.
//!
//! It is a copy of the mount that the nodes are reached through, in no tree of mounts, and there is no path to it. It
//! goes with its descriptors.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use fs_core::linux::fanotify::{Happened, MarkFlags, fanotify_mark};
use fs_core::linux::{HandleFlags, name_to_handle_at, open_by_handle_at};
use fs_core::{Errno, Follow, Mode, OFlags, StFlags, fstatvfs, open};
use rustix::mount::{MountPropagationFlags, OpenTreeFlags, mount_change, open_tree};

/// The copy of a mount.
#[derive(Debug)]
pub(super) struct OwnMount {
    /// The id of the mount that it is a copy of.
    original: u64,
    /// Ends the mount when it is closed.
    _tree: OwnedFd,
    /// A directory on it, to open by handle with.
    dir: OwnedFd,
}

impl OwnMount {
    /// A copy of the mount on which `dir` is. `group` is not told of what is written through it.
    ///
    /// # Errors
    /// `EROFS`: nothing is written there. `EINVAL` and others: the mount must not be copied, or the kernel is too old;
    /// then what programs write is told as what others write.
    pub(super) fn of(group: impl AsFd, dir: &OwnedFd) -> Result<Self, Errno> {
        // It may become writable one day, which the copy would not.
        if fstatvfs(dir)?.f_flag.contains(StFlags::RDONLY) {
            return Err(Errno::ROFS);
        }
        let (_, original) = name_to_handle_at(dir, Follow::Yes, HandleFlags::empty())?;
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
        let tree = open_tree(dir, c"", flags)?;
        // What is mounted below the original later need not be mounted here, and kept. Kernels that refuse this to
        // a mount in no tree would not mount it here either.
        let path = CString::new(format!("/proc/self/fd/{}", tree.as_raw_fd())).expect("a path without NUL");
        let _ = mount_change(path, MountPropagationFlags::PRIVATE);
        let left_out = MarkFlags::ADD | MarkFlags::MOUNT | MarkFlags::IGNORE | MarkFlags::IGNORED_SURV_MODIFY;
        fanotify_mark(group, left_out, Happened::MODIFY, (&tree, "."))?;
        // Not an O_PATH descriptor, as `tree` is one: the kernel opens no handles by these.
        let dir = open((&tree, "."), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
        Ok(OwnMount { original, _tree: tree, dir })
    }

    /// An `O_PATH` descriptor of what `fd` is open on, on this mount.
    ///
    /// # Errors
    /// `EXDEV`: it was reached through another mount than the one that this is a copy of; that may be a read-only one.
    /// `ESTALE`, `EPERM` and others: it cannot be reached by its handle.
    pub(super) fn reach(&self, fd: &OwnedFd) -> Result<OwnedFd, Errno> {
        let (handle, mount) = name_to_handle_at(fd, Follow::Yes, HandleFlags::empty())?;
        if mount != self.original {
            return Err(Errno::XDEV);
        }
        Ok(open_by_handle_at(&self.dir, &handle, OFlags::PATH | OFlags::NOFOLLOW)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use fs_core::linux::fanotify::{Events, GroupFlags, fanotify_init};

    /// A group that hears of writes on the file system of `dir`, and a copy of the mount there; none where that cannot
    /// be had.
    fn watched(dir: &Path) -> Option<(OwnedFd, OwnMount)> {
        let flags = GroupFlags::FID | GroupFlags::DIR_FID | GroupFlags::NAME | GroupFlags::TARGET_FID;
        let place = open(dir, OFlags::PATH, Mode::empty()).unwrap();
        let made = fanotify_init(flags | GroupFlags::NONBLOCK).map_err(Errno::from).and_then(|group| {
            fanotify_mark(&group, MarkFlags::ADD | MarkFlags::FILESYSTEM, Happened::MODIFY, (&place, "."))?;
            let own = OwnMount::of(&group, &place)?;
            Ok((group, own))
        });
        made.inspect_err(|errno| eprintln!("not run: {errno:?}")).ok()
    }

    /// How often this process was heard writing the file with this handle.
    fn heard(group: &OwnedFd, file: &OwnedFd) -> usize {
        let (handle, _) = name_to_handle_at(file, Follow::Yes, HandleFlags::empty()).unwrap();
        let mut buffer = [0; 1 << 16];
        let mut count = 0;
        while let Ok(length) = fs_core::read(group, &mut buffer) {
            let events = Events::new(&buffer[..length]);
            count += events.filter(|event| event.object.is_some_and(|fid| fid.bytes == handle.bytes())).count();
        }
        count
    }

    fn writable(place: &OwnedFd) -> OwnedFd {
        let path = format!("/proc/self/fd/{}", place.as_raw_fd());
        open(path.as_str(), OFlags::WRONLY, Mode::empty()).unwrap()
    }

    #[test]
    fn what_is_written_through_the_copy_is_not_heard_of_and_all_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let Some((group, own)) = watched(dir.path()) else { return };
        std::fs::write(dir.path().join("f"), "x").unwrap();
        let place = open(&dir.path().join("f"), OFlags::PATH, Mode::empty()).unwrap();
        let reached = own.reach(&place).unwrap();
        assert_eq!(fs_core::fstat(&reached).unwrap().st_ino(), fs_core::fstat(&place).unwrap().st_ino());
        assert_ne!(heard(&group, &place), 0);
        let (ours, theirs) = (writable(&reached), writable(&place));
        fs_core::write(&ours, b"own").unwrap();
        assert_eq!(heard(&group, &place), 0);
        fs_core::write(&theirs, b"another").unwrap();
        assert_eq!(heard(&group, &place), 1);
        fs_core::ftruncate(&theirs, 0).unwrap();
        assert_eq!(heard(&group, &place), 1);
        // Whatever becomes of its name.
        std::fs::remove_file(dir.path().join("f")).unwrap();
        fs_core::write(&ours, b"own").unwrap();
        assert_eq!(heard(&group, &place), 0);
        fs_core::write(&theirs, b"another").unwrap();
        assert_eq!(heard(&group, &place), 1);
    }

    #[test]
    fn what_is_on_another_mount_is_not_reached() {
        let dir = tempfile::tempdir().unwrap();
        let Some((_group, own)) = watched(dir.path()) else { return };
        let proc = open(Path::new("/proc/self/status"), OFlags::PATH, Mode::empty()).unwrap();
        assert!(own.reach(&proc).is_err());
        // The copy itself is a mount of its own.
        let copied = own.reach(&open(dir.path(), OFlags::PATH, Mode::empty()).unwrap()).unwrap();
        assert_eq!(own.reach(&copied).unwrap_err(), Errno::XDEV);
    }
}
