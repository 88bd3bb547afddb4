//! Reads a step of the list: `r, w = pipe()`, `rename("a", b"b\xff", src_dir_fd=top)`.
//!
//! The list is Python, so that the oracle may evaluate it; what is read here is the part
//! of it that the list is written in.

use std::collections::BTreeMap;

use crate::value::Value;

/// One call of a case.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The whole line, as it is written.
    pub(crate) text: String,
    /// The names that what comes back is given.
    pub(crate) targets: Vec<String>,
    /// Whether the audit hook refuses what it hears.
    pub(crate) refuse: bool,
    /// The call alone.
    pub(crate) call: String,
}

impl Step {
    pub(crate) fn read(line: &str) -> Step {
        let text = line.trim().to_owned();
        let (targets, rest) = match text.split_once(" = ") {
            Some((names, rest)) if names.chars().all(|c| c.is_ascii_alphanumeric() || "_, ".contains(c)) => {
                (names.split(", ").map(str::to_owned).collect(), rest)
            }
            _ => (Vec::new(), text.as_str()),
        };
        let (refuse, call) = match rest.strip_prefix("refuse ") {
            Some(call) => (true, call.to_owned()),
            None => (false, rest.to_owned()),
        };
        Step { text, targets, refuse, call }
    }
}

/// A call with its arguments.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) positional: Vec<Value>,
    pub(crate) keywords: BTreeMap<String, Value>,
}

/// Reads a call; `lookup` knows the names of constants and registers.
///
/// # Panics
/// If the call is not in the list's language: the list is ours.
pub(crate) fn call(text: &str, lookup: &dyn Fn(&str) -> Option<Value>) -> Call {
    let mut reader = Reader { text: text.as_bytes(), at: 0, lookup };
    let name = reader.name();
    let mut call = Call { name, positional: Vec::new(), keywords: BTreeMap::new() };
    reader.expect(b'(');
    while !reader.take(b')') {
        if let Some(keyword) = reader.keyword() {
            let value = reader.expression();
            call.keywords.insert(keyword, value);
        } else {
            let value = reader.expression();
            call.positional.push(value);
        }
        reader.take(b',');
    }
    assert_eq!(reader.at, reader.text.len(), "{text}: something follows the call");
    call
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    lookup: &'t dyn Fn(&str) -> Option<Value>,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) {
        assert!(self.take(byte), "{}: no `{}` at {}", self.whole(), char::from(byte), self.at);
    }

    fn whole(&self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }

    fn name(&mut self) -> String {
        self.peek();
        let start = self.at;
        while self.text.get(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.text[start..self.at]).into_owned()
    }

    /// The name before a single `=`.
    fn keyword(&mut self) -> Option<String> {
        let start = self.at;
        let name = self.name();
        if !name.is_empty() && self.take(b'=') {
            return Some(name);
        }
        self.at = start;
        None
    }

    fn expression(&mut self) -> Value {
        let mut left = self.sum();
        while self.take(b'|') {
            left = match (left, self.sum()) {
                (Value::Int(a), Value::Int(b)) => Value::Int(a | b),
                other => panic!("{}: cannot or {other:?}", self.whole()),
            };
        }
        left
    }

    fn sum(&mut self) -> Value {
        let mut left = self.product();
        while self.take(b'+') {
            left = match (left, self.product()) {
                (Value::Int(a), Value::Int(b)) => Value::Int(a + b),
                (Value::Str(a), Value::Str(b)) => Value::Str([a, b].concat()),
                (Value::Bytes(a), Value::Bytes(b)) => Value::Bytes([a, b].concat()),
                other => panic!("{}: cannot add {other:?}", self.whole()),
            };
        }
        left
    }

    fn product(&mut self) -> Value {
        let mut left = self.atom();
        while self.take(b'*') {
            let Value::Int(count) = self.atom() else { panic!("{}: cannot multiply", self.whole()) };
            let count = usize::try_from(count).expect("a count is not negative");
            left = match left {
                Value::Str(bytes) => Value::Str(bytes.repeat(count)),
                Value::Bytes(bytes) => Value::Bytes(bytes.repeat(count)),
                Value::List(items) => Value::List(items.iter().cycle().take(items.len() * count).cloned().collect()),
                other => panic!("{}: cannot repeat {other:?}", self.whole()),
            };
        }
        left
    }

    fn atom(&mut self) -> Value {
        match self.peek() {
            Some(b'-') => {
                self.at += 1;
                match self.atom() {
                    Value::Int(number) => Value::Int(-number),
                    Value::Float(number) => Value::Float(-number),
                    other => panic!("{}: cannot negate {other:?}", self.whole()),
                }
            }
            Some(b'"') => Value::Str(self.string(true)),
            Some(b'b') if self.text.get(self.at + 1) == Some(&b'"') => {
                self.at += 1;
                Value::Bytes(self.string(false))
            }
            Some(b'(') => self.tuple(),
            Some(b'[') => {
                self.at += 1;
                Value::List(self.items(b']').0)
            }
            Some(byte) if byte.is_ascii_digit() => self.number(),
            _ => self.named(),
        }
    }

    /// What follows an opening bracket, up to the closing one; and whether there was a comma.
    fn items(&mut self, close: u8) -> (Vec<Value>, bool) {
        let (mut items, mut comma) = (Vec::new(), false);
        while !self.take(close) {
            items.push(self.expression());
            comma |= self.take(b',');
        }
        (items, comma)
    }

    fn tuple(&mut self) -> Value {
        self.at += 1;
        let (mut items, comma) = self.items(b')');
        if items.len() == 1 && !comma { items.remove(0) } else { Value::Tuple(items) }
    }

    fn number(&mut self) -> Value {
        let start = self.at;
        while let Some(byte) = self.text.get(self.at) {
            let exponent = self.at > start && self.text[self.at - 1] == b'e' && *byte == b'-';
            if !(byte.is_ascii_alphanumeric() || *byte == b'.' || exponent) {
                break;
            }
            self.at += 1;
        }
        let word = std::str::from_utf8(&self.text[start..self.at]).expect("ASCII");
        if let Some(digits) = word.strip_prefix("0o") {
            return Value::Int(i128::from_str_radix(digits, 8).expect("octal digits"));
        }
        if let Some(digits) = word.strip_prefix("0x") {
            return Value::Int(i128::from_str_radix(digits, 16).expect("hexadecimal digits"));
        }
        match word.parse() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Float(word.parse().unwrap_or_else(|_| panic!("{}: `{word}` is no number", self.whole()))),
        }
    }

    fn named(&mut self) -> Value {
        let name = self.name();
        match name.as_str() {
            "None" => Value::None,
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "inf" => Value::Float(f64::INFINITY),
            "nan" => Value::Float(f64::NAN),
            "Path" | "bytearray" => {
                self.expect(b'(');
                let inside = self.expression();
                self.expect(b')');
                match inside {
                    Value::Str(bytes) => Value::Path(bytes),
                    Value::Int(length) => Value::Room(usize::try_from(length).expect("a length")),
                    other => panic!("{}: {name} of {other:?}", self.whole()),
                }
            }
            _ => (self.lookup)(&name).unwrap_or_else(|| panic!("{}: `{name}` is not known", self.whole())),
        }
    }

    /// A string in double quotes. In text `\udc80` to `\udcff` stand for single bytes.
    fn string(&mut self, text: bool) -> Vec<u8> {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let byte = *self.text.get(self.at).unwrap_or_else(|| panic!("{}: no end of a string", self.whole()));
            self.at += 1;
            match byte {
                b'"' => return bytes,
                b'\\' => {
                    let kind = self.text[self.at];
                    self.at += 1;
                    match kind {
                        b'x' => bytes.extend(encoded(self.hex(2), text)),
                        b'u' => bytes.extend(encoded(self.hex(4), text)),
                        b'0' => bytes.push(0),
                        b'n' => bytes.push(b'\n'),
                        b'"' | b'\\' => bytes.push(kind),
                        _ => panic!("{}: unknown escape", self.whole()),
                    }
                }
                _ => bytes.push(byte),
            }
        }
    }

    fn hex(&mut self, digits: usize) -> u32 {
        let word = std::str::from_utf8(&self.text[self.at..self.at + digits]).expect("ASCII");
        self.at += digits;
        u32::from_str_radix(word, 16).expect("hexadecimal digits")
    }
}

