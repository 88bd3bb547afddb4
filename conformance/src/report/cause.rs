//! What is behind a result that did not pass, so that results of one cause can be told
//! as one: what the step was about that decided it, and how it differs.
//!
//! Names, numbers of descriptors and the values of one case alone are left out:
//! `stat: uid: expected the caller's, got 0` is one cause in a hundred cases.

use std::fmt;

use fs_core::op::{Check, Compare, Line, Operand, Outcome, Value, Want, Word};

use super::judged::{self, Judged, Saved};
use crate::event::{CaseResult, Status, Step};

/// What is behind a result that did not pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    /// The operation, with the arguments that matter, and the field that differs:
    /// `rename flags=EXCHANGE`, `stat: uid`.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What came back instead.
    pub got: String,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.what, self.expected, self.got)
    }
}

/// What is behind a result: the first of [`causes`].
pub fn cause(result: &CaseResult) -> Option<Cause> {
    causes(result).into_iter().next()
}

/// All that the last step shows to be behind a result: more than one if several fields
/// differ. None of a result that passed, or was skipped.
pub fn causes(result: &CaseResult) -> Vec<Cause> {
    let found = match result.status {
        Status::Pass | Status::Skip => return Vec::new(),
        Status::Fail => differences(&result.steps),
        Status::Blocked => blocked(&result.steps).into_iter().collect(),
        Status::Timeout => result.steps.last().filter(|last| last.got.is_none()).map(unanswered).into_iter().collect(),
        Status::Error => Vec::new(),
    };
    match found.is_empty() {
        true => vec![of_reason(result)],
        false => found,
    }
}

/// Words of errors by which a file system refuses what it is asked, whatever was
/// expected of it: one cause, however much it makes fail.
pub(super) fn is_refusal(got: &str) -> bool {
    matches!(got, "EIO" | "EINVAL" | "ENODEV" | "ENOSYS" | "ENOTCONN" | "ENOTTY" | "EOPNOTSUPP" | "ESTALE")
}

/// How what came back differs from what was wanted.
fn differences(steps: &[Step]) -> Vec<Cause> {
    let Some((last, before)) = steps.split_last() else {
        return Vec::new();
    };
    let text = judged::text(last);
    let Some(judged) = judged::judged(&text, last) else {
        return Vec::new();
    };
    let Some((want, got)) = judged.both() else {
        return Vec::new();
    };
    let what = call(&judged.line);
    if !want.words.contains(&got.word) {
        let words: Vec<String> = want.words.iter().map(ToString::to_string).collect();
        return vec![Cause { what, expected: words.join("|"), got: got.word.to_string() }];
    }
    let saved = judged::saved(before);
    let caller = caller(before, &judged);
    let of_field = |check: &Check| {
        let alone = Want { words: vec![Word::Ok], checks: vec![check.clone()], same: None };
        let (expected, got) = match alone.matches(got, |name| saved.get(name)) {
            true => return None,
            false => differ(check, got, &saved, caller.as_deref()),
        };
        Some(Cause { what: format!("{what}: {}", check.field), expected, got })
    };
    let mut found: Vec<Cause> = want.checks.iter().filter_map(of_field).collect();
    let same = want.same.as_ref().and_then(|name| saved.get(name));
    if let Some(same) = same.filter(|same| !same.same(got)) {
        found.push(Cause { what, expected: "no change".to_owned(), got: changed(same, got) });
    }
    found
}

/// How one field differs from what was wanted of it.
fn differ(check: &Check, got: &Outcome, saved: &Saved, caller: Option<&str>) -> (String, String) {
    let Some(value) = got.get(check.field) else {
        return (check.to_string(), "no such field".to_owned());
    };
    let (wanted, before) = match &check.operand {
        Operand::Value(value) => (Some(value), None),
        Operand::Saved(name, field) => {
            let value = saved.get(name).and_then(|outcome| outcome.get(field));
            (value, value.is_some().then_some("before"))
        }
    };
    let Some(wanted) = wanted else {
        return (check.to_string(), value.to_string());
    };
    let is_time = check.field.ends_with("_ns");
    match (check.field, value, wanted, check.compare) {
        ("uid" | "gid", _, _, Compare::Equal) => (owner(wanted, caller), owner(value, caller)),
        ("mode", Value::Mode(got), Value::Mode(wanted), Compare::Equal) => mode(*wanted, *got),
        (_, Value::Word(_), _, _) => (wanted.to_string(), value.to_string()),
        (_, Value::List(got), Value::List(wanted), _) => ("what is there".to_owned(), list(wanted, got)),
        (_, Value::Bytes(got), Value::Bytes(wanted), _) => {
            let got = match got.resolve().len().cmp(&wanted.resolve().len()) {
                std::cmp::Ordering::Less => "fewer bytes",
                std::cmp::Ordering::Equal => "other bytes",
                std::cmp::Ordering::Greater => "more bytes",
            };
            ("what was written".to_owned(), got.to_owned())
        }
        _ => {
            let of = match (before, is_time) {
                (Some(_), _) => "before",
                (None, true) => "the time that was set",
                (None, false) => "that",
            };
            let expected = match (check.compare, before) {
                (Compare::Equal, Some(_)) => "the same as before".to_owned(),
                (Compare::Equal, None) if is_time => of.to_owned(),
                (Compare::Equal, None) => opposite(relation(wanted, value)).to_owned(),
                (Compare::NotEqual, _) => "another".to_owned(),
                (Compare::Less, _) => format!("less than {of}"),
                (Compare::LessOrEqual, _) => format!("no more than {of}"),
                (Compare::Greater, _) => format!("more than {of}"),
                (Compare::GreaterOrEqual, _) => format!("no less than {of}"),
            };
            (expected, relation(wanted, value).to_owned())
        }
    }
}

