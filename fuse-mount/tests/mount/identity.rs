//! Whom things belong to, who may use them, and what takes privileges away.

use std::fs::{File, Permissions};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;

use fs_core::{Errno, Follow, Gid, Mode, OFlags, Uid, XattrFlags};

use crate::{as_user, errno, same_in_every_mode};

const OWNER: (u32, u32) = (1234, 2345);

fn look(path: &Path) -> (u32, u32, u32) {
    let status = std::fs::symlink_metadata(path).unwrap();
    (status.uid(), status.gid(), status.mode())
}

/// Lets everybody make files in a directory.
fn open_to_all(dir: &Path) {
    std::fs::set_permissions(dir, Permissions::from_mode(0o777)).unwrap();
}

fn make_one_of_each(dir: &Path) -> Vec<(u32, u32, u32)> {
    let mode = Mode::from_raw_mode(0o7777);
    fs_core::mkdir(&dir.join("d"), mode).unwrap();
    drop(fs_core::open(&dir.join("f"), OFlags::CREAT | OFlags::RDWR, mode).unwrap());
    fs_core::mkfifo(&dir.join("p"), mode).unwrap();
    fs_core::symlink("x", &dir.join("s")).unwrap();
    fs_core::mknod(&dir.join("n"), libc::S_IFREG | 0o2755, 0).unwrap();
    drop(std::os::unix::net::UnixListener::bind(dir.join("u")).unwrap());
    ["d", "f", "p", "s", "n", "u"].map(|name| look(&dir.join(name))).to_vec()
}

#[test]
fn what_is_made_belongs_to_who_makes_it() {
    same_in_every_mode(|dir| {
        open_to_all(dir);
        let mut seen = Vec::new();
        for (n, (uid, gid, umask)) in [(0, 0, 0o022), (1234, 2345, 0o027), (1234, 7, 0)].into_iter().enumerate() {
            let own = dir.join(format!("{n}"));
            std::fs::create_dir(&own).unwrap();
            open_to_all(&own);
            seen.extend(as_user(uid, gid, &[], umask, || make_one_of_each(&own)));
        }
        seen
    });
}

#[test]
fn a_directory_with_sgid_passes_its_group_on() {
    same_in_every_mode(|dir| {
        let mut seen = Vec::new();
        for (n, (uid, groups)) in [(0, &[][..]), (1234, &[]), (1234, &[88])].into_iter().enumerate() {
            let shared = dir.join(format!("{n}"));
            std::fs::create_dir(&shared).unwrap();
            fs_core::chown(&shared, None, Some(Gid::from_raw(88)), Follow::Yes).unwrap();
            std::fs::set_permissions(&shared, Permissions::from_mode(0o2777)).unwrap();
            seen.extend(as_user(uid, 2345, groups, 0o022, || make_one_of_each(&shared)));
        }
        seen
    });
}

