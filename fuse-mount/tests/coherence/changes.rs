//! Changes, each with what has to be there before it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;

use fs_core::{Follow, Mode, RenameFlags, Time, Times, Uid, XattrFlags};

/// A change of a directory.
pub(crate) struct Change {
    /// A name for it.
    pub(crate) name: &'static str,
    /// Fills the directory.
    pub(crate) prepare: fn(&Path),
    /// Changes what is in it.
    pub(crate) make: fn(&Path),
}

const fn change(name: &'static str, prepare: fn(&Path), make: fn(&Path)) -> Change {
    Change { name, prepare, make }
}

/// Every kind of change.
pub(crate) const CHANGES: &[Change] = &[
    // Names.
    change("create", nothing, |dir| fs::write(dir.join("a"), "new").unwrap()),
    change("mkdir", nothing, |dir| fs::create_dir(dir.join("d")).unwrap()),
    change("mkfifo", nothing, |dir| fs_core::mkfifo(&dir.join("a"), Mode::from_raw_mode(0o600)).unwrap()),
    change("symlink", nothing, |dir| symlink("x", dir.join("a")).unwrap()),
    change("unlink", file, |dir| fs::remove_file(dir.join("a")).unwrap()),
    change("rmdir", tree, |dir| fs::remove_dir(dir.join("d/e")).unwrap()),
    change("rename", file, |dir| fs::rename(dir.join("a"), dir.join("b")).unwrap()),
    change("rename-and-back", file, |dir| {
        fs::rename(dir.join("a"), dir.join("b")).unwrap();
        fs::write(dir.join("a"), "another").unwrap();
    }),
    change("replace", two_files, |dir| fs::rename(dir.join("b"), dir.join("a")).unwrap()),
    change("replace-a-link", links, |dir| fs::rename(dir.join("c"), dir.join("a")).unwrap()),
    change("exchange", two_files, |dir| {
        fs_core::rename_with(&dir.join("a"), &dir.join("b"), RenameFlags::EXCHANGE).unwrap();
    }),
    change("exchange-file-and-directory", file_and_tree, |dir| {
        fs_core::rename_with(&dir.join("a"), &dir.join("d"), RenameFlags::EXCHANGE).unwrap();
    }),
    change("rename-a-directory", tree, |dir| fs::rename(dir.join("d"), dir.join("c")).unwrap()),
    change("move-into-a-directory", file_and_tree, |dir| fs::rename(dir.join("a"), dir.join("d/b")).unwrap()),
    change("move-out-of-a-directory", tree, |dir| fs::rename(dir.join("d/a"), dir.join("a")).unwrap()),
    change("move-a-directory", tree, |dir| {
        fs::create_dir(dir.join("c")).unwrap();
        fs::rename(dir.join("d"), dir.join("c/b")).unwrap();
    }),
    change("link", file, |dir| fs::hard_link(dir.join("a"), dir.join("b")).unwrap()),
    change("unlink-another-name", links, |dir| fs::remove_file(dir.join("b")).unwrap()),
    change("replace-a-file-anew", file, |dir| {
        fs::remove_file(dir.join("a")).unwrap();
        fs::write(dir.join("a"), "anew").unwrap();
    }),
    change("replace-a-symlink", a_symlink, |dir| {
        symlink("elsewhere", dir.join("b")).unwrap();
        fs::rename(dir.join("b"), dir.join("a")).unwrap();
    }),
    change("file-becomes-directory", file, |dir| {
        fs::remove_file(dir.join("a")).unwrap();
        fs::create_dir(dir.join("a")).unwrap();
    }),
    change("create-below", tree, |dir| fs::write(dir.join("d/e/b"), "deep").unwrap()),
    change("remove-a-tree", tree, |dir| fs::remove_dir_all(dir.join("d")).unwrap()),
    change("replace-a-tree", tree, |dir| {
        fs::remove_dir_all(dir.join("d")).unwrap();
        tree(dir);
    }),
    // Attributes.
    change("chmod", file, |dir| fs::set_permissions(dir.join("a"), Permissions::from_mode(0o640)).unwrap()),
    change("chmod-a-directory", tree, |dir| {
        fs::set_permissions(dir.join("d"), Permissions::from_mode(0o750)).unwrap();
    }),
    change("chown", file, |dir| {
        fs_core::chown(&dir.join("a"), Some(Uid::from_raw(1234)), None, Follow::No).unwrap();
    }),
    change("chown-a-symlink", a_symlink, |dir| {
        fs_core::chown(&dir.join("a"), Some(Uid::from_raw(1234)), None, Follow::No).unwrap();
    }),
    change("utime", file, |dir| utime(dir, Time::At { ns: 1_000_000_007 }, Time::At { ns: 2_000_000_009 })),
    change("mtime", file, |dir| utime(dir, Time::Omit, Time::At { ns: 2_000_000_009 })),
    change("setxattr", file, |dir| {
        fs_core::setxattr(&dir.join("a"), "user.k", b"v", XattrFlags::empty(), Follow::Yes).unwrap();
    }),
    change("removexattr", with_xattr, |dir| fs_core::removexattr(&dir.join("a"), "user.k", Follow::Yes).unwrap()),
    change("suid", file, |dir| fs::set_permissions(dir.join("a"), Permissions::from_mode(0o4755)).unwrap()),
    // Data.
    change("write", file, |dir| open(dir).write_all_at(b"XY", 1).unwrap()),
    change("append", file, |dir| {
        OpenOptions::new().append(true).open(dir.join("a")).unwrap().write_all(b" and more").unwrap();
    }),
    change("truncate", file, |dir| open(dir).set_len(2).unwrap()),
    change("extend", file, |dir| open(dir).set_len(20).unwrap()),
    change("write-anew", file, |dir| fs::write(dir.join("a"), "other").unwrap()),
    change("write-through-another-name", links, |dir| fs::write(dir.join("b"), "other").unwrap()),
    change("fallocate", file, |dir| {
        let file = open(dir);
        fs_core::linux::fallocate(&file, fs_core::linux::FallocateFlags::empty(), 0, 8192).unwrap();
    }),
    change("copy", two_files, |dir| {
        let (from, to) = (File::open(dir.join("b")).unwrap(), open(dir));
        assert_eq!(fs_core::copy_file_range(&from, &to, 5, Some(&mut 0), Some(&mut 0)).unwrap(), 5);
    }),
];

