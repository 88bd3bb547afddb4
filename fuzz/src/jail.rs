#![expect(unsafe_code, reason = "a thread gets a root directory of its own")]
//! [`Jail`]: what is tried runs in a root directory of its own and can touch nothing else.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use fs_core::{chroot, fchdir};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};
use rustix::process::Uid;
use rustix::thread::{self, UnshareFlags, set_thread_res_uid};
use tempfile::TempDir;

/// The user `nobody`: who owns nothing of what is tried.
const STRANGER: u32 = 65_534;

/// A directory that this thread can make its root, empty at first but for
/// [`SETTING`].
#[derive(Debug)]
pub struct Jail {
    top: OwnedFd,
    /// The directory, where it has a name.
    _dir: Option<TempDir>,
}

/// Why there is no jail.
#[derive(Debug)]
pub struct NoJail(String);

impl NoJail {
    /// For this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        NoJail(reason.into())
    }

    /// Says why something is not run.
    ///
    /// # Panics
    /// With `OSPREY_REQUIRE_ALL` set: there all must be run.
    pub fn skip(&self) {
        assert!(std::env::var_os("OSPREY_REQUIRE_ALL").is_none(), "must not be skipped here: {self}");
        eprintln!("not run: {self}");
    }
}

impl fmt::Display for NoJail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoJail {}

/// What the library asks the system where it is inside.
const SETTING: &str = "proc/sys/fs/protected_symlinks";

thread_local! {
    /// The ways back to the root and working directory that this thread had.
    static OUTSIDE: OnceCell<(File, File)> = const { OnceCell::new() };
    /// Whether this thread is in a jail.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

impl Jail {
    /// A jail for this thread: a tmpfs that is mounted nowhere and is gone with the
    /// process, or a temporary directory where that is not permitted.
    ///
    /// # Errors
    /// The reason why a thread cannot change its root directory here: it needs the
    /// capability `CAP_SYS_CHROOT`.
    pub fn new() -> Result<Self, NoJail> {
        let reason = |what: &str, error: &dyn fmt::Display| NoJail(format!("{what}: {error}"));
        // SAFETY: FS unshares only cwd, root and umask; no descriptor changes owner.
        unsafe { thread::unshare_unsafe(UnshareFlags::FS) }.map_err(|error| reason("unshare", &error))?;
        let jail = match nowhere() {
            Ok(top) => Jail { top, _dir: None },
            Err(_) => Jail::named().map_err(|error| reason("a temporary directory", &error))?,
        };
        let outside = outside().map_err(|error| reason("the root directory", &error))?;
        // A second jail of this thread is left by the same way.
        OUTSIDE.with(|ways| ways.set(outside)).unwrap_or_default();
        INSIDE.set(true);
        let setting = std::fs::read(Path::new("/").join(SETTING));
        let entered = enter(jail.top(), jail.top()).map_err(std::io::Error::from).and_then(|()| {
            std::fs::create_dir_all(Path::new(SETTING).parent().unwrap_or(Path::new("")))?;
            std::fs::write(SETTING, setting.unwrap_or_default())
        });
        go_back();
        entered.map_err(|error| reason("chroot, which needs CAP_SYS_CHROOT", &error))?;
        Ok(jail)
    }

    fn named() -> std::io::Result<Self> {
        let dir = tempfile::Builder::new().prefix("fuzz-").tempdir()?;
        Ok(Jail { top: File::open(dir.path())?.into(), _dir: Some(dir) })
    }

    /// The directory.
    pub fn top(&self) -> BorrowedFd<'_> {
        self.top.as_fd()
    }

    /// Runs `work` with `root` as root directory and `working` as working directory.
    pub fn run<T>(&self, root: BorrowedFd<'_>, working: BorrowedFd<'_>, work: impl FnOnce() -> T) -> T {
        struct Back;
        impl Drop for Back {
            fn drop(&mut self) {
                go_back();
            }
        }
        INSIDE.set(true);
        let _back = Back;
        enter(root, working).expect("a thread that could once change its root directory still can");
        work()
    }
}

/// Runs `work` as somebody to whom nothing belongs, if this is root; as who this is
/// otherwise.
pub fn as_stranger<T>(work: impl FnOnce() -> T) -> T {
    struct Back;
    impl Drop for Back {
        fn drop(&mut self) {
            become_again();
        }
    }
    let _back = Back;
    // Without the capability nothing changes.
    let _ = set_thread_res_uid(None, Uid::from_raw(STRANGER), None);
    work()
}

/// Makes a panic leave the jail before anybody else hears of it: libFuzzer writes the
/// input to a file then.
pub fn leave_on_panic() {
    let then = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        become_again();
        go_back();
        then(info);
    }));
}

/// Takes on the real user again, whom a stranger keeps.
fn become_again() {
    let user = rustix::process::getuid();
    let _ = set_thread_res_uid(None, user, None);
}

fn go_back() {
    if INSIDE.replace(false) {
        OUTSIDE.with(|ways| {
            let (root, working) = ways.get().expect("a jail that was made knows the way back");
            enter(root.as_fd(), working.as_fd()).expect("a thread that entered a jail can leave it");
        });
    }
}

fn outside() -> std::io::Result<(File, File)> {
    Ok((File::open("/")?, File::open(".")?))
}

/// A tmpfs without a place.
fn nowhere() -> rustix::io::Result<OwnedFd> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(context.as_fd())?;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())
}

fn enter(root: BorrowedFd<'_>, working: BorrowedFd<'_>) -> fs_core::Result<()> {
    fchdir(root)?;
    chroot(".")?;
    fchdir(working)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_there_is_nothing_else() {
        let jail = match Jail::new() {
            Ok(jail) => jail,
            Err(reason) => return reason.skip(),
        };
        let before = std::env::current_dir().unwrap();
        let inside = |work: fn() -> Vec<std::ffi::OsString>| jail.run(jail.top(), jail.top(), work);
        let names = || {
            let mut names: Vec<_> = std::fs::read_dir("/..").unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(inside(names), ["proc"]);
        inside(|| {
            std::fs::write("f", "").unwrap();
            Vec::new()
        });
        assert_eq!(inside(names), ["f", "proc"]);
        assert_eq!(std::env::current_dir().unwrap(), before);
        let caught = std::panic::catch_unwind(|| inside(|| panic!("on purpose")));
        assert!(caught.is_err());
        assert_eq!(std::env::current_dir().unwrap(), before);
    }

    #[test]
    fn a_stranger_is_one_for_as_long_as_it_is_said() {
        let user = rustix::process::geteuid();
        let stranger = as_stranger(rustix::process::geteuid);
        assert!(stranger.as_raw() == STRANGER || !user.is_root());
        assert_eq!(rustix::process::geteuid(), user);
    }
}
