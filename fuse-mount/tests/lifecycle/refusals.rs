//! What is refused, and what it says then.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::refusing::refusing;
use crate::support::{self, Mount, PROGRAM, Watchdog, can_mount, children, is_alive, is_mounted, mounts_at, wait_for};
use crate::{check_failure, in_own_namespace, places};

#[test]
fn wrong_usage_is_exit_2_and_mounts_nothing() {
    let (dir, source, mountpoint) = places();
    let inside = format!("{source}/inside");
    fs::create_dir(&inside).unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let (file, missing) = (file.to_str().unwrap(), "/nonexistent/x");
    check_failure(&[missing, &mountpoint], 2, &["source", missing, "no such directory"]);
    check_failure(&[&source, missing], 2, &["mountpoint", missing, "no such directory", "mkdir"]);
    check_failure(&[file, &mountpoint], 2, &["source", file, "not a directory"]);
    check_failure(&[&source, file], 2, &["mountpoint", file, "not a directory"]);
    check_failure(&[&source, &inside], 2, &[&inside, "inside the source"]);
    check_failure(&[&source, &mountpoint, "-o", "ro,frobnicate=1"], 2, &["frobnicate=1", "unknown mount option"]);
    check_failure(&[&source, &mountpoint, "--frobnicate"], 2, &["--frobnicate"]);
    check_failure(&[&source, &mountpoint, "--trace", "t", "--trace-level", "full"], 2, &["full", "not supported yet"]);
    check_failure(&[&source], 2, &["MOUNTPOINT"]);
    assert!(!is_mounted(Path::new(&mountpoint)) && !is_mounted(Path::new(&inside)));
}

#[test]
fn a_mountpoint_that_is_in_use_is_refused_by_name() {
    if !can_mount() {
        return;
    }
    let first = Mount::start(&[]);
    let (_dir, source, _) = places();
    let at = first.mountpoint.to_str().unwrap();
    check_failure(&[&source, at], 3, &[at, "in use", "fuse.fuse-mount", first.source.to_str().unwrap()]);
    assert_eq!(mounts_at(&first.mountpoint).len(), 1);
    // A dead one is named as well, and is not asked, which would give an error or hang.
    let guards = children(first.pid());
    support::send(guards[0], Signal::KILL);
    first.signal(Signal::KILL);
    assert!(wait_for(|| !is_alive(first.pid())));
    check_failure(&[&source, at], 3, &[at, "in use", &format!("unmount it first: umount {at}")]);
    // Below it nothing can be opened, and it cannot be shown elsewhere.
    let (_elsewhere, _, elsewhere) = places();
    let below = format!("{at}/below");
    let what_to_do = format!("what was mounted at {at} has lost its daemon; unmount it: umount {at}\n");
    for (source, mountpoint) in [(at, &*elsewhere), (&below, &elsewhere), (&source, &below)] {
        check_failure(&[source, mountpoint], 3, &["ENOTCONN", &what_to_do]);
    }
    check_failure(&[&source, &elsewhere, "--trace", &below], 3, &[&below, "ENOTCONN", &what_to_do]);
    rustix::mount::unmount(&first.mountpoint, rustix::mount::UnmountFlags::DETACH).unwrap();
    assert!(first.wait().code().is_err());
}

#[test]
fn the_kernels_reason_is_in_the_message() {
    if !can_mount() {
        return;
    }
    // Asked in a mount namespace of its own with an empty /dev: no device.
    let (dir, source, mountpoint) = places();
    let script = format!("mount -t tmpfs none /dev && exec {PROGRAM} -f {source} {mountpoint}");
    let output = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{message}");
    assert!(message.contains("/dev/fuse") && message.contains("modprobe fuse"), "{message}");

    // Without the right to mount, and without the helper.
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    let script = format!("PATH=/nonexistent exec {PROGRAM} {source} {mountpoint}");
    let drop = ["--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "sh", "-c", &script];
    let output = Command::new("setpriv").args(drop).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{message}");
    // The helper is found where it usually is, and says itself what is wrong.
    assert!(message.contains("CAP_SYS_ADMIN") || message.contains("fusermount3"), "{message}");
    assert!(message.contains("not permitted"), "{message}");

    // A user where the helper is not installed.
    let script = format!(
        "test ! -e /usr/bin/fusermount3 || mount --bind /dev/null /usr/bin/fusermount3
        cp {PROGRAM} {} && chmod -R a+rX {}
        setpriv --reuid=65534 --regid=65534 --clear-groups {}/fuse-mount {source} {mountpoint} 2>&1 || echo code: $?",
        dir.path().display(),
        dir.path().display(),
        dir.path().display()
    );
    let text = in_own_namespace(&script);
    assert!(text.contains("fusermount3, which is not installed") && text.ends_with("code: 3\n"), "{text}");

    // And one who may not run it.
    let text = in_own_namespace(&format!(
        "cp /bin/true {top}/fusermount3 && chmod 700 {top}/fusermount3
        PATH={top}:$PATH
        setpriv --reuid=65534 --regid=65534 --clear-groups {top}/fuse-mount {source} {mountpoint} 2>&1 || echo code: $?",
        top = dir.path().display()
    ));
    let reason = "/fusermount3: Permission denied (EACCES)";
    assert!(text.contains("without root it needs") && text.contains(reason) && text.ends_with("code: 3\n"), "{text}");
    assert!(!is_mounted(Path::new(&mountpoint)));
}

#[test]
fn a_kernel_without_fuse_is_told_from_one_that_is_too_old() {
    if !can_mount() {
        return;
    }
    let (_dir, source, mountpoint) = places();
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    // A device without a driver, as a static /dev has it.
    let text = in_own_namespace(&format!(
        "mount -t tmpfs none /dev && mknod -m 666 /dev/fuse c 60 229 && mknod -m 666 /dev/null c 1 3
        {PROGRAM} {source} {mountpoint} 2>&1 || echo code: $?"
    ));
    assert!(text.contains("cannot open /dev/fuse: ") && text.contains("ENXIO"), "{text}");
    assert!(text.contains("modprobe fuse") && text.ends_with("code: 3\n"), "{text}");
    // The device is there, and the file system is not, or the call: only a filter can play that here.
    let answers = [(libc::ENODEV, "ENODEV", "modprobe fuse"), (libc::ENOSYS, "ENOSYS", "Linux 5.2 or later")];
    for (errno, name, what_to_do) in answers {
        let Some(starter) = refusing(libc::SYS_fsopen, None, errno) else { return };
        let output = Command::new(&starter[0])
            .args(&starter[1..])
            .args([PROGRAM, &source, &mountpoint])
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0), "{message}");
        assert!(message.contains("cannot make the mount: fsopen") && message.contains(name), "{message}");
        assert!(message.contains(what_to_do) && message.lines().count() == 1, "{message}");
        assert!(!is_mounted(Path::new(&mountpoint)));
    }
}
