//! `O_PATH` descriptors: what works on them, and how to reach what does not.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use fs_core::{Errno, Follow, Gid, OFlags, Target, Times, Uid, XattrFlags};

use crate::fixture::{Dir, as_ordinary_user, errno, is_root, mode, skip};

/// `/proc/self/fd`, opened, and the name of a descriptor in it.
fn through_proc(place: &OwnedFd) -> (OwnedFd, String) {
    let proc = fs_core::open("/proc/self/fd", OFlags::PATH | OFlags::DIRECTORY, mode(0)).unwrap();
    (proc, place.as_raw_fd().to_string())
}

#[test]
fn a_place_tells_its_status_and_nothing_more() {
    let dir = Dir::new();
    dir.file("f", "x");
    let place = dir.open("f", OFlags::PATH);
    assert_eq!(fs_core::fstat(&place).unwrap().st_size(), 1);
    fs_core::fstatvfs(&place).unwrap();
    fs_core::fpathconf(&place, "PC_NAME_MAX").unwrap();
    assert_eq!(errno(fs_core::fchmod(&place, mode(0o600))), Errno::BADF);
    assert_eq!(errno(fs_core::fchown(&place, None, None)), Errno::BADF);
    assert_eq!(errno(fs_core::utime(&place, Times::NOW, Follow::Yes)), Errno::BADF);
    assert_eq!(errno(fs_core::ftruncate(&place, 0)), Errno::BADF);
    assert_eq!(errno(fs_core::getxattr(&place, "user.k", Follow::Yes)), Errno::BADF);
    assert_eq!(errno(fs_core::linux::getdents(&dir.fd, &mut [0; 512]).map(drop)), Errno::BADF);
    assert_eq!(errno(fs_core::read(&place, &mut [0; 1])), Errno::BADF);
}

#[test]
fn through_proc_everything_works_on_a_place() {
    let dir = Dir::new();
    let path = dir.file("f", "hello");
    let place = dir.open("f", OFlags::PATH);
    let (proc, number) = through_proc(&place);
    let at = || Target::from((&proc, &number));

    fs_core::chmod(at(), mode(0o601), Follow::Yes).unwrap();
    fs_core::utime(at(), Times::from_ns(5, 6), Follow::Yes).unwrap();
    fs_core::truncate(at(), 2).unwrap();
    let meta = fs::metadata(&path).unwrap();
    assert_eq!((meta.permissions().mode() & 0o777, meta.len()), (0o601, 2));
    fs_core::utime(at(), Times::from_ns(5, 6), Follow::Yes).unwrap();
    assert_eq!(fs_core::stat(at(), Follow::Yes).unwrap().st_mtime_ns(), 6);
    if is_root() {
        fs_core::chown(at(), Some(Uid::from_raw(11)), Some(Gid::from_raw(12)), Follow::Yes).unwrap();
        let meta = fs::metadata(&path).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (11, 12));
    }
    fs_core::link((&proc, &number), (&dir.fd, "g"), Follow::Yes).unwrap();
    assert_eq!(fs_core::fstat(&place).unwrap().st_nlink(), 2);
    let fd = fs_core::open((&proc, &number), OFlags::RDWR, mode(0)).unwrap();
    assert_eq!(fs_core::read(&fd, &mut [0; 8]), Ok(2));
    assert!(fs_core::access((&proc, &number), fs_core::Access::READ_OK, fs_core::AccessOptions::default()));
}

#[test]
fn through_proc_a_place_has_extended_attributes() {
    let dir = Dir::new();
    dir.file("f", "");
    let place = dir.open("f", OFlags::PATH);
    let (proc, number) = through_proc(&place);
    let at = || Target::from((&proc, &number));
    match fs_core::setxattr(at(), "user.k", b"value", XattrFlags::CREATE, Follow::Yes) {
        Err(error) if error.errno() == Errno::NOTSUP => return skip("the file system here has no user attributes"),
        result => result.unwrap(),
    }
    assert_eq!(fs_core::getxattr(&dir.path("f"), "user.k", Follow::Yes).unwrap(), b"value");
    assert_eq!(fs_core::getxattr(at(), "user.k", Follow::Yes).unwrap(), b"value");
    assert!(fs_core::listxattr(at(), Follow::Yes).unwrap().iter().any(|name| name == "user.k"));
    fs_core::removexattr(at(), "user.k", Follow::Yes).unwrap();
    assert_eq!(errno(fs_core::getxattr(at(), "user.k", Follow::Yes)), Errno::NODATA);
}

#[test]
fn through_proc_the_place_of_a_link_is_the_link() {
    let dir = Dir::new();
    dir.file("f", "");
    dir.symlink("f", "link");
    let place = dir.open("link", OFlags::PATH | OFlags::NOFOLLOW);
    let (proc, number) = through_proc(&place);
    fs_core::utime((&proc, &number), Times::from_ns(7, 7), Follow::Yes).unwrap();
    assert_eq!(fs_core::lstat((&dir.fd, "link")).unwrap().st_mtime_ns(), 7);
    assert_ne!(fs_core::lstat((&dir.fd, "f")).unwrap().st_mtime_ns(), 7);
    if is_root() {
        fs_core::chown((&proc, &number), Some(Uid::from_raw(11)), None, Follow::Yes).unwrap();
        let owner = |name: &str| fs::symlink_metadata(dir.path(name)).unwrap().uid();
        assert_eq!((owner("link"), owner("f")), (11, 0));
        match fs_core::setxattr((&proc, &number), "trusted.k", b"x", XattrFlags::empty(), Follow::Yes) {
            Err(error) if error.errno() == Errno::NOTSUP => skip("no trusted attributes here"),
            result => {
                result.unwrap();
                assert_eq!(fs_core::getxattr(&dir.path("link"), "trusted.k", Follow::No).unwrap(), b"x");
            }
        }
    }
    fs_core::link((&proc, &number), (&dir.fd, "again"), Follow::Yes).unwrap();
    assert!(fs::symlink_metadata(dir.path("again")).unwrap().is_symlink());
}

#[test]
fn a_file_that_somebody_else_opened_gets_a_name_too() {
    if !is_root() {
        return skip("needs a file that another user opened: run as root");
    }
    let dir = Dir::new();
    let path = dir.file("f", "");
    std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
    let fd = dir.open("f", OFlags::RDONLY);
    // The direct way is for who opened it, or for the privileged.
    as_ordinary_user(|| fs_core::linux::link_fd(&fd, (&dir.fd, "g")).unwrap());
    assert_eq!(fs_core::fstat(&fd).unwrap().st_nlink(), 2);
}

#[test]
fn a_place_outlives_its_name() {
    let dir = Dir::new();
    dir.file("f", "x");
    let place = dir.open("f", OFlags::PATH);
    fs_core::unlink((&dir.fd, "f")).unwrap();
    let (proc, number) = through_proc(&place);
    assert_eq!(fs_core::stat((&proc, &number), Follow::Yes).unwrap().st_nlink(), 0);
    fs_core::truncate((&proc, &number), 9).unwrap();
    assert_eq!(fs_core::fstat(&place).unwrap().st_size(), 9);
}
