//! Changes of whole file systems as the kernel reports them: fanotify, with file handles instead of descriptors.
//!
//! Only what is needed to follow changes: groups that report (`FAN_CLASS_NOTIF`), and events that name inodes
//! by handle. Permission events, and events that bring descriptors, are not here.

use std::ffi::{OsStr, c_int};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use bitflags::bitflags;

use crate::{At, Result, sys};

bitflags! {
    /// What a group reports, and how.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct GroupFlags: u32 {
        /// The descriptor does not block: without an event, reading is `EAGAIN`.
        const NONBLOCK = libc::FAN_NONBLOCK;
        /// No limit of events that wait. Needs `CAP_SYS_ADMIN`.
        const UNLIMITED_QUEUE = libc::FAN_UNLIMITED_QUEUE;
        /// Events name the object by its handle. The descriptors that they bring otherwise
        /// are of no use here, so this, or `DIR_FID`, is always wanted.
        const FID = libc::FAN_REPORT_FID;
        /// Events name the directory by its handle.
        const DIR_FID = libc::FAN_REPORT_DIR_FID;
        /// Events name the directory's entry. Needs `DIR_FID`.
        const NAME = libc::FAN_REPORT_NAME;
        /// Events about an entry name what is there, too. Needs the three above (Linux 5.17).
        const TARGET_FID = libc::FAN_REPORT_TARGET_FID;

        const _ = !0;
    }
}

bitflags! {
    /// What a mark is on, and what becomes of it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct MarkFlags: u32 {
        /// Adds events to those that are marked.
        const ADD = libc::FAN_MARK_ADD;
        /// Removes events from those that are marked.
        const REMOVE = libc::FAN_MARK_REMOVE;
        /// On the whole file system that holds the object. Needs `CAP_SYS_ADMIN`.
        const FILESYSTEM = libc::FAN_MARK_FILESYSTEM;
        /// On the mount through which the object is reached: of what is done through others nothing is said. Only for
        /// events of open files, as [`Happened::MODIFY`]. Needs `CAP_SYS_ADMIN`.
        const MOUNT = libc::FAN_MARK_MOUNT;
        /// Events that are marked elsewhere are not reported of what is marked so (Linux 6.0).
        const IGNORE = libc::FAN_MARK_IGNORE;
        /// What is left out by `IGNORE` stays left out once the object was modified; otherwise until then. On a mount
        /// it must be so.
        const IGNORED_SURV_MODIFY = libc::FAN_MARK_IGNORED_SURV_MODIFY;
        /// The object must be a directory.
        const ONLYDIR = libc::FAN_MARK_ONLYDIR;

        const _ = !0;
    }
}

bitflags! {
    /// What has happened; several things that happened to one object can be one event.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Happened: u64 {
        /// Content was written, cut or reserved; or a file's mtime was set alone.
        const MODIFY = libc::FAN_MODIFY;
        /// Attributes: permissions, owner, times, links, extended attributes.
        const ATTRIB = libc::FAN_ATTRIB;
        /// A name was taken away by a rename.
        const MOVED_FROM = libc::FAN_MOVED_FROM;
        /// A name was given by a rename.
        const MOVED_TO = libc::FAN_MOVED_TO;
        /// A name was made.
        const CREATE = libc::FAN_CREATE;
        /// A name was removed.
        const DELETE = libc::FAN_DELETE;
        /// It happened to a directory. Events about directories are only reported if this is marked.
        const ONDIR = libc::FAN_ONDIR;
        /// Events were lost: more waited than the group may have. This event names nothing.
        const Q_OVERFLOW = libc::FAN_Q_OVERFLOW;

        const _ = !0;
    }
}

/// Makes a group, a queue of events. The descriptor is not inheritable.
///
/// # Errors
/// - `EPERM`: needs `CAP_SYS_ADMIN` for what is asked. `EINVAL`: the kernel does not know a flag, or not this mix.
/// - `EMFILE`: the user has too many groups. `ENOSYS`: the kernel has no fanotify.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/fanotify_init.2.html)
pub fn fanotify_init(flags: GroupFlags) -> Result<OwnedFd> {
    let flags = flags.bits() | libc::FAN_CLASS_NOTIF | libc::FAN_CLOEXEC;
    Ok(sys::fanotify::init(flags, (libc::O_RDONLY | libc::O_CLOEXEC).cast_unsigned())?)
}

/// Changes which events of an object, or of its file system, a group reports.
///
/// # Errors
/// - `EPERM`: a mark on a file system or a mount needs `CAP_SYS_ADMIN`.
/// - `EOPNOTSUPP`: the file system has no file handles. `ENODEV`: it has no id.
/// - `EXDEV`: the object is in a part of the file system with an id of its own, as a subvolume of btrfs.
/// - `EINVAL`: the kernel does not know a flag or an event, or not this mix, or the object is in a place that it makes
///   by itself.
/// - `ENOSPC`: the user has too many marks.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/fanotify_mark.2.html)
pub fn fanotify_mark<'a>(group: impl AsFd, flags: MarkFlags, mask: Happened, at: impl Into<At<'a>>) -> Result<()> {
    let at = at.into().check()?;
    Ok(at.with_c_str(|dir, path| sys::fanotify::mark(group.as_fd(), flags.bits(), mask.bits(), dir, path))?)
}

