//! How a node's inode is let go and reached again, so that a mount needs far fewer descriptors
//! than the kernel knows inodes.
//!
//! A node without a descriptor is reached by the file system's handle, where the file system has handles
//! and the daemon the capability to open by them; elsewhere by its last name, if what is
//! there is the same inode.

use std::os::fd::OwnedFd;
use std::sync::{Arc, RwLock};

use fs_core::linux::{FileHandle, HandleFlags, StatxFlags, name_to_handle_at, open_by_handle_at, statx};
use fs_core::{Errno, Follow, Mode, OFlags, fstat, open};

use crate::found::Found;
use crate::node::{Hold, Node};
use crate::number::OriginIndex;

/// The origins of which inodes can be reached by handle.
#[derive(Debug)]
pub(crate) struct Mounts {
    /// A directory of each: what is opened by handle is reached by the mount of that. An origin that is not here has no handles.
    dirs: RwLock<Vec<(OriginIndex, Option<Arc<OwnedFd>>)>>,
    by_handle: bool,
}

impl Mounts {
    /// None yet; none ever, unless `by_handle`.
    pub(crate) fn new(by_handle: bool) -> Self {
        Mounts { dirs: RwLock::default(), by_handle }
    }

    /// Whether inodes of an origin can be reached by handle.
    pub(crate) fn have(&self, origin: OriginIndex) -> bool {
        self.dir(origin).is_some()
    }

    /// Takes note of a directory, in case its origin is new.
    pub(crate) fn meet(&self, dir: &OwnedFd, origin: OriginIndex) {
        let is_known = |dirs: &[(OriginIndex, _)]| dirs.iter().any(|(known, _)| *known == origin);
        if is_known(&self.dirs.read().unwrap_or_else(std::sync::PoisonError::into_inner)) {
            return;
        }
        let opened = if self.by_handle { openable_by_handle(dir).map(Arc::new) } else { None };
        let mut dirs = self.dirs.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !is_known(&dirs) {
            dirs.push((origin, opened));
        }
    }

    fn dir(&self, origin: OriginIndex) -> Option<Arc<OwnedFd>> {
        let dirs = self.dirs.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        dirs.iter().find(|(known, _)| *known == origin).and_then(|(_, dir)| dir.clone())
    }
}

/// A descriptor to open by handle with, if a directory can be opened so.
fn openable_by_handle(dir: &OwnedFd) -> Option<OwnedFd> {
    let (handle, _) = name_to_handle_at(dir, Follow::Yes, HandleFlags::empty()).ok()?;
    // Not an O_PATH descriptor: the kernel refuses these.
    let opened = open((dir, "."), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).ok()?;
    open_by_handle_at(&opened, &handle, OFlags::PATH).ok()?;
    Some(opened)
}

/// Lets the node's descriptor go, if the inode can be reached without it.
///
/// An inode without a name cannot, on most file systems: it keeps its descriptor for as
/// long as the kernel knows the node.
pub(crate) fn let_go(node: &Node, mounts: &Mounts) {
    // The source is asked without the lock: it may be slow, and others want to know what holds the node.
    let Hold::Descriptor(fd) = node.state().hold.clone() else { return };
    if !has_a_name(&fd) {
        return;
    }
    let by_handle = if mounts.have(node.origin) { handle_of(&fd) } else { None };
    // Where there are no handles, the time of birth tells the inode when its name is come back to.
    let by_name = if by_handle.is_none() { Some(Hold::Name { birth: birth_of(&fd) }) } else { None };
    let kept;
    {
        let mut state = node.state();
        if state.needs_descriptor() || !matches!(&state.hold, Hold::Descriptor(held) if Arc::ptr_eq(held, &fd)) {
            return;
        }
        let has_place = state.place.as_ref().is_some_and(|place| !place.is_gone);
        let by_name = by_name.filter(|_| has_place);
        let Some(instead) = by_handle.map(|(kind, bytes)| Hold::Handle(kind, bytes)).or(by_name) else { return };
        state.hold = instead;
        kept = state.close_unless_open();
    }
    // Given back by a system call.
    drop(kept);
    // Who took its last name away meanwhile has still seen a descriptor, and left it at that.
    if !has_a_name(&fd) {
        node.state().hold = Hold::Descriptor(fd);
    }
}

fn has_a_name(fd: &OwnedFd) -> bool {
    fstat(fd).is_ok_and(|status| status.st_nlink() > 0)
}

/// Whether `fd` is open on the inode of a node that no descriptor holds.
pub(crate) fn is_same(hold: &Hold, fd: &OwnedFd) -> bool {
    match hold {
        Hold::Descriptor(_) => true,
        Hold::Handle(kind, bytes) => {
            handle_of(fd).is_some_and(|(its_kind, its_bytes)| its_kind == *kind && its_bytes == *bytes)
        }
        Hold::Name { birth } => birth_of(fd) == *birth,
    }
}

/// Opens the inode of a handle.
///
/// # Errors
/// `ESTALE`: it is gone.
pub(crate) fn by_handle(mounts: &Mounts, origin: OriginIndex, kind: i32, bytes: &[u8]) -> Result<OwnedFd, Errno> {
    let dir = mounts.dir(origin).ok_or(Errno::STALE)?;
    let handle = FileHandle::new(kind, bytes)?;
    Ok(open_by_handle_at(&*dir, &handle, OFlags::PATH | OFlags::NOFOLLOW)?)
}

/// Opens what is at `name` in `dir`, if it is the inode with this number and birth.
///
/// # Errors
/// `ESTALE`: it is another, or none.
pub(crate) fn by_name(
    dir: &OwnedFd,
    name: &[u8],
    is_it: impl FnOnce(&Found) -> bool,
    birth: Option<i64>,
) -> Result<OwnedFd, Errno> {
    let fd = match open((dir, name), OFlags::PATH | OFlags::NOFOLLOW, Mode::empty()) {
        Ok(fd) => fd,
        Err(error) if matches!(error.errno(), Errno::NOENT | Errno::NOTDIR) => return Err(Errno::STALE),
        Err(error) => return Err(error.into()),
    };
    let found = Found::by(&fd)?;
    if is_it(&found) && birth_of(&fd) == birth { Ok(fd) } else { Err(Errno::STALE) }
}

fn handle_of(fd: &OwnedFd) -> Option<(i32, Box<[u8]>)> {
    let (handle, _) = name_to_handle_at(fd, Follow::Yes, HandleFlags::empty()).ok()?;
    Some((handle.handle_type(), handle.bytes().into()))
}

fn birth_of(fd: &OwnedFd) -> Option<i64> {
    statx(fd, Follow::Yes, StatxFlags::BTIME).ok()?.btime_ns().and_then(|birth| i64::try_from(birth).ok())
}
