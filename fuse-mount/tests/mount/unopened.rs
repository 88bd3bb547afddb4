//! A read-only mount under `exclusive`, where no file is opened by a request: what is read in any way is what is there.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use fs_core::linux::{FlockOperation, LockKind, LockOwner, LockRange, flock, inode_flags, try_lock_range};
use fs_core::{Advice, Errno, Mode, OFlags, Whence};
use rustix::mm::{MapFlags, ProtFlags};

use crate::sources::{FEW, Kind, over};
use crate::support::{self, Mount};
use crate::{as_user, errno};

/// How such a mount is made.
pub(crate) const UNCHANGING: [&str; 4] = ["--cache=exclusive", "--read-only", "-o", "allow_other"];

/// Longer than what is read ahead at once, and no whole number of pages.
const LONG: usize = 3_000_001;

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at.wrapping_mul(31) ^ (at >> 8)) as u8).collect()
}

fn fill(dir: &Path) {
    std::fs::write(dir.join("f"), pattern(LONG)).unwrap();
    std::fs::write(dir.join("small"), "hello").unwrap();
    std::fs::write(dir.join("empty"), "").unwrap();
    std::fs::write(dir.join("closed"), "for root").unwrap();
    std::fs::set_permissions(dir.join("closed"), PermissionsExt::from_mode(0o000)).unwrap();
    let sparse = File::create(dir.join("sparse")).unwrap();
    sparse.write_all_at(b"x", 1 << 20).unwrap();
    sparse.set_len(4 << 20).unwrap();
    std::fs::copy("/bin/true", dir.join("program")).unwrap();
}

/// Checks that `observe` sees the same in a directory and on an unchanging mount of it, twice: when nothing is known, and
/// when all is.
fn same_above<T: PartialEq + std::fmt::Debug>(observe: impl Fn(&Path) -> T) {
    if !support::can_mount() {
        return;
    }
    let mount = Mount::prepared(&UNCHANGING, fill);
    for round in ["unknown", "known"] {
        let got = observe(&mount.mountpoint);
        assert_eq!(got, observe(&mount.source), "mount, then source; {round}");
    }
    let end = mount.end();
    assert_eq!((end.code(), end.stderr.as_str()), (Ok(0), ""));
}

#[test]
fn from_any_place_in_any_length() {
    same_above(|dir| {
        let file = File::open(dir.join("f")).unwrap();
        let places =
            [(LONG - 5, 100), (0, 1), (4095, 2), (1 << 20, 70_000), (LONG, 1), (LONG + 4096, 1), (0, LONG + 1)];
        let parts = places.map(|(offset, length)| {
            let mut bytes = vec![0; length];
            let count = file.read_at(&mut bytes, offset as u64).unwrap();
            assert!(bytes[..count] == pattern(LONG)[offset.min(LONG)..][..count]);
            count
        });
        let whole = ["small", "empty", "closed"].map(|name| std::fs::read_to_string(dir.join(name)).unwrap());
        (parts, whole)
    });
}

#[test]
fn without_the_page_cache() {
    same_above(|dir| {
        let open = File::options().read(true).custom_flags(libc::O_DIRECT).open(dir.join("f"));
        let file = open.map_err(|error| error.raw_os_error())?;
        let mut buffer = vec![0; 4 * 4096];
        let start = buffer.as_ptr().align_offset(4096);
        let block = &mut buffer[start..start + 8192];
        let mut read = |length: usize, offset: u64| {
            let read = file.read_at(&mut block[..length], offset).map_err(|error| error.raw_os_error());
            read.map(|count| block[..count].to_vec())
        };
        let with = [read(8192, 4096), read(999, 0), read(4096, 3), read(8192, LONG as u64 / 4096 * 4096)];
        let flags = rustix::fs::fcntl_getfl(&file).unwrap();
        rustix::fs::fcntl_setfl(&file, flags - rustix::fs::OFlags::DIRECT).unwrap();
        let without = [read(999, 3), read(1, 0)];
        rustix::fs::fcntl_setfl(&file, flags).unwrap();
        Ok::<_, Option<i32>>((with, without, read(999, 3)))
    });
}

