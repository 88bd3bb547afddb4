//! The events of Python's document: each call raises its own, with the arguments of
//! the document, before it is made; and a hook that refuses keeps it from being made.
#![expect(clippy::unwrap_used, reason = "functions that only tests call, which clippy does not take for tests")]

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use fs_core::audit::{self, Arg, Verdict};
use fs_core::{
    Access, AccessOptions, Env, Errno, Error, Follow, LockCmd, Mode, OFlags, Pid, PopenMode, RenameFlags, SpawnOptions,
    Time, Times, WaitOptions, XattrFlags,
};
use fs_core::{linux, open};

/// A directory with a file `f`, a directory `d` and a descriptor of each.
struct Fixture {
    top: tempfile::TempDir,
    dir: OwnedFd,
    file: OwnedFd,
}

impl Fixture {
    fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("f"), "hello").unwrap();
        fs::create_dir(top.path().join("d")).unwrap();
        let dir = open(top.path(), OFlags::DIRECTORY, Mode::empty()).unwrap();
        let file = open(&top.path().join("f"), OFlags::RDWR, Mode::empty()).unwrap();
        Fixture { top, dir, file }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }
}

/// `os.rename(a, b, -1, -1)`: an event as text, on which the tests agree.
fn text(name: &str, args: &[Arg<'_>]) -> String {
    let args: Vec<_> = args
        .iter()
        .map(|arg| match arg {
            Arg::None => "None".to_owned(),
            Arg::Int(number) => number.to_string(),
            Arg::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Arg::List(strings) => {
                let strings: Vec<_> = strings.iter().map(|string| string.to_str().unwrap()).collect();
                format!("[{}]", strings.join(" "))
            }
            Arg::Times(times) => format!("{:?}+{:?}", times.atime, times.mtime),
        })
        .collect();
    format!("{name}({})", args.join(", "))
}

/// The events that `call` raises, when each gets this answer. Hooks hear of every
/// thread, so this one listens to its own only.
fn events_with<T>(verdict: Verdict, call: impl FnOnce() -> T) -> (Vec<String>, T) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let (heard, own) = (Arc::clone(&events), thread::current().id());
    let hook = audit::install(move |name, args| {
        if thread::current().id() != own {
            return Verdict::Allow;
        }
        heard.lock().unwrap().push(text(name, args));
        verdict
    });
    let result = call();
    drop(hook);
    let events = std::mem::take(&mut *events.lock().unwrap());
    (events, result)
}

/// Checks the one event of a call, that a refusal ends it, and that it works if allowed.
#[track_caller]
fn check(expected: &str, mut call: impl FnMut() -> fs_core::Result<()>) {
    let (events, result) = events_with(Verdict::Refuse, &mut call);
    assert_eq!(events, [expected]);
    assert_eq!(result, Err(Error::Refused), "{expected}");
    let (events, result) = events_with(Verdict::Allow, &mut call);
    assert_eq!(events, [expected]);
    assert_eq!(result, Ok(()), "{expected}: what was refused was not done, so it can be done now");
}

#[test]
fn names_raise_rename_link_symlink_remove_rmdir_and_mkdir() {
    let fx = Fixture::new();
    let dir = fx.dir.as_raw_fd();
    let top = fx.top.path().to_str().unwrap();
    let at = |name| (&fx.dir, name);
    check(&format!("os.rename({top}/f, {top}/g, -1, -1)"), || fs_core::rename(&fx.path("f"), &fx.path("g")));
    check(&format!("os.rename(g, {top}/f, {dir}, -1)"), || fs_core::replace(at("g"), &fx.path("f")));
    check(&format!("os.rename(f, g, {dir}, {dir})"), || fs_core::rename_with(at("f"), at("g"), RenameFlags::NOREPLACE));
    check(&format!("os.link(g, {top}/l, {dir}, -1)"), || fs_core::link(at("g"), &fx.path("l"), Follow::No));
    check(&format!("os.symlink(text, s, {dir})"), || fs_core::symlink("text", at("s")));
    check(&format!("os.remove(s, {dir})"), || fs_core::unlink(at("s")));
    check(&format!("os.remove({top}/l, -1)"), || fs_core::remove(&fx.path("l")));
    check(&format!("os.mkdir(e, {}, {dir})", 0o750), || fs_core::mkdir(at("e"), Mode::from_bits_retain(0o750)));
    check(&format!("os.rmdir(e, {dir})"), || fs_core::rmdir(at("e")));
    assert_eq!(fs::read_dir(fx.top.path()).unwrap().count(), 2);
}

