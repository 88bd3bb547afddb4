//! A directory with what the operations need in it.

use std::ffi::CStr;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use fs_core::{Follow, Mode, OFlags, XattrFlags};

/// A file of [`FILE_SIZE`] bytes.
pub const FILE: &CStr = c"file";

/// Its length: enough for reads at several offsets, and in the page cache at once.
pub const FILE_SIZE: usize = 64 * 1024;

/// A directory of [`ENTRIES`] files.
pub const DIR: &CStr = c"dir";

/// How many files are in it.
pub const ENTRIES: usize = 100;

/// A file that is renamed, under its two names.
pub const RENAMED: [&CStr; 2] = [c"here", c"there"];

/// The name of a file that comes and goes.
pub const NEW: &CStr = c"new";

/// The extended attribute of [`FILE`].
pub const XATTR: &CStr = c"user.bench";

/// The length of its value in bytes.
pub const XATTR_SIZE: usize = 16;

/// A directory that is open, and its file.
#[derive(Debug)]
pub struct Place {
    /// The directory.
    pub dir: OwnedFd,
    /// [`FILE`], open for reading and writing.
    pub file: OwnedFd,
    /// The path of [`FILE`].
    pub file_path: PathBuf,
    /// Which of [`RENAMED`] the file has now.
    pub renamed: usize,
    /// Whether [`FILE`] has the attribute.
    pub has_xattr: bool,
}

impl Place {
    /// Puts into the directory `path` what the operations need, and nothing anew that is
    /// there.
    ///
    /// # Errors
    /// Those of the calls, but that the file system may lack extended attributes.
    pub fn prepare(path: &Path) -> std::io::Result<()> {
        let at = |name: &CStr| path.join(name.to_str().expect("the names are text"));
        fs::write(at(FILE), vec![b'x'; FILE_SIZE])?;
        let _ = fs_core::setxattr(&at(FILE), XATTR, &[b'v'; XATTR_SIZE], XattrFlags::empty(), Follow::Yes);
        fs::write(at(RENAMED[0]), "")?;
        fs::create_dir(at(DIR))?;
        for index in 0..ENTRIES {
            fs::write(at(DIR).join(format!("f{index:02}")), "")?;
        }
        Ok(())
    }

    /// Opens a directory that was prepared, perhaps through a mount.
    ///
    /// # Errors
    /// Those of the calls.
    pub fn open(path: &Path) -> fs_core::Result<Self> {
        let dir = fs_core::open(path, OFlags::DIRECTORY, Mode::empty())?;
        let file = fs_core::open((&dir, FILE), OFlags::RDWR, Mode::empty())?;
        let file_path = path.join(FILE.to_str().expect("the name is text"));
        let has_xattr = fs_core::getxattr(&file, XATTR, Follow::Yes).is_ok();
        let renamed = usize::from(fs_core::stat((&dir, RENAMED[0]), Follow::Yes).is_err());
        Ok(Place { dir, file, file_path, renamed, has_xattr })
    }
}
