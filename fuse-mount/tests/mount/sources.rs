//! Sources of other kinds than the file system of the temporary directory, and more inodes than a
//! process may have descriptors.

use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_core::{Follow, Mode, OFlags, Uid};
use rustix::mount::{MountFlags, UnmountFlags};

use crate::support::{self, Mount};

/// A file system that is mounted as source.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Tmpfs,
    /// On two directories of a tmpfs; without file handles.
    Overlay,
}

fn mount(kind: Kind, path: &Path) -> Result<(), rustix::io::Errno> {
    let tmpfs = |path: &Path| rustix::mount::mount("tmpfs", path, "tmpfs", MountFlags::empty(), None);
    tmpfs(path)?;
    if let Kind::Overlay = kind {
        for dir in ["lower", "upper", "work"] {
            std::fs::create_dir(path.join(dir)).unwrap();
        }
        std::fs::write(path.join("lower/below"), "from below").unwrap();
        let part = |dir: &str| format!("{dir}dir={}", path.join(dir).display());
        let options = std::ffi::CString::new(["lower", "upper", "work"].map(part).join(",")).unwrap();
        if let Err(errno) = rustix::mount::mount("overlay", path, "overlay", MountFlags::empty(), &*options) {
            rustix::mount::unmount(path, UnmountFlags::DETACH).unwrap();
            return Err(errno);
        }
    }
    Ok(())
}

/// Calls `check` with a mount of a new file system of this kind, by a daemon that `starter`
/// starts.
pub(crate) fn over(kind: Kind, starter: &[&str], args: &[&str], check: impl FnOnce(&Mount)) {
    if !support::can_mount() {
        return;
    }
    let mut made = Ok(());
    let mount = Mount::by(starter, args, |source| made = mount(kind, source));
    if let Err(errno) = made {
        support::skip(&format!("{kind:?} cannot be mounted: {errno}"));
        return;
    }
    check(&mount);
    assert_eq!(mount.end().code(), Ok(0));
}

/// Makes, uses and removes more inodes than the daemon may have descriptors.
fn crowd(mount: &Mount, dirs: usize, files: usize) {
    let root = &mount.mountpoint;
    let file = |dir: usize, file: usize| root.join(format!("d{dir}/f{file}"));
    for dir in 0..dirs {
        std::fs::create_dir(root.join(format!("d{dir}"))).unwrap();
        for n in 0..files {
            std::fs::write(file(dir, n), format!("{dir} {n}")).unwrap();
        }
    }
    let open = std::fs::File::open(file(0, 0)).unwrap();
    let place = fs_core::open(&file(0, 1), OFlags::PATH, Mode::empty()).unwrap();
    let dir = fs_core::open(&root.join("d1"), OFlags::DIRECTORY, Mode::empty()).unwrap();
    std::fs::remove_file(file(0, 0)).unwrap();
    std::fs::remove_file(file(0, 1)).unwrap();
    std::fs::rename(root.join("d1"), root.join("moved")).unwrap();
    std::fs::rename(root.join("moved"), root.join("d1")).unwrap();
    let status = |dir, n| {
        let status = std::fs::metadata(file(dir, n)).unwrap();
        (status.ino(), status.len())
    };
    let first: Vec<_> =
        (1..dirs).flat_map(|dir| (0..files).map(move |n| (dir, n))).map(|(d, n)| status(d, n)).collect();
    let again: Vec<_> =
        (1..dirs).flat_map(|dir| (0..files).map(move |n| (dir, n))).map(|(d, n)| status(d, n)).collect();
    assert_eq!(first, again);
    // What has no name any more, and what was moved, is still there.
    assert_eq!(std::io::read_to_string(&open).unwrap(), "0 0");
    fs_core::chmod(&open, Mode::from_raw_mode(0o604), Follow::Yes).unwrap();
    assert_eq!(open.metadata().unwrap().mode() & 0o7777, 0o604);
    let placed = fs_core::fstat(&place).unwrap();
    assert_eq!((placed.st_nlink(), placed.st_size()), (0, 3));
    for n in (0..files).step_by(7) {
        let name = format!("f{n}");
        let text = std::fs::read_to_string(file(1, n)).unwrap();
        assert_eq!(text, format!("1 {n}"));
        fs_core::chown((&dir, name.as_str()), Some(Uid::from_raw(7)), None, Follow::No).unwrap();
        fs_core::rename((&dir, name.as_str()), (&dir, "moved")).unwrap();
        assert_eq!(fs_core::lstat((&dir, "moved")).unwrap().st_uid(), 7);
        fs_core::rename((&dir, "moved"), (&dir, name.as_str())).unwrap();
    }
    let most = std::fs::read_dir(format!("/proc/{}/fd", mount.pid())).unwrap().count();
    assert!(most <= 256, "{most} descriptors");
    drop((open, place, dir));
    for dir in 0..dirs {
        std::fs::remove_dir_all(root.join(format!("d{dir}"))).unwrap();
    }
}