#[test]
fn attributes_raise_chmod_chown_and_utime_with_a_descriptor_as_a_number() {
    let fx = Fixture::new();
    let (dir, file) = (fx.dir.as_raw_fd(), fx.file.as_raw_fd());
    let mode = Mode::from_bits_retain(0o600);
    check(&format!("os.chmod(f, {}, {dir})", 0o600), || fs_core::chmod((&fx.dir, "f"), mode, Follow::No));
    check(&format!("os.chmod({file}, {}, -1)", 0o600), || fs_core::chmod(&fx.file, mode, Follow::Yes));
    check(&format!("os.chmod({file}, {}, -1)", 0o600), || fs_core::fchmod(&fx.file, mode));
    check(&format!("os.chown(f, -1, -1, {dir})"), || fs_core::chown((&fx.dir, "f"), None, None, Follow::Yes));
    let gid = rustix::process::getegid();
    check(&format!("os.chown({file}, -1, {}, -1)", gid.as_raw()), || fs_core::fchown(&fx.file, None, Some(gid)));
    check(&format!("os.chown(f, -1, -1, {dir})"), || fs_core::lchown((&fx.dir, "f"), None, None));
    check(&format!("os.utime(f, None, None, {dir})"), || fs_core::utime((&fx.dir, "f"), Times::NOW, Follow::Yes));
    let times = Times { atime: Time::At { ns: 1 }, mtime: Time::Omit };
    check(&format!("os.utime({file}, None, At {{ ns: 1 }}+Omit, -1)"), || fs_core::utime(&fx.file, times, Follow::Yes));
}

#[test]
fn signals_raise_kill_and_killpg_with_the_numbers_as_they_are() {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    check(&format!("os.kill({own}, 0)"), || fs_core::kill(own, 0));
    check("os.killpg(0, 0)", || fs_core::killpg(0, 0));
}

#[test]
fn becoming_a_program_raises_exec_once_for_each_place_that_is_tried() {
    let env = || Env::of([("PATH", "/no/such:/nor/that")]);
    let (events, error) = events_with(Verdict::Allow, || fs_core::execvpe("x", ["x", "1"], env()));
    let variables = "[PATH=/no/such:/nor/that]";
    let first = format!("os.exec(/no/such/x, [x 1], {variables})");
    assert_eq!(events, [first.clone(), format!("os.exec(/nor/that/x, [x 1], {variables})")]);
    assert_eq!(error, Error::Os(Errno::NOENT));
    let (events, error) = events_with(Verdict::Refuse, || fs_core::execvpe("x", ["x", "1"], env()));
    assert_eq!((events, error), (vec![first], Error::Refused));

    let (events, error) = events_with(Verdict::Allow, || fs_core::execv("/no/such", ["x"]));
    assert_eq!((events, error), (vec!["os.exec(/no/such, [x], None)".to_owned()], Error::Os(Errno::NOENT)));
    // Arguments are checked first.
    let (events, error) = events_with(Verdict::Allow, || fs_core::execv("/no/such", [""]));
    assert!(events.is_empty() && matches!(error, Error::Invalid(_)), "{events:?} {error}");

    let fx = Fixture::new();
    let (events, error) = events_with(Verdict::Allow, || fs_core::execve(&fx.dir, ["x"], Env::of([("A", "b")])));
    let expected = format!("os.exec({}, [x], [A=b])", fx.dir.as_raw_fd());
    assert_eq!((events, error), (vec![expected], Error::Os(Errno::ACCESS)));
    let (events, _) = events_with(Verdict::Allow, || fs_core::execve((&fx.dir, "f"), ["x"], Env::Inherit));
    assert_eq!(events, ["os.exec(f, [x], None)"]);
}

