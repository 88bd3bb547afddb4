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
mod error;
mod execs;
mod names;
mod nodes;
mod number;
mod path;
mod programs;
mod results;
mod signals;
mod space;
mod trees;
mod waits;
mod walk;
mod working;
mod xattrs;

/// The functions, under their names in `os`; and `touches`, which tells how often each was called.
#[pyo3::pymodule]
mod _osprey_os {
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
    use crate::execs::{execl, execle, execlp, execlpe, execv, execve, execvp, execvpe};
    #[pymodule_export]
    use crate::names::{link, mkdir, readlink, remove, rename, replace, rmdir, symlink, unlink};
    #[pymodule_export]
    use crate::nodes::{major, makedev, minor, mkfifo, mknod};
    #[pymodule_export]
    use crate::signals::{_exit, abort, kill, killpg};
    #[pymodule_export]
    use crate::space::{
        fdatasync, fpathconf, fsync, ftruncate, lockf, pathconf, posix_fadvise, posix_fallocate, truncate,
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
