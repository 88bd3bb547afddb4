//! The operation language against a real directory: each sequence is run and its
//! wants are judged, as the suite does it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_core::op::run::{RunError, Runner};
use fs_core::op::{Line, Outcome};
use tempfile::TempDir;

/// The working directory is the process's: one test at a time has it.
static WORKING_DIRECTORY: Mutex<()> = Mutex::new(());

fn fresh_directory() -> (MutexGuard<'static, ()>, TempDir) {
    let held = WORKING_DIRECTORY.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    std::env::set_current_dir(dir.path()).unwrap();
    (held, dir)
}

/// Runs the lines in a fresh directory; each want must hold, and each step without
/// one must succeed.
fn check(lines: &str) {
    let _directory = fresh_directory();
    let mut runner = Runner::new();
    let mut saved: HashMap<String, Outcome> = HashMap::new();
    for text in lines.lines().map(str::trim).filter(|text| !text.is_empty()) {
        let line = Line::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let got = runner.run(&line.op).unwrap_or_else(|error| panic!("{text}: {error}"));
        match &line.want {
            Some(want) => assert!(want.matches(&got, |name| saved.get(name.as_str())), "{text}: got {got}"),
            None => assert_eq!(got.word.to_string(), "ok", "{text}"),
        }
        // What came back reads back.
        assert_eq!(Outcome::parse(&got.to_string()).unwrap(), got, "{text}");
        if let Some(name) = line.save {
            saved.insert(name.to_string(), got);
        }
    }
}

#[test]
fn a_tree_is_read_though_an_attribute_cannot_be() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not run: setting capabilities needs root");
        return;
    }
    check(
        "open path=f flags=CREAT
         setxattr path=f name=security.capability value=
         getxattr path=f name=security.capability -> EINVAL
         tree path=. -> ok",
    );
}

#[test]
fn files_are_opened_written_and_read() {
    check(
        "open path=f flags=CREAT|RDWR mode=0644 -> ok fd=3
         write fd=3 data=hello -> count=5
         pread fd=3 length=9 offset=1 -> count=4 data=ello
         lseek fd=3 offset=0 -> offset=0
         readv fd=3 lengths=2,2 -> count=4 data=hell
         writev fd=3 data=A,B\\x20C -> count=4
         pwrite fd=3 data=%random(7,70000) offset=4096 -> count=70000
         pread fd=3 length=70000 offset=4096 -> data=%random(7,70000)
         pwritev fd=3 data=x,y offset=0 flags=DSYNC -> count=2
         preadv fd=3 lengths=1,3 offset=0 -> data=xyll
         truncate fd=3 length=1 -> ok
         stat fd=3 -> type=file mode=0644 size=1 nlink=1
         dup fd=3 -> ok fd2=4
         open path=g flags=CREAT|WRONLY -> fd=5
         copy_file_range src_fd=4 dst_fd=5 count=10 src_offset=0 -> count=1
         sendfile dst_fd=5 src_fd=4 src_offset=0 count=10 -> count=1
         getfl fd=5 -> flags=WRONLY
         dup2 fd=3 fd2=5 -> ok
         getfl fd=5 -> flags=RDWR
         posix_fallocate fd=3 length=8192 -> ok
         fallocate fd=3 mode=KEEP_SIZE|PUNCH_HOLE offset=0 length=4096 -> ok|EOPNOTSUPP
         posix_fadvise fd=3 advice=WILLNEED -> ok
         fsync fd=3 -> ok
         fdatasync fd=3 -> ok
         syncfs fd=3 -> ok
         close fd=3 -> ok
         open path=f flags=DIRECTORY -> ENOTDIR
         openat2 path=../x resolve=BENEATH -> EXDEV|ENOENT",
    );
}

