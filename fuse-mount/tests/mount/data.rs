//! Bytes: reading and writing in every way, and storage.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use fs_core::linux::FallocateFlags;
use fs_core::{Errno, Whence};
use rustix::mm::{MapFlags, MsyncFlags, ProtFlags};

use crate::{errno, in_every_mode, in_modes, same_in_every_mode};

fn open(path: &Path) -> File {
    File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap()
}

/// Bytes that tell where they belong.
fn pattern(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|at| (at.wrapping_mul(31).wrapping_add(at >> 8).wrapping_add(seed * 7)) as u8).collect()
}

#[test]
fn what_is_written_is_read() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        let mut file = open(&path);
        let mut model = Vec::new();
        // Sizes around pages, and beyond the longest request.
        for (round, length) in [1, 4095, 4096, 4097, 65_536, 1_048_576, 3_000_001].into_iter().enumerate() {
            let offset = round * 70_001;
            let data = pattern(length, round);
            file.write_all_at(&data, offset as u64).unwrap();
            model.resize(model.len().max(offset + length), 0);
            model[offset..offset + length].copy_from_slice(&data);
            assert!(std::fs::read(&path).unwrap() == model, "after {length} bytes at {offset}");
        }
        file.set_len(5_000).unwrap();
        file.set_len(9_000).unwrap();
        model.truncate(5_000);
        model.resize(9_000, 0);
        assert!(std::fs::read(&path).unwrap() == model);
        let end = file.seek(SeekFrom::End(-10)).unwrap();
        let mut tail = Vec::new();
        file.read_to_end(&mut tail).unwrap();
        (end, tail, file.metadata().unwrap().len())
    });
}

#[test]
fn the_source_has_what_was_written_and_the_mount_what_the_source_has() {
    in_every_mode(|mount| {
        let (above, below) = (mount.mountpoint.join("f"), mount.source.join("f"));
        let data = pattern(100_000, 1);
        std::fs::write(&above, &data).unwrap();
        assert!(std::fs::read(&below).unwrap() == data);
        let data = pattern(50_000, 2);
        std::fs::write(mount.source.join("g"), &data).unwrap();
        assert!(std::fs::read(mount.mountpoint.join("g")).unwrap() == data);
    });
}

#[test]
fn an_unlinked_file_goes_on_working() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        std::fs::write(&path, "12345").unwrap();
        let mut file = open(&path);
        std::fs::remove_file(&path).unwrap();
        file.write_all(b"abc").unwrap();
        file.set_len(4).unwrap();
        file.set_permissions(std::fs::Permissions::from_mode(0o640)).unwrap();
        let time = fs_core::Times::from_ns(1_000_000_001, 2_000_000_002);
        fs_core::utime(&file, time, fs_core::Follow::Yes).unwrap();
        fs_core::chown(&file, Some(fs_core::Uid::from_raw(7)), None, fs_core::Follow::Yes).unwrap();
        let set = errno(fs_core::setxattr(&file, "user.a", b"1", fs_core::XattrFlags::empty(), fs_core::Follow::Yes));
        let value = errno(fs_core::getxattr(&file, "user.a", fs_core::Follow::Yes));
        file.sync_all().unwrap();
        let status = file.metadata().unwrap();
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_string(&mut text).unwrap();
        let status = (status.nlink(), status.len(), status.mode(), status.uid(), status.mtime_nsec());
        (status, set, value, text, path.exists())
    });
}

#[test]
fn a_file_that_a_rename_replaced_goes_on_working() {
    same_in_every_mode(|dir| {
        let (old, new) = (dir.join("old"), dir.join("new"));
        std::fs::write(&old, "old").unwrap();
        std::fs::write(&new, "new").unwrap();
        let mut file = open(&old);
        std::fs::rename(&new, &old).unwrap();
        file.write_all(b"O").unwrap();
        let nlink = file.metadata().unwrap().nlink();
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_string(&mut text).unwrap();
        (nlink, text, std::fs::read_to_string(&old).unwrap())
    });
}

#[test]
fn truncating_opens_truncate() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        std::fs::write(&path, pattern(10_000, 1)).unwrap();
        let reader = File::open(&path).unwrap();
        let mut head = [0; 4];
        reader.read_exact_at(&mut head, 0).unwrap();
        let writer = File::create(&path).unwrap();
        let cut = (reader.metadata().unwrap().len(), reader.read_at(&mut head, 0).unwrap());
        writer.write_all_at(b"new", 2).unwrap();
        (cut, std::fs::read(&path).unwrap())
    });
}