#[test]
fn as_memory_and_as_a_program() {
    same_above(|dir| {
        let file = File::open(dir.join("f")).unwrap();
        let map = |flags, prot| {
            // SAFETY: a new mapping, of a file that nobody truncates.
            let map = unsafe { rustix::mm::mmap(std::ptr::null_mut(), LONG, prot, flags, &file, 0) }.unwrap();
            // SAFETY: the mapping has this length, lives until it is unmapped below, and nothing else refers to it.
            let bytes = unsafe { std::slice::from_raw_parts_mut(map.cast::<u8>(), LONG) };
            if prot.contains(ProtFlags::WRITE) {
                bytes[5000] ^= 0xff;
            }
            let seen = bytes.to_vec();
            // SAFETY: `bytes` is not used any more.
            unsafe { rustix::mm::munmap(map, LONG) }.unwrap();
            seen
        };
        let shared = map(MapFlags::SHARED, ProtFlags::READ);
        let private = map(MapFlags::PRIVATE, ProtFlags::READ | ProtFlags::WRITE);
        assert!(shared == pattern(LONG) && private[5000] == !shared[5000] && private[5001..] == shared[5001..]);
        Command::new(dir.join("program")).status().unwrap().code()
    });
}

#[test]
fn by_the_calls_that_are_requests_of_their_own() {
    same_above(|dir| {
        let sparse = File::open(dir.join("sparse")).unwrap();
        let seek = |offset, whence| errno(fs_core::lseek(&sparse, offset, whence));
        let found = [
            seek(0, Whence::Data),
            seek(1 << 20, Whence::Hole),
            seek(2 << 20, Whence::Data),
            seek(8 << 20, Whence::Hole),
            seek(-1, Whence::End),
        ];
        let synced = [errno(fs_core::fsync(&sparse)), errno(fs_core::fdatasync(&sparse))];
        let flags = [errno(inode_flags(&sparse)), errno(inode_flags(File::open(dir).unwrap()))];
        let sizes = ["sparse", "closed"].map(|name| {
            let status = File::open(dir.join(name)).unwrap().metadata().unwrap();
            (status.len(), status.blocks(), status.mode())
        });
        (found, synced, flags, sizes)
    });
}

#[test]
fn by_calls_that_copy_within_the_kernel() {
    same_above(|dir| {
        let file = File::open(dir.join("f")).unwrap();
        let copy = tempfile::tempfile().unwrap();
        let mut offset = 1;
        while fs_core::sendfile(&copy, &file, Some(&mut offset), 1 << 20).unwrap() > 0 {}
        let mut sent = vec![0; LONG - 1];
        copy.read_exact_at(&mut sent, 0).unwrap();
        assert!(sent == pattern(LONG)[1..]);
        let (out, into) = rustix::pipe::pipe().unwrap();
        let mut from = 70_000;
        let flags = rustix::pipe::SpliceFlags::empty();
        let count = rustix::pipe::splice(&file, Some(&mut from), &into, None, 4096, flags).unwrap();
        let mut spliced = vec![0; count];
        fs_core::read(&out, &mut spliced).unwrap();
        assert!(spliced == pattern(LONG)[70_000..][..count]);
        // Whatever the kernel drops or brings.
        for advice in [Advice::Sequential, Advice::WillNeed, Advice::DontNeed, Advice::Random] {
            fs_core::posix_fadvise(&file, 0, 0, advice).unwrap();
        }
        std::fs::copy(dir.join("f"), dir.with_file_name("copy")).unwrap();
        assert!(std::fs::read(dir.with_file_name("copy")).unwrap() == pattern(LONG));
    });
}

#[test]
fn with_locks_and_by_places() {
    same_above(|dir| {
        let open = || File::open(dir.join("small")).unwrap();
        let (first, second) = (open(), open());
        let at_once = FlockOperation::NonBlockingLockExclusive;
        let lock = |file: &File| errno(try_lock_range(file, LockOwner::OpenFile, LockKind::Read, LockRange::ALL));
        let mut taken =
            vec![errno(flock(&first, at_once)), errno(flock(&second, at_once)), lock(&first), lock(&second)];
        drop(first);
        taken.push(errno(flock(&second, at_once)));
        let place = fs_core::open(&dir.join("small"), OFlags::PATH, Mode::empty()).unwrap();
        let (size, read) = (fs_core::fstat(&place).unwrap().st_size(), errno(fs_core::read(&place, &mut [0; 8])));
        (taken, size, read)
    });
}

#[test]
fn by_users_as_the_permissions_say() {
    same_above(|dir| {
        as_user(1234, 2345, &[], 0o22, || {
            ["small", "closed"]
                .map(|name| std::fs::read_to_string(dir.join(name)).map_err(|error| error.raw_os_error()))
        })
    });
}