/// A code point as `fsencode` has it, or a byte.
fn encoded(number: u32, text: bool) -> Vec<u8> {
    let low = u8::try_from(number & 0xff).expect("eight bits");
    match char::from_u32(number) {
        Some(c) if text => c.to_string().into_bytes(),
        _ => vec![low],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_python_would() {
        let known = |name: &str| (name == "top").then_some(Value::Int(7));
        let call =
            call(r#"f(("a" * 2 + "\udcff"), b"\xff\0", 0o17 | 0x20, k=(top, -1.5), l=[bytearray(3)] * 2)"#, &known);
        assert_eq!(call.name, "f");
        let expected = [Value::Str(b"aa\xff".to_vec()), Value::Bytes(b"\xff\0".to_vec()), Value::Int(0x2f)];
        assert_eq!(call.positional, expected);
        assert_eq!(call.keywords["k"], Value::Tuple(vec![Value::Int(7), Value::Float(-1.5)]));
        assert_eq!(call.keywords["l"], Value::List(vec![Value::Room(3), Value::Room(3)]));
    }

    #[test]
    fn a_step_has_targets_only_before_its_call() {
        let step = Step::read("  r, w = refuse pipe()");
        assert_eq!((step.targets.join("+"), step.refuse, step.call.as_str()), ("r+w".to_owned(), true, "pipe()"));
        assert!(Step::read(r#"f("a = b")"#).targets.is_empty());
    }
}
