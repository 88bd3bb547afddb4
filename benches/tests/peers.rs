//! The program that measures the mount beside its peers: what it writes, and what it leaves.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{PROGRAM, leaves_nothing, run, skip, stuck_peer, text, wait_until};

#[test]
fn it_measures_and_writes_and_leaves_nothing() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    let dir = tempfile::tempdir().unwrap();
    let (json, svg) = (dir.path().join("peers.json"), dir.path().join("peers.svg"));
    let mut command = Command::new(PROGRAM);
    command.args(["--quick", "--rounds", "2", "--only", "stat", "--mounts", "native,tick", "--json"]);
    command.arg(&json).arg("--svg").arg(&svg);
    let (pid, output) = run(&mut command);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("stat: ")), "{stdout}");
    assert!(lines.iter().any(|line| line.starts_with("  * tick") && line.contains("goal <= 13: ")), "{stdout}");
    assert!(!stdout.contains('\x1b') && !stderr.contains('\x1b'), "{stderr}");

    let document: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let results = &document["workloads"][0]["results"];
    let names: Vec<&Value> = results.as_array().unwrap().iter().map(|result| &result["mount"]).collect();
    assert_eq!(names, ["native", "tick"]);
    for result in results.as_array().unwrap() {
        assert_eq!(result["samples_ns"].as_array().unwrap().len(), 2, "{result}");
        assert!(result["time_ns"]["median"].as_f64().unwrap() > 10.0, "{result}");
    }
    assert_eq!(results[0]["ratio"]["median"], 1.0);
    assert_eq!(results[0]["requests_per_operation"], Value::Null);
    assert_eq!(document["goals"].as_array().unwrap().len(), 1);
    if stderr.contains("requests are not counted") {
        skip("requests are not counted");
    } else {
        // Each status is asked for again after a tick; in between, only the name.
        let requests = &results[1]["requests_per_operation"];
        assert!(requests["LOOKUP"].as_f64().unwrap() > 0.5, "{requests}");
    }

    is_well_formed(&svg);
    leaves_nothing(pid);
}

#[test]
fn an_interrupt_ends_it_and_leaves_nothing() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    let mut command = Command::new(PROGRAM);
    command.args(["--only", "stat", "--mounts", "tick", "--rounds", "60000"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    wait_until(|| children(pid).len() >= 3);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).ends_with("peers: interrupted\n"), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty());
    leaves_nothing(pid);
}

#[test]
fn a_mount_that_does_not_answer_is_ended_and_left_out() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["--only", "stat", "--mounts", "native", "--rounds", "400", "--patience", "2"]);
    // While it is measured, after whole rounds on any machine.
    command.arg("--peer").arg(stuck_peer(dir.path(), "--cache none", 3.0));
    let (pid, output) = run(&mut command);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("stuck is ended, and left out from now on: stat: no answer for 2s"), "{stderr}");
    assert!(stdout.contains("    native"), "{stdout}");
    leaves_nothing(pid);
}

#[test]
fn other_commands_are_measured_and_those_that_do_not_mount_are_told() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    let mut command = Command::new(PROGRAM);
    command.args(["--quick", "--rounds", "1", "--only", "stat", "--mounts", "native"]);
    command.args(["--peer", "absent=/nowhere/at-all {source} {mountpoint}"]);
    command.args(["--peer", "failing=ls {source} {mountpoint}/not-there"]);
    let mounted = env!("CARGO_BIN_EXE_mounted");
    command.arg("--peer").arg(format!("background={mounted} {{source}} {{mountpoint}}"));
    let (pid, output) = run(&mut command);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("absent is left out: /nowhere/at-all: "), "{stderr}");
    assert!(stderr.contains("failing is left out: the mount did not come: "), "{stderr}");
    assert!(stdout.lines().any(|line| line.starts_with("    background ") && line.contains('x')), "{stdout}");
    leaves_nothing(pid);
}

#[test]
fn where_no_mount_comes_there_is_no_result() {
    let mut command = Command::new(PROGRAM);
    command.args(["--quick", "--rounds", "1", "--only", "stat,fstat-clients/1", "--mounts", "native"]);
    let (pid, output) = run(command.args(["--peer", "failing=ls {source} {mountpoint}/not-there"]));
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert_eq!(stderr.matches("failing is left out: the mount did not come: ").count(), 1, "{stderr}");
    assert!(stderr.ends_with("peers: no mount could be measured\n"), "{stderr}");
    assert!(output.stdout.is_empty());
    leaves_nothing(pid);
}

