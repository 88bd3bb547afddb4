//! The cases that fill a file system, on small ones: nothing fails on any of them, nor on a
//! mount over one.
//!
//! `OSPREY_CONFORMANCE` is the program to run instead of the one that was built with this test.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod images;

use std::path::Path;

use conformance::event::{CaseResult, Status};

/// Makes small file systems below the working directory, in a mount namespace of its own, in
/// which nothing outlives the last process. XFS makes none of less than 300 MiB: most of it is
/// taken from the start.
const MAKE: &str = r#"set -eu
make() { # KIND MIB [OPTION]...
    kind=$1 size=$2
    shift 2
    truncate -s "${size}M" "$kind.img"
    "mkfs.$kind" -q "$@" "$kind.img" >&2
    mkdir "$kind"
    mount -o loop "$kind.img" "$kind"
    chmod 777 "$kind"
    all="$all $kind"
}
all=
make ext4 16
make btrfs 32 --mixed
make xfs 320
free=$(($(stat -f -c '%f * %S / 1048576' xfs)))
fallocate -l "$((free - 16))M" xfs/taken
mkdir tmpfs layers overlay
mount -t tmpfs -o size=16m,nr_inodes=1024 tmpfs tmpfs
mount -t tmpfs -o size=16m,nr_inodes=1024 tmpfs layers
mkdir layers/lower layers/upper layers/work
mount -t overlay -o lowerdir=layers/lower,upperdir=layers/upper,workdir=layers/work overlay overlay
chmod 777 tmpfs overlay
"#;

#[test]
fn nothing_fails_on_full_file_systems_for_root() {
    check("exec \"$1\" run --case full --format json --timeout 60 $all tmpfs overlay", 5);
}

#[test]
fn nothing_fails_on_full_file_systems_for_a_user() {
    let user = "setpriv --reuid 1000 --regid 1000 --clear-groups";
    check(&format!("exec {user} \"$1\" run --case full --format json --timeout 60 $all tmpfs overlay"), 5);
}

#[test]
fn nothing_fails_on_a_mount_over_a_full_file_system() {
    if !Path::new("/dev/fuse").exists() {
        return images::skip("there is no /dev/fuse");
    }
    // The trace would take room too.
    check("TMPDIR=$PWD/ext4 exec \"$1\" run --case full --format json --timeout 60 --trace trace.jsonl", 2);
}

/// Runs the cases; `targets` is on how many file systems.
fn check(run: &str, targets: usize) {
    let Some(dir) = images::place("conformance-small-") else { return };
    let program = [dir.path().join("program").into()];
    let output = images::in_namespace(dir.path(), &format!("{MAKE}{run}"), &program);
    let (results, _) = images::read(&output);
    let wrong: Vec<&CaseResult> = results.iter().filter(|result| images::counts(result)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // They are run, on each file system.
    let passed = |result: &&CaseResult| result.status == Status::Pass;
    let cases = results.len() / targets;
    let least = targets * cases * 2 / 3;
    let count = results.iter().filter(passed).count();
    assert!(cases > 20 && count >= least, "{count} of {} passed", results.len());
}
