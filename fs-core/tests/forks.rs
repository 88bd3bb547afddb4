//! Forks, and what is run around them. A program of its own, since a test harness has
//! threads, which a fork leaves behind.
#![expect(unsafe_code, reason = "forks, and hooks of forks")]
#![expect(clippy::unwrap_used, reason = "functions that only tests call, which clippy does not take for tests")]

use std::fs;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::{Mutex, Once};

use fs_core::audit::{self, Arg, Verdict};
use fs_core::{
    _exit, Env, Error, Fork, ForkHook, ForkHooks, ForkPty, PopenMode, SpawnMode, SpawnOptions, WaitOptions, WaitStatus,
    fork, forkpty, get_inheritable, pipe, popen, posix_spawn, register_at_fork, spawnv, spawnve, spawnvpe, system,
    waitpid,
};

/// Each test by its claim. They run one after the other, in the one thread.
const TESTS: &[(&str, fn())] = &[
    ("a_fork_returns_twice", a_fork_returns_twice),
    ("the_child_has_a_copy_and_what_it_changes_is_its_own", the_child_has_a_copy_and_what_it_changes_is_its_own),
    ("a_fork_that_is_refused_is_not_made", a_fork_that_is_refused_is_not_made),
    ("the_child_of_forkpty_has_a_terminal_and_a_session", the_child_of_forkpty_has_a_terminal_and_a_session),
    ("hooks_run_in_pythons_order_and_none_stops_a_fork", hooks_run_in_pythons_order_and_none_stops_a_fork),
    ("hooks_run_around_forkpty_and_spawn_too", hooks_run_around_forkpty_and_spawn_too),
    ("a_fork_that_fails_runs_the_hooks_of_the_parent", a_fork_that_fails_runs_the_hooks_of_the_parent),
    ("hooks_do_not_run_around_what_makes_no_copy", hooks_do_not_run_around_what_makes_no_copy),
    ("nothing_to_register_is_refused", nothing_to_register_is_refused),
    ("spawn_raises_fork_in_the_parent_and_exec_in_the_child", spawn_raises_fork_in_the_parent_and_exec_in_the_child),
];

