//! A panic of the daemon costs one request and never the mount.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "support/refusing.rs"]
mod refusing;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use refusing::refusing;
use support::{Mount, can_mount, is_mounted, python, wait_for};

/// Sets the times of `f` in the working directory to what fuser cannot compute with, as an ordinary user.
fn set_impossible_times(mount: &Mount) -> String {
    let script = "import os, ctypes
libc = ctypes.CDLL(None, use_errno=True)
os.setgroups([]); os.setgid(1234); os.setuid(1234)
times = (ctypes.c_long * 4)(-2**63, 0, -2**63, 0)
failed = libc.utimensat(-100, b'f', times, 0)
print('errno', ctypes.get_errno() if failed else 0)";
    let output =
        Command::new("timeout").args(["20", "python3", "-c", script]).current_dir(&mount.mountpoint).output().unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// Whether fuser was built so that it panics at such times. It is not, in any profile of this workspace; `.ci/run`
/// builds it so for this test.
fn panics_are_wanted() -> bool {
    std::env::var_os("OSPREY_FUSER_PANICS").is_some()
}

#[test]
fn times_that_fuser_cannot_compute_with_cost_no_more_than_their_request() {
    if !can_mount() || python().is_none() {
        return;
    }
    let mount = Mount::prepared(&[], |source| {
        fs::write(source.join("f"), "text").unwrap();
        std::os::unix::fs::chown(source.join("f"), Some(1234), Some(1234)).unwrap();
        fs::set_permissions(source, PermissionsExt::from_mode(0o777)).unwrap();
    });
    let errno = if panics_are_wanted() { libc::ECONNABORTED } else { 0 };
    // More often than there are threads; what was opened through one that dies stays usable.
    let mut open = Vec::new();
    for n in 0..20 {
        let file = fs::File::create(mount.mountpoint.join(format!("open{n}"))).unwrap();
        open.push(file);
        assert_eq!(set_impossible_times(&mount), format!("errno {errno}\n"));
        assert_eq!(fs::read_to_string(mount.mountpoint.join("f")).unwrap(), "text");
    }
    for (n, file) in open.iter().enumerate() {
        std::os::unix::fs::FileExt::write_all_at(file, b"text", 0).unwrap();
        assert_eq!(fs::read_to_string(mount.source.join(format!("open{n}"))).unwrap(), "text");
    }
    drop(open);
    let end = mount.end();
    assert_eq!(end.code(), Ok(0), "{}", end.stderr);
    let loud = end.stderr.matches("internal error, please report it").count();
    assert_eq!(loud, if panics_are_wanted() { 20 } else { 0 }, "{}", end.stderr);
    assert!(end.stderr.lines().all(|line| line.starts_with("fuse-mount: ")), "one line each: {}", end.stderr);
}

/// `FUSE_DEV_IOC_CLONE`: `_IOR(229, 0, uint32_t)`.
const CLONE: u32 = 2 << 30 | 4 << 16 | 229 << 8;

/// A kernel, or a sandbox, that does not let the device be opened again: all threads share one descriptor.
#[test]
fn where_the_device_cannot_be_opened_again_a_mount_works_and_such_times_end_it() {
    if !can_mount() || python().is_none() {
        return;
    }
    for errno in [libc::ENOTTY, libc::EPERM] {
        let starter = refusing(libc::SYS_ioctl, Some(CLONE), errno).expect("there is a Python");
        let starter: Vec<&str> = starter.iter().map(String::as_str).collect();
        let mount = Mount::by(&starter, &[], |source| {
            fs::write(source.join("f"), "text").unwrap();
            std::os::unix::fs::chown(source.join("f"), Some(1234), Some(1234)).unwrap();
            fs::set_permissions(source, PermissionsExt::from_mode(0o777)).unwrap();
        });
        for n in 0..50 {
            let (new, name) = (mount.mountpoint.join(format!("new{n}")), mount.mountpoint.join(format!("name{n}")));
            fs::write(&new, "text").unwrap();
            fs::rename(&new, &name).unwrap();
            assert_eq!(fs::read_to_string(&name).unwrap(), "text");
        }
        let said = set_impossible_times(&mount);
        if !panics_are_wanted() {
            assert_eq!(said, "errno 0\n");
            let end = mount.end();
            assert_eq!((end.code(), end.stderr.as_str()), (Ok(0), ""));
            continue;
        }
        // Nobody hangs, no dead mount is left, and the message says what to make of it.
        assert!(["errno 103\n", "errno 107\n"].contains(&said.as_str()), "ECONNABORTED or ENOTCONN: {said}");
        assert!(wait_for(|| !is_mounted(&mount.mountpoint)), "no dead mount is left");
        let end = mount.wait();
        assert_eq!(end.code(), Ok(3), "{}", end.stderr);
        assert!(end.stderr.contains("internal error, please report it"), "{}", end.stderr);
        assert!(end.stderr.contains("has died, and the mount with it"), "{}", end.stderr);
    }
}

/// With the feature `planted-faults`, as `.ci/run` runs it.
#[cfg(feature = "planted-faults")]
#[test]
fn a_panic_in_an_operation_is_one_eio_and_one_line() {
    use fs_core::Follow;

    if !can_mount() {
        return;
    }
    let starter = ["env", "OSPREY_PLANTED_PANIC=user.panics"];
    for args in [&[][..], &["--trace", "/dev/null"]] {
        let mount = Mount::by(&starter, args, |source| fs::write(source.join("f"), "text").unwrap());
        for _ in 0..20 {
            let error = fs_core::getxattr(&mount.mountpoint.join("f"), "user.panics", Follow::Yes).unwrap_err();
            assert_eq!(fs_core::Errno::from(error), fs_core::Errno::IO);
            let error = fs_core::getxattr(&mount.mountpoint.join("f"), "user.not", Follow::Yes).unwrap_err();
            assert_eq!(fs_core::Errno::from(error), fs_core::Errno::NODATA);
        }
        let end = mount.end();
        assert_eq!(end.code(), Ok(0));
        let lines: Vec<&str> = end.stderr.lines().collect();
        assert_eq!(lines.len(), 20, "{}", end.stderr);
        assert!(lines.iter().all(|line| line.contains("internal error, please report it")), "{}", end.stderr);
    }
}
