//! The suite on the file systems of Linux: nothing fails on any of them, for root, for a
//! user, and for root of a user namespace.
//!
//! A part of the cases, unless `OSPREY_WHOLE_SUITE` is set. `OSPREY_CONFORMANCE` is the
//! program to run instead of the one that was built with this test: a release build.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use conformance::event::{CaseResult, End, Event, Status};

/// Makes a file system of each kind below the working directory, in a mount namespace
/// of its own, in which nothing outlives the last process.
const MAKE: &str = r#"set -eu
for kind in ext4 xfs btrfs; do
    truncate -s 600M "$kind.img"
    "mkfs.$kind" -q "$kind.img" >&2
    mkdir "$kind"
    mount -o loop "$kind.img" "$kind"
done
mkdir tmpfs layers overlay
mount -t tmpfs -o size=256m tmpfs tmpfs
mount -t tmpfs -o size=256m tmpfs layers
mkdir layers/lower layers/upper layers/work
mount -t overlay -o lowerdir=layers/lower,upperdir=layers/upper,workdir=layers/work overlay overlay
chmod 777 ext4 xfs btrfs tmpfs overlay
exec "$@" ext4 xfs btrfs tmpfs overlay
"#;

/// Who runs the suite: what comes before the program.
const AS_USER: [&str; 6] = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"];

#[test]
fn nothing_fails_for_root() {
    check(&[]);
}

#[test]
fn nothing_fails_for_a_user() {
    check(&AS_USER);
}

#[test]
fn nothing_fails_in_a_user_namespace() {
    check(&[&AS_USER[..], &["unshare", "--user", "--map-root-user"]].concat());
}

fn check(starter: &[&str]) {
    let dir = tempfile::Builder::new().prefix("conformance-file-systems-").tempdir().unwrap();
    // A user is to get to the file systems, and to the program.
    fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let program = env::var_os("OSPREY_CONFORMANCE").unwrap_or_else(|| env!("CARGO_BIN_EXE_conformance").into());
    fs::copy(&program, dir.path().join("program")).unwrap();
    if let Some(why) = cannot_make(dir.path()) {
        assert!(env::var_os("OSPREY_REQUIRE_ALL").is_none(), "{why}");
        return eprintln!("not run: {why}");
    }

    let mut arguments: Vec<OsString> = starter.iter().map(Into::into).collect();
    arguments.extend([dir.path().join("program").into(), "run".into()]);
    arguments.extend(["--format", "json"].map(OsString::from));
    if env::var_os("OSPREY_WHOLE_SUITE").is_none() {
        arguments.extend(["--shard", "7/100"].map(OsString::from));
    }
    let output = in_namespace(dir.path(), MAKE, &arguments);
    let (results, end) = read(&output);
    let wrong: Vec<String> = results.iter().filter(|result| counts(result)).map(describe).collect();
    assert!(wrong.is_empty(), "{} of {} results:\n{}", wrong.len(), results.len(), wrong.join("\n"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");

    let kinds: Vec<&str> = end.counts.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["btrfs", "ext4", "overlay", "tmpfs", "xfs"]);
    let least = results.len() / kinds.len() / 3;
    for (kind, counts) in &end.counts {
        assert!(counts.pass > least, "{kind}: {counts:?}");
        eprintln!("{kind}: {counts:?}");
    }
    for (reason, result) in results.iter().filter_map(|result| Some((result.reason.as_ref()?, result))) {
        let names_one = kinds.iter().any(|kind| reason.contains(kind)) && result.status == Status::Skip;
        assert!(!names_one, "{}: the name of a file system is no reason: {reason}", result.id);
    }
}

fn counts(result: &CaseResult) -> bool {
    !matches!(result.status, Status::Pass | Status::Skip) && result.excused.is_none()
}

fn describe(result: &CaseResult) -> String {
    let CaseResult { status, id, target, reason, .. } = result;
    format!("{status} {id} on {target}: {}", reason.as_deref().unwrap_or_default())
}

/// Why there can be no loop devices, mounts or users here.
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

fn in_namespace(dir: &Path, script: &str, arguments: &[OsString]) -> Output {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"]).args(arguments);
    command.current_dir(dir).output().unwrap()
}

fn read(output: &Output) -> (Vec<CaseResult>, End) {
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