/// The events in the bytes of one [`read`](crate::read) of a group.
///
/// Ends early at bytes that are no event.
#[derive(Clone, Debug)]
pub struct Events<'buf> {
    rest: &'buf [u8],
}

impl<'buf> Events<'buf> {
    /// The events in what was read.
    pub fn new(read: &'buf [u8]) -> Self {
        Events { rest: read }
    }
}

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "fanotify_event_metadata")]
pub struct Event<'buf> {
    /// What has happened.
    pub mask: Happened,
    /// The process that did it; 0 if it is unknown here.
    pub pid: i32,
    /// The directory and the entry in it, if there is one. For an event about a directory itself
    /// it is that directory, and the entry is `.`.
    pub entry: Option<(Fid<'buf>, &'buf OsStr)>,
    /// The object itself; of an entry, what is there.
    pub object: Option<Fid<'buf>>,
}

/// An inode in an event: the id of its file system, and its handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "fanotify_event_info_fid")]
pub struct Fid<'buf> {
    /// The id, as [`f_fsid`](field@crate::StatVfs::f_fsid) has it.
    pub fsid: u64,
    /// The file system's type for the bytes.
    pub handle_type: c_int,
    /// The bytes of the handle.
    pub bytes: &'buf [u8],
}

const METADATA_SIZE: usize = 24;

impl<'buf> Iterator for Events<'buf> {
    type Item = Event<'buf>;

    fn next(&mut self) -> Option<Event<'buf>> {
        // struct { u32 event_len; u8 vers, reserved; u16 metadata_len; u64 mask; i32 fd, pid; }
        let length = number(self.rest, 0, u32::from_ne_bytes)? as usize;
        let event = self.rest.get(..length).filter(|event| event.len() >= METADATA_SIZE)?;
        if event[4] != libc::FANOTIFY_METADATA_VERSION {
            return None;
        }
        let metadata_length = usize::from(number(event, 6, u16::from_ne_bytes)?);
        let mask = number(event, 8, u64::from_ne_bytes)?;
        let pid = number(event, 20, i32::from_ne_bytes)?;
        let mut infos = event.get(metadata_length..)?;
        self.rest = &self.rest[length..];
        let mut event = Event { mask: Happened::from_bits_retain(mask), pid, entry: None, object: None };
        while let Some((kind, info)) = next_info(&mut infos) {
            match kind {
                libc::FAN_EVENT_INFO_TYPE_FID => event.object = fid(info).map(|(fid, _)| fid),
                libc::FAN_EVENT_INFO_TYPE_DFID => event.entry = fid(info).map(|(fid, _)| (fid, OsStr::new("."))),
                libc::FAN_EVENT_INFO_TYPE_DFID_NAME => {
                    event.entry = fid(info).and_then(|(fid, name)| Some((fid, until_nul(name)?)));
                }
                // What later kernels add.
                _ => {}
            }
        }
        Some(event)
    }
}

/// Takes one record of information: its kind and its bytes.
fn next_info<'buf>(infos: &mut &'buf [u8]) -> Option<(u8, &'buf [u8])> {
    // struct { u8 info_type, pad; u16 len; }
    let length = usize::from(number(infos, 2, u16::from_ne_bytes)?);
    let info = infos.get(..length)?;
    let (kind, body) = (*info.first()?, info.get(4..)?);
    *infos = &infos[length..];
    Some((kind, body))
}

/// An inode, and the bytes after it.
fn fid(info: &[u8]) -> Option<(Fid<'_>, &[u8])> {
    // struct { u32 fsid[2]; u32 handle_bytes; i32 handle_type; u8 handle[handle_bytes]; }
    let half = |at| number(info, at, u32::from_ne_bytes).map(u64::from);
    let fsid = half(0)? | half(4)? << 32;
    let length = number(info, 8, u32::from_ne_bytes)? as usize;
    let handle_type = number(info, 12, i32::from_ne_bytes)?;
    let bytes = info.get(16..)?.get(..length)?;
    Some((Fid { fsid, handle_type, bytes }, &info[16 + length..]))
}

fn until_nul(name: &[u8]) -> Option<&OsStr> {
    let end = name.iter().position(|byte| *byte == 0)?;
    Some(OsStr::from_bytes(&name[..end]))
}

