//! Makes the mount: by system calls where the process may, else through `fusermount3`.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use fs_core::Error;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, fsconfig_create, fsconfig_set_flag, fsconfig_set_string,
    fsmount, fsopen, move_mount,
};

use super::fusermount;
use super::identity::{self, MountId};
use super::place::Places;
use crate::exit::Failure;
use crate::words::{Atime, MountWords};

/// The longest string that `fsconfig` takes.
const FSCONFIG_MAX: usize = 255;

/// A mount that the kernel has made.
#[derive(Debug)]
pub(super) struct Attached {
    /// The connection: `/dev/fuse`, bound to the mount.
    pub(super) device: OwnedFd,
    /// Which mount it is.
    pub(super) id: MountId,
    /// The mount while it is at no place yet; closing it ends the mount.
    floating: Option<OwnedFd>,
}

/// Makes the mount. By root it is not at its mountpoint yet: [`Attached::show`] puts it there,
/// once it answers.
pub(super) fn attach(places: &Places, words: &MountWords) -> Result<Attached, Failure> {
    if !rustix::process::geteuid().is_root() {
        return by_helper(places, words);
    }
    let device = open_device()?;
    match directly(&device, places, words) {
        // Root without the right to mount, as in a container: the helper may have it.
        Err(Refused { errno: Errno::PERM, .. }) if fusermount::find().is_some() => by_helper(places, words),
        Err(refused) => Err(refused.into()),
        Ok((floating, id)) => Ok(Attached { device, id, floating: Some(floating) }),
    }
}

impl Attached {
    /// Whether it was made by system calls, and so is to be unmounted by them.
    pub(super) fn is_ours_to_unmount(&self) -> bool {
        self.floating.is_some()
    }

    /// Puts the mount at its mountpoint; it is seen from now on.
    pub(super) fn show(&mut self, places: &Places) -> Result<(), Failure> {
        let Some(floating) = self.floating.take() else { return Ok(()) };
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
        move_mount(&floating, c"", &places.mountpoint, c"", flags).map_err(|errno| {
            Failure::failed(format_args!("cannot mount at {}", places.mountpoint_path.display()), Error::Os(errno))
        })
    }
}

fn open_device() -> Result<OwnedFd, Failure> {
    rustix::fs::open(c"/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(|errno| {
        let hint = match errno {
            Errno::NOENT | Errno::NODEV | Errno::NXIO => "; load the kernel module: modprobe fuse",
            Errno::PERM => "; a container has to be given the device: --device /dev/fuse",
            _ => "",
        };
        Failure::Failed(format!("cannot open /dev/fuse: {}{hint}", Error::Os(errno)))
    })
}

/// Why the kernel did not make the mount.
struct Refused {
    what: &'static str,
    errno: Errno,
    /// What the kernel wrote about it.
    log: String,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let Refused { what, errno, log } = refused;
        let hint = match errno {
            Errno::NOSYS => " (Linux 5.2 or later is needed)",
            Errno::NODEV => " (the kernel does not know fuse: modprobe fuse)",
            Errno::PERM => " (mounting needs CAP_SYS_ADMIN, or fusermount3: Debian's package fuse3)",
            _ => "",
        };
        let log = if log.is_empty() { log } else { format!("; the kernel says: {log}") };
        Failure::Failed(format!("cannot make the mount: {what}: {}{hint}{log}", Error::Os(errno)))
    }
}

fn directly(device: &OwnedFd, places: &Places, words: &MountWords) -> Result<(OwnedFd, MountId), Refused> {
    let refused = |what| move |errno| Refused { what, errno, log: String::new() };
    let context = fsopen(c"fuse", FsOpenFlags::FSOPEN_CLOEXEC).map_err(refused("fsopen"))?;
    let with_log = |what| {
        let context = &context;
        move |errno| Refused { what, errno, log: read_log(context) }
    };
    let string = |key: &'static str, value: &OsStr| fsconfig_set_string(&context, key, value).map_err(with_log(key));
    let flag = |key: &'static str| fsconfig_set_flag(&context, key).map_err(with_log(key));
    let number = |key: &'static str, value: String| string(key, OsStr::new(&value));

    string("source", &shortened(&fsname(places, words)))?;
    string("subtype", words.subtype.as_deref().unwrap_or(OsStr::new("fuse-mount")))?;
    number("fd", device.as_raw_fd().to_string())?;
    number("rootmode", format!("{:o}", libc::S_IFDIR))?;
    number("user_id", rustix::process::getuid().as_raw().to_string())?;
    number("group_id", rustix::process::getgid().as_raw().to_string())?;
    // The daemon does what it is asked: permissions are the kernel's to check, for all users.
    flag("default_permissions")?;
    flag("allow_other")?;
    if let Some(max_read) = words.max_read {
        number("max_read", max_read.to_string())?;
    }
    let flags =
        [(words.read_only, "ro"), (words.sync, "sync"), (words.dirsync, "dirsync"), (words.lazytime, "lazytime")];
    for (_, key) in flags.into_iter().filter(|(wanted, _)| *wanted) {
        flag(key)?;
    }
    fsconfig_create(&context).map_err(with_log("fsconfig"))?;
    let floating = fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes(words)).map_err(with_log("fsmount"))?;
    let id = identity::mount_of(floating.as_fd()).map_err(refused("statx"))?;
    Ok((floating, id))
}

