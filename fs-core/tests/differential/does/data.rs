//! The bytes behind descriptors: reading, writing, positions, storage, locks.

use std::io::{IoSlice, IoSliceMut};

use fs_core::{Advice, LockCmd, RwFlags, Whence};

use super::args::{Answer, Stop, bind, bits_or, bytes, fd, needed, number, size, target};
use crate::parse::Call;
use crate::value::Value;

pub(super) fn call(name: &str, call: &mut Call) -> Option<Answer> {
    Some(match name {
        "read" => read(call),
        "pread" => pread(call),
        "write" => write(call),
        "pwrite" => pwrite(call),
        "readv" => readv(call),
        "preadv" => preadv(call),
        "writev" => writev(call),
        "pwritev" => pwritev(call),
        "lseek" => lseek(call),
        "sendfile" => sendfile(call),
        "copy_file_range" => copy_file_range(call),
        "truncate" => truncate(call),
        "ftruncate" => ftruncate(call),
        "fsync" => flush(call, |fd| fs_core::fsync(fd)),
        "fdatasync" => flush(call, |fd| fs_core::fdatasync(fd)),
        "posix_fallocate" => posix_fallocate(call),
        "posix_fadvise" => posix_fadvise(call),
        "lockf" => lockf(call),
        _ => return None,
    })
}

/// An offset as the bits that the kernel gets.
fn offset(value: &Option<Value>) -> Answer<u64> {
    Ok(number::<i64>(needed(value)?)?.cast_unsigned())
}

fn count(value: usize) -> Value {
    Value::Int(i128::try_from(value).expect("a count fits"))
}

fn buffer(value: &Option<Value>) -> Answer<Vec<u8>> {
    Ok(vec![0; size(value)?])
}

fn read(call: &mut Call) -> Answer {
    let [file, length] = bind(call, ["fd", "length"])?;
    let (file, mut buf) = (fd(needed(&file)?)?, buffer(&length)?);
    let length = fs_core::read(file, &mut buf)?;
    Ok(Value::Bytes(buf[..length].to_vec()))
}

fn pread(call: &mut Call) -> Answer {
    let [file, length, from] = bind(call, ["fd", "length", "offset"])?;
    let (file, mut buf) = (fd(needed(&file)?)?, buffer(&length)?);
    let length = fs_core::pread(file, &mut buf, offset(&from)?)?;
    Ok(Value::Bytes(buf[..length].to_vec()))
}

fn write(call: &mut Call) -> Answer {
    let [file, data] = bind(call, ["fd", "data"])?;
    Ok(count(fs_core::write(fd(needed(&file)?)?, bytes(needed(&data)?)?)?))
}

fn pwrite(call: &mut Call) -> Answer {
    let [file, data, to] = bind(call, ["fd", "buffer", "offset"])?;
    Ok(count(fs_core::pwrite(fd(needed(&file)?)?, bytes(needed(&data)?)?, offset(&to)?)?))
}

fn items(value: &Option<Value>) -> Answer<&[Value]> {
    match needed(value)? {
        Value::List(items) | Value::Tuple(items) => Ok(items),
        _ => Err(Stop::Unwritable("not a sequence")),
    }
}

