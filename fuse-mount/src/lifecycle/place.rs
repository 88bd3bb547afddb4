//! SOURCE and MOUNTPOINT: opened, and checked before anything is changed.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use fs_core::Error;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::dead;
use super::identity::{self, DirectoryId};
use super::mount_table::MountTable;
use crate::exit::Failure;

/// The two directories of a mount. They are held open, so what is done with them later is
/// done with what was checked.
#[derive(Debug)]
pub(crate) struct Places {
    /// The directory to show.
    pub(crate) source: OwnedFd,
    /// Its path from the root.
    pub(crate) source_path: PathBuf,
    /// The directory to show it at.
    pub(crate) mountpoint: OwnedFd,
    /// Its path from the root.
    pub(crate) mountpoint_path: PathBuf,
}

impl Places {
    /// Opens and checks both.
    ///
    /// # Errors
    /// - Wrong usage: one is missing or no directory, or the mountpoint is inside the source.
    /// - A failure: one may not be opened, or a FUSE file system is mounted there already.
    pub(crate) fn open(source: &Path, mountpoint: &Path) -> Result<Self, Failure> {
        let (source, source_path) = open_directory("source", source)?;
        let (mountpoint, mountpoint_path) = open_directory("mountpoint", mountpoint)?;
        refuse_mounted_fuse(mountpoint.as_fd(), &mountpoint_path)?;
        // Where they are one directory, the source lies beneath the mount, out of its own
        // reach. Below the source the mount would be a part of itself.
        if source_id(&source, &source_path)? != source_id(&mountpoint, &mountpoint_path)?
            && is_inside(mountpoint.as_fd(), source.as_fd()).unwrap_or(false)
        {
            return Err(Failure::Usage(format!(
                "mountpoint {} is inside the source {}: the mount would be a part of itself, and whoever enters it there \
                 would wait for ever; choose a mountpoint outside of the source",
                mountpoint_path.display(),
                source_path.display()
            )));
        }
        Ok(Places { source, source_path, mountpoint, mountpoint_path })
    }

    /// Refuses a trace in a place where it would be a part of what it records.
    pub(crate) fn check_trace(&self, trace: &Path) -> Result<(), Failure> {
        // The file itself where it exists (it may be a link), else where it would be made.
        let resolved = fs::canonicalize(trace).unwrap_or_else(|_| trace.to_owned());
        let parent = match resolved.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // A directory that cannot be opened is reported when the file cannot be.
        let Ok(parent) = rustix::fs::open(parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        else {
            return Ok(());
        };
        let complain = |place: &str, path: &Path, why: &str| {
            let (trace, path) = (trace.display(), path.display());
            Err(Failure::Usage(format!("trace {trace} is inside the {place} {path}: {why}; put it elsewhere")))
        };
        if is_inside(parent.as_fd(), self.source.as_fd()).unwrap_or(false) {
            return complain("source", &self.source_path, "it would record whoever reads it through the mount");
        }
        if is_inside(parent.as_fd(), self.mountpoint.as_fd()).unwrap_or(false) {
            return complain("mountpoint", &self.mountpoint_path, "the mount would hide it");
        }
        Ok(())
    }
}

fn source_id(fd: &OwnedFd, path: &Path) -> Result<DirectoryId, Failure> {
    identity::directory(fd).map_err(|errno| Failure::failed(path.display(), Error::Os(errno)))
}

fn open_directory(role: &str, path: &Path) -> Result<(OwnedFd, PathBuf), Failure> {
    let complain = |errno: Errno| match errno {
        Errno::NOENT if role == "mountpoint" => {
            Failure::Usage(format!("{role} {0}: no such directory; make it first: mkdir {0}", path.display()))
        }
        Errno::NOENT => Failure::Usage(format!("{role} {}: no such directory", path.display())),
        Errno::NOTDIR => Failure::Usage(format!("{role} {}: not a directory", path.display())),
        _ => Failure::Failed(format!("{role} {}: {}{}", path.display(), Error::Os(errno), dead::hint(path, errno))),
    };
    let fd = rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(complain)?;
    let path = fs::canonicalize(path)
        .map_err(|error| complain(Errno::from_raw_os_error(error.raw_os_error().unwrap_or(libc::EIO))))?;
    Ok((fd, path))
}

/// Whether `directory` is `ancestor`, or below it; also where mounts lie between them.
fn is_inside(directory: BorrowedFd<'_>, ancestor: BorrowedFd<'_>) -> rustix::io::Result<bool> {
    let wanted = identity::directory(ancestor)?;
    let mut current = rustix::io::fcntl_dupfd_cloexec(directory, 0)?;
    loop {
        if identity::directory(&current)? == wanted {
            return Ok(true);
        }
        let parent =
            rustix::fs::openat(&current, c"..", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let at_the_root = identity::directory(&parent)? == identity::directory(&current)?
            && identity::mount_of(&parent)? == identity::mount_of(&current)?;
        if at_the_root {
            return Ok(false);
        }
        current = parent;
    }
}

fn refuse_mounted_fuse(mountpoint: BorrowedFd<'_>, path: &Path) -> Result<(), Failure> {
    let Ok(Some(number)) = identity::mountinfo_number(mountpoint) else { return Ok(()) };
    let table = MountTable::read().map_err(|error| Failure::io(MountTable::PATH, &error))?;
    let Some(line) = table.lines().find(|line| line.number == number) else { return Ok(()) };
    let (fs_type, source) = (line.fs_type.to_string_lossy(), line.source.display());
    if fs_type != "fuse" && fs_type != "fuseblk" && !fs_type.starts_with("fuse.") {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::Failed(format!(
        "mountpoint {path} is in use: {source} (type {fs_type}) is mounted there; unmount it first: {}",
        dead::unmount_command(&path)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_is_inside_and_beside_is_not() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("a/b/c")).unwrap();
        fs::create_dir_all(top.path().join("ab")).unwrap();
        let open = |name: &str| fs::File::open(top.path().join(name)).unwrap();
        let check = |inner: &str, outer: &str| is_inside(open(inner).as_fd(), open(outer).as_fd()).unwrap();
        assert!(check("a/b/c", "a"));
        assert!(check("a", "a"));
        assert!(!check("ab", "a"));
        assert!(!check("a", "a/b"));
    }

    #[test]
    fn a_mountpoint_inside_the_source_is_wrong_usage_and_the_reverse_is_not() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("a/b/c")).unwrap();
        let check =
            |source: &str, mountpoint: &str| Places::open(&top.path().join(source), &top.path().join(mountpoint));
        assert!(matches!(check("a", "a/b/c"), Err(Failure::Usage(message)) if message.contains("inside the source")));
        assert!(check("a/b", "a").is_ok());
        assert!(check("a", "a").is_ok());
    }
}
