//! The file systems below everything: ext4 on loop devices, of images in memory, or memory itself.
//!
//! One is for all, but for the source that is watched: the kernel tells its daemon of every change
//! on the file system, which would make others wait too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::statvfs;
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};
use tempfile::TempDir;

use super::failure::Failure;

const MEMORY: &str = "/dev/shm";

/// The length of the image, of which only what is used takes room.
const IMAGE_SIZE: u64 = 3 << 30;

/// Room that has to be there.
const NEEDED: u64 = 2 << 30;

/// Whose source has a file system of its own.
pub const WATCHED: &str = "watch";

/// What the sources are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// ext4 on a loop device.
    Ext4,
    /// tmpfs, where files without contents are made the fastest, as many as there is room for.
    Tmpfs,
}

/// Directories for the sources, and one for the mountpoints; gone when dropped.
#[derive(Debug)]
pub struct Image {
    // Before the directory that they are in.
    shared: Ground,
    watched: Option<Ground>,
    dir: TempDir,
    store: Store,
}

#[derive(Debug)]
struct Ground {
    path: PathBuf,
    /// Whether it is a file system of its own.
    is_mounted: bool,
}

impl Image {
    /// Makes the images in memory, or in a temporary directory, and mounts them; or says on standard
    /// error why it is something else.
    ///
    /// # Errors
    /// There is no directory to work in.
    pub fn make(store: Store, is_alone: bool, is_watched: bool) -> Result<Image, Failure> {
        let prefix = format!("osprey-peers-{}-", std::process::id());
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        let room = statvfs(MEMORY).map(|status| status.f_bavail * status.f_frsize).unwrap_or(0);
        let dir = match room >= NEEDED {
            true => builder.tempdir_in(MEMORY),
            false => {
                let place = std::env::temp_dir();
                eprintln!("peers: {MEMORY} has no room for {} MiB: works in {}", NEEDED >> 20, place.display());
                builder.tempdir_in(place)
            }
        };
        let dir = dir.map_err(Failure::about("a temporary directory"))?;
        let shared = Ground::make(dir.path(), "shared", store, is_alone)?;
        let has_two = is_watched && shared.is_mounted;
        let watched = has_two.then(|| Ground::make(dir.path(), "watched", store, is_alone)).transpose()?;
        Ok(Image { shared, watched, dir, store })
    }

    /// Where the source of a contestant is.
    pub fn ground(&self, contestant: &str) -> &Path {
        &self.ground_of(contestant).path
    }

    /// All places of sources.
    pub fn grounds(&self) -> impl Iterator<Item = &Path> {
        [Some(&self.shared), self.watched.as_ref()].into_iter().flatten().map(|ground| ground.path.as_path())
    }

    /// Where the mountpoints are.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What it is, for the heading.
    pub fn describe(&self) -> String {
        let place = self.dir.path().parent().unwrap_or(self.dir.path()).display().to_string();
        match self.shared.is_mounted {
            true if self.store == Store::Tmpfs => "tmpfs".to_owned(),
            true if self.watched.is_some() => {
                format!("ext4 on a loop device in {place}, that of `{WATCHED}` on another one")
            }
            true => format!("ext4 on a loop device in {place}"),
            false => format!("the file system of {place}"),
        }
    }

    /// Has the kernel forget the names that it knows of the file system of a contestant's source.
    ///
    /// # Errors
    /// It cannot be told to: it takes the image.
    pub fn forget_names(&self, contestant: &str) -> Result<(), String> {
        let ground = self.ground_of(contestant);
        match ground.is_mounted {
            true => forget_names(&ground.path),
            false => Err("names can be forgotten on an image only, which takes root".to_owned()),
        }
    }

    fn ground_of(&self, contestant: &str) -> &Ground {
        self.watched.as_ref().filter(|_| contestant == WATCHED).unwrap_or(&self.shared)
    }
}

/// Has the kernel forget the names below a mount that are not in use: a remount that changes
/// nothing does that, to this one file system.
///
/// # Errors
/// The mount refuses it.
pub fn forget_names(mountpoint: &Path) -> Result<(), String> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount_remount(mountpoint, flags, c"").map_err(|error| format!("a remount of {}: {error}", mountpoint.display()))
}

impl Ground {
    fn make(dir: &Path, name: &str, store: Store, is_alone: bool) -> Result<Ground, Failure> {
        let path = dir.join(name);
        std::fs::create_dir(&path).map_err(Failure::about(path.display()))?;
        let (mounted, what) = match store {
            _ if !is_alone => (Err("it takes root".to_owned()), "file system"),
            Store::Ext4 => (mount_image(&dir.join(format!("{name}.image")), &path), "image of ext4"),
            Store::Tmpfs => (mount_tmpfs(&path), "tmpfs"),
        };
        if let Err(reason) = &mounted {
            eprintln!("peers: no {what} for `{name}`: {reason}; works in {} as it is", dir.display());
        }
        Ok(Ground { path, is_mounted: mounted.is_ok() })
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if self.is_mounted && unmount(&self.path, UnmountFlags::empty()).is_err() {
            // Its loop device is freed as soon as nobody uses it any more.
            let _ = unmount(&self.path, UnmountFlags::DETACH);
        }
    }
}

fn mount_tmpfs(ground: &Path) -> Result<(), String> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", ground, "tmpfs", flags, c"nr_inodes=0,mode=755").map_err(|error| error.to_string())
}

fn mount_image(image: &Path, ground: &Path) -> Result<(), String> {
    let made = File::create(image).and_then(|file| file.set_len(IMAGE_SIZE));
    made.map_err(|error| format!("{}: {error}", image.display()))?;
    // What is left for later would be done while something else is measured.
    let now = "lazy_itable_init=0,lazy_journal_init=0";
    succeed(Command::new("mkfs.ext4").args(["-q", "-F", "-E", now]).arg(image))?;
    succeed(Command::new("mount").args(["-t", "ext4", "-o", "loop,nosuid,nodev"]).args([image, ground]))?;
    // It is there for as long as it is mounted, and goes even if this program is killed.
    std::fs::remove_file(image).map_err(|error| format!("{}: {error}", image.display()))
}

/// Runs a command, which has nothing to say if all is well.
///
/// # Errors
/// What it said otherwise.
pub fn succeed(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{name}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim())),
    }
}