/// How a number is beside the one that it is compared with.
fn relation(wanted: &Value, got: &Value) -> &'static str {
    match (wanted.as_number(), got.as_number()) {
        (Some(wanted), Some(got)) if got < wanted => "less",
        (Some(wanted), Some(got)) if got > wanted => "more",
        (Some(_), Some(_)) => "the same",
        _ => "another",
    }
}

fn opposite(relation: &str) -> &str {
    match relation {
        "more" => "less",
        "less" => "more",
        _ => "another",
    }
}

/// The actors' ids, by which they are told apart from users of the machine.
const IDS: [(i128, &str); 3] = [(65501, "owner"), (65502, "other"), (65503, "member")];

/// Whose id it is, seen from who made or changed the file.
fn owner(id: &Value, caller: Option<&str>) -> String {
    let role = id.as_number().and_then(|id| IDS.into_iter().find(|(known, _)| *known == id));
    match role {
        Some((_, role)) if Some(role) == caller => "the caller's".to_owned(),
        Some((_, role)) => format!("{role}'s"),
        None => id.to_string(),
    }
}

/// The last actor before a step who is not who runs.
fn caller(before: &[Step], last: &Judged<'_>) -> Option<String> {
    let of_last = last.line.actor.as_ref().map(|actor| actor.name.as_str().to_owned());
    let of_step = |step: &Step| {
        let actor = step.op.strip_prefix('@')?.split([' ', '.']).next()?;
        IDS.iter().any(|(_, role)| *role == actor).then(|| actor.to_owned())
    };
    before.iter().rev().find_map(of_step).or(of_last)
}

/// Which bits of a mode are missing, or too many.
fn mode(wanted: u32, got: u32) -> (String, String) {
    const SPECIAL: [(u32, &str); 3] = [(0o4000, "set-user-ID"), (0o2000, "set-group-ID"), (0o1000, "the sticky bit")];
    let (missing, extra) = (wanted & !got, got & !wanted);
    if let Some((_, name)) = SPECIAL.iter().find(|(bit, _)| missing & bit != 0) {
        return ((*name).to_owned(), "none".to_owned());
    }
    if let Some((_, name)) = SPECIAL.iter().find(|(bit, _)| extra & bit != 0) {
        return (format!("no {}", name.trim_start_matches("the ")), "it set".to_owned());
    }
    let got = match (missing, extra) {
        (_, 0) => "fewer",
        (0, _) => "more",
        _ => "others",
    };
    ("the permissions that were given".to_owned(), got.to_owned())
}

/// How a list is beside the one that was wanted.
fn list(wanted: &[Vec<u8>], got: &[Vec<u8>]) -> String {
    let missing = wanted.iter().any(|name| !got.contains(name));
    let extra = got.iter().any(|name| !wanted.contains(name));
    match (missing, extra) {
        (true, false) => "fewer",
        (false, true) => "more",
        (true, true) => "others",
        (false, false) => "them in another order, or twice",
    }
    .to_owned()
}

/// Which fields have changed.
fn changed(before: &Outcome, after: &Outcome) -> String {
    let is_other = |field: &&fs_core::op::Field| !before.get(field.name).is_some_and(|value| value.same(&field.value));
    let fields: Vec<&str> = after.fields.iter().filter(is_other).map(|field| field.name).collect();
    match before.word == after.word {
        true => format!("other {}", fields.join(", ")),
        false => after.word.to_string(),
    }
}

