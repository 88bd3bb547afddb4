//! Calls that make, move and remove names.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustix::fs::AtFlags;
pub use rustix::fs::RenameFlags;

use crate::audit::Arg;
use crate::{At, Follow, Mode, PathArg, Result, audit};

/// Renames `src` to `dst`, replacing `dst` if it exists.
///
/// Atomic: another process sees the old name or the new, never neither. If both
/// names are links to one inode, nothing happens and both names remain.
///
/// As Python's `os.rename` on Unix; [`replace`] is the same call under its
/// portable name.
///
/// # Errors
/// - `ENOTEMPTY` or `EEXIST`: `dst` is a directory with entries in it.
/// - `EISDIR`: `dst` is a directory and `src` is not; `ENOTDIR`: the reverse.
/// - `EINVAL`: `dst` is inside `src`, or a name ends in `.` or `..` (`EBUSY` on Linux).
/// - `EXDEV`: the names are on different mounts, even mounts of one file system.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/rename.html),
/// [Linux](https://man7.org/linux/man-pages/man2/rename.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.rename)
#[doc(alias = "os.rename")]
#[doc(alias = "renameat")]
pub fn rename<'a, 'b>(src: impl Into<At<'a>>, dst: impl Into<At<'b>>) -> Result<()> {
    rename_with(src, dst, RenameFlags::empty())
}

/// Renames `src` to `dst`, replacing `dst` if it exists: [`rename`] under its
/// portable name.
///
/// Python's document says that a directory as `dst` is an error; on Linux an
/// empty directory gives way to a directory, as in `rename`.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.replace)
#[doc(alias = "os.replace")]
pub fn replace<'a, 'b>(src: impl Into<At<'a>>, dst: impl Into<At<'b>>) -> Result<()> {
    rename(src, dst)
}

/// Renames `src` to `dst` as `flags` say. An extension: Python has no flags.
///
/// - `NOREPLACE`: fails with `EEXIST` if `dst` exists.
/// - `EXCHANGE`: swaps the two names, of any types; both must exist.
/// - `WHITEOUT`: leaves a whiteout (a 0:0 character device) at `src`.
///
/// # Errors
/// As [`rename`], and `EINVAL` for flags that exclude each other or that the file
/// system does not know.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/rename.2.html)
#[doc(alias = "renameat2")]
#[inline]
pub fn rename_with<'a, 'b>(src: impl Into<At<'a>>, dst: impl Into<At<'b>>, flags: RenameFlags) -> Result<()> {
    let (src, dst) = (src.into().check()?, dst.into().check()?);
    audit::raise("os.rename", || {
        let ([src, src_dir], [dst, dst_dir]) = (src.audit(), dst.audit());
        [src, dst, src_dir, dst_dir]
    })?;
    Ok(src.with_c_str(|src_dir, src| {
        dst.with_c_str(|dst_dir, dst| {
            if flags.is_empty() {
                // Kernels and sandboxes without `renameat2` know this one.
                rustix::fs::renameat(src_dir, src, dst_dir, dst)
            } else {
                rustix::fs::renameat_with(src_dir, src, dst_dir, dst, flags)
            }
        })
    })?)
}

/// Makes `dst` another name of the file `src`.
///
/// `follow` tells what happens if `src` is a symbolic link: with [`Follow::No`] the
/// link itself gets a second name. It is honoured always, where CPython before 3.14
/// follows only if a `dir_fd` is given.
///
/// # Errors
/// - `EEXIST`: `dst` exists. `EXDEV`: it would be on another mount.
/// - `EPERM`: `src` is a directory, is immutable, or belongs to somebody else and is
///   neither readable nor writable (`fs.protected_hardlinks`).
/// - `EMLINK`: the file has as many names as the file system can count.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/link.html),
/// [Linux](https://man7.org/linux/man-pages/man2/link.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.link)
#[doc(alias = "os.link")]
#[doc(alias = "linkat")]
pub fn link<'a, 'b>(src: impl Into<At<'a>>, dst: impl Into<At<'b>>, follow: Follow) -> Result<()> {
    let (src, dst) = (src.into().check()?, dst.into().check()?);
    audit::raise("os.link", || {
        let ([src, src_dir], [dst, dst_dir]) = (src.audit(), dst.audit());
        [src, dst, src_dir, dst_dir]
    })?;
    // The opposite of the other calls: a link is followed only if asked for.
    let flags = match follow {
        Follow::Yes => AtFlags::SYMLINK_FOLLOW,
        Follow::No => AtFlags::empty(),
    };
    Ok(src.with_c_str(|src_dir, src| {
        dst.with_c_str(|dst_dir, dst| rustix::fs::linkat(src_dir, src, dst_dir, dst, flags))
    })?)
}

