//! [`Outcome`]: what came back.

use std::fmt;

use rustix::io::Errno;

use super::bytes::{Bytes, escape};
use super::errno;
use super::field::{Octal, parse_number};
use super::words::{ParseError, Word as Text, words};

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// `ok`: it succeeded.
    Ok,
    /// An errno: it failed.
    Errno(Errno),
    /// A signal, by its number: it raised one.
    Signal(i32),
    /// `blocked`: it had not returned when it was given up waiting.
    Blocked,
}

/// What kind of value a field of an outcome has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A number printed in octal.
    Mode,
    /// A word, or words with `|` between them.
    Word,
    /// Bytes.
    Bytes,
    /// A list of bytes.
    List,
}

/// A value of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(i128),
    /// A number printed in octal.
    Mode(u32),
    /// A word.
    Word(String),
    /// Bytes.
    Bytes(Bytes<'static>),
    /// A list of bytes.
    List(Vec<Vec<u8>>),
}

/// A field of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, one of [`Op::returns`](super::Op::returns).
    pub name: &'static str,
    /// Its value.
    pub value: Value,
}

/// What came back: a word, and with `ok` every field of the operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub word: Word,
    /// What it returned; empty unless `ok`.
    pub fields: Vec<Field>,
}

pub(super) const NOTHING: &[&str] = &[];
pub(super) const DATA: &[&str] = &["count", "data"];
pub(super) const ACL: &[&str] = &["acl"];
pub(super) const LOCK: &[&str] = &["kind", "start", "length"];
pub(super) const STAT: &[&str] = &[
    "type", "mode", "ino", "dev", "nlink", "uid", "gid", "rdev", "size", "blocks", "blksize", "atime_ns", "mtime_ns",
    "ctime_ns",
];
pub(super) const STATX: &[&str] = &[
    "type",
    "mode",
    "ino",
    "dev",
    "nlink",
    "uid",
    "gid",
    "rdev",
    "size",
    "blocks",
    "blksize",
    "atime_ns",
    "mtime_ns",
    "ctime_ns",
    "btime_ns",
    "mnt_id",
    "attributes",
];
pub(super) const STATVFS: &[&str] =
    &["bsize", "frsize", "blocks", "bfree", "bavail", "files", "ffree", "favail", "flags", "namemax"];

/// Every field that an outcome may have, with its kind.
static FIELDS: &[(&str, Kind)] = &[
    ("acl", Kind::List),
    ("atime_ns", Kind::Number),
    ("attributes", Kind::Number),
    ("bavail", Kind::Number),
    ("bfree", Kind::Number),
    ("blksize", Kind::Number),
    ("blocks", Kind::Number),
    ("bsize", Kind::Number),
    ("btime_ns", Kind::Number),
    ("count", Kind::Number),
    ("ctime_ns", Kind::Number),
    ("data", Kind::Bytes),
    ("dev", Kind::Number),
    ("entries", Kind::List),
    ("favail", Kind::Number),
    ("ffree", Kind::Number),
    ("files", Kind::Number),
    ("flags", Kind::Word),
    ("frsize", Kind::Number),
    ("gid", Kind::Number),
    ("ino", Kind::Number),
    ("kind", Kind::Word),
    ("length", Kind::Number),
    ("limit", Kind::Number),
    ("mnt_id", Kind::Number),
    ("mode", Kind::Mode),
    ("mtime_ns", Kind::Number),
    ("namemax", Kind::Number),
    ("names", Kind::List),
    ("nlink", Kind::Number),
    ("offset", Kind::Number),
    ("path", Kind::Bytes),
    ("rdev", Kind::Number),
    ("ret", Kind::Number),
    ("size", Kind::Number),
    ("start", Kind::Number),
    ("status", Kind::Number),
    ("target", Kind::Bytes),
    ("type", Kind::Word),
    ("uid", Kind::Number),
    ("value", Kind::Bytes),
];