#[test]
fn both_functions_of_posix_spawn_raise_the_same_event() {
    let wait = |child: Pid| fs_core::waitpid(child.as_raw_pid(), WaitOptions::empty()).map(drop);
    let options = SpawnOptions::default();
    let spawn = |env| fs_core::posix_spawn("/bin/true", ["true", "1"], env, &options).and_then(wait);
    check("os.posix_spawn(/bin/true, [true 1], [A=b])", || spawn(Env::of([("A", "b")])));
    check("os.posix_spawn(/bin/true, [true 1], None)", || spawn(Env::Inherit));
    let spawnp = || fs_core::posix_spawnp("true", ["true"], Env::of([("A", "b")]), &options).and_then(wait);
    check("os.posix_spawn(true, [true], [A=b])", spawnp);
}

#[test]
fn commands_for_the_shell_raise_system_and_popen() {
    check("os.system(exit 3)", || fs_core::system("exit 3").map(drop));
    let popen = || fs_core::popen("exit 3", PopenMode::Read)?.close().map(drop);
    check("subprocess.Popen(/bin/sh, [/bin/sh -c exit 3], None, None)", popen);
}

#[test]
fn open_has_no_mode_and_the_flags_that_the_kernel_gets() {
    let fx = Fixture::new();
    let flags = |flags: OFlags| (flags | OFlags::CLOEXEC).bits();
    // The directory descriptor is not passed.
    let read = flags(OFlags::RDONLY);
    check(&format!("open(f, None, {read})"), || open((&fx.dir, "f"), OFlags::RDONLY, Mode::RWXU).map(drop));
    check(&format!("open(f, None, {read})"), || {
        fs_core::open_interruptible((&fx.dir, "f"), OFlags::RDONLY, Mode::empty()).map(drop)
    });
    let make = OFlags::CREAT | OFlags::EXCL | OFlags::WRONLY;
    check(&format!("open(new, None, {})", flags(make)), || open((&fx.dir, "new"), make, Mode::RWXU).map(drop));
    check(&format!("open(f, None, {read})"), || {
        linux::openat2((&fx.dir, "f"), OFlags::RDONLY, Mode::empty(), linux::ResolveFlags::BENEATH).map(drop)
    });
}

#[test]
fn lengths_locks_and_directories_raise_theirs() {
    let fx = Fixture::new();
    let (dir, file) = (fx.dir.as_raw_fd(), fx.file.as_raw_fd());
    let top = fx.top.path().to_str().unwrap();
    check(&format!("os.truncate({top}/f, 3)"), || fs_core::truncate(&fx.path("f"), 3));
    check("os.truncate(f, 4)", || fs_core::truncate((&fx.dir, "f"), 4));
    check(&format!("os.truncate({file}, 5)"), || fs_core::truncate(&fx.file, 5));
    check(&format!("os.truncate({file}, 6)"), || fs_core::ftruncate(&fx.file, 6));
    check(&format!("os.lockf({file}, {}, 7)", libc::F_TLOCK), || fs_core::lockf(&fx.file, LockCmd::TryLock, 7));
    check(&format!("os.listdir({dir})"), || fs_core::listdir(&fx.dir).map(drop));
    check(&format!("os.listdir({top})"), || fs_core::listdir(fx.top.path()).map(drop));
    check(&format!("os.scandir({top})"), || fs_core::scandir(fx.top.path()).map(drop));
    check(&format!("os.scandir({dir})"), || fs_core::scandir(&fx.dir).map(drop));
    // The working directory is the process's; the one that it is already may be set.
    let here = fs_core::getcwd().unwrap();
    let name = here.to_str().unwrap();
    check(&format!("os.chdir({name})"), || fs_core::chdir(&here));
    let here = open(&here, OFlags::PATH, Mode::empty()).unwrap();
    check(&format!("os.chdir({})", here.as_raw_fd()), || fs_core::fchdir(&here));
}

