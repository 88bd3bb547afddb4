//! The walk along a path, component by component, by the rules of the kernel's
//! `fs/namei.c`.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use bitflags::Flags;
use rustix::fs::{AtFlags, FileType, Stat, fstat, fstatfs, openat, readlinkat, statat};
use rustix::io::{self, Errno, retry_on_intr};
use rustix::process::geteuid;

use super::place::{Place, STEP};
use super::rest::{Component, Rest};
use crate::linux::ResolveFlags;
use crate::{At, Mode, OFlags};

/// How many links a path may lead over.
const LINKS: u32 = 40;

/// Opens `at` as `openat2` does.
pub(super) fn open(at: At<'_>, flags: OFlags, mode: Mode, resolve: ResolveFlags) -> io::Result<OwnedFd> {
    check_flags(flags, mode)?;
    let path = at.path.as_bytes();
    if path.is_empty() {
        return Err(Errno::NOENT);
    }
    if path.len() >= libc::PATH_MAX as usize {
        return Err(Errno::NAMETOOLONG);
    }
    let mut walk = Walk { place: Place::at_root(at.dir_or_cwd()), rest: Rest::new(path), resolve, links: 0 };
    if path[0] == b'/' {
        walk.go_to_root()?;
    }
    let flags = flags | OFlags::CLOEXEC;
    if flags.contains(OFlags::TMPFILE) {
        let dir = walk.run(STEP.difference(OFlags::NOFOLLOW) | flags & OFlags::NOFOLLOW, Mode::empty())?;
        return open_in(dir.as_fd(), b".", flags, mode);
    }
    walk.run(flags, mode)
}

/// What `openat2` refuses and `open` ignores.
fn check_flags(flags: OFlags, mode: Mode) -> io::Result<()> {
    // `TMPFILE` without `DIRECTORY`, which it holds.
    const NAMELESS: OFlags = OFlags::TMPFILE.difference(OFlags::DIRECTORY);

    let known = OFlags::FLAGS.iter().filter(|flag| flag.is_named()).map(|flag| *flag.value()).collect::<OFlags>()
        | OFlags::from_bits_retain(rustix::fs::OFlags::LARGEFILE.bits());
    let creates = flags.intersects(OFlags::CREAT | NAMELESS);
    let ok = known.contains(flags)
        && mode.bits() & !if creates { 0o7777 } else { 0 } == 0
        && !flags.contains(OFlags::CREAT | OFlags::DIRECTORY)
        && (!flags.intersects(NAMELESS) || flags.contains(OFlags::DIRECTORY) && flags.intersects(OFlags::ACCMODE))
        && (!flags.contains(OFlags::PATH) || STEP.contains(flags));
    if ok { Ok(()) } else { Err(Errno::INVAL) }
}

struct Walk<'a> {
    place: Place<'a>,
    rest: Rest,
    resolve: ResolveFlags,
    /// Links followed so far.
    links: u32,
}

/// What a name is that is not a directory, or was none just now.
enum Found {
    Link(OwnedFd),
    Directory(OwnedFd),
    Other,
}

