//! Flags and choices of the operation language, under the names of the manual
//! pages without their prefix: `CREAT`, `NOREPLACE`, `SET`.

use rustix::fs::{Access, FallocateFlags, RenameFlags, ResolveFlags, XattrFlags};
use rustix::io::ReadWriteFlags;

use super::bytes::Bytes;
use super::field::{Argument, Plain, parse_number, plain_choice, push, push_key};
use super::place::Fd;
use super::words::{Fields, ParseError, Word};
use crate::OFlags;
use crate::linux::InodeFlags;

/// A set of flags; `NAMES` is in the order in which they are printed, those that
/// contain others first.
trait FlagSet: Copy + PartialEq {
    const NAMES: &'static [(&'static str, u64)];
    /// How the empty set is written.
    const EMPTY: &'static str = "0";

    fn to_bits(self) -> u64;
    fn of_bits(bits: u64) -> Self;
}

fn parse_flags<T: FlagSet>(word: Word<'_>) -> Result<T, ParseError> {
    let mut bits = 0;
    for word in word.split('|') {
        let name = |(name, _): &&(&str, u64)| *name == word.text;
        bits |= match T::NAMES.iter().find(name) {
            Some((_, flag)) => *flag,
            None if word.text == T::EMPTY => 0,
            None => match parse_number(word.text).map(u64::try_from) {
                Some(Ok(bits)) if T::of_bits(bits).to_bits() == bits => bits,
                _ => {
                    let names: Vec<&str> = T::NAMES.iter().map(|(name, _)| *name).collect();
                    return Err(word.error(format!(
                        "unknown flag `{}`; there are {}",
                        word.text,
                        super::words::list(&names)
                    )));
                }
            },
        };
    }
    Ok(T::of_bits(bits))
}

fn print_flags<T: FlagSet>(flags: T, out: &mut String) {
    let mut rest = flags.to_bits();
    if rest == 0 {
        return out.push_str(T::EMPTY);
    }
    let mut separator = "";
    for (name, flag) in T::NAMES {
        if *flag != 0 && rest & flag == *flag {
            rest &= !flag;
            out.push_str(separator);
            out.push_str(name);
            separator = "|";
        }
    }
    if rest != 0 {
        push(out, &format_args!("{separator}{rest:#x}"));
    }
}

/// The written names of a set of flags.
macro_rules! flag_set {
    ($($set:ty: $bits:ty $(, $empty:literal)? { $($name:literal => $flag:expr),* $(,)? })*) => {$(
        impl FlagSet for $set {
            const NAMES: &'static [(&'static str, u64)] = &[$(($name, $flag.bits() as u64)),*];
            $(const EMPTY: &'static str = $empty;)?

            fn to_bits(self) -> u64 {
                u64::from(self.bits() as $bits)
            }

            fn of_bits(bits: u64) -> Self {
                Self::from_bits_retain(bits as $bits as _)
            }
        }

        impl Plain for $set {
            fn read(word: Word<'_>) -> Result<Self, ParseError> {
                parse_flags(word)
            }

            fn write(&self, out: &mut String) {
                print_flags(*self, out);
            }
        }
    )*};
}

bitflags::bitflags! {
    /// `mmap` protection.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Protection: u32 {
        /// Pages may be read.
        const READ = libc::PROT_READ as u32;
        /// Pages may be written.
        const WRITE = libc::PROT_WRITE as u32;
        /// Pages may be executed.
        const EXEC = libc::PROT_EXEC as u32;
        const _ = !0;
    }

    /// `mmap` flags.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct MapFlags: u32 {
        /// Stores reach the file.
        const SHARED = libc::MAP_SHARED as u32;
        /// Stores stay with the process.
        const PRIVATE = libc::MAP_PRIVATE as u32;
        const _ = !0;
    }

    /// `flock` operation.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FlockOp: u32 {
        /// A shared lock.
        const SH = libc::LOCK_SH as u32;
        /// An exclusive lock.
        const EX = libc::LOCK_EX as u32;
        /// Fails with `EWOULDBLOCK` rather than waiting.
        const NB = libc::LOCK_NB as u32;
        /// Drops the lock.
        const UN = libc::LOCK_UN as u32;
        const _ = !0;
    }
}

