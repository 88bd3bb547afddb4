//! The `fuse-mount` crate.
