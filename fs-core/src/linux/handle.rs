//! File handles: names of inodes that outlive descriptors and renames.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::os::fd::{AsFd, OwnedFd};

use bitflags::bitflags;
use rustix::io::retry_on_intr;

use crate::audit::Arg;
use crate::{Error, Follow, OFlags, Result, Target, audit, sys};

bitflags! {
    /// What kind of handle [`name_to_handle_at`] gives.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct HandleFlags: u32 {
        /// A handle that need not be one to open by: more file systems have it (Linux 6.5).
        const FID = libc::AT_HANDLE_FID as u32;
        /// The mount id is one that is never used again (Linux 6.12).
        const MNT_ID_UNIQUE = libc::AT_HANDLE_MNT_ID_UNIQUE as u32;

        const _ = !0;
    }
}

/// A handle: the bytes by which a file system finds an inode, and their type.
///
/// Compared and hashed by both. An inode that takes the number of a removed one has
/// another handle.
#[derive(Clone, Copy)]
#[doc(alias = "file_handle")]
pub struct FileHandle(pub(crate) sys::handle::RawHandle);

impl FileHandle {
    /// The most bytes that a handle has.
    #[doc(alias = "MAX_HANDLE_SZ")]
    pub const MAX_SIZE: usize = sys::handle::MAX_SIZE;

    /// The handle of these bytes, as [`bytes`](FileHandle::bytes) gave them before.
    ///
    /// # Errors
    /// [`Error::Invalid`]: more than [`MAX_SIZE`](FileHandle::MAX_SIZE) bytes.
    pub fn new(handle_type: i32, bytes: &[u8]) -> Result<Self> {
        match sys::handle::RawHandle::new(handle_type, bytes) {
            Some(handle) => Ok(FileHandle(handle)),
            None => Err(Error::Invalid("a file handle has at most 128 bytes")),
        }
    }

    /// The file system's type for the bytes.
    pub fn handle_type(&self) -> i32 {
        self.0.handle_type
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl PartialEq for FileHandle {
    fn eq(&self, other: &Self) -> bool {
        (self.handle_type(), self.bytes()) == (other.handle_type(), other.bytes())
    }
}

impl Eq for FileHandle {}

impl Hash for FileHandle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.handle_type(), self.bytes()).hash(state);
    }
}

impl fmt::Debug for FileHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileHandle({}, {:02x?})", self.handle_type(), self.bytes())
    }
}

/// Gets the handle of what a descriptor is open on, `O_PATH` ones included, or of what
/// a path names, and the id of its mount. Allocates nothing.
///
/// # Errors
/// - `EOPNOTSUPP`: the file system has no handles (without `FID`: none to open by).
/// - `EINVAL`: the kernel does not know a flag.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/open_by_handle_at.2.html)
pub fn name_to_handle_at<'a>(
    target: impl Into<Target<'a>>,
    follow: Follow,
    flags: HandleFlags,
) -> Result<(FileHandle, u64)> {
    let unique = flags.contains(HandleFlags::MNT_ID_UNIQUE);
    let (handle, mount) = match target.into().check_follow(follow)? {
        Target::Fd(fd) => sys::handle::of(fd, c"", flags.bits() | libc::AT_EMPTY_PATH.cast_unsigned(), unique),
        Target::Path(at) => {
            // The opposite of most calls: a link is followed only if asked for.
            let follow = match follow {
                Follow::Yes => libc::AT_SYMLINK_FOLLOW.cast_unsigned(),
                Follow::No => 0,
            };
            at.with_c_str(|dir, path| sys::handle::of(dir, path, flags.bits() | follow, unique))
        }
    }?;
    Ok((FileHandle(handle), mount))
}

