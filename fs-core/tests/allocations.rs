//! The calls of a file server's hot path make no heap allocation.

#![expect(clippy::unwrap_used, reason = "functions that only tests call, which clippy does not take for tests")]

use std::cell::Cell;
use std::fs;
use std::os::fd::OwnedFd;

use fs_core::audit::{self, Verdict};
use fs_core::{Env, Errno, Error, Follow, Gid, Mode, OFlags, SpawnMode, Target, Times, Uid, XattrFlags, linux};

/// The system's allocator, and a count for each thread.
mod counting {
    #![expect(unsafe_code, reason = "an allocator is unsafe to implement")]

    use std::alloc::{GlobalAlloc, Layout, System};

    pub(crate) struct Counting;

    // SAFETY: every call goes to the system's allocator unchanged.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            super::COUNT.set(super::COUNT.get() + 1);
            // SAFETY: the caller keeps the contract of the method.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            // SAFETY: as above.
            unsafe { System.dealloc(pointer, layout) }
        }

        unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            super::COUNT.set(super::COUNT.get() + 1);
            // SAFETY: as above.
            unsafe { System.realloc(pointer, layout, size) }
        }
    }
}

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// How often `call` allocates. The first time may set something up for ever.
fn allocations<T>(mut call: impl FnMut() -> T) -> usize {
    call();
    let before = COUNT.get();
    let result = call();
    let count = COUNT.get() - before;
    drop(result);
    count
}

/// A directory, and in it a file with the longest name and another name of as many bytes.
struct Fixture {
    _top: tempfile::TempDir,
    dir: OwnedFd,
    name: String,
    other: String,
}

impl Fixture {
    fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        let (name, other) = ("n".repeat(255), "o".repeat(255));
        fs::write(top.path().join(&name), "hello").unwrap();
        let dir = fs_core::open(top.path(), OFlags::PATH, Mode::empty()).unwrap();
        Fixture { _top: top, dir, name, other }
    }
}

#[test]
fn the_count_counts() {
    assert_eq!(allocations(|| Box::new(1)), 1);
    assert_eq!(allocations(|| 1), 0);
    // What is longer than any name is copied to the heap.
    let path = "./".repeat(200);
    assert_eq!(allocations(|| fs_core::stat(&path, Follow::Yes).is_ok()), 1);
}

#[test]
fn stat_and_rename_allocate_nothing_for_the_longest_name() {
    let fx = Fixture::new();
    let (here, there) = ((&fx.dir, &fx.name), (&fx.dir, &fx.other));
    assert_eq!(allocations(|| fs_core::stat(here, Follow::Yes).unwrap()), 0);
    assert_eq!(allocations(|| fs_core::lstat(here).unwrap()), 0);
    assert_eq!(allocations(|| [fs_core::rename(here, there).unwrap(), fs_core::rename(there, here).unwrap()]), 0);
}

#[test]
fn calls_on_names_allocate_nothing() {
    let fx = Fixture::new();
    let (here, there) = ((&fx.dir, &fx.name), (&fx.dir, &fx.other));
    assert_eq!(allocations(|| [fs_core::link(here, there, Follow::No), fs_core::unlink(there)].map(Result::unwrap)), 0);
    assert_eq!(allocations(|| [fs_core::mkdir(there, Mode::RWXU), fs_core::rmdir(there)].map(Result::unwrap)), 0);
    assert_eq!(
        allocations(|| {
            fs_core::symlink(&fx.name, there).unwrap();
            assert_eq!(fs_core::readlink_into(there, &mut [0; 4096]), Ok(255));
            fs_core::unlink(there).unwrap();
        }),
        0
    );
    assert_eq!(allocations(|| [fs_core::mknod(there, 0o600, 0), fs_core::unlink(there)].map(Result::unwrap)), 0);
    assert_eq!(allocations(|| fs_core::stat((&fx.dir, "missing"), Follow::No).unwrap_err()), 0);
}

