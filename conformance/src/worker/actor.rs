//! Actors: whose credentials a worker has.

use std::fmt;

use rustix::thread::CapabilitySet;

/// Whom an actor's name stands for. A name that is none of these is that of a child
/// made by `fork`.
///
/// The ids have no entries in `/etc/passwd`: they are strangers to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `self`: who runs the suite.
    Myself,
    /// `root`: user 0.
    Root,
    /// `owner`: user 65501, group 65501.
    Owner,
    /// `other`: user 65502, group 65502.
    Other,
    /// `member`: user 65503, group 65503, in the group 65501 of `owner`.
    Member,
    /// `crowd`: user 65504, group 65504, in the groups 65510 to 65541.
    Crowd,
    /// `no_chown` and so on: root without a capability.
    Without(Lacking),
}

/// What root lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lacking {
    /// `CAP_CHOWN`.
    Chown,
    /// `CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH`.
    Dac,
    /// `CAP_DAC_OVERRIDE`.
    DacOverride,
    /// `CAP_FOWNER`.
    Fowner,
    /// `CAP_FSETID`.
    Fsetid,
    /// `CAP_LINUX_IMMUTABLE`.
    LinuxImmutable,
    /// `CAP_MKNOD`.
    Mknod,
    /// `CAP_SETFCAP`.
    Setfcap,
    /// `CAP_SYS_ADMIN`.
    SysAdmin,
}

/// User, group and supplementary groups, and what root lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
    pub(crate) without: CapabilitySet,
}

/// A role, its name, and what it is.
static ROLES: &[(Role, &str, &str)] = &[
    (Role::Myself, "self", "who runs the suite; where no actor is named"),
    (Role::Root, "root", "user 0, group 0"),
    (Role::Owner, "owner", "user 65501, group 65501"),
    (Role::Other, "other", "user 65502, group 65502"),
    (Role::Member, "member", "user 65503, group 65503, and in the group 65501 of owner"),
    (Role::Crowd, "crowd", "user 65504, group 65504, and in the 32 groups 65510 to 65541"),
    (Role::Without(Lacking::Chown), "no_chown", "root without CAP_CHOWN"),
    (Role::Without(Lacking::Dac), "no_dac", "root without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH"),
    (Role::Without(Lacking::DacOverride), "no_dac_override", "root without CAP_DAC_OVERRIDE"),
    (Role::Without(Lacking::Fowner), "no_fowner", "root without CAP_FOWNER"),
    (Role::Without(Lacking::Fsetid), "no_fsetid", "root without CAP_FSETID"),
    (Role::Without(Lacking::LinuxImmutable), "no_linux_immutable", "root without CAP_LINUX_IMMUTABLE"),
    (Role::Without(Lacking::Mknod), "no_mknod", "root without CAP_MKNOD"),
    (Role::Without(Lacking::Setfcap), "no_setfcap", "root without CAP_SETFCAP"),
    (Role::Without(Lacking::SysAdmin), "no_sys_admin", "root without CAP_SYS_ADMIN"),
];

impl Role {
    /// Every role, in the order in which they are listed.
    pub fn all() -> impl Iterator<Item = Role> {
        ROLES.iter().map(|(role, ..)| *role)
    }

    /// The name in the notation.
    pub fn as_str(self) -> &'static str {
        self.entry().1
    }

    /// Whose credentials these are.
    pub fn about(self) -> &'static str {
        self.entry().2
    }

    fn entry(self) -> &'static (Role, &'static str, &'static str) {
        ROLES.iter().find(|(role, ..)| *role == self).expect("every role is in the table")
    }

    /// The role with this name.
    pub fn by_name(name: &str) -> Option<Role> {
        Role::all().find(|role| role.as_str() == name)
    }

    /// The credentials to take; `None` to keep those of who runs.
    pub(crate) fn credentials(self) -> Option<Credentials> {
        let stranger = |id, groups| Some(Credentials { uid: id, gid: id, groups, without: CapabilitySet::empty() });
        match self {
            Role::Myself => None,
            Role::Root => stranger(0, Vec::new()),
            Role::Owner => stranger(65501, Vec::new()),
            Role::Other => stranger(65502, Vec::new()),
            Role::Member => stranger(65503, vec![65501]),
            Role::Crowd => stranger(65504, (65510..=65541).collect()),
            Role::Without(what) => Some(Credentials { uid: 0, gid: 0, groups: Vec::new(), without: what.set() }),
        }
    }
}

impl Lacking {
    fn set(self) -> CapabilitySet {
        match self {
            Lacking::Chown => CapabilitySet::CHOWN,
            Lacking::Dac => CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH,
            Lacking::DacOverride => CapabilitySet::DAC_OVERRIDE,
            Lacking::Fowner => CapabilitySet::FOWNER,
            Lacking::Fsetid => CapabilitySet::FSETID,
            Lacking::LinuxImmutable => CapabilitySet::LINUX_IMMUTABLE,
            Lacking::Mknod => CapabilitySet::MKNOD,
            Lacking::Setfcap => CapabilitySet::SETFCAP,
            Lacking::SysAdmin => CapabilitySet::SYS_ADMIN,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a case needs that has steps of the actor `name`: `root` must be root, and
/// only root can become somebody else.
pub fn implied_need(name: &str) -> Option<&'static str> {
    match Role::by_name(name)? {
        Role::Myself => None,
        Role::Root | Role::Without(_) => Some("root"),
        Role::Owner | Role::Other | Role::Member | Role::Crowd => Some("users"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_for_its_role() {
        for role in Role::all() {
            assert_eq!(Role::by_name(role.as_str()), Some(role));
            assert!(!role.about().is_empty());
        }
    }

    #[test]
    fn the_crowd_is_in_32_groups() {
        let groups = Role::Crowd.credentials().unwrap().groups;
        assert_eq!((groups.len(), groups.last()), (32, Some(&65541)));
    }
}
