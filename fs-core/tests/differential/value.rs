//! Values as both sides write them: what a call is given and what it returns.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// A value of the list's language, which is a part of Python's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    /// A `str`, as the bytes that Python's `fsencode` makes of it.
    Str(Vec<u8>),
    Bytes(Vec<u8>),
    /// An object with `__fspath__`.
    Path(Vec<u8>),
    /// A `bytearray` of this length, to be read into.
    Room(usize),
    Tuple(Vec<Value>),
    List(Vec<Value>),
    /// What has no value in Python, in words on which both sides agree.
    Words(String),
}

impl Value {
    /// The text on which both sides agree: `b"a"`, `(1, None)`.
    pub(crate) fn text(&self) -> String {
        match self {
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => format!("f{:016x}", number.to_bits()),
            // Python's answers are text or bytes as the question was; the bytes are the same.
            Value::Str(bytes) | Value::Bytes(bytes) | Value::Path(bytes) => quoted(bytes),
            Value::Room(length) => format!("bytearray({length})"),
            Value::Tuple(items) => format!("({})", joined(items)),
            Value::List(items) => format!("[{}]", joined(items)),
            Value::Words(words) => words.clone(),
        }
    }
}

fn joined(items: &[Value]) -> String {
    items.iter().map(Value::text).collect::<Vec<_>>().join(", ")
}

/// Bytes as Python would write them, in double quotes.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let mut text = "b\"".to_owned();
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => write!(text, "\\x{byte:02x}").expect("a String takes everything"),
        }
    }
    text.push('"');
    text
}

/// A time, which is masked if it is about now: no two runs agree on that.
pub(crate) fn moment(ns: i128) -> String {
    const DAY_NS: i128 = 86_400_000_000_000;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos().cast_signed());
    if (now - ns).abs() < DAY_NS { "now".to_owned() } else { ns.to_string() }
}
