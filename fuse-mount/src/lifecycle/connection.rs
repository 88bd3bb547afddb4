//! Further descriptors of the connection to the kernel, and fuser's sessions over them.
//!
//! fuser makes all its threads when a session begins, and ends the session when one of them dies. Here
//! each thread is a session of its own over a descriptor of its own: a thread can come at any time, and with one that dies
//! goes its descriptor, so that the kernel answers what it has left behind.
//!
//! A session of fuser begins with the kernel's first request, which the kernel sends once. The
//! first session gets it; to the others we play the kernel's part over a pair of sockets, and then put
//! the connection in the place of the socket.

#![expect(unsafe_code, reason = "the ioctl that clones a connection, and a descriptor that is replaced in place")]

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use fuser::{Session, SessionACL};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::io::{DupFlags, Errno};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use crate::filesystem::PassthroughFs;

/// The connection's descriptors.
#[derive(Debug)]
pub(super) struct Connection {
    first: OwnedFd,
    /// Whether the device can be opened again; where it cannot, all have one descriptor.
    has_clones: bool,
}

/// How a connection is at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No request waits for a server.
    Idle,
    /// One does.
    HasRequest,
    /// It has ended.
    Over,
}

impl Connection {
    /// The connection that `device` is one descriptor of.
    pub(super) fn new(device: OwnedFd) -> Self {
        let mut connection = Connection { first: device, has_clones: true };
        connection.has_clones = connection.clone_device().is_ok();
        connection
    }

    /// Whether each session has a descriptor of its own.
    pub(super) fn has_clones(&self) -> bool {
        self.has_clones
    }

    /// How it is now.
    pub(super) fn state(&self) -> State {
        let mut fds = [PollFd::new(&self.first, PollFlags::IN)];
        if rustix::event::poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_err() {
            return State::Idle;
        }
        match fds[0].revents() {
            ready if ready.intersects(PollFlags::ERR | PollFlags::HUP) => State::Over,
            ready if ready.contains(PollFlags::IN) => State::HasRequest,
            _ => State::Idle,
        }
    }

    /// The session that agrees with the kernel on what both can do.
    pub(super) fn agree(&self, filesystem: PassthroughFs) -> io::Result<Session<PassthroughFs>> {
        session(filesystem, self.first.try_clone()?)
    }

    /// One more session, of one thread, once the kernel has agreed.
    pub(super) fn session(&self, filesystem: PassthroughFs) -> io::Result<Session<PassthroughFs>> {
        let device = if self.has_clones { self.clone_device()? } else { self.first.try_clone()? };
        let (kernel, socket) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        rustix::io::write(&kernel, &first_request())?;
        let session = session(filesystem, socket)?;
        replace(&session, &device)?;
        Ok(session)
    }

    fn clone_device(&self) -> io::Result<OwnedFd> {
        let device = rustix::fs::open(c"/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        let first = u32::try_from(self.first.as_raw_fd()).expect("a descriptor is not negative");
        // SAFETY: FUSE_DEV_IOC_CLONE reads one u32.
        let clone = unsafe { rustix::ioctl::Setter::<{ rustix::ioctl::opcode::read::<u32>(229, 0) }, u32>::new(first) };
        // SAFETY: as above; on another device than /dev/fuse the number means nothing, and is refused.
        unsafe { rustix::ioctl::ioctl(&device, clone) }?;
        Ok(device)
    }
}

/// Who may use the mount is the kernel's to decide: `allow_other`, or its owner.
fn session(filesystem: PassthroughFs, device: OwnedFd) -> io::Result<Session<PassthroughFs>> {
    Session::from_fd(filesystem, device, SessionACL::All, fuser::Config::default())
}

/// Puts `device` in the place of the session's descriptor.
fn replace(session: &Session<PassthroughFs>, device: &OwnedFd) -> io::Result<()> {
    // SAFETY: the descriptor is the session's, and open. It is closed here by nobody.
    let mut place = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(session.as_fd().as_raw_fd()) });
    let replaced = rustix::io::retry_on_intr(|| match rustix::io::dup3(device, &mut place, DupFlags::CLOEXEC) {
        // Somebody is just opening a descriptor.
        Err(Errno::BUSY) => Err(Errno::INTR),
        replaced => replaced,
    });
    Ok(replaced?)
}

/// `FUSE_INIT` of a kernel that offers nothing.
fn first_request() -> Vec<u8> {
    /// Of the header, and of `struct fuse_init_in`.
    const LENGTHS: [u32; 2] = [40, 64];
    const INIT: u32 = 26;
    const VERSION: [u32; 2] = [7, 36];
    let mut request = Vec::new();
    let length = LENGTHS.iter().sum::<u32>();
    let header = [length, INIT].into_iter().chain([0; 8]);
    let arguments = VERSION.into_iter().chain([0; 14]);
    header.chain(arguments).for_each(|word| request.extend(word.to_ne_bytes()));
    debug_assert_eq!(request.len(), length as usize);
    request
}
