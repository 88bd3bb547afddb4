//! [`walk`]: the directories of a tree, one after the other.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::{FileType, Follow, PathArg, PathError, Result, lstat, scandir};

/// Goes through the tree below `top`: for each directory, its path, the names of the
/// directories in it and the names of everything else.
///
/// Top-down a directory comes before those in it, and taking names out of
/// [`dirnames`](Step::dirnames) keeps them from being entered; sorting them orders the
/// walk. Symbolic links to directories are among the directory names, but are entered
/// only if asked for; then nothing guards against cycles. Names come in no order.
///
/// ```
/// use fs_core::walk;
///
/// let mut lines = 0;
/// let mut tree = walk("src").start();
/// while let Some(step) = tree.next() {
///     step.dirnames.retain(|name| name != "target");
///     for name in step.filenames.iter() {
///         lines += std::fs::read_to_string(step.path.join(name)).map_or(0, |text| text.lines().count());
///     }
/// }
/// assert!(lines > 0);
/// ```
///
/// # Errors
/// A directory that cannot be read is left out as a whole, after
/// [`onerror`](WalkBuilder::onerror) was told; `top` too, so that a missing one is an
/// empty walk.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.walk)
#[doc(alias = "os.walk")]
pub fn walk<'p, 'f>(top: impl Into<PathArg<'p>>) -> WalkBuilder<'f> {
    let top = PathBuf::from(OsString::from_vec(top.into().as_bytes().to_vec()));
    WalkBuilder { top, options: Options::default() }
}

/// How [`walk`] goes.
pub struct WalkBuilder<'f> {
    top: PathBuf,
    options: Options<'f>,
}

/// What [`walk`] and [`fwalk`](crate::fwalk) have in common.
pub(crate) struct Options<'f> {
    pub(crate) topdown: bool,
    pub(crate) follow: bool,
    pub(crate) onerror: Box<OnError<'f>>,
}

pub(crate) type OnError<'f> = dyn FnMut(PathError) -> ControlFlow<()> + 'f;

impl Default for Options<'_> {
    fn default() -> Self {
        Options { topdown: true, follow: false, onerror: Box::new(|_| ControlFlow::Continue(())) }
    }
}

impl<'f> WalkBuilder<'f> {
    /// Whether a directory comes before those in it. Default: it does.
    pub fn topdown(mut self, topdown: bool) -> Self {
        self.options.topdown = topdown;
        self
    }

    /// Whether symbolic links to directories are entered. Default: they are not.
    pub fn followlinks(mut self, followlinks: bool) -> Self {
        self.options.follow = followlinks;
        self
    }

    /// Who is told of a directory that cannot be read, and may end the walk.
    pub fn onerror(mut self, onerror: impl FnMut(PathError) -> ControlFlow<()> + 'f) -> Self {
        self.options.onerror = Box::new(onerror);
        self
    }

    /// The walk. Nothing is read before the first step.
    pub fn start(self) -> Walk<'f> {
        Walk { top: Some(self.top), levels: Vec::new(), options: self.options }
    }
}

/// A walk through a tree, by [`walk`].
pub struct Walk<'f> {
    top: Option<PathBuf>,
    /// The directories from `top` to where the walk is.
    levels: Vec<Level>,
    options: Options<'f>,
}

/// A directory on the way.
#[derive(Debug)]
pub struct Step<'w> {
    /// Its path, beginning with `top`.
    pub path: &'w Path,
    /// The names of the directories in it, and of symbolic links to directories. Top-down,
    /// those that are left when the walk goes on are entered, in their order.
    pub dirnames: &'w mut Vec<OsString>,
    /// The names of everything else.
    pub filenames: &'w mut Vec<OsString>,
}

struct Level {
    path: PathBuf,
    dirnames: Vec<OsString>,
    filenames: Vec<OsString>,
    /// Bottom-up: what is entered is decided when the directory is read.
    enter: Vec<PathBuf>,
    entered: usize,
    shown: bool,
}

impl Walk<'_> {
    /// The next directory.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what it holds")]
    pub fn next(&mut self) -> Option<Step<'_>> {
        if self.advance() { self.current() } else { None }
    }

    /// The directory of the last step once more, for who could not keep the step: an
    /// iterator of another language, say. `None` before the first and after the last.
    pub fn current(&mut self) -> Option<Step<'_>> {
        let level = self.levels.last_mut()?;
        Some(Step { path: &level.path, dirnames: &mut level.dirnames, filenames: &mut level.filenames })
    }

    /// Goes on until the last level is to be shown; `false` at the end.
    fn advance(&mut self) -> bool {
        if let Some(top) = self.top.take() {
            self.enter(top);
        }
        let topdown = self.options.topdown;
        while let Some(level) = self.levels.last_mut() {
            if topdown && !level.shown {
                level.shown = true;
                return true;
            }
            match level.next_child(topdown) {
                // Asked anew: the caller may have put something else in its place.
                Some(path) if topdown && !self.options.follow && is_link(&path) => {}
                Some(path) => self.enter(path),
                None if level.shown => drop(self.levels.pop()),
                None => {
                    level.shown = true;
                    return true;
                }
            }
        }
        false
    }

    fn enter(&mut self, path: PathBuf) {
        match Level::read(&path, &self.options) {
            Ok(level) => self.levels.push(level),
            Err(error) => {
                if (self.options.onerror)(error.with_path(path)).is_break() {
                    self.levels.clear();
                }
            }
        }
    }
}

impl Level {
    fn read(path: &Path, options: &Options<'_>) -> Result<Self> {
        let (mut dirnames, mut filenames, mut enter) = (Vec::new(), Vec::new(), Vec::new());
        for entry in scandir(path)? {
            let entry = entry?;
            // What cannot be asked is no directory.
            if !entry.is_dir(Follow::Yes).unwrap_or(false) {
                filenames.push(entry.name().to_owned());
                continue;
            }
            if !options.topdown && (options.follow || !entry.is_symlink().unwrap_or(false)) {
                enter.push(entry.path());
            }
            dirnames.push(entry.name().to_owned());
        }
        Ok(Level { path: path.to_owned(), dirnames, filenames, enter, entered: 0, shown: false })
    }

    fn next_child(&mut self, topdown: bool) -> Option<PathBuf> {
        let next = self.entered;
        self.entered += 1;
        if topdown {
            self.dirnames.get(next).map(|name| self.path.join(name))
        } else {
            self.enter.get_mut(next).map(std::mem::take)
        }
    }
}

fn is_link(path: &Path) -> bool {
    lstat(path).is_ok_and(|stat| stat.file_type() == FileType::Symlink)
}
