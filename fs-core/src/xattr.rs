//! Extended attributes.
//!
//! All four calls take a descriptor, a path, or (an extension) a path below a
//! directory descriptor. Values and lists of names are read into a vector, or into
//! the caller's buffer by the `_into` forms, which allocate nothing.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

pub use rustix::fs::XattrFlags;
use rustix::io;

use crate::audit::Arg;
use crate::sys::xattr::Call;
use crate::{Errno, Follow, PathArg, Result, Target, audit};

/// The largest value of an attribute, and the longest list of names, in bytes.
#[doc(alias = "os.XATTR_SIZE_MAX")]
pub const XATTR_SIZE_MAX: usize = 65536;

/// Gets the value of an attribute.
///
/// # Errors
/// - `ENODATA`: the file has no such attribute, or the caller may not see it.
/// - `ENOTSUP`: the file system, or the name's part before the dot, has none.
/// - [`Error::Conflict`](crate::Error::Conflict): a descriptor with [`Follow::No`].
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/getxattr.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getxattr)
#[doc(alias = "os.getxattr")]
#[doc(alias = "fgetxattr")]
#[doc(alias = "lgetxattr")]
pub fn getxattr<'a, 'n>(
    target: impl Into<Target<'a>>,
    name: impl Into<PathArg<'n>>,
    follow: Follow,
) -> Result<Vec<u8>> {
    let (target, name) = audited_get(target.into(), name.into(), follow)?;
    Ok(name.with_c_str(|name| read_all(|buf| Call::Get(name, buf).on(target, follow)))?)
}

/// Gets the value of an attribute into `value` and returns its length; with an
/// empty `value` the length only. Allocates nothing.
///
/// # Errors
/// As [`getxattr`]; `ERANGE`: `value` is too short.
#[doc(alias = "getxattr")]
pub fn getxattr_into<'a, 'n>(
    target: impl Into<Target<'a>>,
    name: impl Into<PathArg<'n>>,
    value: &mut [u8],
    follow: Follow,
) -> Result<usize> {
    let (target, name) = audited_get(target.into(), name.into(), follow)?;
    Ok(name.with_c_str(|name| Call::Get(name, value).on(target, follow))?)
}

fn audited_get<'a, 'n>(target: Target<'a>, name: PathArg<'n>, follow: Follow) -> Result<(Target<'a>, PathArg<'n>)> {
    let (target, name) = (target.check_follow(follow)?, name.check()?);
    audit::raise("os.getxattr", || [target.audit()[0], Arg::Bytes(name.as_bytes())])?;
    Ok((target, name))
}

/// Sets an attribute.
///
/// With `CREATE` it must be new, with `REPLACE` it must exist. With both and no such
/// attribute the answer is `ENODATA`, but XFS makes one. Python's document swaps the two
/// errors.
///
/// # Errors
/// - `EEXIST`: `CREATE`, and it exists. `ENODATA`: `REPLACE`, and it does not.
/// - `EPERM`: a `user.` attribute of what is neither a file nor a directory.
/// - `ENOTSUP`: as in [`getxattr`]. `EINVAL`: unknown flags.
/// - `ERANGE`: the name is empty or longer than 255 bytes. `E2BIG`: the value is longer than [`XATTR_SIZE_MAX`].
/// - `ENOSPC`, `EDQUOT`: no room, of which there is one block in some file systems.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/setxattr.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setxattr)
#[doc(alias = "os.setxattr")]
#[doc(alias = "fsetxattr")]
#[doc(alias = "lsetxattr")]
pub fn setxattr<'a, 'n>(
    target: impl Into<Target<'a>>,
    name: impl Into<PathArg<'n>>,
    value: &[u8],
    flags: XattrFlags,
    follow: Follow,
) -> Result<()> {
    let (target, name) = (target.into().check_follow(follow)?, name.into().check()?);
    audit::raise("os.setxattr", || {
        [target.audit()[0], Arg::Bytes(name.as_bytes()), Arg::Bytes(value), Arg::Int(flags.bits().into())]
    })?;
    name.with_c_str(|name| Call::Set(name, value, flags).on(target, follow))?;
    Ok(())
}

