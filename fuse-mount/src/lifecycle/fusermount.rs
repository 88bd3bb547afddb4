//! `fusermount3`, the program that mounts and unmounts for who may not.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::io::{FdFlags, IoSliceMut};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType, recvmsg, socketpair,
};

use super::say::say;
use crate::exit::Failure;

/// Where the program is.
pub(super) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/bin", "/bin", "/usr/local/bin", "/sbin", "/usr/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(usual).map(|dir| dir.join("fusermount3")).find(|file| file.is_file())
}

/// Mounts at `mountpoint`, and gives the connection.
///
/// The process must have one thread: the program inherits a descriptor, and nobody else may
/// start a program meanwhile.
pub(super) fn mount(mountpoint: &Path, options: &OsStr) -> Result<OwnedFd, Failure> {
    let program = find().ok_or_else(|| {
        Failure::Failed(
            "cannot make the mount: without root it needs fusermount3, which is not installed (Debian's package fuse3)"
                .into(),
        )
    })?;
    let failed = |what: &str, error: std::io::Error| {
        Failure::io(
            format_args!("cannot make the mount: without root it needs fusermount3, which cannot be run: {what}"),
            &error,
        )
    };
    let (theirs, ours) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::empty(), None)
        .map_err(|errno| failed("socketpair", errno.into()))?;
    rustix::io::fcntl_setfd(&ours, FdFlags::CLOEXEC).map_err(|errno| failed("fcntl", errno.into()))?;
    let mut child = Command::new(&program)
        .arg("-o")
        .arg(options)
        .arg("--")
        .arg(mountpoint)
        .env("_FUSE_COMMFD", theirs.as_raw_fd().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&program.display().to_string(), error))?;
    drop(theirs);
    let device = receive(&ours);
    let mut message = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        // What cannot be read is not reported; the status is.
        let _ = stderr.read_to_string(&mut message);
    }
    let status = child.wait().map_err(|error| failed("wait", error))?;
    match device {
        Some(device) if status.success() => Ok(device),
        _ if message.trim().is_empty() => {
            Err(Failure::Failed(format!("cannot make the mount: fusermount3 failed: {status}")))
        }
        _ => Err(Failure::Failed(format!("cannot make the mount: {}", message.trim().replace('\n', "; ")))),
    }
}

/// Unmounts: at once if `lazy`, else only if nothing is open.
pub(super) fn unmount(mountpoint: &Path, lazy: bool) -> bool {
    let Some(program) = find() else { return false };
    // That a mount is busy is no news.
    let how = if lazy { "-uz" } else { "-uq" };
    match Command::new(program).arg(how).arg("--").arg(mountpoint).stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            let message = String::from_utf8_lossy(&output.stderr);
            if !message.trim().is_empty() {
                say(message.trim());
            }
            false
        }
        Err(_) => false,
    }
}

/// The descriptor that the program sends.
fn receive(socket: &OwnedFd) -> Option<OwnedFd> {
    let mut byte = [0];
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut room);
    let mut slices = [IoSliceMut::new(&mut byte)];
    rustix::io::retry_on_intr(|| recvmsg(socket, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC)).ok()?;
    let mut received = None;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(mut fds) = message {
            received = received.or(fds.next());
        }
    }
    // As a check that it is what it should be: a descriptor of a character device.
    let device = File::from(received?);
    device.metadata().is_ok_and(|status| !status.is_file() && !status.is_dir()).then(|| device.into())
}
