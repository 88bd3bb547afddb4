//! The arguments of a call, from Python's values to those that `fs_core` takes.
#![expect(unsafe_code, reason = "descriptors by number, closed ones too, as Python takes them")]

use std::ffi::OsStr;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;

use fs_core::{At, Error, Follow, Mode, PathArg, Target};

use crate::parse::Call;
use crate::value::Value;

/// Why a call has no value.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The library said so.
    Error(Error),
    /// The types of the library have no place for it: what Python refuses when it runs
    /// does not compile here.
    Unwritable(&'static str),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Error(error)
    }
}

pub(crate) type Answer<T = Value> = Result<T, Stop>;

/// The arguments in the order of Python's signature; `None` for what is left out.
pub(crate) fn bind<const N: usize>(call: &mut Call, names: [&str; N]) -> Answer<[Option<Value>; N]> {
    let mut positional = std::mem::take(&mut call.positional).into_iter();
    let bound = names.map(|name| positional.next().or_else(|| call.keywords.remove(name)));
    match (positional.next(), call.keywords.is_empty()) {
        (None, true) => Ok(bound),
        _ => Err(Stop::Unwritable("there is no such argument")),
    }
}

/// An argument that must be there.
pub(crate) fn needed(value: &Option<Value>) -> Answer<&Value> {
    value.as_ref().ok_or(Stop::Unwritable("an argument is missing"))
}

/// A number of the type that the call takes.
pub(crate) fn number<T: TryFrom<i128>>(value: &Value) -> Answer<T> {
    let number = match value {
        Value::Int(number) => *number,
        Value::Bool(yes) => i128::from(*yes),
        _ => return Err(Stop::Unwritable("not a number")),
    };
    T::try_from(number).map_err(|_| Stop::Unwritable("out of the range of the type"))
}

pub(crate) fn number_or<T: TryFrom<i128>>(value: &Option<Value>, default: T) -> Answer<T> {
    value.as_ref().map_or(Ok(default), number)
}

/// A C `int` as the bits that it is.
pub(crate) fn bits_or(value: &Option<Value>, default: u32) -> Answer<u32> {
    value.as_ref().map_or(Ok(default), |value| Ok(number::<i32>(value)?.cast_unsigned()))
}

pub(crate) fn mode_or(value: &Option<Value>, default: u32) -> Answer<Mode> {
    Ok(Mode::from_bits_retain(bits_or(value, default)?))
}

/// A size as Python has it, which has a sign.
pub(crate) fn size(value: &Option<Value>) -> Answer<usize> {
    usize::try_from(number::<i64>(needed(value)?)?).map_err(|_| Stop::Unwritable("a size is not negative"))
}

/// Yes or no, as an `int` that must be one.
pub(crate) fn yes(value: &Option<Value>) -> Answer<bool> {
    Ok(number::<i32>(needed(value)?)? != 0)
}

pub(crate) fn truth(value: &Option<Value>, default: bool) -> bool {
    match value {
        None => default,
        Some(Value::None) => false,
        Some(Value::Bool(yes)) => *yes,
        Some(Value::Int(number)) => *number != 0,
        Some(_) => true,
    }
}

pub(crate) fn follow(value: &Option<Value>) -> Follow {
    if truth(value, true) { Follow::Yes } else { Follow::No }
}

pub(crate) fn bytes(value: &Value) -> Answer<&[u8]> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err(Stop::Unwritable("not bytes")),
    }
}

/// A descriptor, by its number.
pub(crate) fn fd(value: &Value) -> Answer<BorrowedFd<'static>> {
    match number::<i32>(value)? {
        // To Rust -1 is none, to rustix neither is what is below it.
        ..0 => Err(Stop::Unwritable("a descriptor is not negative")),
        // SAFETY: the cases run alone in their process; a number that is closed, or was
        // never open, is given to the kernel, which says EBADF, and to nobody else.
        fd => Ok(unsafe { BorrowedFd::borrow_raw(fd) }),
    }
}

fn dir_fd(value: &Option<Value>) -> Answer<Option<BorrowedFd<'static>>> {
    match value {
        None | Some(Value::None) => Ok(None),
        Some(value) => fd(value).map(Some),
    }
}

/// A path, through each of the types that stand for one.
pub(crate) fn path(value: &Value) -> Answer<PathArg<'_>> {
    Ok(match value {
        Value::Str(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => OsStr::from_bytes(bytes).into(),
        },
        Value::Bytes(bytes) => bytes.as_slice().into(),
        Value::Path(bytes) => std::path::Path::new(OsStr::from_bytes(bytes)).into(),
        _ => return Err(Stop::Unwritable("not a path")),
    })
}

pub(crate) fn at<'v>(value: &'v Option<Value>, dir: &Option<Value>) -> Answer<At<'v>> {
    let path = path(needed(value)?)?;
    Ok(At { dir: dir_fd(dir)?, path })
}

pub(crate) fn target<'v>(value: &'v Option<Value>, dir: &Option<Value>) -> Answer<Target<'v>> {
    match needed(value)? {
        number @ (Value::Int(_) | Value::Bool(_)) => match dir_fd(dir)? {
            Some(_) => Err(Stop::Unwritable("a descriptor needs no directory")),
            None => Ok(Target::Fd(fd(number)?)),
        },
        _ => Ok(at(value, dir)?.into()),
    }
}
