//! Byte strings of the operation language: literal, or generated from a short
//! description that prints as it was read.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::program;

/// The longest value that a generator may describe: a line from a stranger must
/// not be able to take all memory.
const LONGEST: u64 = 64 << 20;

/// A path, a name or data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bytes<'a> {
    /// The bytes themselves.
    Literal(Cow<'a, [u8]>),
    /// `%repeat(BYTES,N)`: `unit`, `count` times.
    Repeat {
        /// What is repeated.
        unit: Cow<'a, [u8]>,
        /// How often.
        count: u64,
    },
    /// `%path(N)`: a path of N bytes, `./` again and again and then a name of one
    /// or two letters (`f`, `ff`), so that it names an entry of the directory
    /// that it starts from.
    Path {
        /// Its length in bytes.
        length: u64,
    },
    /// `%random(SEED,N)`: N bytes of the SplitMix64 sequence of SEED, little-endian.
    Random {
        /// The seed.
        seed: u64,
        /// Its length in bytes.
        length: u64,
    },
    /// `%program()`: the bytes of a program that can be run.
    Program,
}

impl<'a> Bytes<'a> {
    /// A literal.
    pub const fn literal(bytes: &'a [u8]) -> Self {
        Bytes::Literal(Cow::Borrowed(bytes))
    }

    /// The bytes that this stands for.
    pub fn resolve(&self) -> Cow<'_, [u8]> {
        match self {
            Bytes::Literal(bytes) => Cow::Borrowed(bytes),
            Bytes::Repeat { unit, count } => Cow::Owned(unit.repeat(*count as usize)),
            Bytes::Path { length } => Cow::Owned(path_of(*length as usize)),
            Bytes::Random { seed, length } => Cow::Owned(random(*seed, *length as usize)),
            Bytes::Program => Cow::Owned(program::bytes()),
        }
    }

    /// The same value, owning its bytes.
    pub fn into_owned(self) -> Bytes<'static> {
        match self {
            Bytes::Literal(bytes) => Bytes::Literal(Cow::Owned(bytes.into_owned())),
            Bytes::Repeat { unit, count } => Bytes::Repeat { unit: Cow::Owned(unit.into_owned()), count },
            Bytes::Path { length } => Bytes::Path { length },
            Bytes::Random { seed, length } => Bytes::Random { seed, length },
            Bytes::Program => Bytes::Program,
        }
    }

    /// Reads a value; the error is the offset of the offending byte and what is
    /// wrong there.
    pub(super) fn parse(text: &'a str) -> Result<Self, (usize, String)> {
        match text.strip_prefix('%') {
            Some(generator) => parse_generator(generator).map_err(|(at, message)| (at + 1, message)),
            None => Ok(Bytes::Literal(unescape(text)?)),
        }
    }
}

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bytes::Literal(bytes) => escape(bytes, f),
            Bytes::Repeat { unit, count } => {
                f.write_str("%repeat(")?;
                escape(unit, f)?;
                write!(f, ",{count})")
            }
            Bytes::Path { length } => write!(f, "%path({length})"),
            Bytes::Random { seed, length } => write!(f, "%random({seed},{length})"),
            Bytes::Program => f.write_str("%program()"),
        }
    }
}

/// Writes `bytes`, with `\xNN` for space, `\`, `%`, `,` and all outside printable ASCII.
pub(super) fn escape(bytes: &[u8], out: &mut impl Write) -> fmt::Result {
    for &byte in bytes {
        match byte {
            b' ' | b'\\' | b'%' | b',' | 0..0x20 | 0x7f.. => write!(out, "\\x{byte:02x}")?,
            _ => out.write_char(byte.into())?,
        }
    }
    Ok(())
}

fn unescape(text: &str) -> Result<Cow<'_, [u8]>, (usize, String)> {
    if let Some((at, wrong)) = text.char_indices().find(|(_, c)| !c.is_ascii_graphic() || matches!(c, '%' | ',')) {
        let mut encoded = [0; 4];
        let escaped: String = wrong.encode_utf8(&mut encoded).bytes().map(|byte| format!("\\x{byte:02x}")).collect();
        return Err((at, format!("`{}` must be written `{escaped}`", wrong.escape_default())));
    }
    if !text.contains('\\') {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'\\' {
            bytes.push(first);
            rest = tail;
            continue;
        }
        let digits = tail.strip_prefix(b"x").and_then(|digits| digits.get(..2));
        let byte = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        let Some(byte) = byte else {
            return Err((
                text.len() - rest.len(),
                "`\\` must be followed by `x` and two hexadecimal digits".to_owned(),
            ));
        };
        bytes.push(byte);
        rest = &rest[4..];
    }
    Ok(Cow::Owned(bytes))
}

