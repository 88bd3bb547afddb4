//! A node: an inode that the kernel knows.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use fs_core::StatResult;

use crate::cache::has_set_id;

/// An inode that the kernel knows.
#[derive(Debug)]
pub struct Node {
    /// The number that the kernel knows it by.
    pub ino: u64,
    /// Tells two inodes apart that had the same number, one after the other.
    pub generation: u64,
    /// The type, as the upper bits of a mode.
    pub file_type: u32,
    /// The device that holds the inode.
    pub device: u64,
    /// Whether every change of it is heard of.
    pub is_watched: bool,
    /// How many handles are open for writing.
    pub writers: AtomicU32,
    state: Mutex<State>,
    /// Whether the descriptor was used since somebody last looked for one to close.
    used: AtomicBool,
    set_id: AtomicBool,
    may_be_mapped: AtomicBool,
}

/// What changes of a node. There can be millions of nodes: one lock, and nothing that most of
/// them lack.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) hold: Hold,
    /// None where names are not kept.
    pub(crate) place: Option<Box<Place>>,
    witness: Weak<OwnedFd>,
}

/// What keeps the inode within reach.
#[derive(Clone, Debug)]
pub(crate) enum Hold {
    /// A descriptor, mostly an `O_PATH` one. Nobody else can get the inode's number
    /// meanwhile.
    Descriptor(Arc<OwnedFd>),
    /// The file system's handle: its type and its bytes.
    Handle(i32, Box<[u8]>),
    /// The node's [`Place`], where there has to be an inode with the same number and, if the file
    /// system tells it, this time of birth.
    Name {
        /// In nanoseconds since 1970.
        birth: Option<i64>,
    },
}

/// Where a node was seen last.
#[derive(Debug, Default)]
pub(crate) struct Place {
    pub(crate) parent: u64,
    pub(crate) name: Box<[u8]>,
    /// The name was taken away; it stands only for what is printed.
    pub(crate) is_gone: bool,
}

/// Where a name is: its directory, and the name itself.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// The number of the directory.
    pub parent: u64,
    /// One component.
    pub name: &'a [u8],
}

impl Node {
    /// A node that a descriptor holds.
    pub(crate) fn new(ino: u64, generation: u64, fd: Arc<OwnedFd>, status: &StatResult) -> Self {
        Node {
            ino,
            generation,
            file_type: status.st_mode() & libc::S_IFMT,
            device: status.st_dev(),
            is_watched: false,
            writers: AtomicU32::new(0),
            state: Mutex::new(State { hold: Hold::Descriptor(fd), place: None, witness: Weak::new() }),
            used: AtomicBool::new(true),
            set_id: AtomicBool::new(has_set_id(status.st_mode())),
            may_be_mapped: AtomicBool::new(false),
        }
    }

    /// What changes of it, for as long as nobody else looks at it.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Where it was seen last, if names are kept.
    pub(crate) fn place(&self) -> Option<(u64, Box<[u8]>)> {
        self.state().place.as_ref().map(|place| (place.parent, place.name.clone()))
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.file_type == libc::S_IFDIR
    }

    /// Whether it was a file with suid or sgid when it was last looked at.
    pub fn has_set_id(&self) -> bool {
        self.set_id.load(Ordering::Relaxed)
    }

    /// Takes note of attributes that are about to be told to the kernel.
    pub fn observe(&self, status: &StatResult) {
        set(&self.set_id, has_set_id(status.st_mode()));
    }

    /// Whether a program may have the source's file mapped for writing.
    pub fn may_be_mapped(&self) -> bool {
        self.may_be_mapped.load(Ordering::Relaxed)
    }

    /// Takes note that a program may from now on map the source's file for writing, and keep the map for
    /// as long as it likes; whether that is new.
    pub fn let_be_mapped(&self) -> bool {
        !self.may_be_mapped.swap(true, Ordering::Relaxed)
    }

    /// Takes note of a descriptor through which the inode can be reached for as
    /// long as it is open, whatever becomes of its names.
    pub fn witness(&self, fd: &Arc<OwnedFd>) {
        self.state().witness = Arc::downgrade(fd);
    }

    /// The descriptor that was noted last, if it is still open.
    pub(crate) fn open_descriptor(&self) -> Option<Arc<OwnedFd>> {
        self.state().witness.upgrade()
    }

    /// The descriptor that holds the node, if one does.
    pub(crate) fn descriptor(&self) -> Option<Arc<OwnedFd>> {
        match &self.state().hold {
            Hold::Descriptor(fd) => {
                self.use_descriptor();
                Some(Arc::clone(fd))
            }
            _ => None,
        }
    }

    /// Whether a descriptor holds the node.
    pub(crate) fn has_descriptor(&self) -> bool {
        matches!(self.state().hold, Hold::Descriptor(_))
    }

    /// Takes note that the descriptor is used.
    pub(crate) fn use_descriptor(&self) {
        set(&self.used, true);
    }

    /// Whether the descriptor was used since this was last asked.
    pub(crate) fn was_used(&self) -> bool {
        self.used.swap(false, Ordering::Relaxed)
    }
}

/// Writes only what is new: others read it all the time.
fn set(flag: &AtomicBool, value: bool) {
    if flag.load(Ordering::Relaxed) != value {
        flag.store(value, Ordering::Relaxed);
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in between leaves nothing half done that matters.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
