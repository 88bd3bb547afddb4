//! Reading directories: [`listdir`] and [`scandir`].
//!
//! `.` and `..` are left out, and the order is the directory's. Names made or
//! removed while a directory is read may or may not show. The kernel's own entries,
//! with offsets and without allocation, are in [`crate::linux::getdents`].

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::linux::{RawEntries, RawEntry};
use crate::{At, Errno, Error, FileType, Follow, Mode, OFlags, Result, StatResult, Target, Whence};
use crate::{audit, dup, fstat, lseek, stat, sys};

/// Lists the names in a directory, in no order.
///
/// A descriptor is read from its position, and put to the start at the end, so that
/// listing twice gives the same. An `O_PATH` descriptor, which does not read, is
/// opened again; that and a path below a directory descriptor are extensions.
///
/// # Errors
/// - `ENOTDIR`: not a directory. `EACCES`: the caller may not read it.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/readdir.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.listdir)
#[doc(alias = "os.listdir")]
pub fn listdir<'a>(target: impl Into<Target<'a>>) -> Result<Vec<OsString>> {
    let target = target.into().check()?;
    audit::raise("os.listdir", || [target.audit()[0]])?;
    let mut entries = Reader::open(target)?;
    let mut names = Vec::new();
    while let Some(entry) = entries.next()? {
        names.push(entry.name.to_owned());
    }
    Ok(names)
}

/// Reads a directory entry by entry, with types and cached status.
///
/// Takes what [`listdir`] takes. Where only the type is needed, this costs no call
/// for an entry, as most file systems keep the type beside the name. Status is asked
/// for by path, or if a descriptor was scanned, by name in a copy of it that the
/// entries share, and that lives as long as they do.
///
/// ```
/// use fs_core::{Follow, scandir};
///
/// # fn main() -> fs_core::Result<()> {
/// for entry in scandir("src")? {
///     let entry = entry?;
///     if entry.is_file(Follow::Yes)? {
///         println!("{}: {} bytes", entry.name().display(), entry.stat(Follow::Yes)?.st_size());
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`listdir`]. The iterator ends after an error.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/readdir.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.scandir)
#[doc(alias = "os.scandir")]
#[doc(alias = "readdir")]
pub fn scandir<'a>(target: impl Into<Target<'a>>) -> Result<ScanDir> {
    let target = target.into().check()?;
    audit::raise("os.scandir", || [target.audit()[0]])?;
    let reader = Reader::open(target)?;
    let (prefix, dir) = match target {
        Target::Fd(_) => (None, Some(Arc::clone(&reader.fd))),
        Target::Path(at) => {
            let dir = at.without_dir().is_none().then(|| Arc::clone(&reader.fd));
            (Some(Arc::from(OsStr::from_bytes(at.path.as_bytes()))), dir)
        }
    };
    Ok(ScanDir { open: Some(reader), origin: Origin { prefix, dir } })
}

/// [`scandir`] of a descriptor that the entries share.
pub(crate) fn scandir_shared(fd: Arc<OwnedFd>) -> Result<ScanDir> {
    audit::raise("os.scandir", || [audit::Arg::fd(fd.as_fd())])?;
    let origin = Origin { prefix: None, dir: Some(Arc::clone(&fd)) };
    Ok(ScanDir { open: Some(Reader::new(fd, true)), origin })
}

/// The entries of a directory, as they are read.
///
/// The directory is closed at its end, after an error, by [`close`](ScanDir::close)
/// and by dropping.
pub struct ScanDir {
    open: Option<Reader>,
    origin: Origin,
}

impl ScanDir {
    /// Closes the directory.
    #[doc(alias = "os.scandir.close")]
    pub fn close(self) {
        drop(self);
    }
}

impl Iterator for ScanDir {
    type Item = Result<DirEntry>;

    fn next(&mut self) -> Option<Result<DirEntry>> {
        let entry = match self.open.as_mut()?.next() {
            Ok(Some(entry)) => Ok(DirEntry {
                name: entry.name.to_owned(),
                origin: self.origin.clone(),
                inode: entry.ino,
                file_type: entry.file_type,
                followed: OnceLock::new(),
                unfollowed: OnceLock::new(),
            }),
            Ok(None) => {
                self.open = None;
                return None;
            }
            Err(error) => {
                self.open = None;
                Err(error)
            }
        };
        Some(entry)
    }
}

impl fmt::Debug for ScanDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanDir").field("path", &self.origin.prefix).finish_non_exhaustive()
    }
}

