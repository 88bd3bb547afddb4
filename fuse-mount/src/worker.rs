#![expect(unsafe_code, reason = "unshares the thread's working directory and umask")]
//! What each thread that serves requests has of its own: working directory, umask,
//! capabilities, buffers.
//!
//! Threads are prepared on their first request, because fuser makes them. From then on
//! - the working directory is `/proc/self/fd`, so that `N` names what descriptor `N`
//!   is open on, `O_PATH` descriptors included, on any kernel ([`Worker::at`]);
//! - the umask is the thread's own, so that it can be a caller's;
//! - where the daemon may act as its callers, `CAP_FSETID` is lowered, so that the
//!   kernel beneath clears suid and sgid exactly as for a program without privilege,
//!   and there are no supplementary groups.
//!
//! Only paths of the form `N` are ever resolved from the working directory.

use std::cell::{OnceCell, RefCell};
use std::ffi::CStr;
use std::io::Write;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd};

use fs_core::Errno;
use rustix::fs::Mode;
use rustix::thread::{self, CapabilitiesSecureBits, CapabilitySet, CapabilitySets, UnshareFlags};

use crate::room::Room;

/// A prepared thread; a proof that the thread which holds it is prepared.
#[derive(Debug)]
pub struct Worker {
    /// The thread's capabilities while it may act as its callers; `None` where the
    /// daemon has no such privilege, and files belong to the daemon.
    pub capabilities: Option<CapabilitySets>,
    /// Room for what a request reads.
    pub data: RefCell<Room>,
    /// Room for what is written with O_DIRECT: a request has its bytes anywhere.
    pub blocks: RefCell<Room>,
    /// Room for the paths of a trace record.
    pub paths: [RefCell<Vec<u8>>; 2],
    /// The preparation is the thread's: a worker stays on it.
    _thread: PhantomData<*const ()>,
}

/// The capabilities without which acting as a caller would fail or do too little.
const IMPERSONATION: CapabilitySet = CapabilitySet::SETUID
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::CHOWN)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::DAC_OVERRIDE);

thread_local! {
    static WORKER: OnceCell<Result<Worker, Errno>> = const { OnceCell::new() };
}

/// Calls `serve` with the worker of this thread, which is prepared on the first call.
///
/// # Errors
/// `serve`'s, or why the thread cannot be prepared: `EPERM` where a sandbox
/// forbids it, `ENOENT` without `/proc`.
pub fn with<T>(serve: impl FnOnce(&Worker) -> Result<T, Errno>) -> Result<T, Errno> {
    WORKER.with(|worker| match worker.get_or_init(prepare) {
        Ok(worker) => serve(worker),
        Err(errno) => Err(*errno),
    })
}

/// Whether the calling thread has the capabilities `wanted`.
pub fn is_capable(wanted: CapabilitySet) -> bool {
    thread::capabilities(None).is_ok_and(|sets| sets.effective.contains(wanted))
}

fn prepare() -> Result<Worker, Errno> {
    // SAFETY: FS unshares only the working directory, the root and the umask; no
    // descriptor changes owner.
    unsafe { thread::unshare_unsafe(UnshareFlags::FS) }?;
    rustix::process::umask(Mode::empty());
    rustix::process::chdir("/proc/self/fd")?;
    let capabilities = match is_capable(IMPERSONATION).then(prepare_impersonation).transpose() {
        // A user namespace whose groups nobody may set, as `unshare -Ur` makes it.
        Err(Errno::PERM) => None,
        prepared => prepared?,
    };
    Ok(Worker {
        capabilities,
        data: RefCell::default(),
        blocks: RefCell::default(),
        paths: [RefCell::default(), RefCell::default()],
        _thread: PhantomData,
    })
}

fn prepare_impersonation() -> Result<CapabilitySets, Errno> {
    thread::set_thread_groups(&[])?;
    // Otherwise setfsuid(0) would raise CAP_FSETID again.
    let bits = thread::capabilities_secure_bits()?;
    if !bits.contains(CapabilitiesSecureBits::NO_SETUID_FIXUP) {
        thread::set_capabilities_secure_bits(bits | CapabilitiesSecureBits::NO_SETUID_FIXUP)?;
    }
    let mut sets = thread::capabilities(None)?;
    sets.effective.remove(CapabilitySet::FSETID);
    thread::set_capabilities(None, sets)?;
    Ok(sets)
}

impl Worker {
    /// Calls `call` with a path that leads to what `fd` is open on, whatever has become of its
    /// names, and whether it is a symbolic link or a device: follow it with
    /// [`Follow::Yes`](fs_core::Follow::Yes).
    pub fn at<T>(&self, fd: impl AsFd, call: impl FnOnce(&CStr) -> fs_core::Result<T>) -> fs_core::Result<T> {
        let mut path = [0; 12];
        write!(&mut path[..], "{}", fd.as_fd().as_raw_fd()).expect("eleven digits suffice");
        call(CStr::from_bytes_until_nul(&path).expect("the last byte stays NUL"))
    }

    /// Whether the worker may act as its callers.
    pub fn impersonates(&self) -> bool {
        self.capabilities.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_names_what_the_descriptor_is_open_on() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "12345").unwrap();
        let fd = fs_core::open(&dir.path().join("f"), fs_core::OFlags::PATH, Mode::empty()).unwrap();
        std::fs::remove_file(dir.path().join("f")).unwrap();
        with(|worker| {
            let status = worker.at(fd.as_fd(), |path| fs_core::stat(path, fs_core::Follow::Yes))?;
            assert_eq!((status.st_size(), status.st_nlink()), (5, 0));
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn the_working_directory_of_other_threads_stays() {
        let before = std::env::current_dir().unwrap();
        std::thread::spawn(|| with(|_| Ok(())).unwrap()).join().unwrap();
        assert_eq!(std::env::current_dir().unwrap(), before);
    }
}
