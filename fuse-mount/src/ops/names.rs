//! Names: finding, making, moving and removing them.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use fs_core::{Dev, Errno, Follow, Mode, OFlags, RenameFlags, StatResult, fstat, open};

use super::{Call, Entry, check_component};
use crate::found::Found;
use crate::node::{Name, Node};

impl Call<'_> {
    /// Finds a name.
    ///
    /// # Errors
    /// `ENOENT`: there is none.
    pub fn lookup(&self, name: Name<'_>) -> Result<Entry, Errno> {
        let dir = self.directory_of(name)?;
        self.entry(&dir, name)
    }

    /// The node at `name` in `dir`.
    fn entry(&self, dir: &OwnedFd, name: Name<'_>) -> Result<Entry, Errno> {
        let found = Found::at(dir, name.name)?;
        if let Some(node) = self.volume.nodes.recognise(name, &found) {
            return self.fresh(node, found.status);
        }
        self.new_entry(dir, name)
    }

    /// The node at `name` in `dir`, where there is most likely none yet.
    fn new_entry(&self, dir: &OwnedFd, name: Name<'_>) -> Result<Entry, Errno> {
        // The status is that of what was opened: the name may be another's by now.
        let flags = OFlags::PATH | OFlags::NOFOLLOW;
        let fd = self.volume.nodes.with_room(|| Ok(open((dir, name.name), flags, Mode::empty())?))?;
        let found = Found::by(&fd)?;
        self.enter(name, fd, &found)
    }

    /// The node that `fd`, an `O_PATH` descriptor, is open on.
    pub(super) fn enter(&self, name: Name<'_>, fd: OwnedFd, found: &Found) -> Result<Entry, Errno> {
        self.fresh(self.volume.nodes.enter(name, fd, found), found.status)
    }

    /// What the kernel is told of a node that has been counted. Where changes are heard of, the status is taken
    /// again: one that was taken before there was a node may be older than a change that nobody has heard of.
    fn fresh(&self, node: Arc<Node>, status: StatResult) -> Result<Entry, Errno> {
        let taken = || Ok(fstat(&*self.volume.nodes.fd(&node)?)?);
        let status = if node.is_watched { taken() } else { Ok(status) };
        match status {
            Ok(status) => {
                node.observe(&status);
                Ok(Entry { node, status })
            }
            Err(errno) => {
                self.volume.nodes.forget(node.ino, 1);
                Err(errno)
            }
        }
    }

    /// Makes a regular file, FIFO, socket or device.
    pub fn mknod(&self, name: Name<'_>, mode: u32, umask: u32, device: Dev) -> Result<Entry, Errno> {
        self.make(name, umask, mode, |dir| fs_core::mknod((dir, name.name), mode, device))
    }

    /// Makes a directory.
    pub fn mkdir(&self, name: Name<'_>, mode: u32, umask: u32) -> Result<Entry, Errno> {
        self.make(name, umask, mode, |dir| fs_core::mkdir((dir, name.name), Mode::from_raw_mode(mode)))
    }

    /// Makes a symbolic link.
    pub fn symlink(&self, name: Name<'_>, target: &[u8]) -> Result<Entry, Errno> {
        self.make(name, 0, 0, |dir| fs_core::symlink(target, (dir, name.name)))
    }

    fn make(
        &self,
        name: Name<'_>,
        umask: u32,
        mode: u32,
        make: impl FnOnce(&OwnedFd) -> fs_core::Result<()>,
    ) -> Result<Entry, Errno> {
        self.check_writable()?;
        let dir = self.directory_of(name)?;
        self.worker.create_as(self.caller, umask, mode, || Ok(make(&dir)?))?;
        self.new_entry(&dir, name)
    }

    /// Gives the node `ino` the further name `name`.
    pub fn link(&self, ino: u64, name: Name<'_>) -> Result<Entry, Errno> {
        self.check_writable()?;
        let dir = self.directory_of(name)?;
        let fd = self.fd(ino)?;
        self.worker.at(&*fd, |node| fs_core::link(node, (&*dir, name.name), Follow::Yes))?;
        self.entry(&dir, name)
    }

    /// Removes a name that is not a directory's.
    pub fn unlink(&self, name: Name<'_>) -> Result<(), Errno> {
        self.take_away(name, |dir| fs_core::unlink((dir, name.name)))
    }

    /// Removes an empty directory.
    pub fn rmdir(&self, name: Name<'_>) -> Result<(), Errno> {
        self.take_away(name, |dir| fs_core::rmdir((dir, name.name)))
    }

    fn take_away(&self, name: Name<'_>, take_away: impl FnOnce(&OwnedFd) -> fs_core::Result<()>) -> Result<(), Errno> {
        self.check_writable()?;
        let dir = self.directory_of(name)?;
        let held = self.held(&dir, name);
        take_away(&dir)?;
        if let Some(held) = held {
            self.volume.nodes.gone(&held.node, name);
            self.let_hold(held);
        }
        Ok(())
    }

    /// The node at `name`, if the kernel knows it and names are kept.
    fn at(&self, dir: &OwnedFd, name: Name<'_>) -> Option<Arc<Node>> {
        let nodes = &self.volume.nodes;
        if nodes.keeps_names() { nodes.find(&Found::at(dir, name.name).ok()?) } else { None }
    }

    /// The node at `name`, if something must be done about it when the name goes.
    fn held(&self, dir: &OwnedFd, name: Name<'_>) -> Option<Held> {
        let nodes = &self.volume.nodes;
        if !nodes.keeps_names() && !nodes.have_let_go() {
            return None;
        }
        let node = nodes.find(&Found::at(dir, name.name).ok()?)?;
        let fd = if nodes.have_let_go() { nodes.fd(&node).ok() } else { None };
        Some(Held { node, fd })
    }

    /// Sees to it that a node can still be reached without the name that it had.
    fn let_hold(&self, held: Held) {
        if let Some(fd) = held.fd {
            self.volume.nodes.hold(&held.node, fd);
        }
    }

    /// Moves a name; `flags` are those of renameat2.
    pub fn rename(&self, src: Name<'_>, dst: Name<'_>, flags: u32) -> Result<(), Errno> {
        self.check_writable()?;
        check_component(dst.name)?;
        let src_dir = self.directory_of(src)?;
        let other_dir = if src.parent == dst.parent { None } else { Some(self.fd(dst.parent)?) };
        let dst_dir = other_dir.as_ref().unwrap_or(&src_dir);
        let flags = RenameFlags::from_bits_retain(flags);
        let (moved, other) = (self.at(&src_dir, src), self.held(dst_dir, dst));
        let rename = || Ok(fs_core::rename_with((&*src_dir, src.name), (&**dst_dir, dst.name), flags)?);
        if flags.contains(RenameFlags::WHITEOUT) {
            // It makes a node, which belongs to the caller.
            self.worker.create_as(self.caller, 0, 0, rename)?;
        } else {
            rename()?;
        }
        if let Some(moved) = moved {
            self.volume.nodes.seen(&moved, dst);
        }
        if let Some(other) = other {
            if flags.contains(RenameFlags::EXCHANGE) {
                self.volume.nodes.seen(&other.node, src);
            } else {
                self.volume.nodes.gone(&other.node, dst);
                self.let_hold(other);
            }
        }
        Ok(())
    }

    /// Reads the text of a symbolic link into `text`; its length.
    pub fn readlink(&self, ino: u64, text: &mut [u8]) -> Result<usize, Errno> {
        let fd = self.fd(ino)?;
        Ok(fs_core::readlink_into((&*fd, ""), text)?)
    }
}

