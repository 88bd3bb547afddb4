//! The node operations: what each request does to the source, on plain types and through
//! `fs_core`, without knowing how requests come and replies go.
//!
//! Every operation is relative to the descriptor of a node: to its inode, or to one name in
//! it. No path below the source is ever walked, no symbolic link of the source is ever
//! followed, and permissions are not checked here: the kernel has checked them.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fs_core::{Errno, StatResult, Target};

use crate::cache::FOR_EVER;
use crate::caller::Caller;
use crate::handle::Handles;
use crate::node::{Name, Node};
use crate::nodes::Nodes;
use crate::options::Cache;
use crate::worker::Worker;

mod attributes;
mod data;
mod directories;
#[cfg(feature = "planted-faults")]
pub mod faults;
mod flags;
mod listings;
mod names;
mod xattrs;

pub use attributes::Changes;
pub use data::{File, OpenFile, Opens, Write};
pub use directories::{Dir, Listed, OpenDir};
pub use flags::Open;
pub use listings::Listings;

/// What all requests of a mount share.
#[derive(Debug)]
pub struct Volume {
    /// The inodes that the kernel knows.
    pub nodes: Arc<Nodes>,
    /// Open files.
    pub files: Handles<OpenFile>,
    /// Open directories.
    pub dirs: Handles<OpenDir>,
    /// Listings that will go on, of directories that are not opened.
    pub listings: Listings,
    /// Whether the kernel opens directories, so that a request about one says by which handle.
    pub opens_directories: AtomicBool,
    /// Whether it opens files, in the same way: not where [nothing ever changes](Volume::never_changes), and nobody traces.
    pub opens_files: AtomicBool,
    /// What the kernel may remember.
    pub cache: Cache,
    /// Whether every change is refused.
    pub read_only: bool,
}

/// A request that is being served. The operations are its methods.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The mount.
    pub volume: &'a Volume,
    /// The thread that serves.
    pub worker: &'a Worker,
    /// Who asks.
    pub caller: Caller,
}

/// An inode that the kernel is told of, with its status. Each one that reaches the
/// kernel has been counted; see [`Nodes::forget`].
#[derive(Clone, Debug)]
pub struct Entry {
    /// The node.
    pub node: Arc<Node>,
    /// Its status.
    pub status: StatResult,
}

/// An open file or directory, and the number that the kernel will know it by.
#[derive(Debug)]
pub struct Opened<T> {
    /// The number.
    pub number: u64,
    /// The handle.
    pub handle: Arc<T>,
}

impl Volume {
    /// What the kernel may remember of a node.
    pub fn cache_of(&self, node: &Node) -> Cache {
        if self.cache == Cache::Watch && !node.is_watched { Cache::Tick } else { self.cache }
    }

    /// Whether nobody changes what is shown, neither through the mount nor beneath.
    pub fn never_changes(&self) -> bool {
        self.read_only && self.cache == Cache::Exclusive
    }

    /// How long the kernel may remember the attributes of an inode that nobody has just changed.
    pub fn attribute_ttl(&self, entry: &Entry) -> Duration {
        if self.never_changes() {
            return FOR_EVER;
        }
        self.cache_of(&entry.node).attribute_ttl(entry.status.st_mode(), entry.node.may_be_mapped())
    }
}

impl Call<'_> {
    /// A descriptor of a node, by its number.
    fn fd(&self, ino: u64) -> Result<Arc<OwnedFd>, Errno> {
        let node = self.volume.nodes.get(ino)?;
        self.volume.nodes.fd(&node)
    }

    /// Calls `call` with what leads to a node: a descriptor of the source's file if a program has it open, which is
    /// half as much work for the kernel as a path.
    fn on<T>(&self, node: &Arc<Node>, call: impl FnOnce(Target<'_>) -> fs_core::Result<T>) -> Result<T, Errno> {
        if let Some(open) = node.open_descriptor() {
            return Ok(call(Target::Fd(open.as_fd()))?);
        }
        let fd = self.volume.nodes.fd(node)?;
        Ok(self.worker.at(&*fd, |path| call(path.into()))?)
    }

    /// A descriptor of the directory that holds a name.
    ///
    /// # Errors
    /// `EINVAL`: the name is not one component, so that it could lead out of the directory.
    fn directory_of(&self, name: Name<'_>) -> Result<Arc<OwnedFd>, Errno> {
        check_component(name.name)?;
        self.fd(name.parent)
    }

    /// Refuses a change where the mount is read-only.
    fn check_writable(&self) -> Result<(), Errno> {
        if self.volume.read_only { Err(Errno::ROFS) } else { Ok(()) }
    }
}

