#![expect(unsafe_code, reason = "per-thread identity, which neither rustix nor std has")]
//! Who asks, and how a thread acts in the name of who asks.
//!
//! The kernel has checked permissions already (`default_permissions`), so
//! identity decides only whom a new object belongs to. A thread keeps its capabilities while
//! it acts as a caller: `NO_SETUID_FIXUP` is set (see [`crate::worker`]).

use fs_core::Errno;
use rustix::fs::Mode;
use rustix::thread::{self, CapabilitySet, CapabilitySets};

use crate::worker::Worker;

/// Who made a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// File-system uid.
    pub uid: u32,
    /// File-system gid.
    pub gid: u32,
    /// The thread; 0 if it is unknown here.
    pub tid: u32,
}

impl Worker {
    /// Calls `create` as `caller`: what it creates belongs to the caller, with the
    /// permissions that `umask` leaves of `mode`.
    ///
    /// The umask is the kernel's to apply, because a default ACL replaces it. A caller
    /// who asks for sgid in `mode` may have it: the kernel took it away already from
    /// one who may not.
    pub fn create_as<T>(
        &self,
        caller: Caller,
        umask: u32,
        mode: u32,
        create: impl FnOnce() -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        // Every creation sets it, so it need not be set back.
        rustix::process::umask(Mode::from_bits_truncate(umask & 0o777));
        if mode & libc::S_ISGID != 0 {
            return self.with_fsetid(|| self.impersonate(caller, create));
        }
        self.impersonate(caller, create)
    }

    /// Calls `call` as `caller` with all its groups, and with `CAP_FSETID` if it is root
    /// and has that: for the calls that take sgid away from those who are not of the file's group.
    pub fn as_member<T>(&self, caller: Caller, call: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
        if !self.impersonates() {
            return call();
        }
        if caller.uid == 0 && has_capability(caller.tid, CapabilitySet::FSETID) {
            return self.with_fsetid(call);
        }
        let _groups = Groups::set(&supplementary_groups(caller.tid))?;
        self.impersonate(caller, call)
    }

    /// Calls `call` with `CAP_FSETID`, with which the kernel beneath leaves suid and
    /// sgid alone.
    pub fn with_fsetid<T>(&self, call: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
        let Some(usual) = self.capabilities.filter(|sets| sets.permitted.contains(CapabilitySet::FSETID)) else {
            return call();
        };
        let mut raised = usual;
        raised.effective.insert(CapabilitySet::FSETID);
        with_capabilities(raised, usual, call)
    }

    /// Calls `call` without `CAP_SYS_ADMIN` unless the caller is root and has that, so that the
    /// file system beneath shows no more than it would show the caller.
    pub fn without_admin<T>(&self, caller: Caller, call: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
        let has_it = || caller.uid == 0 && has_capability(caller.tid, CapabilitySet::SYS_ADMIN);
        let Some(usual) = self.capabilities.filter(|_| !has_it()) else { return call() };
        let mut lowered = usual;
        lowered.effective.remove(CapabilitySet::SYS_ADMIN);
        with_capabilities(lowered, usual, call)
    }

    fn impersonate<T>(&self, caller: Caller, call: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
        if !self.impersonates() || (caller.uid, caller.gid) == (0, 0) {
            return call();
        }
        let _identity = Identity::set(caller)?;
        call()
    }
}

/// The thread's file-system identity while it acts as a caller; root's again when
/// dropped, also by a panic.
struct Identity;

impl Identity {
    fn set(caller: Caller) -> Result<Self, Errno> {
        // Made first, so that what was set is set back if the second fails.
        let identity = Identity;
        // The calls return the old id whether they succeed or not, and only fail for
        // an id that the user namespace does not know.
        set_fs_gid(caller.gid);
        set_fs_uid(caller.uid);
        if set_fs_uid(u32::MAX) != caller.uid || set_fs_gid(u32::MAX) != caller.gid {
            return Err(Errno::OVERFLOW);
        }
        Ok(identity)
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        set_fs_uid(0);
        set_fs_gid(0);
    }
}

/// The thread's supplementary groups; none again when dropped.
struct Groups;

