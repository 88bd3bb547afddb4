//! What the fuzz targets do, as functions that are tested without a fuzzer.
//!
//! A comparer takes bytes, makes of them what is to be tried ([`source`]), tries it, and
//! returns an error that can be pasted: lines of the notation, and what was seen. The
//! targets in `fuzz_targets` are three lines each; `tests` replays the inputs that are
//! kept and runs each comparer for a moment on random bytes ([`random`]).
//!
//! - [`beneath`]: opening beneath a directory by single steps, against the kernel's `openat2`.
//! - [`mod@line`]: lines of the operation language read back as they were printed.

pub mod beneath;
pub mod jail;
pub mod kept;
pub mod line;
pub mod random;
pub mod source;
