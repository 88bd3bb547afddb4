//! Whether the source shows anything at two places, by mounts below it.
//!
//! An inode that is reached by two mounts is two nodes (see [`crate::number`]), and of what is changed through one of them the kernel does not
//! tell the other. Where it remembers for longer than a tick, it must not be.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};

use super::identity;
use super::mount_table::{Line, MountTable};

/// Two places below the source that show the same. `None` where the kernel does not say.
pub(super) fn shown_twice(source: BorrowedFd<'_>) -> Option<[PathBuf; 2]> {
    let path = std::fs::read_link(format!("/proc/self/fd/{}", source.as_raw_fd())).ok()?;
    find(&MountTable::read().ok()?, identity::mount_number(source).ok()?, &path)
}

/// `number` is that of the mount by which the source, at `path`, is shown.
fn find(table: &MountTable, number: u64, path: &Path) -> Option<[PathBuf; 2]> {
    let mut shown: HashMap<OsString, Vec<(PathBuf, PathBuf)>> = HashMap::new();
    for Line { number: its_number, device, root, point, .. } in table.lines() {
        let (what, at) = if its_number == number {
            (root.join(path.strip_prefix(&point).ok()?), path.to_owned())
        } else if point != path && point.starts_with(path) {
            (root, point)
        } else {
            continue;
        };
        let others = shown.entry(device).or_default();
        if let Some((_, other)) = others.iter().find(|(other, _)| what.starts_with(other) || other.starts_with(&what)) {
            return Some([other.clone(), at]);
        }
        others.push((what, at));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(below: &[(&str, &str, &str)]) -> Option<[PathBuf; 2]> {
        let mut text = "20 1 8:1 / / rw - ext4 /dev/a rw\n21 20 8:2 /top /data rw - ext4 /dev/b rw\n".to_owned();
        for (n, (device, root, point)) in below.iter().enumerate() {
            text += &format!("{} 21 {device} {root} {point} rw - ext4 /dev/x rw\n", 30 + n);
        }
        find(&MountTable::of(&text), 21, Path::new("/data/src"))
    }

    #[test]
    fn what_overlaps_is_shown_twice_and_what_lies_beside_is_not() {
        let at = |first: &str, second: &str| Some([PathBuf::from(first), PathBuf::from(second)]);
        assert_eq!(check(&[]), None);
        // Of the source itself: a part, all of it, what is above it.
        for root in ["/top/src/part", "/top/src", "/top"] {
            assert_eq!(check(&[("8:2", root, "/data/src/again")]), at("/data/src", "/data/src/again"), "{root}");
        }
        // Beside it, of another file system, or not below it.
        for (device, root, point) in [
            ("8:2", "/top/srcs", "/data/src/m"),
            ("8:2", "/other", "/data/src/m"),
            ("8:3", "/top/src", "/data/src/m"),
            ("8:2", "/top/src", "/data/srcs"),
            ("8:2", "/top/src", "/mnt"),
        ] {
            assert_eq!(check(&[(device, root, point)]), None, "{root} at {point}");
        }
        // Neither is the source's own.
        let twice = [("8:3", "/", "/data/src/a"), ("8:4", "/", "/data/src/b"), ("8:3", "/x", "/data/src/c")];
        assert_eq!(check(&twice), at("/data/src/a", "/data/src/c"));
    }

    #[test]
    fn a_source_that_the_table_does_not_have_is_shown_once() {
        let table = MountTable::of("20 1 8:1 / / rw - ext4 /dev/a rw\n");
        assert_eq!(find(&table, 99, Path::new("/data")), None);
    }
}
