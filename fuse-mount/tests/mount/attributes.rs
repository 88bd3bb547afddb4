//! Attributes: times, sizes, extended attributes, the status of the file system.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use fs_core::{Errno, Follow, Mode, OFlags, Time, Times, XattrFlags};

use crate::support::Mount;
use crate::{as_user, errno, in_every_mode, same_in_every_mode};

#[test]
fn times_are_set_as_asked() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        std::fs::write(&path, "").unwrap();
        std::os::unix::fs::symlink("f", dir.join("s")).unwrap();
        let at = |ns| Time::At { ns };
        let mut seen = Vec::new();
        for (atime, mtime) in [
            (at(1), at(1_999_999_999)),
            (Time::Omit, at(5)),
            (at(7), Time::Omit),
            (Time::Omit, Time::Omit),
            (at(-1), at(-1_500_000_000)),
            (at(-500_000_000), at(-2_000_000_000)),
            (at(4_000_000_000_123_456_789), at(0)),
            (at(i128::from(i64::MAX) * 1_000_000_000), at(i128::from(i64::MIN) * 1_000_000_000)),
            (at(i128::from(i64::MIN) * 1_000_000_000 + 1), at(i128::from(i64::MIN + 1) * 1_000_000_000)),
        ] {
            for (name, follow) in [("f", Follow::Yes), ("s", Follow::No)] {
                fs_core::utime(&dir.join(name), Times { atime, mtime }, follow).unwrap();
                let status = fs_core::lstat(&dir.join(name)).unwrap();
                seen.push((status.st_atime_ns(), status.st_mtime_ns()));
            }
        }
        fs_core::utime(&path, Times { atime: Time::Now, mtime: Time::At { ns: 9 } }, Follow::Yes).unwrap();
        let status = fs_core::lstat(&path).unwrap();
        let age = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as i128
            - status.st_atime_ns();
        assert!((-1_000_000_000..5_000_000_000).contains(&age), "the time of the call is {age} ns ago");
        (seen, status.st_mtime_ns())
    });
}

#[test]
fn writing_moves_the_times_that_it_should() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        std::fs::write(&path, "12345").unwrap();
        let file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
        let old = Times::from_ns(1_000_000_000, 2_000_000_000);
        let moved = |act: &dyn Fn()| {
            fs_core::utime(&path, old, Follow::Yes).unwrap();
            let before = file.metadata().unwrap();
            std::thread::sleep(Duration::from_millis(12));
            act();
            let after = file.metadata().unwrap();
            let times = |status: &std::fs::Metadata| (status.ctime(), status.ctime_nsec());
            (after.atime() != 1, after.mtime() != 2, times(&after) > times(&before))
        };
        [
            moved(&|| assert_eq!(fs_core::pwrite(&file, b"x", 0), Ok(1))),
            moved(&|| fs_core::ftruncate(&file, 5).unwrap()),
            moved(&|| fs_core::ftruncate(&file, 3).unwrap()),
            moved(&|| fs_core::truncate(&path, 3).unwrap()),
            moved(&|| fs_core::truncate(&path, 4).unwrap()),
            moved(&|| fs_core::chmod(&path, Mode::from_raw_mode(0o600), Follow::Yes).unwrap()),
            moved(&|| fs_core::chown(&path, None, None, Follow::Yes).unwrap()),
            moved(&|| drop(fs_core::open(&path, OFlags::WRONLY | OFlags::TRUNC, Mode::empty()).unwrap())),
            moved(&|| fs_core::rename(&path, &path).unwrap()),
        ]
    });
}