/// A node whose name is about to go.
struct Held {
    node: Arc<Node>,
    /// Keeps the inode within reach meanwhile.
    fd: Option<Arc<OwnedFd>>,
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Mount, name};
    use super::*;
    use crate::number::ROOT;
    use std::os::unix::fs::MetadataExt;

    fn path_of(mount: &Mount, ino: u64) -> String {
        let mut path = Vec::new();
        mount.volume.nodes.path_into(ino, &mut path);
        String::from_utf8(path).unwrap()
    }

    #[test]
    fn every_lookup_is_counted_and_forgetting_frees_everything() {
        let mount = Mount::new();
        mount.call(|call| {
            let mut told = Vec::new();
            told.push(call.mkdir(name(ROOT, "d"), 0o755, 0).unwrap());
            let d = told[0].node.ino;
            told.push(call.mknod(name(d, "f"), libc::S_IFREG | 0o644, 0, 0).unwrap());
            told.push(call.symlink(name(d, "s"), b"f").unwrap());
            told.push(call.link(told[1].node.ino, name(d, "g")).unwrap());
            told.push(call.lookup(name(d, "f")).unwrap());
            let (entry, opened) = call.create(name(d, "c"), 0o644, 0, libc::O_RDWR as u32).unwrap();
            told.push(entry);
            call.release(opened.number).unwrap();
            assert_eq!(told[1].node.ino, told[3].node.ino);
            assert_eq!(told[3].status.st_nlink(), 2);
            assert_eq!(mount.volume.nodes.count(), 4);
            for entry in &told {
                mount.volume.nodes.forget(entry.node.ino, 1);
            }
        });
        assert_eq!(mount.volume.nodes.count(), 0);
        assert_eq!(mount.volume.files.count(), 0);
    }

    #[test]
    fn a_symbolic_link_is_read_and_never_followed() {
        let mount = Mount::new();
        std::os::unix::fs::symlink("/etc", mount.path("s")).unwrap();
        mount.call(|call| {
            let link = call.lookup(name(ROOT, "s")).unwrap();
            assert_eq!(link.node.file_type, libc::S_IFLNK);
            let mut text = [0; 16];
            let length = call.readlink(link.node.ino, &mut text).unwrap();
            assert_eq!(&text[..length], b"/etc");
            assert_eq!(call.lookup(name(link.node.ino, "passwd")).unwrap_err(), Errno::NOTDIR);
        });
    }

    #[test]
    fn an_unlinked_node_goes_on_working() {
        let mount = Mount::new();
        std::fs::write(mount.path("f"), "12345").unwrap();
        mount.call(|call| {
            let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            call.unlink(name(ROOT, "f")).unwrap();
            let entry = call.getattr(f, None).unwrap();
            assert_eq!((entry.status.st_nlink(), entry.status.st_size()), (0, 5));
            assert_eq!(path_of(&mount, f), "f");
        });
    }

    #[test]
    fn a_rename_moves_the_path_of_what_is_below() {
        let mount = Mount::new();
        std::fs::create_dir_all(mount.path("a/b")).unwrap();
        std::fs::create_dir(mount.path("x")).unwrap();
        mount.call(|call| {
            let a = call.lookup(name(ROOT, "a")).unwrap().node.ino;
            let b = call.lookup(name(a, "b")).unwrap().node.ino;
            let x = call.lookup(name(ROOT, "x")).unwrap().node.ino;
            call.rename(name(ROOT, "a"), name(x, "moved"), 0).unwrap();
            assert_eq!(path_of(&mount, b), "x/moved/b");
            call.rename(name(x, "moved"), name(ROOT, "x"), RenameFlags::EXCHANGE.bits()).unwrap_err();
            std::fs::write(mount.path("f"), "").unwrap();
            let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            call.rename(name(ROOT, "f"), name(x, "moved"), RenameFlags::EXCHANGE.bits()).unwrap();
            assert_eq!((path_of(&mount, b), path_of(&mount, f)), ("f/b".into(), "x/moved".into()));
        });
    }

    #[test]
    fn rename_gives_the_errno_of_the_file_system_beneath() {
        let mount = Mount::new();
        std::fs::write(mount.path("a"), "").unwrap();
        std::fs::write(mount.path("b"), "").unwrap();
        mount.call(|call| {
            let (a, b, c) = (name(ROOT, "a"), name(ROOT, "b"), name(ROOT, "c"));
            assert_eq!(call.rename(a, b, RenameFlags::NOREPLACE.bits()).unwrap_err(), Errno::EXIST);
            assert_eq!(call.rename(a, c, RenameFlags::EXCHANGE.bits()).unwrap_err(), Errno::NOENT);
            assert_eq!(call.rename(a, b, 1 << 20).unwrap_err(), Errno::INVAL);
            assert_eq!(call.rename(a, b, 0), Ok(()));
            assert_eq!(call.unlink(a).unwrap_err(), Errno::NOENT);
            assert_eq!(call.rmdir(b).unwrap_err(), Errno::NOTDIR);
        });
    }

    #[test]
    fn what_is_made_belongs_to_the_caller_with_its_umask() {
        let mount = Mount::new();
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: making files for another user needs root");
            return;
        }
        mount.call(|call| {
            let call = Call { caller: crate::caller::Caller { uid: 1234, gid: 2345, tid: 0 }, ..*call };
            call.mkdir(name(ROOT, "d"), 0o777, 0o027).unwrap();
            call.mknod(name(ROOT, "p"), libc::S_IFIFO | 0o666, 0o077, 0).unwrap();
            call.symlink(name(ROOT, "s"), b"x").unwrap();
            call.create(name(ROOT, "c"), 0o666, 0o002, libc::O_RDWR as u32).unwrap();
            std::fs::write(mount.path("w"), "").unwrap();
            call.rename(name(ROOT, "w"), name(ROOT, "moved"), RenameFlags::WHITEOUT.bits()).unwrap();
            for (made, mode) in [("d", 0o750), ("p", 0o600), ("s", 0o777), ("c", 0o664), ("w", 0)] {
                let status = std::fs::symlink_metadata(mount.path(made)).unwrap();
                assert_eq!((status.uid(), status.gid(), status.mode() & 0o7777), (1234, 2345, mode), "{made}");
            }
        });
    }
}
