//! Making nodes: types, modes, devices, pipes and memory.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};

use fs_core::{Errno, MfdFlags, PipeFlags, stat_consts as s};
use fs_core::{get_inheritable, major, makedev, memfd_create, minor, mkdir, mkfifo, mknod, pipe, pipe2, umask};

use crate::fixture::{Dir, alone, as_ordinary_user, errno, is_root, mode, skip};

#[test]
fn a_mode_without_type_bits_makes_a_regular_file() {
    let dir = Dir::new();
    mknod((&dir.fd, "f"), 0o600, 0).unwrap();
    let made = fs::metadata(dir.path("f")).unwrap();
    assert!(made.is_file());
    assert_eq!(made.permissions().mode() & 0o7777, 0o600);
}

#[test]
fn each_type_makes_its_node_and_a_directory_is_eperm() {
    let dir = Dir::new();
    mknod((&dir.fd, "file"), s::S_IFREG | 0o600, 0).unwrap();
    mknod((&dir.fd, "fifo"), s::S_IFIFO | 0o600, 0).unwrap();
    mknod((&dir.fd, "socket"), s::S_IFSOCK | 0o600, 0).unwrap();
    let file_type = |name| fs::metadata(dir.path(name)).unwrap().file_type();
    assert!(file_type("file").is_file() && file_type("fifo").is_fifo() && file_type("socket").is_socket());
    assert_eq!(errno(mknod((&dir.fd, "dir"), libc::S_IFDIR | 0o700, 0)), Errno::PERM);
    assert_eq!(errno(mknod((&dir.fd, "link"), libc::S_IFLNK | 0o700, 0)), Errno::INVAL);
    assert_eq!(errno(mknod((&dir.fd, "odd"), 0o130_000 | 0o700, 0)), Errno::INVAL);
}

#[test]
fn a_device_keeps_its_number_and_needs_a_capability() {
    let dir = Dir::new();
    as_ordinary_user(|| {
        assert_eq!(errno(mknod((&dir.fd, "null"), s::S_IFCHR | 0o600, makedev(1, 3))), Errno::PERM);
    });
    if !is_root() {
        return skip("making a device needs root");
    }
    mknod((&dir.fd, "null"), s::S_IFCHR | 0o600, makedev(1, 3)).unwrap();
    assert_eq!(fs::metadata(dir.path("null")).unwrap().rdev(), makedev(1, 3));
    match mknod((&dir.fd, "big"), s::S_IFBLK | 0o600, makedev(4095, 1_048_575)) {
        Err(error) if error.errno() == Errno::INVAL => skip("XFS stores 9 bits of a major number, and 18 of a minor"),
        result => {
            result.unwrap();
            assert_eq!(fs::metadata(dir.path("big")).unwrap().rdev(), makedev(4095, 1_048_575));
        }
    }
}

#[test]
fn a_device_number_of_more_than_32_bits_is_refused_and_makes_nothing() {
    let dir = Dir::new();
    let device = makedev(0x1_0000, 1);
    assert!(device > u64::from(u32::MAX));
    assert_eq!(errno(mknod((&dir.fd, "wrong"), s::S_IFCHR | 0o600, device)), Errno::INVAL);
    assert!(dir.names().is_empty());
}

#[test]
fn device_numbers_come_apart_as_they_were_put_together() {
    for (a, b) in [(0, 0), (1, 3), (8, 1), (4095, 1_048_575), (0xffff_ffff, 0xffff_ffff)] {
        assert_eq!((major(makedev(a, b)), minor(makedev(a, b))), (a, b));
    }
    // os.makedev(8, 1), os.makedev(259, 65536)
    assert_eq!((makedev(8, 1), makedev(259, 65536)), (2049, 268_501_760));
}

#[test]
fn mkdir_keeps_the_permissions_and_the_sticky_bit_only() {
    alone("nodes::mkdir_keeps_the_permissions_and_the_sticky_bit_only", || {
        let dir = Dir::new();
        umask(mode(0o022));
        mkdir((&dir.fd, "d"), mode(0o7777)).unwrap();
        assert_eq!(fs::metadata(dir.path("d")).unwrap().permissions().mode() & 0o7777, 0o1755);
    });
}

#[test]
fn the_umask_cuts_every_mode_of_something_new() {
    alone("nodes::the_umask_cuts_every_mode_of_something_new", || {
        let dir = Dir::new();
        umask(mode(0o7027));
        assert_eq!(umask(mode(0o027)), mode(0o027), "bits above the low nine do not count");
        mkdir((&dir.fd, "dir"), mode(0o777)).unwrap();
        mkfifo((&dir.fd, "fifo"), mode(0o666)).unwrap();
        mknod((&dir.fd, "node"), 0o666, 0).unwrap();
        drop(dir.open("file", fs_core::OFlags::CREAT | fs_core::OFlags::WRONLY));
        let bits = |name| fs::metadata(dir.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!([bits("dir"), bits("fifo"), bits("node"), bits("file")], [0o750, 0o640, 0o640, 0o640]);
    });
}

#[test]
fn a_pipe_is_not_inherited_and_pipe2_follows_its_flags() {
    let (read, write) = pipe().unwrap();
    assert!(!get_inheritable(&read).unwrap() && !get_inheritable(&write).unwrap());
    let (read, write) = pipe2(PipeFlags::empty()).unwrap();
    assert!(get_inheritable(&read).unwrap() && get_inheritable(&write).unwrap());
    let (read, _write) = pipe2(PipeFlags::NONBLOCK).unwrap();
    assert!(!fs_core::get_blocking(&read).unwrap());
    assert_eq!(errno(fs_core::read(&read, &mut [0; 1])), Errno::AGAIN);
}

#[test]
fn memory_follows_its_flags_literally() {
    let fd = memfd_create("m", MfdFlags::empty()).unwrap();
    assert!(get_inheritable(&fd).unwrap());
    let fd = memfd_create("m", fs_core::MFD_CLOEXEC).unwrap();
    assert!(!get_inheritable(&fd).unwrap());
    assert_eq!(errno(memfd_create("m", MfdFlags::from_bits_retain(0x4000_0000))), Errno::INVAL);
    assert_eq!(memfd_create("a\0b", MfdFlags::empty()).unwrap_err(), fs_core::Error::EmbeddedNul);
}
