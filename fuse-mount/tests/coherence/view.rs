//! All that programs see in a directory, as text: names that are there and names that are not, attributes, data, links.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use fs_core::Follow;

/// Names that are asked for whether they are there or not.
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// What is in a directory, and in the directories in it.
pub(crate) fn of(dir: &Path) -> String {
    let mut view = String::new();
    directory(dir, "", &mut view);
    view
}

fn directory(dir: &Path, prefix: &str, view: &mut String) {
    for name in NAMES {
        let path = dir.join(name);
        entry(&path, &format!("{prefix}{name}"), view);
    }
    let mut names: Vec<OsString> = match fs::read_dir(dir) {
        Ok(entries) => entries.flatten().map(|entry| entry.file_name()).collect(),
        Err(error) => return writeln!(view, "{prefix} cannot be listed: {error}").unwrap(),
    };
    names.sort();
    writeln!(view, "{prefix} lists {names:?}").unwrap();
    attributes(dir, &format!("{prefix}."), view);
}

fn entry(path: &Path, name: &str, view: &mut String) {
    let Some(file_type) = attributes(path, name, view) else { return };
    if file_type.is_dir() {
        directory(path, &format!("{name}/"), view);
    } else if file_type.is_symlink() {
        // A look comes while what was remembered is just being forgotten.
        writeln!(view, "{name} leads to {:?}", fs::read_link(path).map_err(|error| error.kind())).unwrap();
    } else if file_type.is_file() {
        match fs::read(path) {
            Ok(data) => writeln!(view, "{name} contains {:?}", String::from_utf8_lossy(&data)).unwrap(),
            Err(error) => writeln!(view, "{name} cannot be read: {error}").unwrap(),
        }
    }
}

/// Everything but the time of the last access, which is changed by looking.
fn attributes(path: &Path, name: &str, view: &mut String) -> Option<fs::FileType> {
    let status = match fs::symlink_metadata(path) {
        Ok(status) => status,
        Err(error) => {
            writeln!(view, "{name}: {error}").unwrap();
            return None;
        }
    };
    let (mtime, ctime) = ((status.mtime(), status.mtime_nsec()), (status.ctime(), status.ctime_nsec()));
    writeln!(
        view,
        "{name} ino={} mode={:o} nlink={} uid={} gid={} size={} mtime={mtime:?} ctime={ctime:?}",
        status.ino(),
        status.mode(),
        status.nlink(),
        status.uid(),
        status.gid(),
        status.len(),
    )
    .unwrap();
    if let Ok(value) = fs_core::getxattr(path, "user.k", Follow::No) {
        writeln!(view, "{name} user.k={:?}", String::from_utf8_lossy(&value)).unwrap();
    }
    Some(status.file_type())
}
