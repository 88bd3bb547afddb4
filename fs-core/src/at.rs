//! What a call is about: [`Target`] (descriptor, path, or path below a
//! directory descriptor) and [`At`] (a path, perhaps below a directory descriptor).
//!
//! One argument stands for Python's `path`, `dir_fd` and "path may be a
//! descriptor", so that the combinations that Python refuses at run time
//! (`fd` with `dir_fd`) cannot be written.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD};
use rustix::io;
use rustix::path::Arg;

use crate::audit;
use crate::{Error, Result};

/// Whether a call follows a symbolic link at the end of the path.
///
/// Python's `follow_symlinks`, whose default is [`Follow::Yes`] unless a
/// function says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[doc(alias = "follow_symlinks")]
pub enum Follow {
    /// Acts on what the link points to.
    #[default]
    Yes,
    /// Acts on the link itself.
    No,
}

/// The bytes of a path, borrowed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PathArg<'a>(Repr<'a>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Repr<'a> {
    Bytes(&'a [u8]),
    C(&'a CStr),
}

impl<'a> PathArg<'a> {
    /// The bytes, without a terminating NUL.
    #[inline]
    pub fn as_bytes(self) -> &'a [u8] {
        match self.0 {
            Repr::Bytes(bytes) => bytes,
            Repr::C(path) => path.to_bytes(),
        }
    }

    /// Refuses a NUL byte, as Python does before any call.
    #[inline]
    pub(crate) fn check(self) -> Result<Self> {
        match self.0 {
            Repr::Bytes(bytes) if bytes.contains(&0) => Err(Error::EmbeddedNul),
            _ => Ok(self),
        }
    }

    /// Calls `call` with the path as a C string. A path of up to 255 bytes is
    /// put on the stack, a longer one on the heap.
    #[inline]
    pub(crate) fn with_c_str<T>(self, call: impl FnOnce(&CStr) -> io::Result<T>) -> io::Result<T> {
        match self.0 {
            Repr::Bytes(bytes) => bytes.into_with_c_str(call),
            Repr::C(path) => call(path),
        }
    }
}

impl fmt::Debug for PathArg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(OsStr::from_bytes(self.as_bytes()), f)
    }
}

/// A path, resolved from the working directory or from a directory descriptor
/// (Python's `dir_fd`).
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// Where a relative path starts; the working directory if `None`.
    pub dir: Option<BorrowedFd<'a>>,
    /// The path.
    pub path: PathArg<'a>,
}

impl<'a> At<'a> {
    /// The path `path`, resolved from `dir`.
    pub fn new(dir: &'a impl AsFd, path: impl Into<PathArg<'a>>) -> Self {
        At { dir: Some(dir.as_fd()), path: path.into() }
    }

    /// Refuses a NUL byte, as Python does before any call.
    #[inline]
    pub(crate) fn check(self) -> Result<Self> {
        self.path.check()?;
        Ok(self)
    }

    /// The descriptor to give to an `*at` call.
    #[inline]
    pub(crate) fn dir_or_cwd(self) -> BorrowedFd<'a> {
        self.dir.unwrap_or(CWD)
    }

    /// The path, if it means the same to a call that takes no directory descriptor.
    #[inline]
    pub(crate) fn without_dir(self) -> Option<PathArg<'a>> {
        match self.dir {
            Some(_) if !self.path.as_bytes().starts_with(b"/") => None,
            _ => Some(self.path),
        }
    }

    /// The arguments of an audit event: path, and `dir_fd` or -1.
    pub(crate) fn audit(self) -> [audit::Arg<'a>; 2] {
        [audit::Arg::Bytes(self.path.as_bytes()), audit::Arg::dir_fd(self.dir)]
    }

    /// Calls `call` with the descriptor to start from and the path as a C string.
    #[inline]
    pub(crate) fn with_c_str<T>(self, call: impl FnOnce(BorrowedFd<'a>, &CStr) -> io::Result<T>) -> io::Result<T> {
        self.path.with_c_str(|path| call(self.dir_or_cwd(), path))
    }
}

