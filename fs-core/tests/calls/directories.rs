//! Listing directories, and what an entry knows.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use fs_core::{
    DirEntry, Errno, FileType, Follow, OFlags, Whence, get_inheritable, listdir, lseek, lstat, scandir, stat,
};

use crate::fixture::{Dir, as_ordinary_user, errno, skip};

fn sorted(mut names: Vec<OsString>) -> Vec<OsString> {
    names.sort();
    names
}

fn entry(dir: &Dir, name: &str) -> DirEntry {
    scandir(&dir.path("")).unwrap().map(Result::unwrap).find(|entry| entry.name() == name).unwrap()
}

/// Whether the file system keeps types in its directories.
fn has_types(dir: &Dir) -> bool {
    scandir(&dir.path("")).unwrap().all(|entry| entry.unwrap().file_type() != FileType::Unknown)
}

#[test]
fn names_are_bytes_and_come_back_as_they_are() {
    let dir = Dir::new();
    let odd: Vec<&OsStr> = vec![OsStr::from_bytes(b"\xff\xfe"), OsStr::from_bytes(b"new\nline"), OsStr::new(".hidden")];
    for name in &odd {
        fs::write(dir.path("").join(name), "").unwrap();
    }
    let expected = sorted(odd.iter().map(OsString::from).collect());
    assert_eq!(sorted(listdir(&dir.path("")).unwrap()), expected);
    let scanned = scandir(&dir.path("")).unwrap().map(|entry| entry.unwrap().name().to_owned()).collect();
    assert_eq!(sorted(scanned), expected);
    assert!(stat((&dir.fd, odd[0]), Follow::Yes).is_ok());
}

#[test]
fn a_big_directory_comes_whole() {
    let dir = Dir::new();
    // Many buffers of entries with long names.
    let name = |number: usize| format!("{number:0>250}");
    for number in 0..1000 {
        dir.file(&name(number), "");
    }
    let expected: Vec<OsString> = (0..1000).map(|number| name(number).into()).collect();
    assert_eq!(sorted(listdir(&dir.path("")).unwrap()), expected);
}

#[test]
fn listing_a_descriptor_twice_gives_the_same() {
    let dir = Dir::new();
    dir.file("a", "");
    dir.file("b", "");
    let fd = dir.open("", OFlags::DIRECTORY);
    for _ in 0..2 {
        assert_eq!(sorted(listdir(&fd).unwrap()), ["a", "b"]);
        assert_eq!(scandir(&fd).unwrap().count(), 2);
    }
    // Left in the middle, too.
    drop(scandir(&fd).unwrap().next());
    assert_eq!(lseek(&fd, 0, Whence::Cur), Ok(0));
}

#[test]
fn a_descriptor_is_read_from_its_position_which_it_shares() {
    let dir = Dir::new();
    dir.file("a", "");
    let fd = dir.open("", OFlags::DIRECTORY);
    let mut buf = [0; 4096];
    assert_eq!(fs_core::linux::getdents(&fd, &mut buf).unwrap().count(), 3);
    assert!(listdir(&fd).unwrap().is_empty(), "the position is at the end");
    assert_eq!(listdir(&fd).unwrap(), ["a"], "and was put to the start");
}

#[test]
fn an_o_path_descriptor_and_a_path_below_one_are_listed() {
    let dir = Dir::new();
    dir.dir("sub");
    dir.file("sub/f", "x");
    assert_eq!(listdir(&dir.fd).unwrap(), ["sub"]);
    assert_eq!(listdir((&dir.fd, "sub")).unwrap(), ["f"]);
    let entry = scandir((&dir.fd, "sub")).unwrap().next().unwrap().unwrap();
    assert_eq!(entry.path().as_os_str(), "sub/f");
    assert_eq!(entry.stat(Follow::No).unwrap().st_size(), 1);
    let entry = scandir(&dir.fd).unwrap().next().unwrap().unwrap();
    assert!(entry.stat(Follow::No).unwrap().st_nlink() >= 1);
}

