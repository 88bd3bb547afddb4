//! Steps as they are told to people: what came back without what nobody asked for, and
//! nothing so long or so strange that a terminal or another format trips over it.

use std::fmt::Write;

use fs_core::op::{Field, Line, Operand, Outcome, Value, Word};

use super::judged::{self, Saved};
use crate::event::CaseResult;

/// The longest text of a step, in characters. The log has it all.
const LONGEST: usize = 240;

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who and what.
    pub op: String,
    /// What was wanted, where the step asserts something.
    pub wanted: Option<String>,
    /// What came back, if anything did: of the fields only those that were compared.
    pub got: Option<String>,
}

/// The steps of a result, as they are told.
pub fn steps(result: &CaseResult) -> Vec<Told> {
    let texts: Vec<String> = result.steps.iter().map(judged::text).collect();
    let judged: Vec<_> = texts.iter().zip(&result.steps).map(|(text, step)| judged::judged(text, step)).collect();
    let saved = judged::saved(&result.steps);
    let mut steps = Vec::with_capacity(result.steps.len());
    for (index, step) in result.steps.iter().enumerate() {
        let got = judged[index].as_ref().and_then(|this| {
            let later = judged[index + 1..].iter().flatten();
            Some(of_interest(&this.line, this.got.as_ref()?, later.map(|step| &step.line), &saved))
        });
        steps.push(Told {
            op: short(&step.op),
            wanted: step.want.as_deref().map(short),
            got: got.or_else(|| step.got.clone()).as_deref().map(short),
        });
    }
    steps
}

/// What came back, with the fields alone that this step or a later one compares.
fn of_interest<'l>(line: &Line<'_>, got: &Outcome, later: impl Iterator<Item = &'l Line<'l>>, saved: &Saved) -> String {
    if let Some(before) = line.want.as_ref().and_then(|want| saved.get(want.same.as_ref()?))
        && got.word == Word::Ok
    {
        return changes(before, got);
    }
    let mut fields: Vec<&str> = line.want.iter().flat_map(|want| &want.checks).map(|check| check.field).collect();
    for check in later.filter_map(|later| later.want.as_ref()).flat_map(|want| &want.checks) {
        match &check.operand {
            Operand::Saved(name, field) if line.save.as_ref() == Some(name) => fields.push(field),
            Operand::Saved(..) | Operand::Value(_) => {}
        }
    }
    let fields = got.fields.iter().filter(|field| fields.contains(&field.name)).cloned().collect();
    Outcome { word: got.word, fields }.to_string()
}

/// What has changed: of lists the entries that are gone and those that are new.
fn changes(before: &Outcome, after: &Outcome) -> String {
    let mut out = after.word.to_string();
    for field in after.fields.iter().filter(|field| !before.get(field.name).is_some_and(|old| old.same(&field.value))) {
        let list = |name, value: &Vec<u8>| {
            Outcome::ok(vec![Field { name, value: Value::List(vec![value.clone()]) }])
                .to_string()
                .split_off("ok ".len())
        };
        match (before.get(field.name), &field.value) {
            (Some(Value::List(old)), Value::List(new)) => {
                old.iter().filter(|entry| !new.contains(entry)).for_each(|entry| {
                    write!(out, " -{}", list(field.name, entry)).expect("writing to a string does not fail");
                });
                new.iter().filter(|entry| !old.contains(entry)).for_each(|entry| {
                    write!(out, " +{}", list(field.name, entry)).expect("writing to a string does not fail");
                });
            }
            _ => write!(out, " {}={}", field.name, field.value).expect("writing to a string does not fail"),
        }
    }
    out
}

/// A text in one line ([`visible`]), without its middle if it is long.
pub fn short(text: &str) -> String {
    shorten(text, LONGEST)
}

/// As [`short`], with at most about so many characters.
pub fn shorten(text: &str, longest: usize) -> String {
    let text = visible(text);
    let count = text.chars().count();
    if count <= longest {
        return text;
    }
    let head: String = text.chars().take(longest * 3 / 4).collect();
    let tail: String = text.chars().skip(count - longest / 8).collect();
    format!("{head}...({} more)...{tail}", count - longest * 3 / 4 - longest / 8)
}

/// A text in one line: what does not show, or begins a new line, is written as the
/// notation writes bytes.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_strange(c) {
            true => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| {
                write!(out, "\\x{byte:02x}").expect("writing to a string does not fail");
            }),
            false => out.push(c),
        }
    }
    out
}

/// Control characters, separators of lines, marks that turn the direction of text, and
/// what is no character.
fn is_strange(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn check(line: &str, got: &str) {
        assert_eq!(steps(&sample::fail(&[line]))[0].got.as_deref(), Some(got));
    }

    #[test]
    fn only_the_fields_that_were_compared_are_told() {
        check("stat path=f -> nlink=1 size=3 => ok type=file nlink=1 uid=0 size=2", "ok nlink=1 size=2");
        check("stat path=f => ok type=file nlink=1", "ok");
        check("stat path=f -> ok => ok type=file", "ok");
        check("stat path=f -> ENOENT => EACCES", "EACCES");
        check("teleport path=f -> ok => ok speed=3", "ok speed=3");
    }

    #[test]
    fn what_was_saved_is_told_where_it_is_compared() {
        let told = |lines: &[&str]| -> Vec<String> {
            steps(&sample::fail(lines)).into_iter().map(|step| step.got.unwrap()).collect()
        };
        let before = "stat path=f -> as=before => ok ino=7 ctime_ns=5";
        assert_eq!(
            told(&[before, "stat path=f -> ctime_ns>before.ctime_ns => ok ino=7 ctime_ns=5"]),
            ["ok ctime_ns=5", "ok ctime_ns=5"]
        );
        let tree = "tree path=. -> as=t => ok entries=a,b";
        assert_eq!(told(&[tree, "tree path=. -> same=t => ok entries=b,c"]), ["ok", "ok -entries=a +entries=c"]);
    }

    #[test]
    fn long_texts_lose_their_middle() {
        let told = short(&format!("unlink path={}", "p".repeat(4000)));
        assert!(told.len() < 300 && told.contains("...(3802 more)...p"), "{told}");
    }

    #[test]
    fn what_does_not_show_is_written_as_bytes() {
        assert_eq!(visible("a # \\ é\n\t\x1b[31m\0"), "a # \\ é\\x0a\\x09\\x1b[31m\\x00");
        assert_eq!(
            visible("\u{2028}\u{202e}\u{feff}\u{85}"),
            "\\xe2\\x80\\xa8\\xe2\\x80\\xae\\xef\\xbb\\xbf\\xc2\\x85"
        );
    }
}
