//! `run` without a directory: a traced mount beside a real directory.
//!
//! Skipped, saying so, where nothing can be mounted.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![cfg(feature = "mount")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use common::{Bench, USER, case, is_root, skip, until, wait};
use rustix::process::{Pid, Signal, kill_process};

/// Whether mounts can be made here.
fn can_mount() -> bool {
    let can = Path::new("/dev/fuse").exists() && (is_root() || Path::new("/usr/bin/fusermount3").exists());
    if !can {
        skip("nothing can be mounted here: no /dev/fuse, or no fusermount3");
    }
    can
}

fn cases() -> Bench {
    let cases = [
        case("a", "linux-man", &["open path=f flags=CREAT|RDWR mode=0644 -> fd=1", "stat path=f -> type=file"]),
        case("b", "linux-man", &["stat path=gone -> ok"]),
    ];
    Bench::with_cases(&cases.concat())
}

/// The arguments that run the cases of a bench without a directory.
fn arguments(bench: &Bench) -> Vec<String> {
    ["run", "--cases", &bench.path("cases").display().to_string()].map(str::to_owned).into()
}

/// Whether a mount below this directory is in the mount table.
fn is_mounted_below(dir: &Path) -> bool {
    String::from_utf8_lossy(&fs::read("/proc/self/mountinfo").unwrap()).contains(&dir.display().to_string())
}

#[test]
fn runs_on_a_directory_and_on_a_mount_side_by_side() {
    if !can_mount() {
        return;
    }
    let bench = cases();
    let trace = bench.path("trace.jsonl").display().to_string();
    let mut command = bench.command(&arguments(&bench));
    command.args(["--format", "json", "--trace", &trace]);
    let ran = bench.finish(command);
    ran.check(1);
    assert_eq!(ran.statuses(), ["t.a PASS", "t.a PASS", "t.b FAIL", "t.b FAIL"]);
    let targets = &ran.json()[0]["targets"];
    assert_eq!((&targets[0]["mount"], &targets[1]["mount"]), (&false.into(), &true.into()));
    assert_eq!(targets[1]["name"], "mount");
    assert_eq!(targets[1]["fs_type"], "fuse.fuse-mount");
    assert!(!is_mounted_below(&bench.path("temp")));
    let trace = fs::read_to_string(trace).unwrap();
    assert!(trace.lines().any(|line| line.contains("\"op\":\"create\"") && line.contains("/f\"")), "{trace}");

    let human = bench.finish(bench.command(&arguments(&bench)));
    assert!(human.check(1).out.starts_with("The same on all targets\n"), "{human:?}");
    assert!(human.out.contains("the mount served "), "{human:?}");
    assert!(human.out.contains("     again:  conformance run --case t.b --cases "), "{human:?}");
}

#[test]
fn a_known_difference_excuses_a_failure_on_the_mount_only_and_a_stale_one_is_told() {
    if !can_mount() {
        return;
    }
    let bench = cases();
    fs::write(bench.path("known"), "t.b  It is known.\nt.a  It was known.\n").unwrap();
    let mut command = bench.command(&arguments(&bench));
    command.args(["--format", "json", "--known", &bench.path("known").display().to_string()]);
    let ran = bench.finish(command);
    // On the real directory it fails all the same.
    ran.check(1);
    let excused: Vec<(String, bool)> = ran
        .json()
        .into_iter()
        .filter(|line| line["id"] == "t.b")
        .map(|line| (line["target"].as_str().unwrap().to_owned(), line["excused"]["cause"] == "It is known."))
        .collect();
    assert_eq!(excused.iter().map(|(_, excused)| *excused).collect::<Vec<_>>(), [false, true]);
    assert_eq!(ran.json().last().unwrap()["stale"], serde_json::json!(["t.a"]));
}

#[test]
fn an_ordinary_user_can_run_it_too() {
    if !can_mount() || !Path::new("/usr/bin/fusermount3").exists() {
        return skip("no fusermount3");
    }
    let bench = cases();
    let arguments = arguments(&bench).join(" ");
    let ran = if is_root() {
        // In a mount namespace of its own, where anybody may use the device.
        fs::copy(env!("CARGO_BIN_EXE_conformance"), bench.path("program")).unwrap();
        let program = bench.path("program").display().to_string();
        let user = format!("setpriv --reuid {USER} --regid {USER} --clear-groups {program} {arguments} --format json");
        bench.finish(in_namespace(&bench, &format!("mknod -m 666 /dev/fuse c 10 229 && exec {user}")))
    } else {
        bench.program(&[&arguments.split(' ').collect::<Vec<_>>()[..], &["--format", "json"]].concat())
    };
    assert_eq!(ran.check(1).statuses(), ["t.a PASS", "t.a PASS", "t.b FAIL", "t.b FAIL"]);
}

