//! Reads case files.
//!
//! ```text
//! case exchange_needs_both_names
//!   claim  RENAME_EXCHANGE fails when either name is absent
//!   source rename(2)
//!   class  linux-man
//!   needs  rename_exchange
//!   open path=a flags=CREAT|WRONLY mode=0644 -> fd=1
//!   rename src=a dst=b flags=EXCHANGE -> ENOENT
//! ```
//!
//! A case that begins with bind mounts in its directory has a line `mounts ro=RDONLY second=`
//! before its steps: [`crate::mounts`].
//!
//! Indentation is for the reader. What a product expands to is [`generate`]'s.

use std::collections::BTreeMap;
use std::fmt;

use fs_core::op::product::{Product, Rule};
use fs_core::op::{Actor, Line, Op};

use crate::case::{Case, Class};
use crate::generate::{self, Own, Template};
use crate::mounts::BindMount;
use crate::needs;
use crate::worker::{Role, implied_need};

/// What is wrong in a case file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The case in which it is, if it is in one.
    pub case: Option<String>,
    /// What is wrong there, naming the thing.
    pub message: String,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        match &self.case {
            Some(case) => write!(f, "case `{case}`: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for CaseError {}

/// Reads the cases of a file; `file` is its name for messages and `stem` the first
/// word of their ids.
///
/// # Errors
/// The first thing that is wrong, with its file, line and column.
pub fn parse(file: &str, stem: &str, text: &str) -> Result<Vec<Case>, CaseError> {
    let mut reader = Reader { file, cases: Vec::new(), written: BTreeMap::new() };
    if !is_word(stem) {
        return Err(reader
            .place(1, 1)
            .error(format!("`{stem}` cannot begin the ids of cases: use letters, digits, _ and -")));
    }
    let mut open: Option<Draft<'_>> = None;
    for (index, line) in text.lines().enumerate() {
        let rest = line.trim_start();
        let place = reader.place(index + 1, line.len() - rest.len() + 1);
        let rest = rest.trim_end();
        if rest.is_empty() || rest.starts_with('#') {
            continue;
        }
        let rest = match rest.split([' ', '\t']).next() {
            // Prose, which may have a `#3` in it.
            Some("claim" | "source") => rest,
            // In what is put into a step a comment would take the rest of the step along.
            _ => without_comment(rest),
        };
        let (keyword, value) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        let value = value.trim_start();
        let at_value = place.right(rest.len() - value.len());
        match (keyword, &mut open) {
            ("case", _) => reader.finish(open.replace(Draft::case(stem, value, place, at_value)?))?,
            ("product", _) => reader.finish(open.replace(Draft::product(stem, rest, place)?))?,
            (_, None) => return Err(place.error(format!("`{keyword}` stands before the first case"))),
            (_, Some(draft)) => {
                let id = draft.id.clone();
                draft.add(keyword, value, rest, place, at_value).map_err(|error| error.within(&id))?;
            }
        }
    }
    reader.finish(open)?;
    Ok(reader.cases)
}

/// A place in a file.
#[derive(Clone, Copy)]
struct Place<'t> {
    file: &'t str,
    line: usize,
    column: usize,
}

impl<'t> Place<'t> {
    fn right(self, columns: usize) -> Place<'t> {
        Place { column: self.column + columns, ..self }
    }

    fn error(self, message: impl Into<String>) -> CaseError {
        let Place { file, line, column } = self;
        CaseError { file: file.to_owned(), line, column, case: None, message: message.into() }
    }

    /// An error of the operation language, which counts columns from here.
    fn parse_error(self, error: fs_core::op::ParseError) -> CaseError {
        self.right(error.column.saturating_sub(1)).error(error.message)
    }
}

impl CaseError {
    fn within(self, case: &str) -> Self {
        CaseError { case: Some(case.to_owned()), ..self }
    }
}

struct Reader<'t> {
    file: &'t str,
    cases: Vec<Case>,
    /// The line of each id.
    written: BTreeMap<String, usize>,
}

