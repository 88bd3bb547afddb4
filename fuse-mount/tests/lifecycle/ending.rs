//! How a mount ends, whatever ends it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::places;
use crate::support::{self, Mount, PROGRAM, Watchdog, can_mount, children, is_alive, is_mounted, wait_for};

#[test]
fn ends_with_success_on_each_signal_that_asks_for_it() {
    if !can_mount() {
        return;
    }
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        // Whoever runs the tests may ignore hangups, and what is ignored is inherited.
        let mount = Mount::by(&["env", "--default-signal=HUP"], &[], |_| {});
        let (guards, mountpoint) = (children(mount.pid()), mount.mountpoint.clone());
        mount.signal(signal);
        let end = mount.wait();
        assert_eq!((end.code(), end.stdout.as_str(), end.stderr.as_str()), (Ok(0), "", ""), "{signal:?}");
        assert!(!is_mounted(&mountpoint));
        assert!(guards.len() == 1 && !is_alive(guards[0]), "no guard is left");
    }
}

#[test]
fn a_hangup_that_is_ignored_ends_nothing() {
    if !can_mount() {
        return;
    }
    let (_dir, source, mountpoint) = places();
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    let mut daemon = Command::new("nohup")
        .args([PROGRAM, "-f", &source, &mountpoint])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert!(wait_for(|| is_mounted(Path::new(&mountpoint))));
    support::send(daemon.id(), Signal::HUP);
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(is_alive(daemon.id()) && is_mounted(Path::new(&mountpoint)));
    support::send(daemon.id(), Signal::TERM);
    assert_eq!(daemon.wait().unwrap().code(), Some(0));
}

#[test]
fn an_unmount_from_outside_ends_it_with_success() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&[]);
    let guards = children(mount.pid());
    rustix::mount::unmount(&mount.mountpoint, rustix::mount::UnmountFlags::empty()).unwrap();
    let end = mount.wait();
    assert_eq!((end.code(), end.stderr.as_str()), (Ok(0), ""));
    assert!(!is_alive(guards[0]));
}

#[test]
fn a_busy_mount_goes_away_at_once_and_what_is_open_works_until_it_is_closed() {
    if !can_mount() {
        return;
    }
    let mount = Mount::prepared(&["--passthrough", "off"], |source| fs::write(source.join("a"), "text").unwrap());
    let mountpoint = mount.mountpoint.clone();
    let open = fs::File::open(mountpoint.join("a")).unwrap();
    mount.signal(Signal::TERM);
    assert!(wait_for(|| !is_mounted(&mountpoint)));
    let mut bytes = [0; 4];
    std::os::unix::fs::FileExt::read_exact_at(&open, &mut bytes, 0).unwrap();
    assert_eq!(&bytes, b"text");
    assert!(is_alive(mount.pid()));
    drop(open);
    let end = mount.wait();
    assert_eq!(end.code(), Ok(0));
    assert!(end.stderr.contains("is in use"), "{}", end.stderr);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    if !can_mount() {
        return;
    }
    let mount = Mount::prepared(&["--passthrough", "off"], |source| fs::write(source.join("a"), "text").unwrap());
    let mountpoint = mount.mountpoint.clone();
    let open = fs::File::open(mountpoint.join("a")).unwrap();
    mount.signal(Signal::TERM);
    assert!(wait_for(|| !is_mounted(&mountpoint)));
    assert!(is_alive(mount.pid()));
    mount.signal(Signal::TERM);
    assert_eq!(mount.wait().code(), Ok(0));
    let mut bytes = [0; 4];
    std::os::unix::fs::FileExt::read_exact_at(&open, &mut bytes, 0).unwrap_err();
}

#[test]
fn nothing_of_the_daemon_keeps_the_mount_in_use() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&["--trace", "/dev/null"]);
    fs::write(mount.mountpoint.join("a"), "text").unwrap();
    // Not lazily: anything that is open there makes this fail.
    let unmount = || rustix::mount::unmount(&mount.mountpoint, rustix::mount::UnmountFlags::empty()).is_ok();
    assert!(wait_for(unmount));
    assert_eq!(mount.wait().code(), Ok(0));
}

#[test]
fn the_guard_unmounts_when_the_daemon_is_killed() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&[]);
    let guards = children(mount.pid());
    assert_eq!(guards.len(), 1);
    mount.signal(Signal::KILL);
    assert!(wait_for(|| !is_mounted(&mount.mountpoint)), "no dead mount is left");
    assert!(wait_for(|| !is_alive(guards[0])), "nor the guard");
    fs::read_dir(&mount.mountpoint).expect("the directory beneath is there again");
    let end = mount.wait();
    assert_eq!(end.code(), Err("signal Some(9)".into()));
}

