//! Reading, writing, positions, lengths, copies, storage.

use std::fs;
use std::io::{IoSlice, IoSliceMut};

use fs_core::linux::{FallocateFlags, fallocate};
use fs_core::{Advice, Errno, LockCmd, OFlags, RwFlags, Whence, copy_file_range, fdatasync, fsync, ftruncate, lockf};
use fs_core::{lseek, posix_fadvise, posix_fallocate, pread, preadv, pwrite, pwritev, read, readv, sendfile};
use fs_core::{stat, truncate, write, writev};

use crate::fixture::{Dir, alone, errno, skip};

#[test]
fn reads_and_writes_at_the_position_and_at_offsets() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    assert_eq!(write(&fd, b"hello world"), Ok(11));
    assert_eq!(pwrite(&fd, b"W", 6), Ok(1));
    let mut buf = [0; 5];
    assert_eq!(pread(&fd, &mut buf, 6), Ok(5));
    assert_eq!(&buf, b"World");
    assert_eq!(lseek(&fd, 0, Whence::Cur), Ok(11), "offsets leave the position alone");
    assert_eq!(lseek(&fd, -5, Whence::End), Ok(6));
    assert_eq!(read(&fd, &mut buf), Ok(5));
    assert_eq!(read(&fd, &mut buf), Ok(0));
    assert_eq!(errno(pread(&fd, &mut buf, u64::MAX)), Errno::INVAL);
}

#[test]
fn buffers_are_filled_and_written_in_order() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    assert_eq!(writev(&fd, &[IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")]), Ok(5));
    assert_eq!(pwritev(&fd, &[IoSlice::new(b"X"), IoSlice::new(b"Y")], 1, RwFlags::empty()), Ok(2));
    let (mut first, mut second) = ([0; 2], [0; 9]);
    let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(preadv(&fd, &mut bufs, 0, RwFlags::empty()), Ok(5));
    assert_eq!((&first, &second[..3]), (b"aX", &b"Yde"[..]));
    lseek(&fd, 3, Whence::Set).unwrap();
    assert_eq!(readv(&fd, &mut [IoSliceMut::new(&mut first)]), Ok(2));
    assert_eq!(&first, b"de");
}

#[test]
fn more_than_1024_buffers_are_einval() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    let none = RwFlags::empty();
    let out = vec![IoSlice::new(b"x"); 1025];
    assert_eq!(errno(writev(&fd, &out)), Errno::INVAL);
    assert_eq!(errno(pwritev(&fd, &out, 0, none)), Errno::INVAL);
    assert_eq!(writev(&fd, &out[1..]), Ok(1024));
    let mut bytes = vec![[0_u8; 1]; 1025];
    let mut into: Vec<_> = bytes.iter_mut().map(|byte| IoSliceMut::new(byte)).collect();
    assert_eq!(errno(readv(&fd, &mut into)), Errno::INVAL);
    assert_eq!(errno(preadv(&fd, &mut into, 0, none)), Errno::INVAL);
    assert_eq!(preadv(&fd, &mut into[1..], 0, none), Ok(1024));
}

#[test]
fn flags_that_the_kernel_does_not_know_are_eopnotsupp() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    let unknown = RwFlags::from_bits_retain(0x4000_0000);
    assert_eq!(errno(pwritev(&fd, &[IoSlice::new(b"x")], 0, unknown)), Errno::OPNOTSUPP);
    assert_eq!(errno(preadv(&fd, &mut [IoSliceMut::new(&mut [0; 1])], 0, unknown)), Errno::OPNOTSUPP);
    assert_eq!(pwritev(&fd, &[IoSlice::new(b"x")], 0, fs_core::RWF_DSYNC), Ok(1));
}

