//! Files that are no regular files: pipes, devices, nodes in general, memory.

use std::os::fd::OwnedFd;

pub use rustix::fs::{Dev, MemfdFlags as MfdFlags, RawMode};
use rustix::fs::{FileType, MemfdFlags};
use rustix::io::retry_on_intr;
use rustix::pipe;
pub use rustix::pipe::PipeFlags;

use crate::{At, Errno, Error, Mode, PathArg, Result};

/// Makes a node: a regular file, a FIFO, a socket or a device, as the type bits of
/// `mode` say. No type bits mean a regular file. The umask cuts the permissions.
///
/// `device` counts for character and block devices only.
///
/// # Errors
/// - `EEXIST`: the name exists, a dangling symbolic link included.
/// - `EPERM`: a device without the capability `CAP_MKNOD`, or a directory.
/// - `EINVAL`: any other type, or a device number of more than 32 bits (XFS: 27).
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/mknod.html),
/// [Linux](https://man7.org/linux/man-pages/man2/mknod.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.mknod)
#[doc(alias = "os.mknod")]
#[doc(alias = "mknodat")]
pub fn mknod<'a>(at: impl Into<At<'a>>, mode: RawMode, device: Dev) -> Result<()> {
    let at = at.into().check()?;
    // The kernel takes 32 bits. The C library refuses more; rustix would cut the
    // number and make another node.
    if u32::try_from(device).is_err() {
        return Err(Error::Os(Errno::INVAL));
    }
    let file_type = match mode & libc::S_IFMT {
        // rustix knows no "unset", and says S_IFMT for what it does not know.
        0 => FileType::RegularFile,
        bits => FileType::from_raw_mode(bits),
    };
    let mode = Mode::from_bits_retain(mode & !libc::S_IFMT);
    Ok(at.with_c_str(|dir, path| retry_on_intr(|| rustix::fs::mknodat(dir, path, file_type, mode, device)))?)
}

/// Makes a FIFO, without opening it. The umask cuts the mode.
///
/// # Errors
/// - `EEXIST`: the name exists, a dangling symbolic link included.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/mkfifo.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.mkfifo)
#[doc(alias = "os.mkfifo")]
#[doc(alias = "mkfifoat")]
pub fn mkfifo<'a>(at: impl Into<At<'a>>, mode: Mode) -> Result<()> {
    let at = at.into().check()?;
    Ok(at.with_c_str(|dir, path| retry_on_intr(|| rustix::fs::mknodat(dir, path, FileType::Fifo, mode, 0)))?)
}

/// The major number of a device.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.major)
#[doc(alias = "os.major")]
pub fn major(device: Dev) -> u32 {
    rustix::fs::major(device)
}

/// The minor number of a device.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.minor)
#[doc(alias = "os.minor")]
pub fn minor(device: Dev) -> u32 {
    rustix::fs::minor(device)
}

/// The number of a device, from its major and minor numbers.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.makedev)
#[doc(alias = "os.makedev")]
pub fn makedev(major: u32, minor: u32) -> Dev {
    rustix::fs::makedev(major, minor)
}

/// Makes a pipe: the end to read from and the end to write to, neither inheritable.
///
/// # Errors
/// - `EMFILE`, `ENFILE`: no descriptors are left.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/pipe.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.pipe)
#[doc(alias = "os.pipe")]
pub fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    pipe2(PipeFlags::CLOEXEC)
}

/// Makes a pipe with exactly these flags: inheritable unless `CLOEXEC` is among them.
///
/// # Errors
/// - `EMFILE`, `ENFILE`: no descriptors are left. `EINVAL`: an unknown flag.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/pipe.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.pipe2)
#[doc(alias = "os.pipe2")]
pub fn pipe2(flags: PipeFlags) -> Result<(OwnedFd, OwnedFd)> {
    Ok(pipe::pipe_with(flags)?)
}

/// Makes a file in memory that has no name in any directory, with exactly these
/// flags: inheritable unless `CLOEXEC`, Python's default, is among them.
///
/// `name` is what `/proc/self/fd` shows, and need not be unique.
///
/// # Errors
/// - `EINVAL`: an unknown flag, or a name of more than 249 bytes.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/memfd_create.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.memfd_create)
#[doc(alias = "os.memfd_create")]
pub fn memfd_create<'a>(name: impl Into<PathArg<'a>>, flags: MemfdFlags) -> Result<OwnedFd> {
    let name = name.into().check()?;
    Ok(name.with_c_str(|name| rustix::fs::memfd_create(name, flags))?)
}
