//! A case cannot touch anything but its directory, whoever runs it.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use common::{Bench, case, is_root};

/// Steps that would reach outside, were the worker not confined.
const REACHING_OUT: &[&[&str]] = &[
    &["stat path=/etc/passwd -> ENOENT"],
    &["stat path=../../../../../../../../etc/passwd -> ENOENT"],
    &["listdir path=/ -> names="],
    &["listdir path=.. -> names="],
    &["getcwd -> path=/"],
    &["symlink src=/etc/passwd dst=l", "stat path=l -> ENOENT"],
    &["symlink src=../../../../../../etc/passwd dst=l", "stat path=l -> ENOENT"],
    &["mkdir path=d", "chdir path=d", "stat path=../../../../etc/passwd -> ENOENT", "listdir path=../.. -> names=d"],
    &["open path=. flags=DIRECTORY -> fd=1", "stat path=../etc/passwd dir_fd=1 -> ENOENT"],
    &["open path=/proc/self/root/etc/passwd -> ENOENT"],
    &[
        "mkdir path=d",
        "open path=d flags=DIRECTORY -> fd=1",
        "rename src=d dst=e",
        "chdir fd=1",
        "stat path=../../etc -> ENOENT",
    ],
];

/// Steps that are refused, whatever they would do.
const REFUSED: &[&[&str]] = &[
    &["mknod path=d kind=block mode=0600 device=0xfe00 -> ok"],
    &["mknod path=d kind=char mode=0600 device=0x101 -> ok"],
    &["syscall name=chroot args=str:. -> ret=0"],
    &["syscall name=mount args=str:a,str:b,str:c,0,null -> ret=0"],
    &["syscall name=reboot args=0,0,0 -> ret=0"],
    &["syscall name=fchdir args=3 -> ret=0"],
    &[
        "open path=p flags=CREAT|WRONLY mode=0755 -> fd=1",
        "write fd=1 data=#!/bin/sh",
        "close fd=1",
        "spawn path=p -> ok process=1",
    ],
];

fn cases(all: &[&[&str]]) -> String {
    all.iter().enumerate().map(|(index, steps)| case(&format!("c{index}"), "linux-man", steps)).collect()
}

#[test]
fn no_path_leads_out_of_the_directory() {
    let bench = Bench::with_cases(&cases(REACHING_OUT));
    let ran = bench.run(&["--format", "json"]);
    assert_eq!(ran.check(0).json()[0]["confinement"], if is_root() { "chroot" } else { "user namespace" });
    assert!(ran.statuses().iter().all(|status| status.ends_with(" PASS")), "{ran:?}");
}

#[test]
fn no_path_leads_out_for_an_ordinary_user_either() {
    let bench = Bench::with_cases(&cases(REACHING_OUT));
    let ran = bench.run_as_user(&["--format", "json"]);
    let begin = &ran.json()[0];
    // Where there are no user namespaces, such steps are refused instead.
    let wanted = match begin["confinement"].as_str().unwrap() {
        "user namespace" => [" PASS", " PASS"],
        "refusal" => [" SKIP", " PASS"],
        other => panic!("{other}"),
    };
    assert!(ran.statuses().iter().all(|status| wanted.iter().any(|word| status.ends_with(word))), "{ran:?}");
}

#[test]
fn where_nothing_confines_it_such_paths_are_refused() {
    let bench = Bench::with_cases(&cases(REACHING_OUT));
    // Root of a user namespace, where he may neither make another one nor call chroot.
    let mut command = std::process::Command::new("unshare");
    let program = env!("CARGO_BIN_EXE_conformance");
    let script = format!(
        "echo 0 > /proc/sys/user/max_user_namespaces && \
         exec setpriv --bounding-set=-sys_chroot --inh-caps=-sys_chroot {program} {} --format json",
        bench.run_arguments().join(" ")
    );
    command.args(["--user", "--map-root-user", "sh", "-c", &script]);
    let ran = bench.finish(command);
    if ran.err.contains("unshare") {
        return common::skip("there are no user namespaces");
    }
    assert_eq!(ran.check(0).json()[0]["confinement"], "refusal");
    assert!(ran.statuses().iter().all(|status| status.ends_with(" SKIP")), "{ran:?}");
}

#[test]
fn an_ordinary_user_has_no_special_rights_in_the_namespace() {
    let steps = ["open path=f flags=CREAT|WRONLY mode=0 -> fd=1", "open path=f -> EACCES"];
    let ran = Bench::with_steps(&steps).run_as_user(&["--format", "json"]);
    assert_eq!(ran.case()["status"], "PASS", "{ran:?}");
}

#[test]
fn what_confinement_does_not_confine_is_refused_as_an_error() {
    let bench = Bench::with_cases(&cases(REFUSED));
    let ran = bench.run(&["--format", "json"]);
    ran.check(3);
    assert!(ran.statuses().iter().all(|status| status.ends_with(" ERROR")), "{ran:?}");
}

#[test]
fn a_directory_is_removed_whatever_was_made_of_it() {
    let steps = [
        "makedirs path=a/b/c",
        "mkfifo path=a/p",
        "symlink src=/ dst=a/root",
        "mknod path=a/s kind=socket",
        "open path=a/b/f flags=CREAT|WRONLY -> fd=1",
        "open path=\\xff\\x0a flags=CREAT|WRONLY -> fd=2",
        "chmod path=a/b/c mode=0",
        "chmod path=a/b mode=0",
        "chmod path=a mode=0",
        "chmod path=. mode=0 -> ok",
    ];
    // `Bench` asserts that nothing is left.
    assert_eq!(Bench::with_steps(&steps).run(&["--format", "json"]).case()["status"], "PASS");
    assert_eq!(Bench::with_steps(&steps).run_as_user(&["--format", "json"]).case()["status"], "PASS");
}
