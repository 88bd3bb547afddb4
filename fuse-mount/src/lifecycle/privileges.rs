//! What the daemon may do: before its first thread it gives up every capability that no request
//! needs, and the right to get one back.

use rustix::thread::{self, CapabilitiesSecureBits, CapabilitySet, CapabilitySets};

use crate::exit::Failure;

/// What requests need, and the file system beneath asks for. `tests/privileges.rs` has for each what
/// does not work without it, and README.md the list.
const OF_REQUESTS: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::LINUX_IMMUTABLE)
    .union(CapabilitySet::MKNOD)
    .union(CapabilitySet::SETFCAP)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SYS_ADMIN);

/// What the guard needs: to unmount, and to walk to the mountpoint.
const OF_THE_GUARD: CapabilitySet = CapabilitySet::SYS_ADMIN.union(CapabilitySet::DAC_READ_SEARCH);

/// Gives up what no request needs, if there is anything to give up. The process must have one thread.
///
/// `runs_helper`: the mount was made by `fusermount3`, which has to unmount it as well, and is
/// what it is only with the rights of its file.
pub(super) fn confine_daemon(runs_helper: bool) -> Result<(), Failure> {
    let confine = || {
        let_threads_act_as_callers()?;
        keep(OF_REQUESTS)?;
        if runs_helper { Ok(()) } else { thread::set_no_new_privs(true) }
    };
    confine().map_err(|errno| {
        Failure::failed("cannot give up the capabilities that are not needed", fs_core::Error::Os(errno))
    })
}

/// The same for the guard. One that may not unmount by itself runs `fusermount3`, and keeps what
/// it has.
pub(super) fn confine_guard() -> rustix::io::Result<()> {
    if !thread::capabilities(None)?.effective.contains(CapabilitySet::SYS_ADMIN) {
        return Ok(());
    }
    keep(OF_THE_GUARD)
}

/// Sets what [`crate::worker`] needs and only `CAP_SETPCAP` can set, so that no thread has to
/// have that.
fn let_threads_act_as_callers() -> rustix::io::Result<()> {
    if !thread::capabilities(None)?.effective.contains(CapabilitySet::SETPCAP) {
        return Ok(());
    }
    let bits = thread::capabilities_secure_bits()?;
    thread::set_capabilities_secure_bits(bits | CapabilitiesSecureBits::NO_SETUID_FIXUP)
}

/// Keeps these, as far as they are there: for the process, and for every program that it may start.
fn keep(kept: CapabilitySet) -> rustix::io::Result<()> {
    let now = thread::capabilities(None)?;
    if now.effective.contains(CapabilitySet::SETPCAP) {
        for capability in all().filter(|capability| !kept.contains(*capability)) {
            thread::remove_capability_from_bounding_set(capability)?;
        }
    }
    thread::clear_ambient_capability_set()?;
    let sets = CapabilitySets {
        effective: now.effective & kept,
        permitted: now.permitted & kept,
        inheritable: CapabilitySet::empty(),
    };
    thread::set_capabilities(None, sets)
}

/// Every capability that the kernel knows, also those that this program has no name for.
fn all() -> impl Iterator<Item = CapabilitySet> {
    let known = |capability: &CapabilitySet| thread::capability_is_in_bounding_set(*capability).is_ok();
    (0..u64::BITS).map(|number| CapabilitySet::from_bits_retain(1 << number)).take_while(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_of_this_kernel_is_gone_through() {
        let last: usize = std::fs::read_to_string("/proc/sys/kernel/cap_last_cap").unwrap().trim().parse().unwrap();
        assert_eq!(all().count(), last + 1);
    }

    #[test]
    fn the_readme_names_what_is_kept() {
        let readme = include_str!("../../README.md");
        let table = readme.lines().skip_while(|line| *line != "| kept | without it |").skip(2);
        let listed: Vec<&str> = table.map_while(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let kept: Vec<&str> = OF_REQUESTS.iter_names().map(|(name, _)| name).collect();
        assert!(kept.iter().all(|name| listed.contains(name)) && listed.len() == kept.len(), "{listed:?} {kept:?}");
    }
}
