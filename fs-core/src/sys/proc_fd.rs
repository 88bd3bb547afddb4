//! Paths of open descriptors below `/proc/self/fd`, for calls that take neither an
//! `O_PATH` descriptor nor a directory descriptor with a path.

use std::ffi::CStr;
use std::io::Write;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::io::{self, Errno};

use crate::{At, Follow, Mode, OFlags};

/// What [`with_path`] answers where `/proc` is not mounted, as the C library does.
pub(crate) const NO_PROC: Errno = Errno::OPNOTSUPP;

/// Whether `/proc` is mounted.
pub(crate) fn is_there() -> bool {
    rustix::fs::access("/proc/self/fd", rustix::fs::Access::EXISTS).is_ok()
}

/// Opens a place without opening what is there.
pub(crate) fn open_path(at: At<'_>, follow: Follow) -> io::Result<OwnedFd> {
    let mut flags = OFlags::PATH | OFlags::CLOEXEC;
    if follow == Follow::No {
        flags |= OFlags::NOFOLLOW;
    }
    at.with_c_str(|dir, path| rustix::fs::openat(dir, path, flags.into(), Mode::empty()))
}

/// Calls `call` with `/proc/self/fd/N`, or with `/proc/self/fd/N/below` if `below`
/// is not empty.
///
/// # Errors
/// `ENAMETOOLONG` if that is too long for a path, [`NO_PROC`] without `/proc`.
pub(crate) fn with_path<T>(
    fd: BorrowedFd<'_>,
    below: &[u8],
    call: impl FnOnce(&CStr) -> io::Result<T>,
) -> io::Result<T> {
    let mut path = [0; libc::PATH_MAX as usize];
    let room = path.len();
    let mut rest = &mut path[..];
    let separator = if below.is_empty() { "" } else { "/" };
    write!(rest, "/proc/self/fd/{}{separator}", fd.as_raw_fd()).expect("the beginning is short");
    if rest.len() <= below.len() {
        return Err(Errno::NAMETOOLONG);
    }
    rest[..below.len()].copy_from_slice(below);
    let end = room - rest.len() + below.len();
    let path = CStr::from_bytes_with_nul(&path[..=end]).map_err(|_| Errno::INVAL)?;
    match call(path) {
        Err(Errno::NOENT) if !is_there() => Err(NO_PROC),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn names_the_descriptor_and_what_is_below_it() {
        let file = tempfile::tempfile().unwrap();
        let number = file.as_raw_fd();
        let own = |path: &CStr| Ok(path.to_str().unwrap().to_owned());
        assert_eq!(with_path(file.as_fd(), b"", own).unwrap(), format!("/proc/self/fd/{number}"));
        assert_eq!(with_path(file.as_fd(), b"a/b", own).unwrap(), format!("/proc/self/fd/{number}/a/b"));
    }

    #[test]
    fn refuses_a_path_that_becomes_too_long() {
        let file = tempfile::tempfile().unwrap();
        let result = with_path(file.as_fd(), &[b'a'; 4090], |_| Ok(()));
        assert_eq!(result, Err(Errno::NAMETOOLONG));
    }
}
