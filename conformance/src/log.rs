//! Reading logs: the events of a run, from a file or from standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::event::{Begin, CaseResult, End, Event, SCHEMA};
use crate::exit::Failure;

/// The longest line that is read. The longest of a run is some hundred kilobytes; what
/// has longer ones is no log, and must not fill the memory.
const LONGEST_LINE_BYTES: u64 = 64 << 20;

/// A log, as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The file, for messages.
    pub name: String,
    /// Where the run took place.
    pub begin: Begin,
    /// The results, in their order.
    pub results: Vec<CaseResult>,
    /// What came of the run; none if it was cut short.
    pub end: Option<End>,
}

/// Reads a whole log; `-` is standard input.
///
/// # Errors
/// [`Failure::Usage`]: there is no such file, it is no log, or one of a newer version.
/// [`Failure::Environment`]: it cannot be read. Both name the file, and the line.
pub fn read(path: &Path) -> Result<Log, Failure> {
    let mut reader = Reader::open(path)?;
    let mut log = Log { name: reader.name.clone(), begin: reader.begin().clone(), results: Vec::new(), end: None };
    for event in &mut reader {
        match event? {
            Event::Case(result) => log.results.push(result),
            Event::End(end) => log.end = Some(end),
            Event::Begin(_) => unreachable!("a reader refuses a second beginning"),
        }
    }
    Ok(log)
}

/// Reads a log event by event: the results, then the end. The beginning has been read
/// when there is a reader.
///
/// A log without an end is that of a run that was cut short: [`Reader::is_cut`] tells so
/// when all has been read. Its last line may be cut as well, and then is not told.
/// A line of a type that this version does not know is passed over, as types may be
/// added where fields may.
pub struct Reader {
    name: String,
    input: Box<dyn BufRead>,
    begin: Begin,
    line: u64,
    has_ended: bool,
    has_failed: bool,
}

impl Reader {
    /// Opens a log and reads its beginning; `-` is standard input.
    ///
    /// # Errors
    /// As those of [`read`].
    pub fn open(path: &Path) -> Result<Reader, Failure> {
        if path == Path::new("-") {
            return Reader::new("standard input", Box::new(BufReader::new(io::stdin())));
        }
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
        Reader::new(&name, Box::new(BufReader::new(file)))
    }

    /// Reads the beginning of a log; `name` is for messages.
    ///
    /// # Errors
    /// As those of [`read`].
    pub fn new(name: &str, mut input: Box<dyn BufRead>) -> Result<Reader, Failure> {
        let mut line = 0;
        let text = match next_line(name, &mut *input, &mut line)? {
            Some(text) => text,
            None => return Err(Failure::Usage(format!("{name}: is empty: no log of a run"))),
        };
        let begin = parse_begin(&text.bytes).map_err(|what| Failure::Usage(format!("{name}:{line}: {what}")))?;
        Ok(Reader { name: name.to_owned(), input, begin, line, has_ended: false, has_failed: false })
    }

    /// The file, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the run took place.
    pub fn begin(&self) -> &Begin {
        &self.begin
    }

    /// Whether no end has been read: once all has, the run was cut short.
    pub fn is_cut(&self) -> bool {
        !self.has_ended
    }

    /// The next event that this version knows.
    fn read(&mut self) -> Result<Option<Event>, Failure> {
        while let Some(text) = next_line(&self.name, &mut *self.input, &mut self.line)? {
            match self.parse(&text.bytes) {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => {}
                // The run was killed while it wrote this line.
                Err(_) if text.is_cut => return Ok(None),
                Err(what) => return Err(Failure::Usage(format!("{}:{}: {what}", self.name, self.line))),
            }
        }
        Ok(None)
    }