#[test]
fn calls_on_attributes_allocate_nothing() {
    let fx = Fixture::new();
    let here = (&fx.dir, &fx.name);
    assert_eq!(allocations(|| fs_core::chmod(here, Mode::RWXU, Follow::Yes).unwrap()), 0);
    assert_eq!(allocations(|| fs_core::chmod(here, Mode::RWXU, Follow::No).unwrap()), 0);
    assert_eq!(allocations(|| fs_core::chown(here, None::<Uid>, None::<Gid>, Follow::No).unwrap()), 0);
    assert_eq!(allocations(|| fs_core::utime(here, Times::from_ns(1, 2), Follow::No).unwrap()), 0);
    assert_eq!(allocations(|| fs_core::truncate(here, 5).unwrap()), 0);
    assert_eq!(allocations(|| fs_core::statvfs(here).unwrap()), 0);
    assert_eq!(allocations(|| linux::statx(here, Follow::No, linux::StatxFlags::BASIC_STATS).unwrap()), 0);
    assert_eq!(allocations(|| linux::name_to_handle_at(here, Follow::No, linux::HandleFlags::FID).is_ok()), 0);
}

#[test]
fn extended_attributes_are_read_without_allocation() {
    let fx = Fixture::new();
    let here = Target::from((&fx.dir, &fx.name));
    let name = format!("user.{}", "k".repeat(200));
    match fs_core::setxattr(here, &name, b"value", XattrFlags::empty(), Follow::Yes) {
        Err(Error::Os(Errno::NOTSUP)) => return eprintln!("not run: the file system here has no user attributes"),
        result => result.unwrap(),
    }
    let set = || fs_core::setxattr(here, &name, b"value", XattrFlags::empty(), Follow::Yes).unwrap();
    assert_eq!(allocations(set), 0);
    assert_eq!(allocations(|| fs_core::getxattr_into(here, &name, &mut [0; 64], Follow::Yes).unwrap()), 0);
    assert_eq!(allocations(|| fs_core::listxattr_into(here, &mut [0; 1024], Follow::Yes).unwrap()), 0);
    assert_eq!(allocations(|| [set(), fs_core::removexattr(here, &name, Follow::Yes).unwrap()]), 0);
}

#[test]
fn open_files_are_read_written_and_listed_without_allocation() {
    let fx = Fixture::new();
    let here = (&fx.dir, &fx.name);
    assert_eq!(allocations(|| fs_core::open(here, OFlags::RDWR, Mode::empty()).unwrap()), 0);
    let fd = fs_core::open(here, OFlags::RDWR, Mode::empty()).unwrap();
    let mut buf = [0; 8];
    assert_eq!(allocations(|| fs_core::pread(&fd, &mut buf, 0).unwrap()), 0);
    assert_eq!(allocations(|| fs_core::pwrite(&fd, b"hello", 0).unwrap()), 0);
    assert_eq!(allocations(|| fs_core::fstat(&fd).unwrap()), 0);
    let dir = fs_core::open((&fx.dir, "."), OFlags::DIRECTORY, Mode::empty()).unwrap();
    let mut buf = [0; 4096];
    let list = || {
        fs_core::lseek(&dir, 0, fs_core::Whence::Set).unwrap();
        assert_eq!(linux::getdents(&dir, &mut buf).unwrap().count(), 3);
    };
    assert_eq!(allocations(list), 0);
}

/// Other threads may hold the allocator's lock at the fork.
#[test]
fn the_child_of_spawn_allocates_nothing_while_it_looks_for_its_program() {
    thread_local! {
        static FIRST: Cell<Option<usize>> = const { Cell::new(None) };
    }
    let (read_end, write_end) = fs_core::pipe().unwrap();
    let parent = rustix::process::getpid();
    let hook = audit::install(move |name, _| {
        if name == "os.exec" && rustix::process::getpid() != parent {
            let first = FIRST.get().unwrap_or(COUNT.get());
            FIRST.set(Some(first));
            let count = u8::try_from(COUNT.get() - first).unwrap_or(u8::MAX);
            fs_core::write(&write_end, &[count]).expect("there is room in the pipe");
        }
        Verdict::Allow
    });
    let env = Env::of([("PATH", "/no/such:/bin/sh:/nor/that")]);
    assert_eq!(fs_core::spawnvpe(SpawnMode::Wait, "x", ["x", "1"], env), Ok(127));
    drop(hook);
    let mut counts = [u8::MAX; 8];
    assert_eq!(fs_core::read(&read_end, &mut counts), Ok(3));
    assert_eq!(counts[..3], [0; 3]);
}
