//! A panic in the midst of a node operation, to show that it costs one request.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::sync::LazyLock;

/// The variable of the environment that names the attribute whose reading panics.
pub const VARIABLE: &str = "OSPREY_PLANTED_PANIC";

static PLANTED: LazyLock<Option<OsString>> = LazyLock::new(|| std::env::var_os(VARIABLE));

/// Panics if it is this attribute's turn.
pub(super) fn panic_at(name: &[u8]) {
    assert!(PLANTED.as_ref().is_none_or(|planted| planted.as_bytes() != name), "planted");
}
