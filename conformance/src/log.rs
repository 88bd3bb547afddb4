//! Reads logs: what `conformance run --log` has written.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use crate::event::{Event, SCHEMA};
use crate::exit::Failure;

/// The events of a log, in order.
pub struct Reader {
    lines: io::Lines<Box<dyn BufRead>>,
    name: String,
    line: usize,
}

impl Reader {
    /// Opens a log; `-` is standard input.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> Result<Reader, Failure> {
        let name = path.display().to_string();
        let input: Box<dyn BufRead> = match path.as_os_str() == "-" {
            true => Box::new(BufReader::new(io::stdin())),
            false => {
                let file = File::open(path).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
                Box::new(BufReader::new(file))
            }
        };
        Ok(Reader { lines: input.lines(), name, line: 0 })
    }

    fn read(&mut self, text: io::Result<String>) -> Result<Event, Failure> {
        self.line += 1;
        let place = format!("{}:{}", self.name, self.line);
        let text = text.map_err(|error| Failure::Environment(format!("{place}: {error}")))?;
        let event = serde_json::from_str(&text)
            .map_err(|error| Failure::Usage(format!("{place}: not a line of a log: {error}")))?;
        match &event {
            Event::Begin(begin) if begin.schema > SCHEMA => Err(Failure::Usage(format!(
                "{place}: a log of a newer version: schema {}, and this program knows {SCHEMA}",
                begin.schema
            ))),
            Event::Begin(_) => Ok(event),
            _ if self.line == 1 => Err(Failure::Usage(format!("{place}: not the beginning of a log"))),
            _ => Ok(event),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Event, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.lines.next()?;
        Some(self.read(text))
    }
}