/// The step that kept a case from getting as far as its claim.
fn blocked(steps: &[Step]) -> Option<Cause> {
    let (last, before) = steps.split_last()?;
    // If the last step uses what no step has bound, it is the one that should have.
    let is_culprit =
        |step: &&Step| step.op.contains(" -> ") && step.got.as_deref().is_some_and(|got| word(got) != "ok");
    let prepares = last.want.is_none() && last.got.as_deref().is_some_and(|got| word(got) != "ok");
    let culprit = if prepares { last } else { before.iter().rev().find(is_culprit)? };
    let got = culprit.got.as_deref().map(word).unwrap_or_default();
    Some(Cause { what: call_of(&culprit.op), expected: "ok".to_owned(), got: got.to_owned() })
}

fn unanswered(step: &Step) -> Cause {
    Cause { what: call_of(&step.op), expected: "an answer".to_owned(), got: "none".to_owned() }
}

/// The cause as far as only the reason tells it.
fn of_reason(result: &CaseResult) -> Cause {
    let reason = result.reason.as_deref().unwrap_or("no reason");
    // `step 3: ` differs from case to case.
    let told = match reason.split_once(": ") {
        Some((step, rest)) if step.starts_with("step ") => rest,
        _ => reason,
    };
    // So does the line between the quotes.
    let told = match told.strip_prefix('`').and_then(|rest| rest.split_once("`: ")) {
        Some((_, rest)) => rest,
        None => told,
    };
    let what = result.steps.last().map_or_else(|| "the case".to_owned(), |step| call_of(&step.op));
    let expected = if result.status == Status::Error { "that it can be run" } else { "its claim" };
    Cause { what, expected: expected.to_owned(), got: told.to_owned() }
}

fn word(outcome: &str) -> &str {
    outcome.split(' ').next().unwrap_or_default()
}

/// The kind of call of a step's line, by which [`Cause::what`] names it.
pub(crate) fn call_of(op: &str) -> String {
    match Line::parse(op) {
        Ok(line) => call(&line),
        Err(_) => word(op).to_owned(),
    }
}

/// The operation with the arguments that say what kind of call it is.
fn call(line: &Line<'_>) -> String {
    let subject = Line { actor: None, save: None, want: None, ..line.clone() }.subject();
    let fields = subject.split(' ').take_while(|word| *word != "->");
    let kept: Vec<String> = fields.filter_map(|field| kept(line.op.name(), field)).collect();
    kept.join(" ")
}

