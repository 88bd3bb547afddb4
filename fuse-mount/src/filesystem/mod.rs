//! The border with the kernel: decodes a request, calls the node operation, sends
//! the reply, and hands a record to the tracer. The only room that knows fuser's
//! requests and replies.
//!
//! What fuser 0.18 lacks or gets wrong is worked around here: node ids that must be `st_ino`
//! ([`crate::number`]), times before 1970 ([`decode`]), one time to live for `create` and
//! `readdirplus` ([`Cache::joint_ttl`](crate::options::Cache)), and a panic that would end the mount
//! ([`serve`]). `FUSE_SETXATTR_EXT` is not asked for: the first setxattr would panic.

mod backing;
mod decode;
mod listing;
mod opening;
mod reply;
mod requests;
mod send;
mod serve;

use std::ops::Deref;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use fs_core::{Errno, Follow};
use fuser::{FileHandle, INodeNo, InitFlags, KernelConfig};
use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::CapabilitySet;

use crate::found::Found;
use crate::handle::Handles;
use crate::load::Load;
use crate::nodes::{Nodes, Settings};
use crate::ops::{Dir, File, Listings, Volume};
use crate::options::{Cache, Options, Passthrough};
use crate::trace::{Level, Tracer};
use crate::watch::{Unwatched, Watch, Watcher, can_forget_all_names};
use crate::worker;

use backing::Backings;

/// Where a mount finds the way to tell the kernel that what it remembers is stale.
///
/// Filled by whoever builds the session, once there is one:
/// `slot.set(session.notifier())`.
pub type NotifierSlot = Arc<OnceLock<fuser::Notifier>>;

/// The file system: a directory, shown at a second place. A clone is the same file system, for
/// another server.
#[derive(Clone, Debug)]
pub struct PassthroughFs(Arc<Shared>);

/// What all servers of a mount share.
#[derive(Debug)]
pub struct Shared {
    options: Options,
    volume: Volume,
    backings: Backings,
    tracer: Option<Arc<Tracer>>,
    notifier: NotifierSlot,
    load: Arc<Load>,
    /// Whether the kernel and we have agreed on what each does.
    has_agreed: AtomicBool,
    /// Whether each read and write is a request, for the trace.
    sees_data: bool,
    /// Whether a write says if suid and sgid go.
    kernel_says_who_clears: AtomicBool,
    /// Whether the source has POSIX ACLs.
    has_acls: bool,
    /// How many file systems are stacked beneath: overlayfs is one on another.
    stack_depth: u32,
    /// What is watched, if that was asked for; or why it cannot be.
    watch: Result<Option<Arc<Watch>>, Unwatched>,
}

impl PassthroughFs {
    /// A file system that shows `source`, a directory open with `O_PATH` or for reading.
    ///
    /// Each request that it answers is given to `tracer`.
    ///
    /// # Errors
    /// `ENOTDIR`: `source` is not a directory. `EPERM` or `ENOENT`: threads cannot be prepared,
    /// because a sandbox forbids it or `/proc` is missing.
    pub fn new(options: Options, source: OwnedFd, tracer: Option<Arc<Tracer>>) -> fs_core::Result<Self> {
        let found = Found::by(&source)?;
        let device = found.status.st_dev();
        if found.status.st_mode() & libc::S_IFMT != libc::S_IFDIR {
            return Err(Errno::NOTDIR.into());
        }
        // Not on this thread, which may have another use for its working directory.
        std::thread::spawn(|| worker::with(|_| Ok(()))).join().unwrap_or(Err(Errno::IO))?;
        let source = Arc::new(source);
        let (cache, watch) = match options.cache {
            Cache::Watch => match Watch::new(&source, device) {
                Ok(watch) => (Cache::Watch, Ok(Some(Arc::new(watch)))),
                Err(why) => (Cache::Tick, Err(why)),
            },
            other => (other, Ok(None)),
        };
        // Otherwise names are told to be forgotten one by one if it comes to the worst.
        let needs_names = cache == Cache::Watch && !can_forget_all_names();
        let settings = Settings {
            most_descriptors: descriptor_limit() / 2,
            keeps_names: tracer.is_some() || needs_names,
            by_handle: true,
        };
        let (has_acls, stack_depth) = (has_acls(&source), stack_depth(&source));
        let nodes = Nodes::new(source, &found, settings);
        let nodes = match &watch {
            Ok(Some(watch)) => nodes.watched(Arc::clone(watch)),
            _ => nodes,
        };
        let sees_data = tracer.is_some() && options.trace_level == Level::Io;
        Ok(PassthroughFs(Arc::new(Shared {
            has_acls,
            stack_depth,
            watch,
            volume: Volume {
                nodes: Arc::new(nodes),
                files: Handles::default(),
                dirs: Handles::default(),
                listings: Listings::default(),
                opens_directories: AtomicBool::new(true),
                opens_files: AtomicBool::new(true),
                cache,
                read_only: options.read_only,
            },
            backings: Backings::new(),
            tracer,
            notifier: NotifierSlot::default(),
            load: Arc::new(Load::new()),
            has_agreed: AtomicBool::new(false),
            sees_data,
            kernel_says_who_clears: AtomicBool::new(false),
            options,
        })))
    }