fn nothing(_: &Path) {}

fn file(dir: &Path) {
    fs::write(dir.join("a"), "hello").unwrap();
}

fn two_files(dir: &Path) {
    file(dir);
    fs::write(dir.join("b"), "world").unwrap();
}

fn links(dir: &Path) {
    file(dir);
    fs::hard_link(dir.join("a"), dir.join("b")).unwrap();
    fs::write(dir.join("c"), "third").unwrap();
}

fn tree(dir: &Path) {
    fs::create_dir_all(dir.join("d/e")).unwrap();
    fs::write(dir.join("d/a"), "in a directory").unwrap();
}

fn file_and_tree(dir: &Path) {
    file(dir);
    tree(dir);
}

fn a_symlink(dir: &Path) {
    symlink("somewhere", dir.join("a")).unwrap();
}

fn with_xattr(dir: &Path) {
    file(dir);
    fs_core::setxattr(&dir.join("a"), "user.k", b"v", XattrFlags::empty(), Follow::Yes).unwrap();
}

fn open(dir: &Path) -> File {
    OpenOptions::new().write(true).open(dir.join("a")).unwrap()
}

fn utime(dir: &Path, atime: Time, mtime: Time) {
    fs_core::utime(&dir.join("a"), Times { atime, mtime }, Follow::Yes).unwrap();
}
