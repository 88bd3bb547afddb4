//! How a mount starts, and what it is then.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::support::{self, Mount, Watchdog, can_mount, children, is_alive, is_mounted, mounts_at, wait_for};
use crate::{daemon_of, places, run, thread_names};

#[test]
fn goes_into_the_background_once_the_mount_is_live() {
    if !can_mount() {
        return;
    }
    let (_dir, source, mountpoint) = places();
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    // The daemon keeps none of the caller's pipes: `output` would wait for their end.
    let output = run(&[&source, &mountpoint]);
    assert_eq!((output.status.code(), output.stdout, output.stderr), (Some(0), vec![], vec![]));
    let table = mounts_at(Path::new(&mountpoint));
    assert_eq!(table.len(), 1, "live as soon as the caller is done");
    let text = table[0].join(" ");
    assert!(text.contains(" rw,nosuid,nodev,relatime "), "{text}");
    assert!(text.contains(&format!(" - fuse.fuse-mount {source} ")), "{text}");
    assert!(text.contains("default_permissions,allow_other"), "{text}");

    let daemon = daemon_of(&mountpoint);
    let guards = children(daemon);
    assert_eq!(guards.len(), 1, "a guard");
    support::send(daemon, Signal::TERM);
    assert!(wait_for(|| !is_alive(daemon)), "ends");
    assert!(!is_mounted(Path::new(&mountpoint)));
    assert!(!is_alive(guards[0]), "the daemon ends after its guard");
}

#[test]
fn the_source_can_be_the_mountpoint_and_lie_below_it() {
    if !can_mount() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let below = dir.path().join("below");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("a"), "text").unwrap();
    for source in [dir.path(), below.as_path()] {
        let _watchdog = Watchdog::start(dir.path(), None);
        let output = run(&[source, dir.path()]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let seen = if source == dir.path() { below.join("a") } else { dir.path().join("a") };
        assert_eq!(fs::read_to_string(seen).unwrap(), "text");
        // A process that another test starts has our files for a moment, before it becomes its program.
        assert!(wait_for(|| rustix::mount::unmount(dir.path(), rustix::mount::UnmountFlags::empty()).is_ok()));
    }
}

#[test]
fn the_words_of_o_reach_the_kernel() {
    if !can_mount() {
        return;
    }
    let words = "suid,dev,noexec,noatime,fsname=the\\,name,subtype=sub,max_read=65536,x-note=1,_netdev";
    let mount = Mount::start(&["-o", words, "-o", "cache=none,threads=3"]);
    let text = mounts_at(&mount.mountpoint)[0].join(" ");
    assert!(text.contains(" rw,noexec,noatime "), "{text}");
    assert!(text.contains(" - fuse.sub the,name rw,"), "{text}");
    assert!(text.contains(",max_read=65536"), "{text}");
    let is_worker = |name: &str| name.starts_with("fuser-");
    assert!(wait_for(|| thread_names(mount.pid()).filter(|name| is_worker(name)).count() == 3));
    assert_eq!(mount.end().code(), Ok(0));

    let mount = Mount::start(&["-o", "ro"]);
    let text = mounts_at(&mount.mountpoint)[0].join(" ");
    assert!(text.contains(" ro,nosuid,nodev,relatime ") && text.contains(" ro,user_id"), "{text}");
}

#[test]
fn two_mounts_of_one_source_live_side_by_side() {
    if !can_mount() {
        return;
    }
    let first = Mount::start(&[]);
    let (_dir, _, second) = places();
    let _watchdog = Watchdog::start(Path::new(&second), None);
    assert_eq!(run(&[first.source.to_str().unwrap(), &second]).status.code(), Some(0));
    fs::write(first.mountpoint.join("a"), "text").unwrap();
    assert_eq!(fs::read_to_string(Path::new(&second).join("a")).unwrap(), "text");
    first.signal(Signal::TERM);
    assert!(wait_for(|| !is_alive(first.pid())));
    assert_eq!(fs::read_to_string(Path::new(&second).join("a")).unwrap(), "text");
    rustix::mount::unmount(&*second, rustix::mount::UnmountFlags::empty()).unwrap();
    assert_eq!(first.wait().code(), Ok(0));
}

#[test]
fn help_and_what_is_made_from_it_come_from_one_definition() {
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(text.contains("Examples:") && text.contains("Exit codes:") && text.contains("--trace-policy"));
    let man = run(&["--man"]);
    assert!(String::from_utf8(man.stdout).unwrap().starts_with(".ie"), "roff");
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["--completions", shell]);
        assert_eq!(script.status.code(), Some(0));
        assert!(String::from_utf8(script.stdout).unwrap().contains("trace-policy"), "{shell}");
    }
    let version = run(&["--version"]);
    assert_eq!(version.stdout, format!("fuse-mount {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
}