#[test]
fn appends_go_to_the_end_whoever_appends() {
    in_every_mode(|mount| {
        let append = |dir: &Path| File::options().append(true).create(true).open(dir.join("f")).unwrap();
        let mut handles = [append(&mount.mountpoint), append(&mount.mountpoint), append(&mount.source)];
        let mut wanted = Vec::new();
        for round in 0..50 {
            let line = format!("line {round}\n");
            handles[round % 3].write_all(line.as_bytes()).unwrap();
            wanted.extend(line.as_bytes());
        }
        assert_eq!(String::from_utf8(std::fs::read(mount.source.join("f")).unwrap()), String::from_utf8(wanted));
    });
}

#[test]
fn many_threads_append_whole_lines() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    let mut file = File::options().append(true).create(true).open(path).unwrap();
                    for n in 0..100 {
                        file.write_all(format!("{thread} {n}\n").as_bytes()).unwrap();
                    }
                });
            }
        });
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines.into_iter().map(str::to_owned).collect::<Vec<_>>()
    });
}

#[test]
fn maps_of_memory_show_and_change_the_file() {
    in_every_mode(|mount| {
        let path = mount.mountpoint.join("f");
        std::fs::write(&path, pattern(8192, 1)).unwrap();
        let file = open(&path);
        let (prot, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: a new mapping, of a file that nobody truncates.
        let map = unsafe { rustix::mm::mmap(std::ptr::null_mut(), 8192, prot, flags, &file, 0) }.unwrap();
        // SAFETY: the mapping has this length, lives until it is unmapped below, and
        // nothing else refers to it.
        let bytes = unsafe { std::slice::from_raw_parts_mut(map.cast::<u8>(), 8192) };
        assert!(bytes == pattern(8192, 1));
        bytes[5000] ^= 0xff;
        file.write_all_at(b"written", 100).unwrap();
        assert_eq!(&bytes[100..107], b"written");
        // SAFETY: the range is the mapping's.
        unsafe { rustix::mm::msync(map, 8192, MsyncFlags::SYNC) }.unwrap();
        // SAFETY: `bytes` is not used any more.
        unsafe { rustix::mm::munmap(map, 8192) }.unwrap();
        drop(file);
        let mut wanted = pattern(8192, 1);
        wanted[5000] ^= 0xff;
        wanted[100..107].copy_from_slice(b"written");
        assert!(std::fs::read(&path).unwrap() == wanted, "above");
        assert!(std::fs::read(mount.source.join("f")).unwrap() == wanted, "below");
    });
}

#[test]
fn a_store_through_a_map_moves_the_times() {
    in_every_mode(|mount| {
        let (above, below) = (mount.mountpoint.join("f"), mount.source.join("f"));
        std::fs::write(&above, pattern(4096, 1)).unwrap();
        let times = |path: &Path| {
            let status = std::fs::metadata(path).unwrap();
            (status.mtime(), status.mtime_nsec(), status.ctime(), status.ctime_nsec())
        };
        for closes_first in [true, false] {
            let before = times(&above);
            let file = open(&above);
            assert_eq!(times(&above), before);
            std::thread::sleep(std::time::Duration::from_millis(12));
            let (prot, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
            // SAFETY: a new mapping, of a file that nobody truncates.
            let map = unsafe { rustix::mm::mmap(std::ptr::null_mut(), 4096, prot, flags, &file, 0) }.unwrap();
            let file = if closes_first { None } else { Some(file) };
            assert_eq!(times(&above), before);
            // SAFETY: within the mapping, which nothing refers to.
            unsafe { map.cast::<u8>().write(b'!') };
            // SAFETY: the range is the mapping's.
            unsafe { rustix::mm::msync(map, 4096, MsyncFlags::SYNC) }.unwrap();
            // Longer than any attribute may be remembered that can change like this.
            std::thread::sleep(std::time::Duration::from_millis(25));
            assert!(times(&above) > before);
            assert_eq!(times(&above), times(&below));
            // SAFETY: nothing refers to the mapping.
            unsafe { rustix::mm::munmap(map, 4096) }.unwrap();
            drop(file);
        }
    });
}

#[test]
fn programs_run_from_the_mount() {
    in_every_mode(|mount| {
        let program = mount.mountpoint.join("true");
        std::fs::copy("/bin/true", &program).unwrap();
        assert!(std::process::Command::new(&program).status().unwrap().success());
        // Having been read and run keeps nobody from writing it, or from running it beneath.
        std::fs::copy("/bin/false", &program).unwrap();
        // The kernel tells the daemon of a close without waiting: until it knows, its own handle
        // keeps the file beneath from being run.
        let run = || std::process::Command::new(mount.source.join("true")).status();
        assert!(crate::support::wait_for(|| run().is_ok()));
        assert!(!run().unwrap().success());
        assert!(!std::process::Command::new(&program).status().unwrap().success());
    });
}

#[test]
fn storage_is_reserved_and_punched() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        let file = open(&path);
        file.write_all_at(&pattern(65_536, 1), 0).unwrap();
        let fallocate = |mode, offset, length| errno(fs_core::linux::fallocate(&file, mode, offset, length));
        let seek = |offset, whence| errno(fs_core::lseek(&file, offset, whence));
        let results = (
            fallocate(FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 8192, 16384),
            fallocate(FallocateFlags::empty(), 60_000, 40_000),
            fallocate(FallocateFlags::KEEP_SIZE, 200_000, 4096),
            fallocate(FallocateFlags::ZERO_RANGE, 32_768, 4096),
            fallocate(FallocateFlags::empty(), 0, 0),
        );
        file.sync_all().unwrap();
        let found = (
            seek(0, Whence::Hole),
            seek(8192, Whence::Data),
            seek(0, Whence::Data),
            seek(1_000_000, Whence::Data),
            seek(0, Whence::End),
        );
        (results, found, std::fs::read(&path).unwrap())
    });
}

