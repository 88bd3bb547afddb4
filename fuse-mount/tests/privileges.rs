//! What the daemon may do, on live mounts: no thread of it has a capability that no request needs,
//! and each that it keeps is needed.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use fs_core::linux::{InodeFlags, inode_flags, set_inode_flags};
use fs_core::{Follow, XattrFlags};
use rustix::thread::CapabilitySet;
use support::{Mount, can_mount, children};

/// What is kept, and how that shows.
const NEEDED: &[(&str, Need)] = &[
    ("chown", |mount| {
        fs::write(mount.mountpoint.join("mine"), "").unwrap();
        said(std::os::unix::fs::chown(mount.mountpoint.join("mine"), Some(7), Some(8)))
    }),
    ("dac_override", |mount| said_by(user().args(["-c", "echo more >>users"]), mount)),
    ("dac_read_search", |mount| {
        // Of the many that are known only few have a descriptor, files as directories, and the names lead elsewhere by now.
        let file = |n| mount.mountpoint.join(format!("dir/d{n}/f"));
        let place = |name: &str, n| mount.source.join(format!("dir/{name}{n}"));
        (0..300).for_each(|n| assert!(file(n).exists()));
        (0..300).for_each(|n| fs::rename(place("d", n), place("moved", n)).unwrap());
        said((0..300).try_for_each(|n| fs::read(file(n)).map(drop)))
    }),
    ("fowner", |mount| said_by(user().args(["-c", "chmod 640 users"]), mount)),
    ("fsetid", |mount| {
        let chmod = "exec setpriv --reuid=1234 --regid=1234 --groups=77 chmod 2755 members";
        let done = said_by(Command::new("sh").args(["-c", chmod]), mount);
        let mode = fs::metadata(mount.source.join("members")).unwrap().mode() & 0o7777;
        format!("{done} {mode:o}")
    }),
    ("linux_immutable", |mount| {
        fs::write(mount.mountpoint.join("still"), "").unwrap();
        let file = fs::File::open(mount.mountpoint.join("still")).unwrap();
        let before = inode_flags(&file).unwrap();
        let set = set_inode_flags(&file, before | InodeFlags::IMMUTABLE);
        set_inode_flags(fs::File::open(mount.source.join("still")).unwrap(), before).unwrap();
        said(set)
    }),
    ("mknod", |mount| {
        let device = fs_core::makedev(1, 3);
        said(fs_core::mknod(&mount.mountpoint.join("null"), libc::S_IFCHR | 0o600, device))
    }),
    ("setfcap", |mount| {
        fs::write(mount.mountpoint.join("program"), "").unwrap();
        let mut value = [0; 20];
        (value[3], value[5]) = (2, 4);
        let program = mount.mountpoint.join("program");
        let set = fs_core::setxattr(&program, "security.capability", &value, XattrFlags::empty(), Follow::Yes);
        said(set)
    }),
    ("setgid", |mount| owner_of_new(mount)),
    ("setuid", |mount| owner_of_new(mount)),
];

type Need = fn(&Mount) -> String;

fn said<T, E: std::fmt::Display>(result: Result<T, E>) -> String {
    result.map_or_else(|error| error.to_string(), |_| "done".to_owned())
}

/// A shell of an ordinary user.
fn user() -> Command {
    let mut command = Command::new("sh");
    command.uid(1234).gid(1234);
    command
}

fn said_by(command: &mut Command, mount: &Mount) -> String {
    let output = command.current_dir(&mount.mountpoint).output().unwrap();
    if output.status.success() { "done".to_owned() } else { String::from_utf8_lossy(&output.stderr).into_owned() }
}

fn owner_of_new(mount: &Mount) -> String {
    fs::set_permissions(&mount.source, PermissionsExt::from_mode(0o777)).unwrap();
    said_by(user().args(["-c", "echo >new"]), mount);
    let new = fs::metadata(mount.source.join("new")).unwrap();
    format!("{}:{}", new.uid(), new.gid())
}

