//! A call is one system call: a child makes it under `ptrace`, and the stops are counted.
#![expect(unsafe_code, reason = "fork and ptrace")]
#![expect(clippy::unwrap_used, reason = "functions that only tests call, which clippy does not take for tests")]

use std::ffi::{c_int, c_long};
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::ptr::null_mut;

use fs_core::{Access, AccessOptions, FileType, Follow, Mode, OFlags, Target, Times, XattrFlags, linux};

/// The numbers of the system calls that `call` makes; `None`, said on stderr, where
/// nothing can be traced.
///
/// `call` is made once before it is counted, as the first time may ask what the kernel
/// has. It runs in a copy of this process, with one thread.
fn traced(call: impl Fn()) -> Option<Vec<c_long>> {
    // SAFETY: the child only traces itself, runs `call` and exits; the C library makes
    // its allocator usable there.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: no arguments but the request.
        let traced = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, null_mut::<u8>(), null_mut::<u8>()) };
        if traced != 0 {
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(NOT_TRACED) };
        }
        // SAFETY: stops the child until the parent goes on.
        unsafe { libc::raise(libc::SIGSTOP) };
        call();
        mark();
        call();
        mark();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(0) };
    }
    assert!(child > 0, "fork failed");
    let numbers = numbers_of(child)?;
    let mut parts = numbers.split(|number| *number == MARK);
    parts.next();
    Some(parts.next().expect("the child reached the first mark").to_vec())
}

const NOT_TRACED: c_int = 77;

/// A call that none of the functions here makes.
const MARK: c_long = libc::SYS_getppid;

fn mark() {
    // SAFETY: no arguments, and it cannot fail.
    unsafe { libc::syscall(MARK) };
}

/// Follows a child to its end, and collects the numbers of its system calls.
fn numbers_of(child: libc::pid_t) -> Option<Vec<c_long>> {
    let mut numbers = Vec::new();
    let first = wait(child);
    if libc::WIFEXITED(first) && libc::WEXITSTATUS(first) == NOT_TRACED {
        eprintln!("not run: processes may not be traced here");
        return None;
    }
    assert!(libc::WIFSTOPPED(first));
    // SAFETY: the child is stopped and ours; the options go with us.
    unsafe {
        libc::ptrace(
            libc::PTRACE_SETOPTIONS,
            child,
            null_mut::<u8>(),
            libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL,
        )
    };
    loop {
        // SAFETY: the child is stopped and ours.
        unsafe { libc::ptrace(libc::PTRACE_SYSCALL, child, null_mut::<u8>(), 0) };
        let status = wait(child);
        if libc::WIFEXITED(status) {
            assert_eq!(libc::WEXITSTATUS(status), 0);
            return Some(numbers);
        }
        assert!(libc::WIFSTOPPED(status), "the child was killed: {status:#x}");
        if libc::WSTOPSIG(status) == libc::SIGTRAP | 0x80 {
            numbers.extend(entered(child));
        }
    }
}

fn wait(child: libc::pid_t) -> c_int {
    let mut status = 0;
    // SAFETY: writes one int.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, libc::__WALL) }, child);
    status
}

/// The number of the call that the stopped child enters; `None` if it leaves one.
fn entered(child: libc::pid_t) -> Option<c_long> {
    let mut info = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
    let size = size_of_val(&info);
    // SAFETY: the kernel writes at most `size` bytes.
    let filled = unsafe { libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, child, size, info.as_mut_ptr()) };
    assert!(filled > 0);
    // SAFETY: zeros are values of this struct of numbers, and the kernel wrote over them.
    let info = unsafe { info.assume_init() };
    // SAFETY: what the union holds is told by `op`.
    (info.op == libc::PTRACE_SYSCALL_INFO_ENTRY).then(|| unsafe { info.u.entry.nr }.cast_signed())
}

/// A directory with a file `f` in it.
struct Fixture {
    top: tempfile::TempDir,
    dir: OwnedFd,
    file: OwnedFd,
}

impl Fixture {
    fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("f"), "hello").unwrap();
        let dir = fs_core::open(top.path(), OFlags::PATH, Mode::empty()).unwrap();
        let file = fs_core::open((&dir, "f"), OFlags::RDWR, Mode::empty()).unwrap();
        Fixture { top, dir, file }
    }
}

fn ok<T>(result: fs_core::Result<T>) {
    result.unwrap();
}

fn fails<T: std::fmt::Debug>(result: fs_core::Result<T>) {
    result.unwrap_err();
}

