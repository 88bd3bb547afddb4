//! Bind mounts of a case: its directory `base` again, under other names and with other flags.
//!
//! `mounts ro=RDONLY second=` in the head of a case gives it, before its first step,
//! the directories `base`, `ro` and `second`, mode 0777. What is in `base` is seen through each
//! of the others, by its flags; without flags it is a second mount of the same directory.

use std::fmt;

use fs_core::op::Name;
use rustix::mount::MountFlags;

/// The directory that is mounted.
pub const BASE: &str = "base";

/// The most mounts of one case.
const MOST: usize = 8;

/// The flags that a mount may have.
static FLAGS: &[(&str, MountFlags)] = &[
    ("RDONLY", MountFlags::RDONLY),
    ("NOEXEC", MountFlags::NOEXEC),
    ("NODEV", MountFlags::NODEV),
    ("NOSUID", MountFlags::NOSUID),
    ("NOSYMFOLLOW", MountFlags::NOSYMFOLLOW),
];

/// A bind mount of [`BASE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindMount {
    /// The directory that it is mounted on.
    pub name: Name,
    /// What it forbids.
    pub flags: MountFlags,
}

impl BindMount {
    /// Reads `NAME=FLAG|FLAG`.
    ///
    /// # Errors
    /// Says what is wrong, naming the thing.
    pub fn parse(word: &str) -> Result<BindMount, String> {
        let (name, flags) =
            word.split_once('=').ok_or_else(|| format!("`{word}` is not a mount: write NAME=FLAG|FLAG, or NAME="))?;
        let name = Name::new(name).filter(|name| name.as_str() != BASE && name.as_str().len() <= 32);
        let name = name.ok_or_else(|| format!("`{word}`: a mount has a short name that is not `{BASE}`"))?;
        let words = flags.split('|').filter(|_| !flags.is_empty());
        let flags = words.map(flag_by_name).collect::<Result<Vec<_>, _>>()?;
        Ok(BindMount { name, flags: flags.into_iter().fold(MountFlags::empty(), MountFlags::union) })
    }

    /// Reads mounts with spaces between them.
    ///
    /// # Errors
    /// Says what is wrong, naming the thing.
    pub fn parse_all(text: &str) -> Result<Vec<BindMount>, String> {
        let mounts = text.split_whitespace().map(BindMount::parse).collect::<Result<Vec<_>, _>>()?;
        if mounts.len() > MOST {
            return Err(format!("{} mounts; there are at most {MOST}", mounts.len()));
        }
        let names: Vec<&Name> = mounts.iter().map(|mount| &mount.name).collect();
        match names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)) {
            Some((_, name)) => Err(format!("the mount `{name}` stands twice")),
            None => Ok(mounts),
        }
    }

    /// Mounts as [`parse_all`](BindMount::parse_all) reads them.
    pub fn print_all(mounts: &[BindMount]) -> String {
        mounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

fn flag_by_name(word: &str) -> Result<MountFlags, String> {
    let names = || FLAGS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let found = FLAGS.iter().find(|(name, _)| *name == word).map(|(_, flag)| *flag);
    found.ok_or_else(|| format!("unknown flag `{word}` of a mount; there are {}", names()))
}

impl fmt::Display for BindMount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = FLAGS.iter().filter(|(_, flag)| self.flags.contains(*flag)).map(|(name, _)| *name);
        write!(f, "{}={}", self.name, names.collect::<Vec<_>>().join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        BindMount::parse_all(text).unwrap_err()
    }

    #[test]
    fn mounts_read_back_as_they_are_printed() {
        let text = "ro=RDONLY second= strict=NOEXEC|NODEV|NOSUID|NOSYMFOLLOW";
        let mounts = BindMount::parse_all(text).unwrap();
        assert_eq!(mounts.len(), 3);
        assert_eq!(BindMount::print_all(&mounts), text);
    }

    #[test]
    fn errors_name_the_thing() {
        assert!(error("ro=READONLY").starts_with("unknown flag `READONLY` of a mount; there are RDONLY, "));
        assert!(error("ro").contains("`ro` is not a mount"));
        assert!(error("../x=").contains("`../x=`"));
        assert!(error("base=RDONLY").contains("not `base`"));
        assert!(error("a= a=RDONLY").contains("`a` stands twice"));
        assert!(error("a= b= c= d= e= f= g= h= i=").contains("at most 8"));
    }
}