fn prepare(source: &Path) {
    fs::write(source.join("users"), "").unwrap();
    fs::set_permissions(source.join("users"), PermissionsExt::from_mode(0o600)).unwrap();
    std::os::unix::fs::chown(source.join("users"), Some(1234), Some(1234)).unwrap();
    fs::write(source.join("members"), "").unwrap();
    std::os::unix::fs::chown(source.join("members"), Some(1234), Some(77)).unwrap();
    for n in 0..300 {
        fs::create_dir_all(source.join(format!("dir/d{n}"))).unwrap();
        fs::write(source.join(format!("dir/d{n}/f")), "").unwrap();
    }
}

const ARGS: [&str; 2] = ["--cache", "exclusive"];

#[test]
fn each_capability_that_is_kept_is_needed() {
    if !can_mount() {
        return;
    }
    for (name, need) in NEEDED {
        let few = ["prlimit", "--nofile=256:256"];
        let with = need(&Mount::by(&few, &ARGS, prepare));
        let expected = match *name {
            "fsetid" => "done 2755",
            "setuid" | "setgid" => "1234:1234",
            _ => "done",
        };
        assert_eq!(with, expected, "{name}");
        let drop = format!("--bounding-set=-{name}");
        let without = need(&Mount::by(&[few[0], few[1], "setpriv", &drop], &ARGS, prepare));
        assert_ne!(without, expected, "{name} is not needed");
    }
    let kept = kept_by(&Mount::start(&[]));
    let needed = NEEDED.iter().map(|(name, _)| CapabilitySet::from_name(&name.to_uppercase()).unwrap());
    // Without that there is no mount: `lifecycle` has the message.
    let needed = needed.fold(CapabilitySet::SYS_ADMIN, |all, one| all | one);
    assert_eq!(kept, needed);
}

/// The capabilities of a process's threads and what they could get, of which none has more than another.
fn kept_by(mount: &Mount) -> CapabilitySet {
    let kept = capabilities(mount.pid(), mount.pid(), "CapPrm:");
    for thread in fs::read_dir(format!("/proc/{}/task", mount.pid())).unwrap() {
        let tid = thread.unwrap().file_name().to_str().unwrap().parse().unwrap();
        let of = |set| capabilities(mount.pid(), tid, set);
        assert!(kept.contains(of("CapEff:")));
        assert_eq!((of("CapPrm:"), of("CapBnd:")), (kept, kept));
        assert_eq!((of("CapInh:"), of("CapAmb:")), (CapabilitySet::empty(), CapabilitySet::empty()));
        assert_eq!(field(mount.pid(), tid, "NoNewPrivs:"), "1");
    }
    kept
}

fn capabilities(pid: u32, tid: u32, set: &str) -> CapabilitySet {
    CapabilitySet::from_bits_retain(u64::from_str_radix(&field(pid, tid, set), 16).unwrap())
}

fn field(pid: u32, tid: u32, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/task/{tid}/status")).unwrap();
    status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned()
}

#[test]
fn threads_that_have_served_have_no_more_than_they_need() {
    if !can_mount() {
        return;
    }
    let mount = Mount::prepared(&[], |source| fs::set_permissions(source, PermissionsExt::from_mode(0o777)).unwrap());
    for n in 0..200 {
        fs::write(mount.mountpoint.join(format!("f{n}")), "text").unwrap();
    }
    said_by(user().args(["-c", "mkdir d; chmod 2777 d; echo >d/new"]), &mount);
    assert_eq!(capabilities(mount.pid(), mount.pid(), "CapPrm:"), kept_by(&mount));
    let guard = children(mount.pid())[0];
    let needed = CapabilitySet::SYS_ADMIN | CapabilitySet::DAC_READ_SEARCH;
    for set in ["CapEff:", "CapPrm:", "CapBnd:"] {
        assert_eq!(capabilities(guard, guard, set), needed, "{set}");
    }
}
