//! The kinds of arguments that an operation takes, each read from and written to
//! the fields of a line.

use std::fmt::{self, Write};

use rustix::fs::Mode;

use super::bytes::Bytes;
use super::words::{Fields, ParseError, Word};
use crate::Follow;

/// An argument of an operation.
pub(super) trait Argument<'a>: Sized + PartialEq {
    /// The same argument, owning its bytes.
    type Owned;

    /// Reads the argument from the fields of `key`; `None` if the line has none.
    fn parse(fields: &mut Fields<'a>, key: &str) -> Result<Option<Self>, ParseError>;

    /// Writes the fields of `key`, each after a space.
    fn print(&self, key: &str, out: &mut String);

    /// The names of the fields that [`Argument::parse`] takes.
    fn keys(key: &'static str) -> Vec<&'static str> {
        vec![key]
    }

    /// The same argument, owning its bytes.
    fn into_owned(self) -> Self::Owned;
}

/// An argument that is one value, of a plain type.
pub(super) trait Plain: Sized + PartialEq {
    /// Reads the value.
    fn read(word: Word<'_>) -> Result<Self, ParseError>;

    /// Writes the value.
    fn write(&self, out: &mut String);
}

impl<'a, T: Plain> Argument<'a> for T {
    type Owned = T;

    fn parse(fields: &mut Fields<'a>, key: &str) -> Result<Option<Self>, ParseError> {
        fields.take(key).map(T::read).transpose()
    }

    fn print(&self, key: &str, out: &mut String) {
        push_key(key, out);
        self.write(out);
    }

    fn into_owned(self) -> T {
        self
    }
}

impl<'a> Argument<'a> for Bytes<'a> {
    type Owned = Bytes<'static>;

    fn parse(fields: &mut Fields<'a>, key: &str) -> Result<Option<Self>, ParseError> {
        fields.take(key).map(parse_bytes).transpose()
    }

    fn print(&self, key: &str, out: &mut String) {
        push_key(key, out);
        push(out, self);
    }

    fn into_owned(self) -> Self::Owned {
        Bytes::into_owned(self)
    }
}

impl<'a> Argument<'a> for Vec<Bytes<'a>> {
    type Owned = Vec<Bytes<'static>>;

    fn parse(fields: &mut Fields<'a>, key: &str) -> Result<Option<Self>, ParseError> {
        fields.take(key).map(|word| word.split_list().map(parse_bytes).collect()).transpose()
    }

    /// An empty list cannot be told from a list of one empty value, so it is left out.
    fn print(&self, key: &str, out: &mut String) {
        for (index, value) in self.iter().enumerate() {
            match index {
                0 => push_key(key, out),
                _ => out.push(','),
            }
            push(out, value);
        }
    }

    fn into_owned(self) -> Self::Owned {
        self.into_iter().map(Bytes::into_owned).collect()
    }
}

impl<'a> Argument<'a> for Vec<u64> {
    type Owned = Vec<u64>;

    fn parse(fields: &mut Fields<'a>, key: &str) -> Result<Option<Self>, ParseError> {
        fields.take(key).map(|word| word.split_list().map(Plain::read).collect()).transpose()
    }

    fn print(&self, key: &str, out: &mut String) {
        for (index, value) in self.iter().enumerate() {
            match index {
                0 => push_key(key, out),
                _ => out.push(','),
            }
            push(out, value);
        }
    }

    fn into_owned(self) -> Self::Owned {
        self
    }
}

impl<'a, T: Plain> Argument<'a> for Option<T> {
    type Owned = Option<T>;

    fn parse(fields: &mut Fields<'a>, key: &str) -> Result<Option<Self>, ParseError> {
        Ok(fields.take(key).map(T::read).transpose()?.map(Some))
    }

    fn print(&self, key: &str, out: &mut String) {
        if let Some(value) = self {
            push_key(key, out);
            value.write(out);
        }
    }

    fn into_owned(self) -> Self {
        self
    }
}

