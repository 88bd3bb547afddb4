//! Nothing outside of the source is reachable, whatever happens to the source meanwhile.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use fs_core::{Follow, Mode, OFlags, RenameFlags, XattrFlags};
use rustix::mount::{MountFlags, UnmountFlags};
use support::{Mount, can_mount};

const SECRET: &str = "from outside";

/// What stands outside must stay as it is: names, contents, and all that a status says.
fn state(dir: &Path) -> BTreeMap<PathBuf, (Vec<u8>, String)> {
    let mut all = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(path) = left.pop() {
        let status = fs::symlink_metadata(&path).unwrap();
        let (mode, owner, links) = (status.mode(), (status.uid(), status.gid()), status.nlink());
        let times = (status.mtime(), status.mtime_nsec(), status.ctime(), status.ctime_nsec());
        let content = if status.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        if status.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        all.insert(path, (content, format!("{mode:o} {owner:?} {links} {times:?}")));
    }
    all
}

/// A directory with files and a directory, under the names that those outside have.
fn tree(dir: &Path, text: &str) {
    fs::create_dir_all(dir.join("d")).unwrap();
    for name in ["f", "g", "d/f", "d/g"] {
        fs::write(dir.join(name), text).unwrap();
    }
}

/// The mount at a second place, from where the links of the source lead nowhere: what they lead to
/// is then only reached by a daemon that follows them.
struct Elsewhere(PathBuf);

impl Elsewhere {
    fn of(mount: &Mount) -> Elsewhere {
        let place = mount.dir().join("view/deep/root");
        fs::create_dir_all(&place).unwrap();
        rustix::mount::mount(&mount.mountpoint, &place, "", MountFlags::BIND, None).unwrap();
        Elsewhere(place)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = rustix::mount::unmount(&self.0, UnmountFlags::DETACH);
    }
}

/// Changes the source until it is told to stop.
fn confuse(source: &Path, stop: &AtomicBool) {
    let exchange = |a: &str, b: &str| {
        let (a, b) = (source.join(a), source.join(b));
        let _ = fs_core::rename_with(&a, &b, RenameFlags::EXCHANGE);
    };
    let outside = source.with_file_name("moved");
    while !stop.load(Ordering::Relaxed) {
        // A directory, a file, and a directory below are links, and themselves again.
        exchange("a", "to_dir");
        exchange("b/f", "to_file");
        exchange("b/d", "to_dir_of_dir");
        // A directory leaves the source, and comes back.
        let _ = fs::rename(source.join("c"), &outside);
        let _ = fs::rename(&outside, source.join("c"));
    }
    let _ = fs::rename(&outside, source.join("c"));
}

/// All that a program can do with a name, and with what it found there.
fn use_all(root: &Path, n: u64) {
    let dir = root.join(["a", "b", "c", "a/d", "b/d", "c/d", "to_dir", "to_dir_of_dir"][n as usize % 8]);
    let file = dir.join(["f", "g"][n as usize / 8 % 2]);
    for path in [&file, &root.join("to_file")] {
        if let Ok(text) = fs::read_to_string(path) {
            assert!(!text.contains(SECRET), "read through {}", path.display());
        }
        let _ = fs::OpenOptions::new().write(true).open(path).map(|mut file| file.write_all(b"written"));
    }
    if let Ok(opened) = fs::File::open(&file) {
        let _ = opened.set_permissions(fs::Permissions::from_mode(0o600 | (n as u32 & 0o77)));
    }
    for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
        assert!(!entry.file_name().as_bytes().starts_with(b"only_outside"), "listed");
    }
    assert!(fs::metadata(dir.join("only_outside")).is_err(), "found");
    let _ = fs_core::chmod(&file, Mode::from_raw_mode(0o640), Follow::Yes);
    let _ = std::os::unix::fs::lchown(&file, Some(7), Some(7));
    let _ = fs_core::truncate(&file, 3);
    let _ = fs_core::setxattr(&file, "user.mark", b"1", XattrFlags::empty(), Follow::Yes);
    let _ = fs_core::utime(
        &file,
        fs_core::Times { atime: fs_core::Time::Now, mtime: fs_core::Time::At { ns: 5 } },
        Follow::Yes,
    );
    let new = dir.join(format!("new{}", n % 4));
    let _ = fs::File::create(&new);
    let _ = fs::hard_link(&file, dir.join("linked"));
    let _ = fs::rename(&new, &file);
    let _ = fs_core::rename_with(&file, &dir.join("linked"), RenameFlags::EXCHANGE);
    let _ = fs::remove_file(dir.join("linked"));
    let _ = fs::create_dir(dir.join("made"));
    let _ = symlink("f", dir.join("made/link"));
    let _ = fs::remove_file(dir.join("made/link"));
    let _ = fs::remove_dir(dir.join("made"));
    if n.is_multiple_of(3) {
        let _ = fs::remove_file(&file);
    }
    let _ = fs::write(&file, "of the mount");
}

