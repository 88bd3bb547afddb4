//! Calls of Linux that Python's `os` module lacks and file systems need.

mod dents;
mod storage;

pub use dents::{RawEntries, RawEntry, getdents};
pub use storage::{FallocateFlags, fallocate, syncfs};
