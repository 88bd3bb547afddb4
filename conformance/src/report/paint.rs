//! Colours of a report for people.

use crate::event::Status;

/// Puts text into colours, or leaves it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paint {
    /// Whether there are colours.
    pub(crate) color: bool,
}

impl Paint {
    /// What is good.
    pub(crate) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// What is bad.
    pub(crate) fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// What is to be known.
    pub(crate) fn note(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// A headline.
    pub(crate) fn headline(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// A text in the colour of a status.
    pub(crate) fn status(self, status: Status, text: &str) -> String {
        match status {
            Status::Pass => self.good(text),
            Status::Skip => self.note(text),
            Status::Fail | Status::Error | Status::Timeout | Status::Blocked => self.bad(text),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self.color {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}
