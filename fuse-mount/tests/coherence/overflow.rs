//! More changes than the queue of events holds, while nobody reads it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use fuse_mount::Cache;
use rustix::process::Signal;

use crate::support::{Mount, can_watch, is_alive, wait_for};
use crate::{assert_seen, check_end, view};

/// Whether a process is stopped.
fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().starts_with('T')
}

#[test]
fn after_lost_events_everything_is_asked_for_anew() {
    if !can_watch() {
        return;
    }
    let limit = fs::read_to_string("/proc/sys/fs/fanotify/max_queued_events").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    let mount = Mount::start(&["--cache=watch"]);
    let (below, above) = (mount.source.join("dir"), mount.mountpoint.join("dir"));
    fs::create_dir_all(below.join("d")).unwrap();
    fs::create_dir(mount.source.join("noise")).unwrap();
    for (name, content) in [("a", "hello"), ("b", "world"), ("d/a", "deep")] {
        fs::write(below.join(name), content).unwrap();
    }
    fs::hard_link(below.join("a"), below.join("d/c")).unwrap();
    let before = [view::of(&above), view::of(&above)];

    // Nobody may use the mount meanwhile: who waits for a stopped daemon waits for long.
    mount.signal(Signal::STOP);
    assert!(wait_for(|| is_stopped(mount.pid())));
    for n in 0..=limit {
        fs::write(mount.source.join(format!("noise/{n}")), "").unwrap();
    }
    // What follows is lost.
    fs::remove_file(below.join("b")).unwrap();
    fs::remove_file(below.join("d/c")).unwrap();
    fs::write(below.join("c"), "was not there").unwrap();
    fs::rename(below.join("d"), below.join("e")).unwrap();
    fs::write(below.join("a"), "changed").unwrap();
    fs::set_permissions(below.join("a"), PermissionsExt::from_mode(0o600)).unwrap();
    let wanted = view::of(&below);
    mount.signal(Signal::CONT);

    assert_ne!(before[1], wanted);
    assert_seen(Cache::Watch, || view::of(&above), &wanted, "what was lost");
    // And from then on as before.
    fs::write(below.join("c"), "after").unwrap();
    assert_seen(Cache::Watch, || view::of(&above), &view::of(&below), "what came after");
    assert!(is_alive(mount.pid()) && fs::metadata(&above).unwrap().nlink() > 1);
    check_end(mount, Cache::Watch);
}