#[test]
fn bytes_are_copied_between_files() {
    same_in_every_mode(|dir| {
        let (src, dst) = (open(&dir.join("src")), open(&dir.join("dst")));
        src.write_all_at(&pattern(100_000, 3), 0).unwrap();
        let (mut from, mut to) = (10, 20);
        let mut copied = 0;
        while copied < 80_000 {
            copied +=
                fs_core::copy_file_range(src.as_fd(), dst.as_fd(), 80_000 - copied, Some(&mut from), Some(&mut to))
                    .unwrap();
        }
        let overlap = errno(fs_core::copy_file_range(&src, &src, 100, Some(&mut 0), Some(&mut 50)));
        (std::fs::read(dir.join("dst")).unwrap(), overlap, from, to, dst.metadata().unwrap().len())
    });
}

#[test]
fn what_was_read_again_and_again_shows_what_is_written() {
    in_every_mode(|mount| {
        let path = mount.mountpoint.join("f");
        let read = || std::fs::read(&path).unwrap();
        let write = |byte: u8| {
            let writer = File::options().write(true).open(&path).unwrap();
            writer.write_all_at(&[byte; 100], 4_050).unwrap();
        };
        let wanted = |byte: u8| [vec![b'0'; 4_050], vec![byte; 100], vec![b'0'; 850]].concat();
        std::fs::write(&path, [b'0'; 5_000]).unwrap();
        // Of the same length, so that nothing but the contents tells.
        for byte in b'a'..b'g' {
            (0..3).for_each(|_| drop(read()));
            write(byte);
            assert!(read() == wanted(byte), "after a write between the reads");
            let reader = File::open(&path).unwrap();
            let mut seen = vec![0; 5_000];
            reader.read_exact_at(&mut seen, 0).unwrap();
            write(byte + 32);
            reader.read_exact_at(&mut seen, 0).unwrap();
            assert!(seen == wanted(byte + 32) && read() == seen, "after a write beside an open reader");
            assert!(std::fs::read(mount.source.join("f")).unwrap() == seen, "in the source");
        }
        // With suid it goes another way, and back.
        for (mode, byte) in [(0o644, b'x'), (0o4755, b'y'), (0o644, b'z'), (0o4755, b'w')] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            drop(read());
            write(byte);
            assert!(read() == wanted(byte), "with mode {mode:o}");
        }
    });
}

/// A file of 16 KiB, opened with O_DIRECT; the errno where that cannot be had.
fn open_direct(path: &Path) -> Result<File, Option<i32>> {
    std::fs::write(path, pattern(16_384, 1)).unwrap();
    let opened = File::options().read(true).write(true).custom_flags(libc::O_DIRECT).open(path);
    opened.map_err(|error| error.raw_os_error())
}

/// The 8 KiB in a buffer of 12 that begin at a page.
fn aligned(buffer: &mut [u8]) -> &mut [u8] {
    let start = buffer.as_ptr().align_offset(4096);
    &mut buffer[start..start + 8192]
}