#[test]
fn every_peer_does_every_group_of_calls() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    let is_there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let mut peers = vec!["bindfs", "fuse-overlayfs", "mergerfs"];
    if let Some(missing) = peers.iter().find(|program| !is_there(program)) {
        return skip(&format!("there is no {missing}"));
    }
    // Debian 13 has none any more.
    if is_there("unionfs") {
        peers.push("unionfs-fuse");
    }
    let mut command = Command::new(PROGRAM);
    command.args(["--quick", "--rounds", "1", "--mounts", &peers.join(",")]);
    command.args(["--only", "rand-write,mmap-write,stat,rename,mkdir,tar-x,grep-cold,git-status,create-clients/2"]);
    command.args(["--json", "-"]);
    let (pid, output) = run(&mut command);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let workloads = document["workloads"].as_array().unwrap();
    assert_eq!(workloads.len(), 10);
    for workload in workloads {
        let results = workload["results"].as_array().unwrap();
        assert_eq!(results.len(), 1 + peers.len(), "{workload}");
        assert!(results.iter().all(|result| result["trouble"] == Value::Null), "{workload:#}");
        assert!(results.iter().all(|result| result["time_ns"]["median"].as_f64() > Some(0.0)), "{workload:#}");
    }
    leaves_nothing(pid);
}

#[test]
fn what_forgets_names_leaves_the_caches_of_the_others_warm() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    let mut command = Command::new(PROGRAM);
    command.args(["--quick", "--rounds", "1", "--mounts", "exclusive", "--only", "readdir-stat,grep-cold,grep-warm"]);
    let (pid, output) = run(command.args(["--json", "-"]));
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names_asked = |name: &str| {
        let mut workloads = document["workloads"].as_array().unwrap().iter();
        let result = &workloads.find(|workload| workload["name"] == name).unwrap()["results"][1];
        let requests = result["requests_per_operation"].as_object()?;
        Some(requests.keys().filter(|name| ["LOOKUP", "READDIR", "READDIRPLUS"].contains(&name.as_str())).count())
    };
    match ["readdir-stat", "grep-cold", "grep-warm"].map(names_asked) {
        [Some(listing), Some(cold), Some(warm)] => assert!(listing == 0 && cold > 0 && warm == 0, "{document:#}"),
        _ => skip("requests are not counted, or nothing can be forgotten"),
    }
    leaves_nothing(pid);
}

#[test]
fn the_floor_is_asked_what_our_mount_is_asked() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse");
    }
    let mut command = Command::new(PROGRAM);
    command.args(["--quick", "--rounds", "1", "--mounts", "exclusive,none,floor,floor-none"]);
    command
        .args(["--only", "stat,negative,open-read-close,getxattr,readdir-stat,create,rename,unlink,mkdir,rmdir,rm-rf"]);
    let (pid, output) = run(command.args(["--json", "-"]));
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    leaves_nothing(pid);
    if stderr.contains("requests are not counted") {
        return skip("requests are not counted");
    }
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    for workload in document["workloads"].as_array().unwrap() {
        let results = workload["results"].as_array().unwrap();
        let of = |mount: &str| {
            let result = results.iter().find(|result| result["mount"] == mount)?;
            assert_eq!(result["trouble"], Value::Null, "{workload:#}");
            let mut requests = result["requests_per_operation"].as_object().unwrap().clone();
            // What is asked once a second, or when it is opened, is not asked for each operation.
            requests.retain(|_, number| number.as_f64().unwrap() > 0.3);
            Some(requests.into_iter().map(|(name, number)| (name, number.as_f64().unwrap())).collect::<Vec<_>>())
        };
        let pairs = [(of("exclusive"), of("floor")), (of("none"), of("floor-none"))];
        // What is in a file is kept as under `exclusive` only.
        let count = if ["open-read-close", "rm-rf"].contains(&workload["name"].as_str().unwrap()) { 1 } else { 2 };
        for (ours, floor) in pairs.into_iter().take(count) {
            let (ours, floor) = (ours.unwrap(), floor.unwrap());
            let are_alike = |one: &(String, f64), other: &(String, f64)| {
                one.0 == other.0 && (one.1 - other.1).abs() <= 0.1 * one.1.max(other.1)
            };
            let is_same =
                ours.len() == floor.len() && ours.iter().zip(&floor).all(|(one, other)| are_alike(one, other));
            assert!(is_same, "{}: {ours:?}, and the floor {floor:?}", workload["name"]);
        }
    }
    let stat = document["goals"].as_array().unwrap().iter().find(|goal| goal["mount"] == "none").unwrap();
    assert_eq!(stat["least_possible"]["of"], serde_json::json!(["native", "floor-none"]));
    assert!(stat["least_possible"]["ratio"].as_f64().unwrap() > 1.0, "{stat}");
}

#[test]
fn wrong_usage_is_told_before_anything_is_made() {
    for (args, told) in [
        (["--only", "stats"], "--only: there is no workload `stats`"),
        (["--mounts", "ticks"], "--mounts: there is no `ticks`"),
        (["--peer", "a=b"], "the command of `a` lacks {source}"),
        (["--program", "/nowhere"], "/nowhere: our mount is not there"),
    ] {
        let (_, output) = run(Command::new(PROGRAM).args(args));
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
    }
}

fn children(pid: u32) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

fn is_well_formed(svg: &Path) {
    match Command::new("xmllint").arg("--noout").arg(svg).output() {
        Ok(output) => assert!(output.status.success(), "{}", text(&output.stderr)),
        Err(_) => skip("there is no xmllint"),
    }
}