pub(crate) const FEW: [&str; 2] = ["prlimit", "--nofile=256:256"];

#[test]
fn few_descriptors_serve_many_inodes_that_have_handles() {
    for cache in ["none", "exclusive"] {
        over(Kind::Tmpfs, &FEW, &["--cache", cache], |mount| crowd(mount, 40, 200));
    }
}

#[test]
fn few_descriptors_serve_many_inodes_that_have_none() {
    for cache in ["none", "exclusive"] {
        over(Kind::Overlay, &FEW, &["--cache", cache], |mount| crowd(mount, 20, 100));
    }
}

#[test]
fn many_open_files_leave_room_for_the_rest() {
    over(Kind::Tmpfs, &FEW, &[], |mount| {
        let path = |n: usize| mount.mountpoint.join(format!("f{n}"));
        for n in 0..1_000 {
            std::fs::write(path(n), "x").unwrap();
        }
        let mut open = Vec::new();
        let refused = (0..1_000).find_map(|n| match std::fs::File::open(path(n)) {
            Ok(file) => {
                open.push(file);
                None
            }
            Err(error) => error.raw_os_error(),
        });
        assert_eq!(refused, Some(libc::EMFILE));
        assert!(open.len() > 200, "only {} files could be open", open.len());
        open.truncate(200);
        for n in 0..1_000 {
            assert_eq!(std::fs::metadata(path(n)).unwrap().len(), 1);
        }
    });
}

#[test]
fn what_is_open_is_reached_without_its_name_however_few_descriptors_there_are() {
    for kind in [Kind::Tmpfs, Kind::Overlay] {
        over(kind, &FEW, &["--cache", "tick"], |mount| {
            let name = |n: usize| format!("f{n}");
            for n in 0..1_000 {
                std::fs::write(mount.source.join(name(n)), name(n)).unwrap();
            }
            let open: Vec<_> = (0..100).map(|n| std::fs::File::open(mount.mountpoint.join(name(n))).unwrap()).collect();
            // More than there are descriptors for.
            for n in 100..1_000 {
                std::fs::metadata(mount.mountpoint.join(name(n))).unwrap();
            }
            for n in 0..100 {
                std::fs::remove_file(mount.source.join(name(n))).unwrap();
            }
            for (n, file) in open.iter().enumerate() {
                assert_eq!(file.metadata().unwrap().nlink(), 0);
                fs_core::chmod(file, Mode::from_raw_mode(0o604), Follow::Yes).unwrap();
                assert_eq!(file.metadata().unwrap().mode() & 0o7777, 0o604);
                assert_eq!(std::io::read_to_string(file).unwrap(), name(n));
                // Which the kernel does not do by itself: the source's file is opened for it now.
                assert_eq!(fs_core::lseek(file, 0, fs_core::Whence::Hole).unwrap(), name(n).len() as u64);
                file.sync_all().unwrap();
            }
        });
    }
}

