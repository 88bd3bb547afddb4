//! The end of a mount whose source changes all the time: the watcher holds nothing up, and nothing is left.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::mount::{UnmountFlags, unmount};
use rustix::process::Signal;

use crate::support::{self, Mount, can_watch, is_mounted, wait_for};

/// Ends a mount by `end` while its source is changed and looked at through it; the daemon's exit code.
fn end_while_busy(end: impl FnOnce(&Mount)) -> Result<i32, String> {
    let mount = Mount::start(&["--cache=watch"]);
    let (source, mountpoint) = (mount.source.clone(), mount.mountpoint.clone());
    fs::write(source.join("f"), "x").unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0_u64.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let name = source.join(format!("n{}", n % 50));
                let _ = fs::write(&name, "y").and_then(|()| fs::remove_file(&name));
            }
        });
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) && is_mounted(&mountpoint) {
                let _ = fs::read_dir(&mountpoint).map(Iterator::count);
                let _ = fs::metadata(mountpoint.join("n7"));
            }
        });
        thread::sleep(std::time::Duration::from_millis(100));
        end(&mount);
        let code = mount.wait().code();
        is_over.store(true, Ordering::Relaxed);
        assert!(!is_mounted(&mountpoint));
        code
    })
}

#[test]
fn a_mount_ends_while_its_source_changes() {
    if !can_watch() {
        return;
    }
    assert_eq!(end_while_busy(|mount| mount.signal(Signal::TERM)), Ok(0));
    let from_outside = |mount: &Mount| unmount(&mount.mountpoint, UnmountFlags::DETACH).unwrap();
    assert_eq!(end_while_busy(from_outside), Ok(0));
    // That a mount was aborted is a failure, and still an end.
    assert_eq!(end_while_busy(|mount| support::abort(&mount.mountpoint)), Ok(3));
}

#[test]
fn a_daemon_holds_nothing_open_on_its_mount() {
    if !can_watch() {
        return;
    }
    let mount = Mount::start(&["--cache=watch"]);
    fs::create_dir(mount.source.join("d")).unwrap();
    assert!(wait_for(|| mount.mountpoint.join("d").exists()));
    let device = rustix::fs::stat(&mount.mountpoint).unwrap().st_dev;
    for descriptor in fs::read_dir(format!("/proc/{}/fd", mount.pid())).unwrap() {
        // One that is closed by now is none.
        let Ok(status) = rustix::fs::stat(descriptor.unwrap().path()) else { continue };
        assert_ne!(status.st_dev, device);
    }
    // So it is not in use: an unmount need not be lazy.
    unmount(&mount.mountpoint, UnmountFlags::empty()).unwrap();
    assert_eq!(mount.wait().code(), Ok(0));
}
