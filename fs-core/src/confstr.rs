//! Texts of the system that can be asked for by name: [`confstr`].

use std::ffi::{OsString, c_int};
use std::os::unix::ffi::OsStringExt;

use crate::{ConfName, Result, sys};

/// The names that [`confstr`] knows, in order, with their numbers: those of the GNU C
/// library (`bits/confname.h`), of which the libc crate lacks most.
#[doc(alias = "os.confstr_names")]
pub static CONFSTR_NAMES: &[(&str, c_int)] = &[
    ("CS_GNU_LIBC_VERSION", 2),
    ("CS_GNU_LIBPTHREAD_VERSION", 3),
    ("CS_LFS64_CFLAGS", 1004),
    ("CS_LFS64_LDFLAGS", 1005),
    ("CS_LFS64_LIBS", 1006),
    ("CS_LFS64_LINTFLAGS", 1007),
    ("CS_LFS_CFLAGS", 1000),
    ("CS_LFS_LDFLAGS", 1001),
    ("CS_LFS_LIBS", 1002),
    ("CS_LFS_LINTFLAGS", 1003),
    ("CS_PATH", 0),
    ("CS_XBS5_ILP32_OFF32_CFLAGS", 1100),
    ("CS_XBS5_ILP32_OFF32_LDFLAGS", 1101),
    ("CS_XBS5_ILP32_OFF32_LIBS", 1102),
    ("CS_XBS5_ILP32_OFF32_LINTFLAGS", 1103),
    ("CS_XBS5_ILP32_OFFBIG_CFLAGS", 1104),
    ("CS_XBS5_ILP32_OFFBIG_LDFLAGS", 1105),
    ("CS_XBS5_ILP32_OFFBIG_LIBS", 1106),
    ("CS_XBS5_ILP32_OFFBIG_LINTFLAGS", 1107),
    ("CS_XBS5_LP64_OFF64_CFLAGS", 1108),
    ("CS_XBS5_LP64_OFF64_LDFLAGS", 1109),
    ("CS_XBS5_LP64_OFF64_LIBS", 1110),
    ("CS_XBS5_LP64_OFF64_LINTFLAGS", 1111),
    ("CS_XBS5_LPBIG_OFFBIG_CFLAGS", 1112),
    ("CS_XBS5_LPBIG_OFFBIG_LDFLAGS", 1113),
    ("CS_XBS5_LPBIG_OFFBIG_LIBS", 1114),
    ("CS_XBS5_LPBIG_OFFBIG_LINTFLAGS", 1115),
];

/// The names that [`confstr`] knows, with their numbers.
pub fn confstr_names() -> impl ExactSizeIterator<Item = (&'static str, c_int)> {
    CONFSTR_NAMES.iter().copied()
}

/// A text of the system; `None` if it has no value, which is not the same as none of its
/// characters.
///
/// ```
/// assert_eq!(fs_core::confstr("CS_PATH"), Ok(Some("/bin:/usr/bin".into())));
/// ```
///
/// # Errors
/// - [`Error::Invalid`](crate::Error::Invalid): the name is not in [`CONFSTR_NAMES`].
/// - `EINVAL`: the C library does not know the number.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/confstr.html),
/// [Linux](https://man7.org/linux/man-pages/man3/confstr.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.confstr)
#[doc(alias = "os.confstr")]
pub fn confstr<'n>(name: impl Into<ConfName<'n>>) -> Result<Option<OsString>> {
    let number = name.into().number(CONFSTR_NAMES)?;
    Ok(sys::conf::confstr(number)?.map(OsString::from_vec))
}
