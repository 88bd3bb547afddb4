//! What a case leaves behind, told without the library, so that nothing it does is
//! missed.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use fs_core::Errno;

use super::os_failure;
use crate::value::{Value, moment, quoted};

/// A line for each name below `path`, which is shown as `shown`.
pub(super) fn describe(path: &Path, shown: &[u8], out: &mut String) {
    let name = quoted(shown);
    let status = match fs::symlink_metadata(path) {
        Ok(status) => status,
        Err(error) => return writeln!(out, "tree {name} {}", io_failure(&error)).unwrap(),
    };
    let mtime = moment(i128::from(status.mtime()) * 1_000_000_000 + i128::from(status.mtime_nsec()));
    write!(
        out,
        "tree {name} mode={:o} nlink={} uid={} gid={} rdev={} mtime={mtime}",
        status.mode(),
        status.nlink(),
        status.uid(),
        status.gid(),
        status.rdev()
    )
    .unwrap();
    let kind = status.file_type();
    if kind.is_symlink() {
        write!(out, " text={}", quoted(fs::read_link(path).unwrap().as_os_str().as_bytes())).unwrap();
    } else if kind.is_file() {
        let bytes = first_bytes(path).map_or_else(|error| io_failure(&error), |bytes| quoted(&bytes));
        write!(out, " size={} bytes={bytes}", status.size()).unwrap();
    }
    if kind.is_file() || kind.is_dir() {
        write!(out, " xattrs={}", xattrs(path).map_or_else(os_failure, |list| list.text())).unwrap();
    }
    out.push('\n');
    if kind.is_dir() {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return writeln!(out, "tree {name} {}", io_failure(&error)).unwrap(),
        };
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        for name in names {
            describe(&path.join(&name), &[shown, b"/", name.as_bytes()].concat(), out);
        }
    }
}

fn first_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn xattrs(path: &Path) -> Result<Value, Errno> {
    let mut buf = vec![0; fs_core::XATTR_SIZE_MAX];
    let length = rustix::fs::llistxattr(path, &mut buf[..])?;
    let names = buf[..length].split(|byte| *byte == 0).map(<[u8]>::to_vec);
    let mut names: Vec<_> = names.filter(|name| !name.is_empty() && !name.starts_with(b"security.")).collect();
    names.sort();
    let pair = |name: Vec<u8>| {
        let mut value = vec![0; fs_core::XATTR_SIZE_MAX];
        let length = rustix::fs::lgetxattr(path, name.as_slice(), &mut value[..])?;
        value.truncate(length);
        Ok(Value::Tuple(vec![Value::Bytes(name), Value::Bytes(value)]))
    };
    Ok(Value::List(names.into_iter().map(pair).collect::<Result<_, Errno>>()?))
}

fn io_failure(error: &io::Error) -> String {
    os_failure(Errno::from_io_error(error).unwrap_or(Errno::IO))
}

/// Removes a tree, directories without permissions too.
pub(super) fn remove(path: &Path) {
    if fs::symlink_metadata(path).unwrap().is_dir() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        for entry in fs::read_dir(path).unwrap() {
            remove(&entry.unwrap().path());
        }
        fs::remove_dir(path).unwrap();
    } else {
        fs::remove_file(path).unwrap();
    }
}
