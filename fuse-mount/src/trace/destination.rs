//! The file of a trace: opened before the mount is made, touched only once it is live.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// Where a trace is going to be written. Dropped without having been used, it leaves what was there
/// before.
#[derive(Debug)]
pub struct Destination {
    file: File,
    /// Whether what the file held before is taken away.
    is_replaced: bool,
    /// The file, if it was made for this.
    made: Option<PathBuf>,
}

impl Destination {
    /// Opens a file, or standard output for `-`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::io(format_args!("cannot write the trace {}", path.display()), &error);
        if path == "-" {
            let file = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 0).map_err(|errno| failed(errno.into()))?;
            return Ok(Destination { file: file.into(), is_replaced: false, made: None });
        }
        match OpenOptions::new().write(true).create_new(true).open(path) {
            // The path must still name it when the working directory is another.
            Ok(file) => {
                let made = Some(fs::canonicalize(path).map_err(failed)?);
                Ok(Destination { file, is_replaced: false, made })
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(failed)?;
                let is_replaced = file.metadata().map_err(failed)?.is_file();
                Ok(Destination { file, is_replaced, made: None })
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The file, emptied.
    ///
    /// # Errors
    /// What it held cannot be taken away.
    pub fn begin(&mut self) -> io::Result<File> {
        if self.is_replaced {
            self.file.set_len(0)?;
        }
        let file = self.file.try_clone()?;
        self.made = None;
        Ok(file)
    }

    /// Leaves the file to another process, which has a copy of this.
    pub fn leave(mut self) {
        self.made = None;
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        if let Some(path) = self.made.take() {
            // There is another message to print already.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        fs::write(&old, "before").unwrap();
        for path in [&old, &new] {
            drop(Destination::open(path).unwrap());
        }
        assert_eq!(fs::read_to_string(&old).unwrap(), "before");
        assert!(!new.exists());

        for path in [&old, &new] {
            Destination::open(path).unwrap().begin().unwrap();
            assert_eq!(fs::read_to_string(path).unwrap(), "");
        }
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let failure = Destination::open(Path::new("/nonexistent/trace")).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "cannot write the trace /nonexistent/trace: No such file or directory (ENOENT)"
        );
        assert!(Destination::open(Path::new("/")).unwrap_err().to_string().contains("EISDIR"));
    }
}
