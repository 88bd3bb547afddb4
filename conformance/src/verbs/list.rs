//! `conformance list`.

use std::fmt::Write;

use crate::cli::List;
use crate::exit::Failure;
use crate::worker::Role;
use crate::{generate, needs, select};

pub(super) fn list(arguments: &List) -> Result<u8, Failure> {
    if arguments.needs {
        return print_words(needs::NEEDS.iter().map(|need| (need.name, need.about)).collect());
    }
    if arguments.actors {
        return print_words(Role::all().map(|role| (role.as_str(), role.about())).collect());
    }
    if arguments.classes {
        return print_words(generate::CLASSES.iter().map(|class| (class.name, class.about)).collect());
    }
    let cases = super::read_cases(arguments.cases.cases.as_deref())?;
    let cases = select::select(cases, &arguments.cases.globs, None);
    if cases.is_empty() {
        return Err(Failure::NothingSelected("no case matches".to_owned()));
    }
    let mut out = String::new();
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or_default();
    for case in &cases {
        let written = match arguments.long {
            false => writeln!(out, "{}", case.id),
            true => writeln!(out, "{:width$}  {:<11}  {}: {}", case.id, case.class, case.source, case.claim),
        };
        written.expect("writing to a string does not fail");
    }
    super::print(out.as_bytes())
}

fn print_words(words: Vec<(&str, &str)>) -> Result<u8, Failure> {
    let width = words.iter().map(|(word, _)| word.len()).max().unwrap_or_default();
    let lines: String = words.iter().map(|(word, about)| format!("{word:width$}  {about}\n")).collect();
    super::print(lines.as_bytes())
}
