//! Arguments of calls in C: places, times, locks and numbers.

use fs_core::Follow;
use fs_core::op::{At, Bytes, FileKind, LockKind, Target, TimeArg};

use super::literal::{bytes, length, path};
use crate::reproduce::constants;

/// `AT_FDCWD, "a"`.
pub(super) fn place(at: &At<'_>) -> Result<String, String> {
    let dir = at.dir.map_or_else(|| "AT_FDCWD".to_owned(), |fd| format!("fd{fd}"));
    Ok(format!("{dir}, {}", path(&at.path)?))
}

/// A call that has one form for descriptors and one for paths.
pub(super) fn on(target: &Target<'_>, of_fd: &str, of_path: &str, argument: &str) -> Result<String, String> {
    Ok(match target {
        Target::Fd(fd) => format!("{of_fd}(fd{fd}, {argument})"),
        Target::Path(at) if at.dir.is_none() => format!("{of_path}({}, {argument})", path(&at.path)?),
        Target::Path(at) => format!("{of_path}(proc_path({}), {argument})", place(at)?),
    })
}

/// A call on extended attributes; `verb` is get, set, list or remove.
pub(super) fn xattr(verb: &str, target: &Target<'_>, follow: Follow, arguments: &str) -> Result<String, String> {
    Ok(match (target, follow) {
        (Target::Fd(fd), _) => format!("f{verb}xattr(fd{fd}, {arguments})"),
        (Target::Path(at), _) if at.dir.is_some() => format!("{verb}xattr(proc_path({}), {arguments})", place(at)?),
        (Target::Path(at), Follow::Yes) => format!("{verb}xattr({}, {arguments})", path(&at.path)?),
        (Target::Path(at), Follow::No) => format!("l{verb}xattr({}, {arguments})", path(&at.path)?),
    })
}

/// An open directory, to be closed by who takes it.
pub(super) fn directory(target: &Target<'_>) -> Result<String, String> {
    Ok(match target {
        Target::Fd(fd) => format!("openat(fd{fd}, \".\", O_RDONLY | O_DIRECTORY | O_CLOEXEC)"),
        Target::Path(at) => format!("openat({}, O_RDONLY | O_DIRECTORY | O_CLOEXEC)", place(at)?),
    })
}

/// An address and its length.
pub(super) fn sized(data: &Bytes<'_>) -> String {
    format!("{}, {}", bytes(data), length(data))
}

pub(super) fn nofollow(follow: Follow) -> &'static str {
    match follow {
        Follow::Yes => "0",
        Follow::No => "AT_SYMLINK_NOFOLLOW",
    }
}

pub(super) fn octal(bits: u32) -> String {
    match bits {
        0 => "0".to_owned(),
        bits => format!("0{bits:o}"),
    }
}

pub(super) fn id(id: Option<u32>) -> String {
    id.map_or_else(|| "-1".to_owned(), |id| format!("{id}U"))
}

pub(super) fn signed(number: i64) -> String {
    match number {
        // The literal without its sign is no `long long`.
        i64::MIN => "INT64_MIN".to_owned(),
        number => number.to_string(),
    }
}

/// An offset, which the kernel takes for signed.
pub(super) fn unsigned(number: u64) -> String {
    signed(number.cast_signed())
}

pub(super) fn long(number: u64) -> &'static str {
    if u32::try_from(number).is_ok() { "" } else { "LL" }
}

pub(super) fn offset_at(offset: Option<u64>, kind: &str) -> String {
    offset.map_or_else(|| "NULL".to_owned(), |offset| format!("&({kind}){{{}}}", unsigned(offset)))
}

pub(super) fn timespec(time: TimeArg) -> Result<String, String> {
    const NS_PER_S: i128 = 1_000_000_000;
    Ok(match time {
        TimeArg::Now => "{0, UTIME_NOW}".to_owned(),
        TimeArg::Omit => "{0, UTIME_OMIT}".to_owned(),
        TimeArg::Ns(ns) => {
            let seconds = i64::try_from(ns.div_euclid(NS_PER_S));
            let seconds = seconds.map_err(|_| format!("{ns} ns is a time that no system call takes"))?;
            format!("{{{}, {}}}", signed(seconds), ns.rem_euclid(NS_PER_S))
        }
    })
}

pub(super) fn lock(kind: LockKind, start: i64, length: i64) -> String {
    let kind = constants::lock_kind(kind);
    let (start, length) = (signed(start), signed(length));
    format!("struct flock lock = {{.l_type = {kind}, .l_whence = SEEK_SET, .l_start = {start}, .l_len = {length}}};")
}

/// A mode with the type of what is made.
pub(super) fn file_mode(kind: FileKind, bits: u32) -> String {
    match constants::file_type(kind) {
        Some(kind) => format!("{kind} | {}", octal(bits)),
        None => octal(bits),
    }
}

pub(super) fn device_number(device: u64) -> String {
    match device {
        0 => "0".to_owned(),
        device => format!("{device:#x}"),
    }
}
