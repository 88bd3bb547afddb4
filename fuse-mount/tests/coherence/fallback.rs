//! Where the source cannot be watched, the mount says so and goes on as with `tick`.

use std::fs;

use fuse_mount::Cache;
use rustix::mount::{MountFlags, UnmountFlags};
use serde_json::Value;

use crate::support::{self, Mount, can_mount, can_watch};
use crate::{check_from_above, check_from_below};

/// Checks that the mount has said why it is one with `tick`, is one, and has it in its trace.
fn check_goes_on(mount: Mount, trace: &std::path::Path, why: &str) {
    check_from_below(&mount, Cache::Tick);
    fs::create_dir(mount.mountpoint.join("above")).unwrap();
    let end = mount.end();
    let lines: Vec<&str> = end.stderr.lines().filter(|line| !line.contains("is in use")).collect();
    assert_eq!((end.code(), lines.len()), (Ok(0), 1), "{lines:?}");
    assert!(lines[0].contains("cannot be watched") && lines[0].contains("--cache tick"), "{lines:?}");
    assert!(lines[0].contains(why), "{lines:?}");
    let text = fs::read_to_string(trace).unwrap();
    let begin: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(begin["cache"], "tick");
}

#[test]
fn a_file_system_without_handles_is_said_to_have_none() {
    if !can_mount() {
        return;
    }
    let traces = tempfile::tempdir().unwrap();
    let trace = traces.path().join("trace.jsonl");
    let mut made = Ok(());
    let arguments = ["--cache=watch", "--trace", trace.to_str().unwrap()];
    let mount = Mount::prepared(&arguments, |source| {
        rustix::mount::mount("tmpfs", source, "tmpfs", MountFlags::empty(), None).unwrap();
        for dir in ["lower", "upper", "work"] {
            fs::create_dir(source.join(dir)).unwrap();
        }
        let part = |dir: &str| format!("{dir}dir={}", source.join(dir).display());
        let options = std::ffi::CString::new(["lower", "upper", "work"].map(part).join(",")).unwrap();
        made = rustix::mount::mount("overlay", source, "overlay", MountFlags::empty(), &*options);
        if made.is_err() {
            rustix::mount::unmount(source, UnmountFlags::DETACH).unwrap();
        }
    });
    if let Err(errno) = made {
        support::skip(&format!("overlay cannot be mounted: {errno}"));
        return;
    }
    check_goes_on(mount, &trace, "nfs_export=on");
}

#[test]
fn without_the_capability_it_is_said_to_be_missing() {
    if !can_watch() {
        return;
    }
    if let Err(error) = std::process::Command::new("unshare").arg("--version").output() {
        support::skip(&format!("unshare: {error}"));
        return;
    }
    let traces = tempfile::tempdir().unwrap();
    let trace = traces.path().join("trace.jsonl");
    // In a user namespace a process has all capabilities, and none of them outside of it. What it mounts is seen
    // only in there, and ends with its processes.
    let dir = tempfile::tempdir().unwrap();
    let (source, mountpoint) = (dir.path().join("source"), dir.path().join("mountpoint"));
    fs::create_dir(&source).unwrap();
    fs::create_dir(&mountpoint).unwrap();
    let script =
        r#""$PROGRAM" --cache=watch --trace "$1" "$2" "$3" && echo below >"$2/f" && cat "$3/f" && umount "$3""#;
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "timeout", "60", "sh", "-c", script, "sh"]);
    command.args([&trace, &source, &mountpoint]).env("PROGRAM", support::PROGRAM);
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    if stderr.contains("unshare:") {
        support::skip(&format!("no user namespaces here: {stderr}"));
        return;
    }
    assert_eq!(String::from_utf8_lossy(&output.stdout), "below\n", "{stderr}");
    assert!(stderr.contains("needs CAP_SYS_ADMIN") && stderr.contains("--cache tick"), "{stderr}");
    let text = || fs::read_to_string(&trace).unwrap();
    assert!(support::wait_for(|| text().lines().count() > 1), "{stderr}");
    let begin: Value = serde_json::from_str(text().lines().next().unwrap()).unwrap();
    assert_eq!(begin["cache"], "tick");
}

#[test]
fn a_file_system_below_that_cannot_be_watched_is_as_with_tick() {
    if !can_watch() {
        return;
    }
    let mount = Mount::start(&["--cache=watch"]);
    let below = mount.source.join("o");
    fs::create_dir(&below).unwrap();
    for dir in ["lower", "upper", "work"] {
        fs::create_dir(mount.source.join(dir)).unwrap();
    }
    let part = |dir: &str| format!("{dir}dir={}", mount.source.join(dir).display());
    let options = std::ffi::CString::new(["lower", "upper", "work"].map(part).join(",")).unwrap();
    if let Err(errno) = rustix::mount::mount("overlay", &below, "overlay", MountFlags::empty(), &*options) {
        support::skip(&format!("overlay cannot be mounted: {errno}"));
        return;
    }
    let above = mount.mountpoint.join("o");
    for name in ["a", "b"] {
        assert_eq!(crate::text(&above.join(name)), None);
        fs::write(below.join(name), name).unwrap();
        let look = || crate::text(&above.join(name));
        crate::assert_seen(Cache::Tick, look, &Some(name.to_owned()), "a file that is made");
        fs::write(below.join(name), "changed").unwrap();
        crate::assert_seen(Cache::Tick, look, &Some("changed".to_owned()), "a file that is written");
        fs::remove_file(below.join(name)).unwrap();
        crate::assert_seen(Cache::Tick, look, &None, "a file that is removed");
    }
    rustix::mount::unmount(&below, UnmountFlags::DETACH).unwrap();
    check_from_above(&mount, Cache::Watch);
    let end = mount.end();
    let said = end.stderr.lines().filter(|line| line.contains("as by --cache tick")).count();
    assert_eq!((end.code(), said), (Ok(0), 1), "{}", end.stderr);
}