#[test]
fn the_largest_offset_does_not_mean_the_file_position() {
    // To the kernel -1 is the position, and u64::MAX has the same bits.
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    assert_eq!(errno(pwritev(&fd, &[IoSlice::new(b"x")], u64::MAX, fs_core::RWF_DSYNC)), Errno::INVAL);
    assert_eq!(errno(preadv(&fd, &mut [IoSliceMut::new(&mut [0; 1])], u64::MAX, fs_core::RWF_HIPRI)), Errno::INVAL);
    assert_eq!(fs::metadata(dir.path("f")).unwrap().len(), 0);
}

#[test]
fn lseek_finds_holes_and_data_and_refuses_negative_positions() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    pwrite(&fd, b"data", 1 << 20).unwrap();
    assert_eq!(errno(lseek(&fd, -1, Whence::Set)), Errno::INVAL);
    assert_eq!(errno(lseek(&fd, i64::MIN, Whence::End)), Errno::INVAL);
    // btrfs takes a negative offset for the start.
    match lseek(&fd, -1, Whence::Data) {
        Ok(position) => assert_eq!(position, 1 << 20),
        error => assert_eq!(errno(error), Errno::NXIO),
    }
    assert_eq!(errno(lseek(&fd, 1 << 30, Whence::Hole)), Errno::NXIO);
    assert_eq!(lseek(&fd, 1 << 20, Whence::Hole), Ok((1 << 20) + 4), "the end counts as a hole");
    assert_eq!(lseek(&fd, 1 << 20, Whence::Data), Ok(1 << 20));
    if lseek(&fd, 0, Whence::Hole) == Ok(0) {
        assert_eq!(lseek(&fd, 0, Whence::Data), Ok(1 << 20));
    } else {
        skip("the file system here has no holes");
    }
    let (pipe, _end) = fs_core::pipe().unwrap();
    assert_eq!(errno(lseek(&pipe, 0, Whence::Cur)), Errno::SPIPE);
}

#[test]
fn a_length_is_set_exactly_shorter_or_longer() {
    let dir = Dir::new();
    let path = dir.file("f", "hello");
    let length = || fs::metadata(&path).unwrap().len();
    truncate(&path, 3).unwrap();
    assert_eq!(length(), 3);
    truncate((&dir.fd, "f"), 100).unwrap();
    assert_eq!(length(), 100);
    let fd = dir.open("f", OFlags::RDWR);
    truncate(&fd, 50).unwrap();
    assert_eq!(length(), 50);
    ftruncate(&fd, 4).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"hel\0");
}

#[test]
fn truncate_says_why_not_by_path_and_below_a_descriptor_alike() {
    let dir = Dir::new();
    dir.file("f", "hello");
    dir.dir("d");
    fs_core::mkfifo((&dir.fd, "fifo"), crate::fixture::mode(0o600)).unwrap();
    dir.symlink("loop", "loop");
    for (name, length, expected) in [
        ("f", -1, Errno::INVAL),
        ("d", 0, Errno::ISDIR),
        ("fifo", 0, Errno::INVAL),
        ("missing", 0, Errno::NOENT),
        ("f/x", 0, Errno::NOTDIR),
        ("loop", 0, Errno::LOOP),
    ] {
        assert_eq!(errno(truncate(&dir.path(name), length)), expected, "{name}");
        assert_eq!(errno(truncate((&dir.fd, name), length)), expected, "{name} below a descriptor");
    }
    assert_eq!(errno(truncate((&dir.fd, ""), 0)), Errno::NOENT);
    let read_only = dir.open("f", OFlags::RDONLY);
    assert_eq!(errno(ftruncate(&read_only, 0)), Errno::INVAL);
    assert_eq!(fs::read(dir.path("f")).unwrap(), b"hello");
}

#[test]
fn storage_is_reserved_and_the_file_grows() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    posix_fallocate(&fd, 100, 8192).unwrap();
    let status = fs_core::fstat(&fd).unwrap();
    assert_eq!(status.st_size(), 8292);
    assert!(status.st_blocks() * 512 >= 8192);
    assert_eq!(errno(posix_fallocate(&fd, 0, 0)), Errno::INVAL);
    assert_eq!(errno(posix_fallocate(&fd, -1, 1)), Errno::INVAL);
    assert_eq!(errno(posix_fallocate(&fd, i64::MAX - 1, 10)), Errno::FBIG);
    let (_read_end, write_end) = fs_core::pipe().unwrap();
    assert_eq!(errno(posix_fallocate(&write_end, 0, 1)), Errno::SPIPE);
}

