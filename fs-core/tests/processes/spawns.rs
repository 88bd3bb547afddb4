//! Starting programs by `spawnv` and its like: what comes back, and what is 127.

use std::time::{Duration, Instant};

use fs_core::SpawnMode::{NoWait, Wait};
use fs_core::{Env, Error, Pid, Result, kill};
use fs_core::{spawnl, spawnle, spawnlp, spawnlpe, spawnv, spawnve, spawnvp, spawnvpe};

use crate::fixture::{alone, ended};

/// Exits with 10 more than its argument says, and 3 more if the variable is there.
const ARGS: [&str; 4] = ["sh", "-c", "exit $((10 + $0 + 0$MARK))", "1"];

fn given() -> Env<'static> {
    Env::of([("MARK", "3"), ("PATH", "/nowhere:/bin")])
}

#[test]
fn every_form_waits_and_gives_the_exit_status() {
    let forms: [(&str, Result<i32>, i32); 8] = [
        ("spawnl", spawnl(Wait, "/bin/sh", &ARGS), 11),
        ("spawnle", spawnle(Wait, "/bin/sh", &ARGS, given()), 14),
        ("spawnlp", spawnlp(Wait, "sh", &ARGS), 11),
        ("spawnlpe", spawnlpe(Wait, "sh", &ARGS, given()), 14),
        ("spawnv", spawnv(Wait, "/bin/sh", ARGS), 11),
        ("spawnve", spawnve(Wait, "/bin/sh", ARGS, given()), 14),
        ("spawnvp", spawnvp(Wait, "sh", ARGS), 11),
        ("spawnvpe", spawnvpe(Wait, "sh", ARGS, given()), 14),
    ];
    for (form, found, expected) in forms {
        assert_eq!(found, Ok(expected), "{form}");
    }
}

#[test]
fn only_the_forms_with_p_look_for_the_program() {
    assert_eq!(spawnv(Wait, "sh", ARGS), Ok(127));
    assert_eq!(spawnle(Wait, "sh", &ARGS, given()), Ok(127));
    // In the PATH of the environment that is given.
    assert_eq!(spawnvpe(Wait, "sh", ARGS, Env::of([("PATH", "/nowhere")])), Ok(127));
    assert_eq!(spawnvpe(Wait, "sh", ARGS, Env::of([("MARK", "3")])), Ok(14), "without PATH it is /bin:/usr/bin");
}

#[test]
fn a_program_that_is_not_waited_for_runs_on_and_is_left_to_the_caller() {
    let before = Instant::now();
    let child = spawnv(NoWait, "/bin/sleep", ["sleep", "60"]).unwrap();
    assert!(before.elapsed() < Duration::from_secs(30));
    kill(child, libc::SIGTERM).unwrap();
    assert_eq!(ended(Pid::from_raw(child).unwrap()).term_signal(), libc::SIGTERM);
    // One that cannot be started is a child that exits with 127.
    let child = spawnlp(NoWait, "no such program", &["x"]).unwrap();
    assert_eq!(ended(Pid::from_raw(child).unwrap()).exit_code(), Some(127));
}

#[test]
fn the_end_by_a_signal_is_its_negative_number() {
    assert_eq!(spawnl(Wait, "/bin/sh", &["sh", "-c", "kill -15 $$"]), Ok(-15));
    assert_eq!(spawnl(Wait, "/bin/sh", &["sh", "-c", "kill -9 $$"]), Ok(-9));
}

#[test]
fn a_stopped_child_is_waited_for_further() {
    let commands = "(sleep 0.1; kill -CONT $$) & kill -STOP $$; exit 6";
    assert_eq!(spawnl(Wait, "/bin/sh", &["sh", "-c", commands]), Ok(6));
}

#[test]
fn what_goes_wrong_in_the_child_is_127() {
    assert_eq!(spawnv(Wait, "/no/such", ["x"]), Ok(127));
    assert_eq!(spawnv(Wait, "/bin", ["x"]), Ok(127));
    assert_eq!(spawnv(Wait, "/bin/tr\0ue", ["x"]), Ok(127));
    assert_eq!(spawnv(Wait, "/bin/true", ["x", "\0"]), Ok(127));
    assert_eq!(spawnvpe(Wait, "true", ["x"], Env::of([("a=", "")])), Ok(127));
}

#[test]
fn arguments_are_checked_before_the_fork() {
    alone("spawns::arguments_are_checked_before_the_fork", || {
        assert!(matches!(spawnv(Wait, "/bin/true", [""; 0]), Err(Error::Invalid(_))));
        assert!(matches!(spawnlp(NoWait, "true", &["", "x"]), Err(Error::Invalid(_))));
        assert_eq!(fs_core::wait(), Err(Error::Os(fs_core::Errno::CHILD)));
    });
}
