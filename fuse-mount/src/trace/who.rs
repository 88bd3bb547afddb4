//! Who asked: the process of a thread, and the name of its command.
//!
//! A request bears the number of a *thread*. What process that is, and what it runs, only
//! `/proc` knows, which must be asked while the caller waits for its answer. The process stays the same for
//! the life of a thread; the command's name changes on `exec`. So a thread that has been
//! seen is remembered together with its open `/proc/TID/comm`: one read of that gives the name as it
//! is now, and fails for ever once the thread is gone, even where its number has a new owner.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The process that asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Who {
    /// Its number; 0 if unknown.
    pub(super) pid: u32,
    /// The name of its command; empty if unknown.
    pub(super) comm: Comm,
}

/// The longest name of a command, as the kernel keeps it.
const COMM_MAX: usize = 15;

/// The name of a command: up to 15 bytes, of any kind.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Comm {
    bytes: [u8; COMM_MAX],
    length: u8,
}

impl Comm {
    /// A name; what is too long is cut.
    pub(super) fn new(name: &[u8]) -> Self {
        let mut bytes = [0; COMM_MAX];
        let length = name.len().min(COMM_MAX);
        bytes[..length].copy_from_slice(&name[..length]);
        Comm { bytes, length: length as u8 }
    }

    /// The name.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    pub(super) fn to_array(self) -> [u8; COMM_MAX + 1] {
        let mut array = [0; COMM_MAX + 1];
        array[..COMM_MAX].copy_from_slice(&self.bytes);
        array[COMM_MAX] = self.length;
        array
    }

    pub(super) fn from_array(array: [u8; COMM_MAX + 1]) -> Self {
        Comm::new(&array[..usize::from(array[COMM_MAX]).min(COMM_MAX)])
    }
}

impl fmt::Debug for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// For how long a name is right without a look: a program takes longer to load another in its place,
/// and a number takes longer to come round to a new thread.
const FRESH: Duration = Duration::from_micros(100);

/// How many threads one worker remembers.
const REMEMBERED_MAX: usize = 48;

/// The threads that one worker has seen, of which the latest are remembered.
#[derive(Debug, Default)]
pub(super) struct Threads {
    /// The one that was asked about last is the last.
    seen: Vec<Seen>,
}

#[derive(Debug)]
struct Seen {
    tid: u32,
    who: Who,
    comm: File,
    looked_at: Instant,
}

impl Threads {
    /// The process of a thread, or nothing if it is gone, or in another pid namespace.
    pub(super) fn process_of(&mut self, tid: u32) -> Option<Who> {
        if tid == 0 {
            return None;
        }
        let now = Instant::now();
        if let Some(index) = self.seen.iter().rposition(|seen| seen.tid == tid) {
            let seen = &mut self.seen[index];
            if now.duration_since(seen.looked_at) < FRESH {
                return Some(seen.who);
            }
            if let Some(comm) = read_comm(&seen.comm) {
                seen.who.comm = comm;
                seen.looked_at = now;
                let who = seen.who;
                // To the end, unless it is nearly there: moving costs more than it brings.
                if index + 8 < self.seen.len() {
                    let seen = self.seen.remove(index);
                    self.seen.push(seen);
                }
                return Some(who);
            }
            self.seen.remove(index);
        }
        // In this order: what is read through `file` later is of the thread whose process is read
        // now, or nothing.
        let file = File::open(format!("/proc/{tid}/comm")).ok()?;
        let who = Who { pid: process_id(tid)?, comm: read_comm(&file)? };
        if self.seen.len() == REMEMBERED_MAX {
            self.seen.remove(0);
        }
        self.seen.push(Seen { tid, who, comm: file, looked_at: now });
        Some(who)
    }
}

fn read_comm(file: &File) -> Option<Comm> {
    let mut buffer = [0; 64];
    let count = file.read_at(&mut buffer, 0).ok()?;
    let name = &buffer[..count];
    (count > 0).then(|| Comm::new(name.strip_suffix(b"\n").unwrap_or(name)))
}

/// The `Tgid:` of `/proc/TID/status`, which is near its beginning.
fn process_id(tid: u32) -> Option<u32> {
    let mut buffer = [0; 512];
    let count = File::open(format!("/proc/{tid}/status")).ok()?.read(&mut buffer).ok()?;
    let line = buffer[..count].split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Tgid:\t"))?;
    std::str::from_utf8(line).ok()?.parse().ok()
}

/// Who opened which handle: the kernel closes handles on its own, when nobody who asked is
/// left. Shared by all workers; asked at opens and closes only.
#[derive(Debug, Default)]
pub(super) struct Openers {
    shards: [Mutex<HashMap<u64, Who>>; 8],
}

impl Openers {
    /// Remembers who opened a handle.
    pub(super) fn insert(&self, handle: u64, who: Who) {
        self.shard(handle).insert(handle, who);
    }

    /// Who opened a handle that is open.
    pub(super) fn get(&self, handle: u64) -> Option<Who> {
        self.shard(handle).get(&handle).copied()
    }

    /// Who opened a handle, which is forgotten.
    pub(super) fn remove(&self, handle: u64) -> Option<Who> {
        self.shard(handle).remove(&handle)
    }

    fn shard(&self, handle: u64) -> std::sync::MutexGuard<'_, HashMap<u64, Who>> {
        self.shards[(handle % 8) as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_tid() -> u32 {
        u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()).unwrap()
    }

    #[test]
    fn a_thread_belongs_to_its_process_and_a_new_name_is_seen() {
        let mut threads = Threads::default();
        rustix::thread::set_name(c"before").unwrap();
        let before = threads.process_of(own_tid()).unwrap();
        assert_eq!(before.pid, std::process::id());
        assert_ne!(own_tid(), before.pid, "tests run in threads");
        assert_eq!(before.comm.as_bytes(), b"before");
        rustix::thread::set_name(c"a\nb\x80\\").unwrap();
        std::thread::sleep(FRESH);
        assert_eq!(threads.process_of(own_tid()).unwrap().comm.as_bytes(), b"a\nb\x80\\");
    }

    #[test]
    fn a_thread_that_is_gone_is_nobody() {
        let mut threads = Threads::default();
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        assert_eq!(threads.process_of(child.id()).unwrap().pid, child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        std::thread::sleep(FRESH);
        assert_eq!(threads.process_of(child.id()), None);
        assert_eq!(threads.process_of(0), None);
        assert!(threads.seen.is_empty());
    }

    #[test]
    fn no_more_files_are_open_than_allowed() {
        let mut threads = Threads::default();
        let gate = std::sync::Barrier::new(REMEMBERED_MAX + 11);
        let tids = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..REMEMBERED_MAX + 10 {
                scope.spawn(|| {
                    tids.lock().unwrap().push(own_tid());
                    gate.wait();
                    gate.wait();
                });
            }
            gate.wait();
            for tid in tids.lock().unwrap().iter() {
                assert_eq!(threads.process_of(*tid).unwrap().pid, std::process::id());
            }
            gate.wait();
        });
        assert_eq!(threads.seen.len(), REMEMBERED_MAX);
    }

    #[test]
    fn a_handle_remembers_who_opened_it_until_it_is_closed() {
        let openers = Openers::default();
        let who = Who { pid: 7, comm: Comm::new(b"tar") };
        openers.insert(3, who);
        assert_eq!(openers.get(3), Some(who));
        assert_eq!(openers.remove(3), Some(who));
        assert_eq!(openers.remove(3), None);
    }
}