/// `user::rwx`, `user:1234:rwx`, `group::r-x`, `mask::rwx`, `other::---` as the kernel keeps them.
fn acl() -> Vec<u8> {
    let entries: [(u16, u16, u32); 5] =
        [(1, 7, u32::MAX), (2, 7, 1234), (4, 5, u32::MAX), (0x10, 7, u32::MAX), (0x20, 0, u32::MAX)];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, perm, id) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(perm.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

#[test]
fn access_lists_are_inherited_and_obeyed() {
    same_in_every_mode(|dir| {
        let shared = dir.join("shared");
        std::fs::create_dir(&shared).unwrap();
        let none = XattrFlags::empty();
        let set = |name: &str| errno(fs_core::setxattr(&shared, name, &acl(), none, Follow::Yes));
        let results = (set("system.posix_acl_default"), set("system.posix_acl_access"));
        let made = as_user(1234, 2345, &[], 0o077, || make_one_of_each(&shared));
        let kept = errno(fs_core::getxattr(&shared.join("f"), "system.posix_acl_access", Follow::Yes));
        let stranger = as_user(5555, 5555, &[], 0o022, || errno(fs_core::listdir(&shared)).map(|list| list.len()));
        let mode = look(&shared).2;
        // A change of the mode changes the list.
        std::fs::set_permissions(&shared, Permissions::from_mode(0o500)).unwrap();
        let cut = errno(fs_core::getxattr(&shared, "system.posix_acl_access", Follow::Yes));
        (results, made, kept, stranger, mode, cut)
    });
}

#[test]
fn who_may_not_may_not() {
    same_in_every_mode(|dir| {
        let path = |name: &str| dir.join(name);
        std::fs::write(path("secret"), "x").unwrap();
        std::fs::set_permissions(path("secret"), Permissions::from_mode(0o640)).unwrap();
        fs_core::chown(&path("secret"), Some(Uid::from_raw(OWNER.0)), Some(Gid::from_raw(OWNER.1)), Follow::Yes)
            .unwrap();
        std::fs::create_dir(path("sticky")).unwrap();
        std::fs::set_permissions(path("sticky"), Permissions::from_mode(0o1777)).unwrap();
        std::fs::write(path("sticky/f"), "x").unwrap();
        std::fs::create_dir(path("closed")).unwrap();
        std::fs::set_permissions(path("closed"), Permissions::from_mode(0o700)).unwrap();
        let attempt = || {
            let opened = |flags| errno(fs_core::open(&path("secret"), flags, Mode::empty())).map(drop);
            vec![
                opened(OFlags::RDONLY),
                opened(OFlags::WRONLY),
                opened(OFlags::WRONLY | OFlags::TRUNC),
                errno(fs_core::chmod(&path("secret"), Mode::from_raw_mode(0o666), Follow::Yes)),
                errno(fs_core::chown(&path("secret"), Some(Uid::from_raw(5555)), None, Follow::Yes)),
                errno(fs_core::utime(&path("secret"), fs_core::Times::NOW, Follow::Yes)),
                errno(fs_core::utime(&path("secret"), fs_core::Times::from_ns(1, 1), Follow::Yes)),
                errno(fs_core::truncate(&path("secret"), 1)),
                errno(fs_core::setxattr(&path("secret"), "user.a", b"1", XattrFlags::empty(), Follow::Yes)),
                errno(fs_core::setxattr(&path("secret"), "trusted.a", b"1", XattrFlags::empty(), Follow::Yes)),
                errno(fs_core::unlink(&path("sticky/f"))),
                errno(fs_core::rename(&path("sticky/f"), &path("sticky/g"))),
                errno(fs_core::unlink(&path("secret"))),
                errno(fs_core::mkdir(&path("closed/d"), Mode::from_raw_mode(0o777))),
                errno(fs_core::listdir(&path("closed"))).map(drop),
                errno(fs_core::stat(&path("closed/x"), Follow::Yes)).map(drop),
                errno(fs_core::mknod(&path("sticky/dev"), libc::S_IFCHR | 0o666, fs_core::makedev(1, 3))),
                errno(fs_core::link(&path("secret"), &path("sticky/link"), Follow::No)),
            ]
        };
        [(5555, 5555, &[][..]), (5555, 5555, &[OWNER.1]), (OWNER.0, OWNER.1, &[])]
            .map(|(uid, gid, groups)| as_user(uid, gid, groups, 0o022, attempt))
    });
}

/// Prepares a file with this mode and lets somebody do something to it; the mode afterwards.
fn mode_after(dir: &Path, mode: u32, (uid, groups): (u32, &[u32]), act: impl FnOnce(&Path) + Send) -> u32 {
    let path = dir.join("f");
    std::fs::write(&path, "12345").unwrap();
    fs_core::chown(&path, Some(Uid::from_raw(OWNER.0)), Some(Gid::from_raw(88)), Follow::Yes).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    // Known to the kernel with these bits.
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, mode);
    as_user(uid, 2345, groups, 0o022, || act(&path));
    let after = std::fs::metadata(&path).unwrap().mode() & 0o7777;
    std::fs::remove_file(&path).unwrap();
    after
}

