//! Limits of the process that calls on files meet, and the signal that one of them raises.

use rustix::process::{Resource as Kind, Rlimit, getrlimit, setrlimit};

use crate::{Result, sys};

/// What a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `RLIMIT_NOFILE`: one more than the highest number of a new descriptor. Beyond it is `EMFILE`.
    OpenFiles,
    /// `RLIMIT_FSIZE`: how long a file may grow, in bytes. Beyond it is `SIGXFSZ`, and
    /// `EFBIG` where that is ignored.
    FileSize,
}

/// Sets the soft limit of the process; `None` is no limit.
///
/// Python has it in its module `resource`.
///
/// # Errors
/// - `EINVAL`: it is higher than the hard limit, which stays.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getrlimit.html),
/// [Linux](https://man7.org/linux/man-pages/man2/getrlimit.2.html)
#[doc(alias = "setrlimit")]
pub fn set_soft_limit(resource: Resource, limit: Option<u64>) -> Result<()> {
    let kind = match resource {
        Resource::OpenFiles => Kind::Nofile,
        Resource::FileSize => Kind::Fsize,
    };
    let hard = getrlimit(kind).maximum;
    Ok(setrlimit(kind, Rlimit { current: limit, maximum: hard })?)
}

/// Signals that calls on files raise, and which end a process that does nothing about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSignal {
    /// `SIGXFSZ`: a file was to grow beyond [`Resource::FileSize`].
    FileSize,
    /// `SIGIO`: somebody wants to open a file that a lease is held on.
    Lease,
}

/// Has the process ignore a signal, or end by it, as it does from the start.
///
/// Python ignores `SIGXFSZ`; so `write` fails with `EFBIG` there.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sigaction.html),
/// [Linux](https://man7.org/linux/man-pages/man2/sigaction.2.html)
#[doc(alias = "sigaction")]
pub fn ignore_signal(signal: FileSignal, ignore: bool) -> Result<()> {
    let signal = match signal {
        FileSignal::FileSize => libc::SIGXFSZ,
        FileSignal::Lease => libc::SIGIO,
    };
    Ok(sys::process::ignore(signal, ignore)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errno;

    #[test]
    fn a_soft_limit_is_set_and_no_higher_than_the_hard_one() {
        let before = getrlimit(Kind::Fsize);
        set_soft_limit(Resource::FileSize, Some(1 << 50)).unwrap();
        assert_eq!(getrlimit(Kind::Fsize), Rlimit { current: Some(1 << 50), maximum: before.maximum });
        set_soft_limit(Resource::FileSize, before.current).unwrap();
        if getrlimit(Kind::Nofile).maximum.is_some_and(|hard| hard < u64::MAX >> 1) {
            let error = set_soft_limit(Resource::OpenFiles, Some(u64::MAX >> 1)).unwrap_err();
            assert_eq!(error.errno(), Errno::INVAL);
        }
    }
}
