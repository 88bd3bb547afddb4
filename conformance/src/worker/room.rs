//! The directory of the workers, on the zygote's side: given or made, perhaps with mounts.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::mountspace::MountSpace;
use crate::mounts::BindMount;
use crate::scratch::Scratch;

/// Where the workers of a case work.
pub(super) struct Room {
    dir: Directory,
    mounts: Option<MountSpace>,
}

enum Directory {
    Given(OwnedFd),
    Made(Scratch),
}

impl Room {
    /// The directory `dir`.
    pub(super) fn given(dir: OwnedFd) -> Self {
        Room { dir: Directory::Given(dir), mounts: None }
    }

    /// A new directory below `parent`.
    pub(super) fn made_below(parent: OwnedFd) -> Result<Self, String> {
        let made = Scratch::below_fd(parent);
        let made = made.map_err(|error| format!("cannot make the directory of the workers: {error}"))?;
        Ok(Room { dir: Directory::Made(made), mounts: None })
    }

    /// Makes the mounts that only the workers see.
    pub(super) fn mount(&mut self, mounts: &[BindMount]) -> Result<(), String> {
        if !mounts.is_empty() {
            self.mounts = Some(MountSpace::new(self.dir.as_fd(), mounts)?);
        }
        Ok(())
    }

    /// Takes a worker to where the directory is, which this returns.
    pub(super) fn enter(&self) -> io::Result<BorrowedFd<'_>> {
        match &self.mounts {
            None => Ok(self.dir.as_fd()),
            Some(mounts) => mounts.enter().map(|()| mounts.dir()),
        }
    }

    /// Ends what holds the mounts, a child of this process.
    pub(super) fn unmount(&self) {
        self.mounts.iter().for_each(MountSpace::end);
    }

    /// Removes the directory, if it was made.
    pub(super) fn remove(self) -> Result<(), String> {
        match self.dir {
            Directory::Given(_) => Ok(()),
            Directory::Made(scratch) => {
                scratch.remove().map_err(|error| format!("cannot remove the directory of the workers: {error}"))
            }
        }
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Directory::Given(dir) => dir.as_fd(),
            Directory::Made(scratch) => scratch.dir(),
        }
    }
}
