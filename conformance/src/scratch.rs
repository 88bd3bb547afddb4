//! Scratch directories: fresh, open to everybody, and gone when they are dropped,
//! whatever was put into them.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use fs_core::linux::InodeFlags;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// A directory that lives as long as this value.
pub struct Scratch {
    dir: OwnedFd,
    parent: OwnedFd,
    name: CString,
    path: PathBuf,
    removed: bool,
}

/// Directories are opened one in the other down to here; deeper ones are first moved up,
/// because descriptors are limited and paths have a longest length.
const DEEPEST: usize = 32;

/// How often a directory is emptied that is not empty after it: once for each
/// [`DEEPEST`] levels, and something to spare.
const PASSES: usize = 1024;

/// How often a directory below is: a file system under test may skip entries of a directory that
/// changes while it is listed.
const LISTINGS: usize = 16;

static COUNT: AtomicU64 = AtomicU64::new(0);

impl Scratch {
    /// Makes a directory below `parent`, with mode 0777.
    ///
    /// # Errors
    /// `parent` does not exist, or nothing can be made there.
    pub fn new_in(parent: impl AsRef<Path>) -> io::Result<Scratch> {
        let parent = parent.as_ref();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::openat(CWD, parent, flags, Mode::empty())?;
        Scratch::make(dir, parent, Mode::from_bits_retain(0o777))
    }

    /// Makes a directory below `parent` that only this user can look into.
    ///
    /// # Errors
    /// `parent` does not exist, or nothing can be made there.
    pub fn private_in(parent: impl AsRef<Path>) -> io::Result<Scratch> {
        let parent = parent.as_ref();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::openat(CWD, parent, flags, Mode::empty())?;
        Scratch::make(dir, parent, Mode::RWXU)
    }

    /// Makes a directory below `parent`, with mode 0777; its path is not known.
    pub(crate) fn below_fd(parent: OwnedFd) -> io::Result<Scratch> {
        Scratch::make(parent, Path::new(""), Mode::from_bits_retain(0o777))
    }

    fn make(parent: OwnedFd, parent_path: &Path, mode: Mode) -> io::Result<Scratch> {
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("conformance.{}.{count}", std::process::id());
            match rustix::fs::mkdirat(&parent, &name, Mode::RWXU) {
                Err(Errno::EXIST) => continue,
                made => made?,
            }
            let path = parent_path.join(&name);
            let name = CString::new(name).expect("the name has no NUL");
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = rustix::fs::openat(&parent, &name, flags, Mode::empty()).and_then(|dir| {
                // The umask has no say in who gets in.
                rustix::fs::fchmod(&dir, mode)?;
                Ok(dir)
            });
            return match opened {
                Ok(dir) => Ok(Scratch { dir, parent, name, path, removed: false }),
                Err(errno) => {
                    let _ = rustix::fs::unlinkat(&parent, &name, AtFlags::REMOVEDIR);
                    Err(errno.into())
                }
            };
        }
    }

    /// The directory.
    pub fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the directory and all in it, which dropping does too, and says if that
    /// failed.
    ///
    /// # Errors
    /// Something in it cannot be removed.
    pub fn remove(mut self) -> io::Result<()> {
        self.remove_all()
    }

    /// Leaves the directory where it is: a file system that does not answer would hang
    /// who removes it.
    pub fn leave(mut self) {
        self.removed = true;
    }

    fn remove_all(&mut self) -> io::Result<()> {
        if self.removed {
            return Ok(());
        }
        self.removed = true;
        let mut remover = Remover { top: self.dir.as_fd(), moved: 0 };
        for _ in 0..PASSES {
            remover.empty(self.dir.try_clone()?, 0)?;
            match rustix::fs::unlinkat(&self.parent, &self.name, AtFlags::REMOVEDIR) {
                Err(Errno::NOTEMPTY | Errno::EXIST) => {}
                Err(Errno::PERM) if make_mutable(self.dir.as_fd()) => {}
                removed => return Ok(removed?),
            }
        }
        Err(Errno::NOTEMPTY.into())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = self.remove_all();
    }
}

struct Remover<'d> {
    /// Where directories are moved that are too deep.
    top: BorrowedFd<'d>,
    moved: u64,
}

