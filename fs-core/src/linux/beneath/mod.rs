//! [`open_beneath`]: opening what stands below a directory and nothing else, on
//! kernels and in sandboxes without `openat2` too.
//!
//! `rest` says what is left of a path, `place` where in the tree a walk stands, and
//! `walk` goes from one to the other by the kernel's rules.

mod place;
mod rest;
mod walk;

use std::os::fd::OwnedFd;

use rustix::io::{self, Errno, retry_on_intr};

use super::ResolveFlags;
use crate::files::audited_open;
use crate::{At, Error, Mode, OFlags, Result, sys};

/// How often the kernel may say that something was renamed meanwhile. It says so of
/// renames anywhere on the machine, so a path with `..` may hear it again and again.
const TRIES: usize = 32;

/// What a walk can do besides `BENEATH` and `IN_ROOT`.
const ADDITIONS: ResolveFlags = ResolveFlags::NO_SYMLINKS.union(ResolveFlags::NO_MAGICLINKS);

/// Opens a path that is not to lead out of the directory that it starts from.
///
/// `resolve` is one of
/// - `BENEATH`: an absolute path, or a `..` or link that leads above, is `EXDEV`;
/// - `IN_ROOT`: the directory is the root, for `..` and for absolute paths and links.
///
/// `NO_SYMLINKS` may be added. Magic links (`/proc/self/fd/3`) are always `ELOOP`.
///
/// It is [`openat2`](super::openat2) where that exists, tried again where that says
/// `EAGAIN`. Elsewhere (Linux before 5.6, gVisor, many sandboxes) each component is
/// opened by itself without following it, links are read and walked, and `..` goes back
/// to the directory that was come from: no name that is swapped meanwhile leads out.
/// The errors are the kernel's, with these differences:
/// - links of procfs below its top directory are all taken for magic ones;
/// - the kernel counts links twice where a path leads above, and says `ELOOP` of more
///   than 20 in place of `EXDEV`;
/// - the flags of the open file (`F_GETFL`) have `NOFOLLOW`, and behind a slash `DIRECTORY`;
/// - a starting directory that may not be searched cannot be opened as `/`;
/// - a directory that is moved out of the tree while a walk stands in it is left by the
///   way that it was entered by, where the kernel says `EXDEV` or `EAGAIN`.
///
/// # Errors
/// As [`open`](crate::open) and [`openat2`](super::openat2), and
/// - [`Error::Invalid`]: `resolve` is neither of the two, or has more than they allow.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/openat2.2.html)
#[doc(alias = "openat2")]
#[doc(alias = "RESOLVE_BENEATH")]
#[doc(alias = "RESOLVE_IN_ROOT")]
pub fn open_beneath<'a>(at: impl Into<At<'a>>, flags: OFlags, mode: Mode, resolve: ResolveFlags) -> Result<OwnedFd> {
    let resolve = checked(resolve)?;
    let (at, kernel_flags) = audited_open(at.into(), flags)?;
    let by_kernel =
        || at.with_c_str(|dir, path| retry_on_intr(|| rustix::fs::openat2(dir, path, kernel_flags, mode, resolve)));
    let by_walk = || walk::open(at, flags, mode, resolve);
    match sys::openat2_or(|| try_again(by_kernel), by_walk) {
        Err(Errno::AGAIN) => Ok(by_walk()?),
        result => Ok(result?),
    }
}

/// [`open_beneath`] as it is without `openat2`, on every kernel: for those who compare
/// the two.
///
/// # Errors
/// As [`open_beneath`].
pub fn open_beneath_by_walk<'a>(
    at: impl Into<At<'a>>,
    flags: OFlags,
    mode: Mode,
    resolve: ResolveFlags,
) -> Result<OwnedFd> {
    let resolve = checked(resolve)?;
    let (at, _) = audited_open(at.into(), flags)?;
    Ok(walk::open(at, flags, mode, resolve)?)
}

fn checked(resolve: ResolveFlags) -> Result<ResolveFlags> {
    match resolve.difference(ADDITIONS) {
        ResolveFlags::BENEATH | ResolveFlags::IN_ROOT => Ok(resolve | ResolveFlags::NO_MAGICLINKS),
        _ => Err(Error::Invalid("resolve must be BENEATH or IN_ROOT, with NO_SYMLINKS at most")),
    }
}

fn try_again(call: impl Fn() -> io::Result<OwnedFd>) -> io::Result<OwnedFd> {
    for _ in 1..TRIES {
        match call() {
            Err(Errno::AGAIN) => {}
            result => return result,
        }
    }
    call()
}
