//! Reads a trace back, line by line. What it reads may be anything: a trace that was cut off, or no
//! trace at all.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value};

use super::json::unescape;
use super::marks::SCHEMA;
use crate::exit::Failure;

/// The longest line that is read, in bytes. A program that writes a trace stays far below it.
const LINE_MAX: u64 = 16 << 20;

/// One line of a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The number of the line in the file, from 1 on.
    pub number: u64,
    /// `begin`, `drop`, `end`, or a type that is not known yet; `None` for an operation.
    pub mark: Option<String>,
    /// The number of the record.
    pub seq: u64,
    /// When the request arrived, in nanoseconds since the epoch.
    pub t_ns: i64,
    /// How long until it was answered.
    pub dur_ns: u64,
    /// The operation.
    pub op: String,
    /// Its path, from the mount's root.
    pub path: Vec<u8>,
    /// Its second path.
    pub path2: Option<Vec<u8>>,
    /// The result; -1 on failure.
    pub ret: i64,
    /// The name of the errno.
    pub errno: Option<String>,
    /// The process that asked; 0 if unknown.
    pub pid: u32,
    /// The thread that asked; 0 if unknown.
    pub tid: u32,
    /// Its file-system uid.
    pub uid: u32,
    /// Its file-system gid.
    pub gid: u32,
    /// The name of its command.
    pub comm: Vec<u8>,
    /// All fields, these included.
    pub fields: Map<String, Value>,
    /// The line as it stands in the file, without its end.
    pub text: Vec<u8>,
}

/// Reads a trace.
pub struct Reader {
    name: String,
    input: Box<dyn BufRead>,
    number: u64,
    is_cut_off: bool,
    has_ended: bool,
}

impl Reader {
    /// Opens a trace; `-` is standard input.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if path == "-" {
            return Ok(Reader::new("standard input", io::stdin()));
        }
        let failed = |error: io::Error| Failure::io(path.display(), &error);
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(Failure::Failed(format!("{}: a directory, not a trace", path.display())));
        }
        Ok(Reader::new(&path.display().to_string(), file))
    }

    /// Reads a trace from anywhere; `name` is for messages.
    pub fn new(name: &str, input: impl Read + 'static) -> Self {
        let input = Box::new(BufReader::with_capacity(256 << 10, input));
        Reader { name: name.to_owned(), input, number: 0, is_cut_off: false, has_ended: false }
    }

    /// The next line, or nothing at the end.
    ///
    /// # Errors
    /// The line is not one of a trace, or of one that a newer version has written. The message
    /// names the file and the line.
    pub fn next_line(&mut self) -> Result<Option<Line>, Failure> {
        let mut text = Vec::new();
        let read = self.input.by_ref().take(LINE_MAX).read_until(b'\n', &mut text);
        read.map_err(|error| Failure::io(&self.name, &error))?;
        if text.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let is_whole = text.pop_if(|last| *last == b'\n').is_some();
        if !is_whole && text.len() as u64 == LINE_MAX {
            return Err(self.complain(&format!("longer than {LINE_MAX} bytes")));
        }
        match parse(self.number, text) {
            Ok(line) => {
                self.has_ended = line.mark.as_deref() == Some("end");
                self.check_version(&line)?;
                Ok(Some(line))
            }
            // The daemon was killed, or has not written the rest yet.
            Err(_) if !is_whole && self.number > 1 => {
                self.is_cut_off = true;
                Ok(None)
            }
            Err(what) => Err(self.complain(&what)),
        }
    }

    /// What is wrong with a trace that could be read to its end, if something is.
    pub fn note(&self) -> Option<String> {
        let why = match (self.number, self.is_cut_off, self.has_ended) {
            (0, ..) => "empty: no line of a trace",
            (_, true, _) => "cut off in its last line, which is left out",
            (_, false, false) => "no last line: its mount lives, or was killed",
            (_, false, true) => return None,
        };
        Some(format!("{}: {why}", self.name))
    }

    fn check_version(&self, line: &Line) -> Result<(), Failure> {
        let schema = line.fields.get("schema").and_then(Value::as_u64).unwrap_or(0);
        if line.mark.as_deref() == Some("begin") && schema > u64::from(SCHEMA) {
            return Err(self.complain(&format!(
                "written by a newer version: schema {schema}, and this program reads up to {SCHEMA}"
            )));
        }
        Ok(())
    }

    fn complain(&self, what: &str) -> Failure {
        Failure::Failed(format!("{}:{}: {what}", self.name, self.number))
    }
}