    /// The slot for the session's notifier.
    pub fn notifier_slot(&self) -> NotifierSlot {
        Arc::clone(&self.notifier)
    }

    /// The descriptor of the connection through which the kernel is let read and write files itself.
    pub fn pass_through(&self, device: OwnedFd) {
        self.backings.connect(device);
    }

    /// The directory that a request is about, which names its node and perhaps a handle.
    fn directory(&self, ino: INodeNo, handle: FileHandle) -> Dir {
        if self.volume.opens_directories.load(Ordering::Relaxed) { Dir::Open(handle.0) } else { Dir::Node(ino.0) }
    }

    /// The file that a request is about, which names its node and perhaps a handle.
    fn file(&self, ino: INodeNo, handle: FileHandle) -> File {
        if self.volume.opens_files.load(Ordering::Relaxed) { File::Open(handle.0) } else { File::Node(ino.0) }
    }

    /// Makes the kernel forget bytes that it has in its page cache, and that the source will never have.
    ///
    /// It may wait for others that use the page, and that wait for a server: this one counts as busy.
    fn drop_pages(&self, ino: INodeNo, offset: u64, length: usize) {
        let _busy = self.load().enter();
        if let Some(notifier) = self.notifier.get() {
            // That it knows no such node is no error.
            let _ = notifier.inval_inode(ino, offset.cast_signed(), length as i64);
        }
    }

    /// How busy its servers are.
    pub(crate) fn load(&self) -> &Arc<Load> {
        &self.load
    }

    /// What the kernel may remember; not what was asked for where that cannot be had.
    pub fn cache(&self) -> Cache {
        self.volume.cache
    }

    /// Why the source is not watched though that was asked for.
    pub fn unwatched(&self) -> Option<Unwatched> {
        self.watch.as_ref().err().copied()
    }

    /// What tells the kernel of changes on the source, once there is a session; `None` if nothing is to.
    pub(crate) fn watcher(&self) -> Option<Watcher> {
        let watch = self.watch.as_ref().ok()?.as_ref()?;
        Some(Watcher::new(Arc::clone(watch), Arc::clone(&self.volume.nodes)))
    }

