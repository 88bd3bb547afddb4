//! [`fwalk`]: the directories of a tree with a descriptor of each.

use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dirs::{DirEntry, scandir_shared};
use crate::walk::Options;
use crate::{At, Errno, Error, FileType, Follow, Mode, OFlags, PathError, Result, StatResult, fstat, open, stat};

/// Goes through the tree below `top` as [`walk`](crate::walk) does, with a descriptor
/// of each directory, and safe from being led out of the tree by symbolic links.
///
/// A directory that is swapped for another one, or for a symbolic link, between being seen
/// and being opened is left out without a word. A symbolic link as `top` is an empty walk, unless links
/// are followed. One descriptor is open for each level of the tree.
///
/// ```
/// use fs_core::{Follow, fwalk, stat};
///
/// # fn main() -> Result<(), fs_core::PathError> {
/// let mut bytes = 0;
/// let mut tree = fwalk("src").start();
/// while let Some(step) = tree.next() {
///     let step = step?;
///     for name in step.filenames.iter() {
///         bytes += stat((step.dir, name), Follow::No).map_or(0, |stat| stat.st_size());
///     }
/// }
/// assert!(bytes > 0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// What happens to `top`, and a directory that cannot be read once it is open, ends the
/// walk with the error; Python raises it. So does a name among the directories that is none:
/// `ENOTDIR`. That a directory cannot be opened is told to
/// [`onerror`](FWalkBuilder::onerror), and the directory is left out.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.fwalk)
#[doc(alias = "os.fwalk")]
pub fn fwalk<'a, 'f>(top: impl Into<At<'a>>) -> FWalkBuilder<'a, 'f> {
    FWalkBuilder { top: top.into(), options: Options::default() }
}

/// How [`fwalk`] goes.
pub struct FWalkBuilder<'a, 'f> {
    top: At<'a>,
    options: Options<'f>,
}

impl<'a, 'f> FWalkBuilder<'a, 'f> {
    /// Whether a directory comes before those in it. Default: it does.
    pub fn topdown(mut self, topdown: bool) -> Self {
        self.options.topdown = topdown;
        self
    }

    /// Whether symbolic links to directories are entered. Default: they are not.
    pub fn follow_symlinks(mut self, follow: bool) -> Self {
        self.options.follow = follow;
        self
    }

    /// Who is told of a directory that cannot be opened, and may end the walk.
    pub fn onerror(mut self, onerror: impl FnMut(PathError) -> ControlFlow<()> + 'f) -> Self {
        self.options.onerror = Box::new(onerror);
        self
    }

    /// The walk. Nothing is opened before the first step.
    pub fn start(self) -> FWalk<'a, 'f> {
        FWalk { top: Some(self.top), levels: Vec::new(), options: self.options }
    }
}

/// A walk through a tree, by [`fwalk`].
pub struct FWalk<'a, 'f> {
    top: Option<At<'a>>,
    /// The directories from `top` to where the walk is.
    levels: Vec<Level>,
    options: Options<'f>,
}

/// A directory on the way.
#[derive(Debug)]
pub struct FStep<'w> {
    /// Its path, beginning with `top`.
    pub path: &'w Path,
    /// The names of the directories in it, and of symbolic links to directories. Top-down,
    /// those that are left when the walk goes on are entered, in their order.
    pub dirnames: &'w mut Vec<OsString>,
    /// The names of everything else.
    pub filenames: &'w mut Vec<OsString>,
    /// The directory, open until the walk goes on.
    pub dir: BorrowedFd<'w>,
}

struct Level {
    fd: Arc<OwnedFd>,
    path: PathBuf,
    dirnames: Vec<OsString>,
    filenames: Vec<OsString>,
    /// Bottom-up: what is entered is decided when the directory is read.
    enter: Vec<DirEntry>,
    entered: usize,
    shown: bool,
}