/// Makes a symbolic link `dst` with the text `src`, which need not name anything.
///
/// # Errors
/// - `EEXIST`: `dst` exists, a dangling symbolic link included.
/// - `ENOENT`: `src` or `dst` is empty, or a directory of `dst` is missing.
/// - `ENAMETOOLONG`: `src` has more than 4095 bytes (XFS: 1023).
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/symlink.html),
/// [Linux](https://man7.org/linux/man-pages/man2/symlink.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.symlink)
#[doc(alias = "os.symlink")]
#[doc(alias = "symlinkat")]
pub fn symlink<'a, 'b>(src: impl Into<PathArg<'a>>, dst: impl Into<At<'b>>) -> Result<()> {
    let (src, dst) = (src.into().check()?, dst.into().check()?);
    audit::raise("os.symlink", || {
        let [dst, dir] = dst.audit();
        [Arg::Bytes(src.as_bytes()), dst, dir]
    })?;
    Ok(src.with_c_str(|src| dst.with_c_str(|dir, dst| rustix::fs::symlinkat(src, dir, dst)))?)
}

/// Reads the text of a symbolic link.
///
/// # Errors
/// - `EINVAL`: not a symbolic link.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/readlink.html),
/// [Linux](https://man7.org/linux/man-pages/man2/readlink.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.readlink)
#[doc(alias = "os.readlink")]
#[doc(alias = "readlinkat")]
pub fn readlink<'a>(at: impl Into<At<'a>>) -> Result<PathBuf> {
    let at = at.into().check()?;
    let text = at.with_c_str(|dir, path| rustix::fs::readlinkat(dir, path, Vec::new()))?;
    Ok(PathBuf::from(OsString::from_vec(text.into_bytes())))
}

/// Reads the text of a symbolic link into `text` and returns its length. Allocates
/// nothing.
///
/// A longer text is cut without a word, so that a full `text` may mean a longer one:
/// 4096 bytes are always enough.
///
/// # Errors
/// As [`readlink`]; `EINVAL`: `text` is empty.
#[doc(alias = "readlink")]
pub fn readlink_into<'a>(at: impl Into<At<'a>>, text: &mut [u8]) -> Result<usize> {
    let at = at.into().check()?;
    Ok(at.with_c_str(|dir, path| rustix::fs::readlinkat_raw(dir, path, text))?)
}

/// Removes a name that is not a directory's. The file goes with its last name, once
/// nobody has it open.
///
/// # Errors
/// - `EISDIR`: a directory (POSIX says `EPERM`).
/// - `EPERM`, `EACCES`: the directory does not let the caller, or is sticky and the file another's.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/unlink.html),
/// [Linux](https://man7.org/linux/man-pages/man2/unlink.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.unlink)
#[doc(alias = "os.unlink")]
#[doc(alias = "unlinkat")]
pub fn unlink<'a>(at: impl Into<At<'a>>) -> Result<()> {
    let at = at.into().check()?;
    audit::raise("os.remove", || at.audit())?;
    Ok(at.with_c_str(|dir, path| rustix::fs::unlinkat(dir, path, AtFlags::empty()))?)
}

/// Removes a name that is not a directory's: [`unlink`] under its portable name.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.remove)
#[doc(alias = "os.remove")]
pub fn remove<'a>(at: impl Into<At<'a>>) -> Result<()> {
    unlink(at)
}

/// Makes a directory. The umask cuts the mode, and the kernel keeps no more than
/// `0o1777` of it.
///
/// # Errors
/// - `EEXIST`: the name exists, a dangling symbolic link included.
/// - `EMLINK`: the parent has as many directories as the file system can count.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/mkdir.html),
/// [Linux](https://man7.org/linux/man-pages/man2/mkdir.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.mkdir)
#[doc(alias = "os.mkdir")]
#[doc(alias = "mkdirat")]
pub fn mkdir<'a>(at: impl Into<At<'a>>, mode: Mode) -> Result<()> {
    let at = at.into().check()?;
    audit::raise("os.mkdir", || {
        let [path, dir] = at.audit();
        [path, Arg::Int(mode.bits().into()), dir]
    })?;
    Ok(at.with_c_str(|dir, path| rustix::fs::mkdirat(dir, path, mode))?)
}

/// Removes an empty directory.
///
/// # Errors
/// - `ENOTEMPTY` (`EEXIST` on some systems): there are entries in it, or the path ends in `..`.
/// - `ENOTDIR`: not a directory; a symbolic link to one is not, not even with a slash at the end.
/// - `EINVAL`: the path ends in `.`. `EBUSY`: a mount point, or the root of a process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/rmdir.html),
/// [Linux](https://man7.org/linux/man-pages/man2/rmdir.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.rmdir)
#[doc(alias = "os.rmdir")]
pub fn rmdir<'a>(at: impl Into<At<'a>>) -> Result<()> {
    let at = at.into().check()?;
    audit::raise("os.rmdir", || at.audit())?;
    Ok(at.with_c_str(|dir, path| rustix::fs::unlinkat(dir, path, AtFlags::REMOVEDIR))?)
}