impl<'t> Reader<'t> {
    fn place(&self, line: usize, column: usize) -> Place<'t> {
        Place { file: self.file, line, column }
    }

    /// Checks a case or product that has been read, and takes in its cases.
    fn finish(&mut self, draft: Option<Draft<'t>>) -> Result<(), CaseError> {
        let Some(draft) = draft else {
            return Ok(());
        };
        let id = draft.id.clone();
        let place = draft.place;
        if let Some(line) = self.written.insert(id.clone(), place.line) {
            return Err(place.error(format!("the id stands twice; the first is on line {line}")).within(&id));
        }
        let cases = draft.cases().map_err(|error| error.within(&id))?;
        self.cases.extend(cases);
        Ok(())
    }
}

/// A case or product while it is read.
struct Draft<'t> {
    id: String,
    place: Place<'t>,
    product: Option<Product>,
    claim: Option<&'t str>,
    source: Vec<&'t str>,
    class: Option<Class>,
    needs: Vec<&'static str>,
    mounts: Vec<BindMount>,
    steps: Vec<(Place<'t>, &'t str)>,
    rules: Vec<Rule>,
    /// What is left out of a product: rules whose words mean nothing.
    without: Vec<Rule>,
    class_needs: Vec<Own<'t>>,
    means: Vec<Own<'t>>,
    gives: Vec<Own<'t>>,
    makes: Vec<Own<'t>>,
    then: Vec<&'t str>,
    unchanged: bool,
}

impl<'t> Draft<'t> {
    fn new(id: String, place: Place<'t>, product: Option<Product>) -> Self {
        Draft {
            id,
            place,
            product,
            claim: None,
            source: Vec::new(),
            class: None,
            needs: Vec::new(),
            mounts: Vec::new(),
            steps: Vec::new(),
            rules: Vec::new(),
            without: Vec::new(),
            class_needs: Vec::new(),
            means: Vec::new(),
            gives: Vec::new(),
            makes: Vec::new(),
            then: Vec::new(),
            unchanged: false,
        }
    }

    fn case(stem: &str, name: &str, place: Place<'t>, at_name: Place<'t>) -> Result<Self, CaseError> {
        match name.split('.').all(is_word) {
            true => Ok(Draft::new(format!("{stem}.{name}"), place, None)),
            false => Err(at_name.error(format!("`{name}` cannot be the id of a case: use letters, digits, _ and -"))),
        }
    }

    fn product(stem: &str, line: &str, place: Place<'t>) -> Result<Self, CaseError> {
        let product = Product::parse(line).map_err(|error| place.parse_error(error))?;
        Ok(Draft::new(format!("{stem}.{}", product.name), place, Some(product)))
    }

    /// Takes in a line. `whole` is all of it.
    fn add(
        &mut self,
        keyword: &str,
        value: &'t str,
        whole: &'t str,
        place: Place<'t>,
        at_value: Place<'t>,
    ) -> Result<(), CaseError> {
        if value.is_empty() && matches!(keyword, "claim" | "source" | "class" | "needs" | "mounts") {
            return Err(place.error(format!("`{keyword}` says nothing")));
        }
        match keyword {
            "claim" => match self.claim.replace(value) {
                None => Ok(()),
                Some(_) => Err(place.error("`claim` stands twice: one claim per case")),
            },
            "source" => {
                self.source.push(value);
                Ok(())
            }
            "class" => {
                let class = Class::by_name(value).ok_or_else(|| {
                    let classes = Class::ALL.map(Class::as_str).join(", ");
                    at_value.error(format!("unknown class `{value}`; there are {classes}"))
                })?;
                match self.class.replace(class) {
                    None => Ok(()),
                    Some(_) => Err(place.error("`class` stands twice")),
                }
            }
            // Of one class: `needs call=openat2 openat2`.
            "needs" if value.contains('=') => {
                let own = self.read_own(value, place)?;
                needs_of(own.text, at_value)?;
                self.class_needs.push(own);
                Ok(())
            }
            "needs" => {
                self.needs.extend(needs_of(value, at_value)?);
                Ok(())
            }
            "mounts" if !self.mounts.is_empty() => Err(place.error("`mounts` stands twice")),
            "mounts" => {
                self.mounts = BindMount::parse_all(value).map_err(|message| at_value.error(message))?;
                Ok(())
            }
            "rule" => {
                let rule = self.read_rule(whole, place)?;
                self.rules.push(rule);
                Ok(())
            }
            "without" => {
                let rule = self.read_rule(&format!("{whole} -> ok"), place)?;
                self.without.push(rule);
                Ok(())
            }
            "means" => {
                let own = self.read_own(value, place)?;
                self.means.push(own);
                Ok(())
            }
            "gives" => {
                let own = self.read_own(value, place)?;
                self.gives.push(own);
                Ok(())
            }
            "makes" => {
                let own = self.read_own(value, place)?;
                self.makes.push(own);
                Ok(())
            }
            "then" | "unchanged" if self.product.is_none() => {
                Err(place.error(format!("only a product has `{keyword}`: write the steps")))
            }
            "then" => {
                self.then.push(value);
                Ok(())
            }
            "unchanged" => {
                self.unchanged = true;
                Ok(())
            }
            _ => {
                self.steps.push((place, whole));
                Ok(())
            }
        }
    }

