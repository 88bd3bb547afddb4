//! Python's `os` module on `fs-core`, for CPython's own tests.
//!
//! A module of functions under Python's names, each of which takes Python's arguments,
//! makes one call of `fs-core`, and answers or raises what CPython does. `osprey_overlay.py`
//! puts them into the place of the interpreter's own, `run` runs the tests.
//!
//! What is here is the translation, and nothing that the tests are about.

mod attributes;
mod buffer;
mod call;
mod data;
mod descriptors;
mod directories;
mod environment;
mod error;
mod execs;
mod forks;
mod ids;
mod names;
mod nodes;
mod number;
mod path;
mod posix_spawns;
mod programs;
mod results;
mod scheduler;
mod sessions;
mod signals;
mod space;
mod spawns;
mod system;
mod terminals;
mod trees;
mod waits;
mod walk;
mod working;
mod xattrs;

/// The functions, under their names in `os`; and `touches`, which tells how often each was called.
#[pyo3::pymodule]
mod _osprey_os {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::forks::register(module.py())
    }

    #[pymodule_export]
    use crate::attributes::{
        access, chmod, chown, fchmod, fchown, fstat, fstatvfs, lchown, lstat, stat, statvfs, utime,
    };
    #[pymodule_export]
    use crate::call::touches;
    #[pymodule_export]
    use crate::data::{copy_file_range, lseek, sendfile};
    #[pymodule_export]
    use crate::data::{pread, preadv, pwrite, pwritev, read, readv, write, writev};
    #[pymodule_export]
    use crate::descriptors::{close, closerange, dup, dup2, memfd_create, open, pipe, pipe2};
    #[pymodule_export]
    use crate::descriptors::{get_blocking, get_inheritable, set_blocking, set_inheritable};
    #[pymodule_export]
    use crate::directories::{DirEntry, listdir, scandir};
    #[pymodule_export]
    use crate::environment::{putenv, unsetenv};
    #[pymodule_export]
    use crate::execs::{execl, execle, execlp, execlpe, execv, execve, execvp, execvpe};
    #[pymodule_export]
    use crate::forks::{fork, forkpty};
    #[pymodule_export]
    use crate::ids::{getegid, geteuid, getgid, getresgid, getresuid, getuid};
    #[pymodule_export]
    use crate::ids::{getgrouplist, getgroups, initgroups, setgroups};
    #[pymodule_export]
    use crate::ids::{setegid, seteuid, setgid, setregid, setresgid, setresuid, setreuid, setuid};
    #[pymodule_export]
    use crate::names::{link, mkdir, readlink, remove, rename, replace, rmdir, symlink, unlink};
    #[pymodule_export]
    use crate::nodes::{major, makedev, minor, mkfifo, mknod};
    #[pymodule_export]
    use crate::posix_spawns::{posix_spawn, posix_spawnp, system};
    #[pymodule_export]
    use crate::scheduler::{
        sched_get_priority_max, sched_get_priority_min, sched_getaffinity, sched_getparam, sched_getscheduler,
        sched_rr_get_interval, sched_setaffinity, sched_setparam, sched_setscheduler, sched_yield,
    };
    #[pymodule_export]
    use crate::sessions::{getpgid, getpgrp, getpid, getppid, getsid, setpgid, setpgrp, setsid};
    #[pymodule_export]
    use crate::sessions::{getpriority, nice, setpriority};
    #[pymodule_export]
    use crate::signals::{_exit, abort, kill, killpg};
    #[pymodule_export]
    use crate::space::{
        fdatasync, fpathconf, fsync, ftruncate, lockf, pathconf, posix_fadvise, posix_fallocate, truncate,
    };
    #[pymodule_export]
    use crate::spawns::{spawnl, spawnle, spawnlp, spawnlpe, spawnv, spawnve, spawnvp, spawnvpe};
    #[pymodule_export]
    use crate::system::{confstr, getloadavg, getrandom, strerror, sysconf, times, uname, urandom};
    #[pymodule_export]
    use crate::terminals::{
        ctermid, device_encoding, get_terminal_size, getlogin, isatty, openpty, tcgetpgrp, tcsetpgrp, ttyname,
    };
    #[pymodule_export]
    use crate::trees::{makedirs, removedirs, renames};
    #[pymodule_export]
    use crate::waits::{wait, wait3, wait4, waitid, waitpid, waitstatus_to_exitcode};
    #[pymodule_export]
    use crate::waits::{wcoredump, wexitstatus, wifcontinued, wifexited, wifsignaled, wifstopped, wstopsig, wtermsig};
    #[pymodule_export]
    use crate::walk::{fwalk, walk};
    #[pymodule_export]
    use crate::working::{chdir, chroot, fchdir, getcwd, getcwdb, umask};
    #[pymodule_export]
    use crate::xattrs::{getxattr, listxattr, removexattr, setxattr};
}
