//! Bytes in Python: literals, and calls that make what the notation describes.

use std::fmt::Write;

use fs_core::op::Bytes;

/// A literal of bytes.
pub(super) fn literal(bytes: &[u8]) -> String {
    let mut out = String::from("b\"");
    write_escaped(bytes, &mut out);
    out.push('"');
    out
}

/// A literal of text, of ASCII.
pub(super) fn text(text: &str) -> String {
    let mut out = String::from("\"");
    write_escaped(text.as_bytes(), &mut out);
    out.push('"');
    out
}

fn write_escaped(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        let written = match byte {
            b'"' | b'\\' => write!(out, "\\{}", char::from(*byte)),
            b'\n' => write!(out, "\\n"),
            0x20..0x7f => write!(out, "{}", char::from(*byte)),
            byte => write!(out, "\\x{byte:02x}"),
        };
        written.expect("writing to a string does not fail");
    }
}

/// An expression for bytes.
pub(super) fn bytes(bytes: &Bytes<'_>) -> String {
    match bytes {
        Bytes::Literal(bytes) => literal(bytes),
        Bytes::Repeat { unit, count } => format!("{} * {count}", literal(unit)),
        Bytes::Path { length } => format!("path_of({length})"),
        Bytes::Random { seed, length } => format!("random_bytes({seed}, {length})"),
        Bytes::Program => literal(&bytes.resolve()),
    }
}
