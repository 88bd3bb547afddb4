//! Faults of extended attributes.

use fs_core::{Errno, XattrFlags};

use super::memory::{key, memory};
use super::{Fault, Faulty};

impl Faulty<'_> {
    /// See [`Call::setxattr`](super::Call::setxattr).
    pub fn setxattr(&self, ino: u64, name: &[u8], value: &[u8], flags: u32) -> Result<(), Errno> {
        match self.fault {
            Some(Fault::XattrCreateIgnored) => self.call.setxattr(ino, name, value, flags & !XattrFlags::CREATE.bits()),
            Some(Fault::XattrEndsAtNul) if name.starts_with(b"user.") => {
                let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
                self.call.setxattr(ino, name, &value[..end], flags)
            }
            Some(Fault::RemovedXattrListed) => {
                if let Some(removed) = memory().removed.get_mut(&key(&*self.volume.nodes.get(ino)?)) {
                    removed.remove(name);
                }
                self.call.setxattr(ino, name, value, flags)
            }
            _ => self.call.setxattr(ino, name, value, flags),
        }
    }

    /// See [`Call::getxattr`](super::Call::getxattr).
    pub fn getxattr(&self, ino: u64, name: &[u8], value: &mut [u8]) -> Result<usize, Errno> {
        super::panics::panic_at(name);
        match self.call.getxattr(ino, name, value) {
            Err(Errno::RANGE) if self.has(Fault::XattrRangeLost) => {
                let mut whole = vec![0; fs_core::XATTR_SIZE_MAX];
                self.call.getxattr(ino, name, &mut whole)?;
                value.copy_from_slice(&whole[..value.len()]);
                Ok(value.len())
            }
            got => got,
        }
    }

    /// See [`Call::listxattr`](super::Call::listxattr).
    pub fn listxattr(&self, ino: u64, names: &mut [u8]) -> Result<usize, Errno> {
        let length = self.call.listxattr(ino, names)?;
        if !self.has(Fault::RemovedXattrListed) {
            return Ok(length);
        }
        let memory = memory();
        let removed = memory.removed.get(&key(&*self.volume.nodes.get(ino)?)).into_iter().flatten();
        let more: Vec<u8> = removed.flat_map(|name| [name, &b"\0"[..]].concat()).collect();
        if !names.is_empty() {
            names.get_mut(length..length + more.len()).ok_or(Errno::RANGE)?.copy_from_slice(&more);
        }
        Ok(length + more.len())
    }

    /// See [`Call::removexattr`](super::Call::removexattr).
    pub fn removexattr(&self, ino: u64, name: &[u8]) -> Result<(), Errno> {
        self.call.removexattr(ino, name)?;
        if self.has(Fault::RemovedXattrListed) {
            let key = key(&*self.volume.nodes.get(ino)?);
            memory().removed.entry(key).or_default().insert(name.to_vec());
        }
        Ok(())
    }
}
