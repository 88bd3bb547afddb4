//! The guard: a second process that unmounts when the daemon dies without having done so.
//!
//! It is a fork of the daemon from before its first thread, in a session of its own, with all
//! signals blocked and one descriptor: the read end of a pipe whose write end only the daemon
//! holds. The daemon says which mount is its own before that mount is seen by anybody. At the
//! end of the pipe, whatever caused it, the guard takes that mount away if it is still there.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::process::{Pid, WaitOptions, waitpid};

use super::detach;
use super::identity::MountId;
use super::privileges;
use super::process::{self, Side};
use crate::exit::Failure;

/// The length of a message: a kind, and two numbers.
const MESSAGE_LEN: usize = 1 + 8 + 8;

/// The daemon's end of the guard. Dropping it ends the guard, after it has looked once more.
#[derive(Debug)]
pub(super) struct Guard {
    pipe: Option<File>,
    pid: Pid,
}

impl Guard {
    /// Starts the guard of a mount at `mountpoint`. The process must have one thread.
    pub(super) fn start(mountpoint: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::io("cannot start the guard process", &error);
        let (read, write) =
            rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(|errno| failed(errno.into()))?;
        match process::fork().map_err(failed)? {
            Side::Parent(pid) => Ok(Guard { pipe: Some(write.into()), pid }),
            Side::Child => {
                // Its write end would keep the pipe open. It is closed by number, with the rest.
                std::mem::forget(write);
                watch(read, mountpoint)
            }
        }
    }

    /// Tells the guard which mount is the daemon's.
    pub(super) fn watch(&mut self, id: MountId) -> Result<(), Failure> {
        let pipe = self.pipe.as_mut().expect("open until it is dropped");
        pipe.write_all(&encode(id)).map_err(|error| Failure::io("cannot reach the guard process", &error))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.pipe = None;
        // Somebody may have ended it; then there is nothing to wait for.
        let _ = rustix::io::retry_on_intr(|| waitpid(Some(self.pid), WaitOptions::empty()));
    }
}

fn watch(pipe: OwnedFd, mountpoint: &Path) -> ! {
    // Where one of these fails, the guard is a worse guard, and still one.
    let _ = process::block_all_signals();
    let _ = process::close_all_but(&pipe);
    let _ = rustix::process::setsid();
    let _ = rustix::process::chdir("/");
    let _ = rustix::thread::set_name(c"fuse-mount-grd");
    let _ = privileges::confine_guard();
    let mut bytes = Vec::new();
    let _ = File::from(pipe).read_to_end(&mut bytes);
    let last = bytes.rchunks_exact(MESSAGE_LEN).next();
    if let Some(id) = last.and_then(|message| decode(message.try_into().expect("of that length"))) {
        // It must not end before the mount has: a daemon that is killed leaves nobody to try again.
        let _ = detach::lazily(mountpoint, id);
    }
    std::process::exit(0)
}

fn encode(id: MountId) -> [u8; MESSAGE_LEN] {
    let (kind, number, device) = match id {
        MountId::Unique(number) => (b'u', number, 0),
        MountId::Reusable { mount, device: (major, minor) } => (b'r', mount, u64::from(major) << 32 | u64::from(minor)),
    };
    let mut message = [0; MESSAGE_LEN];
    message[0] = kind;
    message[1..9].copy_from_slice(&number.to_ne_bytes());
    message[9..].copy_from_slice(&device.to_ne_bytes());
    message
}

fn decode(message: &[u8; MESSAGE_LEN]) -> Option<MountId> {
    let number = u64::from_ne_bytes(message[1..9].try_into().expect("eight bytes"));
    let device = u64::from_ne_bytes(message[9..].try_into().expect("eight bytes"));
    match message[0] {
        b'u' => Some(MountId::Unique(number)),
        b'r' => Some(MountId::Reusable { mount: number, device: ((device >> 32) as u32, device as u32) }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back() {
        for id in [MountId::Unique(u64::MAX - 1), MountId::Reusable { mount: 7, device: (3, u32::MAX) }] {
            assert_eq!(decode(&encode(id)), Some(id));
        }
        assert_eq!(decode(&[0; MESSAGE_LEN]), None);
    }
}
