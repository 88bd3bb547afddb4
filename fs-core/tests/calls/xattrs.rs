//! Extended attributes.

use std::os::fd::OwnedFd;

use fs_core::{Errno, Error, Follow, OFlags, XATTR_SIZE_MAX, XattrFlags};
use fs_core::{getxattr, getxattr_into, listxattr, listxattr_into, removexattr, setxattr};

use crate::fixture::{Dir, as_ordinary_user, errno, is_root, skip};

const NAME: &str = "user.k";

/// A directory with a file `f`; `None`, said on stderr, where there are no attributes.
fn with_file() -> Option<Dir> {
    let dir = Dir::new();
    dir.file("f", "");
    match setxattr((&dir.fd, "f"), NAME, b"v", XattrFlags::empty(), Follow::Yes) {
        Err(error) if error.errno() == Errno::NOTSUP => {
            skip("the file system here has no user attributes");
            None
        }
        result => {
            result.unwrap();
            Some(dir)
        }
    }
}

#[test]
fn create_on_an_existing_one_is_eexist_and_replace_on_a_missing_one_enodata() {
    let Some(dir) = with_file() else { return };
    let set = |name: &str, flags| setxattr((&dir.fd, "f"), name, b"new", flags, Follow::Yes);
    assert_eq!(errno(set(NAME, XattrFlags::CREATE)), Errno::EXIST);
    assert_eq!(errno(set("user.missing", XattrFlags::REPLACE)), Errno::NODATA);
    // XFS makes it; the others want it to be there first.
    match set("user.missing", XattrFlags::CREATE | XattrFlags::REPLACE) {
        Ok(()) => assert_eq!(getxattr((&dir.fd, "f"), "user.missing", Follow::Yes).unwrap(), b"new"),
        error => assert_eq!(errno(error), Errno::NODATA),
    }
    set(NAME, XattrFlags::REPLACE).unwrap();
    set("user.other", XattrFlags::CREATE).unwrap();
    assert_eq!(errno(set(NAME, XattrFlags::from_bits_retain(4))), Errno::INVAL);
}

#[test]
fn a_descriptor_a_path_and_a_path_below_a_descriptor_are_the_same() {
    let Some(dir) = with_file() else { return };
    let fd = dir.open("f", OFlags::RDONLY);
    let path = dir.path("f");
    setxattr(&fd, "user.fd", b"1", XattrFlags::empty(), Follow::Yes).unwrap();
    setxattr(&path, "user.path", b"2", XattrFlags::empty(), Follow::Yes).unwrap();
    let mut lists = [
        listxattr(&fd, Follow::Yes).unwrap(),
        listxattr(&path, Follow::Yes).unwrap(),
        listxattr((&dir.fd, "f"), Follow::Yes).unwrap(),
    ];
    for list in &mut lists {
        list.retain(|name| name.to_str().unwrap().starts_with("user."));
        list.sort();
        assert_eq!(list, &["user.fd", "user.k", "user.path"]);
    }
    assert_eq!(getxattr((&dir.fd, "f"), "user.fd", Follow::Yes).unwrap(), b"1");
    assert_eq!(getxattr(&fd, "user.path", Follow::Yes).unwrap(), b"2");
    removexattr((&dir.fd, "f"), NAME, Follow::Yes).unwrap();
    assert_eq!(errno(getxattr(&path, NAME, Follow::Yes)), Errno::NODATA);
    assert_eq!(errno(removexattr(&fd, NAME, Follow::Yes)), Errno::NODATA);
    // An absolute path does not care for the descriptor.
    assert_eq!(getxattr((&dir.open("f", OFlags::RDONLY), &path), "user.fd", Follow::Yes).unwrap(), b"1");
}

#[test]
fn long_and_empty_values_come_back_whole() {
    let Some(dir) = with_file() else { return };
    // One block is what ext4 has.
    for length in [0, 1, 255, 256, 257, 3000] {
        let value = vec![b'x'; length];
        setxattr((&dir.fd, "f"), NAME, &value, XattrFlags::empty(), Follow::Yes).unwrap();
        assert_eq!(getxattr((&dir.fd, "f"), NAME, Follow::Yes).unwrap(), value);
    }
    let too_long = vec![0; XATTR_SIZE_MAX + 1];
    assert_eq!(errno(setxattr((&dir.fd, "f"), NAME, &too_long, XattrFlags::empty(), Follow::Yes)), Errno::TOOBIG);
}