flag_set! {
    OFlags: u32, "RDONLY" {
        "PATH" => OFlags::PATH,
        "CREAT" => OFlags::CREAT,
        "EXCL" => OFlags::EXCL,
        "TRUNC" => OFlags::TRUNC,
        "APPEND" => OFlags::APPEND,
        "TMPFILE" => OFlags::TMPFILE,
        "DIRECTORY" => OFlags::DIRECTORY,
        "NOFOLLOW" => OFlags::NOFOLLOW,
        "DIRECT" => OFlags::DIRECT,
        "SYNC" => OFlags::SYNC,
        "DSYNC" => OFlags::DSYNC,
        "NONBLOCK" => OFlags::NONBLOCK,
        "NOATIME" => OFlags::NOATIME,
        "NOCTTY" => OFlags::NOCTTY,
        "ASYNC" => OFlags::ASYNC,
        "CLOEXEC" => OFlags::CLOEXEC,
        "WRONLY" => OFlags::WRONLY,
        "RDWR" => OFlags::RDWR,
    }
    Access: u32, "F" { "R" => Access::READ_OK, "W" => Access::WRITE_OK, "X" => Access::EXEC_OK }
    RenameFlags: u32 {
        "NOREPLACE" => RenameFlags::NOREPLACE,
        "EXCHANGE" => RenameFlags::EXCHANGE,
        "WHITEOUT" => RenameFlags::WHITEOUT,
    }
    XattrFlags: u32 { "CREATE" => XattrFlags::CREATE, "REPLACE" => XattrFlags::REPLACE }
    ResolveFlags: u64 {
        "BENEATH" => ResolveFlags::BENEATH,
        "IN_ROOT" => ResolveFlags::IN_ROOT,
        "NO_SYMLINKS" => ResolveFlags::NO_SYMLINKS,
        "NO_MAGICLINKS" => ResolveFlags::NO_MAGICLINKS,
        "NO_XDEV" => ResolveFlags::NO_XDEV,
        "CACHED" => ResolveFlags::CACHED,
    }
    ReadWriteFlags: u32 {
        "HIPRI" => ReadWriteFlags::HIPRI,
        "DSYNC" => ReadWriteFlags::DSYNC,
        "SYNC" => ReadWriteFlags::SYNC,
        "NOWAIT" => ReadWriteFlags::NOWAIT,
        "APPEND" => ReadWriteFlags::APPEND,
    }
    FallocateFlags: u32 {
        "KEEP_SIZE" => FallocateFlags::KEEP_SIZE,
        "PUNCH_HOLE" => FallocateFlags::PUNCH_HOLE,
        "COLLAPSE_RANGE" => FallocateFlags::COLLAPSE_RANGE,
        "ZERO_RANGE" => FallocateFlags::ZERO_RANGE,
        "INSERT_RANGE" => FallocateFlags::INSERT_RANGE,
        "UNSHARE_RANGE" => FallocateFlags::UNSHARE_RANGE,
    }
    InodeFlags: u32 {
        "IMMUTABLE" => InodeFlags::IMMUTABLE,
        "APPEND" => InodeFlags::APPEND,
        "NODUMP" => InodeFlags::NODUMP,
        "NOATIME" => InodeFlags::NOATIME,
        "SYNC" => InodeFlags::SYNC,
        "DIRSYNC" => InodeFlags::DIRSYNC,
    }
    Protection: u32, "NONE" {
        "READ" => Protection::READ,
        "WRITE" => Protection::WRITE,
        "EXEC" => Protection::EXEC,
    }
    MapFlags: u32 { "SHARED" => MapFlags::SHARED, "PRIVATE" => MapFlags::PRIVATE }
    FlockOp: u32 {
        "SH" => FlockOp::SH,
        "EX" => FlockOp::EX,
        "UN" => FlockOp::UN,
        "NB" => FlockOp::NB,
    }
}

/// Type of a file, as `mknod` makes it and `stat` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum FileKind {
    File,
    Dir,
    Symlink,
    Fifo,
    Socket,
    Char,
    Block,
    /// No type bits at all, which `mknod` takes for a file.
    None,
}