#[test]
fn fallocate_punches_holes_and_keeps_the_size() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    pwrite(&fd, &[b'x'; 8192], 0).unwrap();
    let punch = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match fallocate(&fd, punch, 0, 4096) {
        Err(error) if error.errno() == Errno::OPNOTSUPP => return skip("no holes can be punched here"),
        result => result.unwrap(),
    }
    let mut buf = [1; 4097];
    assert_eq!(pread(&fd, &mut buf, 0), Ok(4097));
    assert!(buf[..4096].iter().all(|byte| *byte == 0) && buf[4096] == b'x');
    fallocate(&fd, FallocateFlags::KEEP_SIZE, 8192, 4096).unwrap();
    assert_eq!(fs_core::fstat(&fd).unwrap().st_size(), 8192);
    assert_eq!(errno(fallocate(&fd, FallocateFlags::PUNCH_HOLE, 0, 4096)), Errno::OPNOTSUPP);
    assert_eq!(errno(fallocate(&fd, FallocateFlags::empty(), -1, 4096)), Errno::INVAL);
}

#[test]
fn advice_is_taken_and_bad_lengths_are_einval() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    for advice in
        [Advice::Normal, Advice::Sequential, Advice::Random, Advice::NoReuse, Advice::WillNeed, Advice::DontNeed]
    {
        posix_fadvise(&fd, 0, 0, advice).unwrap();
    }
    assert_eq!(errno(posix_fadvise(&fd, 0, -1, Advice::Normal)), Errno::INVAL);
    let (pipe, _end) = fs_core::pipe().unwrap();
    assert_eq!(errno(posix_fadvise(&pipe, 0, 0, Advice::Normal)), Errno::SPIPE);
}

#[test]
fn copies_inside_the_kernel_use_offsets_or_positions() {
    let dir = Dir::new();
    dir.file("src", "0123456789");
    let (src, dst) = (dir.open("src", OFlags::RDONLY), dir.open("dst", OFlags::CREAT | OFlags::RDWR));
    let (mut from, mut to) = (2, 5);
    assert_eq!(copy_file_range(&src, &dst, 4, Some(&mut from), Some(&mut to)), Ok(4));
    assert_eq!((from, to), (6, 9), "offsets are moved");
    assert_eq!(lseek(&src, 0, Whence::Cur), Ok(0));
    assert_eq!(copy_file_range(&src, &dst, 3, None, None), Ok(3));
    assert_eq!(lseek(&src, 0, Whence::Cur), Ok(3), "positions are moved");
    assert_eq!(fs::read(dir.path("dst")).unwrap(), b"012\x00\x002345");
    assert_eq!(copy_file_range(&src, &dst, 100, Some(&mut 10), None), Ok(0), "the end");
}

#[test]
fn overlapping_copies_in_one_file_are_einval() {
    let dir = Dir::new();
    dir.file("f", "0123456789");
    let fd = dir.open("f", OFlags::RDWR);
    assert_eq!(errno(copy_file_range(&fd, &fd, 4, Some(&mut 0), Some(&mut 2))), Errno::INVAL);
    assert_eq!(copy_file_range(&fd, &fd, 4, Some(&mut 0), Some(&mut 6)), Ok(4));
}

#[test]
fn a_copy_to_another_file_system_works_or_is_exdev() {
    let dir = Dir::new();
    dir.file("src", "0123456789");
    let src = dir.open("src", OFlags::RDONLY);
    let here = fs_core::fstat(&src).unwrap().st_dev();
    let Some(other) = ["/dev/shm", "/tmp", "/var/tmp"]
        .into_iter()
        .find(|path| stat(*path, fs_core::Follow::Yes).is_ok_and(|stat| stat.st_dev() != here))
    else {
        return skip("one file system only");
    };
    let there = tempfile::tempfile_in(other).unwrap();
    match copy_file_range(&src, &there, 10, None, None) {
        Ok(count) => assert_eq!(count, 10),
        Err(error) => assert_eq!(error.errno(), Errno::XDEV),
    }
}

