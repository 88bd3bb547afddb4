//! Events of the source as what the kernel has to forget: each thing once, whatever the number of events.

use std::collections::HashMap;

use fs_core::linux::fanotify::{Event, Fid, Happened};

/// What the kernel has to forget after a number of events.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Names, by the number of their directory.
    pub(super) names: Vec<(u64, Box<[u8]>)>,
    /// Inodes, and whether their content has changed and not the attributes alone.
    pub(super) inodes: HashMap<u64, bool>,
    /// Directories in which we have changed names ourselves.
    pub(super) own_directories: Vec<u64>,
    /// Nodes that have a name from now on, or have one no more, in this order.
    pub(super) places: Vec<Moved>,
    /// Some events were lost.
    pub(super) overflow: bool,
}

/// A node that has got a name, or has lost one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) ino: u64,
    pub(super) parent: u64,
    pub(super) name: Box<[u8]>,
    pub(super) is_gone: bool,
}

const NAMES: Happened = Happened::CREATE.union(Happened::DELETE).union(Happened::MOVED_FROM).union(Happened::MOVED_TO);

impl Changes {
    /// Nothing from now on.
    pub(super) fn clear(&mut self) {
        self.names.clear();
        self.inodes.clear();
        self.own_directories.clear();
        self.places.clear();
        self.overflow = false;
    }

    /// Adds an event. `own` is the process whose changes the kernel has made itself, and `find` the
    /// number of the node with a handle, if the kernel knows it.
    pub(super) fn add(&mut self, event: &Event<'_>, own: i32, find: impl Fn(&Fid<'_>) -> Option<u64>) {
        if event.mask.contains(Happened::Q_OVERFLOW) {
            self.overflow = true;
            return;
        }
        let entry = event.entry.and_then(|(directory, name)| Some((find(&directory)?, name.as_encoded_bytes())));
        if event.pid == own {
            if let Some((parent, _)) = entry.filter(|_| event.mask.intersects(NAMES)) {
                self.own_directories.push(parent);
            }
            return;
        }
        let object = event.object.and_then(|object| find(&object));
        match entry {
            // An event about a directory itself: that it is one's own entry is only said.
            Some((directory, b".")) => self.inode(directory, event.mask),
            Some((parent, name)) if event.mask.intersects(NAMES) => self.name(parent, name, object, event.mask),
            _ => {}
        }
        if let Some(object) = object {
            self.inode(object, event.mask);
        }
    }

    fn name(&mut self, parent: u64, name: &[u8], object: Option<u64>, mask: Happened) {
        if !self.names.iter().rev().take(NEAR).any(|(known, other)| *known == parent && **other == *name) {
            self.names.push((parent, name.into()));
        }
        // Its listing, its times, its size, its links.
        self.inodes.insert(parent, true);
        let Some(ino) = object else { return };
        let is_gone = mask.intersects(Happened::DELETE | Happened::MOVED_FROM);
        // What was made and removed in one event is gone.
        if is_gone || mask.contains(Happened::MOVED_TO) {
            self.places.push(Moved { ino, parent, name: name.into(), is_gone });
        }
    }

    fn inode(&mut self, ino: u64, mask: Happened) {
        *self.inodes.entry(ino).or_default() |= mask.contains(Happened::MODIFY);
    }
}

/// How many names back one is looked for that need not be told again: events about the same name follow each
/// other, as those of a file that is made and moved over another.
const NEAR: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    const OWN: i32 = 100;

    fn fid(bytes: &[u8]) -> Fid<'_> {
        Fid { fsid: 0, handle_type: 1, bytes }
    }

    fn event<'a>(mask: Happened, pid: i32, entry: Option<(&'a [u8], &'a str)>, object: &'a [u8]) -> Event<'a> {
        let entry = entry.map(|(directory, name)| (fid(directory), OsStr::new(name)));
        Event { mask, pid, entry, object: Some(fid(object)) }
    }

    /// What is to be forgotten after these events, where the directory `d` is node 1 and the file `f` is 2.
    fn changes(events: &[Event<'_>]) -> Changes {
        let mut changes = Changes::default();
        for event in events {
            changes.add(event, OWN, |fid| match fid.bytes {
                b"d" => Some(1),
                b"f" => Some(2),
                _ => None,
            });
        }
        changes
    }

    #[test]
    fn a_name_that_is_made_is_forgotten_with_its_directory() {
        let got = changes(&[event(Happened::CREATE, 7, Some((b"d", "n")), b"new")]);
        assert_eq!(got.names, [(1, b"n".as_slice().into())]);
        assert_eq!(got.inodes, [(1, true)].into());
    }

    #[test]
    fn a_link_more_or_less_changes_the_inode_too() {
        for mask in [Happened::CREATE, Happened::DELETE, Happened::MOVED_TO, Happened::MOVED_FROM] {
            assert_eq!(changes(&[event(mask, 7, Some((b"d", "n")), b"f")]).inodes, [(1, true), (2, false)].into());
        }
    }

    #[test]
    fn attributes_alone_leave_the_content() {
        let attrib = event(Happened::ATTRIB, 7, Some((b"d", "n")), b"f");
        let modify = event(Happened::MODIFY, 7, Some((b"elsewhere", "n")), b"f");
        assert_eq!(changes(&[attrib]).inodes, [(2, false)].into());
        assert_eq!(changes(&[attrib, modify, attrib]).inodes, [(2, true)].into());
        assert_eq!(changes(&[attrib]).names, []);
        let directory = event(Happened::ATTRIB | Happened::ONDIR, 7, Some((b"d", ".")), b"d");
        assert_eq!(changes(&[directory]).inodes, [(1, false)].into());
    }

    #[test]
    fn many_events_about_one_thing_are_one_message() {
        let events = vec![event(Happened::MODIFY, 7, Some((b"d", "n")), b"f"); 1_000];
        assert_eq!(changes(&events).inodes.len(), 1);
        let events = vec![event(Happened::CREATE, 7, Some((b"d", "n")), b"x"); 1_000];
        assert_eq!(changes(&events).names.len(), 1);
    }

    #[test]
    fn what_we_do_ourselves_is_nobodys_news() {
        let got = changes(&[
            event(Happened::CREATE, OWN, Some((b"d", "n")), b"new"),
            event(Happened::MODIFY, OWN, Some((b"d", "n")), b"f"),
        ]);
        assert_eq!(got, Changes { own_directories: vec![1], ..Changes::default() });
    }

    #[test]
    fn what_the_kernel_does_not_know_it_need_not_forget() {
        assert_eq!(changes(&[event(Happened::CREATE, 7, Some((b"elsewhere", "n")), b"x")]), Changes::default());
    }

    #[test]
    fn lost_events_are_noticed() {
        let overflow = Event { mask: Happened::Q_OVERFLOW, pid: 0, entry: None, object: None };
        assert!(changes(&[overflow]).overflow);
    }
}
