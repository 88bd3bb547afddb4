//! The words of `-o`: what `mount(8)` and `/etc/fstab` say to a mount.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::exit::Failure;

/// How access times are kept, as far as the kernel asks the mount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Atime {
    /// `relatime`, the kernel's default.
    #[default]
    Relative,
    /// `noatime`.
    Never,
    /// `strictatime`.
    Strict,
}

/// What the words say, with the defaults of a mount: `nosuid,nodev`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MountWords {
    /// `ro`: the mount refuses every change.
    pub read_only: bool,
    /// `dev`: device files work.
    pub dev: bool,
    /// `suid`: set-user-id and set-group-id programs work.
    pub suid: bool,
    /// `noexec`: nothing may be executed.
    pub noexec: bool,
    /// The atime words.
    pub atime: Atime,
    /// `nodiratime`.
    pub nodiratime: bool,
    /// `lazytime`.
    pub lazytime: bool,
    /// `sync`.
    pub sync: bool,
    /// `dirsync`.
    pub dirsync: bool,
    /// `allow_other`: asked for by name. A mount by root always allows it.
    pub allow_other: bool,
    /// `max_read=`: the longest read request, in bytes.
    pub max_read: Option<u32>,
    /// `fsname=`: what the mount table names as its source.
    pub fsname: Option<OsString>,
    /// `subtype=`: what the mount table names as its type, after `fuse.`.
    pub subtype: Option<OsString>,
}

/// Words that say what is so anyway, or that are for `mount(8)` and systemd alone.
const WITHOUT_EFFECT: &[&str] = &[
    "defaults",
    "default_permissions",
    "auto_unmount",
    "nofail",
    "_netdev",
    "auto",
    "noauto",
    "user",
    "nouser",
    "users",
    "owner",
    "group",
    "silent",
    "loud",
];

impl MountWords {
    /// Takes one word. Of two that contradict each other the later counts.
    ///
    /// # Errors
    /// The word is unknown, or its value cannot be.
    pub fn apply(&mut self, word: &OsStr) -> Result<(), Failure> {
        let bytes = word.as_bytes();
        let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
            Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
            None => (bytes, None),
        };
        let name = std::str::from_utf8(name).map_err(|_| unknown(word))?;
        match (name, value) {
            ("ro", None) => self.read_only = true,
            ("rw", None) => self.read_only = false,
            ("dev", None) => self.dev = true,
            ("nodev", None) => self.dev = false,
            ("suid", None) => self.suid = true,
            ("nosuid", None) => self.suid = false,
            ("noexec", None) => self.noexec = true,
            ("exec", None) => self.noexec = false,
            ("atime" | "relatime" | "nostrictatime", None) => self.atime = Atime::Relative,
            ("noatime", None) => self.atime = Atime::Never,
            ("strictatime" | "norelatime", None) => self.atime = Atime::Strict,
            ("nodiratime", None) => self.nodiratime = true,
            ("diratime", None) => self.nodiratime = false,
            ("lazytime", None) => self.lazytime = true,
            ("nolazytime", None) => self.lazytime = false,
            ("sync", None) => self.sync = true,
            ("async", None) => self.sync = false,
            ("dirsync", None) => self.dirsync = true,
            ("allow_other", None) => self.allow_other = true,
            ("max_read", Some(value)) => self.max_read = Some(number(word, value)?),
            ("fsname", Some(value)) => self.fsname = Some(os_string(value)),
            ("subtype", Some(value)) => self.subtype = Some(os_string(value)),
            ("remount", None) => {
                return Err(Failure::Usage(
                    "-o remount: a mount cannot be changed once it is live; unmount it, and mount it anew".into(),
                ));
            }
            (name, _) if name.starts_with("x-") || name.starts_with("X-") => {}
            ("user" | "comment", Some(_)) => {}
            (name, None) if WITHOUT_EFFECT.contains(&name) => {}
            _ => return Err(unknown(word)),
        }
        Ok(())
    }
}

/// Splits a list at its commas; `\,` is a comma within a word and `\\` a backslash.
pub(crate) fn split(list: &OsStr) -> Vec<OsString> {
    let mut words = vec![Vec::new()];
    let mut bytes = list.as_bytes().iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b',' => words.push(Vec::new()),
            b'\\' if matches!(bytes.peek(), Some(b',' | b'\\')) => {
                let escaped = bytes.next().expect("peeked");
                words.last_mut().expect("never empty").push(escaped);
            }
            _ => words.last_mut().expect("never empty").push(byte),
        }
    }
    words.retain(|word| !word.is_empty());
    words.into_iter().map(OsString::from_vec).collect()
}

fn unknown(word: &OsStr) -> Failure {
    Failure::Usage(format!("-o {}: unknown mount option", word.to_string_lossy()))
}

fn number(word: &OsStr, value: &[u8]) -> Result<u32, Failure> {
    let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| Failure::Usage(format!("-o {}: not a number of bytes", word.to_string_lossy())))
}

fn os_string(value: &[u8]) -> OsString {
    OsString::from_vec(value.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &str) -> Result<MountWords, Failure> {
        let mut words = MountWords::default();
        split(OsStr::new(list)).iter().try_for_each(|word| words.apply(word))?;
        Ok(words)
    }

    #[test]
    fn what_fstab_says_is_understood() {
        let words = check("rw,defaults,nofail,_netdev,x-systemd.requires=/a,user=joe,noatime,suid,nosuid,dev").unwrap();
        assert_eq!(words, MountWords { atime: Atime::Never, dev: true, ..MountWords::default() });
    }

    #[test]
    fn the_later_of_two_words_counts() {
        assert!(check("rw,ro").unwrap().read_only);
        assert!(!check("ro,rw").unwrap().read_only);
    }

    #[test]
    fn an_unknown_word_is_named() {
        let failure = check("ro,frobnicate=3").unwrap_err();
        assert_eq!(failure, Failure::Usage("-o frobnicate=3: unknown mount option".into()));
        assert!(check("ro=1").is_err(), "a value where none belongs");
        assert!(check("fsname").is_err(), "no value where one belongs");
        assert!(check("max_read=lots").unwrap_err().to_string().contains("max_read=lots"));
    }

    #[test]
    fn a_comma_can_be_escaped() {
        assert_eq!(check(r"fsname=a\,b\\c,ro").unwrap().fsname.unwrap(), r"a,b\c");
        assert_eq!(split(OsStr::new(",,ro,,")), ["ro"]);
    }
}
