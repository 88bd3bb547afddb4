//! Ordinary users of a daemon that runs as root: what they may not get, and what they may try.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use support::{Mount, can_mount, python};

/// Each call with sizes, numbers and times at the edges and beyond, and what came of it.
const EDGES: &str = r#"
import ctypes, errno, fcntl, os, struct, time
libc = ctypes.CDLL(None, use_errno=True)
def call(label, function, *args):
    try:
        result = function(*args)
    except (OSError, OverflowError, ValueError) as error:
        result = errno.errorcode.get(getattr(error, "errno", None), type(error).__name__)
    print(label, result)
def raw(function, *args):
    if function(*args) < 0:
        number = ctypes.get_errno()
        raise OSError(number, "")
    return 0
long, size = ctypes.c_long, ctypes.c_size_t
call("umask", os.umask, 0)
call("name of 255", lambda: os.close(os.open("n" * 255, os.O_CREAT | os.O_WRONLY)))
call("name of 256", os.open, "n" * 256, os.O_CREAT | os.O_WRONLY)
call("link of 4095", os.symlink, "x" * 4095, "link")
call("link read", lambda: len(os.readlink("link")))
call("link of 4096", os.symlink, "x" * 4096, "longer")
fd = os.open("f", os.O_CREAT | os.O_RDWR, 0o644)
for length in (0, 1, 255, 3000, 65536, 65537, 1 << 20):
    call(f"setxattr {length}", os.setxattr, "f", "user.a", b"v" * length)
    call(f"getxattr {length}", lambda: len(os.getxattr("f", "user.a")))
for length in (0, 1, 250, 251, 4000):
    call(f"xattr name {length}", os.setxattr, "f", "user." + "n" * length, b"v")
for name in ("trusted.a", "security.capability", "security.a", "system.a", "none.a", ".", "user.", "system.posix_acl_access"):
    call(f"xattr {name}", os.setxattr, "f", name, b"\1\0\0\2")
for mode in (0, 1, 2, 3, 8, 16, 32, 64, 1 << 20, -1):
    for offset, length in ((0, 1), (0, 2**63 - 1), (2**63 - 1, 1), (-1, 1), (0, 0), (0, -1), (2**62, 2**62)):
        if mode in (8, 32):
            continue # FUSE has none
        call(f"fallocate {mode} {offset} {length}", raw, libc.fallocate, fd, mode, long(offset), long(length))
        os.ftruncate(fd, 0)
for length in (2**63 - 1, -1, 2**44, 2**62):
    call(f"truncate {length}", os.truncate, "f", length)
    call(f"ftruncate {length}", os.ftruncate, fd, length)
os.ftruncate(fd, 0)
for seconds in (-2**63, -2**63 + 1, -2**31 - 1, -2**31, -1, 0, 2**31, 2**33, 2**34, 2**35, 2**62, 2**63 - 1):
    for nanoseconds in (0, 1, 999_999_999, 1_000_000_000, -1, 2**62):
        times = (long * 4)(seconds, nanoseconds, seconds, nanoseconds)
        call(f"utimensat {seconds} {nanoseconds}", raw, libc.utimensat, -100, b"f", times, 0)
        call("times", lambda: (os.stat("f").st_atime_ns, os.stat("f").st_mtime_ns))
for offset in (-1, 2**63 - 1, 2**62):
    call(f"pread {offset}", os.pread, fd, 10, offset)
    call(f"lseek data {offset}", os.lseek, fd, offset, os.SEEK_DATA)
    call(f"lseek set {offset}", os.lseek, fd, offset, os.SEEK_SET)
for owner in (0, 1, 1234, 65534, 2**32 - 2):
    call(f"chown {owner}", os.chown, "f", owner, -1)
    call(f"chgrp {owner}", os.chown, "f", -1, owner)
for mode in (0o7777, 0o4755, 0o2755, 0o1644, 0o100644, 0o644):
    call(f"chmod {mode:o}", os.chmod, "f", mode)
    call("mode", lambda: oct(os.stat("f").st_mode))
for kind in (0o020000, 0o060000, 0o010000, 0o140000, 0o100000, 0o040000, 0o120000, 0o170000):
    call(f"mknod {kind:o}", os.mknod, f"node{kind:o}", kind | 0o600, os.makedev(1, 3))
"#;

/// What the kernel's FUSE answers by itself: it knows neither how long files of the source may be, nor before the mode
/// of `fallocate` the length.
const OF_THE_KERNEL: [&str; 3] = [
    "fallocate 64 0 9223372036854775807 ENOTSUP",
    "lseek set 9223372036854775807 9223372036854775807",
    "lseek set 4611686018427387904 4611686018427387904",
];