    fn parse(&mut self, line: &[u8]) -> Result<Option<Event>, String> {
        if self.has_ended {
            return Err("a line after the end of the run".to_owned());
        }
        match serde_json::from_slice(line) {
            Ok(Event::Begin(_)) => Err("a second run begins here; a log has one".to_owned()),
            Ok(Event::Case(result)) if !self.begin.targets.iter().any(|target| target.name == result.target) => {
                Err(format!("the target `{}` is none of this run", result.target))
            }
            Ok(event) => {
                self.has_ended = matches!(event, Event::End(_));
                Ok(Some(event))
            }
            Err(error) => match type_of(line) {
                Some(unknown) if !["begin", "case", "end"].contains(&&*unknown) => Ok(None),
                _ => Err(format!("no line of a log: {error}")),
            },
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Event, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let event = self.read();
        self.has_failed = event.is_err();
        event.transpose()
    }
}

/// A line with something in it.
struct Text {
    bytes: Vec<u8>,
    /// Whether the file ends before the line does.
    is_cut: bool,
}

/// Reads up to the next line that is not blank; `number` counts.
fn next_line(name: &str, input: &mut dyn BufRead, number: &mut u64) -> Result<Option<Text>, Failure> {
    loop {
        let mut bytes = Vec::new();
        let read = input.take(LONGEST_LINE_BYTES).read_until(b'\n', &mut bytes);
        let length = read.map_err(|error| match error.kind() {
            io::ErrorKind::IsADirectory => Failure::Usage(format!("{name}: is a directory, no log of a run")),
            _ => Failure::Environment(format!("{name}: {error}")),
        })?;
        if length == 0 {
            return Ok(None);
        }
        *number += 1;
        if length as u64 == LONGEST_LINE_BYTES {
            return Err(Failure::Usage(format!("{name}:{number}: the line is too long for a log")));
        }
        if !bytes.iter().all(u8::is_ascii_whitespace) {
            let is_cut = bytes.last() != Some(&b'\n');
            return Ok(Some(Text { bytes, is_cut }));
        }
    }
}

fn parse_begin(line: &[u8]) -> Result<Begin, String> {
    // The version first: what else is in the line depends on it.
    let value: serde_json::Value = serde_json::from_slice(line).map_err(no_log)?;
    if value["type"] != "begin" {
        return Err("no log of a run: its first line is not of the type `begin`".to_owned());
    }
    match value["schema"].as_u64() {
        Some(schema) if schema > u64::from(SCHEMA) => Err(format!(
            "the log has schema {schema}, and this version reads {SCHEMA}: read it with a newer `conformance`"
        )),
        _ => serde_json::from_value(value).map_err(no_log),
    }
}

fn no_log(error: serde_json::Error) -> String {
    format!("no log of a run, which `conformance run --log FILE` writes: {error}")
}

fn type_of(line: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    Some(value.get("type")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = r#"{"type":"begin","schema":1,"version":"0","kernel":"Linux 6","machine":"m","time_s":0,"uid":0,"confinement":"chroot","cases":1,"targets":[{"name":"t","dir":"/d","mount":false,"fs_type":"x","fs_source":"y","options":"rw","probes":{}}]}"#;
    const CASE: &str = r#"{"type":"case","id":"a.b","target":"t","status":"PASS","class":"linux-man","clause":"x(2)","claim":"c","duration_ns":1,"reason":null,"excused":null,"steps":[]}"#;
    const END: &str = r#"{"type":"end","counts":{},"stale":[],"duration_ns":1,"exit_code":0}"#;

    fn reader(text: &str) -> Result<Reader, Failure> {
        Reader::new("log", Box::new(io::Cursor::new(text.to_owned().into_bytes())))
    }

    /// The events after the beginning, and whether the log is cut.
    fn check(lines: &str, events: usize, is_cut: bool) {
        let mut reader = reader(lines).unwrap();
        assert_eq!(reader.begin().targets[0].name, "t");
        let read: Vec<Event> = (&mut reader).collect::<Result<_, _>>().unwrap();
        assert_eq!((read.len(), reader.is_cut()), (events, is_cut), "{read:?}");
    }

    fn refuse(lines: &str, wanted: &str) {
        let told = reader(lines).and_then(|reader| reader.collect::<Result<Vec<_>, _>>()).unwrap_err();
        assert_eq!(told.code(), crate::exit::USAGE);
        assert!(told.to_string().starts_with(wanted), "{told}");
    }

    #[test]
    fn reads_what_a_run_writes() {
        check(&format!("{BEGIN}\n{CASE}\n{END}\n"), 2, false);
        check(&format!("\n{BEGIN}\r\n\n{CASE}\n{END}"), 2, false);
    }

    #[test]
    fn every_event_reads_back_to_itself() {
        for line in [BEGIN, CASE, END] {
            assert_eq!(serde_json::from_str::<Event>(line).unwrap().to_json(), line);
        }
    }

    #[test]
    fn a_log_that_was_cut_short_is_read_as_far_as_it_goes() {
        check(BEGIN, 0, true);
        check(&format!("{BEGIN}\n{CASE}\n"), 1, true);
        for length in 1..CASE.len() {
            check(&format!("{BEGIN}\n{CASE}\n{}", &CASE[..length]), 1, true);
        }
    }

    #[test]
    fn lines_of_types_that_were_added_are_passed_over() {
        check(&format!("{BEGIN}\n{{\"type\":\"note\",\"x\":1}}\n{CASE}\n{END}\n"), 2, false);
    }

    #[test]
    fn what_is_no_log_is_refused_with_its_line() {
        refuse("", "log: is empty");
        refuse("\n \n", "log: is empty");
        refuse("hello\n", "log:1: no log of a run, which `conformance run --log FILE` writes: expected");
        refuse("{}\n", "log:1: no log of a run: its first line");
        refuse(&format!("{CASE}\n"), "log:1: no log of a run: its first line");
        refuse(&BEGIN.replace("\"schema\":1", "\"schema\":2,\"other\":[]"), "log:1: the log has schema 2, and this");
        refuse(&BEGIN.replace("\"schema\":1,", ""), "log:1: no log of a run, which");
        refuse(&format!("{BEGIN}\n{CASE}\nx\n{END}\n"), "log:3: no line of a log: expected");
        refuse(&format!("{BEGIN}\n{}\n", CASE.replace("PASS", "GOOD")), "log:2: no line of a log: unknown variant");
        refuse(&format!("{BEGIN}\n{}\n", CASE.replace("\"t\"", "\"u\"")), "log:2: the target `u` is none");
        refuse(&format!("{BEGIN}\n{BEGIN}\n"), "log:2: a second run begins here");
        refuse(&format!("{BEGIN}\n{END}\n{CASE}\n"), "log:3: a line after the end");
        assert!(matches!(read(Path::new("/no/such/log")), Err(Failure::Usage(_))));
        assert!(matches!(read(Path::new("/")), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_fills_the_memory() {
        let endless = BufReader::new(io::repeat(b'x'));
        let told = Reader::new("log", Box::new(endless)).err().unwrap();
        assert_eq!(told.to_string(), "log:1: the line is too long for a log");
    }
}
