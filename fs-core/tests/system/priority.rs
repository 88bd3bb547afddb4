//! Niceness.

use fs_core::{Errno, Error, Pid, PriorityTarget, Uid};
use fs_core::{getpid, getpriority, nice, setpriority, setuid};

use crate::support::{in_child, is_root};

#[test]
fn niceness_is_added_to_set_and_held_within_its_range() {
    in_child("priority::niceness_is_added_to_set_and_held_within_its_range", || {
        let own = PriorityTarget::Process(None);
        let before = getpriority(own).unwrap();
        assert_eq!(nice(0), Ok(before));
        let nicer = (before + 2).min(19);
        assert_eq!((nice(2), getpriority(own)), (Ok(nicer), Ok(nicer)));
        setpriority(own, 1000).unwrap();
        assert_eq!(getpriority(own), Ok(19));
        assert_eq!(nice(1000), Ok(19));
    });
}

#[test]
fn minus_one_is_a_niceness_and_no_error() {
    if !is_root() {
        return;
    }
    in_child("priority::minus_one_is_a_niceness_and_no_error", || {
        let own = PriorityTarget::Process(None);
        if setpriority(own, -1) == Err(Error::Os(Errno::ACCESS)) {
            return eprintln!("not run: no capability CAP_SYS_NICE");
        }
        assert_eq!((getpriority(own), nice(0)), (Ok(-1), Ok(-1)));
        setpriority(own, -1000).unwrap();
        assert_eq!(getpriority(own), Ok(-20));
    });
}

#[test]
fn asking_for_more_is_eperm_of_nice_and_eacces_of_setpriority() {
    if !is_root() {
        return;
    }
    in_child("priority::asking_for_more_is_eperm_of_nice_and_eacces_of_setpriority", || {
        setuid(Uid::from_raw(65534)).unwrap();
        let own = PriorityTarget::Process(None);
        let less = getpriority(own).unwrap() - 1;
        assert_eq!(nice(-1), Err(Error::Os(Errno::PERM)));
        assert_eq!(setpriority(own, less), Err(Error::Os(Errno::ACCESS)));
        assert_eq!(setpriority(PriorityTarget::Process(Some(Pid::INIT)), 19), Err(Error::Os(Errno::PERM)));
    });
}

#[test]
fn groups_and_users_are_meant_as_processes_are() {
    in_child("priority::groups_and_users_are_meant_as_processes_are", || {
        fs_core::setpgrp().unwrap();
        setpriority(PriorityTarget::Pgrp(None), 15).unwrap();
        for target in [PriorityTarget::Process(Some(getpid())), PriorityTarget::Pgrp(Some(getpid()))] {
            assert_eq!(getpriority(target), Ok(15));
        }
        let user = PriorityTarget::User(Some(fs_core::getuid()));
        // Of all processes of the user, the one that gets most.
        assert_eq!(getpriority(user), getpriority(PriorityTarget::User(None)));
        assert!(getpriority(user).unwrap() <= 15);
        assert_eq!(getpriority(PriorityTarget::Process(Pid::from_raw(1 << 23))), Err(Error::Os(Errno::SRCH)));
        if !is_root() {
            return;
        }
        setuid(Uid::from_raw(65533)).unwrap();
        let user = PriorityTarget::User(Some(Uid::from_raw(65533)));
        setpriority(user, 17).unwrap();
        assert_eq!(getpriority(user), Ok(17));
    });
}
