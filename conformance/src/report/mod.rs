//! Reports: what a run prints, all made from the same events.

mod human;
mod page;

use std::io::{self, Write};

use crate::event::Event;
use crate::exit::Failure;

pub use human::Style;
pub use page::Page;

/// The format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// KTAP version 1.
    Ktap,
    /// TAP version 14.
    Tap,
    /// JUnit XML.
    Junit,
    /// JSON Lines: the log.
    Json,
}

/// Takes the events of a run, and prints a report.
pub enum Report {
    /// For people, once all is known.
    Human(Box<human::Human>),
    /// The log, as it comes.
    Json,
}

impl Report {
    /// A report that has told nothing yet.
    ///
    /// # Errors
    /// The format is not there yet.
    pub fn new(format: Format, style: Style) -> Result<Report, Failure> {
        match format {
            Format::Human => Ok(Report::Human(Box::new(human::Human::new(style)))),
            Format::Json => Ok(Report::Json),
            Format::Ktap | Format::Tap | Format::Junit => {
                Err(Failure::Usage("this format is not supported yet; there are human and json".to_owned()))
            }
        }
    }

    /// Tells an event.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn tell(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        match self {
            Report::Human(human) => human.tell(event, out),
            Report::Json => writeln!(out, "{}", event.to_json()),
        }
    }
}