/// From where an entry is reached.
#[derive(Clone)]
struct Origin {
    /// The path that was scanned; `None` if it was a descriptor.
    prefix: Option<Arc<OsStr>>,
    /// The directory, where a path from the working directory does not lead there.
    dir: Option<Arc<OwnedFd>>,
}

/// An entry of a directory, with what is known of it.
///
/// The type comes from the directory. Status is asked for when it is needed, and
/// kept: once for the entry itself and once for what a symbolic link points to.
#[doc(alias = "os.DirEntry")]
pub struct DirEntry {
    name: OsString,
    origin: Origin,
    inode: u64,
    file_type: FileType,
    followed: OnceLock<Box<StatResult>>,
    unfollowed: OnceLock<Box<StatResult>>,
}

impl DirEntry {
    /// The name in its directory.
    #[doc(alias = "os.DirEntry.name")]
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// The path that was scanned joined with the name; the name alone if a descriptor
    /// was scanned.
    #[doc(alias = "os.DirEntry.path")]
    pub fn path(&self) -> PathBuf {
        match &self.origin.prefix {
            Some(prefix) => Path::new(prefix).join(&self.name),
            None => PathBuf::from(&self.name),
        }
    }

    /// The number of the inode as the directory has it: at a mount point, of the
    /// directory that is covered. Makes no call.
    #[doc(alias = "os.DirEntry.inode")]
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// Whether it is a directory, or with [`Follow::Yes`] a symbolic link to one.
    ///
    /// `false` if the entry, or what it points to, is gone. Makes a call only for a
    /// symbolic link that is followed, or where the directory has no types.
    ///
    /// # Errors
    /// All but `ENOENT` of [`stat`]: `EACCES`, `ELOOP`.
    #[doc(alias = "os.DirEntry.is_dir")]
    pub fn is_dir(&self, follow: Follow) -> Result<bool> {
        self.is(FileType::Directory, follow)
    }

    /// Whether it is a regular file, or with [`Follow::Yes`] a symbolic link to one.
    ///
    /// `false` if the entry, or what it points to, is gone; but a file whose type the
    /// directory had stays one, as no call is made. Calls and errors as in
    /// [`is_dir`](DirEntry::is_dir).
    ///
    /// # Errors
    /// As [`is_dir`](DirEntry::is_dir).
    #[doc(alias = "os.DirEntry.is_file")]
    pub fn is_file(&self, follow: Follow) -> Result<bool> {
        self.is(FileType::RegularFile, follow)
    }

    /// Whether it is a symbolic link, a dangling one too. Makes a call only where the
    /// directory has no types.
    ///
    /// # Errors
    /// As [`is_dir`](DirEntry::is_dir).
    #[doc(alias = "os.DirEntry.is_symlink")]
    pub fn is_symlink(&self) -> Result<bool> {
        self.is(FileType::Symlink, Follow::No)
    }

    /// The type as the directory has it, symbolic links not followed. Makes no call.
    /// An extension.
    #[doc(alias = "d_type")]
    pub fn file_type(&self) -> FileType {
        self.file_type
    }

    /// The status of the entry, or with [`Follow::Yes`] of what a symbolic link points
    /// to. Asked for once for each, and once for both if it is no link.
    ///
    /// # Errors
    /// As [`stat`]: `ENOENT` if it is gone, or dangles.
    #[doc(alias = "os.DirEntry.stat")]
    pub fn stat(&self, follow: Follow) -> Result<&StatResult> {
        if follow == Follow::Yes && self.is_symlink()? {
            return cached(&self.followed, || self.ask(Follow::Yes));
        }
        cached(&self.unfollowed, || self.ask(Follow::No))
    }