#[test]
fn direct_io_reads_and_writes() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        let file = open_direct(&path)?;
        let mut buffer = vec![0; 3 * 4096];
        let aligned = aligned(&mut buffer);
        file.read_exact_at(aligned, 4096).unwrap();
        assert!(*aligned == pattern(16_384, 1)[4096..12_288]);
        aligned.fill(b'd');
        file.write_all_at(aligned, 0).unwrap();
        drop(file);
        Ok::<_, Option<i32>>(std::fs::read(&path).unwrap())
    });
}

/// As `dd oflag=direct` does for the last block.
#[test]
fn who_takes_o_direct_back_reads_and_writes_any_length() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        let file = open_direct(&path)?;
        // With it, a part of a block is refused where it is on the source: on tmpfs it is not.
        let mut buffer = vec![0; 3 * 4096];
        let block = aligned(&mut buffer);
        let refused = [
            file.read_at(&mut block[..999], 0).map_err(|error| error.raw_os_error()),
            file.read_at(&mut block[..4096], 3).map_err(|error| error.raw_os_error()),
            file.write_at(&block[..999], 0).map_err(|error| error.raw_os_error()),
            file.read_at(&mut block[..8192], 12_288).map_err(|error| error.raw_os_error()),
        ];
        let flags = rustix::fs::fcntl_getfl(&file).unwrap();
        assert!(flags.contains(rustix::fs::OFlags::DIRECT));
        rustix::fs::fcntl_setfl(&file, flags - rustix::fs::OFlags::DIRECT).unwrap();
        let mut some = vec![0; 999];
        file.read_exact_at(&mut some, 3).unwrap();
        file.write_all_at(b"a tail", 16_384).unwrap();
        drop(file);
        Ok::<_, Option<i32>>((refused, some, std::fs::read(&path).unwrap()))
    });
}

#[test]
fn a_handle_reads_only_if_it_was_opened_for_that() {
    same_in_every_mode(|dir| {
        let path = dir.join("f");
        std::fs::write(&path, "x").unwrap();
        let reader = File::open(&path).unwrap();
        let writer = File::options().write(true).open(&path).unwrap();
        [
            errno(fs_core::write(&reader, b"y")),
            errno(fs_core::read(&writer, &mut [0; 4])),
            errno(fs_core::ftruncate(&reader, 0)).map(|()| 0),
            errno(fs_core::linux::fallocate(&reader, FallocateFlags::empty(), 0, 10)).map(|()| 0),
            errno(fs_core::copy_file_range(&writer, &writer, 1, None, None)),
        ]
    });
}

#[test]
fn handles_of_one_file_in_many_threads_agree() {
    // In the page cache, where the policy has the kernel drop pages at each opening, one may be read
    // again between a write into it and the request that brings the write here: the README says so.
    let drops_pages = |mode: &[&str; 2]| mode[1] == "--passthrough=off" && mode[0] != "--cache=exclusive";
    in_modes(
        |mode| !drops_pages(mode),
        |mount| {
            let path = mount.mountpoint.join("f");
            std::fs::write(&path, "").unwrap();
            std::thread::scope(|scope| {
                for thread in 0..4_u64 {
                    let path = &path;
                    scope.spawn(move || {
                        for round in 0..100 {
                            // Opened and closed all the time, so that the way of the bytes is chosen anew.
                            let file = open(path);
                            let data = pattern(3_000, (thread * 1_000 + round) as usize);
                            file.write_all_at(&data, thread * 3_000).unwrap();
                            let mut read = vec![0; 3_000];
                            file.read_exact_at(&mut read, thread * 3_000).unwrap();
                            assert!(read == data, "thread {thread}, round {round}");
                        }
                    });
                }
            });
            let wanted: Vec<u8> = (0..4).flat_map(|thread| pattern(3_000, thread * 1_000 + 99)).collect();
            assert!(std::fs::read(mount.source.join("f")).unwrap() == wanted);
        },
    );
}

#[test]
fn a_nameless_file_is_refused_cleanly() {
    in_every_mode(|mount| {
        let flags = fs_core::OFlags::TMPFILE | fs_core::OFlags::RDWR;
        let mode = fs_core::Mode::from_raw_mode(0o600);
        let made = errno(fs_core::open(&mount.mountpoint, flags, mode)).map(drop);
        assert_eq!(made, Err(Errno::OPNOTSUPP));
    });
}
