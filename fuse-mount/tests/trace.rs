//! What a mount records, on live mounts, and what `fuse-trace` makes of it.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::ffi::{CString, OsStr};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::XattrFlags;
use rustix::process::Signal;
use serde_json::Value;
use support::{Mount, PROGRAM, Watchdog, can_mount, is_mounted, wait_for};

/// A directory for traces, outside of every mount.
fn traces() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("fuse-mount-trace-").tempdir().unwrap()
}

fn lines(file: &Path) -> Vec<Value> {
    parse(&fs::read_to_string(file).unwrap())
}

fn parse(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// The lines about operations, each as `op path path2 ret errno`.
fn operations(lines: &[Value]) -> Vec<String> {
    let operations = lines.iter().filter(|line| line.get("type").is_none());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let fields = |line: &Value| ["op", "path", "path2", "ret", "errno"].map(|key| text(&line[key])).join(" ");
    operations.map(fields).collect()
}

fn fuse_trace(args: &[&OsStr]) -> Output {
    let program = env!("CARGO_BIN_EXE_fuse-trace");
    Command::new(program).args(args).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_small_program_is_recorded_line_by_line() {
    if !can_mount() {
        return;
    }
    let dir = traces();
    let file = dir.path().join("t.jsonl");
    // One thread, so that what the kernel sends in the background comes in its turn.
    let filter = "op!=lookup|getattr|forget|getxattr|flush|statfs|readdir*";
    let mount = Mount::start(&["--threads", "1", "--trace", file.to_str().unwrap(), "--trace-filter", filter]);
    let at = |name: &str| mount.mountpoint.join(name);
    fs::write(at("a"), "text").unwrap();
    fs::create_dir(at("d")).unwrap();
    fs::rename(at("a"), at("d/b")).unwrap();
    fs::hard_link(at("d/b"), at("l")).unwrap();
    std::os::unix::fs::symlink("d/b", at("s")).unwrap();
    assert_eq!(fs::read_link(at("s")).unwrap(), Path::new("d/b"));
    assert_eq!(fs::read(at("l")).unwrap(), b"text");
    fs::set_permissions(at("l"), std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    rustix::fs::setxattr(at("l"), "user.k", b"v", XattrFlags::CREATE).unwrap();
    rustix::fs::removexattr(at("l"), "user.k").unwrap();
    fs::remove_dir(at("d")).unwrap_err();
    fs::remove_file(at("d/b")).unwrap();
    fs::remove_dir(at("d")).unwrap();
    fs::read_dir(mount.mountpoint.as_path()).unwrap().for_each(drop);
    // The kernel sends it in the background, and no more once the mount is gone.
    assert!(wait_for(|| fs::read_to_string(&file).unwrap().contains("releasedir")));
    assert_eq!(mount.end().code(), Ok(0));

    let lines = lines(&file);
    // What the kernel passes through is not there: reads and writes.
    let wanted = [
        "create a null 0 null",
        "release a null 0 null",
        "mkdir d null 0 null",
        "rename a d/b 0 null",
        "link d/b l 0 null",
        "symlink s null 0 null",
        "readlink s null 3 null",
        "open l null 0 null",
        "release l null 0 null",
        "setattr l null 0 null",
        "setxattr l null 0 null",
        "removexattr l null 0 null",
        "rmdir d null -1 ENOTEMPTY",
        "unlink d/b null 0 null",
        "rmdir d null 0 null",
        "opendir . null 0 null",
        "releasedir . null 0 null",
    ];
    let mut seen = operations(&lines);
    // A read that the kernel does not pass through, where it cannot, is not what this is about.
    seen.retain(|line| !line.starts_with("read ") && !line.starts_with("write "));
    assert_eq!(seen, wanted);

    let tid = u64::from(rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs());
    let comm = fs::read_to_string("/proc/thread-self/comm").unwrap();
    for line in lines.iter().filter(|line| line.get("type").is_none()) {
        assert_eq!((&line["pid"], &line["tid"]), (&std::process::id().into(), &tid.into()), "{line}");
        assert_eq!((&line["comm"], &line["uid"]), (&comm.trim_end().into(), &0.into()), "{line}");
    }
    let of = |op: &str| lines.iter().find(|line| line["op"] == op).unwrap();
    assert_eq!(of("setattr")["mode"].as_u64().unwrap() & 0o7777, 0o640);
    assert_eq!((&of("setxattr")["name"], &of("setxattr")["flags"]), (&"user.k".into(), &1.into()));
    assert_eq!(of("symlink")["target"], "d/b");

    let (first, last) = (&lines[0], lines.last().unwrap());
    assert_eq!((&first["type"], &first["cache"], &first["level"]), (&"begin".into(), &"tick".into(), &"meta".into()));
    assert_eq!((&first["filter"], &last["type"]), (&filter.into(), &"end".into()));
    for (seq, line) in lines.iter().enumerate() {
        assert_eq!(line["seq"], seq);
        for key in ["t_ns", "dur_ns", "op", "path", "path2", "ret", "errno", "pid", "tid", "uid", "gid", "comm"] {
            assert!(line.get(key).is_some(), "every line has `{key}`: {line}");
        }
    }
}

#[test]
fn another_program_and_another_user_are_named() {
    if !can_mount() {
        return;
    }
    let dir = traces();
    let file = dir.path().join("t.jsonl");
    let mount = Mount::prepared(&["--trace", file.to_str().unwrap()], |source| {
        fs::set_permissions(source, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    });
    let shell = |script: &str| {
        let status = Command::new("setpriv")
            .args(["--reuid=1234", "--regid=4321", "--clear-groups", "sh", "-c", script])
            .current_dir(&mount.mountpoint)
            .status();
        assert!(status.unwrap().success());
    };
    // The shell makes the file, and becomes another program that makes another.
    shell("echo x > a; exec mkdir b");
    assert_eq!(mount.end().code(), Ok(0));
    let lines = lines(&file);
    let of = |op: &str| lines.iter().find(|line| line["op"] == op).unwrap();
    assert_eq!((&of("create")["comm"], &of("create")["path"]), (&"sh".into(), &"a".into()));
    assert_eq!((&of("mkdir")["comm"], &of("mkdir")["path"]), (&"mkdir".into(), &"b".into()));
    assert_eq!(of("create")["pid"], of("mkdir")["pid"]);
    assert_eq!((&of("mkdir")["uid"], &of("mkdir")["gid"]), (&1234.into(), &4321.into()));
}

#[test]
fn no_name_can_forge_a_line() {
    if !can_mount() {
        return;
    }
    let dir = traces();
    let file = dir.path().join("t.jsonl");
    let mount = Mount::start(&["--trace", file.to_str().unwrap(), "--trace-filter", "op=mkdir|rename"]);
    let names: &[&[u8]] = &[
        b"x\n{\"seq\":1,\"op\":\"unlink\",\"path\":\"secret\"}\n",
        b"\"quoted\"\\back\\xff",
        b"\xff\xfe\\x41",
        b"\x01\x1b[31m\x7f\r\t",
        "caf\u{e9}\u{2028}\u{85}".as_bytes(),
    ];
    for name in names {
        fs::create_dir(mount.mountpoint.join(OsStr::from_bytes(name))).unwrap();
    }
    fs::rename(mount.mountpoint.join(OsStr::from_bytes(names[0])), mount.mountpoint.join("plain")).unwrap();
    assert_eq!(mount.end().code(), Ok(0));
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), names.len() + 3);
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
    let lines = parse(&text);
    for (line, name) in lines[1..].iter().zip(names) {
        let path = line["path"].as_str().unwrap();
        match std::str::from_utf8(name) {
            Ok(name) => assert_eq!((path, line.get("path_escaped")), (name, None)),
            Err(_) => assert_eq!((path, &line["path_escaped"]), ("\\xff\\xfe\\x5cx41", &true.into())),
        }
    }
    // What is shown for people is one line each as well, of printable characters.
    let shown = fuse_trace(&["show".as_ref(), file.as_os_str()]);
    assert!(shown.status.success());
    assert_eq!(shown.stdout.iter().filter(|byte| **byte == b'\n').count(), lines.len());
    assert!(shown.stdout.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')));
}

#[test]
fn what_has_happened_is_soon_in_the_file_and_stays_when_the_daemon_is_killed() {
    if !can_mount() {
        return;
    }
    let dir = traces();
    let file = dir.path().join("t.jsonl");
    let mount = Mount::start(&["--trace", file.to_str().unwrap()]);
    let started = Instant::now();
    fs::create_dir(mount.mountpoint.join("soon")).unwrap();
    let is_there = || fs::read_to_string(&file).unwrap().contains("\"op\":\"mkdir\",\"path\":\"soon\"");
    assert!(wait_for(is_there));
    // 100 ms is what is promised; a busy machine takes longer to run anybody.
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    mount.signal(Signal::KILL);
    assert!(wait_for(|| !is_mounted(&mount.mountpoint)));
    assert!(mount.wait().code().is_err());
    assert!(is_there());

    let summary = fuse_trace(&["summary".as_ref(), file.as_os_str()]);
    assert!(summary.status.success());
    assert!(String::from_utf8(summary.stdout).unwrap().contains(" mkdir\n"));
    assert!(String::from_utf8(summary.stderr).unwrap().contains("no last line"));
}

#[test]
fn reads_and_writes_are_seen_at_level_io() {
    if !can_mount() {
        return;
    }
    let dir = traces();
    let file = dir.path().join("t.jsonl");
    let mount = Mount::start(&["--trace", file.to_str().unwrap(), "--trace-level", "io"]);
    fs::write(mount.mountpoint.join("a"), "0123456789").unwrap();
    assert_eq!(fs::read(mount.mountpoint.join("a")).unwrap(), b"0123456789");
    assert_eq!(mount.end().code(), Ok(0));
    let lines = lines(&file);
    let of = |op: &str| lines.iter().find(|line| line["op"] == op).unwrap_or_else(|| panic!("no {op}"));
    assert_eq!(
        (&of("write")["ret"], &of("write")["offset"], &of("write")["length"]),
        (&10.into(), &0.into(), &10.into())
    );
    assert_eq!((&of("read")["ret"], &of("read")["offset"]), (&10.into(), &0.into()));
}

#[test]
fn the_table_counts_calls_and_errors() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&["--summary", "--cache", "none"]);
    let at = |name: &str| mount.mountpoint.join(name);
    fs::create_dir(at("d")).unwrap();
    fs::create_dir(at("d/e")).unwrap();
    for _ in 0..3 {
        fs::remove_dir(at("d")).unwrap_err();
    }
    fs::remove_dir(at("d/e")).unwrap();
    let end = mount.end();
    assert_eq!((end.code(), end.stdout.as_str()), (Ok(0), ""));
    let rows: Vec<Vec<&str>> = end.stderr.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(end.stderr.starts_with("% time"), "{}", end.stderr);
    // share, and three times with their units; then calls, errors, operation
    let counts = |op: &str| {
        let row = rows.iter().find(|row| row.last() == Some(&op)).unwrap_or_else(|| panic!("{}", end.stderr));
        (row[row.len() - 3].to_owned(), row[row.len() - 2].to_owned())
    };
    assert_eq!(counts("mkdir"), ("2".into(), "0".into()));
    assert_eq!(counts("rmdir"), ("4".into(), "3".into()));
    assert_eq!(rows.last().unwrap().last(), Some(&"total"));
}

#[test]
fn a_mount_in_the_background_leaves_its_table_in_the_trace() {
    if !can_mount() {
        return;
    }
    let dir = traces();
    let [source, mountpoint, file] = ["source", "mountpoint", "t.jsonl"].map(|name| dir.path().join(name));
    fs::create_dir(&source).unwrap();
    fs::create_dir(&mountpoint).unwrap();
    let _watchdog = Watchdog::start(&mountpoint, None);
    // A relative name, from the directory of the caller.
    let mounted = Command::new(PROGRAM)
        .args(["--summary", "--trace", "t.jsonl", "source", "mountpoint"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!((mounted.status.code(), mounted.stderr.as_slice()), (Some(0), &b""[..]));
    fs::create_dir(mountpoint.join("d")).unwrap();
    rustix::mount::unmount(&mountpoint, rustix::mount::UnmountFlags::empty()).unwrap();
    assert!(wait_for(|| fs::read_to_string(&file).unwrap().contains("\"type\":\"end\"")));
    let lines = lines(&file);
    let summary = lines.last().unwrap()["summary"].as_array().unwrap().clone();
    let mkdir = summary.iter().find(|row| row["op"] == "mkdir").unwrap();
    assert_eq!((&mkdir["calls"], &mkdir["errors"]), (&1.into(), &0.into()));
}

#[test]
fn a_trace_can_go_to_standard_output() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&["--trace", "-"]);
    fs::create_dir(mount.mountpoint.join("d")).unwrap();
    let end = mount.end();
    assert_eq!((end.code(), end.stderr.as_str()), (Ok(0), ""));
    assert!(operations(&parse(&end.stdout)).contains(&"mkdir d null 0 null".to_owned()));
}

#[test]
fn a_reader_that_goes_away_ends_the_trace_and_not_the_mount() {
    if !can_mount() {
        return;
    }
    let dir = traces();
    let pipe = dir.path().join("pipe");
    let name = CString::new(pipe.as_os_str().as_bytes()).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &*name, rustix::fs::FileType::Fifo, rustix::fs::Mode::from(0o600), 0).unwrap();
    let reader = fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let mount = Mount::start(&["--trace", pipe.to_str().unwrap()]);
    drop(reader);
    for index in 0..3 {
        fs::create_dir(mount.mountpoint.join(index.to_string())).unwrap();
        std::thread::sleep(Duration::from_millis(60));
    }
    let end = mount.end();
    assert_eq!(end.code(), Ok(3));
    assert!(end.stderr.contains("is not complete") && end.stderr.contains("pipe"), "{}", end.stderr);
}

