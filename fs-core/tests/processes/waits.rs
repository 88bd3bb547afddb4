//! Waiting: whom for, what for, and what comes back.

use std::time::Duration;

use fs_core::{
    CLD_CONTINUED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, Errno, IdType, Pid, Rusage, WCONTINUED, WEXITED, WNOHANG,
    WNOWAIT, WSTOPPED, WUNTRACED, WaitOptions, WaitStatus, kill, wait, wait3, wait4, waitid, waitpid,
};

use crate::fixture::{alone, ended, errno, raw, shell, shell_in_group, sleeper};

const NOTHING: WaitOptions = WaitOptions::empty();

#[test]
fn wait_takes_any_child_and_ends_when_there_is_none() {
    alone("waits::wait_takes_any_child_and_ends_when_there_is_none", || {
        assert_eq!(errno(wait()), Errno::CHILD);
        let (first, second) = (shell("exit 3"), shell("kill -9 $$"));
        let mut found = [wait().unwrap(), wait().unwrap()];
        found.sort_by_key(|(_, status)| status.as_raw());
        assert_eq!(found, [(second, WaitStatus::from_raw(9)), (first, WaitStatus::from_raw(0x300))]);
        assert_eq!(errno(wait()), Errno::CHILD);
    });
}

#[test]
fn waitpid_tells_children_groups_and_strangers_apart() {
    alone("waits::waitpid_tells_children_groups_and_strangers_apart", || {
        let mine = shell("exit 1");
        let other = raw(shell_in_group("exit 2", 0));
        // 0 is the caller's own group, a negative number another one.
        assert_eq!(waitpid(-other, NOTHING), Ok((other, WaitStatus::from_raw(0x200))));
        assert_eq!(waitpid(0, NOTHING), Ok((raw(mine), WaitStatus::from_raw(0x100))));
        for nobody in [0, -1, other, 1, -other] {
            assert_eq!(errno(waitpid(nobody, NOTHING)), Errno::CHILD, "{nobody}");
        }
        assert_eq!(errno(waitpid(i32::MIN, NOTHING)), Errno::SRCH);
    });
}

#[test]
fn without_waiting_nothing_is_zero_and_none() {
    alone("waits::without_waiting_nothing_is_zero_and_none", || {
        let child = sleeper();
        assert_eq!(waitpid(-1, WNOHANG), Ok((0, WaitStatus::from_raw(0))));
        assert_eq!(wait3(WNOHANG), Ok((0, WaitStatus::from_raw(0), Rusage::default())));
        assert_eq!(waitid(IdType::All, WEXITED | WNOHANG), Ok(None));
        kill(raw(child), libc::SIGKILL).unwrap();
        assert_eq!(ended(child).as_raw(), libc::SIGKILL);
    });
}

#[test]
fn options_of_waitid_and_of_waitpid_are_kept_apart_by_the_kernel() {
    assert_eq!(errno(waitpid(-1, WEXITED)), Errno::INVAL);
    assert_eq!(errno(waitid(IdType::All, NOTHING)), Errno::INVAL);
    assert_eq!(errno(waitid(IdType::All, WNOHANG)), Errno::INVAL);
    assert_eq!(errno(waitpid(-1, WaitOptions::from_bits_retain(1 << 20))), Errno::INVAL);
}

#[test]
fn a_child_that_is_stopped_and_continued_is_seen_only_by_who_asks() {
    alone("waits::a_child_that_is_stopped_and_continued_is_seen_only_by_who_asks", || {
        let child = sleeper();
        kill(raw(child), libc::SIGSTOP).unwrap();
        let (pid, status) = waitpid(raw(child), WUNTRACED).unwrap();
        assert_eq!((pid, status.stopped(), status.stop_signal()), (raw(child), true, libc::SIGSTOP));
        assert!(!status.exited() && !status.signaled() && !status.continued());
        assert_eq!(waitpid(raw(child), WNOHANG), Ok((0, WaitStatus::from_raw(0))));

        kill(raw(child), libc::SIGCONT).unwrap();
        let (_, status) = waitpid(raw(child), WCONTINUED).unwrap();
        assert!(status.continued() && !status.stopped() && !status.signaled());

        kill(raw(child), libc::SIGTERM).unwrap();
        let status = ended(child);
        assert!(status.signaled() && !status.exited());
        assert_eq!((status.term_signal(), status.exit_code()), (libc::SIGTERM, Some(-libc::SIGTERM)));
    });
}

#[test]
fn waitid_says_what_has_happened_and_can_leave_the_child() {
    alone("waits::waitid_says_what_has_happened_and_can_leave_the_child", || {
        let child = shell("exit 7");
        let id = IdType::Pid(child);
        let found = waitid(id, WEXITED | WNOWAIT).unwrap().unwrap();
        assert_eq!((found.si_pid, found.si_code, found.si_status), (child, CLD_EXITED, 7));
        assert_eq!((found.si_signo, found.si_uid), (libc::SIGCHLD, rustix::process::getuid()));
        // It was left, and is taken now.
        assert_eq!(waitid(IdType::Pgid(None), WEXITED), Ok(Some(found)));
        assert_eq!(errno(waitid(id, WEXITED)), Errno::CHILD);

        let child = sleeper();
        let change = |signal, option| {
            kill(raw(child), signal).unwrap();
            let found = waitid(IdType::All, option).unwrap().unwrap();
            (found.si_code, found.si_status)
        };
        assert_eq!(change(libc::SIGSTOP, WSTOPPED), (CLD_STOPPED, libc::SIGSTOP));
        assert_eq!(change(libc::SIGCONT, WCONTINUED), (CLD_CONTINUED, libc::SIGCONT));
        assert_eq!(change(libc::SIGKILL, WEXITED), (CLD_KILLED, libc::SIGKILL));
        let stranger = Pid::from_raw(1).unwrap();
        assert_eq!(errno(waitid(IdType::Pgid(Some(stranger)), WEXITED)), Errno::CHILD);
    });
}

#[test]
fn wait3_and_wait4_tell_what_the_child_has_used() {
    alone("waits::wait3_and_wait4_tell_what_the_child_has_used", || {
        // A child that computes; the shell has no other way to spend time.
        let busy = "i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done; exit 5";
        let child = shell(busy);
        let (pid, status, usage) = wait4(raw(child), NOTHING).unwrap();
        assert_eq!((pid, status.exit_status()), (raw(child), 5));
        assert!(usage.ru_utime + usage.ru_stime > Duration::from_millis(1), "{usage:?}");
        assert!(usage.ru_maxrss > 100 && usage.ru_minflt > 10, "{usage:?}");

        let idle = shell("exit 6");
        let (pid, status, less) = wait3(NOTHING).unwrap();
        assert_eq!((pid, status.exit_status()), (raw(idle), 6));
        assert!(less.ru_utime + less.ru_stime < usage.ru_utime + usage.ru_stime, "{less:?}");
    });
}
