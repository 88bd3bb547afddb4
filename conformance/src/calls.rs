//! Which system call an operation makes, by the name that the manual pages have for it.
//!
//! What a program calls is often not what the kernel is asked: `stat` becomes
//! `newfstatat`, which stat(2) documents as `fstatat`. `tests/calls.rs` holds this
//! against the kernel.

use fs_core::Follow;
use fs_core::op::{At, Op, Target, YesNo};

/// The documented name of the call that an operation makes; `None` for an operation
/// that makes several, or none.
pub fn documented(op: &Op<'_>) -> Option<String> {
    match op {
        // utimensat without a path.
        Op::Utime { path: Target::Fd(_), .. } => Some("futimens".to_owned()),
        _ => kernel(op).map(|name| page_name(&name).to_owned()),
    }
}

/// The name that the manual pages have for a call of the kernel.
pub fn page_name(kernel: &str) -> &str {
    match kernel {
        "newfstatat" => "fstatat",
        "fchmodat2" => "fchmodat",
        "fadvise64" => "posix_fadvise",
        "pread64" => "pread",
        "pwrite64" => "pwrite",
        "rt_sigaction" => "sigaction",
        other => other,
    }
}

/// The kernel's name of the call that an operation makes.
pub fn kernel(op: &Op<'_>) -> Option<String> {
    if let Op::Syscall { name, .. } = op {
        return Some(String::from_utf8_lossy(&name.resolve()).into_owned());
    }
    typed(op).map(str::to_owned)
}

fn typed(op: &Op<'_>) -> Option<&'static str> {
    Some(match op {
        Op::Stat { path, .. } => by_target(path, "fstat", "newfstatat"),
        Op::Statx { .. } => "statx",
        Op::Statvfs { path } => by_target(path, "fstatfs", "statfs"),
        Op::Access { effective_ids: YesNo::No, follow: Follow::Yes, .. } => "faccessat",
        Op::Access { .. } => "faccessat2",
        Op::Chmod { path: Target::Fd(_), .. } => "fchmod",
        Op::Chmod { follow: Follow::Yes, .. } => "fchmodat",
        Op::Chmod { .. } => "fchmodat2",
        Op::Chown { path, .. } => by_target(path, "fchown", "fchownat"),
        Op::Utime { .. } => "utimensat",
        Op::Getflags { .. } => "ioctl",
        Op::Truncate { path, .. } => by_target(path, "ftruncate", "truncate"),
        Op::Getxattr { path, follow, .. } => by_link(path, *follow, ["fgetxattr", "getxattr", "lgetxattr"])?,
        Op::Setxattr { path, follow, .. } => by_link(path, *follow, ["fsetxattr", "setxattr", "lsetxattr"])?,
        Op::Listxattr { path, follow } => by_link(path, *follow, ["flistxattr", "listxattr", "llistxattr"])?,
        Op::Removexattr { path, follow, .. } => {
            by_link(path, *follow, ["fremovexattr", "removexattr", "lremovexattr"])?
        }
        Op::Rename { flags, .. } if flags.is_empty() => "renameat",
        Op::Rename { .. } => "renameat2",
        Op::Link { .. } => "linkat",
        Op::Symlink { .. } => "symlinkat",
        Op::Readlink { .. } => "readlinkat",
        Op::Unlink { .. } | Op::Rmdir { .. } => "unlinkat",
        Op::Mkdir { .. } => "mkdirat",
        Op::Mknod { .. } | Op::Mkfifo { .. } => "mknodat",
        Op::Open { .. } => "openat",
        Op::Openat2 { .. } => "openat2",
        Op::NameToHandleAt { .. } => "name_to_handle_at",
        Op::OpenByHandleAt { .. } => "open_by_handle_at",
        Op::Close { .. } => "close",
        Op::Read { .. } => "read",
        Op::Pread { .. } => "pread64",
        Op::Readv { .. } => "readv",
        Op::Preadv { flags, .. } if flags.is_empty() => "preadv",
        Op::Preadv { .. } => "preadv2",
        Op::Write { .. } => "write",
        Op::Pwrite { .. } => "pwrite64",
        Op::Writev { .. } => "writev",
        Op::Pwritev { flags, .. } if flags.is_empty() => "pwritev",
        Op::Pwritev { .. } => "pwritev2",
        Op::Lseek { .. } => "lseek",
        Op::Fallocate { .. } | Op::PosixFallocate { .. } => "fallocate",
        Op::PosixFadvise { .. } => "fadvise64",
        Op::CopyFileRange { .. } => "copy_file_range",
        Op::Sendfile { .. } => "sendfile",
        Op::Fsync { .. } => "fsync",
        Op::Fdatasync { .. } => "fdatasync",
        Op::Syncfs { .. } => "syncfs",
        Op::Mmap { .. } => "mmap",
        Op::Munmap { .. } => "munmap",
        Op::Msync { .. } => "msync",
        Op::Flock { .. } => "flock",
        Op::Dup { .. } | Op::Lockf { .. } | Op::Setlk { .. } | Op::Getlk { .. } | Op::Getfl { .. } => "fcntl",
        Op::Readdir { .. } => "getdents64",
        Op::Chdir { path } => by_target(path, "fchdir", "chdir"),
        Op::Getcwd {} => "getcwd",
        Op::Umask { .. } => "umask",
        Op::Sigaction { .. } => "rt_sigaction",
        // Several calls, none, or one that another process makes.
        Op::Pathconf { .. }
        | Op::Setflags { .. }
        | Op::Getfacl { .. }
        | Op::Setfacl { .. }
        | Op::Renames { .. }
        | Op::Makedirs { .. }
        | Op::Removedirs { .. }
        | Op::Dup2 { .. }
        | Op::Load { .. }
        | Op::Store { .. }
        | Op::Listdir { .. }
        | Op::Scandir { .. }
        | Op::Walk { .. }
        | Op::Fwalk { .. }
        | Op::Tree { .. }
        | Op::Fork { .. }
        | Op::Wait {}
        | Op::Setrlimit { .. }
        | Op::Spawn { .. }
        | Op::Reap { .. }
        | Op::Fill { .. }
        | Op::Tick { .. }
        | Op::Syscall { .. } => return None,
    })
}

fn by_target(target: &Target<'_>, fd: &'static str, path: &'static str) -> &'static str {
    match target {
        Target::Fd(_) => fd,
        Target::Path(_) => path,
    }
}

/// Of a descriptor, of a path, and of a path whose last link is not followed. Below a
/// directory it is the newer `getxattrat` and its like, which have no page yet.
fn by_link(target: &Target<'_>, follow: Follow, names: [&'static str; 3]) -> Option<&'static str> {
    let [fd, path, link] = names;
    match (target, follow) {
        (Target::Fd(_), _) => Some(fd),
        (Target::Path(At { dir: Some(_), .. }), _) => None,
        (Target::Path(_), Follow::Yes) => Some(path),
        (Target::Path(_), Follow::No) => Some(link),
    }
}