#[test]
fn names_are_made_moved_and_removed() {
    check(
        "mkdir path=d mode=0755 -> ok
         open path=d flags=PATH|DIRECTORY -> fd=4
         open path=a dir_fd=4 flags=CREAT|WRONLY -> fd=1
         rename src=a src_dir_fd=4 dst=b dst_dir_fd=4 -> ok
         rename src=d/b dst=d/none flags=EXCHANGE -> ENOENT|EINVAL
         link src=d/b dst=c -> ok
         link src_fd=1 dst=e -> ok|ENOENT
         symlink src=c dst=s -> ok
         readlink path=s -> target=c
         stat path=s follow=no -> type=symlink size=1
         stat path=s -> type=file nlink>=2
         mkfifo path=p mode=0600 -> ok
         mknod path=q -> ok
         stat path=q -> type=file mode=0600
         makedirs path=x/y/z -> ok
         makedirs path=x/y/z exist_ok=yes -> ok
         makedirs path=x/y/z -> EEXIST
         removedirs path=x/y/z -> ok
         stat path=x -> ENOENT
         renames old=c new=n/m/c -> ok
         stat path=n/m/c -> type=file
         unlink path=n/m/c -> ok
         rmdir path=d -> ENOTEMPTY|EEXIST
         unlink path=d -> EISDIR|EPERM
         stat path= -> ENOENT
         stat path=%path(4095) -> ENOENT
         stat path=%path(4096) -> ENAMETOOLONG
         stat path=%repeat(n,256) -> ENAMETOOLONG",
    );
}

#[test]
fn attributes_are_set_and_told() {
    check(
        "open path=f flags=CREAT|WRONLY mode=0600 -> fd=1
         chmod path=f mode=0640 -> ok
         chown path=f -> ok
         utime path=f atime_ns=-1500000000 mtime_ns=1 -> ok
         stat path=f -> mode=0640 mtime_ns=1 as=before
         utime fd=1 atime_ns=omit mtime_ns=2000000000000000001 -> ok
         stat path=f -> atime_ns=before.atime_ns mtime_ns>before.mtime_ns ino=before.ino ctime_ns>=before.ctime_ns
         statx path=f -> mode=0640 mtime_ns=2000000000000000001 ino=before.ino
         access path=f mode=R|W -> ok
         access path=none -> ENOENT
         truncate path=f length=10 -> ok
         statvfs path=. -> namemax=255
         pathconf path=. name=PC_NAME_MAX -> limit=255
         getxattr path=f name=user.none -> ENODATA|ENOTSUP
         mkdir path=t
         tick path=t -> ok",
    );
}

#[test]
fn flags_of_inodes_are_added_and_taken_away() {
    check(
        "open path=f flags=CREAT|WRONLY mode=0600 -> fd=1
         setflags fd=1 set=NODUMP -> ok|ENOTTY
         setflags fd=1 set=NODUMP|NOATIME clear=SYNC -> ok|ENOTTY|EOPNOTSUPP
         getflags fd=1 -> ok|ENOTTY
         setflags fd=1 clear=NODUMP -> ok|ENOTTY",
    );
}

#[test]
fn extended_attributes_are_kept() {
    check(
        "open path=f flags=CREAT|WRONLY mode=0600 -> fd=1
         setxattr path=f name=user.k value=\\x00\\x01\\xff -> ok
         setxattr fd=1 name=user.k value=v flags=CREATE -> EEXIST
         setxattr path=f name=user.j value=v flags=REPLACE -> ENODATA
         getxattr fd=1 name=user.k -> value=\\x00\\x01\\xff
         listxattr path=f -> names=user.k
         removexattr path=f name=user.k -> ok
         listxattr path=f -> names=",
    );
}

#[test]
fn directories_are_listed_in_order_of_the_bytes() {
    check(
        "makedirs path=d/e
         mkfifo path=d/b\\xff
         open path=d/a flags=CREAT|WRONLY -> fd=1
         symlink src=a dst=d/s
         listdir path=d -> names=a,b\\xff,e,s
         scandir path=d -> entries=a:file,b\\xff:fifo,e:dir,s:symlink
         open path=d flags=DIRECTORY -> fd=2
         readdir fd=2 count=2 -> ok
         readdir fd=2 -> ok
         readdir fd=2 -> names=
         walk path=d -> entries=d:a,d:b\\xff,d:e/,d:s
         fwalk path=d topdown=no -> entries=d:a,d:b\\xff,d:e/,d:s
         tree path=d -> as=t
         tree path=d -> same=t
         chmod path=d/a mode=0111
         tree path=d -> entries!=x as=u
         chdir path=d -> ok
         getcwd -> ok
         chdir path=.. -> ok
         umask mode=0027 -> ok
         umask mode=0022 -> mode=0027",
    );
}

