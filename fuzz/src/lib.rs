//! The `fuzz` crate.
