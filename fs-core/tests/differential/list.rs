//! The list of cases, and how it is written: a line `case ID`, and below it, indented, the
//! calls. `#` begins a comment.

use std::fmt::Write as _;

use crate::parse::Step;

/// Calls that are made one after the other in a fresh directory.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) steps: Vec<Step>,
}

impl Case {
    pub(crate) fn new<S: AsRef<str>>(id: impl Into<String>, steps: impl IntoIterator<Item = S>) -> Self {
        Case { id: id.into(), steps: steps.into_iter().map(|step| Step::read(step.as_ref())).collect() }
    }
}

/// Reads cases written by hand; their ids begin with `subject`.
pub(crate) fn read(subject: &str, text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        match line.strip_prefix("case ") {
            Some(name) => cases.push(Case { id: format!("{subject}.{}", name.trim()), steps: Vec::new() }),
            None => cases.last_mut().expect("a case before its calls").steps.push(Step::read(line)),
        }
    }
    cases
}

/// Writes the fixture and the cases for the oracle.
pub(crate) fn write(fixture: &[Step], cases: &[Case]) -> String {
    let mut text = "case fixture\n".to_owned();
    let add = |steps: &[Step], text: &mut String| {
        for step in steps {
            assert!(step.text.is_ascii(), "{}: the list is ASCII", step.text);
            writeln!(text, "  {}", step.text).expect("a String takes everything");
        }
    };
    add(fixture, &mut text);
    for case in cases {
        writeln!(text, "case {}", case.id).expect("a String takes everything");
        add(&case.steps, &mut text);
    }
    text
}
