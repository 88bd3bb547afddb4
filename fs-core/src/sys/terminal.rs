#![expect(unsafe_code, reason = "functions of the C library that rustix lacks")]
//! What the C library knows of the user: the terminal, the login, the encoding.

use std::ffi::{CStr, c_char, c_int};

use rustix::io::{self, Errno};

unsafe extern "C" {
    // The form of `getlogin` that threads may call; the libc crate lacks it.
    fn getlogin_r(name: *mut c_char, size: libc::size_t) -> c_int;
}

pub(crate) fn ctermid() -> Vec<u8> {
    // More than `L_ctermid` of any C library.
    let mut path = [0; 64];
    // SAFETY: the path is written to the buffer, with its NUL.
    unsafe { libc::ctermid(path.as_mut_ptr()) };
    c_str(&path)
}

pub(crate) fn getlogin() -> io::Result<Vec<u8>> {
    // `LOGIN_NAME_MAX` is 256, with the NUL.
    let mut name = [0; 256];
    // SAFETY: the call writes at most as many bytes as it is told.
    match unsafe { getlogin_r(name.as_mut_ptr(), name.len()) } {
        0 => Ok(c_str(&name)),
        // That of Debian 13 tells them with a minus.
        errno => Err(Errno::from_raw_os_error(errno.abs())),
    }
}

fn c_str(chars: &[c_char]) -> Vec<u8> {
    chars.iter().take_while(|char| **char != 0).map(|char| char.to_ne_bytes()[0]).collect()
}

/// The encoding of the locale that the user has chosen, whatever the locale of the process
/// is: a program in Rust has that of C, unless it sets one.
pub(crate) fn user_encoding() -> String {
    // SAFETY: the name is a C string, and no locale is given to be changed.
    let mut locale = unsafe { libc::newlocale(libc::LC_CTYPE_MASK, c"".as_ptr(), std::ptr::null_mut()) };
    if locale.is_null() {
        // The user has chosen one that is not there. That of C always is.
        // SAFETY: as above.
        locale = unsafe { libc::newlocale(libc::LC_CTYPE_MASK, c"C".as_ptr(), std::ptr::null_mut()) };
    }
    assert!(!locale.is_null(), "the locale of C exists");
    // SAFETY: the locale is valid.
    let name = unsafe { libc::nl_langinfo_l(libc::CODESET, locale) };
    // SAFETY: a C string that lives as long as the locale.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
    // SAFETY: made above, and used nowhere else.
    unsafe { libc::freelocale(locale) };
    name
}
