//! Python's `os` module for Rust, on [rustix].
//!
//! Public functions carry the names of Python's `os` module and take what the
//! Python functions take: a path, a descriptor, or a path relative to a
//! directory descriptor ([`Target`], [`At`]). Where Linux contradicts Python's
//! document, the doc comment says so and the function does what the kernel does.
//!
//! Who comes from Python begins with [`guide`]: the sections of its document, each name
//! with what it is here. Calls that the document lacks and file systems need are in [`linux`]. The
//! operation language, which says any of these calls as one line of text, is in
//! [`op`].
//!
//! The library is not async, does not log, and never prints.

mod at;
mod attrs;
mod confstr;
mod constants;
mod cpu_set;
mod data;
mod dirs;
mod entries;
mod environ;
mod error;
mod exec;
mod exit;
mod files;
mod fork;
mod fwalk;
mod groups;
mod ids;
mod lock;
mod path_like;
mod posix_spawn;
mod priority;
mod process;
mod program;
mod random;
mod sched;
mod session;
mod shell;
mod signal;
mod space;
mod spawn;
mod special;
mod stat;
mod statvfs;
mod supports;
mod sys;
mod sysconf;
mod sysconf_names;
mod system;
mod terminal;
mod times;
mod trees;
mod wait;
mod wait_status;
mod walk;
mod xattr;

pub mod audit;
pub mod guide;
pub mod linux;
pub mod names;
pub mod op;

pub use at::{At, Follow, PathArg, Target};
pub use attrs::{Access, AccessOptions, Gid, Time, Times, Uid};
pub use attrs::{access, chflags, chmod, chown, fchmod, fchown, lchflags, lchmod, lchown, try_access, utime};
pub use confstr::{CONFSTR_NAMES, confstr, confstr_names};
pub use constants::*;
pub use cpu_set::CpuSet;
pub use data::{RwFlags, Whence, copy_file_range, lseek, sendfile};
pub use data::{pread, preadv, pwrite, pwritev, read, readv, write, writev};
pub use dirs::{DirEntry, ScanDir, listdir, scandir};
pub use entries::{RenameFlags, rename, rename_with, replace};
pub use entries::{link, mkdir, readlink, readlink_into, remove, rmdir, symlink, unlink};
pub use environ::{Environ, EnvironBytes, environ, environb};
pub use environ::{get_exec_path, getenv, getenvb, putenv, unsetenv};
pub use error::{Class, Errno, Error, PathError, Result, Unsupported};
pub use exec::{add_dll_directory, startfile};
pub use exec::{execl, execle, execlp, execlpe, execv, execve, execvp, execvpe};
pub use exit::{_exit, abort};
pub use files::fdopen;
pub use files::{Inherit, Mode, OFlags, close, closerange, dup, dup2, dup2_onto, open, open_interruptible};
pub use files::{get_blocking, get_inheritable, set_blocking, set_inheritable};
pub use files::{get_handle_inheritable, set_handle_inheritable};
pub use fork::{Fork, ForkHook, ForkHooks, ForkPty, fork, forkpty, register_at_fork};
pub use fwalk::{FStep, FWalk, FWalkBuilder, fwalk};
pub use groups::{getgrouplist, getgroups, initgroups, setgroups};
pub use ids::{getegid, geteuid, getgid, getresgid, getresuid, getuid};
pub use ids::{setegid, seteuid, setgid, setregid, setresgid, setresuid, setreuid, setuid};
pub use lock::{LockCmd, lockf};
pub use path_like::{PathLike, fsdecode, fsencode, fspath};
pub use posix_spawn::{FileAction, SpawnOptions, SpawnScheduler, posix_spawn, posix_spawnp};
pub use priority::{PRIO_PGRP, PRIO_PROCESS, PRIO_USER, PriorityTarget, getpriority, nice, setpriority};
pub use process::{chdir, chroot, fchdir, getcwd, getcwdb, plock, umask};
pub use program::Env;
pub use random::{GRND_NONBLOCK, GRND_RANDOM, GrndFlags, getrandom, urandom};
pub use sched::{SCHED_BATCH, SCHED_FIFO, SCHED_IDLE, SCHED_OTHER, SCHED_RESET_ON_FORK, SCHED_RR};
pub use sched::{SchedParam, SchedPolicy, sched_get_priority_max, sched_get_priority_min};
pub use sched::{sched_getaffinity, sched_getparam, sched_getscheduler, sched_rr_get_interval};
pub use sched::{sched_setaffinity, sched_setparam, sched_setscheduler, sched_yield};
pub use session::{Pid, getpgid, getpgrp, getpid, getppid, getsid, setpgid, setpgrp, setsid};
pub use shell::{PopenMode, PopenStream, popen, system};
pub use signal::{kill, killpg};
pub use space::{Advice, fdatasync, fsync, ftruncate, posix_fadvise, posix_fallocate, sync, truncate};
pub use spawn::{SpawnMode, spawnl, spawnle, spawnlp, spawnlpe, spawnv, spawnve, spawnvp, spawnvpe};
pub use special::{Dev, MfdFlags, PipeFlags, RawMode};
pub use special::{major, makedev, memfd_create, minor, mkfifo, mknod, pipe, pipe2};
pub use stat::{FileType, StatResult, fstat, lstat, stat};
pub use statvfs::{StFlags, StatVfs, fstatvfs, statvfs};
pub use supports::{OsFnSet, supports_dir_fd, supports_effective_ids, supports_fd, supports_follow_symlinks};
pub use sysconf::sysconf;
pub use sysconf::{ConfName, PATHCONF_NAMES, fpathconf, pathconf, pathconf_names};
pub use sysconf_names::{SYSCONF_NAMES, sysconf_names};
pub use system::{Uname, cpu_count, getloadavg, strerror, uname};
pub use terminal::{TerminalSize, ctermid, device_encoding, get_terminal_size, getlogin, isatty, openpty};
pub use terminal::{tcgetpgrp, tcsetpgrp, ttyname};
pub use times::{ProcessTimes, times};
pub use trees::{makedirs, removedirs, renames};
pub use wait::{IdType, RawPid, Rusage, WaitIdResult, WaitOptions};
pub use wait::{wait, wait3, wait4, waitid, waitpid};
pub use wait_status::WaitStatus;
pub use wait_status::{WCOREDUMP, WEXITSTATUS, WIFCONTINUED, WIFEXITED, WIFSIGNALED, WIFSTOPPED, WSTOPSIG, WTERMSIG};
pub use walk::{Step, Walk, WalkBuilder, walk};
pub use xattr::{
    XATTR_SIZE_MAX, XattrFlags, getxattr, getxattr_into, listxattr, listxattr_into, removexattr, setxattr,
};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
