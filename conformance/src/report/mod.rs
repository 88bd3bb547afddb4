//! Reports: what a run prints, all made from the same events.

pub mod cause;
pub mod cluster;
pub(crate) mod failure;
mod human;
mod judged;
mod junit;
mod ktap;
mod page;
pub(crate) mod paint;
pub mod plan;
mod points;
#[cfg(test)]
mod sample;
mod tap;
pub mod told;

use std::io::{self, Write};

use crate::event::Event;
use plan::Plan;
use points::Dialect;

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
    /// KTAP or TAP, as it comes.
    Points(points::Points),
    /// JUnit XML, once all is known.
    Junit(Box<junit::Junit>),
    /// The log, as it comes.
    Json,
}

impl Report {
    /// A report that has told nothing yet.
    pub fn new(format: Format, style: Style, plan: Plan) -> Report {
        match format {
            Format::Human => Report::Human(Box::new(human::Human::new(style))),
            Format::Ktap => Report::Points(points::Points::new(Dialect::Ktap, plan, style.again)),
            Format::Tap => Report::Points(points::Points::new(Dialect::Tap, plan, style.again)),
            Format::Junit => Report::Junit(Box::new(junit::Junit::new(style.again))),
            Format::Json => Report::Json,
        }
    }

    /// Tells an event.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn tell(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        match self {
            Report::Human(human) => human.tell(event, out),
            Report::Points(points) => points.tell(event, out),
            Report::Junit(junit) => junit.tell(event, out),
            Report::Json => writeln!(out, "{}", event.to_json()),
        }
    }
}
