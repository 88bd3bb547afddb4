//! Calls of the library beside those of its peers: rustix, which it stands on, the standard
//! library, nix, and CPython's `os`.
//!
//! All work in the working directory, a [`Place`](crate::place), with relative paths and the
//! same system calls. Paths are C strings where a peer takes them, so that none has one to copy.
//! A peer that has no such call has none here.

use std::ffi::CStr;
use std::fs::File;
use std::hint::black_box;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use fs_core::{Access, AccessOptions, Follow, Mode, OFlags, Time, Times};
use rustix::fs::{AtFlags, CWD};

/// Does a call so often, and tells how long that took.
pub type Timed = fn(u64) -> Duration;

/// One call, by each who has it.
pub struct Call {
    /// Its name in Python.
    pub name: &'static str,
    /// rustix: what the others are measured by.
    pub rustix: Timed,
    /// This project's library.
    pub fs_core: Timed,
    /// The standard library.
    pub std: Option<Timed>,
    /// The crate nix.
    pub nix: Option<Timed>,
    /// The statement in Python; `fd` is an open file.
    pub python: &'static str,
}

/// All calls, in the order in which they are measured.
pub static CALLS: &[Call] = &[
    Call {
        name: "stat",
        rustix: |count| timed(count, || rustix::fs::stat(c"file").map(|status| status.st_ino)),
        fs_core: |count| timed(count, || fs_core::stat(c"file", Follow::Yes).map(|status| status.st_ino())),
        std: Some(|count| timed(count, || std::fs::metadata("file"))),
        nix: Some(|count| timed(count, || nix::sys::stat::stat(c"file"))),
        python: "os.stat('file')",
    },
    Call {
        name: "stat, of a &str",
        rustix: |count| timed(count, || rustix::fs::stat("file").map(|status| status.st_ino)),
        fs_core: |count| timed(count, || fs_core::stat("file", Follow::Yes).map(|status| status.st_ino())),
        std: Some(|count| timed(count, || std::fs::metadata("file"))),
        nix: Some(|count| timed(count, || nix::sys::stat::stat("file"))),
        python: "os.stat('file')",
    },
    Call {
        name: "fstat",
        rustix: |count| timed(count, || rustix::fs::fstat(file()).map(|status| status.st_ino)),
        fs_core: |count| timed(count, || fs_core::fstat(file()).map(|status| status.st_ino())),
        std: None,
        nix: Some(|count| timed(count, || nix::sys::stat::fstat(file()))),
        python: "os.fstat(fd)",
    },
    Call {
        name: "access",
        rustix: |count| timed(count, || rustix::fs::access(c"file", Access::READ_OK)),
        fs_core: |count| {
            timed(count, || match fs_core::access(c"file", Access::READ_OK, AccessOptions::default()) {
                true => Ok(()),
                false => Err(()),
            })
        },
        std: None,
        nix: Some(|count| timed(count, || nix::unistd::access(c"file", nix::unistd::AccessFlags::R_OK))),
        python: "os.access('file', os.R_OK)",
    },
    Call {
        name: "open+close",
        rustix: |count| {
            timed(count, || {
                rustix::fs::openat(
                    CWD,
                    c"file",
                    rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC,
                    Mode::empty(),
                )
            })
        },
        fs_core: |count| timed(count, || fs_core::open(c"file", OFlags::RDONLY, Mode::empty())),
        std: Some(|count| timed(count, || File::open("file"))),
        nix: Some(|count| {
            let flags = nix::fcntl::OFlag::O_RDONLY | nix::fcntl::OFlag::O_CLOEXEC;
            timed(count, || nix::fcntl::open(c"file", flags, nix::sys::stat::Mode::empty()))
        }),
        python: "os.close(os.open('file', os.O_RDONLY))",
    },
    Call {
        name: "rename",
        rustix: |count| there_and_back(count, |from, to| rustix::fs::renameat(CWD, from, CWD, to).map_err(|_| ())),
        fs_core: |count| there_and_back(count, |from, to| fs_core::rename(from, to).map_err(|_| ())),
        std: Some(|count| {
            timed(count, || {
                once(&mut || std::fs::rename("here", "there"))?;
                once(&mut || std::fs::rename("there", "here"))
            })
        }),
        nix: Some(|count| {
            there_and_back(count, |from, to| {
                let cwd = nix::fcntl::AT_FDCWD;
                nix::fcntl::renameat(cwd, from, cwd, to).map_err(|_| ())
            })
        }),
        python: "os.rename('here', 'there'); os.rename('there', 'here')",
    },
    Call {
        name: "mkdir+rmdir",
        rustix: |count| {
            let mode = Mode::from_raw_mode(0o755);
            timed(count, || {
                once(&mut || rustix::fs::mkdirat(CWD, c"new", mode))?;
                once(&mut || rustix::fs::unlinkat(CWD, c"new", AtFlags::REMOVEDIR))
            })
        },
        fs_core: |count| {
            timed(count, || {
                once(&mut || fs_core::mkdir(c"new", Mode::from_raw_mode(0o755)))?;
                once(&mut || fs_core::rmdir(c"new"))
            })
        },
        std: Some(|count| {
            timed(count, || {
                std::fs::create_dir("new")?;
                std::fs::remove_dir("new")
            })
        }),
        nix: Some(|count| {
            timed(count, || {
                nix::unistd::mkdir(c"new", nix::sys::stat::Mode::from_bits_retain(0o755))?;
                nix::unistd::unlinkat(nix::fcntl::AT_FDCWD, c"new", nix::unistd::UnlinkatFlags::RemoveDir)
            })
        }),
        python: "os.mkdir('new', 0o755); os.rmdir('new')",
    },
    Call {
        name: "utime",
        rustix: |count| {
            let time = |tv_sec| rustix::fs::Timespec { tv_sec, tv_nsec: 1 };
            let times = rustix::fs::Timestamps { last_access: time(1), last_modification: time(2) };
            timed(count, || rustix::fs::utimensat(CWD, c"file", &times, AtFlags::empty()))
        },
        fs_core: |count| {
            let times = Times { atime: Time::At { ns: 1_000_000_001 }, mtime: Time::At { ns: 2_000_000_001 } };
            timed(count, || fs_core::utime(c"file", times, Follow::Yes))
        },
        std: None,
        nix: Some(|count| {
            let time = |seconds| nix::sys::time::TimeSpec::new(seconds, 1);
            let flag = nix::sys::stat::UtimensatFlags::FollowSymlink;
            timed(count, || nix::sys::stat::utimensat(nix::fcntl::AT_FDCWD, c"file", &time(1), &time(2), flag))
        }),
        python: "os.utime('file', ns=(1000000001, 2000000001))",
    },
    Call {
        name: "pread/4KiB",
        rustix: |count| timed(count, || rustix::io::pread(file(), &mut [0; 4096], 4096)),
        fs_core: |count| timed(count, || fs_core::pread(file(), &mut [0; 4096], 4096)),
        std: Some(|count| {
            use std::os::unix::fs::FileExt;
            timed(count, || open_file().read_at(&mut [0; 4096], 4096))
        }),
        nix: Some(|count| timed(count, || nix::sys::uio::pread(file(), &mut [0; 4096], 4096))),
        python: "os.pread(fd, 4096, 4096)",
    },
    Call {
        name: "lseek",
        rustix: |count| timed(count, || rustix::fs::seek(file(), rustix::fs::SeekFrom::Start(7))),
        fs_core: |count| timed(count, || fs_core::lseek(file(), 7, fs_core::Whence::Set)),
        std: Some(|count| {
            use std::io::Seek;
            timed(count, || open_file().seek(std::io::SeekFrom::Start(7)))
        }),
        nix: Some(|count| timed(count, || nix::unistd::lseek(file(), 7, nix::unistd::Whence::SeekSet))),
        python: "os.lseek(fd, 7, 0)",
    },
    Call {
        name: "scandir/100",
        rustix: |count| {
            timed(count, || -> rustix::io::Result<usize> {
                let flags = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC;
                let fd = rustix::fs::openat(CWD, c"dir", flags, Mode::empty())?;
                let mut buffer = Vec::with_capacity(32 << 10);
                let mut entries = rustix::fs::RawDir::new(&fd, buffer.spare_capacity_mut());
                let mut length = 0;
                while let Some(entry) = entries.next() {
                    length += entry?.file_name().to_bytes().len();
                }
                Ok(length)
            })
        },
        fs_core: |count| {
            timed(count, || -> fs_core::Result<usize> {
                let mut length = 0;
                for entry in fs_core::scandir(c"dir")? {
                    length += entry?.name().len();
                }
                Ok(length)
            })
        },
        std: Some(|count| {
            timed(count, || -> std::io::Result<usize> {
                let mut length = 0;
                for entry in std::fs::read_dir("dir")? {
                    length += entry?.file_name().len();
                }
                Ok(length)
            })
        }),
        nix: Some(|count| {
            timed(count, || -> nix::Result<usize> {
                let flags = nix::fcntl::OFlag::O_RDONLY | nix::fcntl::OFlag::O_CLOEXEC;
                let mut dir = nix::dir::Dir::open(c"dir", flags, nix::sys::stat::Mode::empty())?;
                let mut length = 0;
                for entry in dir.iter() {
                    length += entry?.file_name().to_bytes().len();
                }
                Ok(length)
            })
        }),
        python: "sum(len(entry.name) for entry in os.scandir('dir'))",
    },
];

/// The file `file` of the working directory, open all the time.
fn open_file() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    FILE.get_or_init(|| File::open("file").expect("the place has a file"))
}

fn file() -> BorrowedFd<'static> {
    open_file().as_fd()
}

/// Times `count` calls. What fails would be fast and mean nothing.
fn timed<T, E>(count: u64, mut call: impl FnMut() -> Result<T, E>) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        assert!(black_box(once(&mut call)).is_ok(), "a call fails");
    }
    start.elapsed()
}

/// A call in a function of its own. A system call leaves the processor without the places to
/// return to, so that each return that follows it costs as much as a fifth of a short call; a
/// call that is inlined into the loop has none, as it would not in a program.
#[inline(never)]
fn once<T>(call: &mut impl FnMut() -> T) -> T {
    call()
}

/// Times `count` pairs of renames, after which the file has its name again.
fn there_and_back(count: u64, rename: impl Fn(&CStr, &CStr) -> Result<(), ()>) -> Duration {
    timed(count, || {
        once(&mut || rename(c"here", c"there"))?;
        once(&mut || rename(c"there", c"here"))
    })
}
