//! A node: an inode that the kernel knows.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use fs_core::StatResult;

use crate::backing::Backing;
use crate::cache::has_set_id;
use crate::number::OriginIndex;

/// An inode that the kernel knows.
#[derive(Debug)]
pub struct Node {
    /// The number that the kernel knows it by.
    pub ino: u64,
    /// Tells two inodes apart that had the same number, one after the other.
    pub generation: u64,
    /// The type, as the upper bits of a mode.
    pub file_type: u32,
    /// The device that holds the inode, and the mount that it was reached by.
    pub origin: OriginIndex,
    /// Whether every change of it is heard of.
    pub is_watched: bool,
    /// How many handles are open for writing.
    pub writers: AtomicU32,
    state: Mutex<State>,
    /// Whether the descriptor was used since somebody last looked for one to close.
    used: AtomicBool,
    set_id: AtomicBool,
    is_small: AtomicBool,
    may_be_mapped: AtomicBool,
}

/// What changes of a node. There can be millions of nodes: one lock, and nothing that most of
/// them lack.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) hold: Hold,
    /// None where names are not kept.
    pub(crate) place: Option<Box<Place>>,
    /// None for one that was not opened, or not lately.
    pub(crate) open: Option<Box<Open>>,
}

impl Open {
    /// Takes note of one more; how its bytes travel.
    fn add(&mut self, asks: Asks) -> Way {
        self.handles += 1;
        self.was_read = asks.prefers_pages;
        if self.passes {
            return Way { backing: self.backing.clone(), is_chosen: false };
        }
        Way { backing: None, is_chosen: asks.prefers_pages && self.backing.is_some() }
    }
}

impl State {
    /// Whether files are open of which the source's are not.
    pub(crate) fn needs_descriptor(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.handles > 0 && open.witness.strong_count() == 0)
    }

    /// Takes away what is kept of open files if there are none any more; to be dropped without the lock.
    pub(crate) fn close_unless_open(&mut self) -> Option<Box<Open>> {
        // One descriptor may be that of the file that is being closed.
        let is_over = |open: &Open| open.handles == 0 && open.witness.strong_count() <= 1;
        self.open.take_if(|open| is_over(open))
    }
}

/// The open files of a node, and what it keeps of them.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// How many there are for the kernel.
    handles: u32,
    /// Whether the kernel reads and writes them itself; otherwise they go through us.
    passes: bool,
    /// What it reads and writes them by. It is kept.
    backing: Option<Arc<Backing>>,
    /// Whether the last one that was opened was only read.
    was_read: bool,
    /// A descriptor through which the inode can be reached for as long as it is open.
    witness: Weak<OwnedFd>,
}

/// What is asked of an open file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asks {
    /// The kernel may read and write it itself.
    pub(crate) may_pass: bool,
    /// It is only read, and so little that the page cache is the faster way.
    pub(crate) prefers_pages: bool,
}

/// How the bytes of an open file travel.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// By the kernel itself through this, or else through its page cache and us.
    pub(crate) backing: Option<Arc<Backing>>,
    /// Through us though it might pass: the source's file was open before, and may not be needed now.
    pub(crate) is_chosen: bool,
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
    pub(crate) fn new(ino: u64, generation: u64, fd: Arc<OwnedFd>, origin: OriginIndex, status: &StatResult) -> Self {
        Node {
            ino,
            generation,
            file_type: status.st_mode() & libc::S_IFMT,
            origin,
            is_watched: false,
            writers: AtomicU32::new(0),
            state: Mutex::new(State { hold: Hold::Descriptor(fd), place: None, open: None }),
            used: AtomicBool::new(true),
            set_id: AtomicBool::new(has_set_id(status.st_mode())),
            is_small: AtomicBool::new(is_small(status)),
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
        set(&self.is_small, is_small(status));
    }

    /// Whether it was so short when it was last looked at that the kernel's page cache may have a second copy of it.
    pub fn is_small(&self) -> bool {
        self.is_small.load(Ordering::Relaxed)
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
        self.state().open.get_or_insert_default().witness = Arc::downgrade(fd);
    }

    /// The descriptor that was noted last, if it is still open.
    pub(crate) fn open_descriptor(&self) -> Option<Arc<OwnedFd>> {
        self.state().open.as_ref()?.witness.upgrade()
    }

    /// Takes note of one more open file. Its way is that of those that are open already, or else through us unless it
    /// may pass, or prefers to go through us because it was read before, or else the backing id that was kept. `None` if
    /// there is none: see [`Node::open_first`].
    pub(crate) fn open_again(&self, asks: Asks) -> Option<Way> {
        let mut state = self.state();
        let open = state.open.get_or_insert_default();
        if open.handles == 0 {
            if asks.may_pass && open.backing.is_none() {
                return None;
            }
            // The first reading of what was written is not worth a request for its pages.
            open.passes = asks.may_pass && !(asks.prefers_pages && open.was_read);
        }
        Some(open.add(asks))
    }

    /// Takes note of an open file, whose way is `backing` unless another was opened meanwhile; the way.
    pub(crate) fn open_first(&self, backing: Option<Arc<Backing>>, asks: Asks) -> Way {
        let mut state = self.state();
        let open = state.open.get_or_insert_default();
        if open.handles == 0 {
            open.passes = backing.is_some() || open.backing.is_some();
            if open.backing.is_none() {
                open.backing.clone_from(&backing);
            }
        }
        let way = open.add(asks);
        // If another was first, `backing` is given back, by a system call.
        drop(state);
        way
    }

    /// Takes note that an open file is closed. The way is kept only by a node that has a descriptor.
    pub(crate) fn close(&self) {
        let _kept_no_longer = {
            let mut state = self.state();
            if let Some(open) = &mut state.open {
                open.handles = open.handles.saturating_sub(1);
            }
            if matches!(state.hold, Hold::Descriptor(_)) { None } else { state.close_unless_open() }
        };
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

    /// Whether the descriptor was used since this was last asked, or must stay: nothing else would
    /// reach an open file whose names are taken away.
    pub(crate) fn needs_descriptor(&self) -> bool {
        self.used.swap(false, Ordering::Relaxed) || self.state().needs_descriptor()
    }
}

/// Enough for a source file; a second copy of what is longer would cost more than the faster open gives.
const SMALL: u64 = 64 << 10;

fn is_small(status: &StatResult) -> bool {
    status.st_mode() & libc::S_IFMT == libc::S_IFREG && status.st_size().cast_unsigned() <= SMALL
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
