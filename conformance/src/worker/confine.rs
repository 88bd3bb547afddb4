#![expect(unsafe_code, reason = "unshare has no safe form")]
//! Confinement: a worker cannot touch anything but the directory of its case.

use std::io;
use std::os::fd::BorrowedFd;

use fs_core::op::{Line, Op};
use rustix::fs::Mode;
use rustix::process::{Gid, Uid};
use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags};

use super::actor::Credentials;

/// How workers are kept inside of their directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// `chroot(2)`, by a process that may.
    Chroot,
    /// `chroot(2)` in a user namespace, whose capabilities are dropped after it.
    UserNamespace,
    /// Neither can be had, for this reason: absolute and climbing paths are refused.
    Refusal(String),
}

impl Confinement {
    /// The strongest that this process can have. Enters a user namespace if that is
    /// needed, so the process must have one thread.
    pub(super) fn prepare() -> Self {
        let may_chroot = || rustix::thread::capabilities(None).map(|sets| sets.effective);
        if may_chroot().is_ok_and(|effective| effective.contains(CapabilitySet::SYS_CHROOT)) {
            return Confinement::Chroot;
        }
        match enter_user_namespace() {
            Ok(()) => Confinement::UserNamespace,
            Err(error) => Confinement::Refusal(format!("no user namespace: {error}")),
        }
    }

    /// Makes `dir` the directory, and the root where that can be had, of this
    /// process, and takes the credentials.
    pub(super) fn enter(&self, dir: BorrowedFd<'_>, credentials: Option<&Credentials>) -> io::Result<()> {
        rustix::process::fchdir(dir)?;
        if !matches!(self, Confinement::Refusal(_)) {
            rustix::process::chroot(c".")?;
        }
        if let Some(Credentials { uid, gid, groups, without }) = credentials {
            let groups: Vec<Gid> = groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
            let (uid, gid) = (Uid::from_raw(*uid), Gid::from_raw(*gid));
            rustix::thread::set_thread_groups(&groups)?;
            rustix::thread::set_thread_res_gid(gid, gid, gid)?;
            rustix::thread::set_thread_res_uid(uid, uid, uid)?;
            if !without.is_empty() {
                lower(*without)?;
            }
        }
        if *self == Confinement::UserNamespace {
            // They would open files that this user may not open: permissions of a
            // namespace hold for every inode whose owner is mapped in it.
            let none = CapabilitySet::empty();
            let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
            rustix::thread::set_capabilities(None, sets)?;
        }
        rustix::process::umask(Mode::from_bits_retain(0o022));
        Ok(())
    }

    /// Why the worker must not do this step, if it must not.
    pub(super) fn refuses(&self, line: &Line<'_>) -> Option<String> {
        let Confinement::Refusal(why) = self else {
            return None;
        };
        let what = match line.op {
            Op::Syscall { .. } | Op::OpenByHandleAt { .. } | Op::Getcwd {} => format!("`{}`", line.op.name()),
            _ if may_leave(&line.subject()) => "a path that is absolute or has `..` in it".to_owned(),
            _ => return None,
        };
        Some(format!("{what} is refused, for the worker is not confined: {why}"))
    }
}

/// Gives up capabilities.
fn lower(without: CapabilitySet) -> io::Result<()> {
    let CapabilitySets { effective, permitted, inheritable } = rustix::thread::capabilities(None)?;
    let sets = CapabilitySets {
        effective: effective.difference(without),
        permitted: permitted.difference(without),
        inheritable: inheritable.difference(without),
    };
    Ok(rustix::thread::set_capabilities(None, sets)?)
}

/// Whether a path of a step may lead out of the directory that it starts from, the
/// target of a new symbolic link included.
pub(crate) fn may_leave(step: &str) -> bool {
    let is_path = |key: &str| matches!(key, "path" | "src" | "dst" | "old" | "new");
    let fields = step.split(' ').filter_map(|word| word.split_once('='));
    let mut paths = fields.filter(|(key, _)| is_path(key)).map(|(_, value)| value);
    paths.any(|path| path.strip_prefix("%repeat(").unwrap_or(path).starts_with('/') || path.contains(".."))
}

/// Becomes the only user of a new user namespace, with all capabilities in it.
fn enter_user_namespace() -> io::Result<()> {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    // SAFETY: the process has one thread, and no descriptor changes owner.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWUSER) }?;
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))?;
    std::fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_root_of_its_own_paths_that_may_lead_out_are_refused() {
        let refusal = Confinement::Refusal("no user namespace".to_owned());
        let check = |line: &str, wanted: bool| {
            let line = Line::parse(line).unwrap();
            assert_eq!(refusal.refuses(&line).is_some(), wanted, "{line}");
            assert_eq!(Confinement::Chroot.refuses(&line), None);
        };
        check("stat path=/etc/passwd", true);
        check("stat path=\\x2fetc/passwd", true);
        check("stat path=a/../../b", true);
        check("stat path=%repeat(../,40)", true);
        check("stat path=%repeat(/x,3)", true);
        check("symlink src=/etc dst=a", true);
        check("rename src=a dst=../b", true);
        check("syscall name=stat args=str:/etc", true);
        check("getcwd", true);
        check("stat path=a/b", false);
        check("stat path=%path(4095)", false);
        check("setxattr path=a name=user.a value=/..", false);
    }
}
