//! A read-only mount that root makes writable, which the daemon is not told: whoever changes something is refused, at
//! the latest when it comes to the daemon.

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt, symlink};

use fs_core::linux::{FallocateFlags, inode_flags, set_inode_flags};
use fs_core::{Errno, Follow, Mode, XattrFlags};
use rustix::mm::{MapFlags, MsyncFlags, ProtFlags};
use rustix::mount::{MountFlags, mount_remount};

use crate::errno;
use crate::support::{self, Mount};
use crate::unopened::UNCHANGING;

/// An unchanging mount of one server with two files, one of which was read, made writable.
fn made_writable(check: impl FnOnce(&Mount)) {
    if !support::can_mount() {
        return;
    }
    let mount = Mount::prepared(&[&UNCHANGING[..], &["--threads=1"]].concat(), |source| {
        std::fs::write(source.join("f"), "hello").unwrap();
        std::fs::write(source.join("other"), "other").unwrap();
    });
    // From here on the kernel opens by itself.
    assert_eq!(std::fs::read(mount.mountpoint.join("f")).unwrap(), b"hello");
    assert_eq!(File::create(mount.mountpoint.join("f")).unwrap_err().raw_os_error(), Some(libc::EROFS));
    mount_remount(&mount.mountpoint, MountFlags::empty(), "").unwrap();
    check(&mount);
    for dir in [&mount.mountpoint, &mount.source] {
        assert_eq!(std::fs::read(dir.join("f")).unwrap(), b"hello", "{}", dir.display());
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), 2);
    }
    assert_eq!(mount.end().code(), Ok(0));
}

fn writable(mount: &Mount) -> File {
    OpenOptions::new().read(true).write(true).open(mount.mountpoint.join("f")).unwrap()
}

fn code<T>(result: std::io::Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.raw_os_error())
}

#[test]
fn no_way_to_change_a_file_is_left() {
    made_writable(|mount| {
        let path = mount.mountpoint.join("f");
        let refused = Some(libc::EROFS);
        let file = writable(mount);
        assert_eq!(code(file.write_at(b"J", 0)), refused);
        assert_eq!(code(file.set_len(1)), refused);
        let allocated = fs_core::linux::fallocate(&file, FallocateFlags::empty(), 0, 4096);
        assert_eq!(errno(allocated), Err(Errno::ROFS));
        let other = File::open(mount.mountpoint.join("other")).unwrap();
        assert_eq!(errno(fs_core::copy_file_range(&other, &file, 5, None, None)), Err(Errno::ROFS));
        if let Ok(flags) = inode_flags(&file) {
            assert_eq!(errno(set_inode_flags(&file, flags)), Err(Errno::ROFS));
        }
        assert_eq!(code(OpenOptions::new().append(true).open(&path).unwrap().write_at(b"!", 0)), refused);
        for flags in [libc::O_SYNC, libc::O_DIRECT] {
            let file = OpenOptions::new().write(true).custom_flags(flags).open(&path).unwrap();
            assert_eq!(code(file.write_at(&[0; 4096], 0)), refused);
        }
        // Which has to be a request of its own: the open is none.
        assert_eq!(code(File::create(&path)), refused);
        let truncates = OpenOptions::new().read(true).custom_flags(libc::O_TRUNC).open(&path);
        assert_eq!(code(truncates), refused);
        assert_eq!(errno(fs_core::truncate(&path, 1)), Err(Errno::ROFS));
        assert_eq!(errno(fs_core::chmod(&path, Mode::from_raw_mode(0o600), Follow::Yes)), Err(Errno::ROFS));
        let set = fs_core::setxattr(&path, "user.a", b"1", XattrFlags::empty(), Follow::Yes);
        assert_eq!(errno(set), Err(Errno::ROFS));
    });
}

#[test]
fn no_way_to_change_a_name_is_left() {
    made_writable(|mount| {
        let (path, new) = (mount.mountpoint.join("f"), mount.mountpoint.join("new"));
        let refused = Some(libc::EROFS);
        assert_eq!(code(File::create(&new)), refused);
        assert_eq!(code(std::fs::create_dir(&new)), refused);
        assert_eq!(code(symlink("f", &new)), refused);
        assert_eq!(code(std::fs::hard_link(&path, &new)), refused);
        assert_eq!(code(std::fs::rename(&path, &new)), refused);
        assert_eq!(code(std::fs::remove_file(&path)), refused);
    });
}

/// Stores a byte into a map of the file's first page; the map.
fn store(file: &File) -> *mut c_void {
    let (prot, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
    // SAFETY: a new mapping, of a file that nobody truncates.
    let map = unsafe { rustix::mm::mmap(std::ptr::null_mut(), 4096, prot, flags, file, 0) }.unwrap();
    // SAFETY: within the mapping, which nothing refers to.
    unsafe { map.cast::<u8>().write(b'J') };
    map
}

fn sync(map: *mut c_void) -> Result<(), Errno> {
    // SAFETY: the range is that of a mapping.
    unsafe { rustix::mm::msync(map, 4096, MsyncFlags::SYNC) }
}

fn unmap(map: *mut c_void) {
    // SAFETY: nothing refers to the mapping.
    unsafe { rustix::mm::munmap(map, 4096) }.unwrap();
}

/// The thread that refuses takes the page away after it has answered.
fn is_back(mount: &Mount) -> bool {
    support::wait_for(|| std::fs::read(mount.mountpoint.join("f")).unwrap() == b"hello")
}

/// The only change that the kernel makes before it asks.
#[test]
fn what_is_stored_into_a_map_is_refused_and_taken_back() {
    made_writable(|mount| {
        let file = writable(mount);
        let map = store(&file);
        assert_eq!(sync(map), Err(Errno::ROFS));
        assert!(is_back(mount));
        // SAFETY: within the mapping, which nothing refers to.
        assert_eq!(unsafe { map.cast::<u8>().read() }, b'h');
        unmap(map);
        drop(file);

        let file = writable(mount);
        unmap(store(&file));
        assert!(file.sync_all().is_err(), "an fsync says it");
        drop(file);

        let file = writable(mount);
        unmap(store(&file));
        assert_eq!(errno(fs_core::close(OwnedFd::from(file))), Err(Errno::IO), "a close says it");
        assert!(is_back(mount));
    });
}

/// Who takes a page away may wait for others, and they for a server.
#[test]
fn many_who_store_at_once_hold_up_nobody() {
    made_writable(|mount| {
        let store_often = || {
            for _ in 0..200 {
                let file = writable(mount);
                let map = store(&file);
                // Another's refusal may have taken the page away, and with it what this one has stored.
                let _ = sync(map);
                unmap(map);
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(store_often))));
        assert!(is_back(mount));
    });
}
