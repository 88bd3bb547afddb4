//! Products: one template of a line, several axes of classes, and rules that say
//! which errors each class allows.
//!
//! ```text
//! product dirs src=missing|file|dir dst=missing|file|dir by=self|other
//! @$by rename src=$src dst=$dst
//! rule src=missing -> ENOENT
//! ```
//!
//! A product stands for one case for each choice of a class on each axis. The
//! errors of all rules that apply to a choice are allowed; where none applies,
//! success is wanted. What a class is, and how it is made, is not known here: who
//! runs the cases says what `$src` stands for.

use std::fmt;

use super::field::{Name, Plain, push_key};
use super::outcome::Word;
use super::words::{Fields, ParseError, Word as Text, words};

/// The head of a product: its name and its axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its name, part of the cases' ids.
    pub name: Name,
    /// The axes with their classes, in order.
    pub axes: Vec<Axis>,
}

/// One axis of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Its name: `$NAME` in the template.
    pub name: Name,
    /// The classes on it.
    pub classes: Vec<Name>,
}

/// A rule: where all its conditions hold, its words are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// An axis and the classes of it for which the rule applies.
    pub conditions: Vec<Axis>,
    /// What is allowed there.
    pub words: Vec<Word>,
}

/// One choice: an axis and the class chosen on it, for each axis in order.
pub type Choice = Vec<(Name, Name)>;

impl Product {
    /// Reads `product NAME AXIS=CLASS|CLASS...`.
    ///
    /// # Errors
    /// Names the word that is wrong, and its column.
    pub fn parse(line: &str) -> Result<Self, ParseError> {
        Self::read(line).map_err(|error| error.in_characters(line))
    }

    fn read(line: &str) -> Result<Self, ParseError> {
        let words = words(line);
        let [keyword, rest @ ..] = &words[..] else {
            return Err(Text { text: line, at: 0 }.error("write `product NAME AXIS=CLASS|CLASS`"));
        };
        let [name, axes @ ..] = rest else {
            return Err(keyword.error("a product needs a name and axes"));
        };
        let product = Product { name: Name::read(*name)?, axes: parse_axes(*keyword, axes)? };
        match product.axes.is_empty() {
            true => Err(name.error("a product needs at least one axis")),
            false => Ok(product),
        }
    }

    /// All choices, the last axis changing fastest.
    pub fn choices(&self) -> Vec<Choice> {
        let mut choices: Vec<Choice> = vec![Vec::new()];
        for axis in &self.axes {
            let with = |choice: &Choice, class: &Name| {
                let mut choice = choice.clone();
                choice.push((axis.name.clone(), class.clone()));
                choice
            };
            choices =
                choices.iter().flat_map(|choice| axis.classes.iter().map(move |class| with(choice, class))).collect();
        }
        choices
    }

    /// Checks that `rule` speaks of axes and classes of this product.
    ///
    /// # Errors
    /// Names the axis or class that the product does not have.
    pub fn check(&self, rule: &Rule) -> Result<(), String> {
        for condition in &rule.conditions {
            let axis = self.axes.iter().find(|axis| axis.name == condition.name);
            let axis = axis.ok_or_else(|| format!("product `{}` has no axis `{}`", self.name, condition.name))?;
            if let Some(class) = condition.classes.iter().find(|class| !axis.classes.contains(class)) {
                return Err(format!("axis `{}` of product `{}` has no class `{class}`", axis.name, self.name));
            }
        }
        Ok(())
    }
}

impl Rule {
    /// Reads `rule AXIS=CLASS|CLASS... -> WORD|WORD`.
    ///
    /// # Errors
    /// Names the word that is wrong, and its column.
    pub fn parse(line: &str) -> Result<Self, ParseError> {
        Self::read(line).map_err(|error| error.in_characters(line))
    }

    fn read(line: &str) -> Result<Self, ParseError> {
        let words = words(line);
        let end = Text { text: line, at: line.len() };
        let keyword = *words.first().unwrap_or(&end);
        let arrow = words.iter().position(|word| word.text == "->");
        let Some((arrow, [allowed])) = arrow.map(|arrow| (arrow, &words[arrow + 1..])) else {
            return Err(end.error("a rule ends in `-> WORD|WORD`"));
        };
        Ok(Rule {
            conditions: parse_axes(keyword, &words[1.min(arrow)..arrow])?,
            words: allowed.split('|').map(Word::parse).collect::<Result<_, _>>()?,
        })
    }

    /// Whether the rule applies to a choice.
    pub fn applies(&self, choice: &[(Name, Name)]) -> bool {
        self.conditions.iter().all(|condition| {
            choice.iter().any(|(axis, class)| *axis == condition.name && condition.classes.contains(class))
        })
    }
}

/// The words that `rules` allow for a choice: those of all rules that apply, or `ok`.
pub fn allowed(rules: &[Rule], choice: &[(Name, Name)]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for word in rules.iter().filter(|rule| rule.applies(choice)).flat_map(|rule| &rule.words) {
        if !words.contains(word) {
            words.push(*word);
        }
    }
    if words.is_empty() {
        words.push(Word::Ok);
    }
    words
}

