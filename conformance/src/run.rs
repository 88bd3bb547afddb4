//! Runs one case on one target, and judges it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fs_core::op::{Bytes, Field, Line, Name, Outcome, Value, Want, Word};

use crate::case::Case;
use crate::event::{CaseResult, Status, Step};
use crate::target::Target;
use crate::worker::{StepError, Workers, Zygote};

/// What was found out about a case.
struct Verdict {
    status: Status,
    reason: Option<String>,
    steps: Vec<Step>,
}

/// Runs a case in a fresh directory of the target. `patience` is how long the case
/// may take.
///
/// # Errors
/// [`StepError::Interrupted`]; anything else is a result.
pub fn run(case: &Case, target: &Target, zygote: &Zygote, patience: Duration) -> Result<CaseResult, StepError> {
    let start = Instant::now();
    let verdict = match unmet(case, target) {
        _ if target.is_lost() => Verdict {
            status: Status::Blocked,
            reason: Some("the file system no longer answers".to_owned()),
            steps: Vec::new(),
        },
        Some(why) => Verdict { status: Status::Skip, reason: Some(why), steps: Vec::new() },
        None => {
            let workers = zygote.enter_new(target.scratch.dir()).with_mounts(case.mounts.clone());
            take(case, workers, start + patience)?
        }
    };
    Ok(CaseResult {
        id: case.id.clone(),
        target: target.info.name.clone(),
        status: verdict.status,
        class: case.class.to_string(),
        clause: case.source.clone(),
        claim: case.claim.clone(),
        duration_ns: start.elapsed().as_nanos().try_into().unwrap_or(u64::MAX),
        reason: verdict.reason,
        excused: None,
        steps: verdict.steps,
    })
}

/// Why the case cannot be run on the target.
fn unmet(case: &Case, target: &Target) -> Option<String> {
    let why = |need: &&str| target.info.probes.get(*need).and_then(Option::as_ref).map(|why| format!("{need}: {why}"));
    case.needs.iter().find_map(why)
}

fn take(case: &Case, mut workers: Workers<'_>, deadline: Instant) -> Result<Verdict, StepError> {
    workers.set_deadline(Some(deadline));
    let verdict = take_steps(case, &mut workers)?;
    let ended = workers.end();
    // What goes wrong after the last step must not be lost.
    Ok(match (ended, verdict.status) {
        (Err(StepError::Timeout), Status::Pass | Status::Skip) => {
            let reason =
                Some("after the last step: a process does not end, or its directory is not removed".to_owned());
            Verdict { status: Status::Timeout, reason, ..verdict }
        }
        (Err(error), Status::Pass | Status::Skip) => {
            Verdict { status: Status::Error, reason: Some(format!("after the last step: {error}")), ..verdict }
        }
        _ => verdict,
    })
}

fn take_steps(case: &Case, workers: &mut Workers<'_>) -> Result<Verdict, StepError> {
    let mut saved: BTreeMap<Name, Outcome> = BTreeMap::new();
    let mut steps = Vec::with_capacity(case.steps.len());
    for (index, line) in case.steps.iter().enumerate() {
        let result = workers.send_ahead(&case.steps[index..]).and_then(|()| workers.run(line));
        if result == Err(StepError::Interrupted) {
            return Err(StepError::Interrupted);
        }
        let judged = judge(line, &result, &saved);
        steps.push(Step {
            op: line.subject(),
            want: line.want.as_ref().map(ToString::to_string),
            got: result.as_ref().ok().map(|got| shortest(got, line.want.as_ref())),
        });
        if let Some((status, what)) = judged {
            let reason = Some(format!("step {}: {what}", index + 1));
            return Ok(Verdict { status, reason, steps });
        }
        if let (Some(name), Ok(outcome)) = (&line.save, result) {
            saved.insert(name.clone(), outcome);
        }
    }
    Ok(Verdict { status: Status::Pass, reason: None, steps })
}

/// How the case ends with this step, if it does.
fn judge(
    line: &Line<'_>,
    result: &Result<Outcome, StepError>,
    saved: &BTreeMap<Name, Outcome>,
) -> Option<(Status, String)> {
    let op = || Line { want: None, ..line.clone() }.subject();
    let got = match result {
        Ok(got) => got,
        Err(StepError::Timeout) => return Some((Status::Timeout, format!("`{}` did not return", op()))),
        Err(StepError::Unbound(register)) => {
            return Some((Status::Blocked, format!("`{}` uses {register}, which no step has bound", op())));
        }
        Err(StepError::Unavailable(why)) => return Some((Status::Skip, why.clone())),
        Err(error) => return Some((Status::Error, format!("`{}`: {error}", op()))),
    };
    let Some(want) = &line.want else {
        return match got.word {
            Word::Ok => None,
            _ => Some((Status::Blocked, format!("`{}`, which prepares, gave {got}", op()))),
        };
    };
    if got.word == Word::Ok
        && let Some(name) = want.needs().find(|name| !saved.contains_key(name))
    {
        return Some((Status::Blocked, format!("`{}` is compared with `{name}`, which was not saved", op())));
    }
    match want.matches(got, |name| saved.get(name)) {
        true => None,
        false => Some((Status::Fail, format!("expected {want}, got {}", telling(got, want)))),
    }
}

/// An outcome with the fields that were compared, if it was the fields that differ.
fn telling(got: &Outcome, want: &Want) -> String {
    if got.word != Word::Ok || want.same.is_some() {
        return shortest(got, Some(want));
    }
    let compared = |field: &&Field| want.checks.iter().any(|check| check.field == field.name);
    let fields: Vec<Field> = got.fields.iter().filter(compared).cloned().collect();
    shortest(&Outcome { word: Word::Ok, fields }, Some(want))
}

/// An outcome as text. Data that is what was wanted is written as it was wanted
/// there, and long data of one byte as its repetition.
fn shortest(got: &Outcome, want: Option<&Want>) -> String {
    let mut got = got.clone();
    for field in &mut got.fields {
        let Value::Bytes(bytes) = &field.value else {
            continue;
        };
        let checks = want.iter().flat_map(|want| &want.checks).filter(|check| check.field == field.name);
        let wanted = checks.filter_map(|check| match &check.operand {
            fs_core::op::Operand::Value(value) => Some(value),
            fs_core::op::Operand::Saved(..) => None,
        });
        let bytes = bytes.resolve();
        let same = wanted.clone().find(|value| value.same(&field.value)).cloned();
        let repeated = match &bytes[..] {
            [first, rest @ ..] if rest.len() >= 64 && rest.iter().all(|byte| byte == first) => {
                let unit = vec![*first].into();
                Some(Value::Bytes(Bytes::Repeat { unit, count: bytes.len() as u64 }))
            }
            _ => None,
        };
        if let Some(short) = same.or(repeated) {
            field.value = short;
        }
    }
    got.to_string()
}
