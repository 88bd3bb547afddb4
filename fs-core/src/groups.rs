//! The supplementary groups of the process, and those that a user is in.

use crate::{Gid, PathArg, Result, sys};

/// The supplementary groups of the process. Whether the effective group is among them
/// is not said.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getgroups.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getgroups)
#[doc(alias = "os.getgroups")]
pub fn getgroups() -> Result<Vec<Gid>> {
    Ok(sys::ids::getgroups()?)
}

/// Replaces the supplementary groups, for all threads of the process.
///
/// # Errors
/// - `EPERM`: no capability `CAP_SETGID`. `EINVAL`: more than 65536 groups.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/setgroups.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.setgroups)
#[doc(alias = "os.setgroups")]
pub fn setgroups(groups: &[Gid]) -> Result<()> {
    Ok(sys::ids::setgroups(groups)?)
}

/// Makes the groups that a user is in, and `group`, those of the process, for all threads.
///
/// A user who is not known is in none.
///
/// # Errors
/// - `EPERM`: no capability `CAP_SETGID`.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man3/initgroups.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.initgroups)
#[doc(alias = "os.initgroups")]
pub fn initgroups<'a>(user: impl Into<PathArg<'a>>, group: Gid) -> Result<()> {
    let user = user.into().check()?;
    Ok(user.with_c_str(|user| sys::ids::initgroups(user, group))?)
}

/// The groups that a user is in, and `group`, which is usually the one of the user's entry
/// in the password file.
///
/// A user who is not known is in none, so that the list is `group` alone.
///
/// # Errors
/// - [`Error::EmbeddedNul`](crate::Error::EmbeddedNul).
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man3/getgrouplist.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getgrouplist)
#[doc(alias = "os.getgrouplist")]
pub fn getgrouplist<'a>(user: impl Into<PathArg<'a>>, group: Gid) -> Result<Vec<Gid>> {
    let user = user.into().check()?;
    Ok(user.with_c_str(|user| Ok(sys::ids::getgrouplist(user, group)))?)
}
