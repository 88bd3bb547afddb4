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

/// The only calls about something outside of the case's directory: they ask, or fail.
const OUTSIDE: [&str; 8] = [
    r#"src = open("/proc/self/comm", O_RDONLY)"#,
    r#"statvfs("/proc")"#,
    r#"statvfs("/dev/null")"#,
    r#"pathconf("/proc", "PC_LINK_MAX")"#,
    r#"listxattr("/proc")"#,
    r#"mkdir("/")"#,
    r#"makedirs("/")"#,
    r#"makedirs("/", exist_ok=True)"#,
];

/// Whether a call stays in the case's directory. The tests run as root too, and a list of
/// `fchmod` with every kind of descriptor must not come to the machine's devices.
pub(crate) fn is_confined(step: &Step) -> bool {
    let is_absolute =
        ["(\"/", "b\"/", " \"/", "=\"/"].iter().any(|start| step.text.replace("+ \"/", "").contains(start));
    let leaves = is_absolute || step.text.contains("../..");
    !leaves || OUTSIDE.contains(&step.text.as_str())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_outside_of_the_directory_is_seen() {
        for (text, expected) in [
            (r#"fd = open("/dev/null", O_RDWR)"#, false),
            (r#"rename("f", "/tmp/f")"#, false),
            (r#"unlink(b"/x")"#, false),
            (r#"chmod(Path("/x"), 0)"#, false),
            (r#"rmdir("../../x")"#, false),
            (r#"stat(TOP + "/f")"#, true),
            (r#"rename("f", "d/f")"#, true),
            (r#"statvfs("/proc")"#, true),
        ] {
            assert_eq!(is_confined(&Step::read(text)), expected, "{text}");
        }
    }

    #[test]
    fn no_case_reaches_outside_of_its_directory() {
        for case in crate::all_cases() {
            for step in &case.steps {
                assert!(is_confined(step), "{}: {}", case.id, step.text);
            }
        }
    }
}
