//! Words of a shell.

use fs_core::op::Bytes;

/// A word that stands for these bytes.
///
/// # Errors
/// Bytes that no word of a shell has.
pub(super) fn quoted(bytes: &[u8]) -> Result<String, String> {
    if bytes.contains(&0) || bytes.ends_with(b"\n") {
        return Err("a word of a shell holds no NUL, and no newline at its end".to_owned());
    }
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+:@%=,".contains(byte);
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && bytes.iter().all(plain) => text.to_owned(),
        Ok(text) if bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) => {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
        _ => format!("\"$({})\"", printf(bytes)),
    })
}

/// A command that prints these bytes.
pub(super) fn printf(bytes: &[u8]) -> String {
    let escaped: String = bytes
        .iter()
        .map(|byte| match byte {
            b'%' => "%%".to_owned(),
            b'\\' | b'\'' | 0..0x20 | 0x7f.. => format!("\\{byte:03o}"),
            byte => char::from(*byte).to_string(),
        })
        .collect();
    format!("printf -- '{escaped}'")
}

/// A word for bytes, literal or described.
///
/// # Errors
/// As [`quoted`].
pub(super) fn bytes(bytes: &Bytes<'_>) -> Result<String, String> {
    Ok(match bytes {
        Bytes::Literal(bytes) => quoted(bytes)?,
        Bytes::Repeat { unit, count } if unit.len() == 1 && unit[0].is_ascii_alphanumeric() => {
            format!("\"$(printf %{count}s | tr ' ' {})\"", char::from(unit[0]))
        }
        Bytes::Path { length } if *length > 1 => {
            let name = if length % 2 == 1 { "f" } else { "ff" };
            format!("\"$(printf %{}s | sed 's: :./:g'){name}\"", (length - name.len() as u64) / 2)
        }
        other if other.resolve().len() <= 4096 => quoted(&other.resolve())?,
        _ => return Err("a shell has no such bytes".to_owned()),
    })
}

/// A path as an argument.
///
/// # Errors
/// As [`quoted`].
pub(super) fn path(path: &Bytes<'_>) -> Result<String, String> {
    match path.resolve().starts_with(b"-") {
        true => Err("tools take a path with `-` before it for an option".to_owned()),
        false => bytes(path),
    }
}
