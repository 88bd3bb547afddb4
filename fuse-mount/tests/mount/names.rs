//! Names: links, renames, removal, what they may be made of.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use fs_core::{Errno, Mode, OFlags, RenameFlags, open, rename_with};

use crate::{errno, in_every_mode, same_in_every_mode};

#[test]
fn hard_links_are_one_inode() {
    same_in_every_mode(|dir| {
        let (a, b) = (dir.join("a"), dir.join("b"));
        std::fs::write(&a, "x").unwrap();
        std::fs::hard_link(&a, &b).unwrap();
        let nlink = |path: &Path| std::fs::symlink_metadata(path).unwrap().nlink();
        let inos = (std::fs::metadata(&a).unwrap().ino(), std::fs::metadata(&b).unwrap().ino());
        assert_eq!(inos.0, inos.1);
        let two = (nlink(&a), nlink(&b));
        std::fs::remove_file(&a).unwrap();
        let one = nlink(&b);
        std::fs::write(dir.join("c"), "y").unwrap();
        std::fs::hard_link(&b, dir.join("d")).unwrap();
        std::fs::rename(dir.join("c"), &b).unwrap();
        (two, one, nlink(&dir.join("d")), std::fs::read(dir.join("d")).unwrap())
    });
}

#[test]
fn numbers_are_those_of_the_source() {
    in_every_mode(|mount| {
        std::fs::create_dir(mount.source.join("d")).unwrap();
        std::fs::write(mount.source.join("d/f"), "").unwrap();
        for path in ["", "d", "d/f"] {
            let ino = |root: &Path| std::fs::metadata(root.join(path)).unwrap().ino();
            assert_eq!(ino(&mount.source), ino(&mount.mountpoint), "{path:?}");
        }
    });
}

#[test]
fn symbolic_links_have_a_text_and_no_more() {
    same_in_every_mode(|dir| {
        let long = "x".repeat(4095);
        let mut seen = Vec::new();
        for text in ["a", "/nowhere/../at all", &long] {
            let link = dir.join("s");
            if let Err(errno) = errno(fs_core::symlink(text, &link)) {
                seen.push((Err(errno), 0, 0));
                continue;
            }
            let read = std::fs::read_link(&link).unwrap();
            assert!(read.as_os_str().as_bytes() == text.as_bytes());
            assert!(std::fs::metadata(&link).is_err());
            let status = std::fs::symlink_metadata(&link).unwrap();
            seen.push((Ok(()), status.len(), status.mode()));
            std::fs::remove_file(&link).unwrap();
        }
        (seen, errno(fs_core::symlink("", dir.join("s").as_path())))
    });
}

#[test]
fn renames_obey_their_flags() {
    same_in_every_mode(|dir| {
        let path = |name: &str| dir.join(name);
        let read = |name: &str| std::fs::read(path(name)).ok();
        let rename = |src: &str, dst: &str, flags| errno(rename_with(&path(src), &path(dst), flags));
        std::fs::write(path("a"), "a").unwrap();
        std::fs::write(path("b"), "b").unwrap();
        std::fs::create_dir(path("d")).unwrap();
        std::fs::write(path("d/f"), "f").unwrap();
        let none = RenameFlags::empty();
        [
            (rename("a", "b", RenameFlags::NOREPLACE), read("a"), read("b")),
            (rename("a", "b", RenameFlags::EXCHANGE), read("a"), read("b")),
            (rename("a", "d", RenameFlags::EXCHANGE), read("a/f"), read("d")),
            (rename("a", "d", RenameFlags::EXCHANGE), read("d/f"), read("a")),
            (rename("a", "missing", RenameFlags::EXCHANGE), read("a"), None),
            (rename("a", "b", RenameFlags::EXCHANGE | RenameFlags::NOREPLACE), read("a"), read("b")),
            (rename("a", "new", RenameFlags::WHITEOUT), read("new"), None),
            (rename("new", "b", none), read("new"), read("b")),
            (rename("b", "d", none), read("b"), None),
            (rename("d", "b", none), read("d/f"), read("b")),
            (rename("d", "d/f/x", none), read("d/f"), None),
            (rename("missing", "b", none), None, read("b")),
            (rename("b", "d/b", none), read("b"), read("d/b")),
        ]
    });
}

#[test]
fn a_whiteout_is_left_where_one_is_asked_for() {
    in_every_mode(|mount| {
        let (a, b) = (mount.mountpoint.join("a"), mount.mountpoint.join("b"));
        std::fs::write(&a, "x").unwrap();
        match errno(rename_with(&a, &b, RenameFlags::WHITEOUT)) {
            Err(Errno::INVAL) => return eprintln!("not run: no whiteouts here"),
            result => result.unwrap(),
        }
        let whiteout = std::fs::symlink_metadata(&a).unwrap();
        assert!(whiteout.file_type().is_char_device() && whiteout.rdev() == 0);
    });
}

