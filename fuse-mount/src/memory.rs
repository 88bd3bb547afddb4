#![cfg_attr(
    target_env = "gnu",
    expect(unsafe_code, reason = "settings of the C library, which neither rustix nor std has")
)]
//! Memory of the daemon as the system sees it.

/// Keeps large buffers apart from the rest, as pages that are there once they are used.
///
/// Each server reads into 16 MiB, of which a request seldom uses more than some pages. Left to itself the C
/// library puts such a buffer among the small objects as soon as one has been freed, and clears the
/// whole of it.
pub(crate) fn keep_buffers_apart() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes any two numbers, and is called before the first thread.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20);
    }
}

/// Gives memory that is free but still the process's back to the system: the C library keeps it after
/// many small objects were freed.
pub(crate) fn give_back() {
    // SAFETY: it takes any number, and only touches what is free.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}
