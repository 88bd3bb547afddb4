//! What the tests of the programs share: running them, and what they leave.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_peers");

/// Runs a command to its end: its number, and what it said.
pub(crate) fn run(command: &mut Command) -> (u32, Output) {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    (child.id(), child.wait_with_output().unwrap())
}

/// Everything that a run makes has the number of its process in its path.
pub(crate) fn leaves_nothing(pid: u32) {
    let name = format!("osprey-peers-{pid}-");
    let is_named = |path: &Path| fs::read(path).is_ok_and(|bytes| text(&bytes).contains(&name));
    let left = || {
        let tables = ["/proc/self/mountinfo"].map(PathBuf::from);
        let processes = entries("/proc").into_iter().map(|dir| dir.join("cmdline"));
        let loops = entries("/sys/block").into_iter().map(|dir| dir.join("loop/backing_file"));
        let mut left: Vec<PathBuf> = tables.into_iter().chain(processes).chain(loops).collect();
        left.retain(|path| is_named(path));
        let dirs = [entries("/dev/shm"), entries(std::env::temp_dir())].concat();
        left.extend(dirs.into_iter().filter(|dir| dir.to_string_lossy().contains(&name)));
        left
    };
    // A loop device goes with the last process of the mount namespace, a little later.
    wait_until(|| left().is_empty());
    assert_eq!(left(), Vec::<PathBuf>::new());
}

fn entries(dir: impl AsRef<Path>) -> Vec<PathBuf> {
    fs::read_dir(dir).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}

/// Waits, but not for ever.
pub(crate) fn wait_until(done: impl Fn() -> bool) {
    for _ in 0..1500 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The option for a mount of ours, by `words`, that is stopped `seconds` after it is there, and cannot even be terminated
/// then; its script is put into `dir`.
pub(crate) fn stuck_peer(dir: &Path, words: &str, seconds: f64) -> String {
    let script = dir.join("stuck");
    let text = format!(
        "#!/bin/sh\n{} -f {words} \"$1\" \"$2\" & daemon=$!\n\
         (while ! grep -qF \"$2 \" /proc/self/mountinfo; do :; done; sleep {seconds}; kill -STOP $daemon)\nwait\n",
        env!("CARGO_BIN_EXE_mounted")
    );
    fs::write(&script, text).unwrap();
    format!("stuck=/bin/sh {} {{source}} {{mountpoint}}", script.display())
}

/// What was said.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Says why something is not tested; where all must be, that is a failure.
pub(crate) fn skip(reason: &str) {
    assert!(std::env::var_os("OSPREY_REQUIRE_ALL").is_none(), "must not be skipped here: {reason}");
    eprintln!("not run: {reason}");
}