#[test]
fn reading_a_directory_removes_what_was_read_if_it_is_told_to() {
    check(
        "makedirs path=d/e
         open path=d/a flags=CREAT|WRONLY -> fd=1
         symlink src=e dst=d/s
         open path=d flags=DIRECTORY -> fd=2
         readdir fd=2 count=0 remove=yes -> names=
         listdir path=d -> names=a,e,s
         readdir fd=2 remove=yes -> ok
         listdir path=d -> names=e",
    );
}

#[test]
fn reading_a_directory_in_parts_loses_no_name() {
    let _directory = fresh_directory();
    let mut runner = Runner::new();
    for index in 0..100 {
        std::fs::write(format!("f{index}"), "").unwrap();
    }
    runner.run(&Line::parse("open path=. flags=DIRECTORY -> fd=1").unwrap().op).unwrap();
    let mut names = Vec::new();
    loop {
        let outcome = runner.run(&Line::parse("readdir fd=1 count=7").unwrap().op).unwrap();
        match outcome.get("names") {
            Some(fs_core::op::Value::List(part)) if !part.is_empty() => names.extend(part.clone()),
            _ => break,
        }
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 102, "a hundred files, `.` and `..`");
}

#[test]
fn locks_are_held_by_the_open_file() {
    check(
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1
         open path=f flags=RDWR -> fd=2
         flock fd=1 operation=EX -> ok
         flock fd=2 operation=SH|NB -> EWOULDBLOCK
         flock fd=1 operation=UN -> ok
         setlk fd=1 kind=WRITE start=10 length=5 owner=OFD -> ok
         getlk fd=2 kind=READ owner=OFD -> kind=WRITE start=10 length=5
         setlk fd=2 kind=READ owner=OFD -> EAGAIN|EACCES
         setlk fd=1 kind=UNLOCK owner=OFD -> ok
         getlk fd=2 kind=READ owner=OFD -> kind=UNLOCK
         lockf fd=1 command=TLOCK length=10 -> ok
         lockf fd=1 command=ULOCK length=10 -> ok",
    );
}

#[test]
fn memory_beyond_the_end_of_a_file_raises_a_signal() {
    check(
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1
         write fd=1 data=hello -> count=5
         mmap fd=1 length=8192 protection=READ|WRITE flags=SHARED -> ok map=1
         load map=1 length=5 -> data=hello
         store map=1 offset=0 data=J -> ok
         msync map=1 -> ok
         pread fd=1 length=5 offset=0 -> data=Jello
         store map=1 offset=4096 data=x -> SIGBUS
         load map=1 offset=4096 length=1 -> SIGBUS
         munmap map=1 -> ok",
    );
}

#[test]
fn raw_calls_reach_what_typed_calls_cannot_say() {
    check(
        "mkdir path=a
         open path=a flags=DIRECTORY -> fd=1
         syscall name=renameat2 args=cwd,bad,cwd,str:b,0 -> EFAULT
         syscall name=renameat2 args=fd:1,str:x,cwd,str:b,0 -> ENOENT
         syscall name=openat args=cwd,str:a,0 -> ok
         syscall name=open args=null,0 -> EFAULT
         syscall name=getcwd args=out:1,1 -> ERANGE
         syscall name=fstat args=fd:1,out:8 -> EFAULT
         syscall name=fstat args=-1,out:200 -> EBADF
         syscall name=stat args=str:a,out:200 -> ret=0
         syscall name=openat args=cwd,str:new,0102,0600 -> fd=7
         syscall name=fcntl args=fd:7,3 -> ret>1
         syscall name=utimensat args=cwd,str:a,longs:5/6/7/8,0 -> ret=0
         stat path=a -> atime_ns=5000000006 mtime_ns=7000000008
         syscall name=ioctl_ficlonerange args=fd:7,longs:fd:7/0/0/0 -> ok|EINVAL|EOPNOTSUPP|ENOTTY|EBADF
         syscall name=close args=-1 -> EBADF
         syscall name=open_by_handle_at args=fd:7,longs:0/0,0 -> EINVAL|EPERM",
    );
}

