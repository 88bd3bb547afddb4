//! Bytes in C: literals, and calls that make what the notation describes.

use std::fmt::Write;

use fs_core::op::Bytes;

/// A string literal.
pub(super) fn string(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in bytes {
        let written = match byte {
            b'"' | b'\\' => write!(out, "\\{}", char::from(*byte)),
            b'\n' => write!(out, "\\n"),
            // Two of them begin a trigraph.
            b'?' => write!(out, "\\?"),
            0x20..0x7f => write!(out, "{}", char::from(*byte)),
            // Three octal digits end by themselves, which `\x` does not.
            byte => write!(out, "\\{byte:03o}"),
        };
        written.expect("writing to a string does not fail");
    }
    out.push('"');
    out
}

/// The address of bytes.
pub(super) fn bytes(bytes: &Bytes<'_>) -> String {
    match bytes {
        Bytes::Literal(bytes) => string(bytes),
        Bytes::Repeat { unit, count } => format!("repeat({}, {}, {count})", string(unit), unit.len()),
        Bytes::Path { length } => format!("path_of({length})"),
        Bytes::Random { seed, length } => format!("random_bytes({seed}ULL, {length})"),
        Bytes::Program => "PROGRAM".to_owned(),
    }
}

/// The declaration of what `%program()` is called.
pub(super) fn declare_program() -> String {
    let machine = std::env::consts::ARCH;
    let rows = Bytes::Program.resolve().chunks(24).map(|row| format!("\n    {}", string(row))).collect::<String>();
    format!(
        "/* A program that waits until it can read something, or its input ends. Its status has bit 1 if it\n   \
         runs as another user than who started it, bit 2 if as another group. */\n\
         #ifndef __{machine}__\n\
         #error \"PROGRAM is one of {machine}: take a reproducer that was made for this machine\"\n\
         #endif\n\
         static const char PROGRAM[] ={rows};\n"
    )
}

/// How many there are.
pub(super) fn length(bytes: &Bytes<'_>) -> u64 {
    match bytes {
        Bytes::Literal(bytes) => bytes.len() as u64,
        Bytes::Repeat { unit, count } => unit.len() as u64 * count,
        Bytes::Path { length } | Bytes::Random { length, .. } => *length,
        Bytes::Program => bytes.resolve().len() as u64,
    }
}

/// Bytes that end in a NUL.
///
/// # Errors
/// They hold a NUL before their end, with which no path goes to the kernel.
pub(super) fn path(path: &Bytes<'_>) -> Result<String, String> {
    match path.resolve().contains(&0) {
        true => Err(format!("`{path}` holds a NUL byte, which a path cannot have in C")),
        false => Ok(bytes(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_stand_for_all_bytes() {
        assert_eq!(string(b"a\"b\\c?\n\0f\xff9"), "\"a\\\"b\\\\c\\?\\n\\000f\\3779\"");
    }
}