fn parse_bytes(word: Word<'_>) -> Result<Bytes<'_>, ParseError> {
    Bytes::parse(word.text).map_err(|(at, message)| word.from(at.min(word.text.len())).error(message))
}

/// Writes a space, the name of a field and `=`.
pub(super) fn push_key(key: &str, out: &mut String) {
    out.push(' ');
    out.push_str(key);
    out.push('=');
}

/// Writes `value`.
pub(super) fn push(out: &mut String, value: &impl fmt::Display) {
    write!(out, "{value}").expect("writing to a string does not fail");
}

/// Reads a number: decimal, octal with a leading `0`, hexadecimal with `0x`.
pub(super) fn parse_number(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let number = match digits.as_bytes() {
        [b'0', b'x', ..] => parse_digits(&digits[2..], 16)?,
        [b'0', _, ..] => parse_digits(&digits[1..], 8)?,
        _ => parse_digits(digits, 10)?,
    };
    Some(if negative { -number } else { number })
}

/// `from_str_radix` would also take a sign.
fn parse_digits(digits: &str, radix: u32) -> Option<i128> {
    match digits.chars().all(|c| c.is_digit(radix)) {
        true => i128::from_str_radix(digits, radix).ok(),
        false => None,
    }
}

macro_rules! plain_number {
    ($($number:ty),*) => {$(
        impl Plain for $number {
            fn read(word: Word<'_>) -> Result<Self, ParseError> {
                let number = parse_number(word.text)
                    .ok_or_else(|| word.error(format!("`{}` is not a number", word.text)))?;
                <$number>::try_from(number).map_err(|_| {
                    word.error(format!("`{}` is not in {}..={}", word.text, <$number>::MIN, <$number>::MAX))
                })
            }

            fn write(&self, out: &mut String) {
                push(out, self);
            }
        }
    )*};
}
plain_number!(u32, u64, i64, i128);

impl Plain for Mode {
    fn read(word: Word<'_>) -> Result<Self, ParseError> {
        let bits = <u32 as Plain>::read(word)?;
        // Only permission bits: a type has a field of its own.
        match bits & !0o7777 {
            0 => Ok(Mode::from_bits_retain(bits)),
            _ => Err(word.error(format!("mode `{}` has more than the permission bits 07777", word.text))),
        }
    }

    fn write(&self, out: &mut String) {
        push(out, &format_args!("{}", Octal(self.bits())));
    }
}

/// A number as the notation prints modes: `0644`, `0`.
pub(super) struct Octal(pub(super) u32);

impl fmt::Display for Octal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0"),
            bits => write!(f, "0{bits:o}"),
        }
    }
}

/// A time to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeArg {
    /// `now`: the time of the call.
    Now,
    /// `omit`: the time stays.
    Omit,
    /// Nanoseconds since the epoch.
    Ns(i128),
}

impl Plain for TimeArg {
    fn read(word: Word<'_>) -> Result<Self, ParseError> {
        match word.text {
            "now" => Ok(TimeArg::Now),
            "omit" => Ok(TimeArg::Omit),
            text => parse_number(text)
                .map(TimeArg::Ns)
                .ok_or_else(|| word.error(format!("`{text}` is neither nanoseconds nor `now` nor `omit`"))),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            TimeArg::Now => out.push_str("now"),
            TimeArg::Omit => out.push_str("omit"),
            TimeArg::Ns(ns) => push(out, ns),
        }
    }
}

/// A choice among words: one line a word, in the order in which they are offered.
macro_rules! plain_choice {
    ($($choice:ty { $($word:literal => $value:path),* $(,)? })*) => {$(
        impl $crate::op::field::Plain for $choice {
            fn read(word: $crate::op::words::Word<'_>) -> Result<Self, $crate::op::ParseError> {
                match word.text {
                    $($word => Ok($value),)*
                    text => Err(word.error(format!(
                        "`{text}` is not one of {}",
                        $crate::op::words::list(&[$($word),*])
                    ))),
                }
            }

            fn write(&self, out: &mut String) {
                out.push_str(match self {
                    $($value => $word,)*
                });
            }
        }
    )*};
}
pub(super) use plain_choice;

/// `yes` or `no`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YesNo {
    /// `yes`
    Yes,
    /// `no`
    No,
}

impl YesNo {
    /// Whether it is `yes`.
    pub fn is_yes(self) -> bool {
        self == YesNo::Yes
    }
}

plain_choice! {
    Follow { "yes" => Follow::Yes, "no" => Follow::No }
    YesNo { "yes" => YesNo::Yes, "no" => YesNo::No }
}

/// A name that a sequence gives to something: an actor, a saved outcome.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The name; `None` unless it is a letter and then letters, digits, `_` or `-`.
    pub fn new(text: &str) -> Option<Self> {
        let mut letters = text.chars();
        let first = letters.next()?;
        let rest = letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        (first.is_ascii_alphabetic() && rest).then(|| Name(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Plain for Name {
    fn read(word: Word<'_>) -> Result<Self, ParseError> {
        Name::new(word.text).ok_or_else(|| word.error(format!("`{}` is not a name", word.text)))
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}
