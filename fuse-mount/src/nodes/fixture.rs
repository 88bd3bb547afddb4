//! What the tests of nodes share.

use std::os::fd::OwnedFd;
use std::path::Path;

use fs_core::{Mode, OFlags, StatResult, fstat, open};

use super::{Nodes, Settings};
use crate::node::Name;

pub(super) fn place(path: &Path) -> (OwnedFd, StatResult) {
    let fd = open(path, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty()).unwrap();
    let status = fstat(&fd).unwrap();
    (fd, status)
}

pub(super) fn nodes(dir: &Path) -> Nodes {
    limited(dir, 1 << 20)
}

pub(super) fn limited(dir: &Path, most_descriptors: usize) -> Nodes {
    let (fd, status) = place(dir);
    Nodes::new(fd.into(), &status, Settings { most_descriptors, keeps_names: true, by_handle: true })
}

pub(super) fn name(parent: u64, name: &str) -> Name<'_> {
    Name { parent, name: name.as_bytes() }
}

pub(super) fn path_of(nodes: &Nodes, ino: u64) -> String {
    let mut path = b"before ".to_vec();
    nodes.path_into(ino, &mut path);
    String::from_utf8(path).unwrap().strip_prefix("before ").unwrap().to_owned()
}
