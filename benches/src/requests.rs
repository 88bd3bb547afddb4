//! [`Requests`]: which requests the kernel sends to a mount, counted by the kernel.
//!
//! The tracepoint `fuse:fuse_request_send` is exact where times are not. Forgets are not
//! seen by it.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use fs_core::{Mode, OFlags, open};
use rustix::fs::{AtFlags, mkdirat, unlinkat};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};

/// The switch of the tracepoint.
const SWITCH: &str = "events/fuse/fuse_request_send/enable";

/// The room of the buffer, for each processor: for the requests of programs.
const ROOM_KIB: &str = "8192";

/// A buffer of the kernel's tracing, of its own.
#[derive(Debug)]
pub struct Requests {
    instances: OwnedFd,
    name: String,
    instance: OwnedFd,
}

impl Requests {
    /// Opens a buffer. The file system with the kernel's tracing is mounted for it, at no
    /// place where others would see it.
    ///
    /// # Errors
    /// Why requests cannot be counted here, in words.
    pub fn new() -> Result<Self, String> {
        let reason = |what: &'static str| move |error: rustix::io::Errno| format!("{what}: {error}");
        let mount = tracefs().map_err(reason("tracefs, which needs root"))?;
        let dir = |parent: BorrowedFd<'_>, name: &str| {
            open((parent, name), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).map_err(|error| error.errno())
        };
        let instances = dir(mount.as_fd(), "instances").map_err(reason("tracefs"))?;
        let name = format!("osprey-{}", std::process::id());
        mkdirat(&instances, &name, Mode::RWXU).map_err(reason("a buffer of the kernel's tracing"))?;
        let instance = dir(instances.as_fd(), &name).map_err(reason("tracefs"))?;
        let requests = Requests { instances, name, instance };
        requests.write(SWITCH, "0").map_err(|error| format!("the tracepoint: {error}"))?;
        requests.write("buffer_size_kb", ROOM_KIB).map_err(|error| format!("the buffer's room: {error}"))?;
        Ok(requests)
    }

    /// The requests on a connection while `work` is done, in order.
    ///
    /// # Errors
    /// Those of the kernel's tracing; that there were more requests than it has room for is one.
    pub fn of(&self, connection: u32, work: impl FnOnce()) -> std::io::Result<Vec<String>> {
        self.write("trace", "")?;
        self.write(SWITCH, "1")?;
        work();
        self.write(SWITCH, "0")?;
        let mut text = String::new();
        self.open("trace", OFlags::RDONLY)?.read_to_string(&mut text)?;
        match has_lost(&text) {
            true => Err(std::io::Error::other("there were more than the buffer of the kernel's tracing has room for")),
            false => Ok(parse(&text, connection)),
        }
    }

    fn write(&self, name: &str, text: &str) -> std::io::Result<()> {
        self.open(name, OFlags::WRONLY | OFlags::TRUNC)?.write_all(text.as_bytes())
    }

    fn open(&self, name: &str, flags: OFlags) -> std::io::Result<std::fs::File> {
        Ok(open((&self.instance, name), flags, Mode::empty())?.into())
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        let _ = unlinkat(&self.instances, &self.name, AtFlags::REMOVEDIR);
    }
}

fn tracefs() -> rustix::io::Result<OwnedFd> {
    let context = fsopen("tracefs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(context.as_fd())?;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())
}

/// Whether there were more than are in the text, by its line
/// `# entries-in-buffer/entries-written: 205/410   #P:2`.
fn has_lost(text: &str) -> bool {
    let counts = text.lines().find_map(|line| line.strip_prefix("# entries-in-buffer/entries-written: "));
    let counts = counts.and_then(|counts| counts.split(' ').next()?.split_once('/'));
    counts.is_some_and(|(there, written)| there != written)
}

/// The names of the requests of a connection, from lines that end in
/// `fuse_request_send: connection 45 req 8 opcode 3 (FUSE_GETATTR) len 56`.
fn parse(text: &str, connection: u32) -> Vec<String> {
    let connection = connection.to_string();
    let name = |line: &str| {
        let (_, line) = line.split_once("fuse_request_send: connection ")?;
        let (number, line) = line.split_once(' ')?;
        let (_, line) = line.split_once('(')?;
        let (name, _) = line.split_once(')')?;
        (number == connection).then(|| name.trim_start_matches("FUSE_").to_owned())
    };
    text.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_seen() {
        assert!(has_lost("# tracer: nop\n#\n# entries-in-buffer/entries-written: 205/410   #P:2\n"));
        assert!(!has_lost("# tracer: nop\n#\n# entries-in-buffer/entries-written: 205/205   #P:2\n"));
    }

    #[test]
    fn only_the_requests_of_the_connection_are_read() {
        let text = "# tracer: nop\n\
            a-1 [000] ..... 9.1: fuse_request_send: connection 45 req 8 opcode 1 (FUSE_LOOKUP) len 44 \n\
            a-1 [000] ..... 9.2: fuse_request_send: connection 4 req 8 opcode 3 (FUSE_GETATTR) len 56 \n\
            a-1 [000] ..... 9.3: fuse_request_send: connection 45 req 10 opcode 3 (FUSE_GETATTR) len 56 \n";
        assert_eq!(parse(text, 45), ["LOOKUP", "GETATTR"]);
        assert!(parse(text, 5).is_empty());
    }
}
