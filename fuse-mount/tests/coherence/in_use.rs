//! What is in use while it changes beneath: open files, mappings, working directories.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::thread;

use fs_core::{Errno, Follow, XattrFlags};
use fuse_mount::Cache;
use rustix::mm::{MapFlags, MsyncFlags, ProtFlags, mmap, msync, munmap};
use rustix::thread::UnshareFlags;

use crate::support::{self, Mount, can_mount, can_watch};
use crate::{assert_seen, check_end, policies};

/// Calls `act` on a thread whose working directory is `dir`.
fn within<T: Send>(dir: &Path, act: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            // SAFETY: FS unshares only the working directory, the root and the umask; no descriptor
            // changes owner.
            unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FS) }.unwrap();
            rustix::process::chdir(dir).unwrap();
            act()
        });
        inside.join().unwrap()
    })
}

/// What a program sees in its working directory, and what it can do there.
#[derive(Debug, PartialEq)]
struct Here {
    getcwd: Option<Errno>,
    links: Option<u64>,
    create: Option<i32>,
    mkdir: Option<i32>,
}

fn here() -> Here {
    let errno = |result: std::io::Result<()>| result.err().and_then(|error| error.raw_os_error());
    Here {
        getcwd: rustix::process::getcwd(Vec::new()).err(),
        links: fs::metadata(".").map(|status| status.nlink()).ok(),
        create: errno(fs::write("new", "x")),
        mkdir: errno(fs::create_dir("new")),
    }
}

#[test]
fn in_a_directory_that_was_removed_beneath_programs_see_what_they_see_beneath() {
    if !can_watch() {
        return;
    }
    let mount = Mount::start(&["--cache=watch"]);
    for name in ["removed", "replaced"] {
        let (below, above) = (mount.source.join(name), mount.mountpoint.join(name));
        fs::create_dir(&below).unwrap();
        within(&above, || {
            assert_eq!(rustix::process::getcwd(Vec::new()).unwrap().to_bytes(), above.as_os_str().as_encoded_bytes());
            let wanted = within(&below, || {
                fs::remove_dir(&below).unwrap();
                if name == "replaced" {
                    fs::create_dir(&below).unwrap();
                }
                here()
            });
            // Where another has taken the place, the kernel notices when somebody looks there.
            let look = || {
                let _ = fs::metadata(&above);
                here()
            };
            assert_seen(Cache::Watch, look, &wanted, name);
        });
        // The place is free for another.
        let _ = fs::create_dir(&above);
        fs::write(above.join("f"), "x").unwrap();
        assert_eq!(fs::read(below.join("f")).unwrap(), b"x");
    }
    check_end(mount, Cache::Watch);
}

#[test]
fn in_a_directory_that_was_moved_beneath_programs_stay() {
    if !can_watch() {
        return;
    }
    let mount = Mount::start(&["--cache=watch"]);
    fs::create_dir_all(mount.source.join("old/inner")).unwrap();
    fs::write(mount.source.join("old/inner/f"), "x").unwrap();
    within(&mount.mountpoint.join("old/inner"), || {
        assert_eq!(fs::read("f").unwrap(), b"x");
        fs::rename(mount.source.join("old"), mount.source.join("new")).unwrap();
        let exists = || (mount.mountpoint.join("old").exists(), mount.mountpoint.join("new/inner/f").exists());
        assert_seen(Cache::Watch, exists, &(false, true), "a directory that was moved");
        assert_eq!(fs::read("f").unwrap(), b"x");
        fs::write("g", "made where it is now").unwrap();
    });
    assert_eq!(fs::read(mount.source.join("new/inner/g")).unwrap(), b"made where it is now");
    check_end(mount, Cache::Watch);
}

#[test]
fn an_open_file_that_was_removed_beneath_can_be_used() {
    if !can_watch() {
        return;
    }
    for passthrough in ["auto", "off"] {
        let mount = Mount::start(&["--cache=watch", "--passthrough", passthrough]);
        fs::write(mount.source.join("f"), "hello").unwrap();
        let mut file = OpenOptions::new().read(true).write(true).open(mount.mountpoint.join("f")).unwrap();
        assert_eq!(file.metadata().unwrap().nlink(), 1);
        fs::remove_file(mount.source.join("f")).unwrap();
        assert_seen(Cache::Watch, || file.metadata().unwrap().nlink(), &0, "links of a removed file");
        file.write_all_at(b"J", 0).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "Jello");
        assert!(!mount.mountpoint.join("f").exists());
        drop(file);
        check_end(mount, Cache::Watch);
    }
}

/// A mapping of the first page of a file.
struct Map(*mut u8);

const PAGE: usize = 4096;

impl Map {
    fn of(path: &Path) -> Map {
        let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at an address that the kernel chooses.
        Map(unsafe { mmap(std::ptr::null_mut(), PAGE, protection, MapFlags::SHARED, &file, 0) }.unwrap().cast())
    }