#[test]
fn links_that_are_swapped_in_lead_nowhere() {
    if !can_mount() {
        return;
    }
    let seconds = std::env::var("OSPREY_RACE_SECONDS").map_or(2, |seconds| seconds.parse().unwrap());
    for args in [&["--cache", "none"][..], &["--cache", "tick", "--trace", "/dev/null"], &["--cache", "exclusive"]] {
        for starter in [&[][..], &["prlimit", "--nofile=256:256"]] {
            let mount = Mount::by(starter, args, |source| {
                let outside = source.with_file_name("outside");
                tree(&outside, SECRET);
                fs::write(outside.join("only_outside"), SECRET).unwrap();
                fs::write(outside.join("d/only_outside"), SECRET).unwrap();
                ["a", "b", "c"].iter().for_each(|name| tree(&source.join(name), "of the source"));
                symlink("../outside", source.join("to_dir")).unwrap();
                symlink("../../outside/f", source.join("to_file")).unwrap();
                symlink("../../outside/d", source.join("to_dir_of_dir")).unwrap();
            });
            let outside = mount.dir().join("outside");
            let before = state(&outside);
            let elsewhere = Elsewhere::of(&mount);
            let (stop, uses) = (AtomicBool::new(false), AtomicU64::new(0));
            thread::scope(|scope| {
                // Ends the others when a check fails, too.
                let _stop = StopOnDrop(&stop);
                scope.spawn(|| confuse(&mount.source, &stop));
                for _ in 0..3 {
                    scope.spawn(|| {
                        let _stop = StopOnDrop(&stop);
                        while !stop.load(Ordering::Relaxed) {
                            use_all(&elsewhere.0, uses.fetch_add(1, Ordering::Relaxed));
                        }
                    });
                }
                let parts = seconds * 20;
                (0..parts)
                    .take_while(|_| !stop.load(Ordering::Relaxed))
                    .for_each(|_| thread::sleep(Duration::from_millis(50)));
            });
            assert!(uses.load(Ordering::Relaxed) > 100, "{uses:?}");
            assert_eq!(state(&outside), before);
            eprintln!("{args:?} {starter:?}: {} rounds", uses.load(Ordering::Relaxed));
        }
    }
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_directory_that_leaves_the_source_stays_with_who_has_it_open_and_with_nobody_else() {
    if !can_mount() {
        return;
    }
    let mount = Mount::prepared(&["--cache", "none"], |source| {
        tree(&source.join("a"), "of the source");
        fs::create_dir(source.with_file_name("outside")).unwrap();
        fs::write(source.with_file_name("outside").join("beside"), SECRET).unwrap();
    });
    let open = fs_core::open(&mount.mountpoint.join("a"), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
    fs::rename(mount.source.join("a"), mount.dir().join("outside/a")).unwrap();
    // As on a bind mount: a directory that is open is that directory, wherever it is.
    fs_core::stat((&open, "d/f"), Follow::Yes).unwrap();
    // Nobody finds it anew, and no way leads from it to what is beside it.
    assert!(fs::read(mount.mountpoint.join("a/f")).is_err());
    assert!(fs_core::stat((&open, "../beside"), Follow::Yes).is_err());
    let above = fs_core::stat((&open, ".."), Follow::Yes).map(|status| status.st_ino());
    assert!(above.is_err() || above.unwrap() == fs::metadata(&mount.mountpoint).unwrap().ino());
}

#[test]
fn a_source_that_is_renamed_and_replaced_stays_what_is_shown() {
    if !can_mount() {
        return;
    }
    for args in [&["--cache", "none"][..], &["--cache", "exclusive"]] {
        let mount = Mount::prepared(args, |source| fs::write(source.join("f"), "first").unwrap());
        let moved = mount.dir().join("renamed");
        fs::rename(&mount.source, &moved).unwrap();
        symlink("/", &mount.source).unwrap();
        assert_eq!(fs::read_to_string(mount.mountpoint.join("f")).unwrap(), "first");
        assert!(!mount.mountpoint.join("proc").exists());
        fs::write(mount.mountpoint.join("new"), "second").unwrap();
        assert_eq!(fs::read_to_string(moved.join("new")).unwrap(), "second");
        fs::remove_file(&mount.source).unwrap();
        fs::rename(&moved, &mount.source).unwrap();
    }
}