impl Groups {
    fn set(groups: &[rustix::process::Gid]) -> Result<Self, Errno> {
        thread::set_thread_groups(groups)?;
        Ok(Groups)
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        thread::set_thread_groups(&[]).expect("a prepared worker may set its groups");
    }
}

/// Calls `call` with other capabilities than usual.
fn with_capabilities<T>(
    other: CapabilitySets,
    usual: CapabilitySets,
    call: impl FnOnce() -> Result<T, Errno>,
) -> Result<T, Errno> {
    thread::set_capabilities(None, other)?;
    let _back = OnDrop(|| thread::set_capabilities(None, usual).expect("usual capabilities are permitted ones"));
    call()
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn set_fs_uid(uid: u32) -> u32 {
    // SAFETY: a plain system call on the calling thread; it takes any number.
    unsafe { libc::setfsuid(uid) }.cast_unsigned()
}

fn set_fs_gid(gid: u32) -> u32 {
    // SAFETY: as above.
    unsafe { libc::setfsgid(gid) }.cast_unsigned()
}

/// The groups of a thread, which a request does not carry; none if the thread is gone.
fn supplementary_groups(tid: u32) -> Vec<rustix::process::Gid> {
    let groups = status_line(tid, "Groups:").unwrap_or_default();
    groups.split_whitespace().filter_map(|group| group.parse().ok()).map(rustix::process::Gid::from_raw).collect()
}

/// Whether a thread of root has a capability, which a request does not tell. It has not, if it is unknown
/// here, in another pid namespace.
///
/// Who waits for an answer cannot be gone meanwhile, nor its number be another's: the kernel lets no
/// thread die whose request has been read. A thread in a user namespace of its own has every capability, over
/// that namespace: it tells itself by its map of users. One with the same map was made by somebody who may
/// become any user.
fn has_capability(tid: u32, capability: CapabilitySet) -> bool {
    let effective = status_line(tid, "CapEff:").and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    effective.is_some_and(|set| CapabilitySet::from_bits_retain(set).contains(capability)) && is_of_our_users(tid)
}

fn is_of_our_users(tid: u32) -> bool {
    let map = |thread: &str| std::fs::read(format!("/proc/{thread}/uid_map")).ok();
    map(&tid.to_string()).is_some_and(|map_of_it| map("thread-self") == Some(map_of_it))
}

/// The rest of the line of a thread's status that begins so.
fn status_line(tid: u32, start: &str) -> Option<String> {
    if tid == 0 {
        return None;
    }
    let status = std::fs::read_to_string(format!("/proc/{tid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix(start)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker;

    fn as_root(test: impl FnOnce(&Worker)) {
        if !worker::is_capable(CapabilitySet::SETUID) {
            eprintln!("not run: acting as another user needs root");
            return;
        }
        worker::with(|worker| {
            test(worker);
            Ok(())
        })
        .unwrap();
    }

    const OWNER: Caller = Caller { uid: 1234, gid: 2345, tid: 0 };

    fn identity() -> (u32, u32) {
        (set_fs_uid(u32::MAX), set_fs_gid(u32::MAX))
    }

    #[test]
    fn identity_is_the_callers_and_goes_back() {
        as_root(|worker| {
            let within = worker.create_as(OWNER, 0o022, 0o644, || Ok(identity())).unwrap();
            assert_eq!(within, (1234, 2345));
            assert_eq!(identity(), (0, 0));
        });
    }

    #[test]
    fn identity_goes_back_after_a_panic() {
        as_root(|worker| {
            let panicking = || worker.create_as(OWNER, 0, 0o2755, || -> Result<(), Errno> { panic!("on purpose") });
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(panicking)).unwrap_err();
            assert_eq!(identity(), (0, 0));
            assert!(!worker::is_capable(CapabilitySet::FSETID));
        });
    }

    #[test]
    fn capabilities_stay_while_acting_as_a_caller_except_fsetid() {
        as_root(|worker| {
            let within =
                || Ok((worker::is_capable(CapabilitySet::DAC_OVERRIDE), worker::is_capable(CapabilitySet::FSETID)));
            assert_eq!(worker.create_as(OWNER, 0, 0o644, within).unwrap(), (true, false));
            assert_eq!(worker.create_as(OWNER, 0, 0o2755, within).unwrap(), (true, true));
            assert!(!worker::is_capable(CapabilitySet::FSETID));
        });
    }

    #[test]
    fn without_admin_is_for_users_only_and_for_as_long_as_the_call() {
        as_root(|worker| {
            let within = || Ok(worker::is_capable(CapabilitySet::SYS_ADMIN));
            let root = Caller { uid: 0, gid: 0, tid: std::process::id() };
            let before = within().unwrap();
            assert!(!worker.without_admin(OWNER, within).unwrap());
            assert_eq!(worker.without_admin(root, within).unwrap(), before);
            assert_eq!(within().unwrap(), before);
        });
    }

    #[test]
    fn root_without_a_capability_is_known() {
        as_root(|worker| {
            let (ready, go) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
            let thread = std::thread::spawn(move || {
                let mut sets = thread::capabilities(None).unwrap();
                sets.effective.remove(CapabilitySet::FSETID | CapabilitySet::SYS_ADMIN);
                thread::set_capabilities(None, sets).unwrap();
                ready.0.send(thread::gettid().as_raw_nonzero().get().cast_unsigned()).unwrap();
                go.1.recv().unwrap();
            });
            let caller = Caller { uid: 0, gid: 0, tid: ready.1.recv().unwrap() };
            let has = |capability| move || Ok(worker::is_capable(capability));
            let admin = worker.without_admin(caller, has(CapabilitySet::SYS_ADMIN)).unwrap();
            let fsetid = worker.as_member(caller, has(CapabilitySet::FSETID)).unwrap();
            go.0.send(()).unwrap();
            thread.join().unwrap();
            assert_eq!((admin, fsetid), (false, false));
            let usual = Caller { tid: std::process::id(), ..caller };
            assert!(worker.as_member(usual, has(CapabilitySet::FSETID)).unwrap());
            let unknown = Caller { tid: 0, ..caller };
            assert!(!worker.as_member(unknown, has(CapabilitySet::FSETID)).unwrap());
            assert!(!worker.without_admin(unknown, has(CapabilitySet::SYS_ADMIN)).unwrap());
        });
    }

    #[test]
    fn who_is_root_in_a_namespace_of_its_own_has_no_capability_here() {
        as_root(|worker| {
            // The same user here and there.
            let script = "echo; read -r _";
            let mut command = std::process::Command::new("unshare");
            command.args(["--user", "--map-root-user", "sh", "-c", script]);
            let piped = std::process::Stdio::piped;
            let mut child = command.stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap();
            let is_there = std::io::Read::read(child.stdout.as_mut().unwrap(), &mut [0]).unwrap() == 1;
            let caller = Caller { uid: 0, gid: 0, tid: child.id() };
            let within = || Ok(worker::is_capable(CapabilitySet::FSETID));
            let has = worker.as_member(caller, within).unwrap();
            let claims = status_line(caller.tid, "CapEff:").and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
            drop(child.stdin.take());
            child.wait().unwrap();
            if !is_there {
                eprintln!("not run: user namespaces are not allowed here");
                return;
            }
            assert!(CapabilitySet::from_bits_retain(claims.unwrap()).contains(CapabilitySet::FSETID));
            assert!(!has);
        });
    }

    #[test]
    fn groups_of_a_thread_are_read_and_set() {
        as_root(|worker| {
            let groups = [rustix::process::Gid::from_raw(77), rustix::process::Gid::from_raw(88)];
            let (ready, go) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
            let thread = std::thread::spawn(move || {
                thread::set_thread_groups(&groups).unwrap();
                ready.0.send(thread::gettid().as_raw_nonzero().get().cast_unsigned()).unwrap();
                go.1.recv().unwrap();
            });
            let tid = ready.1.recv().unwrap();
            let within = worker.as_member(Caller { tid, ..OWNER }, rustix::process::getgroups).unwrap();
            go.0.send(()).unwrap();
            thread.join().unwrap();
            assert_eq!(within, groups);
            assert_eq!(rustix::process::getgroups().unwrap(), []);
        });
    }
}
