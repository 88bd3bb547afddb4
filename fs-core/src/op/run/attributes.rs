//! Status, permissions, owners, times and extended attributes.

use std::os::unix::ffi::OsStringExt;

use rustix::fs::{Access, Gid, Mode, StatxFlags, Uid, XattrFlags};

use super::{Ran, Runner, with_at, with_target};
use crate::linux::InodeFlags;
use crate::op::bytes::Bytes;
use crate::op::field::Plain;
use crate::op::outcome::{Field, Outcome, Value};
use crate::op::place::{At, Fd, Target};
use crate::op::{FileKind, TimeArg, YesNo};
use crate::{AccessOptions, Follow, StatResult, Time, Times};

impl Runner {
    pub(super) fn stat(&self, target: &Target<'_>, follow: Follow) -> Ran {
        let stat = with_target(self, target, |target| crate::stat(target, follow))?;
        Ok(Outcome::ok(stat_fields(&stat)))
    }

    pub(super) fn statx(&self, target: &Target<'_>, follow: Follow) -> Ran {
        let mask = StatxFlags::BASIC_STATS | StatxFlags::BTIME | StatxFlags::MNT_ID;
        let statx = with_target(self, target, |target| crate::linux::statx(target, follow, mask))?;
        let mut fields = vec![
            Field { name: "type", value: Value::Word(FileKind::of_mode(statx.mode()).as_str().to_owned()) },
            Field { name: "mode", value: Value::Mode(statx.mode() & 0o7777) },
            Field::number("ino", statx.ino()),
            Field::number("dev", statx.dev()),
            Field::number("nlink", statx.nlink()),
            Field::number("uid", statx.uid()),
            Field::number("gid", statx.gid()),
            Field::number("rdev", statx.rdev()),
            Field::number("size", statx.size()),
            Field::number("blocks", statx.blocks()),
            Field::number("blksize", statx.blksize()),
            Field::number("atime_ns", statx.atime_ns()),
            Field::number("mtime_ns", statx.mtime_ns()),
            Field::number("ctime_ns", statx.ctime_ns()),
        ];
        // Fields that the file system or the kernel may not have.
        fields.extend(statx.btime_ns().map(|btime| Field::number("btime_ns", btime)));
        fields.extend(statx.mnt_id().map(|mnt_id| Field::number("mnt_id", mnt_id)));
        fields.push(Field::number("attributes", statx.attributes().bits()));
        Ok(Outcome::ok(fields))
    }

    pub(super) fn getflags(&self, fd: Fd) -> Ran {
        let flags = crate::linux::inode_flags(self.get(fd)?)?;
        let mut word = String::new();
        flags.write(&mut word);
        Ok(Outcome::ok(vec![Field { name: "flags", value: Value::Word(word) }]))
    }

    pub(super) fn setflags(&self, fd: Fd, set: InodeFlags, clear: InodeFlags) -> Ran {
        let fd = self.get(fd)?;
        let flags = crate::linux::inode_flags(fd)?;
        crate::linux::set_inode_flags(fd, flags.difference(clear).union(set))?;
        Ok(Outcome::OK)
    }

    pub(super) fn statvfs(&self, target: &Target<'_>) -> Ran {
        let stat = with_target(self, target, |target| crate::statvfs(target))?;
        Ok(Outcome::ok(vec![
            Field::number("bsize", stat.f_bsize),
            Field::number("frsize", stat.f_frsize),
            Field::number("blocks", stat.f_blocks),
            Field::number("bfree", stat.f_bfree),
            Field::number("bavail", stat.f_bavail),
            Field::number("files", stat.f_files),
            Field::number("ffree", stat.f_ffree),
            Field::number("favail", stat.f_favail),
            Field { name: "flags", value: Value::Word(st_flags(stat.f_flag)) },
            Field::number("namemax", stat.f_namemax),
        ]))
    }

    pub(super) fn access(&self, at: &At<'_>, mode: Access, effective_ids: YesNo, follow: Follow) -> Ran {
        let options = AccessOptions { effective_ids: effective_ids.is_yes(), follow };
        with_at(self, at, |at| crate::try_access(at, mode, options))?;
        Ok(Outcome::OK)
    }

    pub(super) fn chmod(&self, target: &Target<'_>, mode: Mode, follow: Follow) -> Ran {
        with_target(self, target, |target| crate::chmod(target, mode, follow))?;
        Ok(Outcome::OK)
    }

