//! JUnit XML as Jenkins reads it: a suite for each target. The first words of an id are
//! the class, which groups the cases in its pages.
//!
//! A FAIL, a TIMEOUT and a BLOCKED are failures, of the type of that name; an ERROR is an
//! error. The format has no failure that is expected: as pytest does, what is excused is
//! told as skipped, with the type `excused.known` or `excused.class`, so that it is seen
//! and counted, and does not fail the build.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::failure;
use super::told::{self, visible};
use crate::event::{Begin, CaseResult, Event, ExcuseKind, Status, TargetInfo};

/// The report, while the results come in: the format has its counts at its beginning.
pub struct Junit {
    again: String,
    /// The targets, in the order of the suites.
    targets: Vec<String>,
    suites: Vec<TestSuite>,
}

impl Junit {
    pub(super) fn new(again: String) -> Self {
        Junit { again, targets: Vec::new(), suites: Vec::new() }
    }

    pub(super) fn tell(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        match event {
            Event::Begin(begin) => {
                self.targets = begin.targets.iter().map(|target| target.name.clone()).collect();
                self.suites = begin.targets.iter().map(|target| suite(begin, target)).collect();
                Ok(())
            }
            Event::Case(result) => {
                let case = case(result, &self.again);
                if let Some(place) = self.targets.iter().position(|name| *name == result.target) {
                    let suite = &mut self.suites[place];
                    suite.time = Some(suite.time.unwrap_or_default() + Duration::from_nanos(result.duration_ns));
                    suite.add_test_case(case);
                }
                Ok(())
            }
            Event::End(end) => {
                let mut report = quick_junit::Report::new("conformance");
                report.set_time(Duration::from_nanos(end.duration_ns));
                report.add_test_suites(std::mem::take(&mut self.suites));
                let text = report.to_string().map_err(io::Error::other)?;
                out.write_all(as_jenkins_has_it(&text).as_bytes())
            }
        }
    }
}

/// The text without the count of all that was skipped, which each suite has for itself:
/// Jenkins' schema does not know it of the whole, and refuses the file.
fn as_jenkins_has_it(text: &str) -> String {
    let Some((head, rest)) = text.split_once(" skipped=\"") else {
        return text.to_owned();
    };
    format!("{head}{}", rest.split_once('"').map_or(rest, |(_, rest)| rest))
}

fn suite(begin: &Begin, target: &TargetInfo) -> TestSuite {
    let mut suite = TestSuite::new(visible(&target.name));
    if let Some(time) = i64::try_from(begin.time_s).ok().and_then(|time| chrono::DateTime::from_timestamp(time, 0)) {
        suite.set_timestamp(time);
    }
    let uid = begin.uid.to_string();
    let properties = [
        ("version", &begin.version),
        ("kernel", &begin.kernel),
        ("machine", &begin.machine),
        ("uid", &uid),
        ("confinement", &begin.confinement),
        ("directory", &target.dir),
        ("file_system", &target.fs_type),
        ("source", &target.fs_source),
        ("options", &target.options),
    ];
    for (name, value) in properties {
        suite.add_property((name, visible(value).as_str()));
    }
    suite
}

fn case(result: &CaseResult, again: &str) -> TestCase {
    let (class, name) = names(&result.id);
    let mut case = TestCase::new(visible(name), status(result, again));
    case.set_classname(visible(class));
    case.set_time(Duration::from_nanos(result.duration_ns));
    case
}

fn status(result: &CaseResult, again: &str) -> TestCaseStatus {
    let mut status = match (&result.excused, result.status) {
        (None, Status::Pass) => return TestCaseStatus::success(),
        (Some(_), _) | (None, Status::Skip) => TestCaseStatus::skipped(),
        (None, Status::Error) => TestCaseStatus::non_success(NonSuccessKind::Error),
        (None, Status::Fail | Status::Timeout | Status::Blocked) => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
    };
    let reason = told::short(result.reason.as_deref().unwrap_or_default());
    match &result.excused {
        Some(excused) => {
            status.set_message(visible(&excused.cause));
            status.set_type(match excused.kind {
                ExcuseKind::Known => "excused.known",
                ExcuseKind::Class => "excused.class",
            });
        }
        None => {
            status.set_message(reason.clone());
            status.set_type(result.status.as_str());
        }
    }
    if result.status != Status::Skip {
        let mut details = Vec::new();
        failure::write(result, again, &mut details).expect("writing to memory does not fail");
        let details = String::from_utf8_lossy(&details).into_owned();
        status.set_description(format!("{} {}\n{details}", result.status, reason));
    }
    status
}

/// The class and the name of an id: `rename` and `loop` of `rename.loop`; of a case of a
/// product, `rename.types` and the rest.
fn names(id: &str) -> (&str, &str) {
    let mut dots = id.match_indices('.').map(|(at, _)| at);
    let first = dots.next();
    match dots.next().or(first) {
        Some(at) => (&id[..at], &id[at + 1..]),
        None => ("", id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_of_an_id_are_the_class() {
        assert_eq!(names("rename.loop"), ("rename", "loop"));
        assert_eq!(names("rename.types.file.dir.self"), ("rename.types", "file.dir.self"));
        assert_eq!(names("x"), ("", "x"));
    }
}
