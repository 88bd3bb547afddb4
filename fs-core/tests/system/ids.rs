//! Ids and groups. Whoever changes them does so in a process of its own, as root.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use fs_core::{Errno, Error, Gid, Uid};
use fs_core::{
    getegid, geteuid, getgid, getgrouplist, getgroups, getresgid, getresuid, getuid, initgroups, setegid, seteuid,
    setgid, setgroups, setregid, setresgid, setresuid, setreuid, setuid,
};

use crate::support::{in_child, is_root, python};

fn nobody() -> Uid {
    Uid::from_raw(65534)
}
const PERM: Error = Error::Os(Errno::PERM);

fn uid(number: u32) -> Option<Uid> {
    Some(Uid::from_raw(number))
}

fn gid(number: u32) -> Option<Gid> {
    Some(Gid::from_raw(number))
}

fn uids() -> [u32; 3] {
    let (real, effective, saved) = getresuid();
    [real, effective, saved].map(Uid::as_raw)
}

fn gids() -> [u32; 3] {
    let (real, effective, saved) = getresgid();
    [real, effective, saved].map(Gid::as_raw)
}

#[test]
fn the_ids_are_those_that_proc_shows() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let shown = |key: &str| -> Vec<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.split_whitespace().map(|word| word.parse().unwrap()).collect()
    };
    assert_eq!(shown("Uid:")[..3], uids());
    assert_eq!(shown("Gid:")[..3], gids());
    assert_eq!([getuid().as_raw(), geteuid().as_raw()], uids()[..2]);
    assert_eq!([getgid().as_raw(), getegid().as_raw()], gids()[..2]);
    assert_eq!(shown("Groups:"), getgroups().unwrap().iter().map(|gid| gid.as_raw()).collect::<Vec<_>>());
}

#[test]
fn user_ids_are_set_one_by_one_and_none_keeps_one() {
    if !is_root() {
        return;
    }
    in_child("ids::user_ids_are_set_one_by_one_and_none_keeps_one", || {
        setresuid(uid(1), uid(0), uid(3)).unwrap();
        assert_eq!(uids(), [1, 0, 3]);
        setresuid(None, None, uid(5)).unwrap();
        assert_eq!(uids(), [1, 0, 5]);
        seteuid(Uid::from_raw(1)).unwrap();
        assert_eq!((uids(), getuid().as_raw(), geteuid().as_raw()), ([1, 1, 5], 1, 1));
        assert_eq!(setresuid(uid(0), None, None), Err(PERM));
        assert_eq!(setreuid(uid(0), None), Err(PERM));
        assert_eq!(seteuid(Uid::ROOT), Err(PERM));
        assert_eq!(setuid(Uid::ROOT), Err(PERM));
        setreuid(None, uid(5)).unwrap();
        assert_eq!(uids(), [1, 5, 5]);
    });
}

#[test]
fn group_ids_are_set_one_by_one_and_none_keeps_one() {
    if !is_root() {
        return;
    }
    in_child("ids::group_ids_are_set_one_by_one_and_none_keeps_one", || {
        setresgid(gid(1), gid(2), gid(3)).unwrap();
        assert_eq!((gids(), getgid().as_raw(), getegid().as_raw()), ([1, 2, 3], 1, 2));
        setegid(Gid::from_raw(4)).unwrap();
        assert_eq!(gids(), [1, 4, 3]);
        setregid(gid(6), None).unwrap();
        assert_eq!(gids(), [6, 4, 4]);
        setgid(Gid::from_raw(7)).unwrap();
        assert_eq!(gids(), [7, 7, 7]);
        setuid(nobody()).unwrap();
        assert_eq!(setgid(Gid::ROOT), Err(PERM));
        assert_eq!(setegid(Gid::ROOT), Err(PERM));
        assert_eq!(setregid(gid(0), None), Err(PERM));
        assert_eq!(setresgid(None, gid(0), None), Err(PERM));
        assert_eq!(setgroups(&[]), Err(PERM));
        assert_eq!(initgroups("root", Gid::ROOT), Err(PERM));
    });
}

#[test]
fn setting_an_id_changes_it_for_all_threads() {
    if !is_root() {
        return;
    }
    in_child("ids::setting_an_id_changes_it_for_all_threads", || {
        let (ask, asked) = mpsc::channel();
        let other = thread::spawn(move || {
            asked.recv().unwrap();
            (uids(), gids(), getgroups().unwrap())
        });
        let groups = [Gid::from_raw(10), Gid::from_raw(11)];
        setgroups(&groups).unwrap();
        setgid(Gid::from_raw(9)).unwrap();
        setuid(nobody()).unwrap();
        ask.send(()).unwrap();
        assert_eq!(other.join().unwrap(), ([65534; 3], [9; 3], groups.to_vec()));
    });
}

#[test]
fn as_many_groups_as_the_kernel_takes_come_back_and_one_more_is_refused() {
    if !is_root() {
        return;
    }
    in_child("ids::as_many_groups_as_the_kernel_takes_come_back_and_one_more_is_refused", || {
        let groups: Vec<_> = (0..65536).map(Gid::from_raw).collect();
        setgroups(&groups).unwrap();
        assert_eq!(getgroups().unwrap(), groups);
        let more: Vec<_> = (0..=65536).map(Gid::from_raw).collect();
        assert_eq!(setgroups(&more), Err(Error::Os(Errno::INVAL)));
        setgroups(&[]).unwrap();
        assert_eq!(getgroups(), Ok(vec![]));
    });
}

#[test]
fn groups_that_change_while_they_are_read_are_one_of_the_lists_that_were_set() {
    if !is_root() {
        return;
    }
    in_child("ids::groups_that_change_while_they_are_read_are_one_of_the_lists_that_were_set", || {
        let short: Vec<_> = (100..103).map(Gid::from_raw).collect();
        let long: Vec<_> = (100..140).map(Gid::from_raw).collect();
        setgroups(&short).unwrap();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..4_000 {
                    setgroups(if round % 2 == 0 { &long } else { &short }).unwrap();
                }
                done.store(true, Ordering::Relaxed);
            });
            while !done.load(Ordering::Relaxed) {
                let groups = getgroups().unwrap();
                assert!(groups == short || groups == long, "{groups:?}");
            }
        });
    });
}

#[test]
fn a_user_who_is_not_known_is_only_in_the_group_given() {
    let group = Gid::from_raw(4711);
    assert_eq!(getgrouplist("no-such-user", group), Ok(vec![group]));
    assert_eq!(getgrouplist("a\0b", group), Err(Error::EmbeddedNul));
    assert_eq!(initgroups("a\0b", group), Err(Error::EmbeddedNul));
}

#[test]
fn the_groups_of_a_user_are_those_that_cpython_lists_and_become_those_of_the_process() {
    let listed = getgrouplist("root", Gid::from_raw(4711)).unwrap();
    assert!(listed.contains(&Gid::from_raw(4711)));
    if let Some(words) = python("import os\nprint(*os.getgrouplist('root', 4711))") {
        assert_eq!(listed.iter().map(|gid| gid.as_raw().to_string()).collect::<Vec<_>>(), words);
    }
    if !is_root() {
        return;
    }
    in_child("ids::the_groups_of_a_user_are_those_that_cpython_lists_and_become_those_of_the_process", || {
        initgroups("root", Gid::from_raw(4711)).unwrap();
        let (mut groups, mut listed) = (getgroups().unwrap(), listed);
        groups.sort_by_key(|gid| gid.as_raw());
        listed.sort_by_key(|gid| gid.as_raw());
        assert_eq!(groups, listed);
    });
}