/// Lists the names of the attributes that the caller may see, in no order.
///
/// # Errors
/// - `ENOTSUP`: the file system has none.
/// - [`Error::Conflict`](crate::Error::Conflict): a descriptor with [`Follow::No`].
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/listxattr.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.listxattr)
#[doc(alias = "os.listxattr")]
#[doc(alias = "flistxattr")]
#[doc(alias = "llistxattr")]
pub fn listxattr<'a>(target: impl Into<Target<'a>>, follow: Follow) -> Result<Vec<OsString>> {
    let target = audited_list(target.into(), follow)?;
    let names = read_all(|buf| Call::List(buf).on(target, follow))?;
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| OsString::from_vec(name.to_vec())).collect())
}

/// Lists the names of the attributes into `names`, each with a NUL at its end, and
/// returns the length; with an empty `names` the length only. Allocates nothing.
///
/// # Errors
/// As [`listxattr`]; `ERANGE`: `names` is too short.
#[doc(alias = "listxattr")]
pub fn listxattr_into<'a>(target: impl Into<Target<'a>>, names: &mut [u8], follow: Follow) -> Result<usize> {
    let target = audited_list(target.into(), follow)?;
    Ok(Call::List(names).on(target, follow)?)
}

fn audited_list(target: Target<'_>, follow: Follow) -> Result<Target<'_>> {
    let target = target.check_follow(follow)?;
    audit::raise("os.listxattr", || [target.audit()[0]])?;
    Ok(target)
}

/// Removes an attribute.
///
/// # Errors
/// - `ENODATA`: the file has no such attribute.
/// - `ENOTSUP`, `EPERM`: as in [`setxattr`].
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/removexattr.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.removexattr)
#[doc(alias = "os.removexattr")]
#[doc(alias = "fremovexattr")]
#[doc(alias = "lremovexattr")]
pub fn removexattr<'a, 'n>(target: impl Into<Target<'a>>, name: impl Into<PathArg<'n>>, follow: Follow) -> Result<()> {
    let (target, name) = (target.into().check_follow(follow)?, name.into().check()?);
    audit::raise("os.removexattr", || [target.audit()[0], Arg::Bytes(name.as_bytes())])?;
    name.with_c_str(|name| Call::Remove(name).on(target, follow))?;
    Ok(())
}

/// Reads what may grow between being measured and being read.
fn read_all(mut read: impl FnMut(&mut [u8]) -> io::Result<usize>) -> io::Result<Vec<u8>> {
    // Most values fit, and then one call is enough.
    let mut buf = vec![0; 256];
    loop {
        match read(&mut buf) {
            Ok(length) => {
                buf.truncate(length);
                return Ok(buf);
            }
            Err(Errno::RANGE) if buf.len() < XATTR_SIZE_MAX => {
                let measured = read(&mut [])?;
                buf.resize(measured.max(buf.len() + 1), 0);
            }
            Err(errno) => return Err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_value_that_grows_between_measuring_and_reading() {
        let mut length = 300;
        let mut calls = 0;
        let value = read_all(|buf| {
            calls += 1;
            if buf.is_empty() {
                let measured = length;
                length += if length < 400 { 50 } else { 0 };
                return Ok(measured);
            }
            if buf.len() < length { Err(Errno::RANGE) } else { Ok(length) }
        });
        assert_eq!(value.unwrap().len(), 400);
        assert_eq!(calls, 7);
    }

    #[test]
    fn gives_up_at_the_largest_size() {
        assert_eq!(read_all(|buf| if buf.is_empty() { Ok(70_000) } else { Err(Errno::RANGE) }), Err(Errno::RANGE));
    }

    #[test]
    fn an_empty_buffer_measures_in_every_form() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (path, dir) = (file.path(), std::fs::File::open(file.path().parent().unwrap()).unwrap());
        let dir = std::os::fd::OwnedFd::from(dir);
        let name = path.file_name().unwrap();
        match setxattr(path, "user.a", b"12345", XattrFlags::empty(), Follow::Yes) {
            Err(error) if error.errno() == Errno::OPNOTSUPP => return eprintln!("not run: no user attributes here"),
            result => result.unwrap(),
        }
        let targets = [Target::from(file.as_file()), path.into(), (&dir, name).into()];
        for (target, follow) in targets.into_iter().flat_map(|target| [(target, Follow::Yes), (target, Follow::No)]) {
            if matches!((target, follow), (Target::Fd(_), Follow::No)) {
                continue;
            }
            assert_eq!(getxattr_into(target, "user.a", &mut [], follow), Ok(5), "{target:?}");
            assert!(listxattr_into(target, &mut [], follow).unwrap() > "user.a".len(), "{target:?}");
        }
    }
}
