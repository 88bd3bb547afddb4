//! `posix_spawn`: every option as the new process sees it, and why nothing is started.

use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::{fs, thread};

use fs_core::{
    Env, Errno, Error, FileAction, Inherit, Mode, OFlags, Pid, SpawnOptions, SpawnScheduler, dup2, open, pipe,
    posix_spawn, posix_spawnp, read,
};

use crate::fixture::{alone, ended, errno};

const PLAIN: SpawnOptions<'static> = SpawnOptions {
    file_actions: &[],
    setpgroup: None,
    resetids: false,
    setsid: false,
    setsigmask: None,
    setsigdef: None,
    scheduler: None,
};

/// Runs a program with its output in a pipe, after the file actions of `options`.
#[track_caller]
fn output(args: &[&str], options: &SpawnOptions<'_>) -> String {
    let (read_end, write_end) = pipe().unwrap();
    let mut actions = options.file_actions.to_vec();
    actions.push(FileAction::Dup2 { fd: write_end.as_raw_fd(), new_fd: 1 });
    let options = SpawnOptions { file_actions: &actions, ..*options };
    let child = posix_spawn(args[0], args.iter().copied(), Env::Inherit, &options).unwrap();
    drop(write_end);
    let text = all_of(&read_end);
    assert!(ended(child).exited(), "{args:?}");
    text
}

fn all_of(read_end: &OwnedFd) -> String {
    let (mut text, mut buf) = (Vec::new(), [0; 4096]);
    loop {
        match read(read_end, &mut buf).unwrap() {
            0 => return String::from_utf8(text).unwrap(),
            count => text.extend_from_slice(&buf[..count]),
        }
    }
}

fn start(options: &SpawnOptions<'_>) -> fs_core::Result<Pid> {
    posix_spawn("/bin/true", ["true"], Env::Inherit, options)
}

/// Numbers of `/proc/self/stat` of a new process: id, group, session, priority, policy.
fn stat(options: &SpawnOptions<'_>) -> Vec<i32> {
    let text = output(&["/bin/cat", "/proc/self/stat"], options);
    let words: Vec<_> = text.split(' ').collect();
    [1, 5, 6, 40, 41].map(|field| words[field - 1].parse().unwrap()).to_vec()
}

/// A set of signals of a new process, as the bits of a line of `/proc/self/status`.
fn signals(line: &str, options: &SpawnOptions<'_>) -> u64 {
    let text = output(&["/bin/grep", line, "/proc/self/status"], options);
    u64::from_str_radix(text.split_whitespace().nth(1).unwrap(), 16).unwrap()
}

fn bits(signals: &[i32]) -> u64 {
    signals.iter().map(|signal| 1 << (signal - 1)).sum()
}

#[test]
fn arguments_and_the_environment_are_passed() {
    let code = |env| {
        let args = ["sh", "-c", "exit $(($0 + 0$MARK))", "1"];
        ended(posix_spawn("/bin/sh", args, env, &PLAIN).unwrap()).exit_code()
    };
    assert_eq!(code(Env::Inherit), Some(1));
    assert_eq!(code(Env::of([("MARK", "3")])), Some(4));
}

#[test]
fn only_posix_spawnp_looks_for_the_program_and_in_the_path_of_the_caller() {
    let nowhere = || Env::of([("PATH", "/nowhere")]);
    let child = posix_spawnp("sh", ["sh", "-c", "exit 5"], nowhere(), &PLAIN).unwrap();
    assert_eq!(ended(child).exit_code(), Some(5));
    assert_eq!(errno(posix_spawn("sh", ["sh"], Env::Inherit, &PLAIN)), Errno::NOENT);
    assert_eq!(errno(posix_spawnp("no such program", ["x"], nowhere(), &PLAIN)), Errno::NOENT);
}

