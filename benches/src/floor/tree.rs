//! The tree in memory: a copy of a directory, which is then changed by who uses the mount.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fs_core::Follow;
use fuser::{Errno, FileAttr, FileType, INodeNo};

use crate::peers::source::XATTR;

/// What the numbers of inodes count from: the root's.
const ROOT: u64 = INodeNo::ROOT.0;

/// All inodes that there ever were. One that is removed stays, for who has it open.
#[derive(Debug)]
pub(super) struct Tree(Vec<Inode>);

#[derive(Debug)]
pub(super) struct Inode {
    pub(super) attr: FileAttr,
    pub(super) data: Vec<u8>,
    /// The value of the one extended attribute that is known here.
    pub(super) xattr: Option<Vec<u8>>,
    /// Of a directory.
    names: Names,
}

/// The names of a directory; in a listing they stand by their inodes' numbers, so that a
/// listing goes on where it was whatever is removed meanwhile. No inode has two names.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<OsString, u64>,
    listed: BTreeMap<u64, OsString>,
}

impl Tree {
    /// A copy of the directories and regular files of a directory.
    pub(super) fn copy(source: &Path) -> io::Result<Tree> {
        let mut tree = Tree(Vec::new());
        tree.push(attributes(source, ROOT)?);
        let mut dirs = vec![(source.to_owned(), INodeNo::ROOT)];
        while let Some((path, dir)) = dirs.pop() {
            for entry in fs::read_dir(path)? {
                let (name, path) = entry.map(|entry| (entry.file_name(), entry.path()))?;
                let attr = attributes(&path, tree.next())?;
                if attr.kind != FileType::Directory && attr.kind != FileType::RegularFile {
                    return Err(io::Error::other(format!("{}: no directory and no regular file", path.display())));
                }
                let ino = tree.add(dir, &name, attr);
                if attr.kind == FileType::Directory {
                    dirs.push((path, ino));
                } else {
                    let inode = tree.inode(ino);
                    inode.data = fs::read(&path)?;
                    inode.xattr = fs_core::getxattr(&path, XATTR, Follow::No).ok();
                }
            }
        }
        Ok(tree)
    }

    /// An inode that the kernel knows by its number.
    pub(super) fn inode(&mut self, ino: INodeNo) -> &mut Inode {
        &mut self.0[(ino.0 - ROOT) as usize]
    }

    /// The inode of a name.
    pub(super) fn find(&mut self, dir: INodeNo, name: &OsStr) -> Option<INodeNo> {
        self.inode(dir).names.numbers.get(name).copied().map(INodeNo)
    }

    /// Makes a new inode, of which type, permissions and owner are given.
    pub(super) fn make(&mut self, dir: INodeNo, name: &OsStr, made: (FileType, u32, u32, u32)) -> FileAttr {
        let (kind, mode, uid, gid) = made;
        let now = SystemTime::now();
        let attr = FileAttr {
            ino: INodeNo(self.next()),
            size: 0,
            blocks: 0,
            atime: now,
            mtime: now,
            ctime: now,
            crtime: UNIX_EPOCH,
            kind,
            perm: (mode & 0o7777) as u16,
            nlink: if kind == FileType::Directory { 2 } else { 1 },
            uid,
            gid,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        };
        self.add(dir, name, attr);
        self.touch(dir);
        attr
    }

    /// Takes a name away.
    pub(super) fn remove(&mut self, dir: INodeNo, name: &OsStr) -> Result<INodeNo, Errno> {
        let names = &mut self.inode(dir).names;
        let ino = names.numbers.remove(name).ok_or(Errno::ENOENT)?;
        names.listed.remove(&ino);
        self.touch(dir);
        Ok(INodeNo(ino))
    }

    /// Takes a directory away that has no entries.
    pub(super) fn remove_dir(&mut self, dir: INodeNo, name: &OsStr) -> Result<(), Errno> {
        let ino = self.find(dir, name).ok_or(Errno::ENOENT)?;
        match self.inode(ino).names.listed.is_empty() {
            true => self.remove(dir, name).map(drop),
            false => Err(Errno::ENOTEMPTY),
        }
    }

    /// Gives an inode another name, in place of whatever has it.
    pub(super) fn rename(&mut self, from: (INodeNo, &OsStr), to: (INodeNo, &OsStr)) -> Result<(), Errno> {
        let ino = self.remove(from.0, from.1)?;
        // Where there is nothing in its place, that is as well.
        let _ = self.remove(to.0, to.1);
        self.name(to.0, to.1, ino);
        self.touch(to.0);
        self.inode(ino).attr.ctime = SystemTime::now();
        Ok(())
    }

    /// The entries of a directory behind a place in its listing, each with its own place.
    pub(super) fn list(&mut self, dir: INodeNo, place: u64) -> impl Iterator<Item = (u64, FileAttr, &OsStr)> {
        let Tree(inodes) = self;
        let names = &inodes[(dir.0 - ROOT) as usize].names;
        names.listed.range(place + 1..).map(|(ino, name)| (*ino, inodes[(ino - ROOT) as usize].attr, name.as_os_str()))
    }

    fn next(&self) -> u64 {
        ROOT + self.0.len() as u64
    }

    fn push(&mut self, attr: FileAttr) {
        self.0.push(Inode { attr, data: Vec::new(), xattr: None, names: Names::default() });
    }

    fn add(&mut self, dir: INodeNo, name: &OsStr, attr: FileAttr) -> INodeNo {
        self.push(attr);
        self.name(dir, name, attr.ino);
        attr.ino
    }

    fn name(&mut self, dir: INodeNo, name: &OsStr, ino: INodeNo) {
        let names = &mut self.inode(dir).names;
        names.numbers.insert(name.to_owned(), ino.0);
        names.listed.insert(ino.0, name.to_owned());
    }

    fn touch(&mut self, dir: INodeNo) {
        let (now, attr) = (SystemTime::now(), &mut self.inode(dir).attr);
        (attr.mtime, attr.ctime) = (now, now);
    }
}

impl Inode {
    /// Writes data.
    pub(super) fn write(&mut self, offset: usize, data: &[u8]) {
        let end = offset + data.len();
        if end > self.data.len() {
            self.resize(end);
        }
        self.data[offset..end].copy_from_slice(data);
        self.attr.mtime = SystemTime::now();
    }

    /// Makes it so long.
    pub(super) fn resize(&mut self, size: usize) {
        self.data.resize(size, 0);
        self.attr.size = size as u64;
        self.attr.blocks = size.div_ceil(512) as u64;
    }
}

fn attributes(path: &Path, ino: u64) -> io::Result<FileAttr> {
    let status = fs::symlink_metadata(path)?;
    let time = |seconds: i64, nanoseconds: i64| {
        UNIX_EPOCH + Duration::new(seconds.try_into().unwrap_or(0), nanoseconds.try_into().unwrap_or(0))
    };
    Ok(FileAttr {
        ino: INodeNo(ino),
        size: status.size(),
        blocks: status.blocks(),
        atime: time(status.atime(), status.atime_nsec()),
        mtime: time(status.mtime(), status.mtime_nsec()),
        ctime: time(status.ctime(), status.ctime_nsec()),
        crtime: UNIX_EPOCH,
        kind: FileType::from_std(status.file_type()).unwrap_or(FileType::Socket),
        perm: (status.mode() & 0o7777) as u16,
        nlink: u32::try_from(status.nlink()).unwrap_or(1),
        uid: status.uid(),
        gid: status.gid(),
        rdev: 0,
        blksize: 4096,
        flags: 0,
    })
}
