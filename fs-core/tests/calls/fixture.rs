//! What the tests stand on: directories, other users, processes of their own.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::{fs, thread};

use fs_core::{Errno, Error, Gid, Mode, OFlags, Uid, open};

pub(crate) use crate::alone::alone;

/// A directory of one test, which everybody may enter.
pub(crate) struct Dir {
    top: tempfile::TempDir,
    /// The directory, opened to be the start of paths.
    pub(crate) fd: OwnedFd,
}

impl Dir {
    pub(crate) fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        fs::set_permissions(top.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let fd = open(top.path(), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        Dir { top, fd }
    }

    /// The path of a name in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.top.path().to_owned() } else { self.top.path().join(name) }
    }

    /// Makes a file with this content, and returns its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn dir(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir(&path).unwrap();
        path
    }

    pub(crate) fn symlink(&self, text: &str, name: &str) -> PathBuf {
        let path = self.path(name);
        std::os::unix::fs::symlink(text, &path).unwrap();
        path
    }

    pub(crate) fn open(&self, name: &str, flags: OFlags) -> OwnedFd {
        open(&self.path(name), flags, mode(0o644)).unwrap()
    }

    /// The names in the directory, sorted.
    pub(crate) fn names(&self) -> Vec<OsString> {
        let mut names: Vec<_> =
            fs::read_dir(self.top.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }
}

pub(crate) fn mode(bits: u32) -> Mode {
    Mode::from_bits_retain(bits)
}

/// The errno of a call that must fail.
#[track_caller]
pub(crate) fn errno<T: std::fmt::Debug>(result: fs_core::Result<T>) -> Errno {
    match result.expect_err("must fail") {
        Error::Os(errno) => errno,
        other => panic!("not an errno: {other:?}"),
    }
}

/// Says why a test does not run here.
pub(crate) fn skip(why: &str) {
    eprintln!("not run: {why}");
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs `body` as an ordinary user: the test's own, or if that is root, uid 65534 in
/// a thread of its own.
pub(crate) fn as_ordinary_user<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    if !is_root() {
        return body();
    }
    let run = || {
        let (uid, gid) = (Uid::from_raw(65534), Gid::from_raw(65534));
        rustix::thread::set_thread_groups(&[]).unwrap();
        rustix::thread::set_thread_res_gid(gid, gid, gid).unwrap();
        rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
        body()
    };
    thread::scope(|scope| match scope.spawn(run).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