/// An open descriptor, or a path.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// What the descriptor is open on.
    Fd(BorrowedFd<'a>),
    /// What the path names.
    Path(At<'a>),
}

impl<'a> Target<'a> {
    /// Refuses a NUL byte, as Python does before any call.
    #[inline]
    pub(crate) fn check(self) -> Result<Self> {
        if let Target::Path(at) = self {
            at.check()?;
        }
        Ok(self)
    }

    /// Refuses a NUL byte, and a descriptor that is not to be followed: Python's
    /// `ValueError: cannot use fd and follow_symlinks together`.
    #[inline]
    pub(crate) fn check_follow(self, follow: Follow) -> Result<Self> {
        match (self, follow) {
            (Target::Fd(_), Follow::No) => Err(Error::Conflict("a descriptor cannot be combined with follow=no")),
            _ => self.check(),
        }
    }

    /// The arguments of an audit event: path or descriptor, and `dir_fd` or -1.
    pub(crate) fn audit(self) -> [audit::Arg<'a>; 2] {
        match self {
            Target::Fd(fd) => [audit::Arg::fd(fd), audit::Arg::Int(-1)],
            Target::Path(at) => at.audit(),
        }
    }
}

impl<'a> From<At<'a>> for Target<'a> {
    #[inline]
    fn from(at: At<'a>) -> Self {
        Target::Path(at)
    }
}

macro_rules! from_fd {
    ($($fd:ty),*) => {$(
        impl<'a> From<$fd> for Target<'a> {
            #[inline]
            fn from(fd: $fd) -> Self {
                Target::Fd(fd.as_fd())
            }
        }
    )*};
}
from_fd!(&'a OwnedFd, &'a File, &'a BorrowedFd<'_>);

impl<'a> From<BorrowedFd<'a>> for Target<'a> {
    #[inline]
    fn from(fd: BorrowedFd<'a>) -> Self {
        Target::Fd(fd)
    }
}

macro_rules! from_path {
    ($($path:ty: $arg:ident => $bytes:expr),* $(,)?) => {$(
        impl<'a> From<$path> for PathArg<'a> {
            #[inline]
            fn from($arg: $path) -> Self {
                PathArg($bytes)
            }
        }
        impl<'a> From<$path> for At<'a> {
            #[inline]
            fn from(path: $path) -> Self {
                At { dir: None, path: path.into() }
            }
        }
        impl<'a> From<(BorrowedFd<'a>, $path)> for At<'a> {
            #[inline]
            fn from((dir, path): (BorrowedFd<'a>, $path)) -> Self {
                At { dir: Some(dir), path: path.into() }
            }
        }
        impl<'a> From<(&'a OwnedFd, $path)> for At<'a> {
            #[inline]
            fn from((dir, path): (&'a OwnedFd, $path)) -> Self {
                At { dir: Some(dir.as_fd()), path: path.into() }
            }
        }
        impl<'a> From<$path> for Target<'a> {
            #[inline]
            fn from(path: $path) -> Self {
                Target::Path(path.into())
            }
        }
        impl<'a> From<(BorrowedFd<'a>, $path)> for Target<'a> {
            #[inline]
            fn from(at: (BorrowedFd<'a>, $path)) -> Self {
                Target::Path(at.into())
            }
        }
        impl<'a> From<(&'a OwnedFd, $path)> for Target<'a> {
            #[inline]
            fn from(at: (&'a OwnedFd, $path)) -> Self {
                Target::Path(at.into())
            }
        }
    )*};
}
from_path! {
    &'a [u8]: path => Repr::Bytes(path),
    &'a Vec<u8>: path => Repr::Bytes(path),
    &'a str: path => Repr::Bytes(path.as_bytes()),
    &'a String: path => Repr::Bytes(path.as_bytes()),
    &'a OsStr: path => Repr::Bytes(path.as_bytes()),
    &'a OsString: path => Repr::Bytes(path.as_bytes()),
    &'a Path: path => Repr::Bytes(path.as_os_str().as_bytes()),
    &'a PathBuf: path => Repr::Bytes(path.as_os_str().as_bytes()),
    &'a CStr: path => Repr::C(path),
    &'a CString: path => Repr::C(path),
}

impl<'a> From<PathArg<'a>> for At<'a> {
    #[inline]
    fn from(path: PathArg<'a>) -> Self {
        At { dir: None, path }
    }
}

impl<'a> From<PathArg<'a>> for Target<'a> {
    #[inline]
    fn from(path: PathArg<'a>) -> Self {
        Target::Path(path.into())
    }
}

impl Follow {
    /// The flags of an `*at` call that follows unless told not to.
    #[inline]
    pub(crate) fn at_flags(self) -> AtFlags {
        match self {
            Follow::Yes => AtFlags::empty(),
            Follow::No => AtFlags::SYMLINK_NOFOLLOW,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_nul_byte_before_any_call() {
        assert_eq!(At::from("a\0b").check().unwrap_err(), Error::EmbeddedNul);
    }

    #[test]
    fn refuses_a_descriptor_that_is_not_to_be_followed() {
        let file = tempfile::tempfile().unwrap();
        let error = Target::from(&file).check_follow(Follow::No).unwrap_err();
        assert!(matches!(error, Error::Conflict(_)));
    }
}
