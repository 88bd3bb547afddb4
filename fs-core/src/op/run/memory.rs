#![expect(unsafe_code, reason = "mmap(2) has no safe form, and a load from a mapping may raise a signal")]
//! Mappings of files.
//!
//! A load or store where the file has no page raises `SIGBUS`, which is an outcome
//! here. A child process tries each access first, so that the signal ends the child.

use std::ffi::c_void;
use std::ptr;

use super::{Failed, Ran, RunError, Runner, check_length};
use crate::op::bytes::Bytes;
use crate::op::outcome::{Field, Outcome, Word};
use crate::op::place::{Fd, Map};
use crate::op::{MapFlags, Protection};

/// A mapping, unmapped when it is dropped.
pub(super) struct Mapping {
    start: *mut u8,
    length: usize,
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody else has its address.
        let _ = unsafe { rustix::mm::munmap(self.start.cast::<c_void>(), self.length) };
    }
}

impl Mapping {
    /// The address of `length` bytes from `offset` on, which must be inside of the
    /// mapping: outside is other memory of this process.
    fn range(&self, offset: u64, length: usize) -> Result<*mut u8, Failed> {
        let inside = usize::try_from(offset)
            .ok()
            .and_then(|offset| offset.checked_add(length))
            .is_some_and(|end| end <= self.length.next_multiple_of(rustix::param::page_size()));
        match inside {
            true => Ok(self.start.wrapping_add(offset as usize)),
            false => {
                let why = format!("offset {offset} and length {length} are not inside of the mapping");
                Err(RunError::Refused(why).into())
            }
        }
    }
}

impl Runner {
    pub(super) fn mmap(
        &mut self,
        fd: Fd,
        length: u64,
        offset: u64,
        protection: Protection,
        flags: MapFlags,
        register: Option<Map>,
    ) -> Ran {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let protection = rustix::mm::ProtFlags::from_bits_retain(protection.bits());
        let flags = rustix::mm::MapFlags::from_bits_retain(flags.bits());
        if flags.bits() & !(libc::MAP_SHARED | libc::MAP_PRIVATE | libc::MAP_SHARED_VALIDATE) as u32 != 0 {
            return Err(RunError::Refused("only SHARED and PRIVATE mappings are made".to_owned()).into());
        }
        let fd = self.get(fd)?;
        // SAFETY: without MAP_FIXED, which is refused above, the kernel chooses an
        // address that nothing uses.
        let start = unsafe { rustix::mm::mmap(ptr::null_mut(), length, protection, flags, fd, offset) }?;
        let mapping = Mapping { start: start.cast(), length };
        if let Some(register) = register {
            self.maps.insert(register, mapping);
        }
        Ok(Outcome::OK)
    }

    pub(super) fn munmap(&mut self, map: Map) -> Ran {
        match self.maps.remove(&map) {
            Some(_) => Ok(Outcome::OK),
            None => Err(unbound(map)),
        }
    }

    pub(super) fn msync(&self, map: Map) -> Ran {
        let mapping = self.maps.get(&map).ok_or_else(|| unbound(map))?;
        // SAFETY: the range is exactly a mapping that is ours.
        unsafe { rustix::mm::msync(mapping.start.cast(), mapping.length, rustix::mm::MsyncFlags::SYNC) }?;
        Ok(Outcome::OK)
    }

    pub(super) fn load(&self, map: Map, offset: u64, length: u64) -> Ran {
        let length = check_length(length)?;
        let start = self.maps.get(&map).ok_or_else(|| unbound(map))?.range(offset, length)?;
        let mut data = vec![0; length];
        let mut copy = || {
            for (index, byte) in data.iter_mut().enumerate() {
                // SAFETY: `range` checked that the address is inside of the mapping.
                *byte = unsafe { start.wrapping_add(index).read_volatile() };
            }
        };
        if let Some(signal) = signal_of(&mut copy)? {
            return Ok(Outcome { word: signal, fields: Vec::new() });
        }
        copy();
        Ok(Outcome::ok(vec![Field::number("count", length as i128), Field::bytes("data", data)]))
    }

    pub(super) fn store(&self, map: Map, offset: u64, data: &Bytes<'_>) -> Ran {
        let data = data.resolve();
        let start = self.maps.get(&map).ok_or_else(|| unbound(map))?.range(offset, data.len())?;
        let store = || {
            for (index, byte) in data.iter().enumerate() {
                // SAFETY: `range` checked that the address is inside of the mapping.
                unsafe { start.wrapping_add(index).write_volatile(*byte) };
            }
        };
        if let Some(signal) = signal_of(store)? {
            return Ok(Outcome { word: signal, fields: Vec::new() });
        }
        store();
        Ok(Outcome::OK)
    }
}

fn unbound(map: Map) -> Failed {
    RunError::Unbound(format!("map={map}")).into()
}

/// The signal that ends a child process which does `access`, if any does.
///
/// `access` must not allocate or lock: other threads may have been inside of the
/// allocator when the child was made.
fn signal_of(access: impl FnOnce()) -> Result<Option<Word>, Failed> {
    // SAFETY: the child only touches memory and exits, both async-signal-safe.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        access();
        // SAFETY: ends the child without running handlers of the parent.
        unsafe { libc::_exit(0) };
    }
    if pid < 0 {
        return Err(RunError::Refused(format!("fork: {}", std::io::Error::last_os_error())).into());
    }
    let mut status = 0;
    // SAFETY: `status` is a valid place for the status of our own child.
    while unsafe { libc::waitpid(pid, &raw mut status, 0) } < 0 {}
    Ok(libc::WIFSIGNALED(status).then(|| Word::Signal(libc::WTERMSIG(status))))
}
