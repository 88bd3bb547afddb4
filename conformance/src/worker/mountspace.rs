#![expect(unsafe_code, reason = "unshare has no safe form")]
//! The mount namespace of a case that has mounts of its own.
//!
//! A process holds the namespace, in which it has made the mounts, and the workers enter it. With the
//! last of them it ends, and so do the mounts, whatever ended them: there is nothing to
//! unmount. It is a copy of the zygote's namespace of that moment, made anew for each case, so that
//! mounts of others are kept no longer than the case takes.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, StatVfsMountFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags};
use rustix::process::{Pid, PidfdFlags, Signal};
use rustix::thread::{ThreadNameSpaceType, UnshareFlags};

use super::{channel, process, zygote};
use crate::mounts::{BASE, BindMount};

/// What the holder says when the mounts are made; anything else says why they are not.
const MADE: &str = "made";

/// A mount namespace with the mounts of a case.
pub(super) struct MountSpace {
    holder: Pid,
    /// A descriptor of the holder, by which its namespace is entered.
    pidfd: OwnedFd,
    /// The directory of the case, in the namespace.
    dir: OwnedFd,
}

impl MountSpace {
    /// Makes the mounts in the directory `dir`, in a namespace of their own.
    ///
    /// The holder is a child of this process, which must wait for it once it is killed.
    pub(super) fn new(dir: BorrowedFd<'_>, mounts: &[BindMount]) -> Result<MountSpace, String> {
        let failed = |errno: Errno| format!("no process for the mounts: {errno}");
        let (ours, theirs) = channel::packet_pair().map_err(failed)?;
        let zygote = rustix::process::getpid();
        let Some(holder) = zygote::fork().map_err(failed)? else {
            hold(dir, mounts, theirs, zygote);
        };
        drop(theirs);
        let kill_with = |why: String| {
            kill(holder);
            why
        };
        let mut answer = [0; 512];
        let (count, fds) = channel::receive(ours.as_fd(), &mut answer).map_err(failed).map_err(kill_with)?;
        let answer = String::from_utf8_lossy(&answer[..count]);
        let dir = fds.into_iter().next().filter(|_| answer == MADE);
        let dir = dir.ok_or_else(|| kill_with(format!("no mounts can be made: {answer}")))?;
        let pidfd = rustix::process::pidfd_open(holder, PidfdFlags::empty()).map_err(failed).map_err(kill_with)?;
        Ok(MountSpace { holder, pidfd, dir })
    }

    /// Has this process see the mounts.
    pub(super) fn enter(&self) -> io::Result<()> {
        Ok(rustix::thread::move_into_thread_name_spaces(self.pidfd.as_fd(), ThreadNameSpaceType::MOUNT)?)
    }

    /// The directory of the case, for who has entered.
    pub(super) fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    /// Ends the process that holds the namespace.
    pub(super) fn end(&self) {
        kill(self.holder);
    }
}

fn kill(holder: Pid) {
    let _ = rustix::process::kill_process(holder, Signal::KILL);
}

/// The life of the holder: makes the mounts, and waits to be killed.
fn hold(dir: BorrowedFd<'_>, mounts: &[BindMount], socket: OwnedFd, parent: Pid) -> ! {
    let _ = rustix::thread::set_name(c"conf-mounts");
    process::die_with(parent);
    let made = make(dir, mounts);
    let _ = match &made {
        Ok(dir) => channel::send(socket.as_fd(), MADE.as_bytes(), &[dir.as_fd()]),
        Err(why) => channel::send(socket.as_fd(), why.as_bytes(), &[]),
    };
    zygote::close_all_but(socket.as_fd());
    while made.is_ok() {
        rustix::event::pause();
    }
    zygote::exit(0)
}

fn make(dir: BorrowedFd<'_>, mounts: &[BindMount]) -> Result<OwnedFd, String> {
    let in_case = |what: &str, errno: Errno| format!("{what}: {errno}");
    // A working directory moves into the new namespace with the process; a descriptor does not.
    rustix::process::fchdir(dir).map_err(|errno| in_case("the directory of the case", errno))?;
    // SAFETY: no descriptor changes owner.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) }
        .map_err(|errno| in_case("no mount namespace", errno))?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", private).map_err(|errno| in_case("no private mounts", errno))?;
    make_dir(BASE).map_err(|errno| in_case(BASE, errno))?;
    for mount in mounts {
        make_one(mount).map_err(|errno| in_case(&mount.to_string(), errno))?;
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, ".", flags, Mode::empty()).map_err(|errno| in_case("the directory of the case", errno))
}

fn make_one(mount: &BindMount) -> Result<(), Errno> {
    let name = mount.name.as_str();
    make_dir(name)?;
    rustix::mount::mount_bind(BASE, name)?;
    // What the mount beneath forbids stays forbidden: in a user namespace nobody may allow it.
    let flags = mount.flags | inherited(rustix::fs::statvfs(name)?.f_flag);
    rustix::mount::mount_remount(name, MountFlags::BIND | flags, c"")
}

/// Makes a directory that is open to everybody.
fn make_dir(name: &str) -> Result<(), Errno> {
    rustix::fs::mkdir(name, Mode::RWXU)?;
    rustix::fs::chmod(name, Mode::from_bits_retain(0o777))
}

fn inherited(flags: StatVfsMountFlags) -> MountFlags {
    /// `ST_NOSYMFOLLOW`, which the C library has no name for.
    const NOSYMFOLLOW: StatVfsMountFlags = StatVfsMountFlags::from_bits_retain(0x2000);
    let pairs = [
        (StatVfsMountFlags::RDONLY, MountFlags::RDONLY),
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (NOSYMFOLLOW, MountFlags::NOSYMFOLLOW),
    ];
    let set = pairs.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, flag)| *flag);
    set.fold(MountFlags::empty(), MountFlags::union)
}