#[test]
fn and_no_time_of_access_moves() {
    if !support::can_mount() {
        return;
    }
    let old = fs_core::Times::from_ns(1_000_000_001, 2_000_000_002);
    let mount = Mount::prepared(&UNCHANGING, |source| {
        fill(source);
        ["f", "."].iter().for_each(|name| fs_core::utime(&source.join(name), old, fs_core::Follow::Yes).unwrap());
    });
    assert!(std::fs::read(mount.mountpoint.join("f")).unwrap() == pattern(LONG));
    assert_eq!(std::fs::read_dir(&mount.mountpoint).unwrap().count(), 6);
    for dir in [&mount.source, &mount.mountpoint] {
        let times = ["f", "."].map(|name| std::fs::metadata(dir.join(name)).unwrap().atime_nsec());
        assert_eq!(times, [1, 1], "{}", dir.display());
    }
}

#[test]
fn who_may_not_leave_a_time_alone_reads_all_the_same() {
    if !support::can_mount() {
        return;
    }
    let mount = Mount::by(&["setpriv", "--bounding-set=-fowner"], &UNCHANGING, |source| {
        std::fs::create_dir(source.join("d")).unwrap();
        std::fs::write(source.join("d/f"), "hello").unwrap();
        ["d", "d/f"]
            .iter()
            .for_each(|name| std::os::unix::fs::chown(source.join(name), Some(1234), Some(1234)).unwrap());
    });
    let dir = mount.mountpoint.join("d");
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
    assert_eq!(std::fs::read_to_string(dir.join("f")).unwrap(), "hello");
    let direct = File::options().read(true).custom_flags(libc::O_DIRECT).open(dir.join("f")).unwrap();
    let mut buffer = vec![0; 8192];
    let start = buffer.as_ptr().align_offset(4096);
    assert_eq!(direct.read_at(&mut buffer[start..start + 4096], 0).unwrap(), 5);
    assert_eq!(&buffer[start..start + 5], b"hello");
}

#[test]
fn many_files_are_open_with_few_descriptors_on_any_source() {
    for kind in [Kind::Tmpfs, Kind::Overlay] {
        over(kind, &FEW, &UNCHANGING, |mount| {
            let name = |n: usize| format!("f{n}");
            let below = mount.source.join("below-it");
            std::fs::create_dir(&below).unwrap();
            let other = rustix::mount::mount("tmpfs", &below, "tmpfs", rustix::mount::MountFlags::empty(), None);
            other.unwrap();
            let places = [mount.source.clone(), below.clone()];
            for n in 0..500 {
                places.iter().for_each(|dir| std::fs::write(dir.join(name(n)), name(n)).unwrap());
            }
            let above = [mount.mountpoint.clone(), mount.mountpoint.join("below-it")];
            let open: Vec<_> = (0..1_000).map(|n| File::open(above[n % 2].join(name(n / 2))).unwrap()).collect();
            for (n, file) in open.iter().enumerate() {
                assert_eq!(std::io::read_to_string(file).unwrap(), name(n / 2));
                assert_eq!(errno(fs_core::lseek(file, 0, Whence::Hole)), Ok(name(n / 2).len() as u64));
            }
            let opened: Vec<OwnedFd> = open.into_iter().map(OwnedFd::from).collect();
            assert!(opened.iter().all(|file| errno(fs_core::fsync(file.as_fd())) == Ok::<_, Errno>(())));
            drop(opened);
            rustix::mount::unmount(&below, rustix::mount::UnmountFlags::DETACH).unwrap();
        });
    }
}

#[test]
fn a_trace_has_who_opens_what() {
    if !support::can_mount() {
        return;
    }
    let traces = tempfile::tempdir().unwrap();
    let trace = traces.path().join("t.jsonl");
    let mount = Mount::prepared(&[&UNCHANGING[..], &["--trace", trace.to_str().unwrap()]].concat(), fill);
    for _ in 0..2 {
        assert_eq!(std::fs::read(mount.mountpoint.join("small")).unwrap(), b"hello");
    }
    assert_eq!(mount.end().code(), Ok(0));
    let text = std::fs::read_to_string(&trace).unwrap();
    let opens = text.lines().filter(|line| line.contains(r#""op":"open","path":"small""#)).count();
    assert_eq!(opens, 2, "{text}");
}
