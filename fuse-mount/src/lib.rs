//! A passthrough file system: it shows a directory at a second place, exactly and
//! fast, and records what happens there.
//!
//! The way of a request: the kernel asks, [`filesystem`] decodes the request (the
//! only room that knows the fuser crate), a function of `ops` does it through
//! `fs_core`, [`filesystem`] answers the kernel and hands a [`trace::Record`] to
//! the tracer.

pub mod cache;
pub mod caller;
pub mod filesystem;
pub mod handle;
pub mod node;
pub mod number;
pub mod options;
pub mod trace;
pub mod worker;

pub use filesystem::PassthroughFs;
pub use options::{Cache, Options, Passthrough};
