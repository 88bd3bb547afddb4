//! The mount table: what is mounted where, as the kernel tells it without asking any file system.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::{fs, io};

/// The table at one moment.
pub(super) struct MountTable(Vec<u8>);

/// A mount.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: u64,
    /// Of the file system, as `major:minor`.
    pub(super) device: OsString,
    /// What of the file system is shown: a path in it.
    pub(super) root: PathBuf,
    /// Where it is shown.
    pub(super) point: PathBuf,
    pub(super) fs_type: OsString,
    pub(super) source: OsString,
}

impl MountTable {
    /// Where it is read from.
    pub(super) const PATH: &str = "/proc/self/mountinfo";

    /// The table as it is now.
    pub(super) fn read() -> io::Result<Self> {
        fs::read(Self::PATH).map(MountTable)
    }

    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        MountTable(text.into())
    }

    /// All mounts that this process can see.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line> {
        self.0.split(|byte| *byte == b'\n').filter_map(line)
    }
}

/// `36 35 98:0 /root /point opts [tags] - type source opts`.
fn line(line: &[u8]) -> Option<Line> {
    let mut fields = line.split(|byte| *byte == b' ');
    let number = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let mut next = |skipped: usize| fields.nth(skipped).map(unescape);
    let (device, root, point) = (next(1)?, next(0)?, next(0)?);
    let mut rest = fields.skip_while(|field| *field != b"-").skip(1).map(unescape);
    Some(Line { number, device, root: root.into(), point: point.into(), fs_type: rest.next()?, source: rest.next()? })
}

/// Undoes the kernel's `\040` for blanks.
fn unescape(field: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, tail)) = rest.split_first() {
        let octal =
            tail.get(..3).filter(|digits| byte == b'\\' && digits.iter().all(|digit| (b'0'..=b'7').contains(digit)));
        match octal {
            Some(digits) => {
                let value = digits.iter().fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0'));
                bytes.push((value & 0xff) as u8);
                rest = &tail[3..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_what_is_none_is_passed_over() {
        let table = MountTable::of(
            "35 1 0:3 / / rw - ext4 /dev/vda rw\nnonsense\n36 35 0:44 /r\\011 /a\\040b rw,nosuid shared:1 - fuse.fuse-mount /s\\040p\\134 rw\n",
        );
        let lines: Vec<Line> = table.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].number, lines[0].fs_type.to_str()), (35, Some("ext4")));
        let wanted = Line {
            number: 36,
            device: "0:44".into(),
            root: "/r\t".into(),
            point: "/a b".into(),
            fs_type: "fuse.fuse-mount".into(),
            source: "/s p\\".into(),
        };
        assert_eq!(lines[1], wanted);
    }
}