    pub(super) fn chown(&self, target: &Target<'_>, uid: Option<u32>, gid: Option<u32>, follow: Follow) -> Ran {
        let (uid, gid) = (uid.map(Uid::from_raw), gid.map(Gid::from_raw));
        with_target(self, target, |target| crate::chown(target, uid, gid, follow))?;
        Ok(Outcome::OK)
    }

    pub(super) fn utime(&self, target: &Target<'_>, atime: TimeArg, mtime: TimeArg, follow: Follow) -> Ran {
        let times = Times { atime: time(atime), mtime: time(mtime) };
        with_target(self, target, |target| crate::utime(target, times, follow))?;
        Ok(Outcome::OK)
    }

    pub(super) fn truncate(&self, target: &Target<'_>, length: i64) -> Ran {
        with_target(self, target, |target| crate::truncate(target, length))?;
        Ok(Outcome::OK)
    }

    pub(super) fn getxattr(&self, target: &Target<'_>, name: &Bytes<'_>, follow: Follow) -> Ran {
        let name = name.resolve();
        let value = with_target(self, target, |target| crate::getxattr(target, &*name, follow))?;
        Ok(Outcome::ok(vec![Field::bytes("value", value)]))
    }

    pub(super) fn setxattr(
        &self,
        target: &Target<'_>,
        name: &Bytes<'_>,
        value: &Bytes<'_>,
        flags: XattrFlags,
        follow: Follow,
    ) -> Ran {
        let (name, value) = (name.resolve(), value.resolve());
        with_target(self, target, |target| crate::setxattr(target, &*name, &value, flags, follow))?;
        Ok(Outcome::OK)
    }

    pub(super) fn listxattr(&self, target: &Target<'_>, follow: Follow) -> Ran {
        let names = with_target(self, target, |target| crate::listxattr(target, follow))?;
        let mut names: Vec<Vec<u8>> = names.into_iter().map(OsStringExt::into_vec).collect();
        names.sort();
        Ok(Outcome::ok(vec![Field { name: "names", value: Value::List(names) }]))
    }

    pub(super) fn removexattr(&self, target: &Target<'_>, name: &Bytes<'_>, follow: Follow) -> Ran {
        let name = name.resolve();
        with_target(self, target, |target| crate::removexattr(target, &*name, follow))?;
        Ok(Outcome::OK)
    }

    pub(super) fn pathconf(&self, target: &Target<'_>, name: &Bytes<'_>) -> Ran {
        let name = super::text(name);
        let limit = with_target(self, target, |target| crate::pathconf(target, &*name))?;
        Ok(Outcome::ok(limit.map(|limit| Field::number("limit", limit)).into_iter().collect()))
    }
}

/// The fields of a status.
fn stat_fields(stat: &StatResult) -> Vec<Field> {
    vec![
        Field { name: "type", value: Value::Word(FileKind::of_mode(stat.st_mode()).as_str().to_owned()) },
        Field { name: "mode", value: Value::Mode(stat.st_mode() & 0o7777) },
        Field::number("ino", stat.st_ino()),
        Field::number("dev", stat.st_dev()),
        Field::number("nlink", stat.st_nlink()),
        Field::number("uid", stat.st_uid()),
        Field::number("gid", stat.st_gid()),
        Field::number("rdev", stat.st_rdev()),
        Field::number("size", stat.st_size()),
        Field::number("blocks", stat.st_blocks()),
        Field::number("blksize", stat.st_blksize()),
        Field::number("atime_ns", stat.st_atime_ns()),
        Field::number("mtime_ns", stat.st_mtime_ns()),
        Field::number("ctime_ns", stat.st_ctime_ns()),
    ]
}

/// The mount flags of `statvfs`, as words.
fn st_flags(flags: crate::StFlags) -> String {
    let names: Vec<&str> = flags.iter_names().map(|(name, _)| name).collect();
    match names.is_empty() {
        true => "0".to_owned(),
        false => names.join("|"),
    }
}

fn time(argument: TimeArg) -> Time {
    match argument {
        TimeArg::Now => Time::Now,
        TimeArg::Omit => Time::Omit,
        TimeArg::Ns(ns) => Time::At { ns },
    }
}
