//! The daemon is killed at a random moment, while programs make, write, rename, list and remove files:
//! each time no dead mount stays, nobody hangs, what was made is there and nothing else, and the next mount works.
//!
//! A few rounds; `OSPREY_CHAOS_ROUNDS=100` makes a hundred, and `OSPREY_CHAOS_SEED` repeats a run's moments.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::{PROGRAM, Watchdog, can_mount, children, is_alive, is_mounted, send, wait_for};

const CLIENTS: usize = 4;
const WAYS: [&[&str]; 4] = [
    &["--cache", "none"],
    &["--passthrough", "off"],
    &["--cache", "exclusive", "--threads", "4"],
    &["--trace", "/dev/null", "--trace-level", "io"],
];

#[test]
fn a_daemon_that_is_killed_under_load_leaves_nothing_behind() {
    if !can_mount() {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let rounds = number("OSPREY_CHAOS_ROUNDS").unwrap_or(5);
    let seed = number("OSPREY_CHAOS_SEED").unwrap_or_else(|| u64::from(std::process::id()) << 20 | 1);
    eprintln!("{rounds} rounds, OSPREY_CHAOS_SEED={seed}");
    let mut random = seed;
    let dir = tempfile::tempdir().unwrap();
    let [source, mountpoint, journals] = ["source", "mountpoint", "journals"].map(|name| dir.path().join(name));
    [&source, &mountpoint, &journals].iter().for_each(|dir| fs::create_dir(dir).unwrap());
    let mut made = 0;
    for round in 0..rounds {
        for client in 0..CLIENTS {
            let own = source.join(format!("c{client}"));
            let _ = fs::remove_dir_all(&own);
            fs::create_dir(&own).unwrap();
        }
        let mut daemon = mount(&source, &mountpoint, WAYS[round as usize % WAYS.len()]);
        let _watchdog = Watchdog::start(&mountpoint, Some(daemon.id()));
        let guards = children(daemon.id());
        let clients: Vec<Child> = (0..CLIENTS).map(|client| start(client, &mountpoint, &journals)).collect();
        let is_at_work = |client| fs::metadata(journal(&journals, client)).is_ok_and(|file| file.len() > 0);
        assert!(wait_for(|| (0..CLIENTS).all(is_at_work)), "round {round}: every client works");
        thread::sleep(Duration::from_micros(next(&mut random) % 200_000));
        send(daemon.id(), Signal::KILL);
        let killed = Instant::now();
        assert!(wait_for(|| !is_mounted(&mountpoint)), "round {round}: a dead mount is left");
        daemon.wait().unwrap();
        for (client, process) in clients.into_iter().enumerate() {
            check_end(round, client, process);
            made += check(&source, &journals, client).unwrap_or_else(|wrong| panic!("round {round}: {wrong}"));
        }
        assert!(wait_for(|| guards.iter().all(|guard| !is_alive(*guard))), "round {round}: the guard is left");
        assert!(killed.elapsed() < Duration::from_secs(30), "round {round}: {:?}", killed.elapsed());
        let names: BTreeSet<_> = fs::read_dir(&source).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, (0..CLIENTS).map(|client| format!("c{client}").into()).collect());
        for client in 0..CLIENTS {
            fs::remove_file(journal(&journals, client)).unwrap();
        }
    }
    eprintln!("{made} files were found as they were made");
    assert!(made > 0);
}

/// xorshift64.
fn next(random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random
}

fn mount(source: &Path, mountpoint: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.arg("-f").args(args).args([source, mountpoint]).stdin(Stdio::null());
    let mut daemon = command.spawn().unwrap();
    assert!(wait_for(|| is_mounted(mountpoint) || daemon.try_wait().unwrap().is_some()));
    assert!(daemon.try_wait().unwrap().is_none(), "the next mount works");
    daemon
}

/// Where a client works, for the process that is one.
const PLACE: &str = "OSPREY_CHAOS_PLACE";
const JOURNAL: &str = "OSPREY_CHAOS_JOURNAL";

fn journal(journals: &Path, client: usize) -> PathBuf {
    journals.join(format!("c{client}"))
}