impl Remover<'_> {
    /// Removes all in a directory.
    fn empty(&mut self, dir: OwnedFd, depth: usize) -> io::Result<()> {
        if !rustix::process::geteuid().is_root() {
            // Its owner may have been denied to write to it.
            let _ = rustix::fs::fchmod(&dir, Mode::RWXU);
        }
        let handle = dir.try_clone()?;
        let mut entries = Dir::new(dir)?;
        entries.rewind();
        for entry in entries {
            let entry = entry?;
            if entry.file_name() != c"." && entry.file_name() != c".." {
                self.remove(&handle, entry.file_name(), entry.file_type(), depth)?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, dir: &OwnedFd, name: &CStr, kind: FileType, depth: usize) -> io::Result<()> {
        let flags = match kind {
            FileType::Directory => AtFlags::REMOVEDIR,
            _ => AtFlags::empty(),
        };
        let mut removed = rustix::fs::unlinkat(dir, name, flags);
        if removed == Err(Errno::PERM) && set_free(dir, name, kind) {
            removed = rustix::fs::unlinkat(dir, name, flags);
        }
        match removed {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            // Not empty, or a directory whose type was not told. A file system under test may say so
            // with another errno, and what was made in it must go all the same.
            Err(errno) if kind != FileType::Directory && errno != Errno::ISDIR => return Err(errno.into()),
            Err(_) => {}
        }
        if depth == DEEPEST {
            let up = format!("moved.{}.{}", std::process::id(), self.moved);
            self.moved += 1;
            return Ok(rustix::fs::renameat(dir, name, self.top, &up)?);
        }
        let mut last = Ok(());
        for _ in 0..LISTINGS {
            self.empty(open_for_removal(dir, name)?, depth + 1)?;
            last = rustix::fs::unlinkat(dir, name, AtFlags::REMOVEDIR);
            if last.is_ok() {
                break;
            }
        }
        Ok(last?)
    }
}

/// Takes away the flags that keep an entry, or the directory that it is in, from being removed;
/// whether there were some.
fn set_free(dir: &OwnedFd, name: &CStr, kind: FileType) -> bool {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let entry = match kind {
        FileType::RegularFile | FileType::Directory => rustix::fs::openat(dir, name, flags, Mode::empty()).ok(),
        // They have none, and to open one may have effects.
        _ => None,
    };
    let of_dir = make_mutable(dir.as_fd());
    entry.is_some_and(|entry| make_mutable(entry.as_fd())) || of_dir
}

/// Makes what is immutable, or may only be appended to, like any other; whether it was so.
fn make_mutable(fd: BorrowedFd<'_>) -> bool {
    let fixed = InodeFlags::IMMUTABLE | InodeFlags::APPEND;
    let flags = fs_core::linux::inode_flags(fd).unwrap_or(InodeFlags::empty());
    flags.intersects(fixed) && fs_core::linux::set_inode_flags(fd, flags.difference(fixed)).is_ok()
}

/// Opens a directory, giving its owner the permission to read it.
fn open_for_removal(parent: &OwnedFd, name: &CStr) -> io::Result<OwnedFd> {
    if !rustix::process::geteuid().is_root() {
        let _ = rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty());
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(parent, name, flags, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn is_open_to_everybody_and_gone_after() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Scratch::new_in(parent.path()).unwrap();
        assert_eq!(fs::metadata(scratch.path()).unwrap().permissions().mode() & 0o7777, 0o777);
        let path = scratch.path().to_owned();
        fs::create_dir_all(path.join("a/b/c")).unwrap();
        fs::write(path.join("a/b/c/f"), "x").unwrap();
        fs::set_permissions(path.join("a/b"), fs::Permissions::from_mode(0o000)).unwrap();
        symlink("/", path.join("root")).unwrap();
        drop(scratch);
        assert!(!path.exists());
    }

    #[test]
    fn removes_what_cannot_be_changed() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Scratch::new_in(parent.path()).unwrap();
        let path = scratch.path().to_owned();
        fs::create_dir_all(path.join("a/b")).unwrap();
        fs::write(path.join("a/b/f"), "x").unwrap();
        for (name, flag) in [("a/b/f", InodeFlags::IMMUTABLE), ("a/b", InodeFlags::APPEND), ("", InodeFlags::IMMUTABLE)]
        {
            let file = fs::File::open(path.join(name)).unwrap();
            let set = fs_core::linux::inode_flags(&file)
                .and_then(|flags| fs_core::linux::set_inode_flags(&file, flags | flag));
            if let Err(error) = set {
                return eprintln!("not run: no flag can be set: {error}");
            }
        }
        scratch.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn removes_what_is_too_deep_for_one_path() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Scratch::new_in(parent.path()).unwrap();
        let mut dir = scratch.dir().try_clone_to_owned().unwrap();
        for _ in 0..400 {
            rustix::fs::mkdirat(&dir, "down", Mode::RWXU).unwrap();
            dir = rustix::fs::openat(&dir, "down", OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        }
        let path = scratch.path().to_owned();
        scratch.remove().unwrap();
        assert!(!path.exists());
    }
}
