//! Extended attributes, of nodes of every type.

use fs_core::{Errno, Follow, XattrFlags};

use super::Call;

/// The attribute whose setting takes sgid from those who are not of the group, as on some
/// file systems does its removal.
const ACCESS_ACL: &[u8] = b"system.posix_acl_access";

impl Call<'_> {
    /// Reads the value of an attribute into `value`; its length. With an empty
    /// `value` the length only.
    ///
    /// # Errors
    /// `ERANGE`: `value` is too short.
    pub fn getxattr(&self, ino: u64, name: &[u8], value: &mut [u8]) -> Result<usize, Errno> {
        self.on(&self.volume.nodes.get(ino)?, |node| fs_core::getxattr_into(node, name, value, Follow::Yes))
    }

    /// Sets an attribute; `flags` are those of setxattr.
    pub fn setxattr(&self, ino: u64, name: &[u8], value: &[u8], flags: u32) -> Result<(), Errno> {
        self.check_writable()?;
        let (node, flags) = (self.volume.nodes.get(ino)?, XattrFlags::from_bits_retain(flags));
        self.as_member_of_acl(name, || self.on(&node, |node| fs_core::setxattr(node, name, value, flags, Follow::Yes)))
    }

    /// Lists the names of the attributes into `names`, each with a NUL at its end; the
    /// length of the list. With an empty `names` the length only.
    ///
    /// # Errors
    /// `ERANGE`: `names` is too short.
    pub fn listxattr(&self, ino: u64, names: &mut [u8]) -> Result<usize, Errno> {
        let node = self.volume.nodes.get(ino)?;
        // The names of trusted attributes are for CAP_SYS_ADMIN, on most file systems.
        self.worker
            .without_admin(self.caller, || self.on(&node, |node| fs_core::listxattr_into(node, names, Follow::Yes)))
    }

    /// Removes an attribute.
    pub fn removexattr(&self, ino: u64, name: &[u8]) -> Result<(), Errno> {
        self.check_writable()?;
        let node = self.volume.nodes.get(ino)?;
        self.as_member_of_acl(name, || self.on(&node, |node| fs_core::removexattr(node, name, Follow::Yes)))
    }

    /// Changes an attribute, as the caller where the file system looks at who changes it.
    fn as_member_of_acl(&self, name: &[u8], change: impl FnOnce() -> Result<(), Errno>) -> Result<(), Errno> {
        if name == ACCESS_ACL { self.worker.as_member(self.caller, change) } else { change() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Mount, name};
    use super::*;
    use crate::number::ROOT;

    #[test]
    fn attributes_are_set_read_listed_and_removed() {
        let mount = Mount::new();
        std::fs::write(mount.path("f"), "").unwrap();
        mount.call(|call| {
            let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            let mut value = [0; 16];
            match call.setxattr(f, b"user.a", b"1", XattrFlags::REPLACE.bits()) {
                Err(Errno::OPNOTSUPP) => return eprintln!("not run: no user attributes here"),
                result => assert_eq!(result, Err(Errno::NODATA)),
            }
            call.setxattr(f, b"user.a", b"12345", 0).unwrap();
            assert_eq!(call.setxattr(f, b"user.a", b"1", XattrFlags::CREATE.bits()), Err(Errno::EXIST));
            assert_eq!(call.getxattr(f, b"user.a", &mut []), Ok(5));
            assert_eq!(call.getxattr(f, b"user.a", &mut value[..2]), Err(Errno::RANGE));
            assert_eq!(call.getxattr(f, b"user.a", &mut value), Ok(5));
            assert_eq!(&value[..5], b"12345");
            let mut names = [0; 256];
            let length = call.listxattr(f, &mut names).unwrap();
            assert!(names[..length].split(|byte| *byte == 0).any(|name| name == b"user.a"));
            call.removexattr(f, b"user.a").unwrap();
            assert_eq!(call.getxattr(f, b"user.a", &mut value), Err(Errno::NODATA));
        });
    }

    #[test]
    fn attributes_of_a_symbolic_link_are_its_own() {
        let mount = Mount::new();
        std::fs::write(mount.path("f"), "").unwrap();
        std::os::unix::fs::symlink("f", mount.path("s")).unwrap();
        mount.call(|call| {
            let s = call.lookup(name(ROOT, "s")).unwrap().node.ino;
            let f = call.lookup(name(ROOT, "f")).unwrap().node.ino;
            match call.setxattr(s, b"trusted.a", b"1", 0) {
                Err(Errno::PERM | Errno::OPNOTSUPP) => return eprintln!("not run: no trusted attributes here"),
                result => result.unwrap(),
            }
            assert_eq!(call.getxattr(s, b"trusted.a", &mut []), Ok(1));
            assert_eq!(call.getxattr(f, b"trusted.a", &mut []), Err(Errno::NODATA));
        });
    }
}