#[test]
fn what_is_no_directory_is_enotdir_at_once() {
    let dir = Dir::new();
    dir.file("f", "");
    assert_eq!(errno(listdir(&dir.path("f"))), Errno::NOTDIR);
    assert_eq!(errno(scandir(&dir.path("f")).map(drop)), Errno::NOTDIR);
    assert_eq!(errno(scandir(&dir.open("f", OFlags::RDONLY)).map(drop)), Errno::NOTDIR);
    assert_eq!(errno(scandir(&dir.open("f", OFlags::PATH)).map(drop)), Errno::NOTDIR);
    assert_eq!(errno(listdir(&dir.path("missing"))), Errno::NOENT);
    fs_core::mkfifo((&dir.fd, "fifo"), crate::fixture::mode(0o600)).unwrap();
    assert_eq!(errno(listdir((&dir.fd, "fifo"))), Errno::NOTDIR, "and does not wait for a writer");
}

#[test]
fn a_descriptor_of_a_readable_directory_is_enough() {
    // Opening `.` again would need the right to search.
    let dir = Dir::new();
    let sub = dir.dir("sub");
    dir.file("sub/f", "");
    fs::set_permissions(&sub, fs::Permissions::from_mode(0o444)).unwrap();
    as_ordinary_user(|| {
        let fd = dir.open("sub", OFlags::DIRECTORY);
        assert_eq!(listdir(&fd).unwrap(), ["f"]);
    });
}

#[test]
fn an_exhausted_iterator_stays_so() {
    let dir = Dir::new();
    dir.file("a", "");
    let mut entries = scandir(&dir.path("")).unwrap();
    assert!(format!("{entries:?}").len() < 200, "no bytes of the directory");
    assert!(entries.next().is_some());
    assert!(entries.next().is_none());
    dir.file("b", "");
    assert!(entries.next().is_none());
    entries.close();
}

#[test]
fn a_removed_directory_has_no_entries() {
    let dir = Dir::new();
    let sub = dir.dir("sub");
    let fd = dir.open("sub", OFlags::DIRECTORY);
    fs::remove_dir(sub).unwrap();
    assert!(listdir(&fd).unwrap().is_empty());
}

#[test]
fn the_path_of_an_entry_is_joined_or_the_name_alone() {
    let dir = Dir::new();
    dir.file("a", "");
    assert_eq!(entry(&dir, "a").path(), dir.path("a"));
    let slash = format!("{}/", dir.path("").display());
    assert_eq!(scandir(&slash).unwrap().next().unwrap().unwrap().path(), dir.path("a"));
    let fd = dir.open("", OFlags::DIRECTORY);
    let entry = scandir(&fd).unwrap().next().unwrap().unwrap();
    assert_eq!(entry.path().as_os_str(), "a");
    assert_eq!(entry.stat(Follow::Yes).unwrap().st_ino(), lstat((&dir.fd, "a")).unwrap().st_ino());
}

#[test]
fn the_descriptor_of_a_scan_is_not_inherited() {
    let dir = Dir::new();
    let before: Vec<_> = listdir("/proc/self/fd").unwrap();
    let scan = scandir(&dir.path("")).unwrap();
    // Other tests open descriptors meanwhile; none of theirs is inherited either.
    for name in listdir("/proc/self/fd").unwrap().iter().filter(|name| !before.contains(name)) {
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", name.to_str().unwrap())).unwrap_or_default();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).map(str::trim);
        if let Some(flags) = flags {
            let flags = i32::from_str_radix(flags, 8).unwrap();
            assert_ne!(flags & libc::O_CLOEXEC, 0, "descriptor {name:?}");
        }
    }
    drop(scan);
    assert!(!get_inheritable(dir.open("", OFlags::DIRECTORY)).unwrap());
}

