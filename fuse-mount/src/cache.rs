//! How long the kernel may remember what it was told, for each policy.
//!
//! | policy | names | missing names | attributes | data, listings, link texts |
//! |---|---|---|---|---|
//! | `none` | not | not | not | not |
//! | `tick` | not | not | until the next but one tick of the kernel's clock | until times or size change |
//! | `watch` | until a change is heard of | until a change is heard of | until a change is heard of | until a change is heard of |
//! | `exclusive` | for ever | for ever | for ever, of directories for a second | for ever |
//!
//! Under `watch` an inode whose file system cannot be watched is remembered as under `tick`. What is not
//! heard of: [`crate::watch`].
//!
//! Whatever the policy, attributes of a file that programs may have mapped for writing are
//! remembered for no more than a tick, where the map is the source's: a store changes the
//! times unseen from above.
//!
//! A directory that is looked at while an entry is made in it can be answered for as it was before: what the kernel then
//! believes it must not believe for ever. Under `watch` it is told again.
//!
//! And attributes of a file with suid or sgid are not
//! remembered: a write that the kernel passes through clears these bits beneath, unseen
//! from above, and a program must not be run with a privilege that it has lost.
//!
//! On a read-only mount under `exclusive` nobody changes anything, neither there nor beneath: all attributes are remembered for
//! ever ([`Volume::attribute_ttl`](crate::ops::Volume::attribute_ttl)).

use std::time::Duration;

use crate::options::Cache;

/// The kernel counts in ticks and rounds up, so this is one tick whatever its
/// frequency. It ends with the tick after the one in which the kernel got the answer.
const ONE_TICK: Duration = Duration::from_nanos(1);

/// The kernel has no "for ever"; ten years.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// How long an answer may be wrong that the kernel believes though it was told to forget meanwhile.
const A_MOMENT: Duration = Duration::from_secs(1);

impl Cache {
    /// How long a name may be remembered, or that there is no such name.
    pub fn entry_ttl(self) -> Duration {
        match self {
            Cache::None | Cache::Tick => Duration::ZERO,
            Cache::Watch | Cache::Exclusive => FOR_EVER,
        }
    }

    /// How long attributes may be remembered, for a file of type and permissions `mode` that
    /// may be mapped or not.
    pub fn attribute_ttl(self, mode: u32, may_be_mapped: bool) -> Duration {
        if has_set_id(mode) {
            return Duration::ZERO;
        }
        match self {
            Cache::None => Duration::ZERO,
            Cache::Tick => ONE_TICK,
            Cache::Watch | Cache::Exclusive if may_be_mapped => ONE_TICK,
            Cache::Exclusive if mode & libc::S_IFMT == libc::S_IFDIR => A_MOMENT,
            Cache::Watch | Cache::Exclusive => FOR_EVER,
        }
    }

    /// As [`Cache::attribute_ttl`], in the answer to a request that has changed an inode which the kernel knew:
    /// it believes that answer even if it was told meanwhile that somebody else has changed the inode again.
    pub fn answer_to_change(self, mode: u32, may_be_mapped: bool) -> Duration {
        let ttl = self.attribute_ttl(mode, may_be_mapped);
        if self == Cache::Watch { ttl.min(A_MOMENT) } else { ttl }
    }

    /// How long name and attributes may be remembered, for the replies that have one
    /// time for both: fuser's `create` and `readdirplus`.
    pub fn joint_ttl(self, mode: u32, may_be_mapped: bool) -> Duration {
        self.entry_ttl().min(self.attribute_ttl(mode, may_be_mapped))
    }

    /// Whether names that do not exist may be remembered, and file contents,
    /// listings and link targets may stay between opens.
    pub fn keeps(self) -> bool {
        matches!(self, Cache::Watch | Cache::Exclusive)
    }
}

/// Whether `mode` is that of a file with suid or sgid: of any type but a directory, whose bits mean something else and stay.
pub fn has_set_id(mode: u32) -> bool {
    mode & libc::S_IFMT != libc::S_IFDIR && mode & (libc::S_ISUID | libc::S_ISGID) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_privilege_is_never_remembered() {
        for cache in Cache::ALL {
            assert_eq!(cache.attribute_ttl(libc::S_IFREG | 0o4755, false), Duration::ZERO);
            assert_eq!(cache.answer_to_change(libc::S_IFREG | 0o4755, false), Duration::ZERO);
            assert_eq!(cache.joint_ttl(libc::S_IFREG | 0o2755, false), Duration::ZERO);
        }
        assert_eq!(Cache::Watch.attribute_ttl(libc::S_IFDIR | 0o2755, false), FOR_EVER);
    }

    #[test]
    fn a_directory_that_changes_while_it_is_looked_at_is_not_wrong_for_long() {
        assert_eq!(Cache::Exclusive.attribute_ttl(libc::S_IFDIR | 0o755, false), A_MOMENT);
    }

    #[test]
    fn names_are_asked_for_each_time_unless_changes_are_heard_of() {
        for (cache, entry, attributes) in [
            (Cache::None, Duration::ZERO, Duration::ZERO),
            (Cache::Tick, Duration::ZERO, ONE_TICK),
            (Cache::Watch, FOR_EVER, FOR_EVER),
            (Cache::Exclusive, FOR_EVER, FOR_EVER),
        ] {
            let mode = libc::S_IFREG | 0o644;
            assert_eq!((cache.entry_ttl(), cache.attribute_ttl(mode, false)), (entry, attributes));
            assert_eq!(cache.joint_ttl(mode, false), entry);
            assert!(cache.attribute_ttl(mode, true) <= ONE_TICK);
        }
    }

    #[test]
    fn an_answer_that_is_believed_unseen_is_not_believed_for_long() {
        for cache in Cache::ALL {
            let (usual, change) = (cache.attribute_ttl(0, false), cache.answer_to_change(0, false));
            assert_eq!(change, if cache == Cache::Watch { A_MOMENT } else { usual });
        }
    }
}
