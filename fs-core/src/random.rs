//! Random bytes from the kernel.

use std::fs::File;
use std::io::Read;

use rustix::io::retry_on_intr;
pub use rustix::rand::GetRandomFlags as GrndFlags;

use crate::{Errno, Error, Mode, OFlags, Result, Unsupported, open};

/// Does not wait until the kernel has gathered enough: `EAGAIN` instead.
#[doc(alias = "os.GRND_NONBLOCK")]
pub const GRND_NONBLOCK: GrndFlags = GrndFlags::NONBLOCK;
/// From the source of `/dev/random`, which is the same since Linux 5.6.
#[doc(alias = "os.GRND_RANDOM")]
pub const GRND_RANDOM: GrndFlags = GrndFlags::RANDOM;

/// Writes random bytes to `buf` and returns how many, which may be fewer than it holds:
/// up to 256 come at once, more may be cut short by a signal.
///
/// # Errors
/// - `EAGAIN`: with [`GRND_NONBLOCK`], and not enough was gathered since the start.
/// - `ENOSYS`: Linux before 3.17, or a sandbox, which may say `EPERM` too. `EINVAL`: unknown flags.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/getrandom.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getrandom)
#[doc(alias = "os.getrandom")]
pub fn getrandom(buf: &mut [u8], flags: GrndFlags) -> Result<usize> {
    Ok(retry_on_intr(|| rustix::rand::getrandom(&mut *buf, flags))?)
}

/// Fills `buf` with random bytes that are fit for cryptography.
///
/// Waits, after the start of the system, until the kernel has gathered enough. Where
/// [`getrandom`] is missing they come from `/dev/urandom`.
///
/// # Errors
/// - [`Error::Unsupported`]: neither is there.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man4/urandom.4.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.urandom)
#[doc(alias = "os.urandom")]
pub fn urandom(buf: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    while filled < buf.len() {
        match getrandom(&mut buf[filled..], GrndFlags::empty()) {
            Ok(count) => filled += count,
            Err(Error::Os(Errno::NOSYS | Errno::PERM)) => return from_device(&mut buf[filled..]),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn from_device(buf: &mut [u8]) -> Result<()> {
    let device = match open("/dev/urandom", OFlags::RDONLY, Mode::empty()) {
        Ok(device) => device,
        Err(Error::Os(Errno::NOENT | Errno::NXIO | Errno::NODEV | Errno::ACCESS)) => {
            return Err(Error::Unsupported(Unsupported::ThisKernel));
        }
        Err(error) => return Err(error),
    };
    File::from(device).read_exact(buf).map_err(|error| match error.raw_os_error() {
        Some(errno) => Error::Os(Errno::from_raw_os_error(errno)),
        // It ended: not the device that it should be.
        None => Error::Unsupported(Unsupported::ThisKernel),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many zeros, this many bytes of chance are zero: 1 in 256, give or take.
    fn looks_random(bytes: &[u8]) -> bool {
        let zeros = bytes.iter().filter(|byte| **byte == 0).count();
        zeros < bytes.len() / 128 && bytes.iter().any(|byte| *byte != bytes[0])
    }

    #[test]
    fn small_requests_are_filled_and_differ() {
        for flags in [GrndFlags::empty(), GRND_NONBLOCK, GRND_RANDOM, GRND_RANDOM | GRND_NONBLOCK] {
            let (mut one, mut two) = ([0; 32], [0; 32]);
            assert_eq!((getrandom(&mut one, flags), getrandom(&mut two, flags)), (Ok(32), Ok(32)));
            assert_ne!(one, two);
        }
        assert_eq!(getrandom(&mut [], GrndFlags::empty()), Ok(0));
        assert_eq!(urandom(&mut []), Ok(()));
    }

    #[test]
    fn unknown_flags_are_refused() {
        let flags = GrndFlags::from_bits_retain(1 << 30);
        assert_eq!(getrandom(&mut [0; 8], flags), Err(Error::Os(Errno::INVAL)));
    }

    #[test]
    fn the_device_gives_the_same_kind_of_bytes() {
        let mut buf = vec![0; 65536];
        from_device(&mut buf).unwrap();
        assert!(looks_random(&buf));
    }
}
