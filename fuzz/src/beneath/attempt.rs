//! One opening, done by the walk and by the kernel.

use std::fmt;
use std::os::fd::{BorrowedFd, OwnedFd};

use fs_core::linux::{ResolveFlags, open_beneath_by_walk, openat2};
use fs_core::op::{Actor, At, Bytes, Fd, Line, Name, Op};
use fs_core::{Errno, FileType, Mode, OFlags, fstat};
use rustix::fs::OFlags as Added;

use super::path;
use crate::jail::as_stranger;
use crate::source::Source;

/// Who resolves the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The library, by single steps.
    Walk,
    /// The kernel, by `openat2`.
    Kernel,
}

/// What is opened, and by whom.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// By a stranger, not by who runs.
    pub is_stranger: bool,
    /// The register of the directory; the working directory if `None`.
    pub dir: Option<Fd>,
    /// The path.
    pub path: Bytes<'a>,
    /// How it is opened.
    pub flags: OFlags,
    /// Permission bits, where it is made.
    pub mode: Mode,
    /// How the path is resolved.
    pub resolve: ResolveFlags,
}

/// Flags that change nothing, right and wrong ones.
static FLAGS: &[OFlags] = &[
    OFlags::PATH,
    OFlags::PATH.union(OFlags::NOFOLLOW),
    OFlags::PATH.union(OFlags::DIRECTORY),
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW),
    OFlags::NONBLOCK,
    OFlags::NONBLOCK.union(OFlags::NOFOLLOW),
    OFlags::DIRECTORY,
    OFlags::DIRECTORY.union(OFlags::NOFOLLOW),
    OFlags::WRONLY.union(OFlags::NONBLOCK),
    OFlags::RDWR.union(OFlags::NONBLOCK).union(OFlags::APPEND),
    OFlags::RDWR.union(OFlags::NONBLOCK).union(OFlags::DIRECTORY),
    OFlags::TMPFILE.union(OFlags::RDWR),
    OFlags::TMPFILE.union(OFlags::WRONLY).union(OFlags::NOFOLLOW),
    OFlags::TMPFILE,
    OFlags::PATH.union(OFlags::WRONLY),
    OFlags::CREAT.union(OFlags::DIRECTORY),
    OFlags::NOATIME.union(OFlags::NONBLOCK),
    OFlags::from_bits_retain(1 << 30),
];

/// Flags that make or cut files.
static CHANGING: &[OFlags] = &[
    OFlags::CREAT.union(OFlags::NONBLOCK),
    OFlags::CREAT.union(OFlags::EXCL),
    OFlags::CREAT.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK),
    OFlags::CREAT.union(OFlags::RDWR).union(OFlags::TRUNC),
    OFlags::CREAT.union(OFlags::EXCL).union(OFlags::NOFOLLOW),
    OFlags::WRONLY.union(OFlags::TRUNC).union(OFlags::NONBLOCK),
];

