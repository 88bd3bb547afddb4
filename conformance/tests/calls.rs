//! The table of calls is true: each operation is run under `strace`, and the kernel is
//! asked what the table says.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use conformance::calls;
use fs_core::op::run::Runner;
use fs_core::op::{Line, Op};

/// Each operation that is one call, and each of its forms that is another one.
const STEPS: &str = "\
open path=. flags=DIRECTORY -> fd=9
open path=f flags=CREAT|RDWR mode=0644 -> fd=1
write fd=1 data=hello
stat path=f
stat path=f follow=no
stat path=f dir_fd=9
stat fd=1
statx path=f
statx fd=1
statvfs path=f
statvfs fd=1
access path=f mode=R
access path=f mode=R dir_fd=9
access path=f mode=R effective_ids=yes
access path=f mode=R follow=no
chmod path=f mode=0644
chmod path=f mode=0644 follow=no
chmod fd=1 mode=0644
chown path=f
chown path=f follow=no
chown path=f dir_fd=9
chown fd=1
utime path=f
utime path=f follow=no
utime fd=1
truncate path=f length=5
truncate fd=1 length=5
getxattr path=f name=user.k
getxattr path=f name=user.k follow=no
getxattr fd=1 name=user.k
getxattr path=f dir_fd=9 name=user.k
setxattr path=f name=user.k value=1
setxattr path=f name=user.k value=1 follow=no
setxattr fd=1 name=user.k value=1
listxattr path=f
listxattr path=f follow=no
listxattr fd=1
removexattr path=f name=user.k
removexattr path=f name=user.k follow=no
removexattr fd=1 name=user.k
link src=f dst=g follow=no
link src=f dst=g2
rename src=g dst=h
rename src=h dst=h1 flags=NOREPLACE
symlink src=f dst=l
readlink path=l
unlink path=h1
mkdir path=d
rmdir path=d
mknod path=n
mkfifo path=p
openat2 path=f -> fd=3
name_to_handle_at path=f -> handle=1
open_by_handle_at path=9 handle=1 -> fd=4
dup fd=1 -> fd2=5
read fd=1 length=1
pread fd=1 length=1 offset=0
readv fd=1 lengths=1,1
preadv fd=1 lengths=1,1 offset=0
preadv fd=1 lengths=1,1 offset=0 flags=HIPRI
pwrite fd=1 data=x offset=0
writev fd=1 data=x,y
pwritev fd=1 data=x offset=0
pwritev fd=1 data=x offset=0 flags=DSYNC
lseek fd=1 offset=0
fallocate fd=1 length=10
posix_fallocate fd=1 length=10
posix_fadvise fd=1 advice=NORMAL
copy_file_range src_fd=1 dst_fd=5 count=1 src_offset=0 dst_offset=9
sendfile dst_fd=1 src_fd=3 count=1
fsync fd=1
fdatasync fd=1
syncfs fd=1
mmap fd=1 length=4096 protection=READ flags=SHARED -> map=1
msync map=1
munmap map=1
lockf fd=1 command=LOCK
flock fd=1 operation=SH
setlk fd=1 kind=READ
getlk fd=1 kind=READ
readdir fd=9
chdir path=.
chdir fd=9
getcwd
getflags fd=1
umask mode=0
sigaction signal=IO action=IGNORE
getfl fd=1
syscall name=access args=str:f,0
syscall name=ioctl_ficlone args=fd:1,fd:5
close fd=5";

/// Where the steps are to be taken, for the process that takes them.
const DIR: &str = "OSPREY_TAKE_STEPS_IN";