#[test]
fn types_are_told_and_followed() {
    let dir = Dir::new();
    dir.file("file", "");
    dir.dir("dir");
    dir.symlink("file", "to_file");
    dir.symlink("dir", "to_dir");
    dir.symlink("missing", "dangling");
    // is_dir, is_file (both followed), is_dir, is_file (not followed), is_symlink
    for (name, expected) in [
        ("file", [false, true, false, true, false]),
        ("dir", [true, false, true, false, false]),
        ("to_file", [false, true, false, false, true]),
        ("to_dir", [true, false, false, false, true]),
        ("dangling", [false, false, false, false, true]),
    ] {
        let entry = entry(&dir, name);
        let told = [
            entry.is_dir(Follow::Yes).unwrap(),
            entry.is_file(Follow::Yes).unwrap(),
            entry.is_dir(Follow::No).unwrap(),
            entry.is_file(Follow::No).unwrap(),
            entry.is_symlink().unwrap(),
        ];
        assert_eq!(told, expected, "{name}");
        assert_eq!(entry.inode(), fs::symlink_metadata(dir.path(name)).unwrap().ino());
    }
}

#[test]
fn a_removed_file_is_still_one_but_has_no_status() {
    let dir = Dir::new();
    dir.file("f", "");
    if !has_types(&dir) {
        return skip("the file system here keeps no types in directories");
    }
    let entry = entry(&dir, "f");
    fs::remove_file(dir.path("f")).unwrap();
    assert!(entry.is_file(Follow::Yes).unwrap() && !entry.is_dir(Follow::Yes).unwrap());
    assert_eq!(errno(entry.stat(Follow::No).copied()), Errno::NOENT);
    assert_eq!(errno(entry.stat(Follow::Yes).copied()), Errno::NOENT);
}

#[test]
fn only_what_is_gone_reads_as_false_and_other_errors_are_told() {
    let dir = Dir::new();
    dir.symlink("loop", "loop");
    dir.symlink("closed/f", "denied");
    let closed = dir.dir("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    assert_eq!(errno(entry(&dir, "loop").is_dir(Follow::Yes)), Errno::LOOP);
    assert_eq!(errno(entry(&dir, "loop").is_file(Follow::Yes)), Errno::LOOP);
    assert!(entry(&dir, "loop").is_symlink().unwrap());
    as_ordinary_user(|| assert_eq!(errno(entry(&dir, "denied").is_file(Follow::Yes)), Errno::ACCESS));
}

#[test]
fn status_is_asked_for_once_and_kept() {
    let dir = Dir::new();
    dir.file("file", "x");
    dir.symlink("file", "link");
    let (file, link) = (entry(&dir, "file"), entry(&dir, "link"));
    assert_eq!(file.stat(Follow::Yes).unwrap().st_size(), 1);
    assert_eq!(link.stat(Follow::Yes).unwrap().st_size(), 1);
    assert_eq!(link.stat(Follow::No).unwrap().file_type(), FileType::Symlink);
    fs::remove_file(dir.path("file")).unwrap();
    fs::remove_file(dir.path("link")).unwrap();
    // The file is no link, so that one answer does for both questions.
    assert_eq!(file.stat(Follow::No).unwrap().st_size(), 1);
    assert_eq!(link.stat(Follow::Yes).unwrap().st_size(), 1);
    assert_eq!(link.stat(Follow::No).unwrap().file_type(), FileType::Symlink);
}

#[test]
fn the_inode_of_a_mount_point_is_that_of_the_covered_directory() {
    let root = stat("/", Follow::Yes).unwrap().st_dev();
    let mounted = scandir("/").unwrap().map(Result::unwrap).find(|entry| {
        entry.is_dir(Follow::No).unwrap_or(false) && entry.stat(Follow::No).is_ok_and(|stat| stat.st_dev() != root)
    });
    let Some(mounted) = mounted else { return skip("nothing is mounted right below the root") };
    assert_ne!(mounted.inode(), mounted.stat(Follow::No).unwrap().st_ino());
}
