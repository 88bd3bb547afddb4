//! [`Mount`]: a live mount for as long as it is needed, with a watchdog.
//!
//! A mount whose daemon is stuck stops all who touch it, for ever. So somebody watches: who
//! measures says now and then that it goes on ([`Mount::beat`]), and when that stops the
//! connection is aborted, by which all callers get errors.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{Pid, Signal, kill_process};

/// How long a mount may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a mount may take to come, and to go.
const PROMPT: Duration = Duration::from_secs(10);

/// A live mount of `source` at `mountpoint`; unmounted when dropped.
#[derive(Debug)]
pub struct Mount {
    daemon: Child,
    mountpoint: PathBuf,
    /// The number of its connection.
    connection: u32,
    beats: Option<Sender<()>>,
    watchdog: Option<JoinHandle<()>>,
}

impl Mount {
    /// Starts `program` in the foreground with these arguments, and waits until the mount
    /// is there.
    ///
    /// # Errors
    /// Why there is no mount, in words.
    pub fn start(program: &Path, args: &[&str], source: &Path, mountpoint: &Path) -> Result<Mount, String> {
        if !Path::new("/dev/fuse").exists() {
            return Err("there is no /dev/fuse".to_owned());
        }
        let errors = tempfile::tempfile().map_err(|error| format!("a temporary file: {error}"))?;
        let stderr = errors.try_clone().map_err(|error| format!("a temporary file: {error}"))?;
        let mut daemon = Command::new(program)
            .arg("-f")
            .args(args)
            .args([source, mountpoint])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let mut ended = false;
        wait_until(|| {
            ended = daemon.try_wait().is_ok_and(|status| status.is_some());
            ended || connection_at(mountpoint).is_some()
        });
        let Some(connection) = connection_at(mountpoint) else {
            if !ended {
                end_by_force(&mut daemon, mountpoint);
            }
            return Err(format!("the mount did not come: {}", text_of(errors)));
        };
        let (beats, heard) = channel();
        let watched = (daemon.id(), connection, mountpoint.to_owned());
        let watchdog = thread::spawn(move || watch(&heard, watched.0, watched.1, &watched.2));
        Ok(Mount {
            daemon,
            mountpoint: mountpoint.to_owned(),
            connection,
            beats: Some(beats),
            watchdog: Some(watchdog),
        })
    }

    /// Tells the watchdog that all is well.
    pub fn beat(&self) {
        if let Some(beats) = &self.beats {
            // A watchdog that is gone has ended the mount, which the next call will tell.
            let _ = beats.send(());
        }
    }

    /// The number by which the kernel calls the connection.
    pub fn connection(&self) -> u32 {
        self.connection
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        send(self.daemon.id(), Signal::TERM);
        if !wait_until(|| self.daemon.try_wait().is_ok_and(|status| status.is_some())) {
            abort(self.connection);
            end_by_force(&mut self.daemon, &self.mountpoint);
        }
        self.beats = None;
        if let Some(watchdog) = self.watchdog.take() {
            let _ = watchdog.join();
        }
    }
}

/// Waits for beats until there is no one to send them, or too long for one.
fn watch(heard: &Receiver<()>, daemon: u32, connection: u32, mountpoint: &Path) {
    loop {
        match heard.recv_timeout(PATIENCE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => break,
        }
    }
    eprintln!("watchdog: {} was silent for {PATIENCE:?} and is ended", mountpoint.display());
    abort(connection);
    send(daemon, Signal::KILL);
    let _ = unmount(mountpoint, UnmountFlags::DETACH);
}

fn end_by_force(daemon: &mut Child, mountpoint: &Path) {
    let _ = daemon.kill();
    let _ = daemon.wait();
    let _ = unmount(mountpoint, UnmountFlags::DETACH);
}

/// All requests on the connection fail from now on.
pub(crate) fn abort(connection: u32) {
    let _ = fs::write(format!("/sys/fs/fuse/connections/{connection}/abort"), "1");
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// The connection of the mount at a path, from the table of mounts: the mount itself is
/// not asked.
pub(crate) fn connection_at(mountpoint: &Path) -> Option<u32> {
    let table = fs::read("/proc/self/mountinfo").ok()?;
    let mut lines = table.split(|byte| *byte == b'\n');
    lines.find_map(|line| {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let (device, place) = (std::str::from_utf8(fields.get(2)?).ok()?, *fields.get(4)?);
        let (_, minor) = device.split_once(':')?;
        (place == mountpoint.as_os_str().as_bytes()).then(|| minor.parse().ok())?
    })
}

pub(crate) fn wait_until(mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + PROMPT;
    while Instant::now() < deadline {
        if done() {
            return true;
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}

pub(crate) fn text_of(file: File) -> String {
    use std::io::{Read, Seek};
    let mut file = file;
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    match read {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "it said nothing".to_owned(),
    }
}