    fn read_own(&self, text: &'t str, place: Place<'t>) -> Result<Own<'t>, CaseError> {
        let product = self.product.as_ref().ok_or_else(|| place.error("only a product has classes"))?;
        let own = Own::parse(text).ok_or_else(|| place.error("write AXIS=CLASS and what it stands for"))?;
        match own.is_of(product) {
            true => Ok(own),
            false => Err(place.error(format!("the product has no class `{}` on an axis `{}`", own.class, own.axis))),
        }
    }

    fn read_rule(&self, line: &str, place: Place<'t>) -> Result<Rule, CaseError> {
        let product = self.product.as_ref().ok_or_else(|| place.error("only a product has rules"))?;
        let rule = Rule::parse(line).map_err(|error| place.parse_error(error))?;
        product.check(&rule).map_err(|message| place.error(message))?;
        Ok(rule)
    }

    fn cases(self) -> Result<Vec<Case>, CaseError> {
        let missing = |what: &str| self.place.error(format!("it has no `{what}`"));
        let head = Case {
            id: self.id.clone(),
            claim: self.claim.ok_or_else(|| missing("claim"))?.to_owned(),
            source: Some(self.source.join(", ")).filter(|text| !text.is_empty()).ok_or_else(|| missing("source"))?,
            class: self.class.ok_or_else(|| missing("class"))?,
            needs: self.needs.clone(),
            mounts: self.mounts.clone(),
            steps: Vec::new(),
            written: format!("{}:{}", self.place.file, self.place.line),
        };
        if self.steps.is_empty() {
            return Err(self.place.error("it has no steps"));
        }
        let Some(product) = &self.product else {
            let mut steps = Vec::with_capacity(self.steps.len());
            for (place, text) in &self.steps {
                let line = Line::parse(text).map_err(|error| place.parse_error(error))?;
                check_names(&steps, &line).map_err(|(at, message)| place.right(find(text, &at)).error(message))?;
                steps.push(line.into_owned());
            }
            return finish(Case { steps, ..head }, self.place).map(|case| vec![case]);
        };
        let texts: Vec<&str> = self.steps.iter().map(|(_, text)| *text).collect();
        let template = Template {
            product,
            steps: &texts,
            rules: &self.rules,
            without: &self.without,
            needs: &self.class_needs,
            means: &self.means,
            gives: &self.gives,
            makes: &self.makes,
            then: &self.then,
            unchanged: self.unchanged,
        };
        let made = template.expand().map_err(|wrong| {
            let place = self.steps.get(wrong.step).map_or(self.place, |(place, _)| *place);
            place.right(wrong.column.saturating_sub(1)).error(wrong.message)
        })?;
        let one = |made: generate::Made| {
            let needs = [&head.needs[..], &made.needs].concat();
            finish(
                Case { id: format!("{}.{}", self.id, made.id), needs, steps: made.steps, ..head.clone() },
                self.place,
            )
        };
        made.into_iter().map(one).collect()
    }
}

/// A line up to its comment, which as in a step begins with a word that begins with `#`.
fn without_comment(line: &str) -> &str {
    let begins_a_word = |at: &usize| line[..*at].ends_with([' ', '\t']);
    let end = line.match_indices('#').map(|(at, _)| at).find(begins_a_word);
    line[..end.unwrap_or(line.len())].trim_end()
}

