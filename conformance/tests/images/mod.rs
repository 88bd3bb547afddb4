//! Runs of the suite on file systems that a test makes, in a mount namespace of its own,
//! in which nothing outlives the last process.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use conformance::event::{CaseResult, End, Event, Status};
use tempfile::TempDir;

/// A directory that a user may look into, with the program in it: that of
/// `OSPREY_CONFORMANCE`, or the one that was built with the test. None, said on stderr,
/// where there can be no loop devices, mounts or users.
pub(crate) fn place(prefix: &str) -> Option<TempDir> {
    let dir = tempfile::Builder::new().prefix(prefix).tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = env::var_os("OSPREY_CONFORMANCE").unwrap_or_else(|| env!("CARGO_BIN_EXE_conformance").into());
    fs::copy(&program, dir.path().join("program")).unwrap();
    match cannot_make(dir.path()) {
        Some(why) => {
            skip(&why);
            None
        }
        None => Some(dir),
    }
}

pub(crate) fn skip(why: &str) {
    assert!(env::var_os("OSPREY_REQUIRE_ALL").is_none(), "must not be skipped here: {why}");
    eprintln!("not run: {why}");
}

fn cannot_make(dir: &Path) -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("only root makes file systems".to_owned());
    }
    let needed = ["mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "setpriv", "unshare"];
    let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    if let Some(name) = needed.iter().find(|name| !is_there(name)) {
        return Some(format!("{name} is not there"));
    }
    let output = in_namespace(dir, "mkdir try && mount -t tmpfs tmpfs try && losetup --find", &[]);
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Runs a script in `dir`, in a mount namespace of its own; `arguments` are `$1` and on.
pub(crate) fn in_namespace(dir: &Path, script: &str, arguments: &[OsString]) -> Output {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"]).args(arguments);
    command.current_dir(dir).output().unwrap()
}

/// What a run printed as JSON.
pub(crate) fn read(output: &Output) -> (Vec<CaseResult>, End) {
    let mut results = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        match serde_json::from_str(line).unwrap() {
            Event::Begin(_) => {}
            Event::Case(result) => results.push(result),
            Event::End(end) => return (results, end),
        }
    }
    panic!("no end: {}", String::from_utf8_lossy(&output.stderr))
}

/// Whether a result did not pass, and nothing excuses it.
pub(crate) fn counts(result: &CaseResult) -> bool {
    !matches!(result.status, Status::Pass | Status::Skip) && result.excused.is_none()
}