/// A word of a line, if it says what kind of call it is.
fn kept(name: &str, field: &str) -> Option<String> {
    let Some((key, value)) = field.split_once('=') else {
        return Some(field.to_owned());
    };
    let is_flags = value.starts_with(|c: char| c.is_ascii_uppercase());
    match (name, key) {
        // How a file is opened matters less than that a new one is made, or none is opened.
        ("open" | "openat2", "flags") => {
            let kinds = value.split('|').filter(|flag| matches!(*flag, "CREAT" | "DIRECT" | "PATH" | "TMPFILE"));
            let kinds: Vec<&str> = kinds.collect();
            (!kinds.is_empty()).then(|| format!("flags={}", kinds.join("|")))
        }
        ("syscall" | "pathconf", "name") => Some(field.to_owned()),
        ("getxattr" | "setxattr" | "removexattr", "name") => {
            let space = value.split_once('.').map(|(space, _)| space);
            space.map(|space| format!("name={space}.*"))
        }
        ("setlk" | "getlk", "owner") | ("mknod", "kind") => Some(field.to_owned()),
        (_, "flags" | "whence" | "command" | "operation" | "advice" | "resolve") if is_flags => Some(field.to_owned()),
        ("fallocate", "mode") if is_flags => Some(field.to_owned()),
        (_, "follow" | "default") => Some(field.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    /// The causes of a failure with these steps, each a line `OP [-> WANT] => GOT`.
    fn check(steps: &[&str], wanted: &[&str]) {
        let told: Vec<String> = causes(&sample::fail(steps)).iter().map(ToString::to_string).collect();
        assert_eq!(told, wanted);
    }

    #[test]
    fn words_differ_whatever_the_names_are() {
        check(
            &["rename src=a dst=b flags=EXCHANGE -> ENOENT => ok"],
            &["rename flags=EXCHANGE: expected ENOENT, got ok"],
        );
        check(&["@other.2 rename src=x dst=y -> EACCES|EPERM => ok"], &["rename: expected EACCES|EPERM, got ok"]);
        check(
            &["open path=f flags=CREAT|EXCL|RDWR mode=0644 -> ok fd=1 => EIO"],
            &["open flags=CREAT: expected ok, got EIO"],
        );
        check(&["stat path=f follow=no -> type=symlink => ENOENT"], &["stat follow=no: expected ok, got ENOENT"]);
        check(&["syscall name=fstatfs args=fd:1 -> ok => ENOENT"], &["syscall name=fstatfs: expected ok, got ENOENT"]);
        check(
            &["getxattr path=f name=user.k -> ENODATA => ok value="],
            &["getxattr name=user.*: expected ENODATA, got ok"],
        );
    }

    #[test]
    fn ids_are_told_by_whose_they_are() {
        let made = "@owner open path=f flags=CREAT|WRONLY -> fd=1 => ok";
        check(&[made, "stat path=f -> uid=65501 => ok uid=0"], &["stat: uid: expected the caller's, got 0"]);
        check(&[made, "stat path=f -> gid=65502 => ok gid=65501"], &["stat: gid: expected other's, got the caller's"]);
    }

    #[test]
    fn fields_differ_by_how_and_each_is_a_cause() {
        check(&["stat path=f -> mode=02755 => ok mode=0755"], &["stat: mode: expected set-group-ID, got none"]);
        check(&["stat path=f -> mode=0755 => ok mode=04755"], &["stat: mode: expected no set-user-ID, got it set"]);
        check(
            &["stat path=f -> mode=0600 => ok mode=0644"],
            &["stat: mode: expected the permissions that were given, got more"],
        );
        check(
            &["stat fd=1 -> size=7 nlink=0 type=file => ok type=file nlink=1 size=9"],
            &["stat: size: expected less, got more", "stat: nlink: expected less, got more"],
        );
        check(&["stat path=f -> type=file => ok type=dir"], &["stat: type: expected file, got dir"]);
        check(&["listdir -> names=a,b => ok names=a,b,.hidden"], &["listdir: names: expected what is there, got more"]);
        check(
            &["pread fd=1 length=9 offset=0 -> data=hello => ok count=2 data=he"],
            &["pread: data: expected what was written, got fewer bytes"],
        );
    }

    #[test]
    fn relations_to_what_was_saved_are_told_as_relations() {
        let before = "stat path=f -> as=before => ok ino=7 mtime_ns=5 ctime_ns=5";
        check(
            &[before, "stat path=f -> ctime_ns>before.ctime_ns => ok ctime_ns=5"],
            &["stat: ctime_ns: expected more than before, got the same"],
        );
        check(
            &[before, "stat path=f -> mtime_ns=before.mtime_ns => ok mtime_ns=6"],
            &["stat: mtime_ns: expected the same as before, got more"],
        );
        check(&[before, "stat path=f -> ino!=before.ino => ok ino=7"], &["stat: ino: expected another, got the same"]);
        check(
            &["tree path=. -> as=t => ok entries=a", "tree path=. -> same=t => ok entries=a,b"],
            &["tree: expected no change, got other entries"],
        );
    }

    #[test]
    fn a_blocked_case_has_the_cause_of_the_step_that_did_not_prepare() {
        let check = |steps: &[&str], wanted: &str| {
            let result = CaseResult { status: Status::Blocked, ..sample::fail(steps) };
            assert_eq!(cause(&result).unwrap().to_string(), wanted);
        };
        check(&["mkdir path=d => ok", "link src=a dst=b => EPERM"], "link: expected ok, got EPERM");
        check(
            &["open path=f -> ok|ENOENT fd=1 => ENOENT", "unlink path=g -> ENOENT => ENOENT", "stat fd=1 -> ok"],
            "open: expected ok, got ENOENT",
        );
        // The same as that of the case which claims that it works.
        let claims = sample::fail(&["link src=a dst=b -> ok => EPERM"]);
        assert_eq!(cause(&claims).unwrap().to_string(), "link: expected ok, got EPERM");
    }

    #[test]
    fn what_is_not_told_by_a_step_is_told_by_the_reason() {
        let result = |status, reason: &str, steps: &[&str]| CaseResult {
            status,
            reason: Some(reason.to_owned()),
            ..sample::fail(steps)
        };
        let told = |result: CaseResult| cause(&result).unwrap().to_string();
        let hangs = result(Status::Timeout, "step 1: `open path=p` did not return", &["open path=p -> fd=1"]);
        assert_eq!(told(hangs), "open: expected an answer, got none");
        let wrong = result(Status::Error, "step 2: `wait`: no call of `self` is blocked", &["wait -> ok"]);
        assert_eq!(told(wrong), "wait: expected that it can be run, got no call of `self` is blocked");
        let lost = result(Status::Blocked, "the file system no longer answers", &[]);
        assert_eq!(told(lost), "the case: expected its claim, got the file system no longer answers");
        assert_eq!(causes(&CaseResult { status: Status::Pass, ..sample::fail(&["stat path=. -> ok => ok"]) }), []);
        let strange = sample::fail(&["teleport path=a -> ok => ENOSYS"]);
        assert!(told(strange).starts_with("teleport: expected its claim, got "));
    }
}