#[test]
fn without_a_mount_it_runs_on_a_temporary_directory() {
    let bench = cases();
    let mut command = bench.command(&arguments(&bench));
    command.args(["--format", "json", "--no-mount"]);
    assert_eq!(bench.finish(command).check(1).statuses(), ["t.a PASS", "t.b FAIL"]);
}

#[test]
fn without_the_device_the_message_says_what_to_do() {
    if !is_root() {
        return skip("only root can take /dev/fuse away, in a mount namespace of its own");
    }
    let bench = cases();
    let program = env!("CARGO_BIN_EXE_conformance");
    let ran = bench.finish(in_namespace(&bench, &format!("exec {program} {}", arguments(&bench).join(" "))));
    ran.check(3);
    assert!(ran.err.contains("there is no /dev/fuse") && ran.err.contains("--no-mount"), "{ran:?}");
}

/// A command of the shell in a mount namespace whose /dev has only null.
fn in_namespace(bench: &Bench, script: &str) -> Command {
    let mut command = Command::new("unshare");
    let script = format!("mount -t tmpfs t /dev && mknod -m 666 /dev/null c 1 3 && {script}");
    command.args(["--mount", "sh", "-c", &script]).env("TMPDIR", bench.path("temp"));
    command
}

/// Starts a run on a mount whose case hangs, and waits until it does.
fn start_hanging(bench: &Bench) -> Child {
    let child = bench.start(&arguments(bench), "default");
    let real = || bench.left().first().map(|base| base.join("real"));
    let entries = |dir: PathBuf| fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let hangs = || real().is_some_and(|real| entries(real).flat_map(entries).any(|case| case.join("p").exists()));
    until(hangs, "the case to hang");
    child
}

#[test]
fn an_interrupt_unmounts_and_so_does_the_end_of_a_runner_that_is_killed() {
    if !can_mount() {
        return;
    }
    for (signal, code) in [(Signal::INT, 130), (Signal::KILL, -9)] {
        let bench = Bench::with_steps(&["mkfifo path=p", "open path=p -> ok fd=1"]);
        let child = start_hanging(&bench);
        assert!(is_mounted_below(&bench.path("temp")));
        kill_process(Pid::from_raw(child.id() as i32).unwrap(), signal).unwrap();
        assert_eq!(wait(child), code);
        until(|| !is_mounted_below(&bench.path("temp")), "the mount to go");
        if signal == Signal::INT {
            assert_eq!(bench.left(), Vec::<PathBuf>::new());
        }
    }
}

/// Starts a run of slow cases on a mount, one after the other, and waits for the first results.
fn start_slow(more: &[&str]) -> (Bench, Child) {
    let slow = "open path=f flags=CREAT|RDWR -> fd=1\n".repeat(300);
    let steps: Vec<&str> = slow.lines().chain(["stat path=f -> type=file"]).collect();
    let cases: String = (0..20).map(|number| case(&format!("c{number:02}"), "linux-man", &steps)).collect();
    let bench = Bench::with_cases(&cases);
    let mut command = bench.command(&arguments(&bench));
    command.args(["--jobs", "1", "--log", &bench.path("log").display().to_string()]).args(more);
    command.stdout(fs::File::create(bench.path("out")).unwrap()).stderr(fs::File::create(bench.path("err")).unwrap());
    let child = command.spawn().unwrap();
    let results = || fs::read_to_string(bench.path("log")).is_ok_and(|log| log.len() > 20_000);
    until(results, "the first results");
    (bench, child)
}