impl FWalk<'_, '_> {
    /// The next directory, or the error that ends the walk.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what it holds")]
    pub fn next(&mut self) -> Option<Result<FStep<'_>, PathError>> {
        if let Err(error) = self.advance() {
            self.levels.clear();
            return Some(Err(error));
        }
        self.current().map(Ok)
    }

    /// The directory of the last step once more, for who could not keep the step: an
    /// iterator of another language, say. `None` before the first and after the last.
    pub fn current(&mut self) -> Option<FStep<'_>> {
        let level = self.levels.last_mut()?;
        Some(FStep {
            path: &level.path,
            dirnames: &mut level.dirnames,
            filenames: &mut level.filenames,
            dir: level.fd.as_fd(),
        })
    }

    /// Goes on until the last level is to be shown, or there is none.
    fn advance(&mut self) -> Result<(), PathError> {
        if let Some(top) = self.top.take() {
            self.enter_top(top)?;
        }
        let topdown = self.options.topdown;
        while let Some(level) = self.levels.last_mut() {
            if topdown && !level.shown {
                level.shown = true;
                return Ok(());
            }
            if let Some(child) = level.next_child(topdown) {
                self.enter(&child)?;
            } else if level.shown {
                self.levels.pop();
            } else {
                level.shown = true;
                return Ok(());
            }
        }
        Ok(())
    }

    fn enter_top(&mut self, top: At<'_>) -> Result<(), PathError> {
        let path = PathBuf::from(OsString::from_vec(top.path.as_bytes().to_vec()));
        let seen = if self.options.follow { None } else { Some(stat(top, Follow::No).map_err(at_path(&path))?) };
        if let Some(fd) = self.open(top, seen.as_ref()).map_err(at_path(&path))? {
            self.levels.push(Level::read(fd, path, &self.options)?);
        }
        Ok(())
    }

    fn enter(&mut self, child: &Child) -> Result<(), PathError> {
        let parent = self.levels.last().expect("a child is entered from its parent");
        let path = parent.path.join(child.name());
        let opened = match child.seen(parent, self.options.follow) {
            // Python opens it, though it waits for a FIFO, and fails when it reads it.
            Ok(Some(seen)) if !is_directory_or_link(&seen) => return Err(Error::Os(Errno::NOTDIR).with_path(path)),
            Ok(seen) => self.open((parent.fd.as_fd(), child.name()).into(), seen.as_ref()),
            Err(error) => Err(error),
        };
        match opened {
            Ok(Some(fd)) => self.levels.push(Level::read(fd, path, &self.options)?),
            Ok(None) => {}
            // Links are followed, and what it is was not asked before.
            Err(Error::Os(Errno::NOTDIR)) if self.options.follow => {
                return Err(Error::Os(Errno::NOTDIR).with_path(path));
            }
            Err(error) => {
                if (self.options.onerror)(error.with_path(path)).is_break() {
                    self.levels.clear();
                }
            }
        }
        Ok(())
    }

    /// Opens a directory; `None` if it is not what was seen before.
    fn open(&self, at: At<'_>, seen: Option<&StatResult>) -> Result<Option<OwnedFd>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let Some(seen) = seen else { return open(at, flags, Mode::empty()).map(Some) };
        // Python opens without these flags, and so waits for a FIFO that takes the
        // directory's place. With them, what is no directory is told by the kernel.
        match open(at, flags | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(fd) => Ok(is_same(seen, &fstat(&fd)?).then_some(fd)),
            Err(Error::Os(Errno::LOOP | Errno::NOTDIR)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_directory_or_link(stat: &StatResult) -> bool {
    matches!(stat.file_type(), FileType::Directory | FileType::Symlink)
}

fn is_same(a: &StatResult, b: &StatResult) -> bool {
    (a.st_ino(), a.st_dev()) == (b.st_ino(), b.st_dev())
}

/// What is entered next: by name, or as it was seen when the parent was read.
enum Child {
    Name(OsString),
    Entry(DirEntry),
}

impl Child {
    fn name(&self) -> &OsStr {
        match self {
            Child::Name(name) => name,
            Child::Entry(entry) => entry.name(),
        }
    }

    /// The status to find again once it is open; `None` if links are followed.
    fn seen(&self, parent: &Level, follow: bool) -> Result<Option<StatResult>> {
        match self {
            _ if follow => Ok(None),
            Child::Name(name) => stat((parent.fd.as_fd(), name), Follow::No).map(Some),
            Child::Entry(entry) => entry.stat(Follow::No).map(|stat| Some(*stat)),
        }
    }
}

impl Level {
    fn read(fd: OwnedFd, path: PathBuf, options: &Options<'_>) -> Result<Self, PathError> {
        let fd = Arc::new(fd);
        let mut level = Level {
            fd: Arc::clone(&fd),
            path,
            dirnames: Vec::new(),
            filenames: Vec::new(),
            enter: Vec::new(),
            entered: 0,
            shown: false,
        };
        for entry in scandir_shared(fd).map_err(at_path(&level.path))? {
            let entry = entry.map_err(at_path(&level.path))?;
            match entry.is_dir(Follow::Yes) {
                Ok(true) => {
                    level.dirnames.push(entry.name().to_owned());
                    if !options.topdown {
                        level.enter.push(entry);
                    }
                }
                Ok(false) => level.filenames.push(entry.name().to_owned()),
                // What cannot be asked is kept if at least it is known to be a link.
                Err(_) if entry.is_symlink().unwrap_or(false) => level.filenames.push(entry.name().to_owned()),
                Err(_) => {}
            }
        }
        level.enter.reverse();
        Ok(level)
    }

    fn next_child(&mut self, topdown: bool) -> Option<Child> {
        if !topdown {
            return self.enter.pop().map(Child::Entry);
        }
        let next = self.entered;
        self.entered += 1;
        self.dirnames.get(next).cloned().map(Child::Name)
    }
}

/// Adds the path to an error.
fn at_path(path: &Path) -> impl FnOnce(Error) -> PathError {
    move |error| error.with_path(path)
}