/// The name, as it lives as long as the program, and the kind of a field.
pub(super) fn kind_of(name: &str) -> Option<(&'static str, Kind)> {
    FIELDS.iter().find(|(known, _)| *known == name).copied()
}

impl Outcome {
    /// Success without fields.
    pub const OK: Outcome = Outcome { word: Word::Ok, fields: Vec::new() };

    /// Success with fields.
    pub fn ok(fields: Vec<Field>) -> Self {
        Outcome { word: Word::Ok, fields }
    }

    /// Failure.
    pub fn errno(errno: Errno) -> Self {
        Outcome { word: Word::Errno(errno), fields: Vec::new() }
    }

    /// The value of the field `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|field| field.name == name).map(|field| &field.value)
    }

    /// Reads what [`Outcome`] prints.
    ///
    /// # Errors
    /// Names the word or field that is wrong, and its column.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::read(text).map_err(|error| error.in_characters(text))
    }

    fn read(text: &str) -> Result<Self, ParseError> {
        let words = words(text);
        let Some((first, rest)) = words.split_first() else {
            return Err(Text { text, at: 0 }.error("an outcome needs a word"));
        };
        let word = Word::parse(*first)?;
        let fields = rest.iter().map(|text| Field::parse(*text)).collect::<Result<_, _>>()?;
        Ok(Outcome { word, fields })
    }
}

impl Field {
    /// A field with a number.
    pub fn number(name: &'static str, value: impl Into<i128>) -> Self {
        Field { name, value: Value::Number(value.into()) }
    }

    /// A field with bytes.
    pub fn bytes(name: &'static str, value: Vec<u8>) -> Self {
        Field { name, value: Value::Bytes(Bytes::Literal(value.into())) }
    }

    fn parse(text: Text<'_>) -> Result<Self, ParseError> {
        let Some((name, _)) = text.text.split_once('=') else {
            return Err(text.error(format!("`{}` is not a field: write FIELD=VALUE", text.text)));
        };
        let (name, kind) = kind_of(name).ok_or_else(|| text.error(format!("unknown field `{name}` of an outcome")))?;
        Ok(Field { name, value: Value::parse(text.from(name.len() + 1), kind)? })
    }
}

impl Value {
    /// Reads a value of the given kind.
    pub(super) fn parse(text: Text<'_>, kind: Kind) -> Result<Self, ParseError> {
        let number = || parse_number(text.text).ok_or_else(|| text.error(format!("`{}` is not a number", text.text)));
        let bytes = |text: Text<'_>| {
            Bytes::parse(text.text)
                .map(Bytes::into_owned)
                .map_err(|(at, message)| text.from(at.min(text.text.len())).error(message))
        };
        Ok(match kind {
            Kind::Number => Value::Number(number()?),
            Kind::Mode => {
                Value::Mode(u32::try_from(number()?).map_err(|_| text.error(format!("`{}` is not a mode", text.text)))?)
            }
            Kind::Word => {
                let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '|' | '-');
                if text.text.is_empty() || !text.text.chars().all(known) {
                    return Err(text.error(format!("`{}` is not a word", text.text)));
                }
                Value::Word(text.text.to_owned())
            }
            Kind::Bytes => Value::Bytes(bytes(text)?),
            // `names=` is the empty list: no directory entry, attribute or tree
            // entry has an empty name.
            Kind::List if text.text.is_empty() => Value::List(Vec::new()),
            Kind::List => Value::List(
                text.split_list().map(|text| Ok(bytes(text)?.resolve().into_owned())).collect::<Result<_, _>>()?,
            ),
        })
    }

    /// The number, of a field that has one.
    pub fn as_number(&self) -> Option<i128> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Mode(bits) => Some(i128::from(*bits)),
            _ => None,
        }
    }

    /// Whether both are words with `|` between them, and all of `other` are among those of this.
    pub(super) fn has_words_of(&self, other: &Value) -> bool {
        let (Value::Word(one), Value::Word(two)) = (self, other) else {
            return false;
        };
        two.split('|').all(|word| one.split('|').any(|known| known == word))
    }

    /// Whether both stand for the same value, however it is written.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Bytes(one), Value::Bytes(two)) => one.resolve() == two.resolve(),
            (one, two) => one == two,
        }
    }
}

