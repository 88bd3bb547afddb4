#![expect(unsafe_code, reason = "functions of the C library that rustix lacks")]
//! Limits and texts of the system, and times, as the C library has them.

use std::ffi::c_int;

use rustix::io;

use super::linux::{last_errno, limit};

/// A limit of the system; `None` if there is none.
pub(crate) fn sysconf(name: c_int) -> io::Result<Option<i64>> {
    limit(|| {
        // SAFETY: numbers only.
        unsafe { libc::sysconf(name) }
    })
}

/// A text of the system, without NUL; `None` if it has no value.
pub(crate) fn confstr(name: c_int) -> io::Result<Option<Vec<u8>>> {
    text(|buf| {
        // SAFETY: the call writes at most as many bytes as there is room for.
        unsafe { libc::confstr(name, buf.as_mut_ptr().cast(), buf.len()) }
    })
}

/// What `ask` writes, which says how much room it needs with the NUL: 0 is "no value" if
/// `errno` stays 0, and an error if not.
fn text(mut ask: impl FnMut(&mut [u8]) -> usize) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    loop {
        let mut needed = 0;
        let answer = limit(|| {
            needed = ask(&mut text);
            if needed == 0 { -1 } else { 0 }
        })?;
        if answer.is_none() {
            return Ok(None);
        }
        if needed <= text.len() {
            text.truncate(needed - 1);
            return Ok(Some(text));
        }
        text.resize(needed, 0);
    }
}

/// The times of the process and its children, and since some moment in the past, in ticks.
pub(crate) fn times() -> io::Result<(libc::tms, libc::clock_t)> {
    let mut times = libc::tms { tms_utime: 0, tms_stime: 0, tms_cutime: 0, tms_cstime: 0 };
    // SAFETY: the times are written.
    match unsafe { libc::times(&raw mut times) } {
        -1 => Err(last_errno()),
        elapsed => Ok((times, elapsed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers as the C library does for a text that is there.
    fn answer(buf: &mut [u8], value: &[u8]) -> usize {
        let room = buf.len().min(value.len());
        buf[..room].copy_from_slice(&value[..room]);
        value.len()
    }

    #[test]
    fn a_length_of_0_is_no_value_and_a_length_of_1_an_empty_one() {
        assert_eq!(text(|_| 0), Ok(None));
        assert_eq!(text(|buf| answer(buf, b"\0")), Ok(Some(vec![])));
        assert_eq!(text(|buf| answer(buf, b"abc\0")), Ok(Some(b"abc".to_vec())));
    }

    #[test]
    fn a_text_that_grows_meanwhile_is_asked_for_again() {
        let mut values = [b"a\0".as_slice(), b"abc\0", b"ab\0"].into_iter();
        assert_eq!(text(|buf| answer(buf, values.next().unwrap())), Ok(Some(b"ab".to_vec())));
    }
}