impl FileKind {
    /// The type bits of a mode, `S_IFREG` and so on.
    pub fn bits(self) -> u32 {
        match self {
            FileKind::File => libc::S_IFREG,
            FileKind::Dir => libc::S_IFDIR,
            FileKind::Symlink => libc::S_IFLNK,
            FileKind::Fifo => libc::S_IFIFO,
            FileKind::Socket => libc::S_IFSOCK,
            FileKind::Char => libc::S_IFCHR,
            FileKind::Block => libc::S_IFBLK,
            FileKind::None => 0,
        }
    }

    /// The type of a mode.
    pub fn of_mode(mode: u32) -> Self {
        match mode & libc::S_IFMT {
            libc::S_IFREG => FileKind::File,
            libc::S_IFDIR => FileKind::Dir,
            libc::S_IFLNK => FileKind::Symlink,
            libc::S_IFIFO => FileKind::Fifo,
            libc::S_IFSOCK => FileKind::Socket,
            libc::S_IFCHR => FileKind::Char,
            libc::S_IFBLK => FileKind::Block,
            _ => FileKind::None,
        }
    }

    /// The written name.
    pub fn as_str(self) -> &'static str {
        match self {
            FileKind::File => "file",
            FileKind::Dir => "dir",
            FileKind::Symlink => "symlink",
            FileKind::Fifo => "fifo",
            FileKind::Socket => "socket",
            FileKind::Char => "char",
            FileKind::Block => "block",
            FileKind::None => "none",
        }
    }
}

macro_rules! choices {
    ($($(#[$doc:meta])* $choice:ident { $($word:literal $value:ident: $meaning:literal),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum $choice {
                $(#[doc = $meaning] $value,)*
            }
        )*
        plain_choice! { $($choice { $($word => $choice::$value),* })* }
    };
}
choices! {
    /// Origin of `lseek`.
    WhenceArg {
        "SET" Set: "The start of the file.",
        "CUR" Cur: "The position.",
        "END" End: "The end of the file.",
        "DATA" Data: "The next data.",
        "HOLE" Hole: "The next hole.",
    }
    /// Command of `lockf`.
    LockCommand {
        "LOCK" Lock: "Takes the lock, waiting.",
        "TLOCK" TryLock: "Takes the lock or fails.",
        "ULOCK" Unlock: "Drops the lock.",
        "TEST" Test: "Fails if another process holds a lock.",
    }
    /// Kind of a record lock (`fcntl`).
    LockKind {
        "READ" Read: "Shared.",
        "WRITE" Write: "Exclusive.",
        "UNLOCK" Unlock: "None.",
    }
    /// Who holds a record lock (`fcntl`).
    LockOwner {
        "PROCESS" Process: "The process (POSIX locks, `F_SETLK`).",
        "OFD" Ofd: "The open file description (`F_OFD_SETLK`).",
    }
    /// What a limit of the process is about.
    LimitArg {
        "NOFILE" NoFile: "Descriptors: one more than the highest number of a new one.",
        "FSIZE" FSize: "The size that a file may grow to, in bytes.",
    }
    /// A signal that calls on files raise.
    SignalArg {
        "XFSZ" FileSize: "A file was to grow beyond the limit.",
        "IO" Io: "Somebody wants to open a file that a lease is held on.",
    }
    /// What a signal does.
    SignalAction {
        "DEFAULT" Default: "It ends the process.",
        "IGNORE" Ignore: "Nothing: the call fails.",
    }
    /// Advice of `posix_fadvise`.
    Advice {
        "NORMAL" Normal: "No special pattern.",
        "SEQUENTIAL" Sequential: "In order.",
        "RANDOM" Random: "At random.",
        "NOREUSE" NoReuse: "Once.",
        "WILLNEED" WillNeed: "Soon.",
        "DONTNEED" DontNeed: "Not soon.",
    }
}
plain_choice! {
    FileKind {
        "file" => FileKind::File,
        "dir" => FileKind::Dir,
        "symlink" => FileKind::Symlink,
        "fifo" => FileKind::Fifo,
        "socket" => FileKind::Socket,
        "char" => FileKind::Char,
        "block" => FileKind::Block,
        "none" => FileKind::None,
    }
}

/// An argument of a raw system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawArg<'a> {
    /// `cwd`: `AT_FDCWD`.
    Cwd,
    /// `bad`: an address that is not mapped.
    Bad,
    /// `null`: address 0.
    Null,
    /// A number.
    Number(i64),
    /// `fd:3`: the number of a descriptor.
    Fd(Fd),
    /// `str:a`: the address of these bytes and a NUL.
    Str(Bytes<'a>),
    /// `out:N`: the address of N bytes to be written to.
    Out(u64),
    /// `longs:fd:3/0/4096`: the address of these numbers of 64 bits, in the machine's order.
    Longs(Vec<Long>),
}

/// A number in the memory that a raw system call reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Long {
    /// A number.
    Number(i64),
    /// `fd:3`: the number of a descriptor.
    Fd(Fd),
}

