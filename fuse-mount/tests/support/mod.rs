//! Mounts for tests: each a process of its own, with a watchdog.
//!
//! A mount whose daemon is stuck stops all who touch it, for ever. So whatever a test does, the
//! watchdog ends the mount after a while: callers then get errors and the test fails.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a mount of a test may live: two minutes, or `OSPREY_PATIENCE` seconds.
fn patience() -> Duration {
    let seconds = std::env::var("OSPREY_PATIENCE").map_or(120, |seconds| seconds.parse().expect("a number of seconds"));
    Duration::from_secs(seconds)
}

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_fuse-mount");

/// Whether mounts can be made here. Says why not; a test then returns. With
/// `OSPREY_REQUIRE_ALL` set, what cannot be tested is a failure.
pub fn can_mount() -> bool {
    if !rustix::process::geteuid().is_root() {
        return skip("mounting needs root");
    }
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    true
}

/// The Python that comes with the system, or another. Says so where there is none.
pub fn python() -> Option<&'static str> {
    let runs = |python: &&str| Command::new(python).arg("-V").output().is_ok_and(|output| output.status.success());
    let python = ["/usr/bin/python3", "python3"].into_iter().find(runs);
    if python.is_none() {
        skip("there is no python3");
    }
    python
}

/// Whether changes in the temporary directory can be heard of: not without the right to, or on a file system
/// without handles.
pub fn can_watch() -> bool {
    if !can_mount() {
        return false;
    }
    let end = Mount::start(&["--cache=watch"]).end();
    !end.stderr.contains("cannot be watched") || skip(&format!("no watching here: {}", end.stderr))
}

/// Says why a test is skipped; always false.
pub fn skip(reason: &str) -> bool {
    assert!(std::env::var_os("OSPREY_REQUIRE_ALL").is_none(), "must not be skipped here: {reason}");
    let test = thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("SKIP {test}: {reason}");
    false
}

/// A live mount of a directory of its own, in the foreground; unmounted when dropped.
pub struct Mount {
    /// The directory that is shown.
    pub source: PathBuf,
    /// Where it is shown.
    pub mountpoint: PathBuf,
    daemon: Option<Child>,
    watchdog: Watchdog,
    dir: TempDir,
}

/// How a daemon ended.
pub struct End {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Mount {
    /// Mounts a new, empty directory with these arguments, and waits until the mount is live.
    pub fn start(args: &[&str]) -> Mount {
        Mount::prepared(args, |_| {})
    }

    /// Mounts a new directory that `prepare` has filled.
    pub fn prepared(args: &[&str], prepare: impl FnOnce(&Path)) -> Mount {
        Mount::by(&[], args, prepare)
    }

