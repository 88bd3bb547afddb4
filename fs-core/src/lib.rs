//! Python's `os` module for Rust, on [rustix].
//!
//! Public functions carry the names of Python's `os` module and take what the
//! Python functions take: a path, a descriptor, or a path relative to a
//! directory descriptor ([`Target`], [`At`]). Where Linux contradicts Python's
//! document, the doc comment says so and the function does what the kernel does.
//!
//! Calls that the document lacks and file systems need are in [`linux`]. The
//! operation language, which says any of these calls as one line of text, is in
//! [`op`].
//!
//! The library is not async, does not log, and never prints.

mod at;
mod error;
mod names;
mod stat;
mod sys;

pub mod audit;
pub mod op;

pub use at::{At, Follow, PathArg, Target};
pub use error::{Class, Errno, Error, PathError, Result, Unsupported};
pub use names::{RenameFlags, rename, rename_with, replace};
pub use stat::{StatResult, fstat, lstat, stat};
