//! Objects at the ends of what there can be: deep trees, sparse files beyond 4 GiB, devices that work, files that get a name
//! again, many processes that append.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::process::Command;

use fs_core::{Follow, Mode, OFlags, Whence};

use crate::support::{self, Mount};
use crate::{errno, in_every_mode, same_in_every_mode};

/// Opens the directory `name` below `dir`, which is made.
fn descend(dir: &OwnedFd, name: &str) -> OwnedFd {
    fs_core::mkdir((dir, name), Mode::from_raw_mode(0o755)).unwrap();
    fs_core::open((dir, name), OFlags::DIRECTORY, Mode::empty()).unwrap()
}

#[test]
fn a_tree_may_be_deeper_than_the_longest_path() {
    in_every_mode(|mount| {
        let name = "n".repeat(200);
        let top = fs_core::open(&mount.mountpoint, OFlags::DIRECTORY, Mode::empty()).unwrap();
        let mut dirs = vec![descend(&top, &name)];
        for _ in 1..40 {
            dirs.push(descend(dirs.last().unwrap(), &name));
        }
        let bottom = dirs.last().unwrap();
        let flags = OFlags::CREAT | OFlags::RDWR;
        let file = File::from(fs_core::open((bottom, "f"), flags, Mode::from_raw_mode(0o644)).unwrap());
        file.write_all_at(b"deep", 0).unwrap();
        // Moved as a whole, it goes on being what it is.
        fs::rename(mount.mountpoint.join(&name), mount.mountpoint.join("moved")).unwrap();
        assert_eq!(fs_core::lstat((bottom, "f")).unwrap().st_size(), 4);
        fs_core::rename((bottom, "f"), (&top, "up")).unwrap();
        assert_eq!(fs::read(mount.source.join("up")).unwrap(), b"deep");
        // More than a path holds, to the top again.
        let up = fs_core::open((bottom, "../".repeat(39).as_str()), OFlags::DIRECTORY, Mode::empty()).unwrap();
        assert_eq!(fs_core::fstat(&up).unwrap().st_ino(), fs_core::fstat(&dirs[0]).unwrap().st_ino());
        drop((dirs, up));
        fs::remove_dir_all(mount.mountpoint.join("moved")).unwrap();
    });
}

#[test]
fn a_sparse_file_is_larger_than_four_gib_and_has_its_holes() {
    same_in_every_mode(|dir| {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(dir.join("f")).unwrap();
        let far = 5 << 30;
        file.write_all_at(b"far", far).unwrap();
        file.set_len(6 << 30).unwrap();
        let mut bytes = [1; 4];
        file.read_exact_at(&mut bytes, far - 1).unwrap();
        let data = errno(fs_core::lseek(&file, 0, Whence::Data)).unwrap();
        let hole = errno(fs_core::lseek(&file, data.cast_signed(), Whence::Hole)).unwrap();
        let status = file.metadata().unwrap();
        (bytes, data, hole, status.len(), status.blocks() < 1_000)
    });
}

#[test]
fn a_device_works_where_devices_are_let_work() {
    if !support::can_mount() {
        return;
    }
    let mount = Mount::start(&["-o", "dev"]);
    let zero = mount.mountpoint.join("zero");
    fs_core::mknod(&zero, libc::S_IFCHR | 0o666, fs_core::makedev(1, 5)).unwrap();
    let mut bytes = [1; 64];
    File::open(&zero).unwrap().read_exact(&mut bytes).unwrap();
    assert_eq!(bytes, [0; 64]);
    assert_eq!(mount.end().code(), Ok(0));
}

#[test]
fn a_file_without_a_name_gets_one_again() {
    same_in_every_mode(|dir| {
        fs::write(dir.join("f"), "kept").unwrap();
        let file = File::open(dir.join("f")).unwrap();
        fs::hard_link(dir.join("f"), dir.join("g")).unwrap();
        fs::remove_file(dir.join("f")).unwrap();
        let by_descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
        let link = |to: &str| errno(fs_core::link(by_descriptor.as_str(), &dir.join(to), Follow::Yes));
        let while_named = link("h");
        fs::remove_file(dir.join("g")).unwrap();
        fs::remove_file(dir.join("h")).unwrap();
        // None is left, and it was not made for that.
        let when_gone = link("i");
        (while_named, when_gone, file.metadata().unwrap().nlink())
    });
}

#[test]
fn many_processes_append_whole_lines() {
    in_every_mode(|mount| {
        let path = mount.mountpoint.join("log");
        let script = |who: usize| {
            format!("for n in $(seq 200); do echo \"{who} $n {}\" >>'{}'; done", "x".repeat(50), path.display())
        };
        let writers: Vec<_> =
            (0..4).map(|who| Command::new("sh").args(["-c", &script(who)]).spawn().unwrap()).collect();
        // This one, too; the kernel may have the end of the file in its mind from all of them.
        let mut ours = File::options().append(true).create(true).open(&path).unwrap();
        for n in 1..=200 {
            // In one write.
            ours.write_all(
                format!(
                    "4 {n} {}
",
                    "x".repeat(50)
                )
                .as_bytes(),
            )
            .unwrap();
        }
        writers.into_iter().for_each(|mut writer| assert!(writer.wait().unwrap().success()));
        let text = fs::read_to_string(mount.source.join("log")).unwrap();
        let mut next = [1; 5];
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let [who, n, rest] = words[..] else { panic!("torn: {line}") };
            let who: usize = who.parse().unwrap();
            assert_eq!((n.parse::<usize>().unwrap(), rest.len()), (next[who], 50), "{line}");
            next[who] += 1;
        }
        assert_eq!(next, [201; 5]);
    });
}