fn number<const N: usize, T>(bytes: &[u8], at: usize, from: impl FnOnce([u8; N]) -> T) -> Option<T> {
    bytes.get(at..)?.first_chunk().map(|chunk| from(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::{HandleFlags, name_to_handle_at};
    use crate::{Errno, Error, Follow, read};

    /// An event as the kernel writes it.
    fn event(mask: Happened, pid: i32, infos: &[Vec<u8>]) -> Vec<u8> {
        let length = METADATA_SIZE + infos.iter().map(Vec::len).sum::<usize>();
        let mut bytes = Vec::new();
        bytes.extend(u32::try_from(length).unwrap().to_ne_bytes());
        bytes.extend([libc::FANOTIFY_METADATA_VERSION, 0]);
        bytes.extend(u16::try_from(METADATA_SIZE).unwrap().to_ne_bytes());
        bytes.extend(mask.bits().to_ne_bytes());
        bytes.extend(libc::FAN_NOFD.to_ne_bytes());
        bytes.extend(pid.to_ne_bytes());
        infos.iter().for_each(|info| bytes.extend(info));
        bytes
    }

    fn info(kind: u8, handle: &[u8], name: Option<&str>) -> Vec<u8> {
        let mut body = vec![7; 8];
        body.extend(u32::try_from(handle.len()).unwrap().to_ne_bytes());
        body.extend(1_i32.to_ne_bytes());
        body.extend(handle);
        if let Some(name) = name {
            body.extend(name.bytes());
            body.push(0);
        }
        body.resize(body.len().next_multiple_of(4), 0);
        let mut bytes = vec![kind, 0];
        bytes.extend(u16::try_from(body.len() + 4).unwrap().to_ne_bytes());
        bytes.extend(body);
        bytes
    }

    #[test]
    fn an_event_reads_back() {
        let entry = info(libc::FAN_EVENT_INFO_TYPE_DFID_NAME, b"directory", Some("name"));
        let object = info(libc::FAN_EVENT_INFO_TYPE_FID, b"file", None);
        let unknown = info(200, b"?", None);
        let mut bytes = event(Happened::CREATE, 7, &[entry, unknown, object]);
        bytes.extend(event(Happened::Q_OVERFLOW, 0, &[]));
        let events: Vec<Event<'_>> = Events::new(&bytes).collect();
        let fid = |bytes| Fid { fsid: 0x0707_0707_0707_0707, handle_type: 1, bytes };
        assert_eq!(
            events,
            [
                Event {
                    mask: Happened::CREATE,
                    pid: 7,
                    entry: Some((fid(b"directory"), OsStr::new("name"))),
                    object: Some(fid(b"file")),
                },
                Event { mask: Happened::Q_OVERFLOW, pid: 0, entry: None, object: None },
            ]
        );
    }

    #[test]
    fn bytes_that_are_no_event_end_the_events() {
        let entry = info(libc::FAN_EVENT_INFO_TYPE_DFID_NAME, b"directory", Some("name"));
        let whole = event(Happened::DELETE, 7, &[entry]);
        for length in 0..whole.len() {
            assert_eq!(Events::new(&whole[..length]).count(), 0, "{length} bytes");
        }
        // Lengths that lead out of what they are in: no step of the kernel's, and no panic of ours.
        for at in 0..whole.len() {
            for value in [0, 1, 3, 0x7f, 0xff] {
                let mut spoilt = whole.clone();
                spoilt[at] = value;
                assert!(Events::new(&spoilt).count() <= 1);
            }
        }
    }

    #[test]
    fn a_file_that_is_made_is_reported_by_its_handle() {
        let dir = tempfile::tempdir().unwrap();
        let flags = GroupFlags::FID | GroupFlags::DIR_FID | GroupFlags::NAME | GroupFlags::TARGET_FID;
        let group = match fanotify_init(flags | GroupFlags::NONBLOCK) {
            Err(error) => return eprintln!("not run: no fanotify here: {error}"),
            Ok(group) => group,
        };
        let wanted = Happened::CREATE | Happened::ONDIR;
        match fanotify_mark(&group, MarkFlags::ADD | MarkFlags::ONLYDIR, wanted, dir.path()) {
            Err(Error::Os(Errno::OPNOTSUPP)) => {
                return eprintln!("not run: the file system of {} has no handles", dir.path().display());
            }
            result => result.unwrap(),
        }
        let mut buffer = [0; 4096];
        assert_eq!(read(&group, &mut buffer).unwrap_err().errno(), Errno::AGAIN);
        std::fs::write(dir.path().join("f"), "x").unwrap();
        let length = read(&group, &mut buffer).unwrap();
        let events: Vec<Event<'_>> = Events::new(&buffer[..length]).collect();
        let handle_of = |path: &std::path::Path| name_to_handle_at(path, Follow::No, HandleFlags::empty()).unwrap().0;
        let [event] = events[..] else { panic!("{events:?}") };
        assert_eq!((event.mask, event.pid), (Happened::CREATE, std::process::id().cast_signed()));
        let (directory, name) = event.entry.unwrap();
        assert_eq!((name, directory.bytes), (OsStr::new("f"), handle_of(dir.path()).bytes()));
        assert_eq!(event.object.unwrap().bytes, handle_of(&dir.path().join("f")).bytes());
        assert_eq!(directory.fsid, crate::statvfs(dir.path()).unwrap().f_fsid);
    }
}
