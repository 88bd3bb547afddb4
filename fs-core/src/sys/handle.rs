#![expect(unsafe_code, reason = "system calls that rustix lacks")]
//! `name_to_handle_at` and `open_by_handle_at`.

use std::ffi::{CStr, c_int};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io;

use super::linux::check;
use crate::OFlags;

pub(crate) const MAX_SIZE: usize = libc::MAX_HANDLE_SZ as usize;

/// `struct file_handle` with room for the longest one.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RawHandle {
    size: u32,
    pub(crate) handle_type: i32,
    bytes: [u8; MAX_SIZE],
}

impl RawHandle {
    pub(crate) fn new(handle_type: i32, bytes: &[u8]) -> Option<Self> {
        let mut handle = RawHandle { size: u32::try_from(bytes.len()).ok()?, handle_type, bytes: [0; MAX_SIZE] };
        handle.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(handle)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.size as usize]
    }
}

/// The handle of a path, and the id of the mount.
pub(crate) fn of(dir: BorrowedFd<'_>, path: &CStr, flags: u32, unique: bool) -> io::Result<(RawHandle, u64)> {
    let mut handle = RawHandle { size: libc::MAX_HANDLE_SZ.cast_unsigned(), handle_type: 0, bytes: [0; MAX_SIZE] };
    // An `int` unless the id is a unique one; there is room for both.
    let mut mount = [0_u8; 8];
    // SAFETY: the path is a C string, `size` says how many bytes may be written to the
    // handle, and at most 8 are written to `mount`.
    check(unsafe {
        libc::syscall(
            libc::SYS_name_to_handle_at,
            dir.as_raw_fd(),
            path.as_ptr(),
            &raw mut handle,
            mount.as_mut_ptr(),
            flags,
        )
    })?;
    let [a, b, c, d, ..] = mount;
    let mount = if unique { u64::from_ne_bytes(mount) } else { u32::from_ne_bytes([a, b, c, d]).into() };
    Ok((handle, mount))
}

pub(crate) fn open(mount: BorrowedFd<'_>, handle: &RawHandle, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags.bits().cast_signed();
    // SAFETY: the kernel reads the handle, as many bytes as it says to have.
    let fd = check(unsafe {
        libc::syscall(libc::SYS_open_by_handle_at, mount.as_raw_fd(), std::ptr::from_ref(handle), flags)
    })?;
    let fd = c_int::try_from(fd).expect("a descriptor is an int");
    // SAFETY: the descriptor is new, and owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