fn attributes(words: &MountWords) -> MountAttrFlags {
    let atime = match words.atime {
        Atime::Relative => MountAttrFlags::MOUNT_ATTR_RELATIME,
        Atime::Never => MountAttrFlags::MOUNT_ATTR_NOATIME,
        Atime::Strict => MountAttrFlags::MOUNT_ATTR_STRICTATIME,
    };
    let flags = [
        (words.read_only, MountAttrFlags::MOUNT_ATTR_RDONLY),
        (!words.suid, MountAttrFlags::MOUNT_ATTR_NOSUID),
        (!words.dev, MountAttrFlags::MOUNT_ATTR_NODEV),
        (words.noexec, MountAttrFlags::MOUNT_ATTR_NOEXEC),
        (words.nodiratime, MountAttrFlags::MOUNT_ATTR_NODIRATIME),
    ];
    flags.into_iter().filter(|(wanted, _)| *wanted).fold(atime, |all, (_, flag)| all | flag)
}

/// What the kernel has to say about the last failure: lines of `e fuse: Bad value for 'max_read'`.
fn read_log(context: &OwnedFd) -> String {
    let mut buffer = [0; 1024];
    let mut lines = Vec::new();
    while let Ok(count @ 1..) = rustix::io::read(context, &mut buffer) {
        let line = String::from_utf8_lossy(&buffer[..count]);
        lines.push(line.trim_end().trim_start_matches("e ").to_owned());
    }
    lines.join("; ")
}

fn fsname(places: &Places, words: &MountWords) -> OsString {
    words.fsname.clone().unwrap_or_else(|| places.source_path.clone().into_os_string())
}

/// The mount table's name of the source is for people: one that is too long keeps its end.
fn shortened(name: &OsStr) -> OsString {
    let bytes = name.as_bytes();
    if bytes.len() <= FSCONFIG_MAX {
        return name.to_owned();
    }
    let mut short = OsString::from("...");
    short.push(OsStr::from_bytes(&bytes[bytes.len() - (FSCONFIG_MAX - 3)..]));
    short
}

fn by_helper(places: &Places, words: &MountWords) -> Result<Attached, Failure> {
    let options = helper_options(places, words);
    let before = identity::mount_of(&places.mountpoint);
    let device = fusermount::mount(&places.mountpoint_path, &options)?;
    let failed =
        |errno| Failure::failed(format_args!("cannot look at {}", places.mountpoint_path.display()), Error::Os(errno));
    let id = identity::mount_at(&places.mountpoint_path).map_err(failed)?;
    if before == Ok(id) {
        return Err(Failure::Failed("fusermount3 says that it has mounted, and there is no mount".into()));
    }
    Ok(Attached { device, id, floating: None })
}

fn helper_options(places: &Places, words: &MountWords) -> OsString {
    let mut options = OsString::from("fsname=");
    options.push(escaped(&fsname(places, words)));
    options.push(",subtype=");
    options.push(escaped(words.subtype.as_deref().unwrap_or(OsStr::new("fuse-mount"))));
    options.push(",default_permissions");
    let flags = [
        (words.read_only, ",ro"),
        (words.suid, ",suid"),
        (words.dev, ",dev"),
        (words.noexec, ",noexec"),
        (words.atime == Atime::Never, ",noatime"),
        (words.atime == Atime::Strict, ",strictatime"),
        (words.nodiratime, ",nodiratime"),
        (words.sync, ",sync"),
        (words.dirsync, ",dirsync"),
        (words.lazytime, ",lazytime"),
        (words.allow_other, ",allow_other"),
    ];
    flags.into_iter().filter(|(wanted, _)| *wanted).for_each(|(_, word)| options.push(word));
    if let Some(max_read) = words.max_read {
        options.push(format!(",max_read={max_read}"));
    }
    options
}

/// A name for `fusermount3`, which splits at commas.
fn escaped(name: &OsStr) -> OsString {
    let mut escaped = Vec::with_capacity(name.len());
    for &byte in name.as_bytes() {
        if matches!(byte, b',' | b'\\') {
            escaped.push(b'\\');
        }
        escaped.push(byte);
    }
    OsStr::from_bytes(&escaped).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_end() {
        let long = OsString::from(format!("/{}/end", "x".repeat(400)));
        let short = shortened(&long);
        assert_eq!(short.len(), FSCONFIG_MAX);
        assert!(short.to_str().unwrap().starts_with("...x") && short.to_str().unwrap().ends_with("/end"));
        assert_eq!(shortened(OsStr::new("/a")), "/a");
    }

    #[test]
    fn nosuid_and_nodev_are_the_default() {
        let default = attributes(&MountWords::default());
        assert!(default.contains(MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV));
        let wide = attributes(&MountWords { suid: true, dev: true, ..MountWords::default() });
        assert_eq!(wide, MountAttrFlags::MOUNT_ATTR_RELATIME);
    }

    #[test]
    fn a_comma_does_not_split_a_name() {
        assert_eq!(escaped(OsStr::new(r"/a,b\c")), r"/a\,b\\c");
    }
}
