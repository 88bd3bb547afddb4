#![expect(unsafe_code, reason = "replacing the process: neither std nor rustix makes these calls one by one")]
//! Replacing the program of the process: `execve`, `fexecve`, `execveat`.
//!
//! None of them allocates or takes a lock, so that the child of a fork may call them.

use std::ffi::{CStr, CString, c_char};
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

use super::linux::last_errno;

/// Strings as the kernel takes arguments and environments: an array of pointers that
/// ends with a null pointer.
#[derive(Debug)]
pub(crate) struct CStrings {
    strings: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl CStrings {
    pub(crate) fn new(strings: Vec<CString>) -> Self {
        // A CString keeps its bytes on the heap: they stay where they are when it moves.
        let pointers = strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect();
        CStrings { strings, pointers }
    }

    pub(crate) fn strings(&self) -> &[CString] {
        &self.strings
    }

    pub(super) fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

/// Returns only if it fails, as all of this file.
pub(crate) fn execve(path: &CStr, argv: &CStrings, envp: &CStrings) -> Errno {
    // SAFETY: C strings, and arrays of them that end with a null pointer.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
    last_errno()
}

pub(crate) fn fexecve(fd: BorrowedFd<'_>, argv: &CStrings, envp: &CStrings) -> Errno {
    // SAFETY: arrays of C strings that end with a null pointer.
    unsafe { libc::fexecve(fd.as_raw_fd(), argv.as_ptr(), envp.as_ptr()) };
    last_errno()
}

/// The program that is open, which need not have a name nor `/proc` be there.
pub(crate) fn execveat_fd(fd: BorrowedFd<'_>, argv: &CStrings, envp: &CStrings) -> Errno {
    let (fd, empty) = (fd.as_raw_fd(), c"".as_ptr());
    // SAFETY: a C string, and arrays of them that end with a null pointer.
    unsafe { libc::syscall(libc::SYS_execveat, fd, empty, argv.as_ptr(), envp.as_ptr(), libc::AT_EMPTY_PATH) };
    last_errno()
}

/// The C library has this call since its version 2.34 only.
pub(crate) fn execveat(dir: BorrowedFd<'_>, path: &CStr, argv: &CStrings, envp: &CStrings) -> Errno {
    let dir = dir.as_raw_fd();
    // SAFETY: a C string, and arrays of them that end with a null pointer.
    unsafe { libc::syscall(libc::SYS_execveat, dir, path.as_ptr(), argv.as_ptr(), envp.as_ptr(), 0) };
    last_errno()
}