fn parse(number: u64, text: Vec<u8>) -> Result<Line, String> {
    let not_json = |error: serde_json::Error| format!("not a line of a trace: {error}");
    let fields: Map<String, Value> = serde_json::from_slice(&text).map_err(not_json)?;
    let get = Fields(&fields);
    Ok(Line {
        number,
        mark: get.optional("type", |value| value.as_str().map(str::to_owned))?,
        seq: get.one("seq", Value::as_u64)?,
        t_ns: get.one("t_ns", Value::as_i64)?,
        dur_ns: get.one("dur_ns", Value::as_u64)?,
        op: get.one("op", |value| value.as_str().map(str::to_owned))?,
        path: get.bytes("path")?.ok_or("the field `path` is missing")?,
        path2: get.bytes("path2")?,
        ret: get.one("ret", Value::as_i64)?,
        errno: get.optional("errno", |value| value.as_str().map(str::to_owned))?,
        pid: get.number("pid")?,
        tid: get.number("tid")?,
        uid: get.number("uid")?,
        gid: get.number("gid")?,
        comm: get.bytes("comm")?.unwrap_or_default(),
        fields,
        text,
    })
}

struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn one<T>(&self, key: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<T, String> {
        self.optional(key, read)?.ok_or_else(|| format!("the field `{key}` is missing"))
    }

    fn optional<T>(&self, key: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<Option<T>, String> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => Err(format!("the field `{key}` cannot be {}", excerpt(value))),
            },
        }
    }

    fn number(&self, key: &str) -> Result<u32, String> {
        self.one(key, |value| value.as_u64().and_then(|number| u32::try_from(number).ok()))
    }

    fn bytes(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        let is_escaped = self.0.get(&format!("{key}_escaped")) == Some(&Value::Bool(true));
        self.optional(key, |value| {
            let text = value.as_str()?;
            if is_escaped { unescape(text) } else { Some(text.as_bytes().to_vec()) }
        })
    }
}

/// A value for a message: short, and without line breaks.
fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}

/// The bytes of a field that is none of the fixed ones.
pub(crate) fn field_bytes(fields: &Map<String, Value>, key: &str) -> Option<Vec<u8>> {
    Fields(fields).bytes(key).ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"seq":1,"t_ns":5,"dur_ns":2,"op":"open","path":"a","path2":null,"ret":0,"errno":null,"pid":1,"tid":1,"uid":0,"gid":0,"comm":"x"}"#;

    fn check(text: &str) -> Result<(Vec<Line>, Option<String>), String> {
        let mut reader = Reader::new("t", io::Cursor::new(text.to_owned().into_bytes()));
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().map_err(|failure| failure.to_string())? {
            lines.push(line);
        }
        Ok((lines, reader.note()))
    }

    #[test]
    fn names_come_back_as_bytes() {
        let text = GOOD
            .replace(r#""path":"a""#, r#""path":"a\\xff\\x5c","path_escaped":true"#)
            .replace("null,\"ret", r#""b\\x41","ret"#);
        let (lines, _) = check(&format!("{text}\n")).unwrap();
        assert_eq!(lines[0].path, b"a\xff\\");
        assert_eq!(lines[0].path2.as_deref(), Some(&b"b\\x41"[..]), "without the flag nothing is escaped");
    }

    #[test]
    fn a_trace_that_was_cut_off_is_read_to_its_last_whole_line() {
        let (lines, note) = check(&format!("{GOOD}\n{}", &GOOD[..30])).unwrap();
        assert_eq!(lines.len(), 1);
        assert!(note.unwrap().contains("cut off"));
        let (lines, note) = check(&format!("{GOOD}\n{GOOD}")).unwrap();
        assert_eq!(lines.len(), 2);
        assert!(note.unwrap().contains("no last line"));
        assert!(check("").unwrap().1.unwrap().contains("empty"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (line, words) in [
            ("nonsense".to_owned(), "not a line of a trace"),
            ("[1]".to_owned(), "not a line of a trace"),
            (GOOD.replace("\"seq\":1,", ""), "`seq` is missing"),
            (GOOD.replace("\"pid\":1", "\"pid\":-1"), "`pid` cannot be -1"),
            (GOOD.replace("\"pid\":1", "\"pid\":4294967296"), "`pid` cannot be 4294967296"),
            (GOOD.replace("\"path\":\"a\"", "\"path\":[]"), "`path` cannot be []"),
            (GOOD.replace("\"path\":\"a\"", r#""path":"\\xzz","path_escaped":true"#), "`path` cannot be"),
            (GOOD.replace('{', r#"{"type":"begin","schema":2,"#), "newer version"),
            ("[".repeat(100_000), "not a line of a trace"),
        ] {
            let message = check(&format!("{GOOD}\n{line}\n{GOOD}\n")).unwrap_err();
            assert!(message.starts_with("t:2: ") && message.contains(words), "{message}");
        }
    }
}