#[test]
fn what_cannot_be_started_is_an_error_and_leaves_no_child() {
    alone("posix_spawns::what_cannot_be_started_is_an_error_and_leaves_no_child", || {
        let start = |path, args: &[&str], env| posix_spawn(path, args.iter().copied(), env, &PLAIN);
        assert_eq!(errno(start("/no/such", &["x"], Env::Inherit)), Errno::NOENT);
        assert_eq!(errno(start("/bin", &["x"], Env::Inherit)), Errno::ACCESS);
        assert_eq!(start("/bin/tr\0ue", &["x"], Env::Inherit), Err(Error::EmbeddedNul));
        assert_eq!(start("/bin/true", &["\0"], Env::Inherit), Err(Error::EmbeddedNul));
        assert!(matches!(start("/bin/true", &[], Env::Inherit), Err(Error::Invalid(_))));
        assert!(matches!(start("/bin/true", &[""], Env::Inherit), Err(Error::Invalid(_))));
        assert!(matches!(start("/bin/true", &["x"], Env::of([("", "")])), Err(Error::Invalid(_))));
        assert_eq!(errno(fs_core::wait()), Errno::CHILD);
    });
}

#[test]
fn files_are_opened_copied_and_closed_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let flags = OFlags::WRONLY | OFlags::CREAT | OFlags::EXCL;
    let actions = [
        FileAction::Open { fd: 50, path: (&path).into(), flags, mode: Mode::from_bits_retain(0o640) },
        FileAction::Dup2 { fd: 50, new_fd: 51 },
        FileAction::Close { fd: 50 },
    ];
    let options = SpawnOptions { file_actions: &actions, ..PLAIN };
    let text = output(&["/bin/bash", "-c", "echo written >&51; ls /proc/self/fd"], &options);
    let numbers: Vec<_> = text.split_whitespace().collect();
    assert!(numbers.contains(&"51") && !numbers.contains(&"50"), "{numbers:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "written\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
    // It exists now, so the first action fails, with its own error.
    assert_eq!(errno(start(&options)), Errno::EXIST);
}

#[cfg(target_env = "gnu")]
#[test]
fn all_descriptors_from_a_number_on_are_closed() {
    let actions = [60, 61, 200].map(|new_fd| FileAction::Dup2 { fd: 0, new_fd });
    let all = [&actions[..], &[FileAction::CloseFrom { fd: 61 }]].concat();
    let text = output(&["/bin/ls", "/proc/self/fd"], &SpawnOptions { file_actions: &all, ..PLAIN });
    let numbers: Vec<_> = text.split_whitespace().collect();
    assert!(numbers.contains(&"60") && !numbers.contains(&"61") && !numbers.contains(&"200"), "{numbers:?}");
    let found = start(&SpawnOptions { file_actions: &[FileAction::CloseFrom { fd: -1 }], ..PLAIN });
    assert_eq!(found, Err(Error::Os(Errno::BADF)));
}

#[test]
fn descriptors_of_actions_are_checked_as_the_c_library_does() {
    let check = |action, expected| {
        let found = start(&SpawnOptions { file_actions: &[action], ..PLAIN }).map(|child| ended(child).as_raw());
        assert_eq!(found, expected, "{action:?}");
    };
    let bad = Err(Error::Os(Errno::BADF));
    check(FileAction::Close { fd: 4000 }, Ok(0)); // It is closed, and stays so.
    check(FileAction::Close { fd: -1 }, bad);
    check(FileAction::Close { fd: 1_000_000_000 }, bad);
    check(FileAction::Dup2 { fd: 4000, new_fd: 4001 }, bad);
    check(FileAction::Dup2 { fd: 1, new_fd: -1 }, bad);
    let open =
        |fd, path: &'static str| FileAction::Open { fd, path: path.into(), flags: OFlags::RDONLY, mode: Mode::empty() };
    check(open(-1, "/dev/null"), bad);
    check(open(5, "/no/such"), Err(Error::Os(Errno::NOENT)));
    check(open(5, "a\0b"), Err(Error::EmbeddedNul));
}

