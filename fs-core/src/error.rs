//! What can go wrong in a call: one `Copy` type without path or allocation.
//!
//! An `ENOENT` on a lookup must cost nothing, so the path is added only where a
//! person will read it, with [`Error::with_path`].

use std::fmt;
use std::path::{Path, PathBuf};

pub use rustix::io::Errno;

use crate::op::errno;

/// The result of every call of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias = "OSError")]
#[doc(alias = "os.error")]
pub enum Error {
    /// The kernel refused the call.
    Os(Errno),
    /// A path or name holds a NUL byte. Python's `ValueError: embedded null byte`,
    /// raised before any call.
    EmbeddedNul,
    /// Two arguments exclude each other, as `follow_symlinks=False` with a
    /// descriptor does. Python's `ValueError`, raised before any call.
    Conflict(&'static str),
    /// An argument is outside what the call can take. Python's `ValueError` or
    /// `OverflowError`, raised before any call.
    Invalid(&'static str),
    /// An audit hook refused the call; see [`crate::audit`].
    Refused,
    /// The name exists in Python's document but not on this system.
    Unsupported(Unsupported),
}

/// Where a name of the `os` module lives, when it does not exist here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsupported {
    /// The BSDs and macOS.
    Bsd,
    /// macOS.
    MacOs,
    /// Solaris and its derivatives.
    Solaris,
    /// Some Unix of old, or one that follows an option of POSIX that Linux does not.
    OtherUnix,
    /// Windows.
    Windows,
    /// Linux, but not this kernel, C library or sandbox.
    ThisKernel,
}

/// The Python exception that stands for an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// `BlockingIOError`: `EAGAIN`, `EALREADY`, `EINPROGRESS`.
    BlockingIOError,
    /// `BrokenPipeError`: `EPIPE`, `ESHUTDOWN`.
    BrokenPipeError,
    /// `ChildProcessError`: `ECHILD`.
    ChildProcessError,
    /// `ConnectionAbortedError`: `ECONNABORTED`.
    ConnectionAbortedError,
    /// `ConnectionRefusedError`: `ECONNREFUSED`.
    ConnectionRefusedError,
    /// `ConnectionResetError`: `ECONNRESET`.
    ConnectionResetError,
    /// `FileExistsError`: `EEXIST`.
    FileExistsError,
    /// `FileNotFoundError`: `ENOENT`.
    FileNotFoundError,
    /// `InterruptedError`: `EINTR`.
    InterruptedError,
    /// `IsADirectoryError`: `EISDIR`.
    IsADirectoryError,
    /// `NotADirectoryError`: `ENOTDIR`.
    NotADirectoryError,
    /// `NotImplementedError`: the name or combination does not exist here.
    NotImplementedError,
    /// `OSError` itself: every other errno.
    OSError,
    /// `PermissionError`: `EACCES`, `EPERM`.
    PermissionError,
    /// `ProcessLookupError`: `ESRCH`.
    ProcessLookupError,
    /// `TimeoutError`: `ETIMEDOUT`.
    TimeoutError,
    /// `ValueError`: an argument was refused before any call.
    ValueError,
}

impl Error {
    /// The errno to answer a caller with.
    ///
    /// Errors raised before any call have the errno that the kernel would give:
    /// `EINVAL`, `EPERM` for a refusal by an audit hook, `ENOSYS` for a name
    /// that does not exist here.
    pub fn errno(self) -> Errno {
        match self {
            Error::Os(errno) => errno,
            Error::EmbeddedNul | Error::Conflict(_) | Error::Invalid(_) => Errno::INVAL,
            Error::Refused => Errno::PERM,
            Error::Unsupported(_) => Errno::NOSYS,
        }
    }

    /// The Python exception that CPython raises for this error (PEP 3151).
    pub fn class(self) -> Class {
        let errno = match self {
            Error::Os(errno) => errno,
            Error::EmbeddedNul | Error::Conflict(_) | Error::Invalid(_) => return Class::ValueError,
            Error::Refused => return Class::PermissionError,
            Error::Unsupported(_) => return Class::NotImplementedError,
        };
        match errno {
            Errno::AGAIN | Errno::ALREADY | Errno::INPROGRESS => Class::BlockingIOError,
            Errno::PIPE | Errno::SHUTDOWN => Class::BrokenPipeError,
            Errno::CHILD => Class::ChildProcessError,
            Errno::CONNABORTED => Class::ConnectionAbortedError,
            Errno::CONNREFUSED => Class::ConnectionRefusedError,
            Errno::CONNRESET => Class::ConnectionResetError,
            Errno::EXIST => Class::FileExistsError,
            Errno::NOENT => Class::FileNotFoundError,
            Errno::INTR => Class::InterruptedError,
            Errno::ISDIR => Class::IsADirectoryError,
            Errno::NOTDIR => Class::NotADirectoryError,
            Errno::ACCESS | Errno::PERM => Class::PermissionError,
            Errno::SRCH => Class::ProcessLookupError,
            Errno::TIMEDOUT => Class::TimeoutError,
            _ => Class::OSError,
        }
    }

    /// Adds the path, for a message that a person will read.
    pub fn with_path(self, path: impl AsRef<Path>) -> PathError {
        PathError { error: self, path: path.as_ref().to_owned() }
    }
}

impl From<Error> for Errno {
    /// What a file server answers: [`Error::errno`].
    fn from(error: Error) -> Self {
        error.errno()
    }
}

impl From<Errno> for Error {
    #[inline]
    fn from(errno: Errno) -> Self {
        Error::Os(errno)
    }
}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        std::io::Error::from_raw_os_error(error.errno().raw_os_error())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // `No such file or directory (ENOENT)`: the C library's words, then
            // the name that manual pages index.
            Error::Os(errno) => {
                let message = std::io::Error::from_raw_os_error(errno.raw_os_error()).to_string();
                let words = message.split(" (os error").next().unwrap_or(&message);
                write!(f, "{words} ({})", errno::display(*errno))
            }
            Error::EmbeddedNul => f.write_str("the path holds a NUL byte"),
            Error::Conflict(what) | Error::Invalid(what) => f.write_str(what),
            Error::Refused => f.write_str("refused by an audit hook"),
            Error::Unsupported(place) => write!(f, "{place}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Os(errno) => write!(f, "Os({})", errno::display(*errno)),
            Error::EmbeddedNul => f.write_str("EmbeddedNul"),
            Error::Conflict(what) => write!(f, "Conflict({what:?})"),
            Error::Invalid(what) => write!(f, "Invalid({what:?})"),
            Error::Refused => f.write_str("Refused"),
            Error::Unsupported(place) => write!(f, "Unsupported({place:?})"),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unsupported::Bsd => "exists on the BSDs and macOS, not on Linux",
            Unsupported::MacOs => "exists on macOS, not on Linux",
            Unsupported::Solaris => "exists on Solaris, not on Linux",
            Unsupported::OtherUnix => "exists on other Unix systems, not on Linux",
            Unsupported::Windows => "exists on Windows, not on Linux",
            Unsupported::ThisKernel => "not supported by this kernel, C library or sandbox",
        })
    }
}

/// An [`Error`] with the path that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// What went wrong.
    pub error: Error,
    /// What it went wrong with.
    pub path: PathBuf,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for PathError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_small_and_copy() {
        fn copy<T: Copy>() {}
        copy::<Error>();
        assert!(size_of::<Error>() <= 24);
    }

    #[test]
    fn names_the_thing_the_words_and_the_errno() {
        let error = Error::Os(Errno::NOENT).with_path("a");
        assert_eq!(error.to_string(), "a: No such file or directory (ENOENT)");
    }
}
