//! The signs of results: each has a letter or a mark beside its colour, for print and
//! for eyes that do not tell the colours apart.

use crate::event::Status;

/// What stands behind the sign of a result that is excused.
pub(super) const EXCUSED: &str = "*";

/// The sign of a status.
pub(super) fn of(status: Status) -> &'static str {
    match status {
        Status::Pass => "✓",
        Status::Fail => "F",
        Status::Error => "E",
        Status::Skip => "–",
        Status::Timeout => "T",
        Status::Blocked => "B",
    }
}

/// The class that the style sheet knows the status by.
pub(super) fn class(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::Error => "error",
        Status::Skip => "skip",
        Status::Timeout => "timeout",
        Status::Blocked => "blocked",
    }
}