#[test]
#[expect(unsafe_code, reason = "puts descriptors at numbers that are known")]
fn a_descriptor_that_is_copied_onto_itself_stays_open() {
    alone("posix_spawns::a_descriptor_that_is_copied_onto_itself_stays_open", || {
        let null = open("/dev/null", OFlags::RDONLY, Mode::empty()).unwrap();
        for number in [300, 301] {
            // SAFETY: nobody else has this number in this process.
            unsafe { dup2(&null, number, Inherit::No) }.unwrap();
        }
        // SAFETY: as above.
        unsafe { dup2(&null, 302, Inherit::Yes) }.unwrap();
        let path = "/dev/null".into();
        let actions = [
            FileAction::Dup2 { fd: 300, new_fd: 300 },
            // Unlike `open`, an opening makes what stays open.
            FileAction::Open { fd: 303, path, flags: OFlags::RDONLY, mode: Mode::empty() },
        ];
        let show = "for n in 300 301 302 303; do [ -e /proc/self/fd/$n ] && echo $n; done; exit 0";
        let options = SpawnOptions { file_actions: &actions, ..PLAIN };
        assert_eq!(output(&["/bin/sh", "-c", show], &options), "300\n302\n303\n");
    });
}

#[test]
fn the_process_group_is_new_or_one_of_the_session() {
    // What is led from outside of the process namespace is shown as 0.
    let own = (Pid::as_raw(fs_core::getpgrp()), Pid::as_raw(fs_core::getsid(None).unwrap()));
    let found = stat(&PLAIN);
    assert_eq!((found[1], found[2]), own);
    let found = stat(&SpawnOptions { setpgroup: Some(0), ..PLAIN });
    assert_eq!(found[0], found[1], "it leads a group");

    let leader = start_sleeper_in_new_group();
    let group = leader.as_raw_pid();
    assert_eq!(stat(&SpawnOptions { setpgroup: Some(group), ..PLAIN })[1], group);
    fs_core::kill(group, libc::SIGKILL).unwrap();
    ended(leader);
    // The group has ended with its leader.
    assert_eq!(errno(start(&SpawnOptions { setpgroup: Some(group), ..PLAIN })), Errno::PERM);
    assert_eq!(errno(start(&SpawnOptions { setpgroup: Some(-1), ..PLAIN })), Errno::INVAL);
}

fn start_sleeper_in_new_group() -> Pid {
    let options = SpawnOptions { setpgroup: Some(0), ..PLAIN };
    posix_spawn("/bin/sleep", ["sleep", "60"], Env::Inherit, &options).unwrap()
}

#[test]
fn a_session_is_new_and_excludes_a_group() {
    let found = stat(&SpawnOptions { setsid: true, ..PLAIN });
    assert_eq!((found[0], found[0]), (found[1], found[2]), "it leads a session and a group");
    assert_eq!(errno(start(&SpawnOptions { setsid: true, setpgroup: Some(0), ..PLAIN })), Errno::PERM);
}

#[test]
fn the_signal_mask_is_the_one_that_is_given() {
    let masked = |set| signals("SigBlk", &SpawnOptions { setsigmask: Some(set), ..PLAIN });
    let set = [libc::SIGUSR1, libc::SIGTERM, 64];
    assert_eq!(masked(&set), bits(&set));
    let all: Vec<_> = (1..=64).collect();
    // Nobody can block these; the C library keeps 32 and 33 for itself.
    assert_eq!(masked(&all), !bits(&[libc::SIGKILL, libc::SIGSTOP, 32, 33]));
    thread::scope(|scope| {
        scope.spawn(|| {
            block(libc::SIGUSR2);
            assert_eq!(signals("SigBlk", &PLAIN), bits(&[libc::SIGUSR2]), "it is inherited");
            assert_eq!(masked(&[]), 0);
        });
    });
}

