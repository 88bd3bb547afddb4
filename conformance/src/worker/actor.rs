//! Actors: whose credentials a worker has.

use std::fmt;

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
}

/// User, group and supplementary groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [Role::Myself, Role::Root, Role::Owner, Role::Other, Role::Member];

    /// The name in the notation.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Myself => "self",
            Role::Root => "root",
            Role::Owner => "owner",
            Role::Other => "other",
            Role::Member => "member",
        }
    }

    /// The role with this name.
    pub fn by_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The credentials to take; `None` to keep those of who runs.
    pub(crate) fn credentials(self) -> Option<Credentials> {
        let stranger = |id, groups| Some(Credentials { uid: id, gid: id, groups });
        match self {
            Role::Myself => None,
            Role::Root => stranger(0, Vec::new()),
            Role::Owner => stranger(65501, Vec::new()),
            Role::Other => stranger(65502, Vec::new()),
            Role::Member => stranger(65503, vec![65501]),
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
        Role::Root => Some("root"),
        Role::Owner | Role::Other | Role::Member => Some("users"),
    }
}
