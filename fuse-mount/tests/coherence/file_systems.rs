//! Sources on other file systems than that of the temporary directory, and file systems below a source.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use fuse_mount::Cache;
use rustix::mount::{MountFlags, UnmountFlags};

use crate::support::{self, Mount, can_mount, can_watch};
use crate::{check_end, check_from_above, check_from_below, view};

#[test]
fn on_ext4_changes_are_heard_of() {
    on(|source| by_image("ext4", &["-q", "-F"], source));
}

#[test]
fn on_xfs_changes_are_heard_of() {
    on(|source| by_image("xfs", &["-q"], source));
}

#[test]
fn on_btrfs_changes_are_heard_of() {
    on(|source| by_image("btrfs", &["-q"], source));
}

#[test]
fn on_tmpfs_changes_are_heard_of() {
    on(tmpfs);
}

#[test]
fn below_another_file_system_changes_are_heard_of_too() {
    if !can_watch() {
        return;
    }
    let mount = Mount::start(&["--cache=watch"]);
    let (below, above) = (mount.source.join("t"), mount.mountpoint.join("t"));
    fs::create_dir(&below).unwrap();
    if let Err(why) = tmpfs(&below) {
        support::skip(&why);
        return;
    }
    fs::write(below.join("a"), "hello").unwrap();
    // Inodes of both file systems can have the same handle.
    let (before, beside) = (view::of(&above), view::of(&mount.mountpoint));
    fs::remove_file(below.join("a")).unwrap();
    fs::write(below.join("b"), "new").unwrap();
    let wanted = view::of(&below);
    assert!(before != wanted && !beside.is_empty());
    // Numbers of inodes of another file system are the mount's own.
    let numberless = |view: &str| view.split(' ').filter(|word| !word.starts_with("ino=")).collect::<String>();
    let look = || numberless(&view::of(&above));
    crate::assert_seen(Cache::Watch, look, &numberless(&wanted), "a file system below the source");
    rustix::mount::unmount(&below, UnmountFlags::DETACH).unwrap();
    check_end(mount, Cache::Watch);
}

/// Makes all changes on a source that `make` has made a file system at.
fn on(make: impl Fn(&Path) -> Result<(), String>) {
    if !can_mount() {
        return;
    }
    let mut made = Ok(());
    let mount = Mount::prepared(&["--cache=watch"], |source| made = make(source));
    if let Err(why) = made {
        support::skip(&why);
        return;
    }
    check_from_below(&mount, Cache::Watch);
    drop(mount);
    let mount = Mount::prepared(&["--cache=watch"], |source| make(source).unwrap());
    check_from_above(&mount, Cache::Watch);
    check_end(mount, Cache::Watch);
}

fn tmpfs(at: &Path) -> Result<(), String> {
    rustix::mount::mount("tmpfs", at, "tmpfs", MountFlags::empty(), None).map_err(|errno| format!("tmpfs: {errno}"))
}

/// Mounts a new file system in an image beside `at`.
fn by_image(kind: &str, options: &[&str], at: &Path) -> Result<(), String> {
    let image = at.with_extension(kind);
    File::create(&image).unwrap().set_len(512 << 20).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        let status = command.args(arguments).arg(&image).args((program == "mount").then_some(at)).stdout(Stdio::null());
        match status.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{program}: {status}")),
            Err(error) => Err(format!("{program}: {error}")),
        }
    };
    run(&format!("mkfs.{kind}"), options)?;
    run("mount", &["-o", "loop"])
}
