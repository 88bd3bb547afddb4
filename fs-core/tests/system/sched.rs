//! The scheduler.

use std::time::Duration;

use fs_core::{CpuSet, Errno, Error, Pid, SchedParam, SchedPolicy};
use fs_core::{SCHED_BATCH, SCHED_FIFO, SCHED_IDLE, SCHED_OTHER, SCHED_RESET_ON_FORK, SCHED_RR};
use fs_core::{
    sched_get_priority_max, sched_get_priority_min, sched_getaffinity, sched_getparam, sched_getscheduler,
    sched_rr_get_interval, sched_setaffinity, sched_setparam, sched_setscheduler, sched_yield,
};

use crate::support::{in_child, is_root};

const INVAL: Error = Error::Os(Errno::INVAL);

#[test]
fn priorities_are_from_1_to_99_or_0() {
    for policy in [SCHED_FIFO, SCHED_RR] {
        assert_eq!((sched_get_priority_min(policy), sched_get_priority_max(policy)), (Ok(1), Ok(99)));
    }
    for policy in [SCHED_OTHER, SCHED_BATCH, SCHED_IDLE] {
        assert_eq!((sched_get_priority_min(policy), sched_get_priority_max(policy)), (Ok(0), Ok(0)));
    }
    for policy in [SchedPolicy::from_raw(4711), SCHED_FIFO | SCHED_RESET_ON_FORK] {
        assert_eq!((sched_get_priority_min(policy), sched_get_priority_max(policy)), (Err(INVAL), Err(INVAL)));
    }
}

#[test]
fn a_policy_is_set_and_read_with_the_bit_that_resets_it_on_fork() {
    in_child("sched::a_policy_is_set_and_read_with_the_bit_that_resets_it_on_fork", || {
        let none = SchedParam::new(0);
        for policy in [SCHED_BATCH, SCHED_OTHER, SCHED_OTHER | SCHED_RESET_ON_FORK] {
            sched_setscheduler(None, policy, none).unwrap();
            assert_eq!(sched_getscheduler(None), Ok(policy));
        }
        let policy = sched_getscheduler(None).unwrap();
        assert_eq!((policy.resets_on_fork(), policy.without_reset()), (true, SCHED_OTHER));
        assert_eq!(policy.as_raw(), 0x4000_0000);
        assert_eq!(sched_setscheduler(None, SCHED_OTHER, SchedParam::new(1)), Err(INVAL));
        assert_eq!(sched_setscheduler(None, SchedPolicy::from_raw(4711), none), Err(INVAL));
        assert_eq!(sched_setparam(None, SchedParam::new(1)), Err(INVAL));
        assert_eq!((sched_setparam(None, none), sched_getparam(None)), (Ok(()), Ok(none)));
        // For good: the bit cannot be taken back without privilege, and idling goes last.
        sched_setscheduler(None, SCHED_IDLE | SCHED_RESET_ON_FORK, none).unwrap();
        assert_eq!(sched_getscheduler(None).unwrap().without_reset(), SCHED_IDLE);
    });
}

#[test]
fn priorities_come_back_and_turns_have_a_length() {
    if !is_root() {
        return;
    }
    in_child("sched::priorities_come_back_and_turns_have_a_length", || {
        match sched_setscheduler(None, SCHED_RR, SchedParam::new(3)) {
            Err(Error::Os(Errno::PERM)) => return eprintln!("not run: no capability CAP_SYS_NICE"),
            result => result.unwrap(),
        }
        assert_eq!(sched_getparam(None).map(SchedParam::sched_priority), Ok(3));
        sched_setparam(None, SchedParam::new(2)).unwrap();
        assert_eq!(sched_getparam(None), Ok(SchedParam::new(2)));
        assert_eq!(sched_setparam(None, SchedParam::new(0)), Err(INVAL));
        let text = std::fs::read_to_string("/proc/sys/kernel/sched_rr_timeslice_ms").unwrap();
        let turn = Duration::from_millis(text.trim().parse().unwrap());
        // The kernel counts in its own ticks.
        let told = sched_rr_get_interval(None).unwrap();
        assert!(told.abs_diff(turn) <= Duration::from_millis(10), "{told:?} {turn:?}");
        sched_setscheduler(None, SCHED_FIFO, SchedParam::new(1)).unwrap();
        assert_eq!((sched_getscheduler(None), sched_rr_get_interval(None)), (Ok(SCHED_FIFO), Ok(Duration::ZERO)));
    });
}

#[test]
fn what_does_not_exist_is_not_found() {
    let nobody = Pid::from_raw(1 << 23);
    let none = SchedParam::new(0);
    let missing = Error::Os(Errno::SRCH);
    assert_eq!(sched_getscheduler(nobody), Err(missing));
    assert_eq!(sched_setscheduler(nobody, SCHED_OTHER, none), Err(missing));
    assert_eq!(sched_getparam(nobody), Err(missing));
    assert_eq!(sched_setparam(nobody, none), Err(missing));
    assert_eq!(sched_rr_get_interval(nobody), Err(missing));
    assert_eq!(sched_getaffinity(nobody), Err(missing));
    assert_eq!(sched_setaffinity(nobody, [0]), Err(missing));
}

#[test]
fn a_process_is_restricted_to_cpus_and_those_that_do_not_exist_are_left_out() {
    in_child("sched::a_process_is_restricted_to_cpus_and_those_that_do_not_exist_are_left_out", || {
        let all = sched_getaffinity(None).unwrap();
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim();
        let shown: CpuSet = list
            .split(',')
            .flat_map(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                first.parse::<usize>().unwrap()..=last.parse().unwrap()
            })
            .collect();
        assert_eq!(all, shown);

        let one = all.iter().next().unwrap();
        // Beyond the 1024 of the C library's own set, and of most kernels.
        sched_setaffinity(None, [one, 100_000]).unwrap();
        assert_eq!(sched_getaffinity(None), Ok([one].into_iter().collect()));
        sched_yield();
        assert_eq!(sched_setaffinity(None, []), Err(INVAL));
        assert_eq!(sched_setaffinity(None, [100_000]), Err(INVAL));
        assert!(matches!(sched_setaffinity(None, [usize::MAX]), Err(Error::Invalid(_))));
        assert_eq!(sched_getaffinity(None).unwrap().len(), 1);
        sched_setaffinity(None, all.iter()).unwrap();
        assert_eq!(sched_getaffinity(None), Ok(all));
    });
}

#[test]
fn yielding_lets_another_thread_of_the_same_priority_go_first() {
    // On one CPU, and in turns, so that nothing else can make the other thread go on.
    in_child("sched::yielding_lets_another_thread_of_the_same_priority_go_first", || {
        use std::sync::atomic::{AtomicU32, Ordering};
        let one = sched_getaffinity(None).unwrap().iter().next();
        sched_setaffinity(None, one).unwrap();
        let turns = AtomicU32::new(0);
        let take_turns = |own: u32| {
            while turns.load(Ordering::SeqCst) < 1000 {
                if turns.load(Ordering::SeqCst) % 2 == own {
                    turns.fetch_add(1, Ordering::SeqCst);
                }
                sched_yield();
            }
        };
        let used = || fs_core::times().map(|times| times.user + times.system).unwrap();
        let before = used();
        std::thread::scope(|scope| {
            scope.spawn(|| take_turns(0));
            scope.spawn(|| take_turns(1));
        });
        // Who does not give way computes in vain until the kernel ends its turn, after
        // some milliseconds, a thousand times.
        let used = used() - before;
        assert!(used < 0.5, "{used} s of the processor");
    });
}