#[test]
fn names_are_any_bytes_up_to_255() {
    same_in_every_mode(|dir| {
        let long = [b'n'; 255];
        let names: [&[u8]; 6] = [b"\xff\xfe", b"new\nline", b" ", b"%s\\", b"...", &long];
        for name in names {
            std::fs::write(dir.join(OsStr::from_bytes(name)), name).unwrap();
        }
        let mut listed: Vec<Vec<u8>> = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                assert_eq!(std::fs::read(entry.path()).unwrap(), entry.file_name().as_bytes());
                entry.file_name().as_bytes().to_vec()
            })
            .collect();
        listed.sort();
        assert_eq!(listed.len(), names.len());
        [256, 1024, 1025, 4000].map(|length| {
            let name = vec![b'x'; length];
            let path = dir.join(OsStr::from_bytes(&name));
            errno(open(&path, OFlags::CREAT | OFlags::WRONLY, Mode::from_raw_mode(0o644))).map(drop)
        })
    });
}

#[test]
fn errors_are_those_of_the_file_system_beneath() {
    same_in_every_mode(|dir| {
        let path = |name: &str| dir.join(name);
        std::fs::write(path("f"), "").unwrap();
        std::fs::create_dir_all(path("d/full")).unwrap();
        std::os::unix::fs::symlink("loop", path("loop")).unwrap();
        let mode = Mode::from_raw_mode(0o755);
        let opened = |name: &str, flags| errno(open(&path(name), flags, mode)).map(drop);
        vec![
            opened("missing", OFlags::RDONLY),
            opened("f/x", OFlags::RDONLY),
            opened("f/x", OFlags::CREAT),
            opened("f", OFlags::CREAT | OFlags::EXCL),
            opened("d", OFlags::WRONLY),
            opened("d", OFlags::CREAT),
            opened("f", OFlags::DIRECTORY),
            opened("loop", OFlags::RDONLY),
            opened("loop", OFlags::NOFOLLOW),
            opened("missing/x", OFlags::CREAT),
            errno(fs_core::mkdir(&path("d"), mode)),
            errno(fs_core::mkdir(&path("missing/d"), mode)),
            errno(fs_core::rmdir(&path("d"))),
            errno(fs_core::rmdir(&path("f"))),
            errno(fs_core::rmdir(&path("d/."))),
            errno(fs_core::unlink(&path("d"))),
            errno(fs_core::unlink(&path("missing"))),
            errno(fs_core::link(&path("d"), &path("hard"), fs_core::Follow::No)),
            errno(fs_core::link(&path("f"), &path("d"), fs_core::Follow::No)),
            errno(fs_core::readlink(&path("f"))).map(drop),
            errno(fs_core::symlink("x", &path("f"))),
            errno(fs_core::truncate(&path("d"), 0)),
            errno(fs_core::truncate(&path("f"), -1)),
            errno(fs_core::mknod(&path("f"), libc::S_IFIFO | 0o600, 0)),
        ]
    });
}

#[test]
fn special_files_are_made_and_work() {
    same_in_every_mode(|dir| {
        let fifo = dir.join("p");
        fs_core::mkfifo(&fifo, Mode::from_raw_mode(0o640)).unwrap();
        let sent = std::thread::scope(|scope| {
            let reader = scope.spawn(|| std::fs::read(&fifo).unwrap());
            std::fs::write(&fifo, "through a pipe").unwrap();
            reader.join().unwrap()
        });
        let socket = dir.join("s");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let connected = std::os::unix::net::UnixStream::connect(&socket).is_ok();
        drop(listener);
        let device = dir.join("c");
        fs_core::mknod(&device, libc::S_IFCHR | 0o600, fs_core::makedev(511, 0x3_ff01)).unwrap();
        let status = |path: &Path| {
            let status = std::fs::symlink_metadata(path).unwrap();
            (status.mode(), status.rdev(), status.len())
        };
        (sent, connected, status(&fifo), status(&socket), status(&device))
    });
}

#[test]
fn nothing_is_held_of_what_is_gone() {
    in_every_mode(|mount| {
        // Those of the connection are the servers', of which there can be more meanwhile.
        let is_held = |entry: &std::fs::DirEntry| {
            std::fs::read_link(entry.path()).is_ok_and(|leads_to| leads_to != Path::new("/dev/fuse"))
        };
        let descriptors = || {
            let entries = std::fs::read_dir(format!("/proc/{}/fd", mount.pid())).unwrap();
            entries.map(Result::unwrap).filter(is_held).count()
        };
        std::fs::metadata(&mount.mountpoint).unwrap();
        let before = descriptors();
        for round in 0..3 {
            let dir = mount.mountpoint.join(format!("d{round}"));
            std::fs::create_dir(&dir).unwrap();
            for n in 0..200 {
                std::fs::write(dir.join(format!("f{n}")), "x").unwrap();
                std::fs::hard_link(dir.join(format!("f{n}")), dir.join(format!("g{n}"))).unwrap();
            }
            assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 400);
            std::fs::remove_dir_all(&dir).unwrap();
        }
        // Forgetting has no answer: it can come later.
        assert!(crate::support::wait_for(|| descriptors() <= before), "{before} before, {} after", descriptors());
    });
}