#[test]
fn another_file_system_below_the_source_is_shown_with_numbers_of_its_own() {
    over(Kind::Tmpfs, &[], &["--cache", "none"], |mount| {
        let below = mount.source.join("below");
        std::fs::create_dir(&below).unwrap();
        rustix::mount::mount("tmpfs", &below, "tmpfs", MountFlags::empty(), None).unwrap();
        let mut seen = Vec::new();
        for n in 0..100 {
            std::fs::write(mount.source.join(format!("f{n}")), "").unwrap();
            std::fs::write(below.join(format!("f{n}")), "").unwrap();
            std::fs::hard_link(below.join(format!("f{n}")), below.join(format!("g{n}"))).unwrap();
            let ino = |path: PathBuf| std::fs::metadata(mount.mountpoint.join(path)).unwrap().ino();
            let (own, foreign) = (ino(format!("f{n}").into()), ino(format!("below/f{n}").into()));
            assert_eq!(ino(format!("below/g{n}").into()), foreign);
            seen.extend([own, foreign]);
        }
        seen.sort_unstable();
        let count = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), count, "two files with one number");
        for entry in fs_core::scandir(&mount.mountpoint.join("below")).unwrap() {
            let entry = entry.unwrap();
            let status = fs_core::lstat(&mount.mountpoint.join("below").join(entry.name())).unwrap();
            assert_eq!(entry.inode(), status.st_ino());
        }
        let across = std::fs::rename(mount.mountpoint.join("f0"), mount.mountpoint.join("below/x"));
        assert_eq!(across.unwrap_err().raw_os_error(), Some(libc::EXDEV));
        rustix::mount::unmount(&below, UnmountFlags::DETACH).unwrap();
    });
}

#[test]
fn an_overlay_is_copied_up_as_ever() {
    for passthrough in ["auto", "off"] {
        over(Kind::Overlay, &[], &["--passthrough", passthrough], |mount| {
            let path = mount.mountpoint.join("below");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "from below");
            let ino = std::fs::metadata(&path).unwrap().ino();
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            std::os::unix::fs::FileExt::write_all_at(&file, b"FROM", 0).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "FROM below");
            assert_eq!(std::fs::read_to_string(mount.source.join("below")).unwrap(), "FROM below");
            assert_eq!(std::fs::metadata(&path).unwrap().ino(), ino);
            std::fs::remove_file(&path).unwrap();
            assert!(!path.exists());
            std::fs::write(&path, "new").unwrap();
            assert_eq!(std::fs::read_to_string(mount.source.join("below")).unwrap(), "new");
        });
    }
}

#[test]
fn a_mount_below_the_source_that_is_read_only_stays_so_and_its_twin_does_not_become_so() {
    // What may be done to a file where it may be written and where it may not, in this order.
    let observe = |top: &Path| {
        let [part, again] = ["part", "again"].map(|name| top.join(name));
        let mut seen = Vec::new();
        for n in [0, 299] {
            let [one, other, new] = [part.join(format!("f{n}")), again.join(format!("f{n}")), again.join("new")];
            let mode = Mode::from_raw_mode(0o640);
            seen.extend([
                std::fs::File::options().append(true).open(&other).map(drop).map_err(|error| error.raw_os_error()),
                std::fs::write(&one, "more text").map_err(|error| error.raw_os_error()),
                std::fs::rename(&one, &new).map_err(|error| error.raw_os_error()),
                std::fs::hard_link(&one, &new).map_err(|error| error.raw_os_error()),
                std::fs::hard_link(&other, part.join("new")).map_err(|error| error.raw_os_error()),
                std::fs::remove_file(&other).map_err(|error| error.raw_os_error()),
                std::fs::create_dir(&new).map_err(|error| error.raw_os_error()),
                fs_core::chmod(&other, mode, Follow::Yes).map_err(|error| Some(error.errno().raw_os_error())),
                fs_core::chmod(&one, mode, Follow::Yes).map_err(|error| Some(error.errno().raw_os_error())),
            ]);
            assert_eq!(std::fs::read_to_string(&other).unwrap(), "more text");
        }
        seen
    };
    for starter in [&[][..], &["prlimit", "--nofile=128"]] {
        for first in ["part", "again"] {
            over_twins(starter, &["--cache", "none"], |mount| {
                // Whichever is seen first.
                for name in [first, "part", "again"] {
                    let dir = mount.mountpoint.join(name);
                    assert!((0..300).all(|n| dir.join(format!("f{n}")).is_file()));
                }
                let wanted = observe(&mount.source);
                assert!(wanted.contains(&Err(Some(libc::EROFS))) && wanted.contains(&Err(Some(libc::EXDEV))));
                assert_eq!(wanted, observe(&mount.mountpoint), "{starter:?}, {first} first");
            });
        }
    }
}