fn main() -> ExitCode {
    // As much of the command line of a test as is used: a filter, and what asks for a list.
    let args: Vec<_> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--list") {
        TESTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let filters: Vec<_> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let wanted = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let mut failed = 0;
    for (name, test) in TESTS.iter().filter(|(name, _)| wanted(name)) {
        assert_eq!(fs::read_dir("/proc/self/task").unwrap().count(), 1, "a fork needs one thread");
        let result = catch_unwind(*test);
        println!("test {name} ... {}", if result.is_ok() { "ok" } else { "FAILED" });
        failed += usize::from(result.is_err());
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn ended(child: i32) -> WaitStatus {
    let (found, status) = waitpid(child, WaitOptions::empty()).unwrap();
    assert_eq!(found, child);
    status
}

/// Runs `body` in a child, and returns what it exits with. A panic in it is 101.
fn in_child(body: impl FnOnce() -> i32) -> i32 {
    // SAFETY: the process has one thread.
    match unsafe { fork() }.unwrap() {
        Fork::Child => _exit(catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(101)),
        Fork::Parent(child) => ended(child.as_raw_pid()).exit_code().unwrap(),
    }
}

/// What is written to the pipe until all who may write have ended.
fn all_of(read_end: &OwnedFd) -> String {
    let mut text = Vec::new();
    let mut buf = [0; 4096];
    loop {
        // EIO is the end of a terminal whose other side is gone.
        match fs_core::read(read_end, &mut buf) {
            Ok(0) | Err(Error::Os(fs_core::Errno::IO)) => return String::from_utf8(text).unwrap(),
            Ok(count) => text.extend_from_slice(&buf[..count]),
            Err(error) => panic!("{error}"),
        }
    }
}

fn a_fork_returns_twice() {
    let own = std::process::id();
    assert_eq!(in_child(|| if std::process::id() != own { 5 } else { 6 }), 5);
    let parent = || rustix::process::getppid().map(|pid| pid.as_raw_pid().cast_unsigned());
    assert_eq!(in_child(|| i32::from(parent() == Some(own))), 1);
}

fn the_child_has_a_copy_and_what_it_changes_is_its_own() {
    let mut value = vec![1];
    let (read_end, write_end) = pipe().unwrap();
    let code = in_child(|| {
        value.push(2);
        // A descriptor that is closed on exec is open after a fork.
        fs_core::write(&write_end, b"child").unwrap();
        i32::try_from(value.len()).unwrap()
    });
    drop(write_end);
    assert_eq!((code, value.len(), all_of(&read_end).as_str()), (2, 1, "child"));
}

fn a_fork_that_is_refused_is_not_made() {
    let hook = audit::install(|name, args| {
        assert!(args.is_empty());
        if name.starts_with("os.fork") { Verdict::Refuse } else { Verdict::Allow }
    });
    // SAFETY: the process has one thread.
    assert_eq!(unsafe { fork() }, Err(Error::Refused));
    // SAFETY: as above.
    assert_eq!(unsafe { forkpty() }.unwrap_err(), Error::Refused);
    assert_eq!(spawnv(SpawnMode::Wait, "/bin/true", ["true"]), Err(Error::Refused));
    drop(hook);
    assert_eq!(waitpid(-1, WaitOptions::NOHANG), Err(Error::Os(fs_core::Errno::CHILD)));
}

fn the_child_of_forkpty_has_a_terminal_and_a_session() {
    // SAFETY: the process has one thread.
    match unsafe { forkpty() }.unwrap() {
        ForkPty::Child => {
            let leads = fs_core::getsid(None) == Ok(Some(fs_core::getpid()));
            let terminal = rustix::fs::fstat(rustix::stdio::stdin()).unwrap().st_rdev;
            let controlling = fs::metadata("/dev/tty").is_ok();
            let same = rustix::fs::fstat(rustix::stdio::stderr()).unwrap().st_rdev == terminal;
            println!("{leads} {controlling} {same} {}", fs_core::major(terminal));
            let _ = std::io::stdout().flush();
            _exit(4)
        }
        ForkPty::Parent { child, master } => {
            assert_eq!(get_inheritable(&master), Ok(false));
            // 136 is the first number of pseudo-terminals; the terminal adds the \r.
            assert_eq!(all_of(&master), "true true true 136\r\n");
            assert_eq!(ended(child.as_raw_pid()).exit_code(), Some(4));
        }
    }
}

/// What the hooks of this process have said.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn said() -> Vec<String> {
    std::mem::take(&mut *SAID.lock().unwrap())
}

fn say(what: &str) {
    SAID.lock().unwrap().push(what.to_owned());
}

fn register_all() {
    static REGISTERED: Once = Once::new();
    let hook = |what: &'static str| -> Option<ForkHook> { Some(Box::new(move || say(what))) };
    let panics = || -> Option<ForkHook> {
        Some(Box::new(|| {
            // Without a message that would look like a failure.
            std::panic::resume_unwind(Box::new("a hook that fails"))
        }))
    };
    let register = |before, after_in_parent, after_in_child| {
        // SAFETY: the process has one thread.
        unsafe { register_at_fork(ForkHooks { before, after_in_parent, after_in_child }) }.unwrap();
    };
    REGISTERED.call_once(|| {
        register(hook("before 1"), hook("parent 1"), hook("child 1"));
        register(panics(), panics(), panics());
        register(hook("before 2"), hook("parent 2"), None);
        register(None, None, hook("child 2"));
    });
    said();
}

fn hooks_run_in_pythons_order_and_none_stops_a_fork() {
    register_all();
    let code = in_child(|| {
        let expected = ["before 2", "before 1", "child 1", "child 2"];
        if said() == expected { 0 } else { 1 }
    });
    assert_eq!((code, said()), (0, ["before 2", "before 1", "parent 1", "parent 2"].map(String::from).to_vec()));
}

fn hooks_run_around_forkpty_and_spawn_too() {
    register_all();
    let expected = ["before 2", "before 1", "parent 1", "parent 2"].map(String::from).to_vec();
    // SAFETY: the process has one thread.
    match unsafe { forkpty() }.unwrap() {
        ForkPty::Child => _exit(if said()[2] == "child 1" { 7 } else { 1 }),
        ForkPty::Parent { child, master: _master } => {
            assert_eq!(ended(child.as_raw_pid()).exit_code(), Some(7));
        }
    }
    assert_eq!(said(), expected);
    assert_eq!(spawnv(SpawnMode::Wait, "/bin/sh", ["sh", "-c", "exit 9"]), Ok(9));
    assert_eq!(said(), expected);
}

fn a_fork_that_fails_runs_the_hooks_of_the_parent() {
    register_all();
    let code = in_child(|| {
        said();
        let user = rustix::process::Uid::from_raw(4_000_000_000);
        if rustix::process::geteuid().is_root() {
            // The limit counts for ordinary users only.
            rustix::thread::set_thread_res_uid(user, user, user).unwrap();
        }
        let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
        rustix::process::setrlimit(rustix::process::Resource::Nproc, none).unwrap();
        // SAFETY: the process has one thread.
        let result = unsafe { fork() };
        let failed = result == Err(Error::Os(fs_core::Errno::AGAIN));
        let heard = said() == ["before 2", "before 1", "parent 1", "parent 2"];
        i32::from(failed) + 2 * i32::from(heard)
    });
    assert_eq!(code, 3);
}

fn hooks_do_not_run_around_what_makes_no_copy() {
    register_all();
    let child = posix_spawn("/bin/true", ["true"], Env::Inherit, &SpawnOptions::default()).unwrap();
    assert_eq!(ended(child.as_raw_pid()).exit_code(), Some(0));
    assert_eq!(system("exit 3").unwrap().exit_code(), Some(3));
    assert_eq!(popen("exit 3", PopenMode::Read).unwrap().close(), Ok(Some(3 << 8)));
    assert_eq!(said(), [""; 0]);
}

fn nothing_to_register_is_refused() {
    // SAFETY: there is no hook.
    assert!(matches!(unsafe { register_at_fork(ForkHooks::default()) }, Err(Error::Invalid(_))));
}

fn spawn_raises_fork_in_the_parent_and_exec_in_the_child() {
    let (read_end, write_end) = pipe().unwrap();
    let (own, number) = (std::process::id(), write_end.as_raw_fd());
    let hook = audit::install(move |name, args| {
        let place = match args.first() {
            Some(Arg::Bytes(path)) => String::from_utf8(path.to_vec()).unwrap(),
            _ => String::new(),
        };
        let side = if std::process::id() == own { "parent" } else { "child" };
        fs_core::write(&write_end, format!("{side} {name} {place};").as_bytes()).unwrap();
        if place == "/refused/sh" { Verdict::Refuse } else { Verdict::Allow }
    });
    let found = Env::of([("PATH", "/nowhere:/bin")]);
    assert_eq!(spawnvpe(SpawnMode::Wait, "sh", ["sh", "-c", "exit 3"], found), Ok(3));
    let refused = Env::of([("PATH", "/refused:/bin")]);
    assert_eq!(spawnvpe(SpawnMode::Wait, "sh", ["sh", "-c", "exit 3"], refused), Ok(127), "{number}");
    // What cannot be a program is not tried.
    assert_eq!(spawnve(SpawnMode::Wait, "/bin/sh", ["sh"], Env::of([("", "")])), Ok(127));
    drop(hook);
    let expected = "parent os.fork ;child os.exec /nowhere/sh;child os.exec /bin/sh;\
        parent os.fork ;child os.exec /refused/sh;parent os.fork ;";
    assert_eq!(all_of(&read_end), expected);
}
