//! Descriptors and the bytes behind them.

use std::io::{IoSlice, IoSliceMut};

use rustix::fs::{FallocateFlags, Mode, ResolveFlags};
use rustix::io::ReadWriteFlags;

use super::{Failed, Ran, RunError, Runner, check_length, count, with_at};
use crate::linux::HandleFlags;
use crate::op::bytes::Bytes;
use crate::op::field::Plain;
use crate::op::outcome::{Field, Outcome, Value};
use crate::op::place::{At, Fd, Handle};
use crate::op::{Advice, WhenceArg};
use crate::{Follow, Inherit, OFlags, Whence};

impl Runner {
    pub(super) fn open(&mut self, at: &At<'_>, flags: OFlags, mode: Mode, register: Option<Fd>) -> Ran {
        let fd = with_at(self, at, |at| crate::open(at, flags, mode))?;
        self.bind(register, fd)
    }

    pub(super) fn openat2(
        &mut self,
        at: &At<'_>,
        flags: OFlags,
        mode: Mode,
        resolve: ResolveFlags,
        register: Option<Fd>,
    ) -> Ran {
        let retries = if resolve.contains(ResolveFlags::CACHED) { 0 } else { RETRIES };
        let fd = with_at(self, at, |at| {
            let open = || crate::linux::openat2(at, flags, mode, resolve);
            (0..retries).map(|_| open()).find(|opened| !is_again(opened)).unwrap_or_else(open)
        })?;
        self.bind(register, fd)
    }

    pub(super) fn name_to_handle_at(&mut self, at: &At<'_>, follow: Follow, register: Option<Handle>) -> Ran {
        let (handle, _) = with_at(self, at, |at| crate::linux::name_to_handle_at(at, follow, HandleFlags::empty()))?;
        if let Some(register) = register {
            self.handles.insert(register, handle);
        }
        Ok(Outcome::OK)
    }

    pub(super) fn open_by_handle_at(&mut self, mount: Fd, handle: Handle, flags: OFlags, register: Option<Fd>) -> Ran {
        let unbound = || RunError::Unbound(format!("handle={handle}"));
        let handle = self.handles.get(&handle).ok_or_else(unbound)?;
        let fd = crate::linux::open_by_handle_at(self.get(mount)?, handle, flags)?;
        self.bind(register, fd)
    }

    pub(super) fn close(&mut self, fd: Fd) -> Ran {
        let owned = self.fds.remove(&fd).ok_or_else(|| RunError::Unbound(format!("fd={fd}")))?;
        crate::close(owned)?;
        Ok(Outcome::OK)
    }

    pub(super) fn dup(&mut self, fd: Fd, register: Option<Fd>) -> Ran {
        let copy = crate::dup(self.get(fd)?)?;
        self.bind(register, copy)
    }

    pub(super) fn dup2(&mut self, fd: Fd, onto: Fd) -> Ran {
        let source = crate::dup(self.get(fd)?)?;
        let target = self.fds.get_mut(&onto).ok_or_else(|| RunError::Unbound(format!("fd={onto}")))?;
        crate::dup2_onto(&source, target, Inherit::No)?;
        Ok(Outcome::OK)
    }

    pub(super) fn read(&self, fd: Fd, length: u64) -> Ran {
        let mut buffer = vec![0; check_length(length)?];
        let count = crate::read(self.get(fd)?, &mut buffer)?;
        Ok(data(buffer, count))
    }

    pub(super) fn pread(&self, fd: Fd, length: u64, offset: u64) -> Ran {
        let mut buffer = vec![0; check_length(length)?];
        let count = crate::pread(self.get(fd)?, &mut buffer, offset)?;
        Ok(data(buffer, count))
    }

    pub(super) fn readv(&self, fd: Fd, lengths: &[u64]) -> Ran {
        let fd = self.get(fd)?;
        read_vectored(lengths, |buffers| crate::readv(fd, buffers))
    }

    pub(super) fn preadv(&self, fd: Fd, lengths: &[u64], offset: u64, flags: ReadWriteFlags) -> Ran {
        let fd = self.get(fd)?;
        read_vectored(lengths, |buffers| crate::preadv(fd, buffers, offset, flags))
    }

    pub(super) fn write(&self, fd: Fd, data: &Bytes<'_>) -> Ran {
        Ok(count(crate::write(self.get(fd)?, &data.resolve())?))
    }

    pub(super) fn pwrite(&self, fd: Fd, data: &Bytes<'_>, offset: u64) -> Ran {
        Ok(count(crate::pwrite(self.get(fd)?, &data.resolve(), offset)?))
    }

