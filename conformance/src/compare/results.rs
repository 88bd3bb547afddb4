//! Whether two results of one case differ.

use crate::event::{CaseResult, Excused, Status};
use crate::report::cause::{Cause, call_of, causes};

/// A result that differs from the one of the same case in the other log.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The case.
    pub id: String,
    /// Which pair of targets.
    pub pair: usize,
    /// The clause of the case.
    pub clause: String,
    /// How binding it is.
    pub class: String,
    /// What is claimed.
    pub claim: String,
    /// How it is in A, and in B.
    pub sides: [Side; 2],
}

/// One of two results.
#[derive(Clone, Debug)]
pub struct Side {
    /// How it ended.
    pub status: Status,
    /// Why it did not pass.
    pub reason: Option<String>,
    /// Why it does not count, if it does not.
    pub excused: Option<Excused>,
    /// What is behind it.
    pub causes: Vec<Cause>,
    /// The words that came back, step by step.
    pub words: Vec<String>,
    /// The whole of it, if it did not pass.
    pub result: Option<Box<CaseResult>>,
}

/// A step of a case that passed, with an outcome that is allowed to differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The case.
    pub id: String,
    /// Which pair of targets.
    pub pair: usize,
    /// The clause of the case.
    pub clause: String,
    /// How binding it is.
    pub class: String,
    /// Who and what.
    pub op: String,
    /// The kind of call, by which cases are told together.
    pub what: String,
    /// What was wanted.
    pub wanted: String,
    /// The word in A, and in B.
    pub got: [String; 2],
}

/// What is kept of a result until that of the other log is read.
#[derive(Clone, Debug)]
pub(super) struct Kept(Side);

/// How two results are.
pub(super) enum Verdict {
    Same,
    Allowed(Allowed),
    Different(Box<Difference>),
}

impl Kept {
    pub(super) fn of(result: &CaseResult) -> Kept {
        Kept(side(result))
    }
}

/// Compares the result of A, of which something was kept, with that of B.
pub(super) fn judge(pair: usize, Kept(a): Kept, of_b: &CaseResult) -> Verdict {
    let b = side(of_b);
    if a.status == b.status && a.causes == b.causes {
        let differing = (a.status == Status::Pass).then(|| differing_step(&a, &b, of_b)).flatten();
        return match differing {
            Some((step, got)) => Verdict::Allowed(Allowed {
                id: of_b.id.clone(),
                pair,
                clause: of_b.clause.clone(),
                class: of_b.class.clone(),
                op: of_b.steps[step].op.clone(),
                what: call_of(&of_b.steps[step].op),
                wanted: of_b.steps[step].want.clone().unwrap_or_default(),
                got,
            }),
            None => Verdict::Same,
        };
    }
    Verdict::Different(Box::new(Difference {
        id: of_b.id.clone(),
        pair,
        clause: of_b.clause.clone(),
        class: of_b.class.clone(),
        claim: of_b.claim.clone(),
        sides: [a, b],
    }))
}

/// The first step that asserts something for which another word came back.
fn differing_step(a: &Side, b: &Side, of_b: &CaseResult) -> Option<(usize, [String; 2])> {
    let words = a.words.iter().zip(&b.words).zip(&of_b.steps).enumerate();
    let mut differing = words.filter(|(_, ((a, b), step))| step.want.is_some() && a != b);
    differing.next().map(|(step, ((a, b), _))| (step, [a.clone(), b.clone()]))
}

fn side(result: &CaseResult) -> Side {
    let word = |got: &Option<String>| got.as_deref().and_then(|got| got.split(' ').next()).unwrap_or("-").to_owned();
    Side {
        status: result.status,
        reason: result.reason.clone(),
        excused: result.excused.clone(),
        causes: causes(result),
        words: result.steps.iter().map(|step| word(&step.got)).collect(),
        result: (result.status != Status::Pass).then(|| Box::new(result.clone())),
    }
}

impl Side {
    /// The status with what is behind it, by which differences are told together.
    pub fn cause(&self) -> String {
        match (self.causes.first(), self.status) {
            (Some(cause), _) => cause.to_string(),
            (None, Status::Skip) => self.reason.clone().unwrap_or_default(),
            (None, _) => String::new(),
        }
    }
}
