//! Targets: the directories under test, what file system they are on, and what can
//! be done there.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxFlags};

use crate::event::TargetInfo;
use crate::exit::Failure;
use crate::needs;
use crate::scratch::Scratch;
use crate::worker::{StepError, Zygote};

/// The type that the mount table has for our own mounts.
const OUR_MOUNT: &str = "fuse.fuse-mount";

/// A directory under test.
pub struct Target {
    /// What the log tells of it.
    pub info: TargetInfo,
    /// A directory in it that holds those of the cases; only who runs can look into it.
    pub scratch: Scratch,
}

impl Target {
    /// Prepares a directory for the cases, which is gone when the target is dropped.
    ///
    /// # Errors
    /// It is no directory (wrong usage), nothing can be made in it, or no worker can
    /// work there.
    pub fn open(dir: &Path, zygote: &Zygote) -> Result<Target, Failure> {
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
        let probes = needs::probe(zygote, &scratch).map_err(|error| match error {
            StepError::Interrupted => Failure::Interrupted,
            error => Failure::Environment(format!("{display}: cannot be probed: {error}")),
        })?;
        let info = TargetInfo {
            name: mount.fs_type.strip_prefix("fuse.").unwrap_or(&mount.fs_type).to_owned(),
            dir: display.to_string(),
            mount: mount.fs_type == OUR_MOUNT,
            fs_type: mount.fs_type,
            fs_source: mount.source,
            options: mount.options,
            probes: probes.into_iter().map(|(need, why)| (need.to_owned(), why)).collect(),
        };
        Ok(Target { info, scratch })
    }
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

/// The path of `dir`, without symbolic links, as words for a shell.
pub fn for_shell(dir: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+:@%=".contains(byte);
    let text = dir.display().to_string();
    match dir.as_os_str().as_bytes().iter().all(plain) && !text.is_empty() {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// The directories as they were given, for the command that runs a case again.
pub fn shell_words(dirs: &[PathBuf]) -> String {
    dirs.iter().map(|dir| format!(" {}", for_shell(dir))).collect()
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