/// The template with each `$AXIS` replaced by what `replace` says; a name that it
/// does not know is an error that names it. A literal `$` is written `\x24`.
///
/// # Errors
/// Names the `$NAME` that `replace` does not know, and its column.
pub fn substitute(template: &str, replace: impl Fn(&str) -> Option<String>) -> Result<String, ParseError> {
    let mut out = String::with_capacity(template.len());
    let mut rest = Text { text: template, at: 0 };
    while let Some(dollar) = rest.text.find('$') {
        out.push_str(&rest.text[..dollar]);
        let name = rest.from(dollar + 1);
        let end = name.text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.text.len());
        let value = replace(&name.text[..end]).ok_or_else(|| {
            rest.from(dollar).error(format!("there is no axis `{}`", &name.text[..end])).in_characters(template)
        })?;
        out.push_str(&value);
        rest = name.from(end);
    }
    out.push_str(rest.text);
    Ok(out)
}

fn parse_axes(owner: Text<'_>, axes: &[Text<'_>]) -> Result<Vec<Axis>, ParseError> {
    // Finds axes that stand twice, and words that are not `AXIS=CLASSES`.
    Fields::new(owner, axes)?;
    let parse_axis = |axis: &Text<'_>| {
        let (name, _) = axis.text.split_once('=').expect("`Fields` checked that there is a `=`");
        let classes = axis.from(name.len() + 1).split('|').map(Name::read).collect::<Result<_, _>>()?;
        Ok(Axis { name: Name::read(Text { text: name, at: axis.at })?, classes })
    };
    axes.iter().map(parse_axis).collect()
}

fn print_axes(axes: &[Axis], out: &mut String) {
    for axis in axes {
        push_key(axis.name.as_str(), out);
        for (index, class) in axis.classes.iter().enumerate() {
            if index > 0 {
                out.push('|');
            }
            class.write(out);
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = format!("product {}", self.name);
        print_axes(&self.axes, &mut out);
        f.write_str(&out)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::from("rule");
        print_axes(&self.conditions, &mut out);
        write!(f, "{out} -> ")?;
        for (index, word) in self.words.iter().enumerate() {
            write!(f, "{}{word}", if index > 0 { "|" } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRS: &str = "product dirs src=missing|file|dir dst=missing|file|dir by=self|other";

    #[test]
    fn stands_for_one_case_for_each_choice() {
        let product = Product::parse(DIRS).unwrap();
        let choices = product.choices();
        assert_eq!(choices.len(), 18);
        let ids: Vec<String> = choices[..3]
            .iter()
            .map(|choice| choice.iter().map(|(_, class)| class.as_str()).collect::<Vec<_>>().join("."))
            .collect();
        assert_eq!(ids, ["missing.missing.self", "missing.missing.other", "missing.file.self"]);
        assert_eq!(product.to_string(), DIRS);
    }

    #[test]
    fn errors_of_all_rules_that_apply_are_allowed_and_success_where_none_does() {
        let product = Product::parse(DIRS).unwrap();
        let rules = ["rule src=missing -> ENOENT", "rule src=file|missing dst=dir -> EISDIR"].map(|rule| {
            let parsed = Rule::parse(rule).unwrap();
            assert_eq!(parsed.to_string(), rule);
            product.check(&parsed).unwrap();
            parsed
        });
        let words = |src: &str, dst: &str| {
            let is = |choice: &&Choice| choice[0].1.as_str() == src && choice[1].1.as_str() == dst;
            let choice = product.choices().iter().find(is).unwrap().clone();
            allowed(&rules, &choice).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(words("missing", "dir"), ["ENOENT", "EISDIR"]);
        assert_eq!(words("file", "dir"), ["EISDIR"]);
        assert_eq!(words("dir", "dir"), ["ok"]);
    }

    #[test]
    fn errors_name_the_thing_and_its_column() {
        let error = Product::parse("product dirs src=a|b! by").unwrap_err();
        assert_eq!(error.to_string(), "column 23: `by` is not a field: write FIELD=VALUE");
        assert_eq!(Product::parse("product dirs src=a|b!").unwrap_err().to_string(), "column 20: `b!` is not a name");
        assert!(Product::parse("product").is_err());
        assert!(Rule::parse("rule src=a").is_err());
        assert!(Rule::parse("").is_err());
        let product = Product::parse(DIRS).unwrap();
        let rule = Rule::parse("rule src=gone -> ENOENT").unwrap();
        assert_eq!(product.check(&rule).unwrap_err(), "axis `src` of product `dirs` has no class `gone`");
    }

    #[test]
    fn substitutes_axes() {
        let replace = |name: &str| (name == "src").then(|| "a.b".to_owned());
        assert_eq!(substitute("stat path=$src/c\\x24", replace).unwrap(), "stat path=a.b/c\\x24");
        let error = substitute("stat path=$dst", replace).unwrap_err();
        assert_eq!(error.to_string(), "column 11: there is no axis `dst`");
    }
}
