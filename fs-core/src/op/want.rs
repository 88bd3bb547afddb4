//! [`Want`]: the outcomes that are allowed.

use std::cmp::Ordering;
use std::fmt;

use super::field::Name;
use super::outcome::{Kind, Outcome, Value, Word, kind_of};
use super::words::{ParseError, Word as Text, list};

/// What is wanted: a set of words, and the fields that matter, which are compared
/// only on success.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Want {
    /// The allowed words.
    pub words: Vec<Word>,
    /// What must hold for fields of a success.
    pub checks: Vec<Check>,
    /// The saved outcome that a success must equal, in every field.
    pub same: Option<Name>,
}

/// What must hold for one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The field.
    pub field: &'static str,
    /// How it is compared.
    pub compare: Compare,
    /// With what.
    pub operand: Operand,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A value.
    Value(Value),
    /// The field of an outcome that was saved with `as=`: `before.ino`.
    Saved(Name, &'static str),
}

/// Written comparisons, the longer ones first.
static COMPARISONS: &[(&str, Compare)] = &[
    ("!=", Compare::NotEqual),
    ("<=", Compare::LessOrEqual),
    (">=", Compare::GreaterOrEqual),
    ("=", Compare::Equal),
    ("<", Compare::Less),
    (">", Compare::Greater),
];

impl Want {
    /// Whether `got` is allowed. `saved` finds the outcomes that were saved with `as=`.
    pub fn matches<'s>(&self, got: &Outcome, saved: impl Fn(&Name) -> Option<&'s Outcome>) -> bool {
        if !self.words.contains(&got.word) {
            return false;
        }
        if got.word != Word::Ok {
            return true;
        }
        let same = self.same.as_ref().is_none_or(|name| saved(name).is_some_and(|outcome| outcome.same(got)));
        same && self.checks.iter().all(|check| check.holds(got, &saved))
    }

    /// The names of saved outcomes that are needed to judge.
    pub fn needs(&self) -> impl Iterator<Item = &Name> {
        let operands = self.checks.iter().filter_map(|check| match &check.operand {
            Operand::Saved(name, _) => Some(name),
            Operand::Value(_) => None,
        });
        operands.chain(&self.same)
    }
}

impl Outcome {
    /// Whether both are the same, however their values are written.
    pub fn same(&self, other: &Outcome) -> bool {
        self.word == other.word
            && self.fields.len() == other.fields.len()
            && self
                .fields
                .iter()
                .zip(&other.fields)
                .all(|(one, two)| one.name == two.name && one.value.same(&two.value))
    }
}

impl Check {
    /// Whether the field of `got` compares as wanted; false if there is no such field.
    fn holds<'s>(&self, got: &Outcome, saved: impl Fn(&Name) -> Option<&'s Outcome>) -> bool {
        let Some(value) = got.get(self.field) else {
            return false;
        };
        let operand = match &self.operand {
            Operand::Value(operand) => Some(operand),
            Operand::Saved(name, field) => saved(name).and_then(|outcome| outcome.get(field)),
        };
        let Some(operand) = operand else {
            return false;
        };
        let order = || Some(value.as_number()?.cmp(&operand.as_number()?));
        match self.compare {
            Compare::Equal => value.same(operand),
            Compare::NotEqual => !value.same(operand),
            Compare::Less => order() == Some(Ordering::Less),
            Compare::Greater => order() == Some(Ordering::Greater),
            Compare::LessOrEqual => order().is_some_and(Ordering::is_le),
            Compare::GreaterOrEqual => order().map_or_else(|| value.has_words_of(operand), Ordering::is_ge),
        }
    }

    /// Reads `FIELD CMP VALUE`; `returns` lists the fields that the operation has.
    pub(super) fn parse(text: Text<'_>, op: &str, returns: &[&str]) -> Result<Self, ParseError> {
        let end = text.text.find(['=', '!', '<', '>']).unwrap_or(text.text.len());
        let (name, rest) = (&text.text[..end], text.from(end));
        let comparison = COMPARISONS.iter().find(|(written, _)| rest.text.starts_with(written));
        let Some((written, compare)) = comparison else {
            return Err(text.error(format!("`{}` is not a comparison: write FIELD=VALUE", text.text)));
        };
        let Some((field, kind)) = kind_of(name).filter(|_| returns.contains(&name)) else {
            return Err(text.error(format!("`{op}` does not return the field `{name}`; it returns {}", list(returns))));
        };
        let ordered = matches!(kind, Kind::Number | Kind::Mode);
        let of_words = kind == Kind::Word && *compare == Compare::GreaterOrEqual;
        if !ordered && !of_words && !matches!(compare, Compare::Equal | Compare::NotEqual) {
            return Err(rest.error(format!("`{field}` has no order: compare it with = or !=")));
        }
        let value = rest.from(written.len());
        // No number and no word has a dot in it.
        let operand = match (ordered || kind == Kind::Word, value.text.split_once('.')) {
            (true, Some((saved, of))) => Operand::parse_saved(value, saved, of, ordered)?,
            _ => Operand::Value(Value::parse(value, kind)?),
        };
        Ok(Check { field, compare: *compare, operand })
    }
}

impl Operand {
    fn parse_saved(text: Text<'_>, saved: &str, field: &str, number: bool) -> Result<Self, ParseError> {
        let name = Name::new(saved).ok_or_else(|| text.error(format!("`{saved}` is not a name")))?;
        let (field, kind) = kind_of(field).ok_or_else(|| text.error(format!("unknown field `{field}`")))?;
        match kind {
            Kind::Number | Kind::Mode if number => Ok(Operand::Saved(name, field)),
            Kind::Word if !number => Ok(Operand::Saved(name, field)),
            _ => Err(text.error(format!("`{field}` is not a {}", if number { "number" } else { "word" }))),
        }
    }
}

impl fmt::Display for Want {
    /// `ok` alone is left out before checks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if self.words != [Word::Ok] || (self.checks.is_empty() && self.same.is_none()) {
            for (index, word) in self.words.iter().enumerate() {
                write!(f, "{}{word}", if index > 0 { "|" } else { "" })?;
            }
            separator = " ";
        }
        for check in &self.checks {
            write!(f, "{separator}{check}")?;
            separator = " ";
        }
        match &self.same {
            Some(name) => write!(f, "{separator}same={name}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = COMPARISONS.iter().find(|(_, compare)| *compare == self.compare);
        let (written, _) = written.expect("every comparison is in the table");
        write!(f, "{}{written}", self.field)?;
        match &self.operand {
            Operand::Value(value) => write!(f, "{value}"),
            Operand::Saved(name, field) => write!(f, "{name}.{field}"),
        }
    }
}