#[test]
fn a_trace_that_cannot_be_is_refused_and_nothing_is_left() {
    let dir = traces();
    let [source, mountpoint] = ["source", "mountpoint"].map(|name| dir.path().join(name));
    fs::create_dir(&source).unwrap();
    fs::create_dir(&mountpoint).unwrap();
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(source.join("target"), &link).unwrap();
    let check = |args: &[&str], code: i32, words: &[&str]| {
        let output = Command::new(PROGRAM).args(args).args([&source, &mountpoint]).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {message}");
        for word in words {
            assert!(message.contains(word), "`{word}` is not in: {message}");
        }
        assert!(!is_mounted(&mountpoint));
        assert_eq!(fs::read_dir(&source).unwrap().count() + fs::read_dir(&mountpoint).unwrap().count(), 0);
    };
    let [in_source, in_mountpoint] = [&source, &mountpoint].map(|path| path.join("t").to_str().unwrap().to_owned());
    check(&["--trace", &in_source], 2, &[&in_source, "inside the source"]);
    check(&["--trace", &in_mountpoint], 2, &[&in_mountpoint, "inside the mountpoint"]);
    check(&["--trace", "/nonexistent/t"], 3, &["/nonexistent/t", "ENOENT"]);
    check(&["--trace", "/"], 3, &["EISDIR"]);
    check(&["--trace", "-"], 2, &["-f"]);
    check(&["--summary"], 2, &["-f", "fuse-trace summary"]);
    check(&["--trace", "t", "--trace-level", "full"], 2, &["full", "not supported yet"]);
    check(&["--trace", "t", "--trace-filter", "op=opne"], 2, &["opne"]);
    check(&["--trace", "t", "--trace-filter", "size=1"], 2, &["size=1"]);
    assert!(!Path::new("t").exists());
}