#[test]
fn sendfile_moves_the_offset_or_the_position() {
    let dir = Dir::new();
    dir.file("src", "0123456789");
    let (src, dst) = (dir.open("src", OFlags::RDONLY), dir.open("dst", OFlags::CREAT | OFlags::RDWR));
    let mut offset = 4;
    assert_eq!(sendfile(&dst, &src, Some(&mut offset), 3), Ok(3));
    assert_eq!((offset, lseek(&src, 0, Whence::Cur)), (7, Ok(0)));
    assert_eq!(sendfile(&dst, &src, None, 2), Ok(2));
    assert_eq!(lseek(&src, 0, Whence::Cur), Ok(2));
    assert_eq!(sendfile(&dst, &src, Some(&mut 10), 5), Ok(0));
    assert_eq!(fs::read(dir.path("dst")).unwrap(), b"45601");
}

#[test]
fn synchronising_refuses_what_has_no_storage() {
    // sync(2) itself is not called here: one file system elsewhere that does not answer
    // would hold it up for ever.
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    write(&fd, b"x").unwrap();
    fsync(&fd).unwrap();
    fdatasync(&fd).unwrap();
    let (pipe, _end) = fs_core::pipe().unwrap();
    assert_eq!(errno(fsync(&pipe)), Errno::INVAL);
    assert_eq!(errno(fdatasync(&pipe)), Errno::INVAL);
}

#[test]
fn lockf_ranges_start_at_the_position() {
    // What this process locks, only another one sees: a locked-range test of an open file.
    use fs_core::linux::{LockKind, LockOwner, LockRange, test_lock_range};
    alone("bytes::lockf_ranges_start_at_the_position", || {
        let dir = Dir::new();
        let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
        let held = || {
            test_lock_range(&fd, LockOwner::OpenFile, LockKind::Write, LockRange::ALL).unwrap().map(|lock| lock.range)
        };
        lseek(&fd, 100, Whence::Set).unwrap();
        lockf(&fd, LockCmd::TryLock, 10).unwrap();
        assert_eq!(held(), Some(LockRange { start: 100, length: 10 }));
        lockf(&fd, LockCmd::Unlock, 10).unwrap();
        lockf(&fd, LockCmd::Lock, -20).unwrap();
        assert_eq!(held(), Some(LockRange { start: 80, length: 20 }));
        lseek(&fd, 0, Whence::Set).unwrap();
        lockf(&fd, LockCmd::Unlock, 0).unwrap();
        assert_eq!(held(), None);
        assert_eq!(errno(lockf(&fd, LockCmd::Lock, -1)), Errno::INVAL);
    });
}

#[test]
fn a_lock_of_another_process_is_seen_and_in_the_way() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    // Stands for another process: the open file is another owner than the process.
    use fs_core::linux::{LockKind, LockOwner, LockRange, try_lock_range};
    let other = dir.open("f", OFlags::RDWR);
    try_lock_range(&other, LockOwner::OpenFile, LockKind::Write, LockRange { start: 0, length: 5 }).unwrap();
    let refused = |command| errno(lockf(&fd, command, 0));
    assert!(matches!(refused(LockCmd::TryLock), Errno::AGAIN | Errno::ACCESS));
    assert!(matches!(refused(LockCmd::Test), Errno::AGAIN | Errno::ACCESS));
    lseek(&fd, 5, Whence::Set).unwrap();
    lockf(&fd, LockCmd::Test, 0).unwrap();
    let read_only = dir.open("f", OFlags::RDONLY);
    assert_eq!(errno(lockf(&read_only, LockCmd::TryLock, 0)), Errno::BADF);
}
