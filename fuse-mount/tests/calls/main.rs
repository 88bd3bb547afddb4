//! The system calls that the daemon makes for each request, in a table that is asserted: those of the
//! operation itself, without the read of the request and the write of the answer.
//!
//! Looked at with strace, which has to be there. For a row that differs the test prints what it saw, to be put
//! into `calls.table` if it is right.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(unsafe_code, reason = "a thread that is another user")]

mod log;
#[path = "../support/mod.rs"]
mod support;

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use fs_core::{Follow, Mode, XattrFlags};
use rustix::process::{Gid, Uid};
use support::Mount;

const TABLE: &str = include_str!("calls.table");

/// Something that a program does, of which one request is looked at.
struct Row {
    /// What the table calls it.
    name: &'static str,
    /// The request.
    request: &'static str,
    /// What is done before.
    prepare: fn(&Path),
    act: fn(&Path),
}

fn nothing(_: &Path) {}

fn known(dir: &Path) {
    fs::write(dir.join("f"), "x").unwrap();
    fs::metadata(dir.join("f")).unwrap();
}

fn opened_before(dir: &Path) {
    known(dir);
    drop(File::open(dir.join("f")).unwrap());
}

fn as_user(act: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // SAFETY: FS unshares only the working directory, the root and the umask; no
            // descriptor changes owner.
            unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::FS) }.unwrap();
            rustix::thread::set_thread_groups(&[]).unwrap();
            let (uid, gid) = (Uid::from_raw(1234), Gid::from_raw(2345));
            rustix::thread::set_thread_res_gid(gid, gid, gid).unwrap();
            rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
            act();
        });
    });
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { name: "lookup, of a file that is known", request: "lookup", prepare: known,
        act: |dir| { fs::symlink_metadata(dir.join("f")).unwrap(); } },
    Row { name: "lookup, of one that is not", request: "lookup", prepare: |dir| fs::write(dir.with_file_name("source/new"), "").unwrap(),
        act: |dir| { fs::symlink_metadata(dir.join("new")).unwrap(); } },
    Row { name: "lookup, of nothing", request: "lookup", prepare: nothing,
        act: |dir| { fs::symlink_metadata(dir.join("missing")).unwrap_err(); } },
    Row { name: "getattr", request: "getattr", prepare: known,
        act: |dir| { fs::symlink_metadata(dir.join("f")).unwrap(); } },
    Row { name: "setattr, of permissions", request: "setattr", prepare: known,
        act: |dir| fs::set_permissions(dir.join("f"), fs::Permissions::from_mode(0o600)).unwrap() },
    Row { name: "setattr, of an open file", request: "setattr", prepare: nothing,
        act: |dir| File::create_new(dir.join("f")).unwrap().set_permissions(fs::Permissions::from_mode(0o600)).unwrap() },
    Row { name: "open, for the first time", request: "open", prepare: |dir| fs::write(dir.with_file_name("source/f"), "x").unwrap(),
        act: |dir| drop(File::open(dir.join("f")).unwrap()) },
    Row { name: "open, again", request: "open", prepare: opened_before,
        act: |dir| drop(File::open(dir.join("f")).unwrap()) },
    Row { name: "open, again, to write", request: "open", prepare: opened_before,
        act: |dir| drop(File::options().write(true).open(dir.join("f")).unwrap()) },
    Row { name: "release, of a file that was read", request: "release", prepare: opened_before,
        act: |dir| { let mut byte = [0]; File::open(dir.join("f")).unwrap().read_at(&mut byte, 0).unwrap(); } },
    Row { name: "create, by root", request: "create", prepare: nothing,
        act: |dir| drop(File::create_new(dir.join("f")).unwrap()) },
    Row { name: "create, by a user", request: "create", prepare: nothing,
        act: |dir| as_user(|| drop(File::options().write(true).create_new(true).mode(0o600).open(dir.join("f")).unwrap())) },
    Row { name: "mkdir, by root", request: "mkdir", prepare: nothing,
        act: |dir| fs::create_dir(dir.join("d")).unwrap() },
    Row { name: "unlink", request: "unlink", prepare: known,
        act: |dir| fs::remove_file(dir.join("f")).unwrap() },
    Row { name: "rename", request: "rename", prepare: known,
        act: |dir| fs::rename(dir.join("f"), dir.join("g")).unwrap() },
    Row { name: "link", request: "link", prepare: known,
        act: |dir| fs::hard_link(dir.join("f"), dir.join("g")).unwrap() },
    Row { name: "symlink, by root", request: "symlink", prepare: nothing,
        act: |dir| std::os::unix::fs::symlink("t", dir.join("s")).unwrap() },
    Row { name: "readlink", request: "readlink", prepare: |dir| std::os::unix::fs::symlink("t", dir.join("s")).unwrap(),
        act: |dir| drop(fs::read_link(dir.join("s")).unwrap()) },
    Row { name: "getxattr", request: "getxattr", prepare: known,
        act: |dir| { let _ = fs_core::getxattr(&dir.join("f"), "user.a", Follow::Yes); } },
    Row { name: "setxattr", request: "setxattr", prepare: known,
        act: |dir| { let _ = fs_core::setxattr(&dir.join("f"), "user.a", b"1", XattrFlags::empty(), Follow::Yes); } },
    Row { name: "getxattr, of an open file", request: "getxattr", prepare: nothing,
        act: |dir| { let _ = fs_core::getxattr(&File::create_new(dir.join("f")).unwrap(), "user.a", Follow::Yes); } },
    Row { name: "opendir", request: "opendir", prepare: nothing,
        act: |dir| { assert_eq!(fs::read_dir(dir).unwrap().count(), 0); } },
    Row { name: "readdir, from the beginning", request: "readdir", prepare: nothing,
        act: |dir| { assert_eq!(fs::read_dir(dir).unwrap().count(), 0); } },
    Row { name: "statfs", request: "statfs", prepare: nothing,
        act: |dir| { fs_core::statvfs(dir).unwrap(); } },
    Row { name: "fsync, of a file that was written", request: "fsync", prepare: known,
        act: |dir| File::options().write(true).open(dir.join("f")).unwrap().sync_all().unwrap() },
];

