//! What the kernel is told to forget: messages that nobody asked for, written to the connection.
//!
//! Not by fuser, which hides that the kernel knows no such inode or name, and does not have
//! `FUSE_NOTIFY_INC_EPOCH`.

use std::os::fd::OwnedFd;

use fs_core::Errno;

/// The connection to the kernel.
#[derive(Debug)]
pub(super) struct Kernel {
    device: OwnedFd,
    message: Vec<u8>,
}

/// What the kernel made of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It has forgotten.
    Done,
    /// It remembers no such thing.
    Unknown,
    /// It does not understand.
    Unsupported,
}

/// The connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Over;

// enum fuse_notify_code
const INVAL_INODE: i32 = 2;
const INVAL_ENTRY: i32 = 3;
const INC_EPOCH: i32 = 8;

/// `FUSE_EXPIRE_ONLY`.
const EXPIRE_ONLY: u32 = 1;

/// `struct fuse_out_header`: length, code, number of the request.
const HEADER_SIZE: usize = 4 + 4 + 8;

/// Whether the kernel can forget all names at once: Linux 6.16 or later.
pub(crate) fn can_forget_all_names() -> bool {
    is_at_least((6, 16))
}

/// Whether the kernel forgets the attributes of an inode, and drops answers that are under way, when it has written to
/// the source itself: Linux 6.12 or later.
pub(super) fn notices_what_it_passes() -> bool {
    is_at_least((6, 12))
}

fn is_at_least(wanted: (u32, u32)) -> bool {
    version(&rustix::system::uname().release().to_string_lossy()).is_some_and(|version| version >= wanted)
}

fn version(release: &str) -> Option<(u32, u32)> {
    let (major, rest) = release.split_once('.')?;
    let minor = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

impl Kernel {
    pub(super) fn new(device: OwnedFd) -> Self {
        Kernel { device, message: Vec::new() }
    }

    /// Nothing is at a name any more: a directory that was there, and in which a program may be, has no path.
    pub(super) fn forget_name(&mut self, parent: u64, name: &[u8]) -> Result<Told, Over> {
        self.name(parent, name, 0)
    }

    /// What is at a name, or that nothing is, is to be asked for before it is used again. Before Linux 6.2 as
    /// [`Kernel::forget_name`].
    pub(super) fn doubt_name(&mut self, parent: u64, name: &[u8]) -> Result<Told, Over> {
        self.name(parent, name, EXPIRE_ONLY)
    }

    fn name(&mut self, parent: u64, name: &[u8], flags: u32) -> Result<Told, Over> {
        // A name of no file system that is shown, and of none that is remembered.
        let Ok(length) = u32::try_from(name.len()) else { return Ok(Told::Unknown) };
        self.begin();
        self.message.extend(parent.to_ne_bytes());
        self.message.extend(length.to_ne_bytes());
        self.message.extend(flags.to_ne_bytes());
        self.message.extend(name);
        self.message.push(0);
        self.send(INVAL_ENTRY)
    }

    /// Forget the attributes of an inode, and what it contains if `content`: data or a listing.
    pub(super) fn forget_inode(&mut self, ino: u64, content: bool) -> Result<Told, Over> {
        self.begin();
        self.message.extend(ino.to_ne_bytes());
        // A negative offset: the contents stay. A length of 0: to the end.
        self.message.extend(i64::from(content).wrapping_sub(1).to_ne_bytes());
        self.message.extend(0_i64.to_ne_bytes());
        self.send(INVAL_INODE)
    }

    /// Forget all names, and that there are none (Linux 6.16).
    pub(super) fn forget_all_names(&mut self) -> Result<Told, Over> {
        self.begin();
        self.send(INC_EPOCH)
    }

    fn begin(&mut self) {
        self.message.clear();
        self.message.resize(HEADER_SIZE, 0);
    }

    fn send(&mut self, code: i32) -> Result<Told, Over> {
        let length = u32::try_from(self.message.len()).expect("a name is short");
        self.message[..4].copy_from_slice(&length.to_ne_bytes());
        self.message[4..8].copy_from_slice(&code.to_ne_bytes());
        match fs_core::write(&self.device, &self.message).map_err(Errno::from) {
            Ok(_) => Ok(Told::Done),
            // Nor does it if a directory has become something else.
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(Told::Unknown),
            Err(Errno::NODEV | Errno::NOTCONN | Errno::PERM | Errno::BADF) => Err(Over),
            Err(_) => Ok(Told::Unsupported),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a message of this kind is, as the kernel reads it.
    fn message(tell: impl FnOnce(&mut Kernel) -> Result<Told, Over>) -> Vec<u8> {
        let (read, write) = rustix::pipe::pipe().unwrap();
        assert_eq!(tell(&mut Kernel::new(write)), Ok(Told::Done));
        let mut bytes = vec![0; 512];
        let length = fs_core::read(&read, &mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    }

    fn numbers(bytes: &[u8]) -> Vec<u32> {
        bytes.as_chunks().0.iter().map(|chunk| u32::from_ne_bytes(*chunk)).collect()
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("6.18.44-fc"), Some((6, 18)));
        assert_eq!(version("6.9-rc1"), Some((6, 9)));
        assert!(version("6.9.1") < version("6.16"));
        assert_eq!(version("odd"), None);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn messages_are_those_of_the_protocol() {
        let name = message(|kernel| kernel.forget_name(5, b"abc"));
        assert_eq!(numbers(&name), [36, 3, 0, 0, 5, 0, 3, 0, u32::from_le_bytes(*b"abc\0")]);
        let doubt = message(|kernel| kernel.doubt_name(5, b"abc"));
        assert_eq!(numbers(&doubt), [36, 3, 0, 0, 5, 0, 3, 1, u32::from_le_bytes(*b"abc\0")]);
        let all = message(|kernel| kernel.forget_inode(5, true));
        assert_eq!(numbers(&all), [40, 2, 0, 0, 5, 0, 0, 0, 0, 0]);
        let attributes = message(|kernel| kernel.forget_inode(5, false));
        assert_eq!(numbers(&attributes), [40, 2, 0, 0, 5, 0, u32::MAX, u32::MAX, 0, 0]);
        assert_eq!(numbers(&message(Kernel::forget_all_names)), [16, 8, 0, 0]);
    }
}
