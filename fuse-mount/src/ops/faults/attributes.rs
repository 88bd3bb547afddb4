//! Faults of attributes: what is told of them, and what becomes of those that are set.

use std::time::{Duration, Instant};

use fs_core::{Errno, Follow, Gid, Mode, StatResult, StatVfs, Time, Uid, fstat};
use rustix::fs::Stat;

use super::memory::{key, memory};
use super::{Fault, Faulty};
use crate::cache::has_set_id;
use crate::node::Node;
use crate::ops::{Changes, Entry, File, check_component};

/// How long stale attributes are told.
const STALE: Duration = Duration::from_secs(1);

const NS_PER_S: i128 = 1_000_000_000;

impl Faulty<'_> {
    /// An entry as the kernel is told of it.
    pub(super) fn shown(&self, entry: Entry) -> Entry {
        let Some(fault) = self.fault else { return entry };
        let mut stat = Stat::from(entry.status);
        let first = |memory: &mut super::memory::Memory| {
            memory.told.entry(key(&entry.node)).or_insert((entry.status, Instant::now())).0
        };
        match fault {
            Fault::StickyLost => stat.st_mode &= !libc::S_ISVTX,
            Fault::SymlinkSizeZero if entry.node.file_type == libc::S_IFLNK => stat.st_size = 0,
            Fault::LinkCountKept if !entry.node.is_directory() => {
                stat.st_nlink = Stat::from(first(&mut memory())).st_nlink;
            }
            Fault::ChangeTimeKept => {
                let first = Stat::from(first(&mut memory()));
                (stat.st_ctime, stat.st_ctime_nsec) = (first.st_ctime, first.st_ctime_nsec);
            }
            Fault::StaleAttributes => {
                let now = Instant::now();
                let mut memory = memory();
                let told = memory.told.entry(key(&entry.node)).or_insert((entry.status, now));
                if now.duration_since(told.1) >= STALE {
                    *told = (entry.status, now);
                }
                stat = told.0.into();
            }
            _ => {}
        }
        Entry { status: stat.into(), ..entry }
    }

    /// See [`Call::getattr`](super::Call::getattr).
    pub fn getattr(&self, ino: u64, file: Option<File>) -> Result<Entry, Errno> {
        let mut entry = self.call.getattr(ino, file)?;
        if self.has(Fault::UnlinkedIsGone) && entry.status.st_nlink() == 0 {
            return Err(Errno::NOENT);
        }
        if let Some(other) = self.replacement(&entry.node) {
            entry.status = fstat(&*self.fd(other)?)?;
        }
        Ok(self.shown(entry))
    }

    /// The number of the node that took the place of another.
    pub(super) fn replacement(&self, node: &Node) -> Option<u64> {
        if self.has(Fault::ReplacedByName) { memory().replaced.get(&key(node)).copied() } else { None }
    }

    /// See [`Call::setattr`](super::Call::setattr).
    pub fn setattr(&self, ino: u64, file: Option<File>, mut changes: Changes) -> Result<Entry, Errno> {
        let node = self.volume.nodes.get(ino)?;
        let before = fstat(&*self.fd(ino)?)?;
        let Some(fault) = self.fault else { return self.call.setattr(ino, file, changes) };
        let mut call = self.call;
        match fault {
            Fault::UnlinkedIsGone if before.st_nlink() == 0 => return Err(Errno::NOENT),
            Fault::OmittedTimeIsNow if changes.atime.is_some() || changes.mtime.is_some() => {
                changes.atime = changes.atime.or(Some(Time::Now));
                changes.mtime = changes.mtime.or(Some(Time::Now));
            }
            Fault::FractionBefore1970 => {
                changes.atime = changes.atime.map(backwards);
                changes.mtime = changes.mtime.map(backwards);
            }
            Fault::SetIdKeptByTruncate if changes.size.is_some() => call = self.as_daemon(),
            Fault::SetIdKeptByChown if has_set_id(before.st_mode()) && (changes.uid, changes.gid) != (None, None) => {
                changes.mode = Some(before.st_mode() & 0o7777);
            }
            Fault::ChownFollows if node.file_type == libc::S_IFLNK && self.chown_target(&node, &changes)? => {
                (changes.uid, changes.gid) = (None, None);
                if changes == Changes::default() {
                    return self.getattr(ino, file);
                }
            }
            Fault::OldBytesAfterGrowth if changes.size.is_some_and(|size| size < before.st_size().cast_unsigned()) => {
                self.keep_cut(&node, changes.size.unwrap_or_default(), &before)?;
            }
            _ => {}
        }
        let entry = call.setattr(ino, file, changes)?;
        if self.has(Fault::OldBytesAfterGrowth) && entry.status.st_size() > before.st_size() {
            self.bring_back_cut(&node, before.st_size().cast_unsigned(), entry.status.st_size().cast_unsigned())?;
        }
        Ok(self.shown(entry))
    }

    /// Changes the owner of the file that a link leads to, if it lies beside the link: whether it does.
    fn chown_target(&self, link: &Node, changes: &Changes) -> Result<bool, Errno> {
        let mut text = [0; 256];
        let length = self.readlink(link.ino, &mut text)?;
        let parent = link.place().map_or(0, |(parent, _)| parent);
        // No further than the source: a name in the directory of the link, and nothing behind that.
        let Ok(()) = check_component(&text[..length]) else { return Ok(false) };
        let dir = self.fd(parent)?;
        let (uid, gid) = (changes.uid.map(Uid::from_raw), changes.gid.map(Gid::from_raw));
        Ok(fs_core::chown((&*dir, &text[..length]), uid, gid, Follow::No).is_ok())
    }

    /// Keeps what a truncation to `size` will cut off.
    fn keep_cut(&self, node: &Node, size: u64, before: &StatResult) -> Result<(), Errno> {
        let file = self.reopened(node.ino, fs_core::OFlags::RDONLY)?;
        let length = before.st_size().cast_unsigned().saturating_sub(size).min(1 << 20);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        let count = fs_core::pread(&file, &mut bytes, size)?;
        bytes.truncate(count);
        memory().cut.insert(key(node), (size, bytes));
        Ok(())
    }

    /// Writes what a truncation cut off where it was, as far as it lies within the new size.
    fn bring_back_cut(&self, node: &Node, old_size: u64, new_size: u64) -> Result<(), Errno> {
        let Some((offset, mut bytes)) = memory().cut.remove(&key(node)) else { return Ok(()) };
        if offset != old_size {
            return Ok(());
        }
        bytes.truncate(usize::try_from(new_size - offset).unwrap_or(usize::MAX));
        let file = self.reopened(node.ino, fs_core::OFlags::WRONLY)?;
        fs_core::pwrite(&file, &bytes, offset)?;
        Ok(())
    }

    /// The source's file, opened once more.
    pub(super) fn reopened(&self, ino: u64, flags: fs_core::OFlags) -> Result<std::os::fd::OwnedFd, Errno> {
        let fd = self.fd(ino)?;
        Ok(self.worker.at(&*fd, |path| fs_core::open(path, flags, Mode::empty()))?)
    }

    /// See [`Call::statfs`](super::Call::statfs).
    pub fn statfs(&self, ino: u64) -> Result<StatVfs, Errno> {
        let told = self.call.statfs(ino)?;
        Ok(if self.has(Fault::NameLimitWrong) { StatVfs { f_namemax: 127, ..told } } else { told })
    }
}

/// A time before 1970 whose fraction goes the wrong way: -1.5 s, which is -2 s and 0.5 s, becomes -2.5 s.
fn backwards(time: Time) -> Time {
    match time {
        Time::At { ns } if ns < 0 => {
            let (seconds, fraction) = (ns.div_euclid(NS_PER_S), ns.rem_euclid(NS_PER_S));
            Time::At { ns: seconds * NS_PER_S - fraction }
        }
        time => time,
    }
}