impl<'a> Argument<'a> for Vec<RawArg<'a>> {
    type Owned = Vec<RawArg<'static>>;

    fn parse(fields: &mut Fields<'a>, key: &str) -> Result<Option<Self>, ParseError> {
        fields.take(key).map(|word| word.split_list().map(parse_raw).collect()).transpose()
    }

    fn print(&self, key: &str, out: &mut String) {
        for (index, argument) in self.iter().enumerate() {
            match index {
                0 => push_key(key, out),
                _ => out.push(','),
            }
            match argument {
                RawArg::Cwd => out.push_str("cwd"),
                RawArg::Bad => out.push_str("bad"),
                RawArg::Null => out.push_str("null"),
                RawArg::Number(number) => push(out, number),
                RawArg::Fd(fd) => push(out, &format_args!("fd:{fd}")),
                RawArg::Str(bytes) => push(out, &format_args!("str:{bytes}")),
                RawArg::Out(size) => push(out, &format_args!("out:{size}")),
                RawArg::Longs(longs) => {
                    for (index, long) in longs.iter().enumerate() {
                        out.push_str(if index == 0 { "longs:" } else { "/" });
                        match long {
                            Long::Number(number) => push(out, number),
                            Long::Fd(fd) => push(out, &format_args!("fd:{fd}")),
                        }
                    }
                }
            }
        }
    }

    fn into_owned(self) -> Self::Owned {
        let owned = |argument| match argument {
            RawArg::Cwd => RawArg::Cwd,
            RawArg::Bad => RawArg::Bad,
            RawArg::Null => RawArg::Null,
            RawArg::Number(number) => RawArg::Number(number),
            RawArg::Fd(fd) => RawArg::Fd(fd),
            RawArg::Str(bytes) => RawArg::Str(bytes.into_owned()),
            RawArg::Out(size) => RawArg::Out(size),
            RawArg::Longs(longs) => RawArg::Longs(longs),
        };
        self.into_iter().map(owned).collect()
    }
}

fn parse_raw(word: Word<'_>) -> Result<RawArg<'_>, ParseError> {
    let after_colon = word.text.find(':').map(|at| word.from(at + 1));
    match (word.text.split(':').next().unwrap_or_default(), after_colon) {
        ("cwd", None) => Ok(RawArg::Cwd),
        ("bad", None) => Ok(RawArg::Bad),
        ("null", None) => Ok(RawArg::Null),
        ("fd", Some(fd)) => Fd::read(fd).map(RawArg::Fd),
        ("out", Some(size)) => match u64::read(size)? {
            // A page is more than any of these calls writes, and a stranger's line
            // must not be able to take all memory.
            bytes @ 0..=0x10_0000 => Ok(RawArg::Out(bytes)),
            _ => Err(size.error("`out:` takes at most 1048576 bytes")),
        },
        ("longs", Some(longs)) => {
            let read = |long: Word<'_>| match long.text.strip_prefix("fd:") {
                Some(_) => Fd::read(long.from(3)).map(Long::Fd),
                None => i64::read(long).map(Long::Number),
            };
            longs.split('/').map(read).collect::<Result<_, _>>().map(RawArg::Longs)
        }
        ("str", Some(text)) => Bytes::parse(text.text)
            .map(RawArg::Str)
            .map_err(|(at, message)| text.from(at.min(text.text.len())).error(message)),
        (_, None) if parse_number(word.text).is_some() => i64::read(word).map(RawArg::Number),
        _ => Err(word.error(format!(
            "`{}` is not an argument of a system call: write cwd, bad, null, a number, fd:N, str:BYTES, out:SIZE or longs:N/N",
            word.text
        ))),
    }
}