/// What a thread does before its first request. On a busy machine threads come at any time.
const NEW_THREAD: &str = "unshare umask chdir capget setgroups prctl capget capset ";

/// The calls of each row of the table, by its name.
fn table() -> Vec<(String, String)> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once("  ").map(|(name, calls)| (name.to_owned(), calls.trim().to_owned())).unwrap())
        .collect()
}

fn can_trace() -> bool {
    support::can_mount() && (Path::new("/usr/bin/strace").exists() || support::skip("there is no strace"))
}

/// What starts a daemon whose calls are written to `log`.
fn strace(log: &str) -> [&str; 11] {
    ["strace", "-D", "-f", "-qq", "-xx", "-s", "8", "-e", "trace=!futex", "-o", log]
}

#[test]
fn each_request_makes_the_system_calls_of_the_table() {
    if !can_trace() {
        return;
    }
    let log = tempfile::NamedTempFile::new().unwrap();
    let log = log.path().to_str().unwrap();
    // Another policy makes the same calls, for fewer requests.
    let mount = Mount::by(&strace(log), &["--cache=none", "-o", "allow_other"], |_| {});
    let (mut seen, mut new_threads) = (Vec::new(), 0);
    for row in ROWS {
        let dir = &mount.mountpoint;
        fs_core::chmod(dir, Mode::from_raw_mode(0o777), Follow::Yes).unwrap();
        (row.prepare)(dir);
        let before = log::requests(&log::settled(log)).len();
        (row.act)(dir);
        let requests = log::requests(&log::settled(log)).split_off(before);
        let asked: Vec<_> = requests.iter().filter(|request| request.name == row.request).collect();
        assert!(!asked.is_empty(), "{}: {requests:?}", row.name);
        // Of several the last: the first may be for the directory.
        let calls = asked.last().unwrap().calls.join(" ") + " ";
        let calls = calls.strip_prefix(NEW_THREAD).inspect(|_| new_threads += 1).unwrap_or(&calls).trim_end();
        seen.push((row.name.to_owned(), if calls.is_empty() { "-" } else { calls }.to_owned()));
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                fs::remove_dir(entry.path())
            } else {
                fs::remove_file(entry.path())
            }
            .unwrap();
        }
    }
    assert_eq!(mount.end().code(), Ok(0));
    assert!(new_threads < ROWS.len() / 2, "once a thread, and not each time");
    let width = 2 + seen.iter().map(|(name, _)| name.len()).max().unwrap();
    let shown: String = seen.iter().map(|(name, calls)| format!("{name:width$}{calls}\n")).collect();
    assert!(seen == table(), "calls.table differs from what was seen:\n{shown}");
}

/// The requests that `act` causes.
fn asked(log: &str, act: &dyn Fn()) -> Vec<log::Request> {
    let before = log::requests(&log::settled(log)).len();
    act();
    log::requests(&log::settled(log)).split_off(before)
}