#[test]
fn into_forms_measure_fill_and_say_when_the_buffer_is_short() {
    let Some(dir) = with_file() else { return };
    let (fd, path) = (dir.open("f", OFlags::RDONLY), dir.path("f"));
    for target in [fs_core::Target::from((&dir.fd, "f")), (&fd).into(), (&path).into()] {
        setxattr(target, NAME, b"v", XattrFlags::empty(), Follow::Yes).unwrap();
        assert_eq!(getxattr_into(target, NAME, &mut [], Follow::Yes), Ok(1));
        setxattr(target, NAME, b"value", XattrFlags::empty(), Follow::Yes).unwrap();
        let mut buf = [0; 8];
        assert_eq!(getxattr_into(target, NAME, &mut buf, Follow::Yes), Ok(5));
        assert_eq!(&buf[..5], b"value");
        assert_eq!(errno(getxattr_into(target, NAME, &mut [0; 4], Follow::Yes)), Errno::RANGE);

        let length = listxattr_into(target, &mut [], Follow::Yes).unwrap();
        let mut names = vec![0; length];
        assert_eq!(listxattr_into(target, &mut names, Follow::Yes), Ok(length));
        assert!(names.split(|byte| *byte == 0).any(|name| name == NAME.as_bytes()));
        assert_eq!(errno(listxattr_into(target, &mut names[..1], Follow::Yes)), Errno::RANGE);
    }
}

#[test]
fn without_following_the_link_itself_is_meant() {
    let Some(dir) = with_file() else { return };
    dir.symlink("f", "link");
    assert_eq!(getxattr((&dir.fd, "link"), NAME, Follow::Yes).unwrap(), b"v");
    assert_eq!(errno(getxattr((&dir.fd, "link"), NAME, Follow::No)), Errno::NODATA);
    assert_eq!(errno(getxattr(&dir.path("link"), NAME, Follow::No)), Errno::NODATA);
    let set = |follow| setxattr((&dir.fd, "link"), NAME, b"x", XattrFlags::empty(), follow);
    assert_eq!(errno(set(Follow::No)), Errno::PERM, "links have no user attributes");
    if is_root() {
        setxattr((&dir.fd, "link"), "trusted.k", b"link", XattrFlags::empty(), Follow::No).unwrap();
        assert_eq!(getxattr(&dir.path("link"), "trusted.k", Follow::No).unwrap(), b"link");
        assert_eq!(errno(getxattr(&dir.path("f"), "trusted.k", Follow::No)), Errno::NODATA);
        removexattr((&dir.fd, "link"), "trusted.k", Follow::No).unwrap();
    }
}

#[test]
fn a_descriptor_that_is_not_to_be_followed_is_a_conflict() {
    let dir = Dir::new();
    let fd: OwnedFd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    assert!(matches!(getxattr(&fd, NAME, Follow::No), Err(Error::Conflict(_))));
    assert!(matches!(listxattr(&fd, Follow::No), Err(Error::Conflict(_))));
    assert!(matches!(removexattr(&fd, NAME, Follow::No), Err(Error::Conflict(_))));
    assert!(matches!(setxattr(&fd, NAME, b"", XattrFlags::empty(), Follow::No), Err(Error::Conflict(_))));
}

#[test]
fn odd_names_are_refused() {
    let Some(dir) = with_file() else { return };
    let get = |name: &str| errno(getxattr((&dir.fd, "f"), name, Follow::Yes));
    assert_eq!(get(""), Errno::RANGE);
    assert_eq!(get(&format!("user.{}", "x".repeat(251))), Errno::RANGE);
    assert_eq!(get("nonsense.k"), Errno::NOTSUP);
    assert_eq!(getxattr((&dir.fd, "f"), "user.\0", Follow::Yes), Err(Error::EmbeddedNul));
    assert_eq!(errno(getxattr((&dir.fd, "missing"), NAME, Follow::Yes)), Errno::NOENT);
    assert_eq!(errno(getxattr((&dir.fd, ""), NAME, Follow::Yes)), Errno::NOENT);
}

#[test]
fn trusted_attributes_do_not_exist_for_ordinary_users() {
    let Some(dir) = with_file() else { return };
    as_ordinary_user(|| {
        assert_eq!(errno(getxattr((&dir.fd, "f"), "trusted.k", Follow::Yes)), Errno::NODATA);
        let set = setxattr((&dir.fd, "f"), "trusted.k", b"", XattrFlags::empty(), Follow::Yes);
        assert_eq!(errno(set), Errno::PERM);
    });
}
