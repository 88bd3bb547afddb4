//! Renaming, linking, removing.

use std::fs;
use std::os::unix::fs::MetadataExt;

use fs_core::{Errno, Follow, RenameFlags, link, lstat, mkdir, readlink, readlink_into};
use fs_core::{remove, rename, rename_with, replace, rmdir, stat, symlink, unlink};

use crate::fixture::{Dir, as_ordinary_user, errno, mode, skip};

#[test]
fn replace_lets_an_empty_directory_give_way_to_a_directory() {
    let dir = Dir::new();
    dir.dir("src");
    dir.dir("dst");
    fs::write(dir.path("src/f"), "").unwrap();
    replace((&dir.fd, "src"), (&dir.fd, "dst")).unwrap();
    assert!(dir.path("dst/f").exists());
}

#[test]
fn replace_of_a_directory_by_a_file_is_eisdir_and_the_reverse_enotdir() {
    let dir = Dir::new();
    dir.dir("dir");
    dir.file("file", "");
    assert_eq!(errno(replace((&dir.fd, "file"), (&dir.fd, "dir"))), Errno::ISDIR);
    assert_eq!(errno(replace((&dir.fd, "dir"), (&dir.fd, "file"))), Errno::NOTDIR);
    assert_eq!(dir.names(), ["dir", "file"]);
}

#[test]
fn rename_between_two_names_of_one_file_changes_nothing() {
    let dir = Dir::new();
    dir.file("a", "");
    fs::hard_link(dir.path("a"), dir.path("b")).unwrap();
    rename((&dir.fd, "a"), (&dir.fd, "b")).unwrap();
    assert_eq!(dir.names(), ["a", "b"]);
}

#[test]
fn rename_noreplace_fails_where_the_name_exists_and_exchange_where_one_is_missing() {
    let dir = Dir::new();
    dir.file("a", "a");
    dir.file("b", "b");
    let flagged = |src: &str, dst: &str, flags| rename_with((&dir.fd, src), (&dir.fd, dst), flags);
    assert_eq!(errno(flagged("a", "b", RenameFlags::NOREPLACE)), Errno::EXIST);
    assert_eq!(errno(flagged("a", "c", RenameFlags::EXCHANGE)), Errno::NOENT);
    flagged("a", "b", RenameFlags::EXCHANGE).unwrap();
    assert_eq!(fs::read(dir.path("a")).unwrap(), b"b");
    assert_eq!(errno(flagged("a", "b", RenameFlags::EXCHANGE | RenameFlags::NOREPLACE)), Errno::INVAL);
}

#[test]
fn link_follows_a_symbolic_link_only_if_told_to() {
    let dir = Dir::new();
    dir.file("file", "");
    dir.symlink("file", "link");
    link((&dir.fd, "link"), (&dir.fd, "followed"), Follow::Yes).unwrap();
    link((&dir.fd, "link"), (&dir.fd, "itself"), Follow::No).unwrap();
    let ino = |name: &str| fs::symlink_metadata(dir.path(name)).unwrap().ino();
    assert_eq!(ino("followed"), ino("file"));
    assert_eq!(ino("itself"), ino("link"));
    // The same by plain paths, where CPython before 3.14 does not follow.
    link(&dir.path("link"), &dir.path("by_path"), Follow::Yes).unwrap();
    assert_eq!(ino("by_path"), ino("file"));
}

#[test]
fn readlink_gives_the_whole_text_however_long() {
    let dir = Dir::new();
    for length in [255, 256, 1023, 4095] {
        let (name, text) = (length.to_string(), "x".repeat(length));
        match symlink(&text, (&dir.fd, &name)) {
            Err(error) if error.errno() == Errno::NAMETOOLONG => skip("XFS stores 1023 bytes of a text at most"),
            result => {
                result.unwrap();
                assert_eq!(readlink((&dir.fd, &name)).unwrap().as_os_str(), text.as_str());
                assert_eq!(readlink(&dir.path(&name)).unwrap().as_os_str(), text.as_str());
            }
        }
    }
    assert_eq!(errno(symlink(&"x".repeat(4096), (&dir.fd, "longer"))), Errno::NAMETOOLONG);
}