/// The names of needs, each one known.
fn needs_of(text: &str, place: Place<'_>) -> Result<Vec<&'static str>, CaseError> {
    let known = |need| needs::by_name(need).ok_or_else(|| place.error(format!("unknown need `{need}`")));
    text.split_whitespace().map(known).collect()
}

/// Adds what the steps need by themselves, and refuses a case that claims nothing.
fn finish(mut case: Case, place: Place<'_>) -> Result<Case, CaseError> {
    if case.steps.iter().all(|step| step.want.is_none()) {
        return Err(place.error("no step wants anything"));
    }
    let actors = case.steps.iter().filter_map(|step| step.actor.as_ref());
    case.needs.extend(actors.filter_map(|actor| implied_need(actor.name.as_str())));
    let runs = case.steps.iter().any(|step| matches!(step.op, Op::Spawn { .. }));
    case.needs.extend(runs.then_some("programs"));
    case.needs.extend((!case.mounts.is_empty()).then_some("bind_mounts"));
    case.needs.sort_unstable();
    case.needs.dedup();
    Ok(case)
}

/// Refuses a step whose actor nobody is, or which compares with an outcome that no
/// earlier step saves; the error begins with what is to be pointed at.
pub(crate) fn check_names(earlier: &[Line<'_>], step: &Line<'_>) -> Result<(), (String, String)> {
    if let Some(actor) = &step.actor {
        let is_child = |line: &Line<'_>| matches!(&line.op, Op::Fork { child } if *child == actor.name);
        let Actor { name, .. } = actor;
        if Role::by_name(name.as_str()).is_none() && !earlier.iter().any(is_child) {
            let roles = Role::all().map(Role::as_str).collect::<Vec<_>>().join(", ");
            let message = format!("unknown actor `{name}`; there are {roles}, and what an earlier `fork` made");
            return Err((format!("@{name}"), message));
        }
    }
    let saved = |name: &_| earlier.iter().any(|line| line.save.as_ref() == Some(name));
    match step.want.iter().flat_map(|want| want.needs()).find(|name| !saved(name)) {
        Some(name) => Err((format!("={name}"), format!("no earlier step saves `{name}`"))),
        None => Ok(()),
    }
}

/// The offset of `what` in `text`; 0 if it is not there.
fn find(text: &str, what: &str) -> usize {
    text.rfind(what).unwrap_or(0)
}

/// Whether a word can be part of an id.
fn is_word(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_behind_a_line_is_none_of_it() {
        let with = |comment: &str| {
            format!(
                "product p call=mkdir|rmdir other=a|b{comment}
                   claim  It does.
                   source mkdir(2)
                   class  linux-man{comment}
                   needs  rename_exchange suid{comment}
                   needs  call=mkdir suid{comment}
                   means  call=mkdir mkdir path=d mode=$mode{comment}
                   means  other=a a{comment}
                   means  other=b b{comment}
                   gives  call=mkdir mode 0755{comment}
                   makes  call=rmdir mkdir path=d{comment}
                   means  call=rmdir rmdir path=d{comment}
                   $call -> ok{comment}
                   then   call=mkdir stat path=d -> mode=0755{comment}
                   without call=rmdir other=b{comment}
                   rule   call=rmdir -> ok{comment}
                   unchanged{comment}\n"
            )
        };
        let cases = |comment| {
            let cases = parse("f", "s", &with(comment)).unwrap();
            cases.into_iter().map(|case| format!("{case:?}")).collect::<Vec<_>>()
        };
        let plain = cases("");
        assert_eq!(plain.len(), 3);
        assert_eq!(plain, cases("   # a comment with $words = -> ok"));
        assert_eq!(plain, cases("\t#short"));
        // A name may have one in it.
        assert_eq!(without_comment("call=mkdir mkdir path=a#b # c"), "call=mkdir mkdir path=a#b");
    }

    #[test]
    fn a_line_with_nothing_but_a_comment_says_nothing() {
        let text = "case c\n  claim C\n  source s\n  class # linux-man\n  stat path=f -> ENOENT\n";
        assert_eq!(parse("f", "s", text).unwrap_err().to_string(), "f:4:3: case `s.c`: `class` says nothing");
    }
}