#[test]
fn extended_attributes_raise_theirs_without_a_directory() {
    let fx = Fixture::new();
    let file = fx.file.as_raw_fd();
    let (flags, follow) = (XattrFlags::CREATE, Follow::Yes);
    if fs_core::setxattr(&fx.file, "user.probe", b"", XattrFlags::empty(), follow).is_err() {
        eprintln!("not run: the file system here has no user attributes");
        return;
    }
    check("os.setxattr(f, user.k, value, 1)", || fs_core::setxattr((&fx.dir, "f"), "user.k", b"value", flags, follow));
    check("os.getxattr(f, user.k)", || fs_core::getxattr((&fx.dir, "f"), "user.k", follow).map(drop));
    check(&format!("os.getxattr({file}, user.k)"), || {
        fs_core::getxattr_into(&fx.file, "user.k", &mut [0; 8], follow).map(drop)
    });
    check(&format!("os.listxattr({file})"), || fs_core::listxattr(&fx.file, follow).map(drop));
    check("os.listxattr(f)", || fs_core::listxattr_into((&fx.dir, "f"), &mut [], follow).map(drop));
    check("os.removexattr(f, user.k)", || fs_core::removexattr((&fx.dir, "f"), "user.k", follow));
}

#[test]
fn a_name_for_a_descriptor_is_a_link() {
    let fx = Fixture::new();
    let (dir, file) = (fx.dir.as_raw_fd(), fx.file.as_raw_fd());
    check(&format!("os.link({file}, l, -1, {dir})"), || linux::link_fd(&fx.file, (&fx.dir, "l")));
}

#[test]
fn trees_raise_the_events_of_the_calls_inside() {
    let fx = Fixture::new();
    let dir = fx.dir.as_raw_fd();
    let allowed = |call: &dyn Fn() -> fs_core::Result<()>| {
        let (events, result) = events_with(Verdict::Allow, call);
        result.unwrap();
        events
    };
    assert_eq!(
        allowed(&|| fs_core::makedirs((&fx.dir, "a/b"), Mode::RWXU, false)),
        [format!("os.mkdir(a, {}, {dir})", 0o777), format!("os.mkdir(a/b, {}, {dir})", 0o700)]
    );
    assert_eq!(
        allowed(&|| fs_core::renames((&fx.dir, "a/b"), (&fx.dir, "c/d"))),
        [
            format!("os.mkdir(c, {}, {dir})", 0o777),
            format!("os.rename(a/b, c/d, {dir}, {dir})"),
            format!("os.rmdir(a, {dir})")
        ]
    );
    assert_eq!(
        allowed(&|| fs_core::removedirs((&fx.dir, "c/d"))),
        [format!("os.rmdir(c/d, {dir})"), format!("os.rmdir(c, {dir})")]
    );
    let top = fx.top.path().to_str().unwrap();
    let (events, _) = events_with(Verdict::Allow, || {
        let mut tree = fs_core::walk(top).start();
        while tree.next().is_some() {}
    });
    assert_eq!(events, [format!("os.scandir({top})"), format!("os.scandir({top}/d)")]);
}

#[test]
fn a_refusal_in_a_tree_is_passed_on() {
    let fx = Fixture::new();
    fs::create_dir_all(fx.path("a/b")).unwrap();
    let refused = |call: &dyn Fn() -> fs_core::Result<()>| events_with(Verdict::Refuse, call).1;
    // As an error of the system this one would be ignored.
    assert_eq!(refused(&|| fs_core::makedirs((&fx.dir, "d"), Mode::RWXU, true)), Err(Error::Refused));
    assert_eq!(refused(&|| fs_core::removedirs((&fx.dir, "a/b"))), Err(Error::Refused));
    assert!(fx.path("a/b").exists());
}

#[test]
fn a_refusal_in_a_walk_is_told_and_ends_fwalk() {
    let fx = Fixture::new();
    let mut told = Vec::new();
    let (_, steps) = events_with(Verdict::Refuse, || {
        let mut tree = fs_core::walk(fx.top.path())
            .onerror(|error| {
                told.push(error.error);
                std::ops::ControlFlow::Continue(())
            })
            .start();
        tree.next().is_some()
    });
    assert_eq!((steps, told), (false, vec![Error::Refused]));
    let (events, error) = events_with(Verdict::Refuse, || {
        fs_core::fwalk(fx.top.path()).start().next().expect("an error").map(drop).unwrap_err()
    });
    assert_eq!((events.len(), error.error), (1, Error::Refused));
}

