//! Targets: the directories under test, what file system they are on, and what can
//! be done there.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, StatxFlags};

use crate::event::TargetInfo;
use crate::exit::Failure;
use crate::scratch::Scratch;
use crate::worker::{StepError, Zygote};
use crate::{interrupt, needs};

/// The type that the mount table has for our own mounts.
const OUR_MOUNT: &str = "fuse.fuse-mount";

/// A directory under test.
pub struct Target {
    /// What the log tells of it.
    pub info: TargetInfo,
    /// A directory in it that holds those of the cases; only who runs can look into it.
    pub scratch: Scratch,
    /// What to write to when it no longer answers, so that nobody hangs in it.
    abort: Option<PathBuf>,
    lost: AtomicBool,
}

/// Where a target is to be.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The directory.
    pub dir: PathBuf,
    /// The name of the target; that of its file system, if there is none.
    pub name: Option<&'static str>,
    /// The file that aborts its connection, for a FUSE mount that is the run's own.
    pub abort: Option<PathBuf>,
}

/// How long a directory is given to answer at all.
const PATIENCE: Duration = Duration::from_secs(10);

impl Target {
    /// Prepares a directory for the cases, which is gone when the target is dropped.
    ///
    /// # Errors
    /// It is no directory (wrong usage), nothing can be made in it, it does not answer,
    /// or no worker can work there.
    pub fn open(place: Place, zygote: &Zygote) -> Result<Target, Failure> {
        let Place { dir, name, abort } = place;
        let display = dir.display();
        let (mount, scratch) = settle_in_time(&dir)?;
        let probes = needs::probe(zygote, &scratch).map_err(|error| match error {
            StepError::Interrupted => Failure::Interrupted,
            error => Failure::Environment(format!("{display}: cannot be probed: {error}")),
        })?;
        let info = TargetInfo {
            name: name.unwrap_or(mount.fs_type.strip_prefix("fuse.").unwrap_or(&mount.fs_type)).to_owned(),
            dir: display.to_string(),
            mount: mount.fs_type == OUR_MOUNT,
            fs_type: mount.fs_type,
            fs_source: mount.source,
            options: mount.options,
            probes: probes.into_iter().map(|(need, why)| (need.to_owned(), why)).collect(),
        };
        Ok(Target { info, scratch, abort, lost: AtomicBool::new(false) })
    }

    /// Whether it has stopped to answer.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Gives it up, for it no longer answers; a mount of the run's own is aborted, so
    /// that whoever hangs in it comes free.
    pub fn give_up(&self) {
        self.lost.store(true, Ordering::Relaxed);
        if let Some(abort) = &self.abort {
            let _ = fs::write(abort, "1");
        }
    }

    /// Removes what was made in it.
    ///
    /// # Errors
    /// It could not be removed, and where it is.
    pub fn close(self) -> Result<(), Failure> {
        let path = self.scratch.path().display().to_string();
        if self.is_lost() {
            self.scratch.leave();
            return match self.abort {
                // The directory below is removed with all of the run's own.
                Some(_) => Ok(()),
                None => Err(Failure::Environment(format!("{path}: left behind, the file system does not answer"))),
            };
        }
        self.scratch.remove().map_err(|error| Failure::Environment(format!("{path}: not removed: {error}")))
    }
}

/// Looks at a directory and makes one in it, from a thread of its own: who asks a file
/// system that does not answer can not be called back.
fn settle_in_time(dir: &Path) -> Result<(Mount, Scratch), Failure> {
    let (sender, receiver) = mpsc::channel();
    let display = dir.display().to_string();
    let dir = dir.to_owned();
    std::thread::spawn(move || {
        // Nobody receives any more if it took too long.
        let _ = sender.send(settle(&dir));
    });
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until && !interrupt::seen() {
        if let Ok(settled) = receiver.recv_timeout(Duration::from_millis(50)) {
            return settled;
        }
    }
    match interrupt::seen() {
        true => Err(Failure::Interrupted),
        false => Err(Failure::Environment(format!("{display}: does not answer"))),
    }
}

fn settle(dir: &Path) -> Result<(Mount, Scratch), Failure> {
    let display = dir.display();
    let metadata = fs::metadata(dir).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Failure::Usage(format!("{display}: {error}")),
        _ => Failure::Environment(format!("{display}: {error}")),
    })?;
    if !metadata.is_dir() {
        return Err(Failure::Usage(format!("{display}: not a directory")));
    }
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mount = mount_id(dir).and_then(|id| find_mount(&table, id)).unwrap_or_default();
    let scratch = Scratch::private_in(dir)
        .map_err(|error| Failure::Environment(format!("{display}: cannot make a directory there: {error}")))?;
    Ok((mount, scratch))
}

/// Gives targets of one name numbers: `ext4`, `ext4.2`.
pub fn tell_apart(targets: &mut [Target]) {
    for index in 1..targets.len() {
        let (earlier, rest) = targets.split_at_mut(index);
        let name = rest[0].info.name.clone();
        let same = earlier.iter().filter(|target| target.info.name.split('.').next() == Some(&name)).count();
        if same > 0 {
            rest[0].info.name = format!("{name}.{}", same + 1);
        }
    }
}

/// What the mount table says of a mount.
#[derive(Default)]
struct Mount {
    fs_type: String,
    source: String,
    options: String,
}

fn mount_id(dir: &Path) -> Option<u64> {
    let found = rustix::fs::statx(CWD, dir, AtFlags::empty(), StatxFlags::MNT_ID).ok()?;
    StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID).then_some(found.stx_mnt_id)
}

/// Finds a mount in the text of `/proc/self/mountinfo` (proc(5)).
fn find_mount(table: &[u8], id: u64) -> Option<Mount> {
    let table = String::from_utf8_lossy(table);
    let line = table.lines().find(|line| line.split(' ').next() == Some(&id.to_string()))?;
    let (mount, file_system) = line.split_once(" - ")?;
    let mut words = file_system.split(' ');
    let (fs_type, source, super_options) = (words.next()?, words.next()?, words.next().unwrap_or_default());
    let mount_options = mount.split(' ').nth(5)?;
    let options = match super_options {
        "" => mount_options.to_owned(),
        _ => format!("{mount_options},{super_options}"),
    };
    Some(Mount { fs_type: fs_type.to_owned(), source: source.to_owned(), options })
}

/// A path as a word for a shell.
pub fn for_shell(dir: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+:@%=".contains(byte);
    let text = dir.display().to_string();
    match dir.as_os_str().as_bytes().iter().all(plain) && !text.is_empty() {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_mount_table() {
        let table = b"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n\
            30 22 0:40 / /mnt rw,nosuid,nodev - fuse.fuse-mount /src rw,user_id=0\n";
        let mount = find_mount(table, 30).unwrap();
        assert_eq!(mount.fs_type, "fuse.fuse-mount");
        assert_eq!(mount.source, "/src");
        assert_eq!(mount.options, "rw,nosuid,nodev,rw,user_id=0");
        assert_eq!(find_mount(table, 22).unwrap().options, "rw,relatime,rw,discard");
        assert!(find_mount(table, 3).is_none());
    }

    #[test]
    fn quotes_for_the_shell() {
        assert_eq!(for_shell(Path::new("/tmp/a-b")), "/tmp/a-b");
        assert_eq!(for_shell(Path::new("/tmp/it's")), "'/tmp/it'\\''s'");
    }
}
