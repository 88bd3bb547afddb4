//! What a signal does to calls that wait: those of PEP 475 are started again, others end.
//!
//! A signal with a handler that does nothing is sent to the waiting thread until it is
//! done, or is let go by what it waits for.
#![expect(unsafe_code, reason = "signals")]
#![expect(clippy::unwrap_used, reason = "functions that only tests call, which clippy does not take for tests")]

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use fs_core::linux::{FlockOperation, LockKind, LockOwner, LockRange, flock, lock_range};
use fs_core::{Errno, LockCmd, Mode, OFlags, lockf, open, pipe, read, readv, write, writev};
use fs_core::{IdType, Pid, WEXITED, WNOWAIT, WaitOptions, kill, wait4, waitid};

static INTERRUPTIONS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: libc::c_int) {
    INTERRUPTIONS.fetch_add(1, Ordering::Relaxed);
}

fn install_handler() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: zeros are values of this struct.
        let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
        // No SA_RESTART: calls that wait end with EINTR.
        // SAFETY: the handler only adds to an atomic number.
        assert_eq!(unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) }, 0);
    });
}

/// Runs `call`, which waits, under a rain of signals. After a while `release` lets it go,
/// if the signals did not.
fn under_signals<T: Send>(call: impl FnOnce() -> T + Send, release: impl FnOnce()) -> T {
    install_handler();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (tell, told) = std::sync::mpsc::channel();
        let done = &done;
        let waiting = scope.spawn(move || {
            // SAFETY: has no conditions.
            tell.send(unsafe { libc::pthread_self() }).unwrap();
            let result = call();
            done.store(true, Ordering::SeqCst);
            // Stays until no signal is sent to it any more.
            thread::park();
            result
        });
        let target = told.recv().unwrap();
        let mut release = Some(release);
        for round in 0.. {
            if done.load(Ordering::SeqCst) {
                break;
            }
            // SAFETY: the thread waits to be unparked, so that its id is valid.
            unsafe { libc::pthread_kill(target, libc::SIGUSR1) };
            thread::sleep(Duration::from_millis(2));
            match round {
                20 => release.take().expect("once")(),
                // The thread cannot be ended in another way.
                10_000 => std::process::abort(),
                _ => {}
            }
        }
        waiting.thread().unpark();
        waiting.join().unwrap()
    })
}

fn full_pipe() -> (OwnedFd, OwnedFd) {
    let (read_end, write_end) = pipe().unwrap();
    fs_core::set_blocking(&write_end, false).unwrap();
    while write(&write_end, &[0; 4096]).is_ok() {}
    fs_core::set_blocking(&write_end, true).unwrap();
    (read_end, write_end)
}

fn empty(read_end: &OwnedFd) {
    read(read_end, &mut vec![0; 1 << 20]).unwrap();
}

#[test]
fn reading_and_writing_are_started_again() {
    let before = INTERRUPTIONS.load(Ordering::Relaxed);
    let mut buf = [0; 8];
    let (read_end, write_end) = pipe().unwrap();
    let release = || assert_eq!(write(&write_end, b"x"), Ok(1));
    assert_eq!(under_signals(|| read(&read_end, &mut buf), release), Ok(1));
    let read_vector = || readv(&read_end, &mut [IoSliceMut::new(&mut buf)]);
    assert_eq!(under_signals(read_vector, release), Ok(1));

    let (read_end, write_end) = full_pipe();
    assert_eq!(under_signals(|| write(&write_end, b"y"), || empty(&read_end)), Ok(1));
    let (read_end, write_end) = full_pipe();
    let write_vector = || writev(&write_end, &[IoSlice::new(b"z")]);
    assert_eq!(under_signals(write_vector, || empty(&read_end)), Ok(1));
    assert!(INTERRUPTIONS.load(Ordering::Relaxed) > before + 4, "the calls were interrupted");
}

#[test]
fn opening_is_started_again_unless_it_is_to_be_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    fs_core::mkfifo(&fifo, Mode::RUSR | Mode::WUSR).unwrap();
    let mut writer = None;
    let release = || writer = Some(open(&fifo, OFlags::WRONLY, Mode::empty()).unwrap());
    under_signals(|| open(&fifo, OFlags::RDONLY, Mode::empty()), release).unwrap();
    drop(writer);

    let interrupted = under_signals(|| fs_core::open_interruptible(&fifo, OFlags::RDONLY, Mode::empty()), || {});
    assert_eq!(interrupted.unwrap_err().errno(), Errno::INTR);
}

#[test]
fn sending_a_file_is_started_again() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "text").unwrap();
    let src = open(file.path(), OFlags::RDONLY, Mode::empty()).unwrap();
    let (read_end, write_end) = full_pipe();
    let mut offset = 0;
    let sent = under_signals(|| fs_core::sendfile(&write_end, &src, Some(&mut offset), 4), || empty(&read_end));
    assert_eq!((sent, offset), (Ok(4), 4));
}

#[test]
fn waiting_for_a_lock_ends() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let open = || open(file.path(), OFlags::RDWR, Mode::empty()).unwrap();
    let (holder, waiter) = (open(), open());
    let never = || {};
    flock(&holder, FlockOperation::LockExclusive).unwrap();
    let ended = under_signals(|| flock(&waiter, FlockOperation::LockExclusive), never);
    assert_eq!(ended.unwrap_err().errno(), Errno::INTR);

    lock_range(&holder, LockOwner::OpenFile, LockKind::Write, LockRange::ALL).unwrap();
    let lock = || lock_range(&waiter, LockOwner::OpenFile, LockKind::Write, LockRange::ALL);
    assert_eq!(under_signals(lock, never).unwrap_err().errno(), Errno::INTR);
    // The process is another owner than the open file.
    let ended = under_signals(|| lockf(&waiter, LockCmd::Lock, 0), never);
    assert_eq!(ended.unwrap_err().errno(), Errno::INTR);
}

#[test]
fn a_signal_cuts_many_random_bytes_short_unless_all_are_wanted() {
    let mut buf = vec![0; 64 << 20];
    let never = || {};
    let count = under_signals(|| fs_core::getrandom(&mut buf, fs_core::GrndFlags::empty()), never).unwrap();
    assert!((256..buf.len()).contains(&count), "{count}");
    buf.fill(0);
    assert_eq!(under_signals(|| fs_core::urandom(&mut buf), never), Ok(()));
    // A chunk without a single byte of chance is one that was left out.
    assert!(buf.chunks(64).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
}

#[test]
fn waiting_for_a_child_is_started_again() {
    let start = || Pid::from_child(&Command::new("/bin/sleep").arg("60").spawn().unwrap());
    let child = start();
    let raw = child.as_raw_nonzero().get();
    let end = || kill(raw, libc::SIGTERM).unwrap();
    let found = under_signals(|| waitid(IdType::Pid(child), WEXITED | WNOWAIT), end).unwrap().unwrap();
    assert_eq!((found.si_pid, found.si_status), (child, libc::SIGTERM));
    assert_eq!(wait4(raw, WaitOptions::empty()).unwrap().0, raw);

    let child = start().as_raw_nonzero().get();
    let end = || kill(child, libc::SIGKILL).unwrap();
    let (found, status, _) = under_signals(|| wait4(child, WaitOptions::empty()), end).unwrap();
    assert_eq!((found, status.term_signal()), (child, libc::SIGKILL));
}
