//! Working directory and root, each in a process of its own.

use std::fs;
use std::path::Path;

use fs_core::{Errno, Follow, OFlags, chdir, chroot, fchdir, getcwd, getcwdb, stat};

use crate::fixture::{Dir, alone, errno, is_root, mode, skip};

#[test]
fn the_working_directory_is_set_by_path_descriptor_and_both() {
    alone("process::the_working_directory_is_set_by_path_descriptor_and_both", || {
        let dir = Dir::new();
        let (sub, top) = (dir.dir("sub"), dir.path(""));
        let top = fs::canonicalize(top).unwrap();
        let sub = fs::canonicalize(sub).unwrap();
        chdir(&sub).unwrap();
        assert_eq!(getcwd().unwrap(), sub);
        chdir(&dir.fd).unwrap();
        assert_eq!(getcwd().unwrap(), top);
        chdir((&dir.fd, "sub")).unwrap();
        assert_eq!(getcwd().unwrap(), sub);
        fchdir(&dir.fd).unwrap();
        assert_eq!(getcwdb().unwrap(), std::os::unix::ffi::OsStrExt::as_bytes(top.as_os_str()));
        dir.file("f", "");
        assert_eq!(errno(chdir("f")), Errno::NOTDIR);
        assert_eq!(errno(chdir((&dir.fd, "f"))), Errno::NOTDIR);
        assert_eq!(errno(chdir("missing")), Errno::NOENT);
        // Relative paths start there.
        assert!(stat("f", Follow::Yes).is_ok());
    });
}

#[test]
fn a_working_directory_deeper_than_a_page_has_a_path() {
    alone("process::a_working_directory_deeper_than_a_page_has_a_path", || {
        let dir = Dir::new();
        chdir(&dir.fd).unwrap();
        let name = "d".repeat(250);
        for _ in 0..20 {
            fs_core::mkdir(&name, mode(0o755)).unwrap();
            chdir(&name).unwrap();
        }
        // The bare system call, which rustix makes, gives up.
        assert_eq!(rustix::process::getcwd(Vec::new()).unwrap_err(), Errno::NAMETOOLONG);
        let path = getcwd().unwrap();
        assert!(path.as_os_str().len() > 5000 && path.ends_with(&name));
        chdir("/").unwrap();
    });
}

#[test]
fn a_removed_working_directory_is_enoent() {
    alone("process::a_removed_working_directory_is_enoent", || {
        let dir = Dir::new();
        let sub = dir.dir("sub");
        chdir(&sub).unwrap();
        fs::remove_dir(&sub).unwrap();
        assert_eq!(errno(getcwd()), Errno::NOENT);
        chdir("/").unwrap();
    });
}

#[test]
fn a_new_root_hides_what_is_above_and_leaves_the_working_directory_outside() {
    if !is_root() {
        return skip("chroot needs root");
    }
    alone("process::a_new_root_hides_what_is_above_and_leaves_the_working_directory_outside", || {
        let dir = Dir::new();
        dir.file("f", "hello");
        chdir("/").unwrap();
        chroot(&dir.path("")).unwrap();
        assert!(stat("/f", Follow::Yes).is_ok() && stat("/proc/self", Follow::Yes).is_err());
        // rustix shows the kernel's `(unreachable)/`.
        assert!(rustix::process::getcwd(Vec::new()).unwrap().to_bytes().starts_with(b"(unreachable)"));
        assert_eq!(errno(getcwd()), Errno::NOENT);
        // Out again, as a working directory outside allows.
        chroot(".").unwrap();
        assert!(stat("/proc/self", Follow::Yes).is_ok());
        chroot((&dir.fd, ".")).unwrap();
        assert!(stat("/f", Follow::Yes).is_ok());
        chroot(".").unwrap();
        assert_eq!(errno(chroot(Path::new("/no/such"))), Errno::NOENT);
    });
}

#[test]
fn without_proc_a_length_is_set_below_a_descriptor_all_the_same() {
    if !is_root() {
        return skip("chroot needs root");
    }
    alone("process::without_proc_a_length_is_set_below_a_descriptor_all_the_same", || {
        let dir = Dir::new();
        dir.file("f", "hello");
        dir.dir("d");
        chdir("/").unwrap();
        chroot(&dir.path("")).unwrap();
        fs_core::mkfifo("/fifo", mode(0o600)).unwrap();
        fs_core::truncate((&dir.fd, "f"), 2).unwrap();
        assert_eq!(stat("/f", Follow::Yes).unwrap().st_size(), 2);
        assert_eq!(errno(fs_core::truncate((&dir.fd, "d"), 2)), Errno::ISDIR);
        assert_eq!(errno(fs_core::truncate((&dir.fd, "fifo"), 2)), Errno::INVAL);
        assert_eq!(errno(fs_core::truncate((&dir.fd, "f"), -1)), Errno::INVAL);
        assert_eq!(errno(chroot((&dir.fd, "d"))), Errno::OPNOTSUPP, "this one needs /proc");
        chroot(".").unwrap();
        drop(fs_core::open("/proc", OFlags::PATH, mode(0)).unwrap());
    });
}
