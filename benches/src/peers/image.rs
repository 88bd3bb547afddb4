//! The file system below everything: ext4 on a loop device, of an image in memory.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::statvfs;
use rustix::mount::{MountFlags, UnmountFlags, mount_remount, unmount};
use tempfile::TempDir;

use super::failure::Failure;

const MEMORY: &str = "/dev/shm";

/// The length of the image, of which only what is used takes room.
const IMAGE_SIZE: u64 = 3 << 30;

/// Room that has to be there.
const NEEDED: u64 = 2 << 30;

/// A directory for the sources, and one for the mountpoints; gone when dropped.
#[derive(Debug)]
pub struct Image {
    dir: TempDir,
    ground: PathBuf,
    /// Whether `ground` is a file system of its own.
    is_mounted: bool,
}

impl Image {
    /// Makes the image in memory, or in a temporary directory, and mounts it; or says on standard
    /// error why it is another.
    ///
    /// # Errors
    /// There is no directory to work in.
    pub fn make(is_alone: bool) -> Result<Image, Failure> {
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
        let ground = dir.path().join("ground");
        std::fs::create_dir(&ground).map_err(Failure::about(ground.display()))?;
        let mounted = match is_alone {
            true => mount_image(&dir.path().join("image"), &ground),
            false => Err("it takes root".to_owned()),
        };
        if let Err(reason) = &mounted {
            eprintln!("peers: no image of ext4: {reason}; works in {} as it is", dir.path().display());
        }
        Ok(Image { dir, ground, is_mounted: mounted.is_ok() })
    }

    /// Where the sources are.
    pub fn ground(&self) -> &Path {
        &self.ground
    }

    /// Where the mountpoints are.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What it is, for the heading.
    pub fn describe(&self) -> String {
        let place = self.dir.path().parent().unwrap_or(self.dir.path()).display().to_string();
        match self.is_mounted {
            true => format!("ext4 on a loop device in {place}"),
            false => format!("the file system of {place}"),
        }
    }

    /// Has the kernel forget the names that it knows of the file system.
    ///
    /// # Errors
    /// It cannot be told to: it takes the image.
    pub fn forget_names(&self) -> Result<(), String> {
        if !self.is_mounted {
            return Err("names can be forgotten on an image only, which takes root".to_owned());
        }
        forget_names(&self.ground)
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

impl Drop for Image {
    fn drop(&mut self) {
        if self.is_mounted && unmount(&self.ground, UnmountFlags::empty()).is_err() {
            // Its loop device is freed as soon as nobody uses it any more.
            let _ = unmount(&self.ground, UnmountFlags::DETACH);
        }
    }
}

fn mount_image(image: &Path, ground: &Path) -> Result<(), String> {
    let made = File::create(image).and_then(|file| file.set_len(IMAGE_SIZE));
    made.map_err(|error| format!("{}: {error}", image.display()))?;
    // What is left for later would be done while something else is measured.
    let now = "lazy_itable_init=0,lazy_journal_init=0";
    succeed(Command::new("mkfs.ext4").args(["-q", "-F", "-E", now]).arg(image))?;
    succeed(Command::new("mount").args(["-t", "ext4", "-o", "loop,nosuid,nodev"]).args([image, ground]))
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
