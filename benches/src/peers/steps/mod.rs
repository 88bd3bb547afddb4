//! What a client does: each step a loop that is measured, without what it takes to begin and end.

use std::ffi::CString;
use std::io;
use std::path::PathBuf;

use rustix::time::{ClockId, clock_gettime};

pub mod data;
pub mod mapping;
pub mod metadata;
pub mod names;
pub mod programs;

/// What a client knows. Its working directory is the root of its mount.
#[derive(Debug)]
pub struct Context {
    /// Which of several clients it is.
    pub index: usize,
    /// The root of its mount.
    pub root: PathBuf,
    /// The archive of the tree.
    pub archive: PathBuf,
}

impl Context {
    /// The whole path of a name below the root, as most programs use them.
    pub(crate) fn path(&self, name: &str) -> CString {
        CString::new(self.root.join(name).into_os_string().into_encoded_bytes()).expect("no argument has a NUL byte")
    }
}

/// From when to when something was done, in nanoseconds of a clock that all processes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub from_ns: u64,
    /// When it had ended.
    pub to_ns: u64,
}

/// Does something so often.
///
/// # Errors
/// Those of the operation, at the first that fails.
pub(crate) fn timed(count: u64, mut operation: impl FnMut(u64) -> io::Result<()>) -> io::Result<Span> {
    let from_ns = now_ns();
    for index in 0..count {
        operation(index)?;
    }
    Ok(Span { from_ns, to_ns: now_ns() })
}

/// The time of a clock that all processes share.
pub(crate) fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
