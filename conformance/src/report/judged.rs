//! The steps of a result as values again: the log has them as text.

use std::collections::BTreeMap;

use fs_core::op::{Line, Name, Outcome, Want, Word};

use crate::event::Step;

/// A step of which this version understands the line.
pub(super) struct Judged<'s> {
    /// Who, what, and what was wanted.
    pub(super) line: Line<'s>,
    /// What came back, if anything did.
    pub(super) got: Option<Outcome>,
}

/// The outcomes that the steps of a case have saved, by their names.
pub(super) type Saved = BTreeMap<Name, Outcome>;

/// The text of a step's line, which [`judged`] reads.
pub(super) fn text(step: &Step) -> String {
    let Some(want) = &step.want else {
        return step.op.clone();
    };
    // What a step binds stands right of the arrow, behind what it wants.
    match step.op.split_once(" -> ") {
        Some((op, bound)) => format!("{op} -> {want} {bound}"),
        None => format!("{} -> {want}", step.op),
    }
}

/// Reads the text of a step, and what came back; none if it is of another version.
pub(super) fn judged<'t>(text: &'t str, step: &Step) -> Option<Judged<'t>> {
    let got = step.got.as_deref().map(Outcome::parse).transpose().ok()?;
    Some(Judged { line: Line::parse(text).ok()?, got })
}

/// What the steps have saved.
pub(super) fn saved(steps: &[Step]) -> Saved {
    let save = |step: &Step| {
        let text = text(step);
        let judged = judged(&text, step)?;
        Some((judged.line.save?, judged.got.filter(|got| got.word == Word::Ok)?))
    };
    steps.iter().filter_map(save).collect()
}

impl Judged<'_> {
    /// What was wanted and what came back, where something was wanted and came back.
    pub(super) fn both(&self) -> Option<(&Want, &Outcome)> {
        Some((self.line.want.as_ref()?, self.got.as_ref()?))
    }
}
