//! Live mounts: what programs see through a mount is what they see without one.
//!
//! Most tests are run twice, on a plain directory and on a mount of another on the same file
//! system, and compared; and that for every cache policy, with and without the
//! kernel's passthrough.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(unsafe_code, reason = "memory maps, and a umask of one thread")]

#[path = "../support/mod.rs"]
mod support;

mod attributes;
mod crowds;
mod data;
mod directories;
mod identity;
mod names;
mod objects;
mod remounted;
mod sources;
mod trees;
mod unopened;

use std::fmt::Debug;
use std::path::Path;

use fs_core::Errno;
use rustix::process::{Gid, Uid};
use rustix::thread::UnshareFlags;

use support::Mount;

/// Every way to mount that must make no difference.
const MODES: [[&str; 2]; 8] = [
    ["--cache=none", "--passthrough=auto"],
    ["--cache=none", "--passthrough=off"],
    ["--cache=tick", "--passthrough=auto"],
    ["--cache=tick", "--passthrough=off"],
    ["--cache=watch", "--passthrough=auto"],
    ["--cache=watch", "--passthrough=off"],
    ["--cache=exclusive", "--passthrough=auto"],
    ["--cache=exclusive", "--passthrough=off"],
];

/// Calls `check` with an empty mount of each mode.
fn in_every_mode(check: impl Fn(&Mount)) {
    in_modes(|_| true, check);
}

/// Calls `check` with an empty mount of each of these modes.
fn in_modes(is_meant: impl Fn(&[&str; 2]) -> bool, check: impl Fn(&Mount)) {
    if !support::can_mount() {
        return;
    }
    let can_watch = support::can_watch();
    let is_possible = |mode: &[&str; 2]| can_watch || mode[0] != "--cache=watch";
    for mode in MODES.into_iter().filter(is_meant).filter(is_possible) {
        let mount = Mount::start(&[mode[0], mode[1], "-o", "allow_other"]);
        eprintln!("mode {mode:?}");
        check(&mount);
        let end = mount.end();
        // A process that another test starts has for a moment the descriptors of this one.
        let complaints: Vec<&str> = end.stderr.lines().filter(|line| !line.contains("is in use")).collect();
        assert_eq!((end.code(), complaints), (Ok(0), Vec::new()), "the daemon of {mode:?}");
    }
}

/// Checks that `observe` sees the same in an empty plain directory and in an empty mount, in
/// every mode.
fn same_in_every_mode<T: PartialEq + Debug>(observe: impl Fn(&Path) -> T) {
    in_every_mode(|mount| {
        let plain = mount.dir().join("plain");
        std::fs::create_dir(&plain).unwrap();
        let (wanted, got) = (observe(&plain), observe(&mount.mountpoint));
        assert_eq!(wanted, got, "plain directory, then mount");
    });
}

/// Calls `act` on a thread that is another user, with its own umask.
fn as_user<T: Send>(uid: u32, gid: u32, groups: &[u32], umask: u32, act: impl FnOnce() -> T + Send) -> T {
    let groups: Vec<Gid> = groups.iter().copied().map(Gid::from_raw).collect();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: FS unshares only the working directory, the root and the umask; no
            // descriptor changes owner.
            unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FS) }.unwrap();
            rustix::process::umask(rustix::fs::Mode::from_bits_truncate(umask));
            rustix::thread::set_thread_groups(&groups).unwrap();
            let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
            rustix::thread::set_thread_res_gid(gid, gid, gid).unwrap();
            rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
            act()
        });
        thread.join().unwrap()
    })
}

/// The errno of a call, for comparison.
fn errno<T>(result: fs_core::Result<T>) -> Result<T, Errno> {
    result.map_err(Errno::from)
}
