//! Faults of names: finding, making, moving and removing them.

use fs_core::{Dev, Errno, Follow, Gid, RenameFlags, StatResult, Time, Times, fstat};

use super::memory::{key, memory};
use super::{Fault, Faulty};
use crate::found::Found;
use crate::node::Name;
use crate::ops::{Call, Entry, OpenFile, Opened};

/// How much longer paths are where there is a prefix.
const PREFIX: usize = 64;

/// The longest path that the kernel takes, in bytes.
const PATH_MAX: usize = 4095;

impl Faulty<'_> {
    /// See [`Call::lookup`].
    pub fn lookup(&self, name: Name<'_>) -> Result<Entry, Errno> {
        match self.fault {
            Some(Fault::ShortNames) if name.name.len() > 143 => return Err(Errno::NAMETOOLONG),
            Some(Fault::LongerPrefix) if PREFIX + self.path_length(name) > PATH_MAX => {
                return Err(Errno::NAMETOOLONG);
            }
            _ => {}
        }
        Ok(self.shown(self.call.lookup(name)?))
    }

    /// How long the path of a name below the source is, in bytes; for a mount with a trace, which knows it.
    fn path_length(&self, name: Name<'_>) -> usize {
        let mut path = Vec::new();
        self.volume.nodes.path_into(name.parent, &mut path);
        path.len() + 1 + name.name.len()
    }

    /// See [`Call::create`].
    pub fn create(
        &self,
        name: Name<'_>,
        mode: u32,
        umask: u32,
        flags: u32,
    ) -> Result<(Entry, Opened<OpenFile>), Errno> {
        let is_writable = mode & 0o200 != 0;
        if self.has(Fault::UnwritableCreation) && !is_writable && flags & libc::O_ACCMODE.cast_unsigned() != 0 {
            return Err(Errno::ACCESS);
        }
        let (entry, opened) =
            self.making(name, mode, umask, |call, mode, umask| call.create(name, mode, umask, flags))?;
        self.note_opening(&opened)?;
        Ok((self.shown(entry), opened))
    }

    /// See [`Call::mknod`].
    pub fn mknod(&self, name: Name<'_>, mode: u32, umask: u32, device: Dev) -> Result<Entry, Errno> {
        let device = if self.has(Fault::DeviceNumberLost) { 0 } else { device };
        let made = self.making(name, mode, umask, |call, mode, umask| call.mknod(name, mode, umask, device))?;
        Ok(self.shown(made))
    }

    /// See [`Call::mkdir`].
    pub fn mkdir(&self, name: Name<'_>, mode: u32, umask: u32) -> Result<Entry, Errno> {
        let made = self.making(name, mode, umask, |call, mode, umask| call.mkdir(name, mode, umask))?;
        Ok(self.shown(made))
    }

    /// See [`Call::symlink`].
    pub fn symlink(&self, name: Name<'_>, target: &[u8]) -> Result<Entry, Errno> {
        let tidied = if self.has(Fault::SymlinkTextTidied) { tidy(target) } else { target.to_vec() };
        Ok(self.shown(self.making(name, 0, 0, |call, _, _| call.symlink(name, &tidied))?))
    }

    /// Makes something, with the mode and the umask that are left to `make`.
    fn making<T>(
        &self,
        name: Name<'_>,
        mode: u32,
        umask: u32,
        make: impl FnOnce(&Call<'_>, u32, u32) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let Some(fault) = self.fault else { return make(&self.call, mode, umask) };
        let dir = self.directory_of(name)?;
        let before = fstat(&*dir)?;
        let made = match fault {
            Fault::OwnerIsTheDaemon => make(&self.as_daemon(), mode, umask)?,
            Fault::UmaskIgnored => make(&self.call, mode, 0)?,
            Fault::UmaskBeforeDefaultAcl => make(&self.call, mode & !umask, umask)?,
            _ => make(&self.call, mode, umask)?,
        };
        match fault {
            Fault::GroupNotInherited if before.st_mode() & libc::S_ISGID != 0 => {
                fs_core::chown((&*dir, name.name), None, Some(Gid::from_raw(self.caller.gid)), Follow::No)?;
            }
            Fault::ParentTimesKept => {
                self.worker.at(&*dir, |dir| fs_core::utime(dir, modified(&before), Follow::Yes))?;
            }
            _ => {}
        }
        Ok(made)
    }

    /// See [`Call::link`].
    pub fn link(&self, ino: u64, name: Name<'_>) -> Result<Entry, Errno> {
        let is_file = self.volume.nodes.get(ino)?.file_type == libc::S_IFREG;
        if self.has(Fault::LinkIsACopy) && is_file {
            self.copy(ino, name)?;
            return self.lookup(name);
        }
        Ok(self.shown(self.call.link(ino, name)?))
    }

    /// See [`Call::rmdir`].
    pub fn rmdir(&self, name: Name<'_>) -> Result<(), Errno> {
        match self.call.rmdir(name) {
            Err(Errno::NOTEMPTY) if self.has(Fault::NotEmptyIsEio) => Err(Errno::IO),
            removed => removed,
        }
    }

    /// See [`Call::rename`].
    pub fn rename(&self, src: Name<'_>, dst: Name<'_>, flags: u32) -> Result<(), Errno> {
        let Some(fault) = self.fault else { return self.call.rename(src, dst, flags) };
        let at = |name: Name<'_>| Found::at(&*self.directory_of(name)?, name.name);
        let (moved, there) = (at(src)?, at(dst).ok());
        let is_other = there.is_some_and(|there| there.status.st_ino() != moved.status.st_ino());
        match fault {
            Fault::ExchangeIsRename => self.call.rename(src, dst, flags & !RenameFlags::EXCHANGE.bits()),
            Fault::RenameRefusesToReplace if is_other && flags == 0 => Err(Errno::EXIST),
            Fault::RenameIsACopy
                if flags == 0 && is_file(&moved.status) && there.is_none_or(|there| is_file(&there.status)) =>
            {
                let node = self.lookup(src)?.node;
                if there.is_some() && !is_other {
                    return Ok(());
                }
                if is_other {
                    self.unlink(dst)?;
                }
                self.copy(node.ino, dst)?;
                self.unlink(src)
            }
            Fault::ReplacedByName if is_other && flags == 0 => {
                let nodes = &self.volume.nodes;
                let found = (there.and_then(|there| nodes.find(&there)), nodes.find(&moved));
                self.call.rename(src, dst, flags)?;
                if let (Some(old), Some(new)) = found {
                    memory().replaced.insert(key(&old), new.ino);
                }
                Ok(())
            }
            _ => self.call.rename(src, dst, flags),
        }
    }
}

fn is_file(status: &StatResult) -> bool {
    status.st_mode() & libc::S_IFMT == libc::S_IFREG
}

/// The time of the last modification as it was, and no other.
pub(super) fn modified(status: &StatResult) -> Times {
    Times { atime: Time::Omit, mtime: Time::At { ns: status.st_mtime_ns() } }
}

/// The text of a link without what seems to mean nothing.
fn tidy(target: &[u8]) -> Vec<u8> {
    let is_absolute = target.first() == Some(&b'/');
    let components = target.split(|byte| *byte == b'/').filter(|component| !matches!(*component, b"" | b"."));
    let tidied = components.collect::<Vec<_>>().join(&b'/');
    match (is_absolute, tidied.is_empty()) {
        (true, _) => [b"/", &*tidied].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => tidied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_tidied() {
        for (text, tidied) in [("a//b/", "a/b"), ("./a/./b", "a/b"), ("//a", "/a"), (".", "."), ("../a", "../a")] {
            assert_eq!(tidy(text.as_bytes()), tidied.as_bytes());
        }
    }
}