#[test]
fn a_trace_of_a_mount_that_never_was_is_not_touched() {
    if !can_mount() {
        return;
    }
    let dir = traces();
    let [source, mountpoint] = ["source", "mountpoint"].map(|name| dir.path().join(name));
    fs::create_dir(&source).unwrap();
    fs::create_dir(&mountpoint).unwrap();
    let [old, new] = ["old", "new"].map(|name| dir.path().join(name));
    fs::write(&old, "precious").unwrap();
    for file in [&old, &new] {
        // No device in /dev: the mount fails after the trace was opened.
        let script = format!(
            "mount -t tmpfs none /dev && exec {PROGRAM} --trace {} {} {}",
            file.display(),
            source.display(),
            mountpoint.display()
        );
        let output = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(fs::read_to_string(&old).unwrap(), "precious");
    assert!(!new.exists());
}

#[test]
fn traces_are_read_back_and_what_is_wrong_with_them_is_named() {
    let dir = traces();
    let good = r#"{"seq":1,"t_ns":5000,"dur_ns":1500,"op":"rename","path":"a","path2":"b","ret":-1,"errno":"EXDEV","pid":7,"tid":7,"uid":0,"gid":0,"comm":"mv","flags":2}"#;
    let file = dir.path().join("t.jsonl");
    let run = |args: &[&str], text: &str| {
        fs::File::create(&file).unwrap().write_all(text.as_bytes()).unwrap();
        let file = file.as_os_str();
        let output = fuse_trace(&args.iter().map(|arg| OsStr::new(*arg)).chain([file]).collect::<Vec<_>>());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let whole = format!("{good}\n");
    let (code, shown, _) = run(&["show"], &whole);
    assert_eq!(code, 0);
    assert_eq!(shown, "00:00:00.000005 mv[7]                  rename path=a path2=b flags=EXCHANGE -> EXDEV 1.50 us\n");
    assert!(run(&["show", "--color", "always"], &whole).1.contains("\u{1b}[31mEXDEV\u{1b}[0m"));
    let (code, table, _) = run(&["summary"], &whole);
    assert!(
        code == 0 && table.contains("100.00    1.50 us    1.50 us    1.50 us          1          1 rename\n"),
        "{table}"
    );
    assert_eq!(
        run(&["export", "--format", "jsonl", "-o", "-"], &whole),
        (0, whole.clone(), format!("fuse-trace: {}: no last line: its mount lives, or was killed\n", file.display()))
    );
    let out = dir.path().join("out");
    assert_eq!(run(&["export", "--format", "jsonl", "-o", out.to_str().unwrap()], &whole).0, 0);
    assert_eq!(fs::read_to_string(&out).unwrap(), whole);

    let cut = format!("{whole}{}", &good[..40]);
    let (code, shown, note) = run(&["show"], &cut);
    assert!(code == 0 && shown.lines().count() == 1 && note.contains("cut off"), "{note}");
    let broken = format!("{whole}garbage\n{whole}");
    for verb in [&["show"][..], &["summary"], &["export", "--format", "jsonl", "-o", "-"]] {
        let (code, _, message) = run(verb, &broken);
        assert!(code == 3 && message.contains("t.jsonl:2: "), "{verb:?}: {message}");
    }
    let file = file.to_str().unwrap().to_owned();
    assert_eq!(run(&["export", "--format", "jsonl", "-o", &file], &whole).0, 2, "onto itself");
    assert_eq!(fs::read_to_string(&file).unwrap(), whole);
    let missing = fuse_trace(&["show".as_ref(), "/nonexistent/t".as_ref()]);
    assert!(missing.status.code() == Some(3) && String::from_utf8_lossy(&missing.stderr).contains("/nonexistent/t"));
    assert_eq!(fuse_trace(&["frobnicate".as_ref()]).status.code(), Some(2));
    assert_eq!(fuse_trace(&[]).status.code(), Some(2));
    assert_eq!(fuse_trace(&["--help".as_ref()]).status.code(), Some(0));
    let (code, _, message) = run(&["export", "--format", "jsonl", "-o", "/dev/full"], &whole);
    assert!(code == 3 && message.contains("/dev/full: No space left on device (ENOSPC)"), "{message}");
    for verb in ["top", "recover", "anonymize"] {
        let (code, shown, message) = run(&[verb], &whole);
        assert!(code == 3 && message.contains(&format!("{verb} is not supported yet")), "{message}");
        assert_eq!(shown, "");
    }
}

#[test]
fn who_has_seen_enough_is_told_nothing_of_the_rest() {
    let dir = traces();
    let line = r#"{"seq":1,"t_ns":5,"dur_ns":1,"op":"open","path":"a","ret":0,"errno":null,"pid":7,"tid":7,"uid":0,"gid":0,"comm":"x"}"#;
    let file = dir.path().join("t.jsonl");
    fs::write(&file, format!("{line}\n").repeat(10_000)).unwrap();
    for verb in [&["show"][..], &["export", "--format", "jsonl", "-o", "-"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fuse-trace"));
        let mut child = child.args(verb).arg(&file).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), String::from_utf8(output.stderr).unwrap()),
            (Some(0), String::new()),
            "{verb:?}"
        );
    }
}