fn check_component(name: &[u8]) -> Result<(), Errno> {
    if matches!(name, b"" | b"." | b"..") || name.iter().any(|byte| matches!(byte, b'/' | 0)) {
        return Err(Errno::INVAL);
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod testing {
    //! A volume over a temporary directory.

    use fs_core::{Mode, OFlags};

    use super::*;
    use crate::nodes::Settings;
    use crate::worker;

    pub(crate) struct Mount {
        pub(crate) dir: tempfile::TempDir,
        pub(crate) volume: Volume,
    }

    impl Mount {
        pub(crate) fn new() -> Self {
            Mount::with(Settings { most_descriptors: 1 << 20, keeps_names: true, by_handle: true })
        }

        pub(crate) fn with(settings: Settings) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let source = fs_core::open(dir.path(), OFlags::PATH, Mode::empty()).unwrap();
            let found = crate::found::Found::by(&source).unwrap();
            let volume = Volume {
                nodes: Arc::new(Nodes::new(Arc::new(source), &found, settings)),
                files: Handles::default(),
                dirs: Handles::default(),
                listings: Listings::default(),
                opens_directories: AtomicBool::new(true),
                opens_files: AtomicBool::new(true),
                cache: Cache::None,
                read_only: false,
            };
            Mount { dir, volume }
        }

        pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
            self.dir.path().join(name)
        }

        /// Makes `call` as whoever runs the test.
        pub(crate) fn call<T>(&self, call: impl FnOnce(&Call<'_>) -> T) -> T {
            let caller = Caller {
                uid: rustix::process::geteuid().as_raw(),
                gid: rustix::process::getegid().as_raw(),
                tid: rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned(),
            };
            worker::with(|worker| Ok(call(&Call { volume: &self.volume, worker, caller }))).unwrap()
        }
    }

    pub(crate) fn name(parent: u64, name: &str) -> Name<'_> {
        Name { parent, name: name.as_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{Mount, name};
    use super::*;
    use crate::number::ROOT;

    #[test]
    fn a_name_that_could_lead_elsewhere_is_refused() {
        let mount = Mount::new();
        for bad in ["", ".", "..", "/", "a/b", "/etc", "a/", "a\0b"] {
            let bad = name(ROOT, bad);
            mount.call(|call| {
                assert_eq!(call.lookup(bad).unwrap_err(), Errno::INVAL);
                assert_eq!(call.mkdir(bad, 0o755, 0).unwrap_err(), Errno::INVAL);
                assert_eq!(call.unlink(bad).unwrap_err(), Errno::INVAL);
                assert_eq!(call.rename(bad, name(ROOT, "x"), 0).unwrap_err(), Errno::INVAL);
                assert_eq!(call.rename(name(ROOT, "x"), bad, 0).unwrap_err(), Errno::INVAL);
            });
        }
    }

    #[test]
    fn a_read_only_mount_refuses_every_change() {
        let mut mount = Mount::new();
        std::fs::write(mount.path("f"), "x").unwrap();
        mount.volume.read_only = true;
        mount.call(|call| {
            let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            let x = name(ROOT, "x");
            assert_eq!(call.mkdir(x, 0o755, 0).unwrap_err(), Errno::ROFS);
            assert_eq!(call.mknod(x, libc::S_IFREG | 0o644, 0, 0).unwrap_err(), Errno::ROFS);
            assert_eq!(call.symlink(x, b"t").unwrap_err(), Errno::ROFS);
            assert_eq!(call.link(f, x).unwrap_err(), Errno::ROFS);
            assert_eq!(call.unlink(name(ROOT, "f")).unwrap_err(), Errno::ROFS);
            assert_eq!(call.rmdir(x).unwrap_err(), Errno::ROFS);
            assert_eq!(call.rename(name(ROOT, "f"), x, 0).unwrap_err(), Errno::ROFS);
            assert_eq!(call.create(x, 0o644, 0, libc::O_WRONLY as u32).unwrap_err(), Errno::ROFS);
            assert_eq!(call.open(f, libc::O_WRONLY as u32, Opens::Now).unwrap_err(), Errno::ROFS);
            assert_eq!(call.open(f, libc::O_TRUNC as u32, Opens::Now).unwrap_err(), Errno::ROFS);
            let changes = Changes { mode: Some(0o600), ..Changes::default() };
            assert_eq!(call.setattr(f, None, changes).unwrap_err(), Errno::ROFS);
            assert_eq!(call.setxattr(f, b"user.a", b"1", 0).unwrap_err(), Errno::ROFS);
            assert_eq!(call.removexattr(f, b"user.a").unwrap_err(), Errno::ROFS);
            assert!(call.open(f, 0, Opens::Now).is_ok());
        });
    }
}