fn parse_generator(text: &str) -> Result<Bytes<'_>, (usize, String)> {
    let (name, arguments) = text
        .strip_suffix(')')
        .and_then(|text| text.split_once('('))
        .ok_or_else(|| (0, "a generator is written `%name(arguments)`; a literal `%` is `\\x25`".to_owned()))?;
    let start = name.len() + 1;
    let number = |at: usize, text: &str| {
        text.parse::<u64>().map_err(|_| (at, format!("`{text}` is not a number of a generator")))
    };
    let length = |at: usize, text: &str| match number(at, text)? {
        length if length > LONGEST => Err((at, format!("`{length}` is more than the longest value, {LONGEST} bytes"))),
        length => Ok(length),
    };
    let pair = || {
        let (first, second) =
            arguments.rsplit_once(',').ok_or_else(|| (start, format!("`%{name}` takes two arguments")))?;
        Ok::<_, (usize, String)>((first, second, start + first.len() + 1))
    };
    match name {
        "repeat" => {
            let (unit, count, at) = pair()?;
            let unit = unescape(unit).map_err(|(at, message)| (start + at, message))?;
            let count = number(at, count)?;
            match count.checked_mul(unit.len() as u64) {
                Some(0..=LONGEST) if count <= LONGEST => Ok(Bytes::Repeat { unit, count }),
                _ => Err((at, format!("`{count}` times is more than the longest value, {LONGEST} bytes"))),
            }
        }
        "program" if arguments.is_empty() => Ok(Bytes::Program),
        "program" => Err((start, "`%program` takes no arguments".to_owned())),
        "path" => Ok(Bytes::Path { length: length(start, arguments)? }),
        "random" => {
            let (seed, count, at) = pair()?;
            Ok(Bytes::Random { seed: number(start, seed)?, length: length(at, count)? })
        }
        _ => Err((0, format!("unknown generator `%{name}`; there are %repeat, %path, %random and %program"))),
    }
}

fn path_of(length: usize) -> Vec<u8> {
    let name: &[u8] = match length {
        0 => b"",
        _ if length % 2 == 1 => b"f",
        _ => b"ff",
    };
    let mut path = b"./".repeat((length - name.len()) / 2);
    path.extend_from_slice(name);
    path
}

fn random(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        // SplitMix64 (Steele, Lea and Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[u8]) {
        let bytes = Bytes::parse(text).unwrap();
        assert_eq!(bytes.resolve(), expected);
        assert_eq!(bytes.to_string(), text);
    }

    #[test]
    fn escapes_read_back() {
        check("", b"");
        check("a/b", b"a/b");
        check("\\x00\\xffA\\x25", b"\x00\xffA%");
        check("a\\x20b\\x5cc\\x2cd\\x0a", b"a b\\c,d\n");
    }

    #[test]
    fn generators_print_as_they_were_read() {
        check("%repeat(ab\\x2c,3)", b"ab,ab,ab,");
        check("%path(5)", b"././f");
        check("%path(6)", b"././ff");
        check("%path(0)", b"");
        check("%program()", &program::bytes());
        check("%random(7,3)", &random(7, 3));
        assert_eq!(Bytes::parse("%path(4096)").unwrap().resolve().len(), 4096);
    }

    #[test]
    fn random_is_splitmix64() {
        // First output for seed 1234567 as published with the algorithm.
        assert_eq!(random(1_234_567, 8), 6_457_827_717_110_365_317_u64.to_le_bytes());
    }

    #[test]
    fn errors_name_the_place() {
        assert_eq!(Bytes::parse("ab\\q").unwrap_err().0, 2);
        assert_eq!(Bytes::parse("ab\\x+1").unwrap_err().0, 2);
        assert_eq!(Bytes::parse("abé").unwrap_err(), (2, "`\\u{e9}` must be written `\\xc3\\xa9`".to_owned()));
        assert_eq!(Bytes::parse("%random(1,99999999999)").unwrap_err().0, 10);
        assert!(Bytes::parse("%repeat(,18446744073709551615)").is_err());
        assert!(Bytes::parse("%program(1)").is_err());
        assert!(Bytes::parse("%nonsense(1)").unwrap_err().1.contains("%nonsense"));
    }
}
