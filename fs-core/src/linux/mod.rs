//! Calls of Linux that Python's `os` module lacks and file systems need.
//!
//! Status with the time of birth and the mount ([`statx`]), opening with limits
//! ([`openat2`], and [`open_beneath`] where that is missing), file handles, storage
//! modes ([`fallocate`]), locks of open files, limits of the process, names for nameless files,
//! directory entries as the kernel gives them ([`getdents`]), and changes of whole file systems ([`fanotify`]). Functions that do what an event of
//! Python's document is about raise that event.

mod beneath;
mod dents;
pub mod fanotify;
mod handle;
mod inode_flags;
mod limits;
mod lock;
mod nameless;
mod openat2;
mod statx;
mod storage;

pub use beneath::{open_beneath, open_beneath_by_walk};
pub use dents::{RawEntries, RawEntry, getdents};
pub use handle::{FileHandle, HandleFlags, name_to_handle_at, open_by_handle_at};
pub use inode_flags::{ExtendedFlags, InodeFlags, extended_flags, inode_flags, set_extended_flags, set_inode_flags};
pub use limits::{FileSignal, Resource, ignore_signal, set_soft_limit};
pub use lock::{FlockOperation, HeldLock, LockKind, LockOwner, LockRange};
pub use lock::{flock, lock_range, test_lock_range, try_lock_range};
pub use nameless::{is_whiteout, link_fd, whiteout};
pub use openat2::{ResolveFlags, openat2};
pub use statx::{MNT_ID_UNIQUE, Statx, StatxAttributes, StatxFlags, statx, statx_without_automount};
pub use storage::{FallocateFlags, fallocate, syncfs};
