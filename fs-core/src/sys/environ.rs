#![expect(unsafe_code, reason = "the environment is memory that the C library shares with everybody")]
//! The environment as the C library has it.

use std::ffi::{CStr, OsStr, c_char};

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// Calls `take` with each string of the environment, in order.
///
/// Not through the standard library, which takes `=x=y` for a variable `=x`, where
/// Python sees one whose name is empty, and which sees nothing in `=x`.
pub(crate) fn for_each(mut take: impl FnMut(&[u8])) {
    // SAFETY: who writes the environment promised (the contract of `setenv`, of
    // `std::env::set_var` and of `putenv` here) that nobody reads it meanwhile.
    let mut at = unsafe { environ };
    while !at.is_null() {
        // SAFETY: within the array, which ends with a null pointer.
        let string = unsafe { *at };
        if string.is_null() {
            return;
        }
        // SAFETY: the array holds C strings.
        take(unsafe { CStr::from_ptr(string) }.to_bytes());
        // SAFETY: the null pointer was not reached yet.
        at = unsafe { at.add(1) };
    }
}

/// Sets a variable of the environment.
///
/// The standard library's, whose readers it keeps out meanwhile. It panics for a name
/// that is empty or holds `=` or NUL, and for a value with NUL.
///
/// # Safety
/// No other thread may read or write the environment, unless through `std::env`.
pub(crate) unsafe fn set(name: &OsStr, value: &OsStr) {
    // SAFETY: the caller promises it.
    unsafe { std::env::set_var(name, value) };
}

/// Takes a variable out of the environment.
///
/// # Safety
/// As [`set`].
pub(crate) unsafe fn unset(name: &OsStr) {
    // SAFETY: the caller promises it.
    unsafe { std::env::remove_var(name) };
}
