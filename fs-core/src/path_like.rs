//! Values that stand for a path, as text or as bytes. On Linux both are the same bytes:
//! what Python's `surrogateescape` does is nothing here.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A value that stands for a path: whatever lends a [`Path`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.PathLike)
#[doc(alias = "os.PathLike")]
pub trait PathLike {
    /// The path that the value stands for.
    #[doc(alias = "os.PathLike.__fspath__")]
    fn fspath(&self) -> &OsStr;
}

impl<T: AsRef<Path> + ?Sized> PathLike for T {
    fn fspath(&self) -> &OsStr {
        self.as_ref().as_os_str()
    }
}

/// The path that a value stands for. A value that stands for none does not compile,
/// where Python raises `TypeError`.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.fspath)
#[doc(alias = "os.fspath")]
pub fn fspath(path: &(impl PathLike + ?Sized)) -> &OsStr {
    path.fspath()
}

/// The bytes of a path.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.fsencode)
#[doc(alias = "os.fsencode")]
pub fn fsencode(path: &(impl PathLike + ?Sized)) -> &[u8] {
    path.fspath().as_bytes()
}

/// Bytes as a path: the inverse of [`fsencode`], for all bytes.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.fsdecode)
#[doc(alias = "os.fsdecode")]
pub fn fsdecode(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_path_goes_to_bytes_and_back_whatever_they_are() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(fsencode(fsdecode(&bytes)), bytes);
        assert_eq!(fsencode("d/ü"), b"d/\xc3\xbc");
    }

    #[test]
    fn text_and_paths_stand_for_themselves_and_own_types_for_what_they_say() {
        struct Entry(PathBuf);
        impl AsRef<Path> for Entry {
            fn as_ref(&self) -> &Path {
                &self.0
            }
        }
        assert_eq!(fspath("a"), "a");
        assert_eq!(fspath(Path::new("a/")), "a/");
        assert_eq!(Entry("e".into()).fspath(), "e");
    }
}
