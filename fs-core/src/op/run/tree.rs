//! Everything below a directory, as values that can be compared.

use std::fmt;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::Mode;

use crate::op::FileKind;
use crate::op::bytes::escape;
use crate::{Errno, Error, Follow, OFlags, Result};

/// One inode below a directory, under one of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its path from the directory; `.` for the directory itself.
    pub path: Vec<u8>,
    /// Its type.
    pub kind: FileKind,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Number of names. A directory's is not kept: file systems count differently.
    pub nlink: Option<u64>,
    /// Length in bytes; of files and symbolic links only.
    pub size: Option<i64>,
    /// Device number, of device nodes.
    pub rdev: u64,
    /// Time of the last change of content, in nanoseconds since 1970.
    pub mtime_ns: i128,
    /// FNV-1a of a file's content. Not kept where the caller may not read it.
    pub content: Option<u64>,
    /// What a symbolic link points to.
    pub target: Option<Vec<u8>>,
    /// Extended attributes with their values, by name.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Reads `top` and all below, in order of the paths' bytes. Symbolic links are
/// not followed, FIFOs and devices not opened.
///
/// # Errors
/// The first error of a call, other than that a file may not be read.
pub fn read(top: &[u8]) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    let mut left = vec![Vec::new()];
    while let Some(path) = left.pop() {
        let full = match path.is_empty() {
            true => top.to_vec(),
            false => [top, &path].join(&b'/'),
        };
        let node = read_node(&full, &path)?;
        if node.kind == FileKind::Dir {
            let names = crate::listdir(&full)?;
            left.extend(names.iter().map(|name| match path.is_empty() {
                true => name.as_bytes().to_vec(),
                false => [&path, name.as_bytes()].join(&b'/'),
            }));
        }
        nodes.push(node);
    }
    nodes.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(nodes)
}

fn read_node(full: &[u8], path: &[u8]) -> Result<Node> {
    let stat = crate::lstat(full)?;
    let kind = FileKind::of_mode(stat.st_mode());
    let sized = matches!(kind, FileKind::File | FileKind::Symlink);
    Ok(Node {
        path: if path.is_empty() { b".".to_vec() } else { path.to_vec() },
        kind,
        mode: stat.st_mode() & 0o7777,
        uid: stat.st_uid(),
        gid: stat.st_gid(),
        nlink: (kind != FileKind::Dir).then(|| stat.st_nlink()),
        size: sized.then(|| stat.st_size()),
        rdev: stat.st_rdev(),
        mtime_ns: stat.st_mtime_ns(),
        content: if kind == FileKind::File { read_content(full)? } else { None },
        target: match kind {
            FileKind::Symlink => Some(crate::readlink(full)?.into_os_string().into_encoded_bytes()),
            _ => None,
        },
        xattrs: read_xattrs(full)?,
    })
}

fn read_content(path: &[u8]) -> Result<Option<u64>> {
    let fd = match crate::open(path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK, Mode::empty()) {
        Ok(fd) => fd,
        Err(Error::Os(Errno::ACCESS)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut buffer = vec![0; 64 * 1024];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    loop {
        let count = crate::read(&fd, &mut buffer)?;
        if count == 0 {
            return Ok(Some(hash));
        }
        for byte in &buffer[..count] {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn read_xattrs(path: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let names = match crate::listxattr(path, Follow::No) {
        Ok(names) => names,
        Err(Error::Os(Errno::OPNOTSUPP | Errno::ACCESS)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut xattrs = Vec::new();
    for name in names {
        match crate::getxattr(path, name.as_bytes(), Follow::No) {
            Ok(value) => xattrs.push((name.as_bytes().to_vec(), value)),
            Err(Error::Os(Errno::NODATA | Errno::ACCESS | Errno::PERM)) => {}
            // Capabilities that were set without a meaning cannot be read.
            Err(Error::Os(Errno::INVAL)) => {}
            Err(error) => return Err(error),
        }
    }
    xattrs.sort();
    Ok(xattrs)
}

/// `PATH:TYPE:MODE:UID:GID`, then what there is of `:n=NLINK`, `:s=SIZE`, `:d=RDEV`,
/// `:h=HASH`, `:t=TARGET`, `:x.NAME=VALUE`, and last `:m=MTIME_NS`. Bytes are escaped
/// as everywhere in the notation.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&self.path, f)?;
        write!(f, ":{}:0{:o}:{}:{}", self.kind.as_str(), self.mode, self.uid, self.gid)?;
        if let Some(nlink) = self.nlink {
            write!(f, ":n={nlink}")?;
        }
        if let Some(size) = self.size {
            write!(f, ":s={size}")?;
        }
        if self.rdev != 0 {
            write!(f, ":d={:#x}", self.rdev)?;
        }
        if let Some(hash) = self.content {
            write!(f, ":h={hash:016x}")?;
        }
        if let Some(target) = &self.target {
            f.write_str(":t=")?;
            escape(target, f)?;
        }
        for (name, value) in &self.xattrs {
            f.write_str(":x.")?;
            escape(name, f)?;
            f.write_str("=")?;
            escape(value, f)?;
        }
        write!(f, ":m={}", self.mtime_ns)
    }
}