/// What a trace cannot show: with one, directories are opened.
#[test]
fn under_exclusive_what_was_listed_or_read_before_is_not_asked_for() {
    if !can_trace() {
        return;
    }
    let log = tempfile::NamedTempFile::new().unwrap();
    let log = log.path().to_str().unwrap();
    let mount = Mount::by(&strace(log), &["--cache=exclusive"], |source| {
        fs::create_dir(source.join("d")).unwrap();
        (0..1000).for_each(|number| fs::write(source.join(format!("d/{number}")), "hello").unwrap());
    });
    let dir = mount.mountpoint.join("d");
    // The kernel learns that no directory needs to be opened.
    assert_eq!(fs::read_dir(&mount.mountpoint).unwrap().count(), 1);
    let asked = |act: &dyn Fn()| asked(log, act);
    let list = || assert_eq!(fs::read_dir(&dir).unwrap().count(), 1000);
    let first = asked(&list);
    assert!(first.iter().all(|request| ["lookup", "readdir", "readdirplus"].contains(&request.name)), "{first:?}");
    // Opened once for all of them, and read on from there.
    let calls = |name: &str| first.iter().flat_map(|request| &request.calls).filter(|call| *call == name).count();
    assert!(first.len() > 1 && calls("lseek") == 1, "{first:?}");
    let second = asked(&list);
    // That of the directory, which lives for a second.
    assert!(second.iter().all(|request| request.name == "getattr"), "{second:?}");
    // What was read before is read again from the page cache, and keeps its attributes.
    let read = || {
        let file = File::open(dir.join("7")).unwrap();
        assert_eq!((file.read_at(&mut [0; 10], 0).unwrap(), file.metadata().unwrap().len()), (5, 5));
    };
    // Not the first times, nor when the directory is asked for once more.
    let reads: Vec<_> = (0..6).map(|_| asked(&read)).collect();
    let is_least = |requests: &Vec<log::Request>| {
        let names: Vec<_> = requests.iter().map(|request| request.name).collect();
        names == ["open", "release"] && requests.iter().all(|request| request.calls.is_empty())
    };
    assert!(reads.iter().any(is_least), "{reads:?}");
    let synced = asked(&|| File::open(&dir).unwrap().sync_all().unwrap());
    let names: Vec<_> = synced.iter().map(|request| request.name).filter(|name| *name != "getattr").collect();
    assert_eq!(names, ["fsyncdir"]);
    assert_eq!(mount.end().code(), Ok(0));
}

#[test]
fn where_nobody_changes_anything_what_was_seen_before_is_not_asked_for() {
    if !can_trace() {
        return;
    }
    let log = tempfile::NamedTempFile::new().unwrap();
    let log = log.path().to_str().unwrap();
    // More than is read ahead at once, and than is read from the page cache otherwise.
    let content = vec![b'x'; 300_000];
    let mount = Mount::by(&strace(log), &["--cache=exclusive", "--read-only"], |source| {
        fs::create_dir(source.join("d")).unwrap();
        ["first", "d/small", "d/big"].iter().for_each(|name| fs::write(source.join(name), &content).unwrap());
        fs::write(source.join("d/small"), "hello").unwrap();
        fs::set_permissions(source.join("d/small"), fs::Permissions::from_mode(0o6755)).unwrap();
    });
    let dir = mount.mountpoint.join("d");
    let names = |requests: &[log::Request]| requests.iter().map(|request| request.name).collect::<Vec<_>>();
    // The kernel learns that no file needs to be opened.
    let first = names(&asked(log, &|| drop(fs::read(mount.mountpoint.join("first")).unwrap())));
    assert_eq!(first.iter().filter(|name| ["open", "release", "flush"].contains(name)).count(), 2, "{first:?}");
    let small = asked(log, &|| assert_eq!(fs::read(dir.join("small")).unwrap(), b"hello"));
    assert_eq!(names(&small), ["lookup", "lookup", "read"]);
    // Read until it ends. A thread that is new, or needs more memory, makes other calls as well.
    let made = ["openat", "pread64", "close"].map(|name| small[2].calls.iter().filter(|call| *call == name).count());
    assert_eq!(made, [1, 2, 1], "{small:?}");
    let use_all = || {
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2);
        assert_eq!(fs::read(dir.join("small")).unwrap(), b"hello");
        assert!(fs::read(dir.join("big")).unwrap() == content);
        assert_eq!(fs::metadata(dir.join("big")).unwrap().len(), 300_000);
    };
    let once = asked(log, &use_all);
    let expected = ["lookup", "opendir", "readdir", "readdirplus", "read"];
    assert!(once.iter().all(|request| expected.contains(&request.name)), "{once:?}");
    // Longer than a directory's attributes are remembered where entries are made and removed.
    std::thread::sleep(Duration::from_millis(1_200));
    let again = asked(log, &use_all);
    assert!(again.is_empty(), "{again:?}");
    assert_eq!(mount.end().code(), Ok(0));
}

#[test]
fn strace_is_read_as_it_writes() {
    let text = concat!(
        "7 read(3,  <unfinished ...>\n",
        "8 ppoll([], 0) = 0\n",
        "7 <... read resumed>\"\\x38\\x00\\x00\\x00\\x03\\x00\\x00\\x00\"..., 1052672) = 56\n",
        "7 fstat(9, {st_mode=0}) = 0\n",
        "7 writev(3, [], 2) = 120\n",
        "7 close(9) = 0\n",
        "7 read(3, \"\\x30\\x00\\x00\\x00\\x02\\x00\\x00\\x00\"..., 1052672) = 48\n",
    );
    let requests = log::requests(text);
    let told: Vec<_> = requests.iter().map(|request| (request.name, request.calls.join(" "))).collect();
    assert_eq!(told, [("getattr", "fstat close".to_owned()), ("forget", String::new())]);
    assert!(Duration::ZERO < log::CALM);
}
