//! [`Op`]: every call that touches a file system, as a value.

use rustix::fs::{Access, FallocateFlags, Mode, RenameFlags, ResolveFlags, XattrFlags};
use rustix::io::ReadWriteFlags;

use super::bytes::Bytes;
use super::field::{Argument, Name, TimeArg, YesNo};
use super::flags::{
    Advice, FileKind, FlockOp, LimitArg, LockCommand, LockKind, LockOwner, MapFlags, Protection, RawArg, SignalAction,
    SignalArg, WhenceArg,
};
use super::outcome::{ACL, DATA, LOCK, NOTHING, STAT, STATVFS, STATX};
use super::place::{At, Fd, Handle, Map, Process, Target};
use super::words::{Fields, ParseError, list};
use crate::linux::InodeFlags;
use crate::{Follow, OFlags};

/// Declares the operations: one entry says the written name, the variant, the
/// fields in their order with their defaults, the register that a success binds
/// (after `=>`) and the fields of the outcome (after `->`).
macro_rules! operations {
    (
        $(#[$enum_doc:meta])*
        pub enum $Op:ident<$a:lifetime>;
        $(
            $(#[$doc:meta])*
            $name:literal $variant:ident {
                $($field:ident: $type:ty $(= $default:expr)?),* $(,)?
            } $(=> $register:ident: $register_type:ty)? , -> $returns:expr;
        )*
    ) => {
        $(#[$enum_doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "a field is the argument of its name; module `op` has the grammar")]
        pub enum $Op<$a> {
            $(
                $(#[$doc])*
                $variant {
                    $($field: $type,)*
                    $($register: Option<$register_type>,)?
                },
            )*
        }

        impl<$a> $Op<$a> {
            /// The written names of all operations, in the order of the variants.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The written name.
            pub fn name(&self) -> &'static str {
                match self {
                    $($Op::$variant { .. } => $name,)*
                }
            }

            /// The fields that an outcome may have.
            pub fn returns(&self) -> &'static [&'static str] {
                match self {
                    $($Op::$variant { .. } => $returns,)*
                }
            }

            /// Reads the fields and the register of the operation `fields.owner`.
            pub(super) fn parse(fields: Fields<$a>, registers: &mut Fields<$a>) -> Result<Self, ParseError> {
                let mut fields = fields;
                match fields.owner.text {
                    $($name => {
                        let op = $Op::$variant {
                            $($field: match <$type as Argument<$a>>::parse(&mut fields, stringify!($field))? {
                                Some(value) => value,
                                None => operations!(@default fields, stringify!($field) $(, $default)?),
                            },)*
                            $($register: Argument::parse(registers, stringify!($register))?,)?
                        };
                        let known: Vec<Vec<&str>> =
                            vec![$(<$type as Argument<$a>>::keys(stringify!($field)),)*];
                        fields.finish(&known.concat())?;
                        Ok(op)
                    })*
                    unknown => Err(fields.owner.error(unknown_operation(unknown))),
                }
            }

            /// Writes the name and the fields.
            pub(super) fn print(&self, out: &mut String) {
                out.push_str(self.name());
                match self {
                    $($Op::$variant { $($field,)* .. } => {
                        $(operations!(@print $field, out $(, $default)?);)*
                    })*
                }
            }

            /// Writes the register that a success binds.
            pub(super) fn print_register(&self, out: &mut String) {
                match self {
                    $($Op::$variant { $($register,)? .. } => {
                        $($register.print(stringify!($register), out);)?
                    })*
                }
            }

            /// The same operation, owning its bytes.
            pub fn into_owned(self) -> $Op<'static> {
                match self {
                    $($Op::$variant { $($field,)* $($register,)? } => $Op::$variant {
                        $($field: Argument::into_owned($field),)*
                        $($register,)?
                    },)*
                }
            }

            /// A strategy for each operation, in the order of the variants.
            #[cfg(test)]
            pub(super) fn strategies() -> Vec<proptest::strategy::BoxedStrategy<Self>>
            where
                $a: 'static,
            {
                use proptest::prelude::*;
                use super::strategy::Sample;
                #[allow(unused_parens, reason = "an operation without fields")]
                let strategies = vec![$(
                    ($(<$type as Sample>::strategy(),)* $(<Option<$register_type> as Sample>::strategy(),)? Just(()))
                        .prop_map(|($($field,)* $($register,)? ())| $Op::$variant { $($field,)* $($register,)? })
                        .boxed(),
                )*];
                strategies
            }
        }
    };
    (@default $fields:ident, $key:expr) => { return Err($fields.missing($key)) };
    (@default $fields:ident, $key:expr, $default:expr) => { $default };
    (@print $field:ident, $out:ident) => { $field.print(stringify!($field), $out) };
    (@print $field:ident, $out:ident, $default:expr) => {
        if *$field != $default {
            $field.print(stringify!($field), $out);
        }
    };
}

operations! {
    /// An operation on files: what was asked.
    ///
    /// Fields have the names of Python's arguments where Python has the call, with
    /// abbreviations written out, and its defaults. A call that Python offers under
    /// two names is one operation: `lstat` is `stat follow=no`, `fchmod` is
    /// `chmod fd=3`, `remove` is `unlink`, `replace` is `rename`.
    pub enum Op<'a>;

    // Status and attributes.
    "stat" Stat { path: Target<'a>, follow: Follow = Follow::Yes }, -> STAT;
    /// `statx(2)`: what `stat` tells, birth time and mount too.
    "statx" Statx { path: Target<'a>, follow: Follow = Follow::Yes }, -> STATX;
    "statvfs" Statvfs { path: Target<'a> }, -> STATVFS;
    "access" Access {
        path: At<'a>, mode: Access = Access::EXISTS, effective_ids: YesNo = YesNo::No, follow: Follow = Follow::Yes,
    }, -> NOTHING;
    "chmod" Chmod { path: Target<'a>, mode: Mode, follow: Follow = Follow::Yes }, -> NOTHING;
    "chown" Chown {
        path: Target<'a>, uid: Option<u32> = None, gid: Option<u32> = None, follow: Follow = Follow::Yes,
    }, -> NOTHING;
    "utime" Utime {
        path: Target<'a>, atime_ns: TimeArg = TimeArg::Now, mtime_ns: TimeArg = TimeArg::Now,
        follow: Follow = Follow::Yes,
    }, -> NOTHING;
    "truncate" Truncate { path: Target<'a>, length: i64 }, -> NOTHING;
    "pathconf" Pathconf { path: Target<'a>, name: Bytes<'a> }, -> &["limit"];

    /// `FS_IOC_GETFLAGS`: flags that are no permissions, as `lsattr` shows them.
    "getflags" Getflags { fd: Fd }, -> &["flags"];
    /// `FS_IOC_SETFLAGS`, with the flags that are there but for these, as `chattr` does.
    "setflags" Setflags {
        fd: Fd, set: InodeFlags = InodeFlags::empty(), clear: InodeFlags = InodeFlags::empty(),
    }, -> NOTHING;

    // Extended attributes.
    "getxattr" Getxattr { path: Target<'a>, name: Bytes<'a>, follow: Follow = Follow::Yes }, -> &["value"];
    "setxattr" Setxattr {
        path: Target<'a>, name: Bytes<'a>, value: Bytes<'a>, flags: XattrFlags = XattrFlags::empty(),
        follow: Follow = Follow::Yes,
    }, -> NOTHING;
    "listxattr" Listxattr { path: Target<'a>, follow: Follow = Follow::Yes }, -> &["names"];
    "removexattr" Removexattr { path: Target<'a>, name: Bytes<'a>, follow: Follow = Follow::Yes }, -> NOTHING;
    /// Reads a POSIX ACL as text, `u::rw-,u:1000:r--,g::r--,m::r--,o::---`.
    "getfacl" Getfacl { path: At<'a>, default: YesNo = YesNo::No }, -> ACL;
    /// Sets a POSIX ACL from text; no entries remove it.
    "setfacl" Setfacl { path: At<'a>, acl: Vec<Bytes<'a>> = Vec::new(), default: YesNo = YesNo::No }, -> NOTHING;

    // Names.
    "rename" Rename { src: At<'a>, dst: At<'a>, flags: RenameFlags = RenameFlags::empty() }, -> NOTHING;
    /// Makes the directories of `new`, renames, removes the empty directories of `old`.
    "renames" Renames { old: Bytes<'a>, new: Bytes<'a> }, -> NOTHING;
    "link" Link { src: Target<'a>, dst: At<'a>, follow: Follow = Follow::Yes }, -> NOTHING;
    "symlink" Symlink { src: Bytes<'a>, dst: At<'a> }, -> NOTHING;
    "readlink" Readlink { path: At<'a> }, -> &["target"];
    "unlink" Unlink { path: At<'a> }, -> NOTHING;
    "mkdir" Mkdir { path: At<'a>, mode: Mode = Mode::from_bits_retain(0o777) }, -> NOTHING;
    "makedirs" Makedirs {
        path: At<'a>, mode: Mode = Mode::from_bits_retain(0o777), exist_ok: YesNo = YesNo::No,
    }, -> NOTHING;
    "rmdir" Rmdir { path: At<'a> }, -> NOTHING;
    "removedirs" Removedirs { path: At<'a> }, -> NOTHING;
    "mknod" Mknod {
        path: At<'a>, kind: FileKind = FileKind::File, mode: Mode = Mode::from_bits_retain(0o600), device: u64 = 0,
    }, -> NOTHING;
    "mkfifo" Mkfifo { path: At<'a>, mode: Mode = Mode::from_bits_retain(0o666) }, -> NOTHING;

    // Descriptors.
    "open" Open {
        path: At<'a>, flags: OFlags = OFlags::RDONLY, mode: Mode = Mode::from_bits_retain(0o777),
    } => fd: Fd, -> NOTHING;
    "openat2" Openat2 {
        path: At<'a>, flags: OFlags = OFlags::RDONLY, mode: Mode = Mode::empty(),
        resolve: ResolveFlags = ResolveFlags::empty(),
    } => fd: Fd, -> NOTHING;
    "name_to_handle_at" NameToHandleAt { path: At<'a>, follow: Follow = Follow::No } => handle: Handle, -> NOTHING;
    /// `path` is any descriptor of the file system of `handle`.
    "open_by_handle_at" OpenByHandleAt {
        path: Fd, handle: Handle, flags: OFlags = OFlags::RDONLY,
    } => fd: Fd, -> NOTHING;
    "close" Close { fd: Fd }, -> NOTHING;
    "dup" Dup { fd: Fd } => fd2: Fd, -> NOTHING;
    /// Makes the register `fd2`, which must be bound, what `fd` is.
    "dup2" Dup2 { fd: Fd, fd2: Fd }, -> NOTHING;

    // Data.
    "read" Read { fd: Fd, length: u64 }, -> DATA;
    "pread" Pread { fd: Fd, length: u64, offset: u64 }, -> DATA;
    "readv" Readv { fd: Fd, lengths: Vec<u64> = Vec::new() }, -> DATA;
    "preadv" Preadv {
        fd: Fd, lengths: Vec<u64> = Vec::new(), offset: u64, flags: ReadWriteFlags = ReadWriteFlags::empty(),
    }, -> DATA;
    "write" Write { fd: Fd, data: Bytes<'a> }, -> &["count"];
    "pwrite" Pwrite { fd: Fd, data: Bytes<'a>, offset: u64 }, -> &["count"];
    "writev" Writev { fd: Fd, data: Vec<Bytes<'a>> = Vec::new() }, -> &["count"];
    "pwritev" Pwritev {
        fd: Fd, data: Vec<Bytes<'a>> = Vec::new(), offset: u64, flags: ReadWriteFlags = ReadWriteFlags::empty(),
    }, -> &["count"];
    "lseek" Lseek { fd: Fd, offset: i64, whence: WhenceArg = WhenceArg::Set }, -> &["offset"];
    "fallocate" Fallocate {
        fd: Fd, mode: FallocateFlags = FallocateFlags::empty(), offset: i64 = 0, length: i64,
    }, -> NOTHING;
    "posix_fallocate" PosixFallocate { fd: Fd, offset: i64 = 0, length: i64 }, -> NOTHING;
    "posix_fadvise" PosixFadvise { fd: Fd, offset: i64 = 0, length: i64 = 0, advice: Advice }, -> NOTHING;
    "copy_file_range" CopyFileRange {
        src_fd: Fd, dst_fd: Fd, count: u64, src_offset: Option<u64> = None, dst_offset: Option<u64> = None,
    }, -> &["count"];
    "sendfile" Sendfile { dst_fd: Fd, src_fd: Fd, src_offset: Option<u64> = None, count: u64 }, -> &["count"];
    "fsync" Fsync { fd: Fd }, -> NOTHING;
    "fdatasync" Fdatasync { fd: Fd }, -> NOTHING;
    /// Writes back the file system that `fd` is on.
    "syncfs" Syncfs { fd: Fd }, -> NOTHING;
    "mmap" Mmap {
        fd: Fd, length: u64, offset: u64 = 0, protection: Protection, flags: MapFlags,
    } => map: Map, -> NOTHING;
    "munmap" Munmap { map: Map }, -> NOTHING;
    "msync" Msync { map: Map }, -> NOTHING;
    /// Reads memory of a mapping; a signal is the outcome where there is nothing.
    "load" Load { map: Map, offset: u64 = 0, length: u64 }, -> DATA;
    /// Writes memory of a mapping; a signal is the outcome where there is nothing.
    "store" Store { map: Map, offset: u64 = 0, data: Bytes<'a> }, -> NOTHING;

    // Locks.
    "lockf" Lockf { fd: Fd, command: LockCommand, length: i64 = 0 }, -> NOTHING;
    "flock" Flock { fd: Fd, operation: FlockOp }, -> NOTHING;
    /// `fcntl(2)` F_SETLK and its relatives; `length=0` is to the end of the file.
    "setlk" Setlk {
        fd: Fd, kind: LockKind, start: i64 = 0, length: i64 = 0, wait: YesNo = YesNo::No,
        owner: LockOwner = LockOwner::Process,
    }, -> NOTHING;
    /// `fcntl(2)` F_GETLK: the first lock in the way, or `kind=UNLOCK`.
    "getlk" Getlk {
        fd: Fd, kind: LockKind, start: i64 = 0, length: i64 = 0, owner: LockOwner = LockOwner::Process,
    }, -> LOCK;

    // Directories. The outcome has the names in order of their bytes: the order
    // of a directory is nobody's promise.
    "listdir" Listdir { path: Target<'a> = Target::Path(At::path(b".")) }, -> &["names"];
    /// Entries as `NAME:TYPE`.
    "scandir" Scandir { path: Target<'a> = Target::Path(At::path(b".")) }, -> &["entries"];
    /// Reads the directory `fd` from its position on, at most `count` entries, in
    /// the order in which they come; no entries at the end. Positions are set with
    /// `lseek`. With `remove=yes` each entry that was read and is no directory is removed
    /// then, as `rm -r` does between two reads.
    "readdir" Readdir { fd: Fd, count: u64 = u64::MAX, remove: YesNo = YesNo::No }, -> &["names", "offset"];
    /// Entries as `DIR:NAME`, a directory's name with a `/` behind it.
    "walk" Walk {
        path: Bytes<'a>, topdown: YesNo = YesNo::Yes, followlinks: YesNo = YesNo::No,
    }, -> &["entries"];
    "fwalk" Fwalk {
        path: At<'a>, topdown: YesNo = YesNo::Yes, follow: Follow = Follow::No,
    }, -> &["entries"];
    /// Everything below a directory, to be compared with `same=`.
    "tree" Tree { path: Bytes<'a> }, -> &["entries"];

    // The process.
    "chdir" Chdir { path: Target<'a> }, -> NOTHING;
    "getcwd" Getcwd {}, -> &["path"];
    "umask" Umask { mode: Mode }, -> &["mode"];
    /// Sets the soft limit of the process; `limit=18446744073709551615` is none.
    "setrlimit" Setrlimit { resource: LimitArg, limit: u64 }, -> NOTHING;
    /// What the signal does to the process from now on.
    "sigaction" Sigaction { signal: SignalArg, action: SignalAction }, -> NOTHING;
    /// Runs the file, which must hold `%program()` or nothing and be one that the caller may
    /// read, as another process, which waits.
    "spawn" Spawn { path: At<'a> } => process: Process, -> NOTHING;
    /// Has the program end. Its status has bit 1 if its effective user was not its real one,
    /// and bit 2 if that was so of its group.
    "reap" Reap { process: Process }, -> &["status"];
    "getfl" Getfl { fd: Fd }, -> &["flags"];
    /// Starts a process with the same credentials and copies of all descriptors:
    /// the actor `child`.
    "fork" Fork { child: Name }, -> NOTHING;
    /// The result of the call of this actor that was `blocked`.
    "wait" Wait {}, -> NOTHING;
    /// Writes to a file until its file system is full, or makes files in a directory until there is no
    /// room for one, at most 4096. `EFBIG`, and nothing is done, where more than 256 MiB are free.
    "fill" Fill { fd: Fd }, -> &["count"];
    /// Waits until the clock of the file system of `path` moves on, by which two
    /// times can be told apart.
    "tick" Tick { path: Bytes<'a> = Bytes::literal(b".") }, -> NOTHING;
    /// A system call by its name, for what typed calls cannot say. Its arguments are
    /// numbers, `cwd`, `null`, `bad` (an address that is not mapped), `fd:3`, `str:BYTES`,
    /// `out:SIZE` (a buffer that the kernel writes to) and `longs:5/fd:3/0` (numbers in
    /// memory). What opens something can bind it, `-> fd=4`. A request of `ioctl` is a name
    /// too: `ioctl_ficlone`.
    "syscall" Syscall { name: Bytes<'a>, args: Vec<RawArg<'a>> = Vec::new() } => fd: Fd, -> &["ret"];
}

/// The message for a name that is none of the operations; for the other names of
/// Python's calls it tells how they are written.
fn unknown_operation(name: &str) -> String {
    let written = match name {
        "lstat" => "stat path=P follow=no",
        "fstat" => "stat fd=N",
        "fstatvfs" => "statvfs fd=N",
        "lchmod" => "chmod path=P mode=M follow=no",
        "fchmod" => "chmod fd=N mode=M",
        "lchown" => "chown path=P uid=U gid=G follow=no",
        "fchown" => "chown fd=N uid=U gid=G",
        "ftruncate" => "truncate fd=N length=L",
        "fpathconf" => "pathconf fd=N name=NAME",
        "fchdir" => "chdir fd=N",
        "remove" => "unlink path=P",
        "replace" => "rename src=P dst=P",
        "sync" => "syncfs fd=N",
        _ => return format!("unknown operation `{name}`; there are {}", list(Op::NAMES)),
    };
    format!("unknown operation `{name}`: write `{written}`")
}