    fn load(&self) -> u8 {
        // SAFETY: the page is mapped for as long as the value lives, and the file has it.
        unsafe { self.0.read_volatile() }
    }

    fn store(&self, byte: u8) {
        // SAFETY: as for `load`; the mapping may be written.
        unsafe { self.0.write_volatile(byte) };
        // SAFETY: the page is mapped.
        unsafe { msync(self.0.cast(), PAGE, MsyncFlags::SYNC) }.unwrap();
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: nobody refers to the page any more.
        unsafe { munmap(self.0.cast(), PAGE) }.unwrap();
    }
}

#[test]
fn mappings_see_what_is_written_on_the_other_side() {
    if !can_mount() {
        return;
    }
    for cache in policies().into_iter().filter(|cache| *cache != Cache::Exclusive) {
        for passthrough in ["auto", "off"] {
            let mount = Mount::start(&["--cache", cache.as_str(), "--passthrough", passthrough]);
            let (below, above) = (mount.source.join("f"), mount.mountpoint.join("f"));
            fs::write(&below, vec![b'0'; PAGE]).unwrap();
            let map = Map::of(&above);
            assert_eq!(map.load(), b'0');
            // Who does not hear of changes leaves a mapping of the kernel's page cache as it was.
            if cache == Cache::Watch || passthrough == "auto" {
                File::options().write(true).open(&below).unwrap().write_all_at(b"1", 0).unwrap();
                assert_seen(cache, || map.load(), &b'1', "a write beneath, in a mapping above");
            }
            map.store(b'2');
            assert_eq!(fs::read(&below).unwrap()[0], b'2', "a store above, beneath ({cache}, {passthrough})");
            drop(map);
            check_end(mount, cache);
        }
    }
}

#[test]
fn an_acl_that_is_set_beneath_counts_above() {
    if !can_watch() {
        return;
    }
    let mount = Mount::start(&["--cache=watch", "-o", "allow_other"]);
    let below = mount.source.join("d");
    fs::create_dir(&below).unwrap();
    fs::set_permissions(&below, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let lets_in = || as_user(1234, || fs::read_dir(mount.mountpoint.join("d")).is_ok());
    assert!(!lets_in());
    match fs_core::setxattr(&below, "system.posix_acl_access", &acl_for(1234), XattrFlags::empty(), Follow::Yes) {
        Err(error) if error.errno() == Errno::OPNOTSUPP => {
            support::skip("no ACLs in the temporary directory");
        }
        result => {
            result.unwrap();
            assert_seen(Cache::Watch, lets_in, &true, "an ACL");
            fs_core::removexattr(&below, "system.posix_acl_access", Follow::Yes).unwrap();
            assert_seen(Cache::Watch, lets_in, &false, "no ACL");
        }
    }
    check_end(mount, Cache::Watch);
}

/// `u::rwx,u:UID:rwx,g::---,m::rwx,o::---` as the kernel has it.
fn acl_for(uid: u32) -> Vec<u8> {
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in
        [(1_u16, 7_u16, u32::MAX), (2, 7, uid), (4, 0, u32::MAX), (16, 7, u32::MAX), (32, 0, u32::MAX)]
    {
        acl.extend(tag.to_le_bytes());
        acl.extend(permissions.to_le_bytes());
        acl.extend(id.to_le_bytes());
    }
    acl
}

fn as_user<T: Send>(uid: u32, act: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let user = scope.spawn(|| {
            let (uid, gid) = (rustix::process::Uid::from_raw(uid), rustix::process::Gid::from_raw(uid));
            rustix::thread::set_thread_groups(&[]).unwrap();
            rustix::thread::set_thread_res_gid(gid, gid, gid).unwrap();
            rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
            act()
        });
        user.join().unwrap()
    })
}

#[test]
fn a_directory_that_was_just_made_beneath_keeps_its_path_for_who_is_in_it() {
    if !can_watch() {
        return;
    }
    let mount = Mount::start(&["--cache=watch"]);
    for n in 0..300 {
        let (below, above) = (mount.source.join("d"), mount.mountpoint.join("d"));
        // Before the events of these changes are handled, most often.
        if n > 0 {
            fs::remove_dir(&below).unwrap();
        }
        fs::create_dir(&below).unwrap();
        let enters = || fs::metadata(&above).is_ok();
        assert_seen(Cache::Watch, enters, &true, "a directory that was made");
        within(&above, || {
            thread::sleep(std::time::Duration::from_millis(1));
            let is_the_same = fs::metadata(".").unwrap().ino() == fs::metadata(&below).unwrap().ino();
            assert!(!is_the_same || rustix::process::getcwd(Vec::new()).is_ok(), "round {n}");
        });
    }
    check_end(mount, Cache::Watch);
}
