//! Records as lines of JSON.
//!
//! A line is one object without line breaks in it, whatever the names in it are. Its first
//! fields are always there and always the same. Names are bytes. One that is UTF-8 is written
//! as it is; of one that is not, each byte that is not part of UTF-8 and each backslash is written `\xNN`,
//! and a field `NAME_escaped` says so: without that field no backslash has a meaning.

use fs_core::op::errno;
use rustix::io::Errno;

use super::record::{Args, Time};
use super::wire::Entry;

/// Writes one line, with its end. `epoch_ns` is when the clock of the records was 0.
pub(super) fn entry(out: &mut Vec<u8>, seq: u64, entry: &Entry<'_>, epoch_ns: i64) {
    let record = &entry.record;
    let mut line = Object::new(out);
    line.fixed(&Fixed {
        seq,
        t_ns: epoch_ns.saturating_add_unsigned(record.start_ns),
        dur_ns: record.duration_ns,
        op: record.kind.as_str(),
        path: record.path,
        path2: record.path2,
        ret: record.ret,
        errno: record.errno,
        pid: entry.who.pid,
        tid: record.tid,
        uid: record.uid,
        gid: record.gid,
        comm: entry.who.comm.as_bytes(),
    });
    line.number("ino", record.ino);
    args(&mut line, &record.args);
    if entry.is_shortened {
        line.raw("shortened", b"true");
    }
    line.end();
}

fn args(line: &mut Object<'_>, args: &Args<'_>) {
    let Args {
        flags,
        mode,
        umask,
        rdev,
        size,
        offset,
        offset2,
        length,
        whence,
        handle,
        node,
        nlookup,
        name,
        target,
        uid,
        gid,
        atime,
        mtime,
        datasync,
        command,
    } = *args;
    line.optional("flags", flags);
    line.optional("mode", mode);
    line.optional("umask", umask);
    line.optional("rdev", rdev);
    line.optional("size", size);
    line.optional("offset", offset);
    line.optional("offset2", offset2);
    line.optional("length", length);
    line.optional("whence", whence);
    line.optional("handle", handle);
    line.optional("node", node);
    line.optional("nlookup", nlookup);
    for (key, field) in [("name", name), ("target", target)] {
        if let Some(field) = field {
            line.bytes(key, field);
        }
    }
    // The caller's ids have the short names.
    line.optional("set_uid", uid);
    line.optional("set_gid", gid);
    for (key, time) in [("atime", atime), ("mtime", mtime)] {
        match time {
            None => {}
            Some(Time::Now) => line.raw(key, b"\"now\""),
            Some(Time::At { sec, nsec }) => line.raw(key, seconds(sec, nsec).as_bytes()),
        }
    }
    if let Some(datasync) = datasync {
        line.raw("datasync", if datasync { b"true" } else { b"false" });
    }
    line.optional("command", command);
}

/// `"-1.500000000"`, quoted: seconds with all their digits, which a number would lose.
fn seconds(sec: i64, nsec: u32) -> String {
    let total = i128::from(sec) * 1_000_000_000 + i128::from(nsec);
    let sign = if total < 0 { "-" } else { "" };
    let total = total.unsigned_abs();
    format!("\"{sign}{}.{:09}\"", total / 1_000_000_000, total % 1_000_000_000)
}

/// What every line begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed<'a> {
    pub(super) seq: u64,
    pub(super) t_ns: i64,
    pub(super) dur_ns: u64,
    pub(super) op: &'a str,
    pub(super) path: &'a [u8],
    pub(super) path2: Option<&'a [u8]>,
    pub(super) ret: i64,
    pub(super) errno: Option<i32>,
    pub(super) pid: u32,
    pub(super) tid: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) comm: &'a [u8],
}

