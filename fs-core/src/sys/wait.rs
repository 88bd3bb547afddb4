#![expect(unsafe_code, reason = "rustix hides process group 0, the usage of resources, and who has ended")]
//! Waiting for children, with all that the kernel says of them.

use std::ffi::{c_int, c_uint};
use std::mem::MaybeUninit;

use rustix::io;
use rustix::process::RawPid;

use super::linux::check;

/// Id, status and used resources; id 0 if `options` say not to wait and nothing is ready.
pub(crate) fn wait4(pid: RawPid, options: c_int) -> io::Result<(RawPid, c_int, libc::rusage)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both places have room for what the kernel writes.
    let pid = unsafe { libc::wait4(pid, &raw mut status, options, usage.as_mut_ptr()) };
    check(pid.into())?;
    // SAFETY: zeros are values of this struct, whether or not the kernel has written it.
    Ok((pid, status, unsafe { usage.assume_init() }))
}

/// What [`waitid`] tells of a child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChildInfo {
    pub(crate) pid: RawPid,
    pub(crate) uid: u32,
    pub(crate) signo: c_int,
    pub(crate) status: c_int,
    pub(crate) code: c_int,
}

/// Id 0 if `options` say not to wait and nothing is ready.
pub(crate) fn waitid(id_type: c_uint, id: c_uint, options: c_int) -> io::Result<ChildInfo> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: there is room for what the kernel writes.
    check(unsafe { libc::waitid(id_type, id, info.as_mut_ptr(), options) }.into())?;
    // SAFETY: zeros are values of this struct, whether or not the kernel has written it.
    let info = unsafe { info.assume_init() };
    // SAFETY: waitid fills in the fields of SIGCHLD, or leaves the zeros.
    let (pid, uid, status) = unsafe { child_fields(&info) };
    Ok(ChildInfo { pid, uid, signo: info.si_signo, status, code: info.si_code })
}

/// # Safety
/// `info` is about SIGCHLD, or is zeros.
unsafe fn child_fields(info: &libc::siginfo_t) -> (RawPid, u32, c_int) {
    // SAFETY: the caller knows that these fields are there.
    let pid = unsafe { info.si_pid() };
    // SAFETY: as above.
    let uid = unsafe { info.si_uid() };
    // SAFETY: as above.
    let status = unsafe { info.si_status() };
    (pid, uid, status)
}
