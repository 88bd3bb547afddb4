//! A panic of the daemon costs one request and never the mount.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use support::{Mount, can_mount, python};

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
