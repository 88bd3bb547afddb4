//! Directories: listing them, also while they change.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use fs_core::linux::getdents;
use fs_core::{Mode, OFlags, Whence};

use crate::{errno, in_every_mode, same_in_every_mode};

fn fill(dir: &Path, count: usize) -> BTreeSet<String> {
    let names: BTreeSet<String> = (0..count).map(|n| format!("entry-number-{n}")).collect();
    // One inode: some file systems take a millisecond to make one.
    let first = dir.join(names.first().unwrap());
    std::fs::write(&first, "").unwrap();
    for name in names.iter().skip(1) {
        std::fs::hard_link(&first, dir.join(name)).unwrap();
    }
    names
}

#[test]
fn ten_thousand_entries_are_listed_once_while_they_are_deleted() {
    in_every_mode(|mount| {
        // Made beneath: it is the listing that is tested here.
        let names = fill(&mount.source, 10_000);
        let mut seen = BTreeSet::new();
        for entry in std::fs::read_dir(&mount.mountpoint).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            std::fs::remove_file(mount.mountpoint.join(&name)).unwrap();
            assert!(seen.insert(name.clone()), "{name} came twice");
        }
        assert_eq!(seen, names);
        assert_eq!(std::fs::read_dir(&mount.mountpoint).unwrap().count(), 0);
        assert_eq!(std::fs::read_dir(&mount.source).unwrap().count(), 0);
    });
}

#[test]
fn a_listing_goes_on_from_any_entry_and_begins_anew() {
    in_every_mode(|mount| {
        let names = fill(&mount.mountpoint, 1_000);
        let dir = fs_core::open(&mount.mountpoint, OFlags::DIRECTORY, Mode::empty()).unwrap();
        let mut buffer = vec![0; 4096];
        let mut list = || {
            let mut all = Vec::new();
            loop {
                let before = all.len();
                all.extend(
                    getdents(&dir, &mut buffer).unwrap().map(|entry| (entry.name.as_bytes().to_vec(), entry.offset)),
                );
                if all.len() == before {
                    return all;
                }
            }
        };
        let all = list();
        assert_eq!(all.len(), names.len() + 2);
        for at in [0, 1, 500, 999, 1_001] {
            fs_core::lseek(&dir, all[at].1, Whence::Set).unwrap();
            assert_eq!(list(), all[at + 1..], "from entry {at}");
        }
        std::fs::write(mount.mountpoint.join("new"), "").unwrap();
        fs_core::lseek(&dir, 0, Whence::Set).unwrap();
        assert!(list().iter().any(|(name, _)| name == b"new"));
        std::fs::remove_file(mount.mountpoint.join("new")).unwrap();
        fs_core::lseek(&dir, 0, Whence::Set).unwrap();
        assert_eq!(list().len(), names.len() + 2);
    });
}

#[test]
fn entries_tell_type_and_number() {
    in_every_mode(|mount| {
        let dir = &mount.mountpoint;
        std::fs::create_dir(dir.join("d")).unwrap();
        std::fs::write(dir.join("f"), "").unwrap();
        std::os::unix::fs::symlink("f", dir.join("s")).unwrap();
        fs_core::mkfifo(&dir.join("p"), Mode::from_raw_mode(0o600)).unwrap();
        for entry in fs_core::scandir(dir).unwrap() {
            let entry = entry.unwrap();
            let status = fs_core::lstat(&dir.join(entry.name())).unwrap();
            assert_eq!((entry.inode(), entry.file_type()), (status.st_ino(), status.file_type()), "{entry:?}");
        }
        let fd = fs_core::open(&dir.join("d"), OFlags::DIRECTORY, Mode::empty()).unwrap();
        let mut buffer = [0; 512];
        let ino = |name: &str| std::fs::metadata(dir.join("d").join(name)).unwrap().ino();
        for entry in getdents(&fd, &mut buffer).unwrap() {
            assert_eq!(entry.ino, ino(entry.name.to_str().unwrap()), "{entry:?}");
        }
    });
}

#[test]
fn a_removed_directory_is_empty_and_takes_nothing() {
    same_in_every_mode(|dir| {
        let path = dir.join("d");
        std::fs::create_dir(&path).unwrap();
        let fd = fs_core::open(&path, OFlags::DIRECTORY, Mode::empty()).unwrap();
        std::fs::remove_dir(&path).unwrap();
        let mut buffer = [0; 512];
        (
            errno(getdents(&fd, &mut buffer)).map(Iterator::count),
            errno(fs_core::mkdir((&fd, "x"), Mode::from_raw_mode(0o755))),
            errno(fs_core::fsync(&fd)),
            fs_core::fstat(&fd).unwrap().st_nlink(),
        )
    });
}

#[test]
fn the_count_of_links_and_the_times_of_a_directory_follow_its_entries() {
    in_every_mode(|mount| {
        let dir = mount.mountpoint.join("d");
        std::fs::create_dir(&dir).unwrap();
        let look = || {
            let (above, below) = (std::fs::metadata(&dir).unwrap(), std::fs::metadata(mount.source.join("d")).unwrap());
            assert_eq!((above.nlink(), above.mtime_nsec()), (below.nlink(), below.mtime_nsec()));
            assert_eq!(above.ctime_nsec(), below.ctime_nsec());
            (above.nlink(), (above.mtime(), above.mtime_nsec()))
        };
        let step = || std::thread::sleep(std::time::Duration::from_millis(12));
        let (links, mut last) = look();
        // Btrfs and others do not count directories.
        let counts = links == 2;
        let mut changed = |what: &str, wanted: u64| {
            let (links, time) = look();
            assert!(time > last, "{what} changes the time");
            if counts {
                assert_eq!(links, wanted, "after {what}");
            }
            last = time;
        };
        step();
        std::fs::create_dir(dir.join("a")).unwrap();
        changed("mkdir", links + 1);
        step();
        std::fs::write(dir.join("f"), "").unwrap();
        changed("create", links + 1);
        step();
        std::fs::rename(dir.join("f"), dir.join("g")).unwrap();
        changed("rename", links + 1);
        step();
        std::fs::hard_link(dir.join("g"), dir.join("h")).unwrap();
        changed("link", links + 1);
        step();
        std::fs::rename(dir.join("a"), mount.mountpoint.join("a")).unwrap();
        changed("rename of a directory", links);
        step();
        std::fs::remove_file(dir.join("g")).unwrap();
        changed("unlink", links);
    });
}