fn xattrs(dir: &Path) -> Vec<Result<Vec<u8>, Errno>> {
    let (file, link) = (dir.join("f"), dir.join("s"));
    std::fs::write(&file, "").unwrap();
    std::os::unix::fs::symlink("f", &link).unwrap();
    let big: Vec<u8> = (0..65_536_u32).map(|n| n as u8).collect();
    let set = |name: &str, value: &[u8], flags, follow| {
        let path = if follow == Follow::Yes { &file } else { &link };
        errno(fs_core::setxattr(path, name, value, flags, follow)).map(|()| Vec::new())
    };
    let get = |name: &str, follow| {
        let path = if follow == Follow::Yes { &file } else { &link };
        errno(fs_core::getxattr(path, name, follow))
    };
    let list = |path: &Path, follow| {
        errno(fs_core::listxattr(path, follow)).map(|mut names| {
            names.sort();
            format!("{names:?}").into_bytes()
        })
    };
    let none = XattrFlags::empty();
    vec![
        set("user.a", b"1", XattrFlags::REPLACE, Follow::Yes),
        set("user.a", b"1", XattrFlags::CREATE, Follow::Yes),
        set("user.a", b"2", XattrFlags::CREATE, Follow::Yes),
        set("user.empty", b"", none, Follow::Yes),
        set("user.big", &big[..3000], none, Follow::Yes),
        get("user.big", Follow::Yes),
        set("user.big", &big[..10_000], none, Follow::Yes),
        set("user.big", &big, none, Follow::Yes),
        get("user.big", Follow::Yes),
        set("user.big", &[0; 65_537], none, Follow::Yes),
        get("user.a", Follow::Yes),
        get("user.empty", Follow::Yes),
        get("user.missing", Follow::Yes),
        errno(fs_core::getxattr_into(&file, "user.a", &mut [], Follow::Yes)).map(|length| vec![length as u8]),
        errno(fs_core::getxattr_into(&file, "user.big", &mut [0; 4], Follow::Yes)).map(|length| vec![length as u8]),
        set("user.on-link", b"1", none, Follow::No),
        set("trusted.on-link", b"1", none, Follow::No),
        get("trusted.on-link", Follow::No),
        get("trusted.on-link", Follow::Yes),
        set("security.test", b"1", none, Follow::Yes),
        set("nonsense", b"1", none, Follow::Yes),
        set("unknown.a", b"1", none, Follow::Yes),
        set(&format!("user.{}", "n".repeat(250)), b"1", none, Follow::Yes),
        set(&format!("user.{}", "n".repeat(251)), b"1", none, Follow::Yes),
        list(&file, Follow::Yes),
        list(&link, Follow::No),
        errno(fs_core::removexattr(&file, "user.a", Follow::Yes)).map(|()| Vec::new()),
        errno(fs_core::removexattr(&file, "user.a", Follow::Yes)).map(|()| Vec::new()),
    ]
}

#[test]
fn extended_attributes_are_the_sources() {
    same_in_every_mode(xattrs);
}

#[test]
fn trusted_attributes_are_hidden_from_users() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        std::fs::write(&path, "").unwrap();
        for name in ["trusted.a", "user.a", "trusted.b", "security.b"] {
            fs_core::setxattr(&path, name, b"1", XattrFlags::empty(), Follow::Yes).unwrap();
        }
        let look = || {
            (
                errno(fs_core::listxattr(&path, Follow::Yes)).map(|mut names| {
                    names.sort();
                    names
                }),
                errno(fs_core::listxattr_into(&path, &mut [], Follow::Yes)),
                errno(fs_core::listxattr_into(&path, &mut [0; 3], Follow::Yes)),
                errno(fs_core::getxattr(&path, "trusted.a", Follow::Yes)),
            )
        };
        (look(), as_user(1234, 2345, &[], 0, look))
    });
}

#[test]
fn values_of_64_kib_pass() {
    if !crate::support::can_mount() {
        return;
    }
    // tmpfs takes them, where most others stop at a block.
    let flags = rustix::mount::MountFlags::empty();
    let mounted = |path: &Path| rustix::mount::mount("tmpfs", path, "tmpfs", flags, None).unwrap();
    let mount = Mount::prepared(&["-o", "allow_other"], mounted);
    let (dir, plain) = (mount.mountpoint.join("dir"), mount.source.join("plain"));
    std::fs::create_dir(&dir).unwrap();
    std::fs::create_dir(&plain).unwrap();
    let (wanted, got) = (xattrs(&plain), xattrs(&dir));
    assert_eq!(wanted, got, "tmpfs, then mount");
    assert_eq!(mount.end().code(), Ok(0));
}