/// A daemon that no longer answers takes no longer than its aborting.
#[test]
fn a_mount_that_stops_to_answer_does_not_hang_the_run() {
    if !can_mount() || !is_root() {
        return skip("only root can abort the connection of a mount");
    }
    let (bench, child) = start_slow(&["--timeout", "3"]);
    // The daemon is stopped while the first cases run.
    let daemon = daemon_of(child.id());
    kill_process(daemon, Signal::STOP).unwrap();
    let code = wait(child);
    assert_eq!(code, 1, "{}", fs::read_to_string(bench.path("err")).unwrap());
    assert!(!is_mounted_below(&bench.path("temp")));
    assert_eq!(bench.left(), Vec::<PathBuf>::new());
    let log = fs::read_to_string(bench.path("log")).unwrap();
    let timeouts = log.lines().filter(|line| line.contains("\"status\":\"TIMEOUT\"")).count();
    assert_eq!(timeouts, 1, "the first one is enough to give the mount up");
    assert!(log.contains("the file system no longer answers"));
}

/// A mount namespace that somebody makes meanwhile has a copy of the mount, which would keep it alive.
#[test]
fn a_copy_of_the_mount_elsewhere_does_not_keep_it() {
    if !can_mount() || !is_root() {
        return skip("only root can make a mount namespace with a copy of the mount");
    }
    let (bench, child) = start_slow(&[]);
    let mut elsewhere = Command::new("unshare").args(["--mount", "sleep", "60"]).spawn().unwrap();
    let code = wait(child);
    assert_eq!(code, 0, "{}", fs::read_to_string(bench.path("err")).unwrap());
    assert_eq!(elsewhere.try_wait().unwrap(), None);
    elsewhere.kill().unwrap();
    elsewhere.wait().unwrap();
    assert_eq!(bench.left(), Vec::<PathBuf>::new());
}

/// The process that serves the mount of a runner.
fn daemon_of(runner: u32) -> Pid {
    let children = fs::read_to_string(format!("/proc/{runner}/task/{runner}/children")).unwrap();
    let is_daemon = |pid: &&str| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap().contains("__mount");
    let daemon = children.split_whitespace().find(is_daemon).unwrap();
    Pid::from_raw(daemon.parse().unwrap()).unwrap()
}

/// Who is root in a user namespace only may mount, and not watch a whole file system.
#[test]
fn that_the_source_cannot_be_watched_is_passed_on() {
    let in_user_namespace = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount"]);
        command
    };
    if !can_mount() || !in_user_namespace().arg("true").status().is_ok_and(|status| status.success()) {
        return skip("there are no user namespaces");
    }
    for (options, lines) in [("cache=watch", 1), ("cache=tick", 0)] {
        let bench = cases();
        let mut command = in_user_namespace();
        command.arg(env!("CARGO_BIN_EXE_conformance")).args(arguments(&bench)).args(["--mount-options", options]);
        command.env("TMPDIR", bench.path("temp"));
        let ran = bench.finish(command);
        ran.check(1);
        let said: Vec<&str> = ran.err.lines().filter(|line| line.contains("cannot be watched")).collect();
        assert_eq!(said.len(), lines, "{ran:?}");
        assert!(said.iter().all(|line| line.starts_with("fuse-mount: ") && line.contains("--cache tick")), "{said:?}");
    }
}

/// A case with bind mounts has a copy of each mount in its namespace, that of the run too.
#[test]
fn bind_mounts_of_a_case_do_not_keep_the_mount() {
    if !can_mount() {
        return;
    }
    let head = "case c\n  claim x\n  source y(2)\n  class linux-man\n  mounts ro=RDONLY\n  ";
    let with_mounts = |steps: &str| Bench::with_cases(&format!("{head}{steps}\n"));
    let bench = with_mounts("mkdir path=ro/d -> EROFS");
    let mut command = bench.command(&arguments(&bench));
    command.args(["--format", "json"]);
    // The run fails where the daemon does not end by itself.
    let statuses = bench.finish(command).check(0).statuses();
    assert_eq!(statuses, ["t.c PASS", "t.c PASS"]);
    assert!(!is_mounted_below(&bench.path("temp")));

    for (signal, code) in [(Signal::INT, 130), (Signal::KILL, -9)] {
        let bench = with_mounts("mkfifo path=base/p\n  mkfifo path=p\n  open path=ro/p -> ok fd=1");
        let child = start_hanging(&bench);
        let daemon = daemon_of(child.id());
        kill_process(Pid::from_raw(child.id() as i32).unwrap(), signal).unwrap();
        assert_eq!(wait(child), code);
        until(|| !is_mounted_below(&bench.path("temp")), "the mount to go");
        until(|| rustix::process::test_kill_process(daemon).is_err(), "the daemon to end");
    }
}
