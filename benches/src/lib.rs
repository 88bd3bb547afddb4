//! What each layer costs: the same operations on three rungs, of which each stands on the
//! one below.
//!
//! - `rustix`: the system call.
//! - `fs-core`: the library, on the same directory.
//! - `mounted`: the library, on a live mount of that directory.
//!
//! [`operation`] is what is measured, [`place`] where, [`mount`] the live mount, [`requests`]
//! how many requests the kernel sends to it, and [`table`] the comparison at the end.
//!
//! Two others are for other questions: [`library`], what the library's calls cost beside those of
//! others, and [`peers`], what the mount costs beside other passthrough file systems. [`floor`] is a
//! file system that costs only what FUSE itself does, for comparison.

pub mod floor;
pub mod library;
pub mod mount;
pub mod operation;
pub mod peers;
pub mod place;
pub mod requests;
pub mod rung;
pub mod table;
