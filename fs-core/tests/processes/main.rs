//! Processes: how they are started, signalled and waited for. One file a subject; a
//! test's name is its claim.
//!
//! What is about all children of a process runs in a process of its own.
#![expect(clippy::unwrap_used, reason = "functions that only tests call, which clippy does not take for tests")]

#[path = "../alone/mod.rs"]
mod alone;
mod ends;
mod execs;
mod fixture;
mod posix_spawns;
mod shells;
mod signals;
mod spawns;
mod waits;
