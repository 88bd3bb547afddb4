//! [`openat2`]: opening with limits on how the path is resolved.

use std::os::fd::OwnedFd;

pub use rustix::fs::ResolveFlags;
use rustix::io::retry_on_intr;

use crate::files::audited_open;
use crate::{At, Mode, OFlags, Result};

/// Opens a path, resolved as `resolve` says.
///
/// - `BENEATH`: an absolute path, or `..` or a link that leads above the directory
///   descriptor, is `EXDEV`.
/// - `IN_ROOT`: the directory descriptor is the root; nothing leads above it.
/// - `NO_SYMLINKS`, `NO_MAGICLINKS`: a link on the way is `ELOOP`.
/// - `NO_XDEV`: a mount point on the way is `EXDEV`.
/// - `CACHED`: `EAGAIN` if it cannot be done without waiting.
///
/// The descriptor is not inheritable. Unlike [`open`](crate::open) it does not ignore
/// what it does not know: unknown flags, and a mode without `CREAT` or `TMPFILE`, are `EINVAL`.
///
/// # Errors
/// As [`open`](crate::open) and above; `EAGAIN`: something was renamed meanwhile, try again;
/// `ENOSYS`: before Linux 5.6; `EPERM`: perhaps a sandbox that does not know the call.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/openat2.2.html)
pub fn openat2<'a>(at: impl Into<At<'a>>, flags: OFlags, mode: Mode, resolve: ResolveFlags) -> Result<OwnedFd> {
    let (at, flags) = audited_open(at.into(), flags)?;
    Ok(at.with_c_str(|dir, path| retry_on_intr(|| rustix::fs::openat2(dir, path, flags, mode, resolve)))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Errno, open};

    #[test]
    fn beneath_means_that_no_path_leads_out() {
        let top = tempfile::tempdir().unwrap();
        let inside = top.path().join("in");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(inside.join("f"), "").unwrap();
        std::os::unix::fs::symlink("..", inside.join("up")).unwrap();
        std::os::unix::fs::symlink("f", inside.join("link")).unwrap();
        let dir = open(&inside, OFlags::PATH, Mode::empty()).unwrap();
        let try_open = |path: &str, resolve| openat2((&dir, path), OFlags::RDONLY, Mode::empty(), resolve).map(drop);
        let errno = |path, resolve| try_open(path, resolve).unwrap_err().errno();

        assert_eq!(try_open("f", ResolveFlags::BENEATH), Ok(()));
        assert_eq!(try_open("link", ResolveFlags::BENEATH), Ok(()));
        assert_eq!(errno("up", ResolveFlags::BENEATH), Errno::XDEV);
        assert_eq!(errno("/etc", ResolveFlags::BENEATH), Errno::XDEV);
        assert_eq!(errno("../in/f", ResolveFlags::BENEATH), Errno::XDEV);
        assert_eq!(errno("link", ResolveFlags::NO_SYMLINKS), Errno::LOOP);
        assert_eq!(try_open("up/f", ResolveFlags::IN_ROOT), Ok(()));
    }

    #[test]
    fn a_mode_without_creation_is_einval_unlike_in_open() {
        assert!(open("/", OFlags::PATH, Mode::RWXU).is_ok());
        let error = openat2("/", OFlags::PATH, Mode::RWXU, ResolveFlags::empty()).unwrap_err();
        assert_eq!(error.errno(), Errno::INVAL);
    }

    #[test]
    fn the_descriptor_is_not_inheritable() {
        let fd = openat2("/", OFlags::PATH, Mode::empty(), ResolveFlags::empty()).unwrap();
        assert!(!crate::get_inheritable(&fd).unwrap());
    }
}