impl Word {
    /// Reads `ok`, `blocked`, an errno or a signal.
    pub(super) fn parse(text: Text<'_>) -> Result<Self, ParseError> {
        match text.text {
            "ok" => Ok(Word::Ok),
            "blocked" => Ok(Word::Blocked),
            name if name.starts_with("SIG") => {
                let signal = SIGNALS.iter().find(|(_, known)| *known == name);
                let (number, _) = signal.ok_or_else(|| text.error(format!("unknown signal `{name}`")))?;
                Ok(Word::Signal(*number))
            }
            name if name.starts_with('E') => {
                let numbered = || name[1..].parse().ok().filter(|number| (1..4096).contains(number));
                let errno = errno::by_name(name).or_else(|| numbered().map(Errno::from_raw_os_error));
                errno.map(Word::Errno).ok_or_else(|| text.error(format!("unknown errno `{name}`")))
            }
            other => Err(text.error(format!("`{other}` is not a result: write ok, blocked, an errno or a signal"))),
        }
    }
}

/// Signals that a memory access or a limit raises, by number.
static SIGNALS: &[(i32, &str)] = &[
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGIO, "SIGIO"),
    (libc::SIGKILL, "SIGKILL"),
    (libc::SIGPIPE, "SIGPIPE"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGSYS, "SIGSYS"),
    (libc::SIGTERM, "SIGTERM"),
    (libc::SIGTRAP, "SIGTRAP"),
    (libc::SIGXFSZ, "SIGXFSZ"),
];

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Word::Ok => f.write_str("ok"),
            Word::Blocked => f.write_str("blocked"),
            Word::Errno(errno) => f.write_str(&errno::display(*errno)),
            Word::Signal(number) => match SIGNALS.iter().find(|(known, _)| known == number) {
                Some((_, name)) => f.write_str(name),
                None => write!(f, "SIG{number}"),
            },
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => write!(f, "{number}"),
            Value::Mode(bits) => write!(f, "{}", Octal(*bits)),
            Value::Word(word) => f.write_str(word),
            Value::Bytes(bytes) => write!(f, "{bytes}"),
            Value::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        f.write_str(",")?;
                    }
                    escape(value, f)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.word)?;
        for Field { name, value } in &self.fields {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_every_field_and_reads_it_back() {
        let outcome = Outcome::ok(vec![
            Field { name: "type", value: Value::Word("file".to_owned()) },
            Field { name: "mode", value: Value::Mode(0o644) },
            Field::number("mtime_ns", -1),
            Field::bytes("data", b"a b".to_vec()),
            Field { name: "names", value: Value::List(vec![b"a,b".to_vec(), b"c".to_vec()]) },
        ]);
        let text = "ok type=file mode=0644 mtime_ns=-1 data=a\\x20b names=a\\x2cb,c";
        assert_eq!(outcome.to_string(), text);
        assert_eq!(Outcome::parse(text).unwrap(), outcome);
    }

    #[test]
    fn errors_name_the_thing_and_its_column() {
        let error = Outcome::parse("ok colour=red").unwrap_err();
        assert_eq!(error.to_string(), "column 4: unknown field `colour` of an outcome");
        let error = Outcome::parse("EFOO").unwrap_err();
        assert_eq!(error.to_string(), "column 1: unknown errno `EFOO`");
    }

    #[test]
    fn aliases_are_the_same_errno() {
        assert_eq!(Outcome::parse("ENOTSUP").unwrap(), Outcome::parse("EOPNOTSUPP").unwrap());
        assert_eq!(Outcome::parse("EWOULDBLOCK").unwrap().to_string(), "EAGAIN");
    }
}