impl Walk<'_> {
    /// Walks all that is left and opens what is there.
    fn run(&mut self, mut flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let is_exclusive = flags.contains(OFlags::CREAT | OFlags::EXCL);
        let mut follow = !flags.contains(OFlags::NOFOLLOW) && !is_exclusive;
        while let Some(component) = self.rest.take() {
            let Component { name, is_last, has_slash } = component;
            if matches!(&name[..], b"." | b"..") {
                self.place.check_search()?;
                if name == b".." {
                    self.climb()?;
                }
            } else if !is_last {
                self.step(name)?;
            } else {
                if has_slash {
                    if flags.contains(OFlags::CREAT) {
                        self.place.check_search()?;
                        return Err(Errno::ISDIR);
                    }
                    follow = true;
                    flags |= OFlags::DIRECTORY;
                }
                if let Some(fd) = self.open_last(&name, flags, mode, follow)? {
                    return Ok(fd);
                }
            }
        }
        open_in(self.place.dir(), b".", flags, mode)
    }

    /// Opens the last component, or returns `None` after putting the link that it is
    /// before the rest.
    fn open_last(&mut self, name: &[u8], flags: OFlags, mode: Mode, follow: bool) -> io::Result<Option<OwnedFd>> {
        loop {
            let refused = match open_in(self.place.dir(), name, flags | OFlags::NOFOLLOW, mode) {
                Ok(link) if follow && flags.contains(OFlags::PATH) && is_link(&fstat(&link)?) => {
                    self.follow(link, true)?;
                    return Ok(None);
                }
                Ok(fd) => return Ok(Some(fd)),
                Err(errno @ (Errno::LOOP | Errno::NOTDIR)) if follow => errno,
                Err(errno) => return Err(errno),
            };
            match self.look(name)? {
                Found::Link(link) => {
                    self.follow(link, true)?;
                    return Ok(None);
                }
                Found::Other if refused == Errno::NOTDIR => return Err(refused),
                // Another now than it was above.
                Found::Other | Found::Directory(_) => self.count_link()?,
            }
        }
    }

    /// Goes into the directory `name`, or puts the link that it is before the rest.
    fn step(&mut self, name: Vec<u8>) -> io::Result<()> {
        let entered = match openat(self.place.dir(), name.as_slice(), STEP.into(), Mode::empty()) {
            Ok(fd) => Found::Directory(fd),
            // Of a link Linux says ENOTDIR, others say ELOOP.
            Err(Errno::NOTDIR | Errno::LOOP) => self.look(&name)?,
            Err(errno) => return Err(errno),
        };
        match entered {
            Found::Directory(fd) => self.place.enter(name, fd),
            Found::Link(link) => self.follow(link, false)?,
            Found::Other => return Err(Errno::NOTDIR),
        }
        Ok(())
    }

    fn look(&self, name: &[u8]) -> io::Result<Found> {
        let fd = open_in(self.place.dir(), name, STEP.difference(OFlags::DIRECTORY), Mode::empty())?;
        Ok(match FileType::from_raw_mode(fstat(&fd)?.st_mode) {
            FileType::Symlink => Found::Link(fd),
            FileType::Directory => Found::Directory(fd),
            _ => Found::Other,
        })
    }

    /// Puts the text of a link before the rest, and goes to where it begins.
    fn follow(&mut self, link: OwnedFd, is_last: bool) -> io::Result<()> {
        self.count_link()?;
        if is_last && is_protected(link.as_fd(), self.place.dir())? {
            return Err(Errno::ACCESS);
        }
        if self.resolve.contains(ResolveFlags::NO_SYMLINKS) || must_not_be_followed(link.as_fd(), self.place.dir())? {
            return Err(Errno::LOOP);
        }
        let text = readlinkat(&link, c"", Vec::new())?.into_bytes();
        if text.starts_with(b"/") {
            self.go_to_root()?;
        }
        self.rest.put_before(text);
        Ok(())
    }

    fn count_link(&mut self) -> io::Result<()> {
        self.links += 1;
        if self.links > LINKS { Err(Errno::LOOP) } else { Ok(()) }
    }

    fn climb(&mut self) -> io::Result<()> {
        let is_below = self.place.leave()?;
        if is_below || self.resolve.contains(ResolveFlags::IN_ROOT) { Ok(()) } else { Err(Errno::XDEV) }
    }

    fn go_to_root(&mut self) -> io::Result<()> {
        self.place.go_to_root();
        if self.resolve.contains(ResolveFlags::IN_ROOT) { Ok(()) } else { Err(Errno::XDEV) }
    }
}

fn open_in(dir: BorrowedFd<'_>, name: &[u8], flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    retry_on_intr(|| openat(dir, name, flags.into(), mode))
}

fn is_link(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Symlink
}

/// Whether a link at the end of a path is not to be followed because a stranger may
/// have put it into a directory that all write to (`fs.protected_symlinks`).
fn is_protected(link: BorrowedFd<'_>, dir: BorrowedFd<'_>) -> io::Result<bool> {
    let owner = fstat(link)?.st_uid;
    if owner == geteuid().as_raw() {
        return Ok(false);
    }
    let dir = statat(dir, c".", AtFlags::SYMLINK_NOFOLLOW)?;
    if dir.st_mode & 0o1002 != 0o1002 || dir.st_uid == owner {
        return Ok(false);
    }
    Ok(std::fs::read("/proc/sys/fs/protected_symlinks").map_or(true, |text| text.trim_ascii() != b"0"))
}

/// Whether a link is a magic one, which leads elsewhere than its text says, or is on a
/// mount whose links are not followed.
fn must_not_be_followed(link: BorrowedFd<'_>, dir: BorrowedFd<'_>) -> io::Result<bool> {
    const PROC: u64 = libc::PROC_SUPER_MAGIC as u64;
    const APPARMOR: u64 = 0x5a3c_69f0;
    const PROC_ROOT_INO: u64 = 1;
    const ST_NOSYMFOLLOW: u64 = 0x2000;

    let file_system = fstatfs(link)?;
    if file_system.f_flags as u64 & ST_NOSYMFOLLOW != 0 {
        return Ok(true);
    }
    match file_system.f_type as u64 {
        // Those in the top directory (`self`, `mounts`) are plain.
        PROC => {
            let dir = statat(dir, c".", AtFlags::SYMLINK_NOFOLLOW)?;
            Ok((dir.st_dev, dir.st_ino) != (fstat(link)?.st_dev, PROC_ROOT_INO))
        }
        APPARMOR => Ok(true),
        _ => Ok(false),
    }
}