#[test]
fn the_kernel_is_asked_what_the_table_says() {
    if Command::new("strace").arg("-V").output().is_err() {
        assert!(std::env::var_os("OSPREY_REQUIRE_ALL").is_none(), "strace is needed");
        return eprintln!("not run: strace is not there");
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let work = dir.path().join("work");
    fs::create_dir(&work).unwrap();
    let status = Command::new("strace")
        .args(["-f", "-qq", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "takes_the_steps", "--test-threads=1"])
        .env(DIR, &work)
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let made = between_marks(&fs::read_to_string(&trace).unwrap());
    let steps: Vec<&str> = STEPS.lines().collect();
    assert_eq!(made.len(), steps.len());
    for (step, made) in steps.iter().zip(made) {
        let op = Line::parse(step).unwrap().op;
        let calls: BTreeSet<&str> = made.iter().map(String::as_str).filter(|call| !is_beside(call, &op)).collect();
        match calls::kernel(&op) {
            Some(call) => {
                let ioctl = call.starts_with("ioctl_").then_some("ioctl");
                assert_eq!(calls, BTreeSet::from([ioctl.unwrap_or(&call)]), "{step}");
            }
            None => assert!(calls.len() > 1 || calls.iter().all(|call| is_nameless(call)), "{step}: {calls:?}"),
        }
    }
}

/// Not a test by itself: what the test above has strace look at.
#[test]
fn takes_the_steps() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    std::env::set_current_dir(dir).unwrap();
    let mut runner = Runner::new();
    for step in STEPS.lines() {
        let line = Line::parse(step).unwrap();
        mark();
        runner.run(&line.op).unwrap();
    }
    mark();
}

#[test]
fn every_operation_that_is_one_call_is_looked_at() {
    let looked_at: BTreeSet<&str> = STEPS.lines().map(|step| step.split(' ').next().unwrap()).collect();
    let several = [
        "pathconf",
        "getfacl",
        "setflags",
        "setfacl",
        "renames",
        "makedirs",
        "removedirs",
        "dup2",
        "load",
        "store",
        "listdir",
        "scandir",
        "walk",
        "fwalk",
        "tree",
        "fork",
        "wait",
        "tick",
        "fill",
        "setrlimit",
        "spawn",
        "reap",
    ];
    let forgotten: Vec<&&str> =
        Op::NAMES.iter().filter(|name| !looked_at.contains(*name) && !several.contains(name)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

/// A call that no operation makes.
const MARK: &str = "getppid";

fn mark() {
    let _ = rustix::process::getppid();
}

/// The names of the calls between two marks, for the process that makes the marks.
fn between_marks(trace: &str) -> Vec<Vec<String>> {
    let mut by_process: BTreeMap<&str, Vec<Vec<String>>> = BTreeMap::new();
    for line in trace.lines() {
        let Some((process, rest)) = line.split_once(' ') else {
            continue;
        };
        let Some((name, _)) = rest.trim_start().split_once('(').filter(|_| !rest.contains("resumed>")) else {
            continue;
        };
        let parts = by_process.entry(process).or_default();
        match (name, parts.last_mut()) {
            (MARK, _) => parts.push(Vec::new()),
            (_, Some(part)) => part.push(by_number(name)),
            (_, None) => {}
        }
    }
    let mut parts = by_process.into_values().find(|parts| !parts.is_empty()).expect("a process makes marks");
    // Behind the last mark.
    parts.pop();
    parts
}

/// The name of a call that is too new for this strace.
fn by_number(name: &str) -> String {
    let number = name.strip_prefix("syscall_0x").and_then(|number| i64::from_str_radix(number, 16).ok());
    match number {
        Some(libc::SYS_fchmodat2) => "fchmodat2".to_owned(),
        // setxattrat and its three companions, which libc has no names for.
        Some(463..=466) => "xattrat".to_owned(),
        _ => name.to_owned(),
    }
}

/// Whether a call is one of the allocator, or asks for a position, and is not what the
/// operation is about.
fn is_beside(call: &str, op: &Op<'_>) -> bool {
    match call {
        "brk" | "madvise" | "mprotect" | "mremap" | "prctl" => true,
        "mmap" => !matches!(op, Op::Mmap { .. }),
        "lseek" => matches!(op, Op::Readdir { .. }),
        "munmap" => !matches!(op, Op::Munmap { .. }),
        _ => false,
    }
}

/// Whether a call has no page.
fn is_nameless(call: &str) -> bool {
    call.contains("xattrat")
}
