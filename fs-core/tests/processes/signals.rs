//! Signals to processes and groups.

use fs_core::{Errno, Error, WEXITED, WNOWAIT, kill, killpg, waitid};

use crate::fixture::{alone, ended, errno, raw, shell, shell_in_group, sleeper};

#[test]
fn a_signal_ends_a_process_and_signal_0_only_asks() {
    let child = sleeper();
    kill(raw(child), 0).unwrap();
    kill(raw(child), libc::SIGUSR1).unwrap();
    let status = ended(child);
    assert_eq!((status.signaled(), status.term_signal()), (true, libc::SIGUSR1));
}

#[test]
fn who_has_ended_is_there_until_it_is_waited_for() {
    let child = shell("exit 0");
    waitid(fs_core::IdType::Pid(child), WEXITED | WNOWAIT).unwrap();
    assert_eq!(kill(raw(child), 0), Ok(()));
    assert_eq!(ended(child).as_raw(), 0);
    assert_eq!(errno(kill(raw(child), 0)), Errno::SRCH);
}

#[test]
fn real_time_signals_are_sent_and_numbers_that_are_none_refused() {
    let child = sleeper();
    for none in [-1, 65, i32::MAX] {
        assert_eq!(errno(kill(raw(child), none)), Errno::INVAL, "{none}");
    }
    kill(raw(child), libc::SIGRTMAX()).unwrap();
    assert_eq!(ended(child).term_signal(), 64);
}

#[test]
fn nobody_is_esrch() {
    // Above the highest id that the kernel can give.
    assert_eq!(errno(kill(1 << 30, 0)), Errno::SRCH);
    assert_eq!(errno(killpg(1 << 30, 0)), Errno::SRCH);
}

#[test]
fn a_group_gets_a_signal_and_the_others_do_not() {
    alone("signals::a_group_gets_a_signal_and_the_others_do_not", || {
        let outside = sleeper();
        let leader = shell_in_group("exec sleep 60", 0);
        let group = raw(leader);
        let member = shell_in_group("exec sleep 60", group);
        killpg(group, libc::SIGTERM).unwrap();
        for child in [leader, member] {
            assert_eq!(ended(child).term_signal(), libc::SIGTERM);
        }
        assert_eq!(errno(killpg(group, 0)), Errno::SRCH);
        // Group 0 is the caller's own, to which the first child belongs.
        assert_eq!(killpg(0, 0), Ok(()));
        assert_eq!(kill(raw(outside), libc::SIGKILL), Ok(()));
        assert_eq!(ended(outside).term_signal(), libc::SIGKILL);
    });
}

#[test]
fn groups_that_would_mean_something_else_are_refused() {
    assert_eq!(errno(killpg(-2, 0)), Errno::INVAL);
    // It would be sent to every process of the machine.
    assert!(matches!(killpg(1, 0), Err(Error::Invalid(_))));
}
