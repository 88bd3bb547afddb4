//! What the calls promise beyond their system calls, and where rustix, the C library
//! or Python's document would lead astray. One file a subject; a test's name is its
//! claim.
#![expect(clippy::unwrap_used, reason = "functions that only tests call, which clippy does not take for tests")]

#[path = "../alone/mod.rs"]
mod alone;
mod attributes;
mod bytes;
mod descriptors;
mod directories;
mod fixture;
mod names;
mod nodes;
mod paths;
mod places;
mod process;
mod walks;
mod xattrs;