/// Opens the inode of a handle on the mount of `mount`, which must not be an `O_PATH`
/// descriptor. The descriptor is not inheritable.
///
/// The event is `open` without a path.
///
/// # Errors
/// - `ESTALE`: the inode is gone. `EPERM`: no capability `CAP_DAC_READ_SEARCH`.
/// - `EBADF`: `mount` is an `O_PATH` descriptor.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/open_by_handle_at.2.html)
pub fn open_by_handle_at(mount: impl AsFd, handle: &FileHandle, flags: OFlags) -> Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC;
    audit::raise("open", || [Arg::None, Arg::None, Arg::Int(flags.bits().into())])?;
    Ok(retry_on_intr(|| sys::handle::open(mount.as_fd(), &handle.0, flags))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Errno, Mode, fstat, open, read, rename, stat};

    #[test]
    fn a_handle_outlives_a_rename_and_not_the_inode() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        std::fs::write(&old, "text").unwrap();
        let (handle, _) = match name_to_handle_at(&old, Follow::No, HandleFlags::empty()) {
            Err(Error::Os(Errno::OPNOTSUPP)) => {
                eprintln!("not run: the file system of {} has no handles", dir.path().display());
                return;
            }
            result => result.unwrap(),
        };
        rename(&old, &new).unwrap();
        let place = open(&new, OFlags::PATH, Mode::empty()).unwrap();
        assert_eq!(name_to_handle_at(&place, Follow::Yes, HandleFlags::empty()).unwrap().0, handle);

        let mount = open(dir.path(), OFlags::DIRECTORY, Mode::empty()).unwrap();
        let copy = FileHandle::new(handle.handle_type(), handle.bytes()).unwrap();
        let fd = match open_by_handle_at(&mount, &copy, OFlags::RDONLY) {
            Err(Error::Os(Errno::PERM)) => {
                eprintln!("not run: opening by handle needs CAP_DAC_READ_SEARCH");
                return;
            }
            result => result.unwrap(),
        };
        assert_eq!(fstat(&fd).unwrap().st_ino(), stat(&new, Follow::Yes).unwrap().st_ino());
        assert_eq!(read(&fd, &mut [0; 8]), Ok(4));
        drop((fd, place));
        crate::unlink(&new).unwrap();
        assert_eq!(open_by_handle_at(&mount, &handle, OFlags::RDONLY).unwrap_err().errno(), Errno::STALE);
    }

    #[test]
    fn an_o_path_descriptor_does_not_stand_for_a_mount() {
        let place = open("/", OFlags::PATH, Mode::empty()).unwrap();
        let handle = FileHandle::new(1, &[0; 8]).unwrap();
        let errno = open_by_handle_at(&place, &handle, OFlags::RDONLY).unwrap_err().errno();
        assert!(matches!(errno, Errno::BADF | Errno::PERM), "{errno}");
    }

    #[test]
    fn refuses_more_bytes_than_a_handle_has() {
        assert!(FileHandle::new(1, &[0; 128]).is_ok());
        assert!(matches!(FileHandle::new(1, &[0; 129]), Err(Error::Invalid(_))));
    }

    #[test]
    fn the_mount_id_is_the_one_that_statx_tells() {
        let dir = tempfile::tempdir().unwrap();
        let Ok((_, mount)) = name_to_handle_at(dir.path(), Follow::Yes, HandleFlags::FID) else {
            eprintln!("not run: the file system of {} has no handles", dir.path().display());
            return;
        };
        let x = crate::linux::statx(dir.path(), Follow::Yes, crate::linux::StatxFlags::MNT_ID).unwrap();
        assert_eq!(Some(mount), x.mnt_id());
        match name_to_handle_at(dir.path(), Follow::Yes, HandleFlags::FID | HandleFlags::MNT_ID_UNIQUE) {
            Ok((_, unique)) => {
                let x = crate::linux::statx(dir.path(), Follow::Yes, crate::linux::MNT_ID_UNIQUE).unwrap();
                assert_eq!(Some(unique), x.mnt_id());
            }
            Err(error) => assert_eq!(error.errno(), Errno::INVAL, "only an old kernel may refuse"),
        }
    }
}