/// An object that is being written.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, is_empty: true }
    }

    /// Ends the line.
    pub(super) fn end(self) {
        self.out.extend_from_slice(b"}\n");
    }

    /// Ends an object that is a value within a line.
    pub(super) fn close(self) {
        self.out.push(b'}');
    }

    pub(super) fn fixed(&mut self, fixed: &Fixed<'_>) {
        self.number("seq", fixed.seq);
        self.number("t_ns", fixed.t_ns);
        self.number("dur_ns", fixed.dur_ns);
        self.string("op", fixed.op);
        self.bytes("path", fixed.path);
        match fixed.path2 {
            Some(path2) => self.bytes("path2", path2),
            None => self.raw("path2", b"null"),
        }
        self.number("ret", fixed.ret);
        match fixed.errno {
            None => self.raw("errno", b"null"),
            Some(raw) => {
                let errno = Errno::from_raw_os_error(raw);
                match errno::name(errno) {
                    Some(name) => self.string("errno", name),
                    None => self.string("errno", &errno::display(errno)),
                }
            }
        }
        self.number("pid", fixed.pid);
        self.number("tid", fixed.tid);
        self.number("uid", fixed.uid);
        self.number("gid", fixed.gid);
        self.bytes("comm", fixed.comm);
    }

    pub(super) fn number(&mut self, key: &str, number: impl itoa::Integer) {
        self.key(key);
        self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    pub(super) fn optional(&mut self, key: &str, number: Option<impl itoa::Integer>) {
        if let Some(number) = number {
            self.number(key, number);
        }
    }

    pub(super) fn string(&mut self, key: &str, text: &str) {
        self.key(key);
        quote(self.out, text);
    }

    /// Bytes that are text most of the time.
    pub(super) fn bytes(&mut self, key: &str, bytes: &[u8]) {
        self.key(key);
        match std::str::from_utf8(bytes) {
            Ok(text) => quote(self.out, text),
            Err(_) => {
                quote(self.out, &escape(bytes));
                self.out.extend_from_slice(b",\"");
                self.out.extend_from_slice(key.as_bytes());
                self.out.extend_from_slice(b"_escaped\":true");
            }
        }
    }

    pub(super) fn strings(&mut self, key: &str, texts: &[&str]) {
        self.key(key);
        self.out.push(b'[');
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            quote(self.out, text);
        }
        self.out.push(b']');
    }

    /// A value that is JSON already.
    pub(super) fn raw(&mut self, key: &str, json: &[u8]) {
        self.key(key);
        self.out.extend_from_slice(json);
    }

    fn key(&mut self, key: &str) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }
}

/// A JSON string. No control character stays, and none of those that some programs take for
/// the end of a line.
fn quote(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut start = 0;
    for (at, character) in text.char_indices() {
        let is_plain = !matches!(character, '"' | '\\' | '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}');
        if is_plain {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[start..at]);
        start = at + character.len_utf8();
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\r' => out.extend_from_slice(b"\\r"),
            _ => out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes()),
        }
    }
    out.extend_from_slice(&text.as_bytes()[start..]);
    out.push(b'"');
}

/// Bytes that are not UTF-8 as text: see the head of this file.
fn escape(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str("\\x5c"),
                _ => text.push(character),
            }
        }
        for byte in chunk.invalid() {
            write!(text, "\\x{byte:02x}").expect("a string takes all");
        }
    }
    text
}

/// Undoes [`escape`].
pub(super) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let digits = rest.strip_prefix(b"x")?.get(..2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = &rest[3..];
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::record::{Record, RequestKind};
    use super::super::who::{Comm, Who};
    use super::*;
    use proptest::prelude::*;

    fn line(path: &[u8], comm: &[u8]) -> String {
        let record = Record {
            kind: RequestKind::Rename,
            ino: 1,
            path,
            path2: Some(b"b"),
            ret: -1,
            errno: Some(libc::EXDEV),
            start_ns: 5,
            duration_ns: 6,
            tid: 8,
            uid: 1000,
            gid: 100,
            args: Args { flags: Some(2), ..Args::default() },
        };
        let mut out = Vec::new();
        let who = Who { pid: 7, comm: Comm::new(comm) };
        entry(&mut out, 3, &Entry { who, record, is_shortened: false }, 1_000);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_has_the_fields_of_the_contract() {
        assert_eq!(
            line(b"a", b"mv"),
            concat!(
                r#"{"seq":3,"t_ns":1005,"dur_ns":6,"op":"rename","path":"a","path2":"b","ret":-1,"errno":"EXDEV","#,
                r#""pid":7,"tid":8,"uid":1000,"gid":100,"comm":"mv","ino":1,"flags":2}"#,
                "\n"
            )
        );
    }

    #[test]
    fn a_hostile_name_cannot_forge_a_line() {
        let text = line("x\n{\"seq\":9}\r\u{85}\u{2028}\u{b}\\".as_bytes(), b"\"\n\xff");
        assert_eq!(text.matches(['\n', '\r', '\u{85}', '\u{2028}', '\u{b}']).count(), 1);
        assert!(text.ends_with("}\n"));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["path"], "x\n{\"seq\":9}\r\u{85}\u{2028}\u{b}\\");
        assert_eq!(value["path_escaped"], serde_json::Value::Null);
        assert_eq!((&value["comm"], &value["comm_escaped"]), (&"\"\n\\xff".into(), &true.into()));
    }

    #[test]
    fn seconds_keep_their_digits_before_the_epoch_too() {
        assert_eq!(seconds(1, 500), "\"1.000000500\"");
        assert_eq!(seconds(-2, 500_000_000), "\"-1.500000000\"");
        assert_eq!(seconds(-1, 500_000_000), "\"-0.500000000\"");
        assert_eq!(seconds(i64::MIN, 0), "\"-9223372036854775808.000000000\"");
    }

    proptest! {
        #[test]
        fn every_name_reads_back(path in prop::collection::vec(any::<u8>(), 0..40)) {
            let value: serde_json::Value = serde_json::from_str(&line(&path, b"x")).unwrap();
            let text = value["path"].as_str().unwrap();
            let read = if value["path_escaped"] == true { unescape(text).unwrap() } else { text.as_bytes().to_vec() };
            prop_assert_eq!(read, path);
        }
    }
}