#[test]
fn without_its_guard_a_mount_lives_on() {
    if !can_mount() {
        return;
    }
    let mount = Mount::prepared(&[], |source| fs::write(source.join("a"), "text").unwrap());
    let mountpoint = mount.mountpoint.clone();
    support::send(children(mount.pid())[0], Signal::KILL);
    assert_eq!(fs::read_to_string(mountpoint.join("a")).unwrap(), "text");
    let end = mount.end();
    assert_eq!((end.code(), end.stderr.as_str()), (Ok(0), ""));
    assert!(!is_mounted(&mountpoint));
}

#[test]
fn when_daemon_and_guard_are_killed_at_once_an_unmount_helps() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&[]);
    let guard = children(mount.pid())[0];
    support::send(guard, Signal::STOP);
    mount.signal(Signal::KILL);
    support::send(guard, Signal::KILL);
    assert!(wait_for(|| !is_alive(mount.pid()) && !is_alive(guard)));
    // Nobody is left to take the mount away; who touches it is told at once.
    let errno = fs::metadata(mount.mountpoint.join("a")).unwrap_err().raw_os_error();
    assert!(matches!(errno, Some(libc::ENOTCONN | libc::ECONNABORTED)), "{errno:?}");
    assert!(Command::new("umount").arg(&mount.mountpoint).status().unwrap().success());
    assert!(mount.wait().code().is_err());
}

#[test]
fn each_way_to_unmount_ends_it_with_success() {
    if !can_mount() {
        return;
    }
    for way in ["umount", "umount -l", "umount -f", "fusermount3 -u", "fusermount3 -uz"] {
        let words: Vec<&str> = way.split(' ').collect();
        if words[0] == "fusermount3" && !Path::new("/usr/bin/fusermount3").exists() {
            support::skip("there is no fusermount3 (Debian's package fuse3)");
            continue;
        }
        let mount = Mount::start(&[]);
        let guards = children(mount.pid());
        let mountpoint = mount.mountpoint.clone();
        let done = Command::new(words[0]).args(&words[1..]).arg(&mountpoint).output().unwrap();
        assert!(done.status.success(), "{way}: {done:?}");
        let end = mount.wait();
        assert_eq!((end.code(), end.stderr.as_str()), (Ok(0), ""), "{way}");
        assert!(!is_mounted(&mountpoint) && !is_alive(guards[0]), "{way}");
    }
}

#[test]
fn a_trace_has_all_but_the_last_moment_when_the_daemon_is_killed() {
    if !can_mount() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let mount = Mount::start(&["--trace", trace.to_str().unwrap()]);
    for n in 0..100 {
        fs::create_dir(mount.mountpoint.join(format!("d{n}"))).unwrap();
    }
    let is_written = || fs::read_to_string(&trace).unwrap().matches("\"op\":\"mkdir\"").count() == 100;
    assert!(support::wait_up_to(std::time::Duration::from_secs(2), is_written), "within 100 ms, on an idle machine");
    mount.signal(Signal::KILL);
    assert!(mount.wait().code().is_err());
    let text = fs::read_to_string(&trace).unwrap();
    let whole = &text[..text.rfind('\n').unwrap()];
    assert!(whole.lines().all(|line| line.starts_with("{\"") && line.ends_with('}')), "whole lines");
    assert!(!whole.contains("\"type\":\"end\""), "and no end, so that it can be told");
}

#[test]
fn the_guard_leaves_a_strangers_mount_alone() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&[]);
    let guards = children(mount.pid());
    // Detached by somebody else, and something else put there; the daemon is killed in this state.
    support::send(mount.pid(), Signal::STOP);
    rustix::mount::unmount(&mount.mountpoint, rustix::mount::UnmountFlags::DETACH).unwrap();
    rustix::mount::mount("none", &mount.mountpoint, "tmpfs", rustix::mount::MountFlags::empty(), None).unwrap();
    mount.signal(Signal::KILL);
    let over = wait_for(|| !is_alive(guards[0]));
    let still_there = is_mounted(&mount.mountpoint);
    rustix::mount::unmount(&mount.mountpoint, rustix::mount::UnmountFlags::DETACH).unwrap();
    assert!(over && still_there);
    assert!(mount.wait().code().is_err());
}

#[test]
fn an_aborted_connection_ends_it_with_an_error_and_without_a_mount() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&[]);
    let mountpoint = mount.mountpoint.clone();
    support::abort(&mountpoint);
    let end = mount.wait();
    assert_eq!(end.code(), Ok(3));
    assert!(end.stderr.contains("aborted"), "{}", end.stderr);
    assert!(!is_mounted(&mountpoint));
}
