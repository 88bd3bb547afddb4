//! What is in a source: the files that the workloads need.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_core::{Follow, Mode, OFlags, XattrFlags};
use rustix::fs::{Advice, fadvise, syncfs};

use super::contestant::NATIVE;
use super::failure::Failure;
use super::image::{Image, succeed};
use super::tree;

/// A file of [`DATA_SIZE`] bytes.
pub const DATA: &str = "data";

/// Its length in bytes.
pub const DATA_SIZE: u64 = 32 << 20;

/// A file two names deep, of 1 KiB, with the attribute [`XATTR`].
pub const FILE: &str = "depth/file";

/// The length of [`FILE`] in bytes.
pub const FILE_SIZE: usize = 1024;

/// A name that is not there.
pub const MISSING: &str = "depth/missing";

/// An extended attribute.
pub const XATTR: &str = "user.bench";

/// A directory of [`ENTRIES`] files.
pub const LISTING: &str = "listing";

/// How many files are in it.
pub const ENTRIES: u64 = 1_000;

/// An empty directory.
pub const NEW: &str = "new";

/// A directory with one for each client, of which each has a [`CLIENT_FILE`].
pub const CLIENTS: &str = "clients";

/// A client's file.
pub const CLIENT_FILE: &str = "file";

/// The most clients at once.
pub const MOST_CLIENTS: usize = 8;

/// The tree of real programs, with a repository in it.
pub const REPOSITORY: &str = "repository";

/// What all sources are made of: the tree and its archive.
#[derive(Debug)]
pub struct Supplies {
    tree: Option<PathBuf>,
    /// The tree as an archive of tar.
    pub archive: PathBuf,
}

impl Supplies {
    /// Makes the tree of so many files, or none.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn make(image: &Image, files: usize) -> Result<Supplies, Failure> {
        let (tree, archive) = (image.ground(NATIVE).join("tree"), image.ground(NATIVE).join("tree.tar"));
        if files == 0 {
            return Ok(Supplies { tree: None, archive });
        }
        tree::write(&tree, files).map_err(Failure::about(tree.display()))?;
        succeed(Command::new("tar").arg("-cf").arg(&archive).arg("-C").arg(&tree).arg("."))
            .map_err(Failure::Environment)?;
        if let Err(reason) = tree::commit(&tree) {
            eprintln!("peers: the tree is no repository: {reason}");
        }
        Ok(Supplies { tree: Some(tree), archive })
    }

    /// Makes a new source.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn fill(&self, source: &Path) -> Result<(), Failure> {
        files(source).map_err(Failure::about(source.display()))?;
        if let Some(tree) = &self.tree {
            let copy = source.join(REPOSITORY);
            succeed(Command::new("cp").arg("-a").args([tree, &copy])).map_err(Failure::Environment)?;
        }
        Ok(())
    }
}

fn files(source: &Path) -> io::Result<()> {
    for dir in ["", "depth", LISTING, NEW, CLIENTS] {
        fs::create_dir(source.join(dir))?;
    }
    fs::write(source.join(DATA), vec![b'd'; DATA_SIZE as usize])?;
    fs::write(source.join(FILE), vec![b'f'; FILE_SIZE])?;
    // Where there are no extended attributes, reading one will say so.
    let _ = fs_core::setxattr(&source.join(FILE), XATTR, b"sixteen bytes...", XattrFlags::empty(), Follow::Yes);
    for index in 0..ENTRIES {
        fs::write(source.join(LISTING).join(format!("entry{index:04}")), "")?;
    }
    for index in 0..MOST_CLIENTS {
        let dir = source.join(CLIENTS).join(index.to_string());
        fs::create_dir(&dir)?;
        fs::write(dir.join(CLIENT_FILE), "")?;
    }
    Ok(())
}

/// Writes to the image what is only in memory, so that nobody does it while something is measured.
///
/// # Errors
/// Those of the calls.
pub fn settle(image: &Image) -> io::Result<()> {
    for ground in image.grounds() {
        let ground = fs_core::open(ground, OFlags::DIRECTORY, Mode::empty()).map_err(|error| error.errno())?;
        syncfs(&ground)?;
    }
    Ok(())
}

/// Has the kernel forget the contents of the files of a source's repository.
///
/// # Errors
/// Those of the calls.
pub fn forget_contents(source: &Path) -> io::Result<()> {
    let mut dirs = vec![source.join(REPOSITORY)];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                dirs.push(entry.path());
            } else {
                fadvise(fs::File::open(entry.path())?, 0, None, Advice::DontNeed)?;
            }
        }
    }
    Ok(())
}
