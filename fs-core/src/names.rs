//! Calls that make, move and remove names.

pub use rustix::fs::RenameFlags;

use crate::{At, Result, audit};

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
