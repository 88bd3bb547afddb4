//! Processes among others.

use std::ffi::OsStr;
use std::os::unix::process::{CommandExt, parent_id};
use std::process::Command;

use fs_core::{Errno, Error, Pid, getpgid, getpgrp, getpid, getppid, getsid, setpgid, setpgrp, setsid};

use crate::support::{in_child, in_child_with};

#[test]
fn the_numbers_are_those_that_proc_shows() {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // After the name, which may hold anything: state, parent, group, session.
    let words: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let shown = |index: usize| Pid::from_raw(words[index].parse().unwrap());
    assert_eq!(getpid().as_raw_pid().unsigned_abs(), std::process::id());
    assert_eq!(getppid(), shown(1));
    assert_eq!(getppid().map(|pid| pid.as_raw_pid().unsigned_abs()), Some(parent_id()));
    assert_eq!((getpgrp(), getpgid(None), getpgid(Some(getpid()))), (shown(2), Ok(shown(2)), Ok(shown(2))));
    assert_eq!((getsid(None), getsid(Some(getpid()))), (Ok(shown(3)), Ok(shown(3))));
}

#[test]
fn what_does_not_exist_is_not_found() {
    // More than `pid_max` can be.
    let nobody = Pid::from_raw(1 << 23);
    assert_eq!(getpgid(nobody), Err(Error::Os(Errno::SRCH)));
    assert_eq!(getsid(nobody), Err(Error::Os(Errno::SRCH)));
    assert_eq!(setpgid(nobody, None), Err(Error::Os(Errno::SRCH)));
}

#[test]
fn a_process_makes_a_group_and_a_child_joins_another() {
    in_child("session::a_process_makes_a_group_and_a_child_joins_another", || {
        assert_ne!(getpgrp(), Some(getpid()));
        setpgrp().unwrap();
        assert_eq!(getpgrp(), Some(getpid()));
        let mut child = Command::new("cat").stdin(std::process::Stdio::piped()).process_group(0).spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
        assert_eq!(getpgid(Some(pid)), Ok(Some(pid)));
        // It runs another program by now.
        assert_eq!(setpgid(Some(pid), Some(getpid())), Err(Error::Os(Errno::ACCESS)));
        drop(child.stdin.take());
        child.wait().unwrap();
    });
}

#[test]
fn who_leads_no_group_starts_a_session() {
    in_child("session::who_leads_no_group_starts_a_session", || {
        assert_eq!(setsid(), Ok(getpid()));
        assert_eq!((getsid(None), getpgrp()), (Ok(Some(getpid())), Some(getpid())));
        // It leads a group now, and a session.
        assert_eq!(setsid(), Err(Error::Os(Errno::PERM)));
        assert_eq!(setpgrp(), Err(Error::Os(Errno::PERM)));
    });
}

#[test]
fn who_leads_a_group_starts_no_session() {
    let lead = |command: &mut Command| {
        command.process_group(0);
    };
    in_child_with("session::who_leads_a_group_starts_no_session", lead, || {
        assert_eq!(setsid(), Err(Error::Os(Errno::PERM)));
    });
}

#[test]
fn groups_and_sessions_outside_of_the_namespace_have_no_number() {
    // The first process of a namespace keeps the group and the session of its parent.
    let name = "session::groups_and_sessions_outside_of_the_namespace_have_no_number";
    if std::env::var_os("OSPREY_INSIDE").is_some() {
        assert_eq!((getpid(), getppid()), (Pid::INIT, None));
        assert_eq!((getpgrp(), getpgid(None), getsid(None)), (None, Ok(None), Ok(None)));
        return;
    }
    let in_namespace = |arguments: &[&OsStr]| {
        Command::new("unshare").args(["--pid", "--fork"]).args(arguments).env("OSPREY_INSIDE", "1").output()
    };
    if !in_namespace(&["true".as_ref()]).is_ok_and(|output| output.status.success()) {
        // An ordinary user may not.
        return eprintln!("not run: no PID namespace can be made here");
    }
    let program = std::env::current_exe().unwrap();
    let output = in_namespace(&[program.as_os_str(), "--exact".as_ref(), name.as_ref()]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
