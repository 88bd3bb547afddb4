//! A passthrough file system: it shows a directory at a second place, exactly and
//! fast, and records what happens there.
//!
//! The way of a request: the kernel asks, [`filesystem`] decodes the request (the
//! only room that knows the fuser crate), a function of `ops` does it through
//! `fs_core`, [`filesystem`] answers the kernel and hands a [`trace::Record`] to
//! the tracer.

pub mod filesystem;
pub mod options;
pub mod trace;

pub use filesystem::PassthroughFs;
pub use options::{Cache, Options, Passthrough};
