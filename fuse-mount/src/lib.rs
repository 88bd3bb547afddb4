//! A passthrough file system: it shows a directory at a second place, exactly and
//! fast, and records what happens there.
//!
//! The way of a request: the kernel asks, [`filesystem`] decodes the request (the
//! only room that knows the fuser crate), a function of `ops` does it through
//! `fs_core`, [`filesystem`] answers the kernel and hands a [`trace::Record`] to
//! the tracer.
//!
//! Around it: [`cli`] reads the command line, [`lifecycle`] mounts, waits and unmounts, and
//! [`run_cli`] is the whole program as a function.

mod backing;
pub mod cache;
pub mod caller;
pub mod cli;
pub mod exit;
pub mod filesystem;
pub mod found;
pub mod handle;
mod inspect;
pub mod lifecycle;
mod load;
mod memory;
pub mod node;
pub mod nodes;
pub mod number;
pub mod ops;
pub mod options;
mod reach;
pub mod room;
mod run;
pub mod summary;
pub mod trace;
pub mod watch;
pub mod words;
pub mod worker;

#[cfg(all(feature = "planted-faults", not(debug_assertions)))]
compile_error!("planted-faults is for tests: a release build must not have it");

pub use filesystem::PassthroughFs;
pub use inspect::run_trace_cli;
#[cfg(feature = "planted-faults")]
pub use ops::faults;
pub use options::{Cache, Options, Passthrough};
pub use run::run_cli;
