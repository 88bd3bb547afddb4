#![cfg_attr(target_env = "gnu", expect(unsafe_code, reason = "malloc_trim, which neither rustix nor std has"))]
//! Memory of the daemon as the system sees it.

/// Gives memory that is free but still the process's back to the system: the C library keeps it after
/// many small objects were freed.
pub(crate) fn give_back() {
    // SAFETY: it takes any number, and only touches what is free.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}
