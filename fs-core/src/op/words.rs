//! The words of a line, each with its column, and the error that names them.

use std::fmt;

/// Why a line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What is wrong there, naming the thing.
    pub message: String,
}

impl ParseError {
    /// The same error, its column counted in characters of `line` instead of bytes.
    pub(super) fn in_characters(self, line: &str) -> Self {
        let before = line.get(..self.column - 1).unwrap_or(line);
        ParseError { column: before.chars().count() + 1, message: self.message }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

/// A piece of a line that knows where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// Byte offset in the line.
    pub(super) at: usize,
}

impl<'a> Word<'a> {
    /// An error here, its column counted in bytes yet.
    pub(super) fn error(self, message: impl Into<String>) -> ParseError {
        ParseError { column: self.at + 1, message: message.into() }
    }

    /// The rest of the word, from byte `from` on.
    pub(super) fn from(self, from: usize) -> Word<'a> {
        Word { text: &self.text[from..], at: self.at + from }
    }

    /// Splits at each `separator`.
    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Word<'a>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let word = rest?;
            let end = word.text.find(separator);
            rest = end.map(|end| word.from(end + separator.len_utf8()));
            Some(word.up_to(end.unwrap_or(word.text.len())))
        })
    }

    /// Splits a list at its commas. A comma inside of a generator is none of them:
    /// `%repeat` and `%random` have one each.
    pub(super) fn split_list(self) -> impl Iterator<Item = Word<'a>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let word = rest?;
            let value = word.text.strip_prefix("str:").unwrap_or(word.text);
            let own_commas = usize::from(value.starts_with("%repeat(") || value.starts_with("%random("));
            let end = word.text.match_indices(',').nth(own_commas).map(|(end, _)| end);
            rest = end.map(|end| word.from(end + 1));
            Some(word.up_to(end.unwrap_or(word.text.len())))
        })
    }

    fn up_to(self, end: usize) -> Word<'a> {
        Word { text: &self.text[..end], at: self.at }
    }
}

/// Splits a line into words, up to a comment.
pub(super) fn words(line: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    for text in line.split([' ', '\t']) {
        if text.starts_with('#') {
            break;
        }
        if !text.is_empty() {
            words.push(Word { text, at });
        }
        at += text.len() + 1;
    }
    words
}

/// The fields of an operation, taken out one by one by the operation that knows them.
pub(super) struct Fields<'a> {
    /// What the fields belong to: the operation's name.
    pub(super) owner: Word<'a>,
    fields: Vec<(Word<'a>, Option<Word<'a>>)>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(owner: Word<'a>, words: &[Word<'a>]) -> Result<Self, ParseError> {
        let mut fields: Vec<(Word<'a>, Option<Word<'a>>)> = Vec::with_capacity(words.len());
        for word in words {
            let Some((key, _)) = word.text.split_once('=') else {
                return Err(word.error(format!("`{}` is not a field: write FIELD=VALUE", word.text)));
            };
            if fields.iter().any(|(known, _)| known.text == key) {
                return Err(word.error(format!("field `{key}` stands twice")));
            }
            fields.push((Word { text: key, at: word.at }, Some(word.from(key.len() + 1))));
        }
        Ok(Fields { owner, fields })
    }

    /// Takes the value of the field `key`, if the line has it.
    pub(super) fn take(&mut self, key: &str) -> Option<Word<'a>> {
        self.fields.iter_mut().find(|(known, _)| known.text == key)?.1.take()
    }

    /// The error for a field that the operation needs.
    pub(super) fn missing(&self, key: &str) -> ParseError {
        self.owner.error(format!("`{}` needs the field `{key}`", self.owner.text))
    }

    /// Refuses fields that nobody took; `known` lists those of the operation.
    pub(super) fn finish(self, known: &[&str]) -> Result<(), ParseError> {
        match self.fields.iter().find(|(_, value)| value.is_some()) {
            None => Ok(()),
            Some((key, _)) => {
                Err(key.error(format!("unknown field `{}` of `{}`; it has {}", key.text, self.owner.text, list(known))))
            }
        }
    }
}

/// `a, b and c`, for messages.
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