/// Reads into rooms of the lengths asked for; what Python's caller sees afterwards.
fn into_rooms(rooms: &Option<Value>, read: impl FnOnce(&mut [IoSliceMut<'_>]) -> fs_core::Result<usize>) -> Answer {
    let room = |item: &Value| match item {
        Value::Room(length) => Ok(vec![0; *length]),
        _ => Err(Stop::Unwritable("not writable")),
    };
    let mut bufs = items(rooms)?.iter().map(room).collect::<Answer<Vec<_>>>()?;
    let mut slices: Vec<_> = bufs.iter_mut().map(|buf| IoSliceMut::new(buf)).collect();
    let length = read(&mut slices)?;
    if bufs.is_empty() {
        return Ok(count(length));
    }
    Ok(Value::Tuple(vec![count(length), Value::List(bufs.into_iter().map(Value::Bytes).collect())]))
}

fn readv(call: &mut Call) -> Answer {
    let [file, rooms] = bind(call, ["fd", "buffers"])?;
    let file = fd(needed(&file)?)?;
    into_rooms(&rooms, |bufs| fs_core::readv(file, bufs))
}

fn preadv(call: &mut Call) -> Answer {
    let [file, rooms, from, flags] = bind(call, ["fd", "buffers", "offset", "flags"])?;
    let (file, from, flags) = (fd(needed(&file)?)?, offset(&from)?, RwFlags::from_bits_retain(bits_or(&flags, 0)?));
    into_rooms(&rooms, |bufs| fs_core::preadv(file, bufs, from, flags))
}

fn slices(value: &Option<Value>) -> Answer<Vec<IoSlice<'_>>> {
    items(value)?.iter().map(|item| bytes(item).map(IoSlice::new)).collect()
}

fn writev(call: &mut Call) -> Answer {
    let [file, data] = bind(call, ["fd", "buffers"])?;
    Ok(count(fs_core::writev(fd(needed(&file)?)?, &slices(&data)?)?))
}

fn pwritev(call: &mut Call) -> Answer {
    let [file, data, to, flags] = bind(call, ["fd", "buffers", "offset", "flags"])?;
    let flags = RwFlags::from_bits_retain(bits_or(&flags, 0)?);
    Ok(count(fs_core::pwritev(fd(needed(&file)?)?, &slices(&data)?, offset(&to)?, flags)?))
}

fn lseek(call: &mut Call) -> Answer {
    let [file, position, whence] = bind(call, ["fd", "position", "how"])?;
    let whence = match number::<i32>(needed(&whence)?)? {
        fs_core::SEEK_SET => Whence::Set,
        fs_core::SEEK_CUR => Whence::Cur,
        fs_core::SEEK_END => Whence::End,
        fs_core::SEEK_DATA => Whence::Data,
        fs_core::SEEK_HOLE => Whence::Hole,
        _ => return Err(Stop::Unwritable("no such start")),
    };
    Ok(Value::Int(fs_core::lseek(fd(needed(&file)?)?, number(needed(&position)?)?, whence)?.into()))
}

fn optional_offset(value: &Option<Value>) -> Answer<Option<u64>> {
    match value {
        None | Some(Value::None) => Ok(None),
        some => offset(some).map(Some),
    }
}

fn sendfile(call: &mut Call) -> Answer {
    let [dst, src, from, length] = bind(call, ["out_fd", "in_fd", "offset", "count"])?;
    let mut from = optional_offset(&from)?;
    let (dst, src, length) = (fd(needed(&dst)?)?, fd(needed(&src)?)?, size(&length)?);
    Ok(count(fs_core::sendfile(dst, src, from.as_mut(), length)?))
}

fn copy_file_range(call: &mut Call) -> Answer {
    let [src, dst, length, from, to] = bind(call, ["src", "dst", "count", "offset_src", "offset_dst"])?;
    let (mut from, mut to) = (optional_offset(&from)?, optional_offset(&to)?);
    let (src, dst, length) = (fd(needed(&src)?)?, fd(needed(&dst)?)?, size(&length)?);
    Ok(count(fs_core::copy_file_range(src, dst, length, from.as_mut(), to.as_mut())?))
}

fn truncate(call: &mut Call) -> Answer {
    let [path, length] = bind(call, ["path", "length"])?;
    fs_core::truncate(target(&path, &None)?, number(needed(&length)?)?)?;
    Ok(Value::None)
}

fn ftruncate(call: &mut Call) -> Answer {
    let [file, length] = bind(call, ["fd", "length"])?;
    fs_core::ftruncate(fd(needed(&file)?)?, number(needed(&length)?)?)?;
    Ok(Value::None)
}

fn flush(call: &mut Call, make: impl Fn(std::os::fd::BorrowedFd<'_>) -> fs_core::Result<()>) -> Answer {
    let [file] = bind(call, ["fd"])?;
    make(fd(needed(&file)?)?)?;
    Ok(Value::None)
}

fn posix_fallocate(call: &mut Call) -> Answer {
    let [file, from, length] = bind(call, ["fd", "offset", "length"])?;
    let (from, length) = (number(needed(&from)?)?, number(needed(&length)?)?);
    fs_core::posix_fallocate(fd(needed(&file)?)?, from, length)?;
    Ok(Value::None)
}

fn posix_fadvise(call: &mut Call) -> Answer {
    let [file, from, length, advice] = bind(call, ["fd", "offset", "length", "advice"])?;
    let advice = match number::<i32>(needed(&advice)?)? {
        libc::POSIX_FADV_NORMAL => Advice::Normal,
        libc::POSIX_FADV_SEQUENTIAL => Advice::Sequential,
        libc::POSIX_FADV_RANDOM => Advice::Random,
        libc::POSIX_FADV_NOREUSE => Advice::NoReuse,
        libc::POSIX_FADV_WILLNEED => Advice::WillNeed,
        libc::POSIX_FADV_DONTNEED => Advice::DontNeed,
        _ => return Err(Stop::Unwritable("no such advice")),
    };
    let (from, length) = (number(needed(&from)?)?, number(needed(&length)?)?);
    fs_core::posix_fadvise(fd(needed(&file)?)?, from, length, advice)?;
    Ok(Value::None)
}

fn lockf(call: &mut Call) -> Answer {
    let [file, command, length] = bind(call, ["fd", "command", "length"])?;
    let command = match number::<i32>(needed(&command)?)? {
        fs_core::F_LOCK => LockCmd::Lock,
        fs_core::F_TLOCK => LockCmd::TryLock,
        fs_core::F_ULOCK => LockCmd::Unlock,
        fs_core::F_TEST => LockCmd::Test,
        _ => return Err(Stop::Unwritable("no such command")),
    };
    fs_core::lockf(fd(needed(&file)?)?, command, number(needed(&length)?)?)?;
    Ok(Value::None)
}
