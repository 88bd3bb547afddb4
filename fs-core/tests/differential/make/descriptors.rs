//! Functions of descriptors, with every kind of descriptor.

use crate::list::Case;

/// How the descriptor `fd` comes to be. Always from the case's own directory: some of the
/// calls change the owner and the mode of what it is open on.
const CLASSES: &[(&str, &[&str])] = &[
    ("file_read", &[r#"fd = open("f", O_RDONLY)"#]),
    ("file_write", &[r#"fd = open("f", O_WRONLY)"#]),
    ("file_both", &[r#"fd = open("f", O_RDWR)"#]),
    ("file_append", &[r#"fd = open("f", O_RDWR | O_APPEND)"#]),
    ("file_path", &[r#"fd = open("f", O_PATH)"#]),
    ("link_path", &[r#"fd = open("lf", O_PATH | O_NOFOLLOW)"#]),
    ("dir", &[r#"fd = open("d", O_RDONLY)"#]),
    ("dir_path", &[r#"fd = open("d", O_PATH)"#]),
    ("fifo", &[r#"fd = open("p", O_RDWR | O_NONBLOCK)"#]),
    ("pipe_read", &["fd, other = pipe2(O_NONBLOCK)"]),
    ("pipe_write", &["other, fd = pipe2(O_NONBLOCK | O_CLOEXEC)"]),
    ("pipe_broken", &["other, fd = pipe()", "close(other)"]),
    ("memory", &[r#"fd = memfd_create("m")"#]),
    ("closed", &[r#"fd = open("f", O_RDONLY)"#, "close(fd)"]),
];

/// Calls that take a descriptor. `g` is another one, open for reading and writing.
const CALLS: &[&[&str]] = &[
    &["read(fd, 4)", "read(fd, 100)", "read(fd, 0)"],
    &["pread(fd, 4, 1)", "pread(fd, 4, 100)", "pread(fd, 4, -1)"],
    &[r#"write(fd, b"abc")"#, r#"write(fd, b"")"#],
    &[r#"pwrite(fd, b"abc", 3)"#, r#"pwrite(fd, b"abc", -1)"#, r#"pwrite(fd, b"", 9)"#],
    &["readv(fd, [bytearray(2), bytearray(3)])", "readv(fd, [])"],
    &["preadv(fd, [bytearray(2), bytearray(3)], 1)", "preadv(fd, [bytearray(2)], -1)"],
    &["preadv(fd, [bytearray(2)], 0, RWF_HIPRI)", "preadv(fd, [bytearray(2)], 0, 0x8000)"],
    &[r#"writev(fd, [b"ab", b"", b"cde"])"#, "writev(fd, [])"],
    &[r#"pwritev(fd, [b"ab", b"c"], 1)"#, r#"pwritev(fd, [b"ab"], -1)"#, r#"pwritev(fd, [b"ab"], 0, RWF_DSYNC)"#],
    &["lseek(fd, 2, SEEK_SET)", "lseek(fd, 1, SEEK_CUR)", "lseek(fd, -1, SEEK_END)", "lseek(fd, -9, SEEK_SET)"],
    &["lseek(fd, 0, SEEK_DATA)", "lseek(fd, 0, SEEK_HOLE)", "lseek(fd, 99, SEEK_DATA)", "lseek(fd, 0, 77)"],
    &["sendfile(g, fd, 0, 3)", "sendfile(g, fd, None, 2)", "sendfile(g, fd, 99, 2)"],
    &["sendfile(fd, g, 0, 3)", "sendfile(fd, g, None, 9)"],
    &["copy_file_range(fd, g, 3)", "copy_file_range(fd, g, 2, 1, 4)", "copy_file_range(fd, g, 2, -1, 0)"],
    &["copy_file_range(g, fd, 3)", "copy_file_range(g, fd, 2, 1, 1)"],
    &["copy_file_range(fd, fd, 2, 0, 1)", "copy_file_range(fd, fd, 1, 0, 3)"],
    &["ftruncate(fd, 2)", "ftruncate(fd, 9)", "ftruncate(fd, -1)"],
    &["truncate(fd, 2)", "truncate(fd, -1)"],
    &["fsync(fd)", "fdatasync(fd)"],
    &["posix_fallocate(fd, 0, 9)", "posix_fallocate(fd, -1, 9)", "posix_fallocate(fd, 0, 0)"],
    &["posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL)", "posix_fadvise(fd, 0, 9, POSIX_FADV_DONTNEED)"],
    &["posix_fadvise(fd, 0, -1, POSIX_FADV_RANDOM)", "posix_fadvise(fd, 0, 0, 99)"],
    &["lockf(fd, F_TLOCK, 0)", "lockf(fd, F_TEST, 5)", "lockf(fd, F_ULOCK, 0)", "lockf(fd, F_LOCK, -1)"],
    &["lockf(fd, 77, 0)"],
    &["a = dup(fd)", "get_inheritable(a)", "fstat(a)"],
    &["a = dup2(fd, 700)", "get_inheritable(a)", "get_inheritable(fd)"],
    &["a = dup2(fd, 700, False)", "get_inheritable(a)"],
    &["dup2(fd, fd)", "get_inheritable(fd)", "dup2(fd, fd, inheritable=False)"],
    &["dup2(fd, g)", "fstat(g)", "get_inheritable(g)"],
    &["dup2(fd, -1)", "dup2(fd, -5)", "dup2(fd, 1000000000)"],
    &["get_inheritable(fd)", "set_inheritable(fd, True)", "get_inheritable(fd)", "set_inheritable(fd, False)"],
    &["get_blocking(fd)", "set_blocking(fd, False)", "get_blocking(fd)", "set_blocking(fd, True)", "get_blocking(fd)"],
    &["fstat(fd)", "stat(fd)", "stat(fd, follow_symlinks=False)", "stat(fd, dir_fd=top)"],
    &["fstatvfs(fd)", "statvfs(fd)"],
    &[r#"fpathconf(fd, "PC_NAME_MAX")"#, r#"pathconf(fd, "PC_PIPE_BUF")"#, r#"fpathconf(fd, "PC_NO_SUCH")"#],
    &["fpathconf(fd, 3)", "fpathconf(fd, 4711)"],
    &["fchmod(fd, 0o640)"],
    &["chmod(fd, 0o604)", "chmod(fd, 0o604, follow_symlinks=False)", "chmod(fd, 0o604, dir_fd=top)"],
    &["fchown(fd, 12, 34)", "fchown(fd, -1, -1)"],
    &["chown(fd, -1, 34)", "chown(fd, 1, 2, follow_symlinks=False)", "chown(fd, 1, 2, dir_fd=top)"],
    &["utime(fd)", "utime(fd, follow_symlinks=False)", "utime(fd, dir_fd=top)"],
    &["utime(fd, ns=(3, 4))", "utime(fd, (1, 2))"],
    &["listdir(fd)", "listdir(fd)"],
    &["scandir(fd)", "scandir(fd)"],
    &["fchdir(fd)", "getcwd()"],
    &["chdir(fd)", "getcwdb()"],
    &[r#"setxattr(fd, "user.a", b"1")"#, r#"getxattr(fd, "user.a")"#, "listxattr(fd)", r#"removexattr(fd, "user.a")"#],
    &[r#"getxattr(fd, "user.a", follow_symlinks=False)"#, "listxattr(fd, follow_symlinks=False)"],
    &[r#"stat("x", dir_fd=fd)"#, r#"open("x", O_RDONLY, dir_fd=fd)"#, r#"mkdir("new", dir_fd=fd)"#],
    &[r#"fwalk(".", dir_fd=fd)"#, r#"fwalk(".", topdown=False, dir_fd=fd)"#],
    &["close(fd)", "close(fd)"],
    &["closerange(fd, fd + 1)", "fstat(fd)", "closerange(fd, fd)", "closerange(fd, 3)"],
    // Names where numbers are meant, and numbers where names are.
    &["access(fd, F_OK)", "readlink(fd)", "lstat(fd)", "mkdir(fd)", "unlink(fd)", "rename(fd, fd)", "lchown(fd, 1, 2)"],
    &[r#"read("f", 4)"#, r#"fstat("f")"#, "read(fd, -1)", "write(fd, None)", "fsync()", "fsync(fd, fd)"],
    &["read(999, 4)", "fstat(999)", "listdir(999)", "chmod(999, 0)", "utime(999)", "truncate(999, 0)", "chdir(999)"],
    &["read(-1, 4)", "fstat(-1)", "listdir(-1)", "chmod(-1, 0)", "utime(-1)", "truncate(-1, 0)", "fchdir(-1)"],
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (class, making) in CLASSES {
        for calls in CALLS {
            let name: String = calls[0].chars().take_while(|c| *c != '(').collect();
            let name = name.rsplit(' ').next().expect("a name").to_owned();
            let count = cases.iter().filter(|case: &&Case| case.id.starts_with(&format!("{name}.fd.{class}"))).count();
            let g = [r#"g = open("d/x", O_RDWR)"#];
            let steps = making.iter().chain(&g).chain(*calls);
            cases.push(Case::new(format!("{name}.fd.{class}.{count}"), steps));
        }
    }
    cases
}