fn start(client: usize, mountpoint: &Path, journals: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "client", "--ignored", "--nocapture"])
        .env(PLACE, mountpoint.join(format!("c{client}")))
        .env(JOURNAL, journal(journals, client))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A client ends by itself, with an error that says that the mount is gone.
fn check_end(round: u64, client: usize, mut process: Child) {
    let ended = wait_for(|| process.try_wait().unwrap().is_some());
    if !ended {
        let stack = fs::read_to_string(format!("/proc/{}/stack", process.id())).unwrap_or_default();
        send(process.id(), Signal::KILL);
        panic!("round {round}: client {client} hangs: {stack}");
    }
    let output = process.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && message.contains("ended by"), "round {round}: client {client}: {message}");
}

#[test]
#[ignore = "a process of the other test"]
fn client() {
    let (Some(place), Some(journal)) = (std::env::var_os(PLACE), std::env::var_os(JOURNAL)) else { return };
    let mut journal = File::create(journal).unwrap();
    for n in 0.. {
        let Err(error) = work(Path::new(&place), &mut journal, n) else { continue };
        // ENOENT and ENOTDIR: the directory beneath the mount is seen again.
        let expected = [libc::ENOTCONN, libc::ECONNABORTED, libc::ENOENT, libc::ENOTDIR];
        assert!(error.raw_os_error().is_some_and(|errno| expected.contains(&errno)), "{error}");
        eprintln!("ended by {error}");
        return;
    }
}

fn content(n: u64) -> Vec<u8> {
    format!("file {n}\n").repeat(1 + (n as usize * 37) % 3000).into_bytes()
}

/// One round of work. The journal has what is begun, and what has come to its end.
fn work(place: &Path, journal: &mut File, n: u64) -> io::Result<()> {
    let mut note = |what: &str, n: u64| journal.write_all(format!("{what} {n}\n").as_bytes()).unwrap();
    let path = |kind: &str, n: u64| place.join(format!("{kind}{n}"));
    note("begin", n);
    let mut file = File::create_new(path("new", n))?;
    file.write_all(&content(n))?;
    if n.is_multiple_of(16) {
        file.sync_all()?;
    }
    drop(file);
    fs::rename(path("new", n), path("file", n))?;
    note("made", n);
    for entry in fs::read_dir(place)? {
        entry?;
    }
    if n % 3 == 2 {
        note("remove", n - 1);
        fs::remove_file(path("file", n - 1))?;
        note("removed", n - 1);
    }
    fs::create_dir(path("dir", n))?;
    fs::remove_dir(path("dir", n))
}

/// Holds what stands in the source against a client's journal; how many files are there.
fn check(source: &Path, journals: &Path, client: usize) -> Result<usize, String> {
    let text = fs::read_to_string(journal(journals, client)).unwrap();
    let noted = |what: &str| {
        let lines = text.lines().filter_map(|line| line.strip_prefix(what)?.strip_prefix(' '));
        lines.map(|n| n.parse::<u64>().unwrap()).collect::<BTreeSet<u64>>()
    };
    let [begun, made, remove, removed] = ["begin", "made", "remove", "removed"].map(noted);
    let last = begun.last().copied();
    let dir = source.join(format!("c{client}"));
    for n in &made {
        let there = fs::read(dir.join(format!("file{n}")));
        match there {
            Ok(bytes) if bytes != content(*n) => return Err(format!("file{n} of client {client} has other content")),
            Ok(_) if removed.contains(n) => return Err(format!("file{n} of client {client} is there again")),
            Err(_) if !remove.contains(n) => return Err(format!("file{n} of client {client} is lost")),
            _ => {}
        }
    }
    for entry in fs::read_dir(&dir).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let digits = name.trim_start_matches(char::is_alphabetic);
        let n = digits.parse::<u64>().ok();
        let known = match name.strip_suffix(digits) {
            Some("file") => n.is_some_and(|n| made.contains(&n)) || n == last,
            // Whoever was interrupted has left these.
            Some("new" | "dir") => n == last,
            _ => false,
        };
        if !known {
            return Err(format!("nobody has made {name} of client {client}"));
        }
    }
    Ok(made.len())
}