#[expect(unsafe_code, reason = "blocks a signal in this thread")]
fn block(signal: i32) {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: there is room for a set, which the call makes.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the set was made above.
    unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
    // SAFETY: the set was made above.
    assert_eq!(unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut()) }, 0);
}

#[test]
fn ignored_signals_get_their_default_back() {
    let ignored = signals("SigIgn", &PLAIN);
    assert_ne!(ignored & bits(&[libc::SIGPIPE]), 0, "a program made by Rust ignores it");
    let default = SpawnOptions { setsigdef: Some(&[libc::SIGPIPE, libc::SIGKILL]), ..PLAIN };
    assert_eq!(signals("SigIgn", &default), ignored & !bits(&[libc::SIGPIPE]));
}

#[test]
fn numbers_that_are_no_signals_are_refused() {
    for none in [0, -1, 65, i32::MAX] {
        let set = [libc::SIGTERM, none];
        let invalid = |options| assert!(matches!(start(&options), Err(Error::Invalid(_))), "{none}");
        invalid(SpawnOptions { setsigmask: Some(&set), ..PLAIN });
        invalid(SpawnOptions { setsigdef: Some(&set), ..PLAIN });
    }
}

#[test]
fn scheduling_takes_a_policy_or_only_its_priority() {
    let with = |policy, priority| SpawnOptions { scheduler: Some(SpawnScheduler { policy, priority }), ..PLAIN };
    let of = |options| {
        let found = stat(&options);
        (found[3], found[4])
    };
    assert_eq!(of(PLAIN), (0, libc::SCHED_OTHER));
    assert_eq!(of(with(Some(libc::SCHED_OTHER), 0)), (0, libc::SCHED_OTHER));
    assert_eq!(of(with(None, 0)), (0, libc::SCHED_OTHER));
    // The policy stays what it is, and has no other priority.
    assert_eq!(errno(start(&with(None, 1))), Errno::INVAL);
    assert_eq!(errno(start(&with(Some(libc::SCHED_FIFO), 0))), Errno::INVAL);
    // The C library lets no other policies through than those of POSIX.
    assert_eq!(errno(start(&with(Some(libc::SCHED_BATCH), 0))), Errno::INVAL);
    match start(&with(Some(libc::SCHED_RR), 3)) {
        Ok(child) => {
            ended(child);
            assert_eq!(of(with(Some(libc::SCHED_RR), 3)), (3, libc::SCHED_RR));
            assert_eq!(of(with(Some(libc::SCHED_FIFO), 2)), (2, libc::SCHED_FIFO));
        }
        Err(error) => assert_eq!(error, Error::Os(Errno::PERM)),
    }
}

#[test]
fn the_effective_ids_become_the_real_ones() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not run: only root can have other effective ids");
        return;
    }
    let ids = |resetids| {
        // Thread by thread, so that the other tests keep theirs.
        thread::scope(|scope| {
            let run = || {
                let (root, other) = (rustix::process::Uid::ROOT, rustix::process::Uid::from_raw(65534));
                let (group, other_group) = (rustix::process::getgid(), rustix::process::Gid::from_raw(65534));
                rustix::thread::set_thread_res_gid(group, other_group, group).unwrap();
                rustix::thread::set_thread_res_uid(root, other, root).unwrap();
                let options = SpawnOptions { resetids, ..PLAIN };
                let text = output(
                    &["/bin/sed", "-n", "s/^[UG]id:\\t[0-9]*\\t\\([0-9]*\\).*/\\1/p", "/proc/self/status"],
                    &options,
                );
                text.split_whitespace().map(String::from).collect::<Vec<_>>()
            };
            scope.spawn(run).join().unwrap()
        })
    };
    assert_eq!(ids(false), ["65534", "65534"]);
    assert_eq!(ids(true), ["0", &rustix::process::getgid().as_raw().to_string()]);
}