#[test]
fn readlink_into_cuts_without_a_word() {
    let dir = Dir::new();
    dir.symlink("target", "link");
    let mut text = [0; 3];
    assert_eq!(readlink_into((&dir.fd, "link"), &mut text), Ok(3));
    assert_eq!(&text, b"tar");
    let mut text = [0; 4096];
    assert_eq!(readlink_into((&dir.fd, "link"), &mut text), Ok(6));
    assert_eq!(errno(readlink_into((&dir.fd, "link"), &mut [])), Errno::INVAL);
    assert_eq!(errno(readlink((&dir.fd, ""))), Errno::NOENT);
}

#[test]
fn readlink_of_the_empty_path_below_a_symbolic_link_reads_it() {
    let dir = Dir::new();
    dir.symlink("target", "link");
    let place = dir.open("link", fs_core::OFlags::PATH | fs_core::OFlags::NOFOLLOW);
    assert_eq!(readlink((&place, "")).unwrap().as_os_str(), "target");
}

#[test]
fn rmdir_says_why_for_files_links_dots_and_entries() {
    let dir = Dir::new();
    dir.dir("dir");
    dir.dir("dir/sub");
    dir.file("file", "");
    dir.symlink("dir/sub", "link");
    let rmdir = |name: &str| errno(rmdir((&dir.fd, name)));
    assert_eq!(rmdir("file"), Errno::NOTDIR);
    assert_eq!(rmdir("link"), Errno::NOTDIR);
    assert_eq!(rmdir("link/"), Errno::NOTDIR);
    assert_eq!(rmdir("dir/sub/."), Errno::INVAL);
    assert_eq!(rmdir("dir/sub/.."), Errno::NOTEMPTY);
    assert_eq!(rmdir("dir"), Errno::NOTEMPTY);
    assert_eq!(rmdir("missing"), Errno::NOENT);
}

#[test]
fn unlink_and_remove_are_one_call_that_leaves_directories() {
    let dir = Dir::new();
    dir.dir("dir");
    dir.file("a", "");
    dir.symlink("dir", "link");
    assert_eq!(errno(unlink((&dir.fd, "dir"))), Errno::ISDIR);
    assert_eq!(errno(remove((&dir.fd, "dir"))), Errno::ISDIR);
    unlink((&dir.fd, "a")).unwrap();
    remove((&dir.fd, "link")).unwrap();
    assert_eq!(dir.names(), ["dir"]);
}

#[test]
fn a_dangling_link_is_in_the_way_of_everything_new() {
    let dir = Dir::new();
    dir.symlink("missing", "link");
    dir.file("file", "");
    assert_eq!(errno(mkdir((&dir.fd, "link"), mode(0o777))), Errno::EXIST);
    assert_eq!(errno(symlink("x", (&dir.fd, "link"))), Errno::EXIST);
    assert_eq!(errno(link((&dir.fd, "file"), (&dir.fd, "link"), Follow::Yes)), Errno::EXIST);
    assert_eq!(errno(fs_core::mkfifo((&dir.fd, "link"), mode(0o600))), Errno::EXIST);
    assert_eq!(lstat((&dir.fd, "link")).unwrap().file_type(), fs_core::FileType::Symlink);
}

#[test]
fn a_link_to_another_mount_is_exdev() {
    let dir = Dir::new();
    dir.file("f", "");
    let here = stat((&dir.fd, "f"), Follow::Yes).unwrap().st_dev();
    let Some(other) = ["/dev/shm", "/tmp", "/var/tmp"]
        .into_iter()
        .find(|path| stat(*path, Follow::Yes).is_ok_and(|stat| stat.st_dev() != here))
    else {
        return skip("one file system only");
    };
    let there = tempfile::tempdir_in(other).unwrap();
    assert_eq!(errno(link((&dir.fd, "f"), &there.path().join("f"), Follow::No)), Errno::XDEV);
    assert_eq!(errno(rename((&dir.fd, "f"), &there.path().join("f"))), Errno::XDEV);
}

#[test]
fn who_may_not_write_the_directory_makes_no_names() {
    let dir = Dir::new();
    dir.file("f", "");
    let closed = dir.dir("closed");
    fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    as_ordinary_user(|| {
        assert_eq!(errno(mkdir((&dir.fd, "closed/d"), mode(0o777))), Errno::ACCESS);
        assert_eq!(errno(symlink("x", (&dir.fd, "closed/l"))), Errno::ACCESS);
        assert_eq!(errno(rename((&dir.fd, "f"), (&dir.fd, "closed/f"))), Errno::ACCESS);
    });
}
