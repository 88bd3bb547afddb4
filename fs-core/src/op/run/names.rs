//! Making, moving and removing names.

use rustix::fs::{Mode, RenameFlags};

use super::{Failed, Ran, Resolved, RunError, Runner, with_at};
use crate::op::bytes::Bytes;
use crate::op::outcome::{Field, Outcome};
use crate::op::place::{At, Target};
use crate::op::{FileKind, YesNo};
use crate::{Follow, RawMode};

impl Runner {
    pub(super) fn rename(&self, src: &At<'_>, dst: &At<'_>, flags: RenameFlags) -> Ran {
        let (src, dst) = (Resolved::new(src), Resolved::new(dst));
        crate::rename_with(src.at(self)?, dst.at(self)?, flags)?;
        Ok(Outcome::OK)
    }

    pub(super) fn renames(&self, old: &Bytes<'_>, new: &Bytes<'_>) -> Ran {
        crate::renames(&*old.resolve(), &*new.resolve())?;
        Ok(Outcome::OK)
    }

    pub(super) fn link(&self, src: &Target<'_>, dst: &At<'_>, follow: Follow) -> Ran {
        let dst = Resolved::new(dst);
        match src {
            Target::Fd(fd) => crate::linux::link_fd(self.get(*fd)?, dst.at(self)?)?,
            Target::Path(src) => {
                let src = Resolved::new(src);
                crate::link(src.at(self)?, dst.at(self)?, follow)?;
            }
        }
        Ok(Outcome::OK)
    }

    pub(super) fn symlink(&self, src: &Bytes<'_>, dst: &At<'_>) -> Ran {
        with_at(self, dst, |dst| crate::symlink(&*src.resolve(), dst))?;
        Ok(Outcome::OK)
    }

    pub(super) fn readlink(&self, at: &At<'_>) -> Ran {
        let target = with_at(self, at, |at| crate::readlink(at))?;
        Ok(Outcome::ok(vec![Field::bytes("target", target.into_os_string().into_encoded_bytes())]))
    }

    pub(super) fn unlink(&self, at: &At<'_>) -> Ran {
        with_at(self, at, |at| crate::unlink(at))?;
        Ok(Outcome::OK)
    }

    pub(super) fn mkdir(&self, at: &At<'_>, mode: Mode) -> Ran {
        with_at(self, at, |at| crate::mkdir(at, mode))?;
        Ok(Outcome::OK)
    }

    pub(super) fn makedirs(&self, at: &At<'_>, mode: Mode, exist_ok: YesNo) -> Ran {
        with_at(self, at, |at| crate::makedirs(at, mode, exist_ok.is_yes()))?;
        Ok(Outcome::OK)
    }

    pub(super) fn rmdir(&self, at: &At<'_>) -> Ran {
        with_at(self, at, |at| crate::rmdir(at))?;
        Ok(Outcome::OK)
    }

    pub(super) fn removedirs(&self, at: &At<'_>) -> Ran {
        with_at(self, at, |at| crate::removedirs(at))?;
        Ok(Outcome::OK)
    }

    pub(super) fn mknod(&self, at: &At<'_>, kind: FileKind, mode: Mode, device: u64) -> Ran {
        if matches!(kind, FileKind::Char | FileKind::Block) {
            check_device(kind, device)?;
        }
        let mode: RawMode = kind.bits() | mode.bits();
        with_at(self, at, |at| crate::mknod(at, mode, device))?;
        Ok(Outcome::OK)
    }

    pub(super) fn mkfifo(&self, at: &At<'_>, mode: Mode) -> Ran {
        with_at(self, at, |at| crate::mkfifo(at, mode))?;
        Ok(Outcome::OK)
    }
}

/// A device node reaches past the directory that confines a case: only devices
/// that nobody can harm, and numbers that no node can have, are made.
fn check_device(kind: FileKind, device: u64) -> Result<(), Failed> {
    let harmless = [3, 5, 7].map(|minor| crate::makedev(1, minor));
    let whiteout = crate::makedev(0, 0);
    let impossible = device > u64::from(u32::MAX);
    match kind {
        FileKind::Char if harmless.contains(&device) || device == whiteout || impossible => Ok(()),
        FileKind::Block if device == whiteout || impossible => Ok(()),
        _ => {
            let why = "only the character devices 1:3 (null), 1:5 (zero) and 1:7 (full) and the device 0:0 are made";
            Err(RunError::Refused(format!("mknod of device {device:#x}: {why}")).into())
        }
    }
}
