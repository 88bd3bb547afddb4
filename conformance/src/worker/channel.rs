//! Lines over a socket, with patience that ends, and descriptors beside them.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{self, Errno};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

use crate::interrupt;

/// How long one wait is, after which an interrupt is looked for.
const SLICE: Duration = Duration::from_millis(100);

/// One end of a stream of lines.
pub(super) struct Channel {
    socket: OwnedFd,
    /// What was received and is not yet a line.
    received: Vec<u8>,
    /// The descriptor that came with what was received.
    passed: Option<OwnedFd>,
}

/// What waiting for a line ended in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// A line, without its end.
    Line(String),
    /// The other end is closed.
    Closed,
    /// Nothing came in time.
    Late,
    /// The run is interrupted.
    Interrupted,
}

impl Channel {
    /// Both ends of a new stream.
    pub(super) fn pair() -> io::Result<(Channel, OwnedFd)> {
        let (ours, theirs) = pair()?;
        Ok((Channel::new(ours), theirs))
    }

    pub(super) fn new(socket: OwnedFd) -> Self {
        Channel { socket, received: Vec::new(), passed: None }
    }

    /// The socket.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Sends a line, perhaps with a descriptor.
    pub(super) fn send(&self, line: &str, fd: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        let mut sent = send(self.socket.as_fd(), &bytes, fd.as_slice())?;
        while sent < bytes.len() {
            sent += send(self.socket.as_fd(), &bytes[sent..], &[])?;
        }
        Ok(())
    }

    /// Waits for a line; for ever, if `until` is `None`.
    pub(super) fn receive(&mut self, until: Option<Instant>) -> io::Result<Incoming> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.received[searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.received.split_off(searched + end + 1);
                let mut line = std::mem::replace(&mut self.received, rest);
                line.pop();
                return String::from_utf8(line).map(Incoming::Line).map_err(|_| Errno::ILSEQ);
            }
            searched = self.received.len();
            if let Some(until) = until {
                match wait(self.socket.as_fd(), until)? {
                    Readiness::Ready => {}
                    Readiness::Late => return Ok(Incoming::Late),
                    Readiness::Interrupted => return Ok(Incoming::Interrupted),
                }
            }
            let mut buffer = [0; 8192];
            let (count, mut fds) = match receive(self.socket.as_fd(), &mut buffer) {
                Err(Errno::CONNRESET) => return Ok(Incoming::Closed),
                received => received?,
            };
            if count == 0 {
                return Ok(Incoming::Closed);
            }
            self.received.extend_from_slice(&buffer[..count]);
            self.passed = fds.pop().or(self.passed.take());
        }
    }

    /// The descriptor that came with the last line.
    pub(super) fn take_passed(&mut self) -> Option<OwnedFd> {
        self.passed.take()
    }
}

/// Two connected stream sockets.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}

/// Two connected sockets that keep the bounds of messages.
pub(super) fn packet_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
}

/// Sends bytes with up to two descriptors; how many bytes went.
pub(super) fn send(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(fds));
    }
    io::retry_on_intr(|| sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL))
}

/// Receives bytes and up to two descriptors; no bytes when the other end is closed.
pub(super) fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut into = [IoSliceMut::new(buffer)];
    let message = io::retry_on_intr(|| recvmsg(socket, &mut into, &mut control, RecvFlags::CMSG_CLOEXEC))?;
    let fds = control.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => fds.collect(),
        _ => Vec::new(),
    });
    Ok((message.bytes, fds.collect()))
}

/// Whether there is something to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready,
    Late,
    Interrupted,
}

/// Waits until there is something to receive, or the end of the stream.
pub(super) fn wait(socket: BorrowedFd<'_>, until: Instant) -> io::Result<Readiness> {
    loop {
        let left = until.saturating_duration_since(Instant::now()).min(SLICE);
        let timeout = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&timeout)) {
            Ok(0) if Instant::now() >= until => return Ok(Readiness::Late),
            Ok(0) | Err(Errno::INTR) if interrupt::seen() => return Ok(Readiness::Interrupted),
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(Readiness::Ready),
            Err(errno) => return Err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_lines_of_any_length_and_descriptors() {
        let (mut ours, theirs) = Channel::pair().unwrap();
        let long = "x".repeat(1 << 20);
        let writer = std::thread::spawn({
            let long = long.clone();
            move || {
                let theirs = Channel::new(theirs);
                theirs.send("a", None).unwrap();
                theirs.send(&long, None).unwrap();
                theirs.send("with", Some(std::io::stderr().as_fd())).unwrap();
            }
        });
        let mut next = || ours.receive(Some(Instant::now() + Duration::from_secs(10))).unwrap();
        assert_eq!(next(), Incoming::Line("a".to_owned()));
        assert_eq!(next(), Incoming::Line(long));
        assert_eq!(next(), Incoming::Line("with".to_owned()));
        assert_eq!(next(), Incoming::Closed);
        assert!(ours.take_passed().is_some());
        writer.join().unwrap();
    }

    #[test]
    fn patience_ends() {
        let (mut ours, _theirs) = Channel::pair().unwrap();
        assert_eq!(ours.receive(Some(Instant::now() + Duration::from_millis(5))).unwrap(), Incoming::Late);
    }
}
