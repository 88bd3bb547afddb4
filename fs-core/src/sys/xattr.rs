#![expect(unsafe_code, reason = "system calls that rustix lacks")]
//! Extended attributes of a descriptor, a path, or a path below a directory descriptor.
//!
//! The last form has calls of its own since Linux 6.13. Before, it is a path below
//! `/proc/self/fd`.

use std::ffi::{CStr, c_long};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::fs::{self, CWD, XattrFlags};
use rustix::io::{self, Errno};

use super::linux::{Feature, check};
use super::proc_fd;
use crate::{At, Follow, Target};

/// One of the four calls, with all its arguments but the file.
pub(crate) enum Call<'a> {
    /// Reads a value into the buffer.
    Get(&'a CStr, &'a mut [u8]),
    /// Stores a value.
    Set(&'a CStr, &'a [u8], XattrFlags),
    /// Reads the names into the buffer, each with a NUL at its end.
    List(&'a mut [u8]),
    /// Removes an attribute.
    Remove(&'a CStr),
}

impl Call<'_> {
    /// Makes the call; the count of bytes for those that read, else 0.
    pub(crate) fn on(&mut self, target: Target<'_>, follow: Follow) -> io::Result<usize> {
        match target {
            Target::Fd(fd) => self.on_fd(fd),
            Target::Path(at) => match at.without_dir() {
                Some(path) => path.with_c_str(|path| self.on_path(path, follow)),
                None => self.at(at, follow),
            },
        }
    }

    fn on_fd(&mut self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        match self {
            // rustix answers 0 for an empty buffer, not the length that there is.
            Call::Get(name, []) => fs::fgetxattr_query(fd, *name),
            Call::Get(name, buf) => fs::fgetxattr(fd, *name, &mut **buf),
            Call::Set(name, value, flags) => fs::fsetxattr(fd, *name, value, *flags).map(|()| 0),
            Call::List([]) => fs::flistxattr_query(fd),
            Call::List(buf) => fs::flistxattr(fd, &mut **buf),
            Call::Remove(name) => fs::fremovexattr(fd, *name).map(|()| 0),
        }
    }

    fn on_path(&mut self, path: &CStr, follow: Follow) -> io::Result<usize> {
        match (self, follow) {
            // As above.
            (Call::Get(name, []), Follow::Yes) => fs::getxattr_query(path, *name),
            (Call::Get(name, []), Follow::No) => fs::lgetxattr_query(path, *name),
            (Call::List([]), Follow::Yes) => fs::listxattr_query(path),
            (Call::List([]), Follow::No) => fs::llistxattr_query(path),
            (Call::Get(name, buf), Follow::Yes) => fs::getxattr(path, *name, &mut **buf),
            (Call::Get(name, buf), Follow::No) => fs::lgetxattr(path, *name, &mut **buf),
            (Call::Set(name, value, flags), Follow::Yes) => fs::setxattr(path, *name, value, *flags).map(|()| 0),
            (Call::Set(name, value, flags), Follow::No) => fs::lsetxattr(path, *name, value, *flags).map(|()| 0),
            (Call::List(buf), Follow::Yes) => fs::listxattr(path, &mut **buf),
            (Call::List(buf), Follow::No) => fs::llistxattr(path, &mut **buf),
            (Call::Remove(name), Follow::Yes) => fs::removexattr(path, *name).map(|()| 0),
            (Call::Remove(name), Follow::No) => fs::lremovexattr(path, *name).map(|()| 0),
        }
    }

    fn at(&mut self, at: At<'_>, follow: Follow) -> io::Result<usize> {
        match XATTRAT.call(|| at.with_c_str(|dir, path| self.raw_at(dir, path, follow))) {
            Some(result) => result,
            None => self.at_by_proc(at, follow),
        }
    }

    fn at_by_proc(&mut self, at: At<'_>, follow: Follow) -> io::Result<usize> {
        let below = at.path.as_bytes();
        if below.is_empty() {
            return Err(Errno::NOENT);
        }
        match proc_fd::with_path(at.dir_or_cwd(), below, |path| self.on_path(path, follow)) {
            // A path of more than 4070 bytes is too long behind `/proc/self/fd/N`.
            Err(Errno::NAMETOOLONG) => {
                let place = proc_fd::open_path(at, follow)?;
                proc_fd::with_path(place.as_fd(), b"", |path| self.on_path(path, Follow::Yes))
            }
            result => result,
        }
    }

    fn raw_at(&mut self, dir: BorrowedFd<'_>, path: &CStr, follow: Follow) -> io::Result<usize> {
        let (dir, path, flags) = (dir.as_raw_fd(), path.as_ptr(), follow.at_flags().bits());
        let args_size = size_of::<XattrArgs>();
        check(match self {
            Call::Get(name, buf) => {
                let mut args = XattrArgs::new(buf.as_mut_ptr(), buf.len(), 0);
                // SAFETY: the path and the name are C strings, and the kernel writes at
                // most as many bytes as `args` says to the buffer that it names.
                unsafe { libc::syscall(SYS_GETXATTRAT, dir, path, flags, name.as_ptr(), &raw mut args, args_size) }
            }
            Call::Set(name, value, set) => {
                let args = XattrArgs::new(value.as_ptr(), value.len(), set.bits());
                // SAFETY: as above, and the kernel only reads the value.
                unsafe { libc::syscall(SYS_SETXATTRAT, dir, path, flags, name.as_ptr(), &raw const args, args_size) }
            }
            // SAFETY: the kernel writes at most as many bytes as the buffer has.
            Call::List(buf) => unsafe { libc::syscall(SYS_LISTXATTRAT, dir, path, flags, buf.as_mut_ptr(), buf.len()) },
            // SAFETY: the path and the name are C strings that outlive the call.
            Call::Remove(name) => unsafe { libc::syscall(SYS_REMOVEXATTRAT, dir, path, flags, name.as_ptr()) },
        })
    }
}

// One number on every architecture but Alpha; libc has them for some only.
const SYS_SETXATTRAT: c_long = 463;
const SYS_GETXATTRAT: c_long = 464;
const SYS_LISTXATTRAT: c_long = 465;
const SYS_REMOVEXATTRAT: c_long = 466;

/// `struct xattr_args` of the kernel.
#[repr(C, align(8))]
struct XattrArgs {
    value: u64,
    size: u32,
    flags: u32,
}

impl XattrArgs {
    fn new(value: *const u8, size: usize, flags: u32) -> Self {
        XattrArgs { value: value.expose_provenance() as u64, size: u32::try_from(size).unwrap_or(u32::MAX), flags }
    }
}

static XATTRAT: Feature = Feature::new(|| Call::List(&mut []).raw_at(CWD, c"", Follow::Yes).map(drop));
