//! A source that is slow, or does not answer: whatever waits for it, all else goes on.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::{Mount, abort, can_mount, send, wait_for};

/// A mount, and in its source a second one whose daemon can be stopped: a source that does not
/// answer for as long as one likes.
struct Nested {
    outer: Mount,
    inner: Mount,
}

impl Nested {
    fn start(args: &[&str]) -> Nested {
        let inner = Mount::prepared(&["--cache", "none", "--passthrough", "off"], |source| {
            (0..STUCK).for_each(|n| fs::write(source.join(format!("f{n}")), "text").unwrap());
        });
        let outer = Mount::prepared(args, |source| {
            fs::write(source.join("beside"), "text").unwrap();
            fs::create_dir(source.join("inner")).unwrap();
            let flags = rustix::mount::MountFlags::BIND;
            rustix::mount::mount(&inner.mountpoint, source.join("inner"), "", flags, None).unwrap();
        });
        Nested { outer, inner }
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        send(self.inner.pid(), Signal::CONT);
        let _ = rustix::mount::unmount(self.outer.source.join("inner"), rustix::mount::UnmountFlags::DETACH);
    }
}

/// More than any mount has threads to begin with.
const STUCK: usize = 50;

fn servers(mount: &Mount) -> usize {
    let threads = fs::read_dir(format!("/proc/{}/task", mount.pid())).unwrap().flatten();
    threads
        .filter(|task| fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("fuser-")))
        .count()
}

/// How long a thread of its own takes for this; it must not take for ever.
fn timed(work: impl FnOnce() + Send + 'static) -> Duration {
    let (done, over) = mpsc::channel();
    let start = Instant::now();
    thread::spawn(move || {
        work();
        let _ = done.send(());
    });
    over.recv_timeout(Duration::from_secs(20)).expect("is served while others are stuck");
    start.elapsed()
}

#[test]
fn requests_that_are_stuck_in_the_source_hold_up_no_other() {
    if !can_mount() {
        return;
    }
    for args in [&["--cache", "none"][..], &["--threads", "1", "--trace", "/dev/null", "--cache", "none"]] {
        let nested = Nested::start(args);
        let root = nested.outer.mountpoint.clone();
        assert_eq!(fs::read_to_string(root.join("inner/f0")).unwrap(), "text");
        nested.inner.signal(Signal::STOP);
        let (done, results) = mpsc::channel();
        for n in 0..STUCK {
            let (path, done) = (root.join(format!("inner/f{n}")), done.clone());
            thread::spawn(move || done.send(fs::read_to_string(path)));
        }
        assert!(wait_for(|| servers(&nested.outer) >= STUCK), "{} servers", servers(&nested.outer));
        // All that a mount does, but where it is stuck.
        let worst = (0..20)
            .map(|n| {
                timed({
                    let root = root.clone();
                    move || use_it(&root, n)
                })
            })
            .max()
            .unwrap();
        assert!(worst < Duration::from_secs(5), "{worst:?}");
        assert!(results.try_recv().is_err(), "and the others wait");
        nested.inner.signal(Signal::CONT);
        for _ in 0..STUCK {
            let text = results.recv_timeout(Duration::from_secs(20)).expect("goes on once the source does");
            assert_eq!(text.unwrap(), "text");
        }
    }
}

fn use_it(root: &Path, n: usize) {
    let path = root.join(format!("new{n}"));
    assert_eq!(fs::read_to_string(root.join("beside")).unwrap(), "text");
    fs::write(&path, "new").unwrap();
    fs::File::open(&path).unwrap().sync_all().unwrap();
    fs::rename(&path, root.join("moved")).unwrap();
    assert_eq!(fs::read_to_string(root.join("moved")).unwrap(), "new");
    fs::remove_file(root.join("moved")).unwrap();
    rustix::fs::statvfs(root).unwrap();
}

#[test]
fn a_mount_whose_source_does_not_answer_ends_all_the_same() {
    if !can_mount() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let nested = Nested::start(&["--cache", "none", "--trace", trace.to_str().unwrap()]);
    let root = nested.outer.mountpoint.clone();
    // Known to the kernel, which else would let the first caller look alone.
    assert!(root.join("inner").exists());
    nested.inner.signal(Signal::STOP);
    let (done, stuck) = mpsc::channel();
    for n in 0..3 {
        let (path, done) = (root.join(format!("inner/f{n}")), done.clone());
        thread::spawn(move || done.send(fs::read_to_string(path)));
    }
    assert!(wait_for(|| servers(&nested.outer) > 2));
    // As an administrator does it who finds a mount that hangs.
    abort(&root);
    for _ in 0..3 {
        let result = stuck.recv_timeout(Duration::from_secs(20)).expect("nobody waits for ever");
        // ENOTCONN for who was just about to ask for the next thing.
        let errno = result.unwrap_err().raw_os_error();
        assert!(matches!(errno, Some(libc::ECONNABORTED | libc::ENOTCONN)), "{errno:?}");
    }
    assert!(wait_for(|| !support::is_mounted(&root)), "no dead mount is left");
    assert!(wait_for(|| fs::read_to_string(&trace).unwrap().trim_end().ends_with('}')));
    // Its threads are in the kernel until the source answers; then it is gone.
    let pid = nested.outer.pid();
    send(nested.inner.pid(), Signal::CONT);
    assert!(wait_for(|| !support::is_alive(pid)));
    let text = fs::read_to_string(&trace).unwrap();
    assert!(text.lines().last().unwrap().contains("\"type\":\"end\""), "{text}");
}

#[test]
fn as_many_servers_as_were_asked_for_stay_as_long_as_nothing_is_stuck() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&["--threads", "3"]);
    for n in 0..300 {
        fs::write(mount.mountpoint.join(format!("f{n}")), "text").unwrap();
    }
    assert_eq!(servers(&mount), 3);
}