#[track_caller]
fn check(expected: &[c_long], call: impl Fn()) {
    if let Some(numbers) = traced(call) {
        assert_eq!(numbers, expected);
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
fn stat_is_one_call() {
    let fx = Fixture::new();
    check(&[libc::SYS_newfstatat], || ok(fs_core::stat((&fx.dir, "f"), Follow::Yes)));
    check(&[libc::SYS_newfstatat], || fails(fs_core::lstat((&fx.dir, "missing"))));
    check(&[libc::SYS_fstat], || ok(fs_core::fstat(&fx.file)));
}

#[test]
fn rename_is_one_call() {
    let fx = Fixture::new();
    let missing = || fails(fs_core::rename((&fx.dir, "missing"), (&fx.dir, "g")));
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    check(&[libc::SYS_renameat], missing);
    // To and fro is two.
    let both = || {
        fs_core::rename((&fx.dir, "f"), (&fx.dir, "g")).unwrap();
        fs_core::rename((&fx.dir, "g"), (&fx.dir, "f")).unwrap();
    };
    let Some(numbers) = traced(both) else { return };
    assert_eq!(numbers.len(), 2);
    let Some(numbers) = traced(missing) else { return };
    assert_eq!(numbers.len(), 1);
}

#[test]
fn the_calls_of_a_file_server_are_one_each() {
    let fx = Fixture::new();
    let at = Target::from((&fx.dir, "f"));
    let (yes, no) = (Follow::Yes, Follow::No);
    let has_xattrs = fs_core::setxattr(at, "user.k", b"v", XattrFlags::empty(), yes).is_ok();
    let calls: &[(&str, &dyn Fn())] = &[
        ("pread", &|| ok(fs_core::pread(&fx.file, &mut [0; 4], 0))),
        ("pwrite", &|| ok(fs_core::pwrite(&fx.file, b"x", 0))),
        ("chmod", &|| fs_core::chmod(at, Mode::RWXU, yes).unwrap()),
        ("chown", &|| fs_core::chown(at, None, None, no).unwrap()),
        ("utime", &|| fs_core::utime(at, Times::NOW, no).unwrap()),
        ("statx", &|| ok(linux::statx(at, no, linux::StatxFlags::BASIC_STATS))),
        ("handle", &|| _ = linux::name_to_handle_at(at, no, linux::HandleFlags::FID)),
        ("access", &|| assert!(fs_core::access((&fx.dir, "f"), Access::READ_OK, AccessOptions::default()))),
        ("ftruncate", &|| fs_core::ftruncate(&fx.file, 5).unwrap()),
        ("truncate", &|| fs_core::truncate(&fx.top.path().join("f"), 5).unwrap()),
        ("mkdir", &|| fails(fs_core::mkdir((&fx.dir, "f"), Mode::RWXU))),
        ("link", &|| fails(fs_core::link((&fx.dir, "f"), (&fx.dir, "f"), no))),
        ("unlink", &|| fails(fs_core::unlink((&fx.dir, "missing")))),
        ("mknod", &|| fails(fs_core::mknod((&fx.dir, "f"), 0, 0))),
        ("symlink", &|| fails(fs_core::symlink("x", (&fx.dir, "f")))),
        ("readlink", &|| fails(fs_core::readlink_into((&fx.dir, "f"), &mut [0; 64]))),
    ];
    let xattr_calls: &[(&str, &dyn Fn())] = &[
        ("getxattr", &|| ok(fs_core::getxattr(at, "user.k", yes))),
        ("getxattr_into", &|| ok(fs_core::getxattr_into(at, "user.k", &mut [0; 64], no))),
        ("setxattr", &|| fs_core::setxattr(at, "user.k", b"v", XattrFlags::empty(), yes).unwrap()),
        ("listxattr_into", &|| ok(fs_core::listxattr_into(at, &mut [0; 512], yes))),
    ];
    for (name, call) in calls.iter().chain(xattr_calls.iter().filter(|_| has_xattrs)) {
        let Some(numbers) = traced(call) else { return };
        assert_eq!(numbers.len(), 1, "{name}: {numbers:?}");
    }
}

#[test]
fn the_types_of_entries_cost_no_call() {
    let fx = Fixture::new();
    for number in 0..50 {
        fs::write(fx.top.path().join(number.to_string()), "").unwrap();
    }
    if fs_core::scandir(fx.top.path()).unwrap().any(|entry| entry.unwrap().file_type() == FileType::Unknown) {
        return eprintln!("not run: the file system here keeps no types in directories");
    }
    let numbers = traced(|| {
        let mut count = 0;
        for entry in fs_core::scandir(fx.top.path()).unwrap() {
            let entry = entry.unwrap();
            assert!(entry.is_file(Follow::Yes).unwrap() && !entry.is_symlink().unwrap());
            assert!(!entry.is_dir(Follow::No).unwrap() && entry.inode() > 0);
            count += 1;
        }
        assert_eq!(count, 51);
    });
    let Some(mut numbers) = numbers else { return };
    // In a debug build the standard library asks whether what it closes is open.
    numbers.retain(|number| *number != libc::SYS_fcntl);
    assert_eq!(numbers, [libc::SYS_openat, libc::SYS_getdents64, libc::SYS_getdents64, libc::SYS_close]);
}