    /// As [`Mount::prepared`], with the daemon started by another program, which becomes it.
    pub fn by(starter: &[&str], args: &[&str], prepare: impl FnOnce(&Path)) -> Mount {
        let dir = tempfile::Builder::new().prefix("fuse-mount-test-").tempdir().unwrap();
        // Users other than root are to reach what is below.
        fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let (source, mountpoint) = (dir.path().join("source"), dir.path().join("mountpoint"));
        fs::create_dir(&source).unwrap();
        fs::create_dir(&mountpoint).unwrap();
        prepare(&source);
        let words: Vec<&str> = starter.iter().copied().chain([PROGRAM, "-f"]).collect();
        let daemon = Command::new(words[0])
            .args(&words[1..])
            .args(args)
            .args([&source, &mountpoint])
            .stdin(Stdio::null())
            .stdout(fs::File::create(dir.path().join("stdout")).unwrap())
            .stderr(fs::File::create(dir.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let watchdog = Watchdog::start(&mountpoint, Some(daemon.id()));
        let mut mount = Mount { source, mountpoint, daemon: Some(daemon), watchdog, dir };
        let daemon = mount.daemon.as_mut().unwrap();
        let live = wait_for(|| is_mounted(&mount.mountpoint) || daemon.try_wait().unwrap().is_some());
        if !live || !is_mounted(&mount.mountpoint) {
            let end = mount.end();
            panic!("no mount: {:?}: {}", end.status, end.stderr);
        }
        mount
    }

    /// A directory beside source and mountpoint that is gone with the mount.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The daemon's process id.
    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().unwrap().id()
    }

    /// Sends a signal to the daemon.
    pub fn signal(&self, signal: Signal) {
        send(self.pid(), signal);
    }

    /// Waits for the daemon to end by itself.
    pub fn wait(mut self) -> End {
        self.reap()
    }

    /// Unmounts and waits for the daemon to end.
    pub fn end(mut self) -> End {
        if self.daemon.as_mut().unwrap().try_wait().unwrap().is_none() {
            self.signal(Signal::TERM);
        }
        self.reap()
    }

    fn reap(&mut self) -> End {
        let status = self.daemon.take().unwrap().wait().unwrap();
        let read = |name: &str| fs::read_to_string(self.dir.path().join(name)).unwrap();
        End { status, stdout: read("stdout"), stderr: read("stderr") }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.end_daemon();
        // A test may have mounted something there, and a directory in use cannot be removed.
        while is_mounted(&self.source) {
            let _ = rustix::mount::unmount(&self.source, rustix::mount::UnmountFlags::DETACH);
        }
    }
}

impl Mount {
    fn end_daemon(&mut self) {
        let Some(mut daemon) = self.daemon.take() else { return };
        let pid = daemon.id();
        send(pid, Signal::TERM);
        let mut is_over = || daemon.try_wait().is_ok_and(|status| status.is_some());
        if !wait_up_to(Duration::from_secs(5), &mut is_over) {
            // Something is still open: a failed test's, most likely.
            send(pid, Signal::TERM);
            if !wait_up_to(Duration::from_secs(5), &mut is_over) {
                end_by_force(&self.mountpoint, Some(pid));
                let _ = daemon.wait();
            }
        }
    }
}

impl End {
    /// The exit code; the status as text when a signal ended it.
    pub fn code(&self) -> Result<i32, String> {
        self.status.code().ok_or_else(|| format!("signal {:?}", self.status.signal()))
    }
}

/// Ends the mount at a path when a test takes too long, and when the test is over.
pub struct Watchdog {
    mountpoint: PathBuf,
    disarm: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Watchdog {
    /// Watches the mount at `mountpoint`, which need not be there yet, and the daemon if it is known.
    pub fn start(mountpoint: &Path, daemon: Option<u32>) -> Watchdog {
        let (disarm, disarmed) = mpsc::channel();
        let watched = mountpoint.to_owned();
        let thread = thread::spawn(move || {
            let patience = patience();
            if let Err(mpsc::RecvTimeoutError::Timeout) = disarmed.recv_timeout(patience) {
                eprintln!("watchdog: {} has lived for {patience:?}: ended by force", watched.display());
                end_by_force(&watched, daemon);
            }
        });
        Watchdog { mountpoint: mountpoint.to_owned(), disarm: Some(disarm), thread: Some(thread) }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.disarm = None;
        let _ = self.thread.take().unwrap().join();
        if is_mounted(&self.mountpoint) {
            end_by_force(&self.mountpoint, None);
        }
    }
}

/// The lines of the mount table for a path, as fields; never asks the mount itself.
pub fn mounts_at(mountpoint: &Path) -> Vec<Vec<String>> {
    // A place may have any bytes in its name, and others mount, too.
    let table = fs::read("/proc/self/mountinfo").unwrap();
    let table = String::from_utf8_lossy(&table);
    let lines = table.lines().map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|fields| OsStr::new(&fields[4]) == mountpoint.as_os_str()).collect()
}

/// Whether something is mounted there.
pub fn is_mounted(mountpoint: &Path) -> bool {
    !mounts_at(mountpoint).is_empty()
}

/// Polls until `done`, for at most half a minute.
pub fn wait_for(done: impl FnMut() -> bool) -> bool {
    wait_up_to(Duration::from_secs(30), done)
}

/// Polls until `done`, for at most `limit`.
pub fn wait_up_to(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if done() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process is there and not only waiting to be buried.
pub fn is_alive(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !stat.rsplit(") ").next().unwrap().starts_with('Z')
}

/// The direct children of a process.
pub fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>()).collect()
}

/// Sends a signal to a process; one that is gone already does not matter. One that is to stop has stopped after it: a
/// thread may go on for a moment.
pub fn send(pid: u32, signal: Signal) {
    let process = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let _ = kill_process(process, signal);
    if signal == Signal::STOP {
        assert!(wait_for(|| !threads(pid).any(|state| matches!(state, 'R' | 'S'))), "{pid} goes on");
    }
}

/// The states of a process's threads, as in /proc.
fn threads(pid: u32) -> impl Iterator<Item = char> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
    stats.filter_map(|stat| stat.rsplit(") ").next()?.chars().next())
}

/// Makes a mount end whatever state it is in: its connection is aborted, so that who waits for
/// it gets an error, and it is taken away.
pub fn end_by_force(mountpoint: &Path, daemon: Option<u32>) {
    abort(mountpoint);
    let _ = rustix::mount::unmount(mountpoint, rustix::mount::UnmountFlags::DETACH);
    if let Some(pid) = daemon {
        send(pid, Signal::KILL);
    }
}

/// Aborts the connections of the FUSE mounts at a path, as an administrator does in
/// `/sys/fs/fuse/connections`, which need not be mounted.
pub fn abort(mountpoint: &Path) {
    let control = tempfile::tempdir().unwrap();
    let flags = rustix::mount::MountFlags::empty();
    if rustix::mount::mount("none", control.path(), "fusectl", flags, None).is_err() {
        return;
    }
    for mount in mounts_at(mountpoint) {
        // The kernel calls a connection by its device's minor number.
        let Some(connection) = mount[2].strip_prefix("0:") else { continue };
        let _ = fs::write(control.path().join(connection).join("abort"), "1");
    }
    let _ = rustix::mount::unmount(control.path(), rustix::mount::UnmountFlags::DETACH);
}