    pub(super) fn writev(&self, fd: Fd, data: &[Bytes<'_>]) -> Ran {
        let values: Vec<_> = data.iter().map(Bytes::resolve).collect();
        let buffers: Vec<IoSlice<'_>> = values.iter().map(|value| IoSlice::new(value)).collect();
        Ok(count(crate::writev(self.get(fd)?, &buffers)?))
    }

    pub(super) fn pwritev(&self, fd: Fd, data: &[Bytes<'_>], offset: u64, flags: ReadWriteFlags) -> Ran {
        let values: Vec<_> = data.iter().map(Bytes::resolve).collect();
        let buffers: Vec<IoSlice<'_>> = values.iter().map(|value| IoSlice::new(value)).collect();
        Ok(count(crate::pwritev(self.get(fd)?, &buffers, offset, flags)?))
    }

    pub(super) fn lseek(&self, fd: Fd, offset: i64, whence: WhenceArg) -> Ran {
        let whence = match whence {
            WhenceArg::Set => Whence::Set,
            WhenceArg::Cur => Whence::Cur,
            WhenceArg::End => Whence::End,
            WhenceArg::Data => Whence::Data,
            WhenceArg::Hole => Whence::Hole,
        };
        let offset = crate::lseek(self.get(fd)?, offset, whence)?;
        Ok(Outcome::ok(vec![Field::number("offset", offset)]))
    }

    pub(super) fn fallocate(&self, fd: Fd, mode: FallocateFlags, offset: i64, length: i64) -> Ran {
        crate::linux::fallocate(self.get(fd)?, mode, offset, length)?;
        Ok(Outcome::OK)
    }

    pub(super) fn posix_fallocate(&self, fd: Fd, offset: i64, length: i64) -> Ran {
        crate::posix_fallocate(self.get(fd)?, offset, length)?;
        Ok(Outcome::OK)
    }

    pub(super) fn posix_fadvise(&self, fd: Fd, offset: i64, length: i64, advice: Advice) -> Ran {
        let advice = match advice {
            Advice::Normal => crate::Advice::Normal,
            Advice::Sequential => crate::Advice::Sequential,
            Advice::Random => crate::Advice::Random,
            Advice::NoReuse => crate::Advice::NoReuse,
            Advice::WillNeed => crate::Advice::WillNeed,
            Advice::DontNeed => crate::Advice::DontNeed,
        };
        crate::posix_fadvise(self.get(fd)?, offset, length, advice)?;
        Ok(Outcome::OK)
    }

    pub(super) fn copy_file_range(
        &self,
        src: Fd,
        dst: Fd,
        length: u64,
        mut src_offset: Option<u64>,
        mut dst_offset: Option<u64>,
    ) -> Ran {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (src, dst) = (self.get(src)?, self.get(dst)?);
        Ok(count(crate::copy_file_range(src, dst, length, src_offset.as_mut(), dst_offset.as_mut())?))
    }

    pub(super) fn sendfile(&self, dst: Fd, src: Fd, mut src_offset: Option<u64>, length: u64) -> Ran {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(count(crate::sendfile(self.get(dst)?, self.get(src)?, src_offset.as_mut(), length)?))
    }

    pub(super) fn fsync(&self, fd: Fd) -> Ran {
        crate::fsync(self.get(fd)?)?;
        Ok(Outcome::OK)
    }

    pub(super) fn fdatasync(&self, fd: Fd) -> Ran {
        crate::fdatasync(self.get(fd)?)?;
        Ok(Outcome::OK)
    }

    pub(super) fn syncfs(&self, fd: Fd) -> Ran {
        crate::linux::syncfs(self.get(fd)?)?;
        Ok(Outcome::OK)
    }

    pub(super) fn getfl(&self, fd: Fd) -> Ran {
        /// Set by 64-bit kernels in every descriptor.
        const LARGEFILE: u32 = 0o100_000;
        let flags = rustix::fs::fcntl_getfl(self.get(fd)?)?;
        let mut word = String::new();
        OFlags::from_bits_retain(flags.bits() & !LARGEFILE).write(&mut word);
        Ok(Outcome::ok(vec![Field { name: "flags", value: Value::Word(word) }]))
    }
}

/// How often `openat2` is called again that fails because something was mounted or renamed
/// meanwhile, wherever that was: "the caller may choose to retry".
const RETRIES: usize = 100;

fn is_again<T>(result: &crate::Result<T>) -> bool {
    result.as_ref().is_err_and(|error| error.errno() == crate::Errno::AGAIN)
}

fn data(mut buffer: Vec<u8>, count: usize) -> Outcome {
    buffer.truncate(count);
    Outcome::ok(vec![Field::number("count", count as i128), Field::bytes("data", buffer)])
}

/// Reads into buffers of these lengths; the outcome has them joined.
fn read_vectored(lengths: &[u64], read: impl FnOnce(&mut [IoSliceMut<'_>]) -> crate::Result<usize>) -> Ran {
    let total = lengths.iter().try_fold(0_u64, |total, length| total.checked_add(*length)).unwrap_or(u64::MAX);
    let mut buffer = vec![0; check_length(total)?];
    let mut slices: Vec<IoSliceMut<'_>> = Vec::with_capacity(lengths.len());
    let mut rest = &mut buffer[..];
    for length in lengths {
        let (slice, tail) = rest.split_at_mut(*length as usize);
        slices.push(IoSliceMut::new(slice));
        rest = tail;
    }
    let count = read(&mut slices).map_err(Failed::from)?;
    Ok(data(buffer, count))
}