    /// Agrees with the kernel on what it does and what it leaves to us.
    ///
    /// Once: the first request of another server comes not from the kernel.
    fn agree(&self, config: &mut KernelConfig) {
        if self.has_agreed.swap(true, Ordering::Relaxed) {
            return;
        }
        let offered = config.capabilities();
        let mut wanted = InitFlags::FUSE_DONT_MASK
            | InitFlags::FUSE_PARALLEL_DIROPS
            | InitFlags::FUSE_ATOMIC_O_TRUNC
            | InitFlags::FUSE_HANDLE_KILLPRIV_V2
            | InitFlags::FUSE_ASYNC_DIO
            | InitFlags::FUSE_DIRECT_IO_ALLOW_MMAP;
        if self.volume.cache.keeps() {
            wanted |= InitFlags::FUSE_CACHE_SYMLINKS;
            // Without the right to search a directory its entries could be listed but not
            // looked up, and readdirplus would lose them.
            if worker::is_capable(CapabilitySet::DAC_READ_SEARCH) {
                wanted |= InitFlags::FUSE_DO_READDIRPLUS | InitFlags::FUSE_READDIRPLUS_AUTO;
            }
        }
        if self.volume.cache != Cache::Exclusive {
            wanted |= InitFlags::FUSE_AUTO_INVAL_DATA;
        }
        if self.has_acls {
            wanted |= InitFlags::FUSE_POSIX_ACL;
        }
        // Listings are remembered for ever, and so need not be asked for. A trace shows who opens what.
        let leaves_out = self.volume.cache == Cache::Exclusive && self.tracer.is_none();
        if leaves_out && offered.contains(InitFlags::FUSE_NO_OPENDIR_SUPPORT) {
            wanted |= InitFlags::FUSE_NO_OPENDIR_SUPPORT;
            self.volume.opens_directories.store(false, Ordering::Relaxed);
        }
        // Nor need files be opened where nobody writes: all that is asked of one is to read it, which the node leads to.
        let opens_files = !(leaves_out && self.volume.read_only && offered.contains(InitFlags::FUSE_NO_OPEN_SUPPORT));
        if !opens_files {
            wanted |= InitFlags::FUSE_NO_OPEN_SUPPORT;
            // Where root makes the mount writable behind our back, a truncation is a request of its own, which is refused.
            wanted -= InitFlags::FUSE_ATOMIC_O_TRUNC;
            self.volume.opens_files.store(false, Ordering::Relaxed);
        }
        let passes = opens_files
            && self.options.passthrough == Passthrough::Auto
            && worker::is_capable(CapabilitySet::SYS_ADMIN);
        if passes && offered.contains(InitFlags::FUSE_PASSTHROUGH) && self.stack_depth < MOST_STACKED {
            wanted |= InitFlags::FUSE_PASSTHROUGH;
            config.set_max_stack_depth(self.stack_depth + 1).expect("within the kernel's limit");
            self.backings.allow();
        }
        let agreed = wanted & offered;
        config.add_capabilities(agreed).expect("only what is offered is asked for");
        let says = agreed.contains(InitFlags::FUSE_HANDLE_KILLPRIV_V2);
        self.kernel_says_who_clears.store(says, Ordering::Relaxed);
        config.set_max_write(MAX_WRITE).expect("less than fuser's buffer");
        config.set_max_background(MAX_BACKGROUND).expect("more than none");
    }
}

impl Deref for PassthroughFs {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The longest write that is one request, in bytes.
const MAX_WRITE: u32 = 1 << 20;

/// How many requests that nobody waits for, as readahead, may be under way.
const MAX_BACKGROUND: u16 = 64;

/// The kernel's limit of file systems stacked on each other.
const MOST_STACKED: u32 = 2;

/// Enough that nodes seldom have to be reached anew; each takes some kernel memory.
const MOST_DESCRIPTORS: usize = 1 << 17;

/// How many descriptors the process may have, after asking for as many as it may get. One half is for
/// nodes, the other for what programs open.
fn descriptor_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Without the right to, it stays what it was.
    let _ = setrlimit(Resource::Nofile, limit);
    let current = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(current).unwrap_or(usize::MAX).min(MOST_DESCRIPTORS)
}

/// Whether the source has POSIX ACLs. Where it has none, the kernel must not ask for
/// them: each creation by an ordinary user would cost two requests more.
fn has_acls(source: &OwnedFd) -> bool {
    let acl = fs_core::getxattr_into((source, "."), "system.posix_acl_access", &mut [], Follow::Yes);
    matches!(acl.map_err(Errno::from), Ok(_) | Err(Errno::NODATA))
}

/// How many file systems are stacked beneath the source's.
fn stack_depth(source: &OwnedFd) -> u32 {
    /// Those that are stacked on another.
    const STACKED: [u32; 2] = [0x794c_7630, 0xf15f]; // overlayfs, ecryptfs
    let magic = rustix::fs::fstatfs(source.as_fd()).map_or(0, |fs| fs.f_type as u32);
    u32::from(STACKED.contains(&magic))
}
