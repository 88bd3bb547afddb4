//! One request of the kernel and what it was answered: what a trace is made of.

use std::fmt;

/// A request, answered. Borrowed: whoever wants to keep it copies what it needs.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// What was asked.
    pub kind: RequestKind,
    /// The node that was asked about; for a request about a name, the directory.
    pub ino: u64,
    /// The path of what was asked about, from the mount's root, without a leading
    /// slash; the root itself is `.`. A node whose last name is gone keeps it here.
    pub path: &'a [u8],
    /// The second path of `rename`, `link` and `copy_file_range`: the destination.
    pub path2: Option<&'a [u8]>,
    /// The result on success: a count, a size or an offset where there is one, else
    /// 0; -1 on failure.
    pub ret: i64,
    /// Why the request failed.
    pub errno: Option<i32>,
    /// When the request arrived, on `CLOCK_MONOTONIC`.
    pub start_ns: u64,
    /// How long until it was answered.
    pub duration_ns: u64,
    /// The *thread* that asked; 0 if it lives in a foreign pid namespace. A request
    /// that the kernel sends by itself (`release`, `releasedir`, `flush` at exit)
    /// bears the thread that opened the handle; `forget` has 0.
    pub tid: u32,
    /// File-system uid of who asked.
    pub uid: u32,
    /// File-system gid of who asked.
    pub gid: u32,
    /// The arguments that the request has.
    pub args: Args<'a>,
}

/// The arguments of a request; `None` where the request has no such argument.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Args<'a> {
    /// `open`, `create`, `opendir`, `rename`, `setxattr`, `copy_file_range`, and `write`'s.
    pub flags: Option<u32>,
    /// Type and permissions of `mknod`, permissions of `mkdir`, `create`, `setattr`;
    /// the mode of `fallocate`, the mask of `access`.
    pub mode: Option<u32>,
    /// The caller's umask, for what creates.
    pub umask: Option<u32>,
    /// Device number of `mknod`, in the kernel's 32-bit form.
    pub rdev: Option<u32>,
    /// The size that `setattr` sets, the room that `getxattr` and `listxattr` offer,
    /// or the length of the value of `setxattr`.
    pub size: Option<u64>,
    /// Byte offset of `read`, `write`, `fallocate`, `lseek`, `copy_file_range`; the
    /// cursor of `readdir`.
    pub offset: Option<i64>,
    /// Byte offset in the destination of `copy_file_range`.
    pub offset2: Option<i64>,
    /// Bytes asked for or offered.
    pub length: Option<u64>,
    /// The `whence` of `lseek`.
    pub whence: Option<i32>,
    /// The handle: given by the request, or made by it.
    pub handle: Option<u64>,
    /// The node that a request found or made.
    pub node: Option<u64>,
    /// The lookup count that `forget` gives back.
    pub nlookup: Option<u64>,
    /// Name of an extended attribute.
    pub name: Option<&'a [u8]>,
    /// The target of `symlink`, and of a `readlink` that succeeded.
    pub target: Option<&'a [u8]>,
    /// The owner that `setattr` sets.
    pub uid: Option<u32>,
    /// The group that `setattr` sets.
    pub gid: Option<u32>,
    /// The access time that `setattr` sets.
    pub atime: Option<Time>,
    /// The modification time that `setattr` sets.
    pub mtime: Option<Time>,
    /// Whether `fsync` may leave metadata that is not needed to read the data.
    pub datasync: Option<bool>,
    /// The command of `ioctl`.
    pub command: Option<u32>,
}

/// A time to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// The time of the call.
    Now,
    /// A time since the epoch; `nsec` is below 10^9 and counts forward also before the epoch.
    At {
        /// Seconds.
        sec: i64,
        /// Nanoseconds.
        nsec: u32,
    },
}

macro_rules! request_kinds {
    ($($kind:ident $word:literal),* $(,)?) => {
        /// What a request asks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the words are the kernel's names for its requests")]
        pub enum RequestKind {
            $($kind),*
        }

        impl RequestKind {
            /// Every kind; the index of a kind is its number.
            pub const ALL: &'static [RequestKind] = &[$(RequestKind::$kind),*];

            /// The name in a trace.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(RequestKind::$kind => $word),*
                }
            }
        }
    };
}

request_kinds! {
    Lookup "lookup",
    Forget "forget",
    Getattr "getattr",
    Setattr "setattr",
    Readlink "readlink",
    Mknod "mknod",
    Mkdir "mkdir",
    Unlink "unlink",
    Rmdir "rmdir",
    Symlink "symlink",
    Rename "rename",
    Link "link",
    Open "open",
    Read "read",
    Write "write",
    Flush "flush",
    Release "release",
    Fsync "fsync",
    Opendir "opendir",
    Readdir "readdir",
    Readdirplus "readdirplus",
    Releasedir "releasedir",
    Fsyncdir "fsyncdir",
    Statfs "statfs",
    Setxattr "setxattr",
    Getxattr "getxattr",
    Listxattr "listxattr",
    Removexattr "removexattr",
    Access "access",
    Create "create",
    Ioctl "ioctl",
    Fallocate "fallocate",
    Lseek "lseek",
    CopyFileRange "copy_file_range",
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_a_kind_is_its_number() {
        for (index, kind) in RequestKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index);
        }
    }
}