#[test]
fn the_status_of_the_file_system_is_the_sources() {
    in_every_mode(|mount| {
        let (above, below) = (fs_core::statvfs(&mount.mountpoint).unwrap(), fs_core::statvfs(&mount.source).unwrap());
        let fixed = |fs: &fs_core::StatVfs| (fs.f_bsize, fs.f_frsize, fs.f_blocks, fs.f_files, fs.f_namemax);
        assert_eq!(fixed(&above), fixed(&below));
    });
}

#[test]
fn a_change_of_the_source_is_seen_in_time() {
    if !crate::support::can_mount() {
        return;
    }
    for cache in ["none", "tick"] {
        let mount = Mount::start(&["--cache", cache]);
        let (above, below) = (mount.mountpoint.join("f"), mount.source.join("f"));
        assert!(!above.exists());
        std::fs::write(&below, "1").unwrap();
        assert_eq!(std::fs::read(&above).unwrap(), b"1");
        let open = std::fs::File::open(&above).unwrap();
        for length in 2..20 {
            std::fs::write(&below, vec![b'x'; length]).unwrap();
            if cache == "tick" {
                // The longest tick is 10 ms, and an answer may be used until the end of the next.
                std::thread::sleep(Duration::from_millis(20));
            }
            assert_eq!(std::fs::metadata(&above).unwrap().len(), length as u64);
            assert_eq!(open.metadata().unwrap().len(), length as u64);
            assert_eq!(std::fs::read(&above).unwrap(), vec![b'x'; length]);
        }
        std::fs::rename(&below, mount.source.join("g")).unwrap();
        assert!(!above.exists() && mount.mountpoint.join("g").exists());
        std::fs::remove_file(mount.source.join("g")).unwrap();
        std::fs::create_dir(mount.source.join("g")).unwrap();
        assert!(mount.mountpoint.join("g").is_dir());
    }
}

#[test]
fn a_removed_and_remade_file_is_another() {
    in_every_mode(|mount| {
        let path = mount.mountpoint.join("f");
        for round in 0..50 {
            std::fs::write(&path, format!("{round}")).unwrap();
            let held = std::fs::File::open(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, "another").unwrap();
            assert_ne!(held.metadata().unwrap().ino(), std::fs::metadata(&path).unwrap().ino());
            assert_eq!(std::io::read_to_string(held).unwrap(), format!("{round}"));
            std::fs::remove_file(&path).unwrap();
        }
    });
}

#[test]
fn flags_of_inodes_are_the_sources() {
    use fs_core::linux::{ExtendedFlags, InodeFlags};
    use fs_core::linux::{extended_flags, inode_flags, set_extended_flags, set_inode_flags};
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        std::fs::write(&path, "x").unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let flags = errno(inode_flags(&file));
        let mut seen = vec![flags];
        let Ok(flags) = flags else { return (seen, Vec::new()) };
        seen.push(errno(set_inode_flags(&file, flags | InodeFlags::IMMUTABLE)).map(|()| flags));
        seen.push(errno(inode_flags(&file)));
        let immutable = vec![
            errno(fs_core::open(&path, OFlags::WRONLY, Mode::empty())).map(drop),
            errno(fs_core::unlink(&path)),
            errno(fs_core::chmod(&path, Mode::from_raw_mode(0o600), Follow::Yes)),
            errno(fs_core::utime(&path, Times::NOW, Follow::Yes)),
            as_user(1234, 1234, &[], 0, || errno(set_inode_flags(&file, flags))),
        ];
        seen.push(errno(set_inode_flags(&file, flags)).map(|()| flags));
        let extended = errno(extended_flags(&file)).unwrap_or_default();
        let set = ExtendedFlags { flags: extended.flags | 0x80, ..extended };
        seen.push(errno(set_extended_flags(&file, set)).map(|()| flags));
        seen.push(errno(inode_flags(&file)));
        seen.push(errno(inode_flags(std::fs::File::open(dir).unwrap())));
        std::fs::remove_file(&path).unwrap();
        (seen, immutable)
    });
}