#[test]
fn fwalk_leaves_out_what_is_swapped_between_being_seen_and_being_opened() {
    // A hook stands right there.
    let fx = Fixture::new();
    let (seen, moved, own) = (fx.path("d"), fx.path("moved"), thread::current().id());
    for put_back in ["moved", "/", "missing"] {
        let (swap_from, swap_to) = (seen.clone(), moved.clone());
        let hook = audit::install(move |name, args| {
            if thread::current().id() == own && name == "open" && args[0] == Arg::Bytes(b"d") {
                fs::rename(&swap_from, &swap_to).unwrap();
                std::os::unix::fs::symlink(put_back, &swap_from).unwrap();
            }
            Verdict::Allow
        });
        let mut told = 0;
        let mut tree = fs_core::fwalk(fx.top.path())
            .onerror(|_| {
                told += 1;
                std::ops::ControlFlow::Continue(())
            })
            .start();
        assert!(tree.next().unwrap().unwrap().dirnames.contains(&"d".into()));
        assert!(tree.next().is_none(), "not even a link to the directory itself");
        drop((tree, hook));
        assert_eq!(told, 0);
        fs::remove_file(&seen).unwrap();
        fs::rename(&moved, &seen).unwrap();
    }
}

#[test]
fn what_the_document_gives_no_event_has_none() {
    let fx = Fixture::new();
    let (events, ()) = events_with(Verdict::Refuse, || {
        fs_core::stat((&fx.dir, "f"), Follow::Yes).unwrap();
        fs_core::lstat((&fx.dir, "f")).unwrap();
        fs_core::fstat(&fx.file).unwrap();
        fs_core::statvfs((&fx.dir, "f")).unwrap();
        fs_core::access((&fx.dir, "f"), Access::EXISTS, AccessOptions::default());
        assert!(fs_core::readlink((&fx.dir, "f")).is_err());
        fs_core::mkfifo((&fx.dir, "fifo"), Mode::RWXU).unwrap();
        fs_core::mknod((&fx.dir, "node"), 0o600, 0).unwrap();
        assert!(fs_core::chroot((&fx.dir, "f")).is_err());
        fs_core::read(&fx.file, &mut [0; 1]).unwrap();
        fs_core::write(&fx.file, b"x").unwrap();
        fs_core::fsync(&fx.file).unwrap();
        fs_core::pathconf((&fx.dir, "f"), "PC_NAME_MAX").unwrap();
    });
    assert_eq!(events, [""; 0]);
}

#[test]
fn a_call_that_will_fail_is_told_too_but_not_one_with_bad_arguments() {
    let fx = Fixture::new();
    let (events, result) = events_with(Verdict::Allow, || fs_core::rmdir("/no/such/dir"));
    assert!(result.is_err());
    assert_eq!(events, ["os.rmdir(/no/such/dir, -1)"]);
    let (events, result) = events_with(Verdict::Allow, || fs_core::rmdir("a\0b"));
    assert_eq!((events.len(), result), (0, Err(Error::EmbeddedNul)));
    let nan = Times::from_secs_f64(f64::NAN, 0.0);
    let (events, result) = events_with(Verdict::Allow, || fs_core::utime((&fx.dir, "f"), nan, Follow::Yes));
    assert!(events.is_empty() && matches!(result, Err(Error::Invalid(_))));
    let (events, result) = events_with(Verdict::Allow, || fs_core::chmod(&fx.file, Mode::RWXU, Follow::No));
    assert!(events.is_empty() && matches!(result, Err(Error::Conflict(_))));
}

#[test]
fn a_refusal_is_eperm_to_who_asks_for_an_errno() {
    let (_, result) = events_with(Verdict::Refuse, || fs_core::mkdir("/no/such/dir", Mode::RWXU));
    assert_eq!(result.unwrap_err().errno(), Errno::PERM);
}
