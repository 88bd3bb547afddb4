//! Names for what is open, and names for what is not there: [`link_fd`], whiteouts.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, CWD};
use rustix::io::{self, Errno};

use crate::audit::Arg;
use crate::{At, FileType, Result, StatResult, audit, mknod, sys};

/// Gives the file that a descriptor is open on the name `dst`: a file that was made
/// without one by `TMPFILE`, or (as [`link`](crate::link)) one more.
///
/// Works on `O_PATH` descriptors too. Before Linux 6.10 the direct way needs the
/// capability `CAP_DAC_READ_SEARCH`; without, it goes through `/proc`.
///
/// # Errors
/// - `ENOENT`: the last name of the file is gone, or it was made with `TMPFILE | EXCL`.
/// - as [`link`](crate::link).
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/link.2.html),
/// [`O_TMPFILE`](https://man7.org/linux/man-pages/man2/open.2.html)
#[doc(alias = "linkat")]
#[doc(alias = "AT_EMPTY_PATH")]
pub fn link_fd<'a>(fd: impl AsFd, dst: impl Into<At<'a>>) -> Result<()> {
    let (fd, dst) = (fd.as_fd(), dst.into().check()?);
    audit::raise("os.link", || {
        let [dst, dst_dir] = dst.audit();
        [Arg::fd(fd), dst, Arg::Int(-1), dst_dir]
    })?;
    match dst.with_c_str(|dir, path| rustix::fs::linkat(fd, c"", dir, path, AtFlags::EMPTY_PATH)) {
        // What a caller without the capability is told, and who asks for a file that
        // gets no name any more.
        Err(Errno::NOENT) if sys::proc_fd::is_there() => Ok(link_by_proc(fd, dst)?),
        result => Ok(result?),
    }
}

fn link_by_proc(fd: BorrowedFd<'_>, dst: At<'_>) -> io::Result<()> {
    sys::proc_fd::with_path(fd, b"", |src| {
        dst.with_c_str(|dir, dst| rustix::fs::linkat(CWD, src, dir, dst, AtFlags::SYMLINK_FOLLOW))
    })
}

/// Makes a whiteout: the device 0:0, by which an overlay hides a name of the layer
/// beneath. Needs no privilege since Linux 5.8.
///
/// # Errors
/// - `EEXIST`: the name exists. `EPERM`: an older kernel.
///
/// # References
/// [Linux](https://docs.kernel.org/filesystems/overlayfs.html#whiteouts-and-opaque-directories)
pub fn whiteout<'a>(at: impl Into<At<'a>>) -> Result<()> {
    mknod(at, libc::S_IFCHR, 0)
}

/// Whether this is the status of a whiteout.
pub fn is_whiteout(stat: &StatResult) -> bool {
    stat.file_type() == FileType::CharacterDevice && stat.st_rdev() == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Follow, Mode, OFlags, RenameFlags, lstat, open, rename_with, stat};

    #[test]
    fn a_file_without_a_name_gets_one() {
        let dir = tempfile::tempdir().unwrap();
        let place = open(dir.path(), OFlags::PATH, Mode::empty()).unwrap();
        let flags = OFlags::TMPFILE | OFlags::RDWR;
        let fd = match open(dir.path(), flags, Mode::RUSR | Mode::WUSR) {
            Err(Error::Os(Errno::OPNOTSUPP)) => {
                eprintln!("not run: no O_TMPFILE in {}", dir.path().display());
                return;
            }
            result => result.unwrap(),
        };
        assert_eq!(crate::fstat(&fd).unwrap().st_nlink(), 0);
        link_fd(&fd, (&place, "f")).unwrap();
        assert_eq!(stat((&place, "f"), Follow::No).unwrap().st_nlink(), 1);
        assert_eq!(link_fd(&fd, (&place, "f")).unwrap_err().errno(), Errno::EXIST);

        let hidden = open(dir.path(), flags | OFlags::EXCL, Mode::RUSR).unwrap();
        assert_eq!(link_fd(&hidden, (&place, "g")).unwrap_err().errno(), Errno::NOENT);
    }

    #[test]
    fn the_way_through_proc_gives_a_name_too() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "").unwrap();
        let fd = open(&dir.path().join("f"), OFlags::PATH, Mode::empty()).unwrap();
        link_by_proc(fd.as_fd(), (&dir.path().join("g")).into()).unwrap();
        assert_eq!(crate::fstat(&fd).unwrap().st_nlink(), 2);
    }

    #[test]
    fn a_whiteout_is_what_rename_leaves_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("a"), "").unwrap();
        match whiteout(&path("w")) {
            Err(Error::Os(Errno::PERM)) => {
                eprintln!("not run: device nodes are not permitted here");
                return;
            }
            result => result.unwrap(),
        }
        assert!(is_whiteout(&lstat(&path("w")).unwrap()));
        assert!(!is_whiteout(&lstat(&path("a")).unwrap()));
        match rename_with(&path("a"), &path("b"), RenameFlags::WHITEOUT) {
            Err(Error::Os(Errno::INVAL | Errno::PERM)) => eprintln!("not run: no RENAME_WHITEOUT here"),
            result => {
                result.unwrap();
                assert!(is_whiteout(&lstat(&path("a")).unwrap()));
            }
        }
    }
}
