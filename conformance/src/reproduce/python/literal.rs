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

/// The definition of what `%program()` is called.
pub(super) fn define_program() -> String {
    let rows = Bytes::Program.resolve().chunks(24).map(|row| format!("    {}\n", literal(row))).collect::<String>();
    format!(
        "# A program that waits until it can read something, or its input ends. Its status has bit 1 if it\n\
         # runs as another user than who started it, bit 2 if as another group.\n\
         PROGRAM = (\n{rows})\n"
    )
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
        Bytes::Program => "PROGRAM".to_owned(),
    }
}