#[test]
fn a_directory_at_two_places_is_two() {
    over_twins(&[], &[], |mount| {
        let [part, again] = ["part", "again"].map(|name| mount.mountpoint.join(name));
        let inside = fs_core::open(&part, OFlags::PATH, Mode::empty()).unwrap();
        assert!(std::fs::metadata(again.join("f0")).unwrap().is_file());
        // Who works in one does not find itself in the other.
        assert_eq!(std::fs::read_link(format!("/proc/self/fd/{}", inside.as_raw_fd())).unwrap(), part);
        assert_ne!(std::fs::metadata(&part).unwrap().ino(), std::fs::metadata(&again).unwrap().ino());
    });
}

#[test]
fn what_is_shown_twice_is_not_remembered_for_ever() {
    for cache in ["exclusive", "watch"] {
        let said = over_twins(&[], &["--cache", cache], |mount| {
            let [one, other] = ["part/f0", "again/f0"].map(|name| mount.mountpoint.join(name));
            let size = |path: &Path| std::fs::metadata(path).unwrap().len();
            assert_eq!((size(&one), size(&other)), (4, 4));
            std::fs::write(&one, "more text").unwrap();
            assert!(support::wait_for(|| size(&other) == 9));
        });
        assert!(said.contains("source/again shows is shown at ") && said.contains("--cache tick"), "{said}");
    }
}

#[test]
fn who_looks_at_an_automount_point_has_nothing_mounted() {
    let (asked, asks) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    // In a session of its own: who is in the group of the automounter may always pass.
    over(Kind::Tmpfs, &["setsid"], &["--cache", "none"], |mount| {
        let auto = mount.source.join("auto");
        std::fs::create_dir(&auto).unwrap();
        let group = rustix::process::getpgrp().as_raw_nonzero();
        let options = format!("fd={},pgrp={group},minproto=5,maxproto=5,indirect", asks.as_raw_fd());
        let options = std::ffi::CString::new(options).unwrap();
        if let Err(errno) = rustix::mount::mount("auto", &auto, "autofs", MountFlags::empty(), &*options) {
            support::skip(&format!("autofs cannot be mounted: {errno}"));
            return;
        }
        std::fs::create_dir(auto.join("host")).unwrap();
        let (done, looked) = std::sync::mpsc::channel();
        let place = mount.mountpoint.join("auto/host");
        std::thread::spawn(move || done.send(std::fs::metadata(place).map(|status| status.is_dir())));
        let looked = looked.recv_timeout(std::time::Duration::from_secs(10));
        // Whoever waits for the automounter is told that there is none any more.
        drop(asked);
        rustix::mount::unmount(&auto, UnmountFlags::DETACH).unwrap();
        assert!(looked.expect("no automounter is waited for").unwrap());
    });
}

/// A source of which a part is shown a second time below it, there to be read alone; what the daemon says.
fn over_twins(starter: &[&str], args: &[&str], check: impl FnOnce(&Mount)) -> String {
    if !support::can_mount() {
        return String::new();
    }
    let mount = Mount::by(starter, args, |source| {
        let [part, again] = ["part", "again"].map(|name| source.join(name));
        std::fs::create_dir(&part).unwrap();
        std::fs::create_dir(&again).unwrap();
        for n in 0..300 {
            std::fs::write(part.join(format!("f{n}")), "text").unwrap();
        }
        rustix::mount::mount(&part, &again, "", MountFlags::BIND, None).unwrap();
        rustix::mount::mount_remount(&again, MountFlags::BIND | MountFlags::RDONLY, "").unwrap();
    });
    let again = mount.source.join("again");
    check(&mount);
    rustix::mount::unmount(&again, UnmountFlags::DETACH).unwrap();
    mount.end().stderr
}