#[test]
fn writing_takes_set_id_away() {
    same_in_every_mode(|dir| {
        open_to_all(dir);
        let mut seen = Vec::new();
        for mode in [0o6777, 0o6755, 0o2767, 0o4766, 0o0777] {
            for who in [(0, &[][..]), (OWNER.0, &[]), (OWNER.0, &[88])] {
                let write = |path: &Path| {
                    File::options().write(true).open(path).unwrap().write_all_at(b"x", 0).unwrap();
                };
                let allocate = |path: &Path| {
                    let file = File::options().write(true).open(path).unwrap();
                    fs_core::linux::fallocate(&file, fs_core::linux::FallocateFlags::empty(), 0, 100).unwrap();
                };
                seen.push((
                    mode,
                    who,
                    [
                        mode_after(dir, mode, who, write),
                        mode_after(dir, mode, who, |path| drop(File::create(path).unwrap())),
                        mode_after(dir, mode, who, |path| fs_core::truncate(path, 1).unwrap()),
                        mode_after(dir, mode, who, |path| {
                            File::options().write(true).open(path).unwrap().set_len(3).unwrap();
                        }),
                        mode_after(dir, mode, who, allocate),
                        mode_after(dir, mode, who, |path| {
                            fs_core::chown(path, None, Some(Gid::from_raw(2345)), Follow::Yes).unwrap();
                        }),
                        mode_after(dir, mode, who, |path| {
                            fs_core::chown(path, None, None, Follow::Yes).unwrap();
                        }),
                        mode_after(dir, mode, who, |path| {
                            fs_core::chmod(path, Mode::from_raw_mode(0o6711), Follow::Yes).unwrap();
                        }),
                    ]
                    .map(|mode| format!("{mode:o}")),
                ));
            }
        }
        seen
    });
}

#[test]
fn a_strangers_write_takes_set_id_away() {
    same_in_every_mode(|dir| {
        open_to_all(dir);
        [0o6777, 0o2777, 0o4777].map(|mode| {
            let stranger = (5555, &[][..]);
            [
                mode_after(dir, mode, stranger, |path| {
                    File::options().write(true).open(path).unwrap().write_all_at(b"x", 0).unwrap();
                }),
                mode_after(dir, mode, stranger, |path| drop(File::create(path).unwrap())),
                mode_after(dir, mode, stranger, |path| fs_core::truncate(path, 1).unwrap()),
                mode_after(dir, mode, stranger, |path| {
                    assert_eq!(errno(fs_core::chown(path, None, None, Follow::Yes)), Err(Errno::PERM));
                }),
            ]
        })
    });
}

#[test]
fn capabilities_of_a_file_go_when_it_is_written() {
    same_in_every_mode(|dir| {
        open_to_all(dir);
        // VFS_CAP_REVISION_2 with CAP_NET_RAW permitted.
        let mut capability = 0x0200_0001_u32.to_le_bytes().to_vec();
        capability.extend((1_u32 << 13).to_le_bytes());
        capability.extend([0; 12]);
        let path = dir.join("f");
        let mut seen = Vec::new();
        for (uid, truncates) in [(0, false), (1234, false), (1234, true)] {
            std::fs::write(&path, "12345").unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
            let set = fs_core::setxattr(&path, "security.capability", &capability, XattrFlags::empty(), Follow::Yes);
            seen.push(errno(set));
            as_user(uid, 2345, &[], 0o022, || {
                if truncates {
                    drop(File::create(&path).unwrap());
                } else {
                    File::options().write(true).open(&path).unwrap().write_all_at(b"x", 0).unwrap();
                }
            });
            seen.push(errno(fs_core::getxattr(&path, "security.capability", Follow::Yes)).map(drop));
        }
        seen
    });
}

#[test]
fn a_file_may_be_made_that_its_maker_may_not_open() {
    same_in_every_mode(|dir| {
        open_to_all(dir);
        as_user(1234, 2345, &[], 0, || {
            let path = dir.join("f");
            let flags = OFlags::CREAT | OFlags::EXCL | OFlags::RDWR;
            let fd = fs_core::open(&path, flags, Mode::from_raw_mode(0)).unwrap();
            fs_core::pwrite(&fd, b"x", 0).unwrap();
            let again = errno(fs_core::open(&path, OFlags::RDONLY, Mode::empty())).map(drop);
            assert_eq!(again, Err(Errno::ACCESS));
            look(&path)
        })
    });
}
