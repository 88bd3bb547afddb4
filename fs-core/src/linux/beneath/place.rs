//! Where a walk stands: a directory, and the way back to where it began.

use std::collections::VecDeque;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, openat, statat};
use rustix::io::{self, Errno};

use crate::{Mode, OFlags};

/// How a directory is opened to stand in it: never through a link.
pub(super) const STEP: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// So many directories are held open, so that a deep path does not need as many
/// descriptors as it is deep.
const HELD: usize = 32;

/// A directory at or below the root of a walk.
pub(super) struct Place<'a> {
    root: BorrowedFd<'a>,
    /// The names from the root to here.
    names: Vec<Vec<u8>>,
    /// The innermost directories of the way, this one last; empty only at the root.
    held: VecDeque<OwnedFd>,
    /// Whether this directory is known to be one that may be searched.
    is_searched: bool,
}

impl<'a> Place<'a> {
    pub(super) fn at_root(root: BorrowedFd<'a>) -> Self {
        Place { root, names: Vec::new(), held: VecDeque::new(), is_searched: false }
    }

    pub(super) fn dir(&self) -> BorrowedFd<'_> {
        self.held.back().map_or(self.root, AsFd::as_fd)
    }

    /// Goes into the directory `fd`, which `name` is here.
    pub(super) fn enter(&mut self, name: Vec<u8>, fd: OwnedFd) {
        if self.held.len() == HELD {
            self.held.pop_front();
        }
        self.names.push(name);
        self.held.push_back(fd);
        self.is_searched = false;
    }

    /// Goes back to the directory that this one was entered from; false at the root.
    ///
    /// The kernel's `..` would lead to where this directory is now, which may be elsewhere.
    ///
    /// # Errors
    /// `EAGAIN`: what is on the way was renamed.
    pub(super) fn leave(&mut self) -> io::Result<bool> {
        if self.names.pop().is_none() {
            return Ok(false);
        }
        self.held.pop_back();
        if self.held.is_empty() {
            self.walk_again()?;
        }
        self.is_searched = false;
        Ok(true)
    }

    pub(super) fn go_to_root(&mut self) {
        self.names.clear();
        self.held.clear();
        self.is_searched = false;
    }

    /// Fails as a path with one more component after this directory does, if it may not
    /// be searched.
    pub(super) fn check_search(&mut self) -> io::Result<()> {
        if !self.is_searched {
            statat(self.dir(), c".", AtFlags::SYMLINK_NOFOLLOW)?;
            self.is_searched = true;
        }
        Ok(())
    }

    /// Goes the way from the root once more.
    fn walk_again(&mut self) -> io::Result<()> {
        for name in mem::take(&mut self.names) {
            match openat(self.dir(), name.as_slice(), STEP.into(), Mode::empty()) {
                Ok(fd) => self.enter(name, fd),
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Err(Errno::AGAIN),
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}