#[test]
fn the_program_runs_and_no_other_one_does() {
    check(
        "open path=p flags=CREAT|WRONLY mode=0755 -> fd=1
         write fd=1 data=%program() -> ok
         spawn path=p -> ETXTBSY process=1
         close fd=1
         spawn path=p -> ok process=1
         open path=p flags=WRONLY -> ETXTBSY
         reap process=1 -> status=0
         open path=p flags=WRONLY -> ok fd=1
         close fd=1
         chmod path=p mode=0644
         spawn path=p -> EACCES
         spawn path=. -> EACCES
         spawn path=none -> ENOENT
         open path=empty flags=CREAT|WRONLY mode=0755 -> fd=2
         close fd=2
         spawn path=empty -> ENOEXEC",
    );
    let _directory = fresh_directory();
    let mut runner = Runner::new();
    let mut run = |text: &str| runner.run(&Line::parse(text).unwrap().op);
    run("open path=p flags=CREAT|WRONLY mode=0755 -> fd=1").unwrap();
    run("write fd=1 data=#!/bin/sh").unwrap();
    run("close fd=1").unwrap();
    assert!(matches!(run("spawn path=p"), Err(RunError::Refused(why)) if why.contains("%program()")));
    assert_eq!(run("reap process=1"), Err(RunError::Unbound("process=1".to_owned())));
}

#[test]
fn only_a_small_file_system_is_filled() {
    let _directory = fresh_directory();
    let space = rustix::fs::statvfs(".").unwrap();
    let mut runner = Runner::new();
    let mut run = |text: &str| runner.run(&Line::parse(text).unwrap().op);
    run("open path=f flags=CREAT|WRONLY mode=0600 -> fd=1").unwrap();
    if space.f_bfree * space.f_frsize <= 256 << 20 {
        return eprintln!("not run: the temporary directory is on a small file system");
    }
    assert_eq!(run("fill fd=1").unwrap().to_string(), "EFBIG");
    assert_eq!(run("stat fd=1").unwrap().get("size").unwrap().as_number(), Some(0));
}

#[test]
fn a_file_grows_to_the_limit_of_the_process() {
    check(
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1
         sigaction signal=XFSZ action=IGNORE -> ok
         setrlimit resource=FSIZE limit=65536 -> ok
         pwrite fd=1 data=%repeat(x,70000) offset=0 -> count=65536
         pwrite fd=1 data=x offset=65536 -> EFBIG
         setrlimit resource=FSIZE limit=18446744073709551615 -> ok
         pwrite fd=1 data=x offset=65536 -> count=1",
    );
}

#[test]
fn what_is_not_bound_is_no_failure_of_the_file_system() {
    let refusal = |text: &str| Runner::new().run(&Line::parse(text).unwrap().op).unwrap_err();
    assert_eq!(refusal("fsync fd=9"), RunError::Unbound("fd=9".to_owned()));
    assert_eq!(refusal("munmap map=1"), RunError::Unbound("map=1".to_owned()));
    assert!(matches!(refusal("open_by_handle_at path=1 handle=2"), RunError::Unbound(_)));
}

#[test]
fn a_line_of_a_stranger_is_refused() {
    for text in [
        "mknod path=sda kind=block device=0x800",
        "mknod path=mem kind=char device=0x101",
        "syscall name=mount args=str:a,str:b",
        "syscall name=fchdir args=3",
        // Signals to other processes, devices, descriptors of registers, files of other directories.
        "syscall name=fcntl args=fd:1,8,1",
        "syscall name=fcntl args=fd:1,bad,1",
        "syscall name=mknod args=str:dev,020666,0x801",
        "syscall name=mknodat args=cwd,str:dev,060666,0x801",
        "syscall name=mknod args=str:dev,bad,0x801",
        "syscall name=close args=fd:1",
        "syscall name=open_by_handle_at args=fd:1,longs:0x100000008/2/3,0",
        "syscall name=open_by_handle_at args=fd:1,str:\\x08\\x00\\x00\\x00,0",
        "syscall name=access args=str:a,0 -> fd=9",
        "syscall name=linkat args=cwd,str:a,5,str:b,0",
        "syscall name=read args=fd:1,93824992231424,10",
        "syscall name=writev args=fd:1,str:abc,1",
        "read fd=1 length=18446744073709551615",
    ] {
        let _directory = fresh_directory();
        let mut runner = Runner::new();
        runner.run(&Line::parse("open path=f flags=CREAT|RDWR -> fd=1").unwrap().op).unwrap();
        let refused = runner.run(&Line::parse(text).unwrap().op).unwrap_err();
        assert!(matches!(refused, RunError::Refused(_)), "{text}: {refused}");
    }
}
