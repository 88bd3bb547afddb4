//! What a daemon gets from whoever starts it, and what it keeps of that: streams, descriptors,
//! directories, limits, names.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::{PROGRAM, Watchdog, can_mount, is_alive, is_mounted, send, wait_for};
use crate::{daemon_of, places, run};

/// Runs a script of the shell in the directory of source and mountpoint; gives what it prints.
fn shell(dir: &Path, script: &str) -> String {
    let output = Command::new("timeout")
        .args(["60", "bash", "-c", &format!("set -e; {script}")])
        .env("PROGRAM", PROGRAM)
        .current_dir(dir)
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}: {message}");
    String::from_utf8(output.stdout).unwrap() + &message
}

#[test]
fn a_daemon_in_the_background_keeps_nothing_of_its_caller() {
    if !can_mount() {
        return;
    }
    let (dir, _, mountpoint) = places();
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    // The lock would be held for as long as anybody has the descriptor.
    let said = shell(
        dir.path(),
        &format!("exec 9>lock; flock 9; cd source; $PROGRAM . {mountpoint}; cd ..; exec 9>&-; flock -n lock echo free"),
    );
    assert_eq!(said, "free\n");
    let daemon = daemon_of(&mountpoint);
    let proc = Path::new("/proc").join(daemon.to_string());
    assert_eq!(fs::read_link(proc.join("cwd")).unwrap(), Path::new("/"));
    for stream in 0..3 {
        assert_eq!(fs::read_link(proc.join(format!("fd/{stream}"))).unwrap(), Path::new("/dev/null"));
    }
    let stat = fs::read_to_string(proc.join("stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    assert_eq!((fields[3], fields[4]), (daemon.to_string().as_str(), "0"), "a session of its own without a terminal");
    send(daemon, Signal::TERM);
    assert!(wait_for(|| !is_alive(daemon)) && !is_mounted(Path::new(&mountpoint)));
}

#[test]
fn it_starts_without_standard_streams() {
    if !can_mount() {
        return;
    }
    let (dir, source, mountpoint) = places();
    fs::write(Path::new(&source).join("a"), "text\n").unwrap();
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    for closed in ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"] {
        let said =
            shell(dir.path(), &format!("$PROGRAM source mountpoint {closed}; cat mountpoint/a; umount mountpoint"));
        assert_eq!(said, "text\n", "{closed}");
        let said = shell(
            dir.path(),
            &format!(
                "$PROGRAM -f --trace trace source mountpoint {closed} &
                until mountpoint -q mountpoint; do sleep 0.01; done
                cat mountpoint/a; umount mountpoint; wait; head -c 8 trace"
            ),
        );
        assert_eq!(said, "text\n{\"type\":", "{closed}");
        let said = shell(dir.path(), &format!("$PROGRAM missing mountpoint {closed} 2>/dev/null || echo $?"));
        assert_eq!(said, "2\n", "{closed}");
    }
}

#[test]
fn with_few_descriptors_it_works_and_with_too_few_it_says_so() {
    if !can_mount() {
        return;
    }
    let (dir, source, mountpoint) = places();
    fs::write(Path::new(&source).join("a"), "text\n").unwrap();
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    let with = |count: u32| {
        let script = "if prlimit --nofile=COUNT:COUNT $PROGRAM source mountpoint; then cat mountpoint/a; umount mountpoint; else echo code $?; fi";
        shell(dir.path(), &script.replace("COUNT", &count.to_string()))
    };
    assert_eq!(with(32), "text\n");
    for count in [8, 12, 16] {
        let said = with(count);
        assert!(said.starts_with("code 3\n") && said.contains("EMFILE"), "{count}: {said}");
        assert!(!is_mounted(Path::new(&mountpoint)));
    }
}

#[test]
fn any_name_will_do_for_both_directories() {
    if !can_mount() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let names: [&[u8]; 9] =
        [b"with space", b"a,b", b"back\\slash\\040", b"new\nline", b"\xff\xfe", b"x=y", b"#hash", b"tab\t", b"'\"$(x)"];
    for name in names {
        let place = dir.path().join(OsStr::from_bytes(name));
        let (source, mountpoint) =
            (place.join("source").join(OsStr::from_bytes(name)), place.join(OsStr::from_bytes(name)));
        fs::create_dir_all(&source).unwrap();
        fs::create_dir(&mountpoint).unwrap();
        fs::write(source.join("a"), "text").unwrap();
        let output = run(&[&source, &mountpoint]);
        assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]), "{place:?}");
        assert_eq!(fs::read_to_string(mountpoint.join("a")).unwrap(), "text");
        // Named in the table so that it can be found there.
        let refused = run(&[&source, &mountpoint]);
        assert_eq!(refused.status.code(), Some(3));
        let umount = Command::new("umount").arg("--").arg(&mountpoint).output().unwrap();
        assert!(umount.status.success(), "{place:?}: {umount:?}");
        assert!(wait_for(|| !mountpoint.join("a").exists()));
    }
}

#[test]
fn what_is_in_the_mountpoint_is_hidden_meanwhile() {
    if !can_mount() {
        return;
    }
    let (dir, _, mountpoint) = places();
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    let said = shell(
        dir.path(),
        "echo below >mountpoint/a; echo above >source/a; ln -s mountpoint link
        $PROGRAM source link; cat mountpoint/a; umount mountpoint; cat mountpoint/a",
    );
    assert_eq!(said, "above\nbelow\n");
}