/// What a user sees of the script, in a directory of its own.
fn run(root: &Path) -> Vec<String> {
    let place = root.join("place");
    let output = Command::new(python().unwrap())
        .args(["-S", "-c", EDGES])
        .current_dir(&place)
        .uid(1234)
        .gid(1234)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn prepare(source: &Path) {
    fs::create_dir(source.join("place")).unwrap();
    std::os::unix::fs::chown(source.join("place"), Some(1234), Some(1234)).unwrap();
}

#[test]
fn sizes_numbers_and_times_beyond_the_edges_do_what_they_do_on_the_source() {
    if !can_mount() || python().is_none() {
        return;
    }
    let mount = Mount::prepared(&["--cache", "none"], prepare);
    let above = run(&mount.mountpoint);
    fs::remove_dir_all(mount.source.join("place")).unwrap();
    prepare(&mount.source);
    let below = run(&mount.source);
    let differ = above.iter().zip(&below).filter(|(above, below)| above != below);
    let differ: Vec<_> = differ.filter(|(above, _)| !OF_THE_KERNEL.contains(&above.as_str())).collect();
    assert!(differ.is_empty() && above.len() == below.len(), "above, below: {differ:#?}");
    let end = mount.end();
    assert_eq!((end.code(), end.stderr.as_str()), (Ok(0), ""));
}

fn as_user(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.uid(1234).gid(1234);
    command
}

#[test]
fn devices_and_set_user_id_programs_act_only_where_that_was_asked_for() {
    if !can_mount() {
        return;
    }
    for (args, works) in [(&[][..], false), (&["-o", "dev,suid"], true), (&["-o", "dev,suid,nodev,nosuid"], false)] {
        let mount = Mount::prepared(args, |source| {
            fs::copy("/usr/bin/id", source.join("id")).unwrap();
            fs::set_permissions(source.join("id"), PermissionsExt::from_mode(0o4755)).unwrap();
            let zero = source.join("zero");
            fs_core::mknod(&zero, libc::S_IFCHR | 0o666, fs_core::makedev(1, 5)).unwrap();
            fs::set_permissions(zero, PermissionsExt::from_mode(0o666)).unwrap();
        });
        let id = as_user(&mount.mountpoint.join("id")).arg("-u").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&id.stdout).trim() == "0", works, "{args:?}: {id:?}");
        let opened = fs::File::open(mount.mountpoint.join("zero"));
        let errno = opened.as_ref().err().and_then(std::io::Error::raw_os_error);
        assert_eq!(errno, if works { None } else { Some(libc::EACCES) }, "{args:?}");
    }
}

#[test]
fn a_user_gets_no_more_than_a_user_may_have() {
    if !can_mount() {
        return;
    }
    if !Path::new("/usr/bin/fusermount3").exists() {
        support::skip("there is no fusermount3 (Debian's package fuse3)");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let script = format!(
        "cd {top} && cp {program} fuse-mount && mkdir source mnt && echo text >source/a
        chown -R 65534:65534 source mnt
        mount -t tmpfs none /dev
        mknod -m 666 /dev/fuse c 10 229 && mknod -m 666 /dev/null c 1 3
        as_user='setpriv --reuid=65534 --regid=65534 --clear-groups'
        other='setpriv --reuid=1234 --regid=1234 --clear-groups'
        touch fuse.conf && touch /etc/fuse.conf && mount --bind fuse.conf /etc/fuse.conf
        line() {{ grep ' {top}/mnt ' /proc/self/mountinfo | cut -d' ' -f6-; }}
        $as_user ./fuse-mount source mnt -o suid,dev
        echo one: $(line)
        echo owner: $($as_user cat mnt/a) other: $($other cat mnt/a 2>&1) root: $(cat mnt/a 2>&1)
        $as_user fusermount3 -u mnt
        $as_user ./fuse-mount source mnt -o allow_other 2>&1; echo code: $?
        echo user_allow_other >fuse.conf
        chmod 600 source/a
        $as_user ./fuse-mount source mnt -o allow_other
        echo three: $(line)
        echo owner: $($as_user cat mnt/a) other: $($other cat mnt/a 2>&1)
        $as_user fusermount3 -u mnt",
        top = dir.path().display(),
        program = support::PROGRAM,
    );
    let output = Command::new("timeout").args(["60", "unshare", "-m", "sh", "-c", &script]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line =
        |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{text}{output:?}"));
    assert!(line("one:").contains("nosuid,nodev") && line("one:").contains("default_permissions"), "{text}");
    let private = "other: cat: mnt/a: Permission denied root: cat: mnt/a: Permission denied";
    assert!(text.contains(&format!("owner: text {private}")), "{text}");
    assert!(text.contains("user_allow_other") && text.contains("/etc/fuse.conf"), "says what is missing: {text}");
    assert!(text.contains("code: 3"), "{text}");
    assert!(line("three:").contains("default_permissions,allow_other"), "{text}");
    assert!(text.contains("owner: text other: cat: mnt/a: Permission denied"), "{text}");
}
