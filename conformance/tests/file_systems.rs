//! The suite on the file systems of Linux: nothing fails on any of them, for root, for a
//! user, and for root of a user namespace.
//!
//! A part of the cases, unless `OSPREY_WHOLE_SUITE` is set. `OSPREY_CONFORMANCE` is the
//! program to run instead of the one that was built with this test: a release build.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod images;

use std::env;
use std::ffi::OsString;

use conformance::event::{CaseResult, Status};

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
    let Some(dir) = images::place("conformance-file-systems-") else { return };
    let mut arguments: Vec<OsString> = starter.iter().map(Into::into).collect();
    arguments.extend([dir.path().join("program").into(), "run".into()]);
    arguments.extend(["--format", "json"].map(OsString::from));
    if env::var_os("OSPREY_WHOLE_SUITE").is_none() {
        arguments.extend(["--shard", "7/100"].map(OsString::from));
    }
    let output = images::in_namespace(dir.path(), MAKE, &arguments);
    let (results, end) = images::read(&output);
    let wrong: Vec<String> = results.iter().filter(|result| images::counts(result)).map(describe).collect();
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

fn describe(result: &CaseResult) -> String {
    let CaseResult { status, id, target, reason, .. } = result;
    format!("{status} {id} on {target}: {}", reason.as_deref().unwrap_or_default())
}
