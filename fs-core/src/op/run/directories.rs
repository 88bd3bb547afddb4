//! Reading directories, and the process's own place in the tree.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::Mode;

use super::{Failed, Ran, Runner, tree, with_at, with_target};
use crate::op::bytes::Bytes;
use crate::op::outcome::{Field, Outcome, Value};
use crate::op::place::{At, Fd, Target};
use crate::op::{FileKind, YesNo};
use crate::{Errno, Follow, OFlags, Whence};

impl Runner {
    pub(super) fn listdir(&self, target: &Target<'_>) -> Ran {
        let names = with_target(self, target, |target| crate::listdir(target))?;
        Ok(sorted("names", names.into_iter().map(OsStringExt::into_vec).collect()))
    }

    pub(super) fn scandir(&self, target: &Target<'_>) -> Ran {
        let entries = with_target(self, target, |target| crate::scandir(target)?.collect::<crate::Result<Vec<_>>>())?;
        let entries = entries.iter().map(|entry| {
            let kind = match (entry.is_symlink()?, entry.is_dir(Follow::No)?, entry.is_file(Follow::No)?) {
                (true, _, _) => FileKind::Symlink,
                (_, true, _) => FileKind::Dir,
                (_, _, true) => FileKind::File,
                _ => FileKind::of_mode(entry.stat(Follow::No)?.st_mode()),
            };
            Ok([entry.name().as_bytes(), kind.as_str().as_bytes()].join(&b':'))
        });
        let entries: crate::Result<Vec<Vec<u8>>> = entries.collect();
        Ok(sorted("entries", entries?))
    }

    pub(super) fn readdir(&self, fd: Fd, count: u64, remove: YesNo) -> Ran {
        let fd = self.get(fd)?;
        let mut names = Vec::new();
        let mut offset = crate::lseek(fd, 0, Whence::Cur)? as i64;
        let mut buffer = vec![0; 32 * 1024];
        'read: while (names.len() as u64) < count {
            let before = names.len();
            for entry in crate::linux::getdents(fd, &mut buffer)? {
                if names.len() as u64 == count {
                    // The kernel's position is past the entries that were not wanted.
                    crate::lseek(fd, offset, Whence::Set)?;
                    break 'read;
                }
                names.push(entry.name.as_bytes().to_vec());
                offset = entry.offset;
            }
            if names.len() == before {
                break;
            }
        }
        let removed = names.iter().filter(|name| remove.is_yes() && !matches!(name.as_slice(), b"." | b".."));
        for name in removed {
            match crate::unlink((fd, &**name)) {
                // A directory, which Linux tells by the first and POSIX by the second.
                Err(error) if matches!(error.errno(), Errno::ISDIR | Errno::PERM) => {}
                removed => removed?,
            }
        }
        Ok(Outcome::ok(vec![Field { name: "names", value: Value::List(names) }, Field::number("offset", offset)]))
    }

    pub(super) fn walk(&self, path: &Bytes<'_>, topdown: YesNo, followlinks: YesNo) -> Ran {
        let path = path.resolve();
        let mut walk = crate::walk(&*path).topdown(topdown.is_yes()).followlinks(followlinks.is_yes()).start();
        let mut entries = Vec::new();
        while let Some(step) = walk.next() {
            add_step(&mut entries, step.path, step.dirnames, step.filenames);
        }
        Ok(sorted("entries", entries))
    }

    pub(super) fn fwalk(&self, at: &At<'_>, topdown: YesNo, follow: Follow) -> Ran {
        let entries = with_at(self, at, |at| {
            let mut walk = crate::fwalk(at).topdown(topdown.is_yes()).follow_symlinks(follow == Follow::Yes).start();
            let mut entries = Vec::new();
            while let Some(step) = walk.next() {
                let step = step.map_err(|error| error.error)?;
                add_step(&mut entries, step.path, step.dirnames, step.filenames);
            }
            Ok(entries)
        })?;
        Ok(sorted("entries", entries))
    }

    pub(super) fn tree(&self, path: &Bytes<'_>) -> Ran {
        let nodes = tree::read(&path.resolve()).map_err(Failed::Call)?;
        Ok(sorted("entries", nodes.iter().map(|node| node.to_string().into_bytes()).collect()))
    }

    pub(super) fn chdir(&self, target: &Target<'_>) -> Ran {
        with_target(self, target, |target| crate::chdir(target))?;
        Ok(Outcome::OK)
    }

    pub(super) fn getcwd(&self) -> Ran {
        Ok(Outcome::ok(vec![Field::bytes("path", crate::getcwdb()?)]))
    }

    pub(super) fn umask(&self, mode: Mode) -> Ran {
        let before = crate::umask(mode);
        Ok(Outcome::ok(vec![Field { name: "mode", value: Value::Mode(before.bits()) }]))
    }

    /// Makes and removes a file in `path` until its time is later than that of the
    /// first: file systems have clocks of their own, so no sleep is long enough.
    pub(super) fn tick(&self, path: &Bytes<'_>) -> Ran {
        let mut name = path.resolve().into_owned();
        name.extend_from_slice(b"/.tick");
        let made_at = || -> crate::Result<i128> {
            let fd = crate::open(&name, OFlags::CREAT | OFlags::EXCL | OFlags::WRONLY, Mode::RUSR | Mode::WUSR)?;
            let time = crate::fstat(&fd).map(|stat| stat.st_mtime_ns());
            crate::unlink(&name)?;
            time
        };
        let first = made_at()?;
        while made_at()? <= first {
            std::thread::sleep(Duration::from_micros(250));
        }
        Ok(Outcome::OK)
    }
}

fn add_step(entries: &mut Vec<Vec<u8>>, dir: &Path, dirnames: &[OsString], filenames: &[OsString]) {
    let dir = dir.as_os_str().as_bytes();
    let dirs = dirnames.iter().map(|name| [dir, b":", name.as_bytes(), b"/"].concat());
    let files = filenames.iter().map(|name| [dir, b":", name.as_bytes()].concat());
    entries.extend(dirs.chain(files));
}

/// A success with a list in order of its bytes.
fn sorted(name: &'static str, mut values: Vec<Vec<u8>>) -> Outcome {
    values.sort();
    Outcome::ok(vec![Field { name, value: Value::List(values) }])
}
