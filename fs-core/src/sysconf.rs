//! Limits that can be asked for by name: [`pathconf`] of a file, [`sysconf`] of the system.

use std::ffi::c_int;
use std::os::fd::AsFd;

use crate::{Error, Follow, Result, SYSCONF_NAMES, Target, sys};

/// Which limit or text is meant: a name of [`PATHCONF_NAMES`], [`SYSCONF_NAMES`] or
/// [`CONFSTR_NAMES`](crate::CONFSTR_NAMES), or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfName<'a> {
    /// A name as `PC_NAME_MAX`.
    Name(&'a str),
    /// A number as the C library has it, known here or not.
    Number(c_int),
}

impl<'a> From<&'a str> for ConfName<'a> {
    fn from(name: &'a str) -> Self {
        ConfName::Name(name)
    }
}

impl From<c_int> for ConfName<'_> {
    fn from(number: c_int) -> Self {
        ConfName::Number(number)
    }
}

impl ConfName<'_> {
    pub(crate) fn number(self, known: &[(&str, c_int)]) -> Result<c_int> {
        match self {
            ConfName::Number(number) => Ok(number),
            ConfName::Name(name) => match known.binary_search_by_key(&name, |(known, _)| known) {
                Ok(index) => Ok(known[index].1),
                Err(_) => Err(Error::Invalid("unrecognized configuration name")),
            },
        }
    }
}

/// The names that [`pathconf`] and [`fpathconf`] know, in order, with their numbers.
#[doc(alias = "os.pathconf_names")]
pub static PATHCONF_NAMES: &[(&str, c_int)] = &[
    ("PC_ALLOC_SIZE_MIN", libc::_PC_ALLOC_SIZE_MIN),
    ("PC_ASYNC_IO", libc::_PC_ASYNC_IO),
    ("PC_CHOWN_RESTRICTED", libc::_PC_CHOWN_RESTRICTED),
    ("PC_FILESIZEBITS", libc::_PC_FILESIZEBITS),
    ("PC_LINK_MAX", libc::_PC_LINK_MAX),
    ("PC_MAX_CANON", libc::_PC_MAX_CANON),
    ("PC_MAX_INPUT", libc::_PC_MAX_INPUT),
    ("PC_NAME_MAX", libc::_PC_NAME_MAX),
    ("PC_NO_TRUNC", libc::_PC_NO_TRUNC),
    ("PC_PATH_MAX", libc::_PC_PATH_MAX),
    ("PC_PIPE_BUF", libc::_PC_PIPE_BUF),
    ("PC_PRIO_IO", libc::_PC_PRIO_IO),
    ("PC_REC_INCR_XFER_SIZE", libc::_PC_REC_INCR_XFER_SIZE),
    ("PC_REC_MAX_XFER_SIZE", libc::_PC_REC_MAX_XFER_SIZE),
    ("PC_REC_MIN_XFER_SIZE", libc::_PC_REC_MIN_XFER_SIZE),
    ("PC_REC_XFER_ALIGN", libc::_PC_REC_XFER_ALIGN),
    ("PC_SOCK_MAXBUF", libc::_PC_SOCK_MAXBUF),
    ("PC_SYMLINK_MAX", libc::_PC_SYMLINK_MAX),
    ("PC_SYNC_IO", libc::_PC_SYNC_IO),
    ("PC_VDISABLE", libc::_PC_VDISABLE),
];

/// The names that [`pathconf`] and [`fpathconf`] know, with their numbers.
pub fn pathconf_names() -> impl ExactSizeIterator<Item = (&'static str, c_int)> {
    PATHCONF_NAMES.iter().copied()
}

/// A limit of what a path names or a descriptor is open on; `None` if there is none
/// (Python's -1).
///
/// On Linux the C library answers, from the status of the file system or from what it
/// was built with. A path below a directory descriptor is an extension.
///
/// ```
/// assert_eq!(fs_core::pathconf("/", "PC_PIPE_BUF"), Ok(Some(4096)));
/// ```
///
/// # Errors
/// - [`Error::Invalid`]: the name is not in [`PATHCONF_NAMES`].
/// - `EINVAL`: the number is unknown, or does not apply to this file.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/pathconf.html),
/// [Linux](https://man7.org/linux/man-pages/man3/pathconf.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.pathconf)
#[doc(alias = "os.pathconf")]
pub fn pathconf<'a, 'n>(target: impl Into<Target<'a>>, name: impl Into<ConfName<'n>>) -> Result<Option<i64>> {
    let number = name.into().number(PATHCONF_NAMES)?;
    Ok(match target.into().check()? {
        Target::Fd(fd) => sys::fpathconf(fd, number),
        Target::Path(at) => match at.without_dir() {
            Some(path) => path.with_c_str(|path| sys::pathconf(path, number)),
            None => sys::proc_fd::open_path(at, Follow::Yes).and_then(|fd| sys::fpathconf(fd.as_fd(), number)),
        },
    }?)
}

/// A limit of an open file: [`pathconf`] of a descriptor.
///
/// # Errors
/// As [`pathconf`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fpathconf.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.fpathconf)
#[doc(alias = "os.fpathconf")]
pub fn fpathconf<'n>(fd: impl AsFd, name: impl Into<ConfName<'n>>) -> Result<Option<i64>> {
    pathconf(fd.as_fd(), name)
}

/// A limit of the system; `None` if there is none (Python's -1).
///
/// ```
/// assert_eq!(fs_core::sysconf("SC_CLK_TCK"), Ok(Some(100)));
/// ```
///
/// # Errors
/// - [`Error::Invalid`]: the name is not in [`SYSCONF_NAMES`].
/// - `EINVAL`: the C library does not know the number.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sysconf.html),
/// [Linux](https://man7.org/linux/man-pages/man3/sysconf.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sysconf)
#[doc(alias = "os.sysconf")]
pub fn sysconf<'n>(name: impl Into<ConfName<'n>>) -> Result<Option<i64>> {
    let number = name.into().number(SYSCONF_NAMES)?;
    Ok(sys::conf::sysconf(number)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Errno, Mode, OFlags, open};

    #[test]
    fn the_names_are_in_order_and_each_is_found() {
        assert!(PATHCONF_NAMES.is_sorted());
        assert_eq!(pathconf_names().len(), 20);
        for (name, number) in pathconf_names() {
            assert_eq!(ConfName::from(name).number(PATHCONF_NAMES), Ok(number));
        }
    }

    #[test]
    fn a_path_a_descriptor_and_a_path_below_one_agree() {
        let dir = open("/", OFlags::PATH, Mode::empty()).unwrap();
        assert_eq!(pathconf("/", "PC_NAME_MAX"), Ok(Some(255)));
        assert_eq!(fpathconf(&dir, "PC_NAME_MAX"), Ok(Some(255)));
        assert_eq!(pathconf((&dir, "."), libc::_PC_NAME_MAX), Ok(Some(255)));
    }

    #[test]
    fn no_limit_is_none_and_an_unknown_number_an_error() {
        assert_eq!(pathconf("/", "PC_SYMLINK_MAX"), Ok(None));
        assert_eq!(pathconf("/", 4711), Err(Error::Os(Errno::INVAL)));
        assert!(matches!(pathconf("/", "PC_NO_SUCH"), Err(Error::Invalid(_))));
        assert_eq!(pathconf("/no/such", "PC_LINK_MAX"), Err(Error::Os(Errno::NOENT)));
    }
}