impl<'a> Attempt<'a> {
    /// An attempt that changes nothing, on one of the first `dirs` registers or in the
    /// working directory.
    pub fn choose(source: &mut Source<'a>, names: &[&'a [u8]], dirs: usize) -> Self {
        Attempt::with_flags(source, names, dirs, FLAGS)
    }

    /// An attempt that may change something.
    pub fn choose_changing(source: &mut Source<'a>, names: &[&'a [u8]], dirs: usize) -> Self {
        let flags = if source.one_in(2) { FLAGS } else { CHANGING };
        Attempt::with_flags(source, names, dirs, flags)
    }

    fn with_flags(source: &mut Source<'a>, names: &[&'a [u8]], dirs: usize, flags: &[OFlags]) -> Self {
        let register = source.below(dirs + 1);
        let flags = source.pick(flags);
        let creates = flags.intersects(OFlags::CREAT | OFlags::TMPFILE.difference(OFlags::DIRECTORY));
        let modes: &[u32] = if creates { &[0o644, 0, 0o7777] } else { &[0, 0, 0, 0o600] };
        let how = source.byte();
        let scope = if how & 1 == 0 { ResolveFlags::BENEATH } else { ResolveFlags::IN_ROOT };
        let links = if how & 0b110 == 0b110 { ResolveFlags::NO_SYMLINKS } else { ResolveFlags::empty() };
        Attempt {
            is_stranger: how & 0b1000 != 0,
            dir: register.checked_sub(1).map(|register| Fd(register as u32)),
            flags,
            mode: Mode::from_bits_retain(modes[usize::from(how >> 4) % modes.len()]),
            resolve: scope | links | ResolveFlags::NO_MAGICLINKS,
            path: path::choose(source, names),
        }
    }

    /// The attempt that a line describes, if it is one.
    pub fn of_line(line: &'a Line<'a>) -> Option<Self> {
        let Op::Openat2 { path, flags, mode, resolve, .. } = &line.op else {
            return None;
        };
        Some(Attempt {
            is_stranger: line.actor.is_some(),
            dir: path.dir,
            path: path.path.clone(),
            flags: *flags,
            mode: *mode,
            resolve: *resolve,
        })
    }

    /// The line that describes the attempt.
    pub fn line(self) -> Line<'static> {
        let other = || Actor { name: Name::new("other").expect("it is a word"), instance: 1 };
        let op = Op::Openat2 {
            path: At { path: self.path, dir: self.dir },
            flags: self.flags,
            mode: self.mode,
            resolve: self.resolve,
            fd: None,
        };
        Line { actor: self.is_stranger.then(other), op, save: None, want: None }.into_owned()
    }

    /// What is opened by one of the two.
    pub fn open(&self, by: By, dir: Option<BorrowedFd<'_>>) -> Result<OwnedFd, Errno> {
        let path = self.path.resolve();
        let at = fs_core::At { dir, path: (&*path).into() };
        let open = || match by {
            By::Walk => open_beneath_by_walk(at, self.flags, self.mode, self.resolve),
            By::Kernel => {
                let mut more = LOOPS;
                loop {
                    match openat2(at, self.flags, self.mode, self.resolve) {
                        // Something was renamed on this machine.
                        Err(error) if error.errno() == Errno::AGAIN => {}
                        // Perhaps as well: the kernel then begins anew without the names that it trusted, and goes on
                        // counting links, so that 21 may be too many. Forty-one are each time.
                        Err(error) if error.errno() == Errno::LOOP && more > 0 => more -= 1,
                        result => return result,
                    }
                }
            }
        };
        let result = if self.is_stranger { as_stranger(open) } else { open() };
        result.map_err(|error| error.errno())
    }
}

/// How often the kernel is asked again that says `ELOOP`.
const LOOPS: u32 = 3;

/// Whether both may say so of an attempt that started from `dir`.
///
/// Under `BENEATH` the kernel begins anew where a path leads above, and goes on counting
/// links: after more than 20 it says `ELOOP` in place of `EXDEV` (Linux 6.18). And the
/// walk cannot open the directory that it starts from where that may not be searched.
pub fn may_differ<T>(
    attempt: &Attempt<'_>,
    dir: BorrowedFd<'_>,
    walk: &Result<T, Errno>,
    kernel: &Result<T, Errno>,
) -> bool {
    let may_be_searched = || fstat(dir).is_ok_and(|stat| stat.st_mode() & 0o001 != 0);
    match walk {
        Err(Errno::XDEV) => attempt.resolve.contains(ResolveFlags::BENEATH) && matches!(kernel, Err(Errno::LOOP)),
        Err(Errno::ACCESS) => {
            attempt.is_stranger && attempt.resolve.contains(ResolveFlags::IN_ROOT) && !may_be_searched()
        }
        _ => false,
    }
}

/// What is known of an open descriptor, whatever the file's number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    mode: u32,
    nlink: u64,
    size: i64,
    flags: u32,
}

impl Opened {
    /// What `fd` is open on.
    ///
    /// # Errors
    /// As `fstat`.
    pub fn of(fd: &OwnedFd) -> Result<Self, Errno> {
        let stat = fstat(fd).map_err(|error| error.errno())?;
        let is_dir = stat.file_type() == FileType::Directory;
        Ok(Opened {
            mode: stat.st_mode(),
            nlink: stat.st_nlink(),
            // Of a directory it is the file system's affair.
            size: if is_dir { 0 } else { stat.st_size() },
            // The walk adds these to open what it has found, and says so.
            flags: (rustix::fs::fcntl_getfl(fd)? - (Added::NOFOLLOW | Added::DIRECTORY)).bits(),
        })
    }

    /// Whether the file was made without a name.
    pub fn is_nameless(self) -> bool {
        self.nlink == 0
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mode={:#o} nlink={} size={} getfl={:#x}", self.mode, self.nlink, self.size, self.flags)
    }
}
