//! What the tests of nodes share.

use std::os::fd::OwnedFd;
use std::path::Path;

use fs_core::{Mode, OFlags, open};

use super::{Nodes, Settings};
use crate::found::Found;
use crate::node::Name;

pub(super) fn place(path: &Path) -> (OwnedFd, Found) {
    let fd = open(path, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty()).unwrap();
    let found = Found::by(&fd).unwrap();
    (fd, found)
}

pub(super) fn nodes(dir: &Path) -> Nodes {
    limited(dir, 1 << 20)
}

pub(super) fn limited(dir: &Path, most_descriptors: usize) -> Nodes {
    let (fd, found) = place(dir);
    Nodes::new(fd.into(), &found, Settings { most_descriptors, keeps_names: true, by_handle: true })
}

pub(super) fn name(parent: u64, name: &str) -> Name<'_> {
    Name { parent, name: name.as_bytes() }
}

pub(super) fn path_of(nodes: &Nodes, ino: u64) -> String {
    let mut path = b"before ".to_vec();
    nodes.path_into(ino, &mut path);
    String::from_utf8(path).unwrap().strip_prefix("before ").unwrap().to_owned()
}