    fn is(&self, wanted: FileType, follow: Follow) -> Result<bool> {
        let known = match self.file_type {
            FileType::Unknown => None,
            FileType::Symlink if follow == Follow::Yes => None,
            file_type => Some(file_type),
        };
        if let Some(file_type) = known {
            return Ok(file_type == wanted);
        }
        match self.stat(follow) {
            Ok(stat) => Ok(stat.file_type() == wanted),
            Err(Error::Os(Errno::NOENT)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn ask(&self, follow: Follow) -> Result<StatResult> {
        match &self.origin.dir {
            Some(dir) => stat((dir.as_fd(), &self.name), follow),
            None => stat(&self.path(), follow),
        }
    }
}

impl fmt::Debug for DirEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirEntry").field("path", &self.path()).field("file_type", &self.file_type).finish()
    }
}

fn cached(cache: &OnceLock<Box<StatResult>>, ask: impl FnOnce() -> Result<StatResult>) -> Result<&StatResult> {
    if let Some(stat) = cache.get() {
        return Ok(stat);
    }
    let stat = Box::new(ask()?);
    Ok(cache.get_or_init(|| stat))
}

/// A directory that is being read, a buffer at a time.
struct Reader {
    fd: Arc<OwnedFd>,
    /// Put the descriptor to the start at the end: somebody else shares its position.
    rewind: bool,
    buf: Box<[u8]>,
    next: usize,
    filled: usize,
}

/// Bytes of a directory that are read with one call.
const BUF_SIZE: usize = 32 * 1024;

impl Reader {
    fn open(target: Target<'_>) -> Result<Self> {
        let (fd, rewind) = match target {
            Target::Fd(fd) => open_fd(fd)?,
            Target::Path(at) => (open_at(at)?, false),
        };
        Ok(Reader::new(Arc::new(fd), rewind))
    }

    fn new(fd: Arc<OwnedFd>, rewind: bool) -> Self {
        Reader { fd, rewind, buf: vec![0; BUF_SIZE].into(), next: 0, filled: 0 }
    }

    /// The next entry but `.` and `..`.
    fn next(&mut self) -> Result<Option<RawEntry<'_>>> {
        // A borrow cannot be returned from the middle of a loop, so the loop stops in
        // front of the entry.
        while !self.is_before_entry() {
            self.filled = match sys::getdents(self.fd.as_fd(), &mut self.buf) {
                // A directory that was removed has no entries.
                Ok(0) | Err(Errno::NOENT) => return Ok(None),
                result => result?,
            };
            self.next = 0;
        }
        let mut entries = RawEntries::new(&self.buf[self.next..self.filled]);
        let entry = entries.next();
        self.next = self.filled - entries.rest().len();
        Ok(entry)
    }

    /// Skips `.` and `..`; `false` at the end of the buffer.
    fn is_before_entry(&mut self) -> bool {
        let mut entries = RawEntries::new(&self.buf[self.next..self.filled]);
        loop {
            self.next = self.filled - entries.rest().len();
            match entries.next() {
                Some(entry) if entry.name == "." || entry.name == ".." => {}
                Some(_) => return true,
                None => return false,
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.rewind {
            // What fails here, failed before; there is nobody to tell.
            let _ = lseek(&*self.fd, 0, Whence::Set);
        }
    }
}

fn open_at(at: At<'_>) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(at.with_c_str(|dir, path| rustix::fs::openat(dir, path, flags.into(), Mode::empty()))?)
}

/// A copy of a directory's descriptor, which shares the position.
fn open_fd(fd: BorrowedFd<'_>) -> Result<(OwnedFd, bool)> {
    if fstat(fd)?.file_type() != FileType::Directory {
        return Err(Error::Os(Errno::NOTDIR));
    }
    if rustix::fs::fcntl_getfl(fd)?.contains(rustix::fs::OFlags::PATH) {
        return Ok((open_at(At::new(&fd, "."))?, false));
    }
    Ok((dup(fd)?, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(dir: &Path, name: &str, file_type: FileType) -> DirEntry {
        DirEntry {
            name: name.into(),
            origin: Origin { prefix: Some(Arc::from(dir.as_os_str())), dir: None },
            inode: 1,
            file_type,
            followed: OnceLock::new(),
            unfollowed: OnceLock::new(),
        }
    }

    #[test]
    fn where_the_directory_has_no_types_they_are_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink(".", dir.path().join("link")).unwrap();
        let unknown = |name| entry(dir.path(), name, FileType::Unknown);
        let told = |entry: DirEntry| {
            [
                entry.is_dir(Follow::Yes).unwrap(),
                entry.is_file(Follow::Yes).unwrap(),
                entry.is_dir(Follow::No).unwrap(),
                entry.is_symlink().unwrap(),
            ]
        };
        assert_eq!(told(unknown("file")), [false, true, false, false]);
        assert_eq!(told(unknown("link")), [true, false, false, true]);
        assert_eq!(told(unknown("missing")), [false; 4]);
        assert_eq!(unknown("link").stat(Follow::Yes).unwrap().file_type(), FileType::Directory);
        assert_eq!(unknown("missing").stat(Follow::Yes).unwrap_err().errno(), Errno::NOENT);
    }
}
