//! The cases that fill a file system, on small ones: nothing fails on any of them, nor on a
//! mount over one.
//!
//! `OSPREY_CONFORMANCE` is the program to run instead of the one that was built with this test.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod images;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use conformance::event::{CaseResult, Status};
use conformance::reproduce::{Language, program};
use conformance::suite;

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

#[test]
fn programs_of_these_cases_end_as_the_suite_does() {
    let Some(dir) = images::place("conformance-programs-") else { return };
    if ["gcc", "python3"].iter().any(|tool| Command::new(tool).arg("--version").output().is_err()) {
        return images::skip("there is no gcc, or no python3");
    }
    let programs = dir.path().join("programs");
    fs::create_dir(&programs).unwrap();
    for case in suite::embedded().unwrap().iter().filter(|case| case.id.starts_with("full.")) {
        let in_c = programs.join(format!("{}.c", case.id));
        fs::write(&in_c, program(case, Language::C).unwrap()).unwrap();
        let built = Command::new("gcc").arg("-o").arg(in_c.with_extension("c-program")).arg(&in_c).status().unwrap();
        assert!(built.success(), "{}", case.id);
        fs::write(programs.join(format!("{}.py", case.id)), program(case, Language::Python).unwrap()).unwrap();
    }
    // One that needs no disk: they are many.
    let run = "mkdir tmpfs
        mount -t tmpfs -o size=16m,nr_inodes=1024 tmpfs tmpfs && chmod 777 tmpfs || exit
        \"$1\" run --case full --format json --timeout 60 tmpfs
        for file in programs/*.c-program programs/*.py; do
            case $file in *.py) set -- python3 \"$file\" ;; *) set -- \"$file\" ;; esac
            \"$@\" tmpfs >out; code=$?
            [ $code = 0 ] || cat out >&2
            echo \"$file $code\"
        done";
    let output = images::in_namespace(dir.path(), run, &[dir.path().join("program").into()]);
    let (results, _) = images::read(&output);
    let status = |id: &str| results.iter().find(|of| of.id == id).map(|of| of.status);
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.starts_with("programs/")) {
        let (file, code) = line.split_once(' ').unwrap();
        let id = Path::new(file).file_stem().unwrap().to_str().unwrap();
        let status = status(id).unwrap();
        *counts.entry(status).or_default() += 1;
        assert!(code == "0" || status != Status::Pass, "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(counts.get(&Status::Pass).is_some_and(|count| *count > 30), "{counts:?}: {output:?}");
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
