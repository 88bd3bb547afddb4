//! The matrix: what came of every case in every column. A text, a step, or a sequence
//! of steps that comes again and again is kept once.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;

use super::causes;
use super::columns::{self, Marks};
use super::terse::terse;
use super::text::shown;
use crate::coverage;
use crate::event::{Begin, CaseResult, Counts, End, Event, ExcuseKind, Excused, Status, Step, TargetInfo};
use crate::exit::Failure;
use crate::log::Reader;

/// Results of cases, by case and column.
#[derive(Default)]
pub(super) struct Matrix {
    /// The runs, one for each log.
    pub(super) runs: Vec<Run>,
    /// The columns: the targets of the first run, those of the second, and so on.
    pub(super) columns: Vec<Column>,
    /// The cases, in order of the logs, and those of a call after each other.
    pub(super) cases: Vec<Case>,
    by_id: HashMap<String, usize>,
    /// All texts; the first is empty and stands for none.
    pub(super) texts: Table<String>,
    /// All steps.
    pub(super) steps: Table<StepTexts>,
    /// By step, the number of a text: the documented error that came back, `rename EEXIST`.
    pub(super) errors: Vec<usize>,
    /// All sequences of steps.
    pub(super) sequences: Table<Vec<usize>>,
    /// All excuses: whether it is a known difference, and the cause.
    pub(super) excuses: Table<(bool, usize)>,
}

/// What a log says of its run.
pub(super) struct Run {
    /// The path of the log.
    pub(super) path: String,
    pub(super) begin: Begin,
    /// None if the run was cut short.
    pub(super) end: Option<End>,
}

/// A target of a run.
pub(super) struct Column {
    /// What tells it apart from the other columns.
    pub(super) name: String,
    /// The number of its run.
    pub(super) run: usize,
    pub(super) target: TargetInfo,
    /// How many of its cases ended how.
    pub(super) counts: Counts,
}

/// A case, and what came of it.
pub(super) struct Case {
    pub(super) id: String,
    /// Numbers of texts.
    pub(super) class: usize,
    pub(super) clause: usize,
    pub(super) claim: usize,
    /// By column; none where it was not run.
    pub(super) cells: Vec<Option<Cell>>,
}

/// What came of a case in a column.
pub(super) struct Cell {
    pub(super) status: Status,
    pub(super) duration_ns: u64,
    /// The number of a text.
    pub(super) reason: usize,
    /// The number of a text: what is behind it, if it did not pass.
    pub(super) cause: usize,
    pub(super) excuse: Option<usize>,
    /// The number of a sequence.
    pub(super) sequence: usize,
}

/// A step, as numbers of texts: what was done, what was wanted, what came back.
pub(super) type StepTexts = [usize; 3];

/// Values that are kept once each, and known by their number.
pub(super) struct Table<T> {
    values: Vec<T>,
    numbers: HashMap<T, usize>,
}

impl Matrix {
    /// Without any run.
    pub(super) fn new() -> Self {
        let mut matrix = Matrix::default();
        matrix.texts.number(String::new());
        matrix
    }

    /// Adds the results of a log as columns. `done` hears of each case that is complete.
    pub(super) fn add(&mut self, path: &Path, mut reader: Reader, mut done: impl FnMut()) -> Result<(), Failure> {
        let (run, first) = (self.runs.len(), self.columns.len());
        let begin = reader.begin().clone();
        for target in &begin.targets {
            let counts = Counts::default();
            self.columns.push(Column { name: String::new(), run, target: target.clone(), counts });
        }
        let mut end = None;
        for (index, event) in (&mut reader).enumerate() {
            match event? {
                Event::Begin(_) => {}
                Event::Case(result) => {
                    let column = begin.targets.iter().position(|target| target.name == result.target);
                    let column = first + column.expect("a reader refuses results of other targets");
                    let id = result.id.clone();
                    self.take(column, result).map_err(|what| {
                        Failure::Usage(format!("{}: the case `{}` {what}", path.display(), shown(&id)))
                    })?;
                    if (index + 1).is_multiple_of(begin.targets.len()) {
                        done();
                    }
                }
                Event::End(told) => end = Some(told),
            }
        }
        self.runs.push(Run { path: path.display().to_string(), begin, end });
        Ok(())
    }

    /// Sets all in order, once every log is there.
    pub(super) fn finish(&mut self) {
        let marks: Vec<Marks> = self.columns.iter().map(|column| marks(column, &self.runs[column.run])).collect();
        for (column, name) in self.columns.iter_mut().zip(columns::names(&marks)) {
            column.name = shown(&name).into_owned();
        }
        let columns = self.columns.len();
        let mut calls: HashMap<String, usize> = HashMap::new();
        let mut rooms: HashMap<String, usize> = HashMap::new();
        for case in &mut self.cases {
            case.cells.resize_with(columns, || None);
            let (calls_so_far, rooms_so_far) = (calls.len(), rooms.len());
            calls.entry(case.call().to_owned()).or_insert(calls_so_far);
            rooms.entry(case.room().to_owned()).or_insert(rooms_so_far);
        }
        // Cases of later logs come to those that they belong with; else the order stays.
        self.cases.sort_by_key(|case| (calls[case.call()], rooms[case.room()]));
    }

    fn take(&mut self, column: usize, result: CaseResult) -> Result<(), &'static str> {
        let case = match self.by_id.get(&result.id) {
            Some(&case) => case,
            None => {
                self.by_id.insert(result.id.clone(), self.cases.len());
                let (class, clause) = (self.text(&result.class), self.text(&result.clause));
                let claim = self.text(&result.claim);
                let id = shown(&result.id).into_owned();
                self.cases.push(Case { id, class, clause, claim, cells: Vec::new() });
                self.cases.len() - 1
            }
        };
        let passed = result.status == Status::Pass;
        let steps = result.steps.iter().map(|step| self.step(step, passed)).collect();
        let cell = Cell {
            status: result.status,
            duration_ns: result.duration_ns,
            reason: self.text(result.reason.as_deref().unwrap_or_default()),
            cause: self.text(&causes::cause(&result)),
            excuse: result.excused.as_ref().map(|excused| self.excuse(excused)),
            sequence: self.sequences.number(steps),
        };
        self.columns[column].counts.add(&result);
        let cells = &mut self.cases[case].cells;
        if cells.len() <= column {
            cells.resize_with(column + 1, || None);
        }
        match cells[column].replace(cell) {
            None => Ok(()),
            Some(_) => Err("stands twice for one target"),
        }
    }

    fn step(&mut self, step: &Step, passed: bool) -> usize {
        let want = self.text(step.want.as_deref().unwrap_or_default());
        let got = match passed {
            true => self.text(&terse(step)),
            false => self.text(step.got.as_deref().unwrap_or_default()),
        };
        let texts = [self.text(&step.op), want, got];
        let number = self.steps.number(texts);
        if number == self.errors.len() {
            let error = coverage::documented_error(step).map(|(call, errno)| format!("{call} {errno}"));
            let error = self.text(&error.unwrap_or_default());
            self.errors.push(error);
        }
        number
    }

    fn excuse(&mut self, excused: &Excused) -> usize {
        let cause = self.text(&excused.cause);
        self.excuses.number((excused.kind == ExcuseKind::Known, cause))
    }

    fn text(&mut self, text: &str) -> usize {
        let text = shown(text);
        match self.texts.numbers.get(text.as_ref()) {
            Some(number) => *number,
            None => self.texts.number(text.into_owned()),
        }
    }
}

impl Case {
    /// The first word of the id.
    pub(super) fn call(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// The first two words of the id, which a case by itself has alone and a product
    /// has for all of its cases.
    fn room(&self) -> &str {
        let end = self.id.match_indices('.').nth(1).map_or(self.id.len(), |(end, _)| end);
        &self.id[..end]
    }
}

impl<T: Hash + Eq + Clone> Table<T> {
    /// The number of a value, which is new if the value is.
    fn number(&mut self, value: T) -> usize {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        self.values.push(value.clone());
        self.numbers.insert(value, self.values.len() - 1);
        self.values.len() - 1
    }

    /// The values, by number.
    pub(super) fn values(&self) -> &[T] {
        &self.values
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { values: Vec::new(), numbers: HashMap::new() }
    }
}

fn marks(column: &Column, run: &Run) -> Marks {
    let target = &column.target;
    let fs_type = if target.fs_type.is_empty() { &target.name } else { &target.fs_type };
    let file = Path::new(&run.path).file_stem().map_or_else(|| run.path.clone(), |stem| stem.display().to_string());
    Marks {
        fs_type: fs_type.clone(),
        kernel: run.begin.kernel.clone(),
        file,
        target: target.name.clone(),
        path: run.path.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const BEGIN: &str = r#"{"type":"begin","schema":1,"version":"0","kernel":"Linux 6","machine":"m","time_s":0,"uid":0,"confinement":"chroot","cases":1,"targets":[{"name":"t","dir":"/d","mount":false,"fs_type":"x","fs_source":"y","options":"rw","probes":{}}]}"#;

    fn case(id: &str) -> String {
        format!(
            r#"{{"type":"case","id":"{id}","target":"t","status":"PASS","class":"c","clause":"x(2)","claim":"c","duration_ns":1,"reason":null,"excused":null,"steps":[{{"op":"stat path=f","got":"ok"}}]}}"#
        )
    }

    fn add(matrix: &mut Matrix, ids: &[&str]) -> Result<(), Failure> {
        let lines: String = ids.iter().map(|id| format!("{}\n", case(id))).collect();
        let text = format!("{BEGIN}\n{lines}").into_bytes();
        matrix.add(Path::new("log"), Reader::new("log", Box::new(Cursor::new(text))).unwrap(), || {})
    }

    #[test]
    fn cases_of_several_logs_stand_together_in_order_of_the_first() {
        let mut matrix = Matrix::new();
        add(&mut matrix, &["rename.b.x", "rename.a", "open.a"]).unwrap();
        add(&mut matrix, &["link.a", "rename.b.y", "rename.b.x", "rename.c"]).unwrap();
        matrix.finish();
        let ids: Vec<&str> = matrix.cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids, ["rename.b.x", "rename.b.y", "rename.a", "rename.c", "open.a", "link.a"]);
        let run: Vec<Vec<bool>> =
            matrix.cases.iter().map(|case| case.cells.iter().map(Option::is_some).collect()).collect();
        assert_eq!(run[0], [true, true]);
        assert_eq!(run[1], [false, true]);
        assert_eq!(run[2], [true, false]);
    }

    #[test]
    fn what_comes_again_is_kept_once() {
        let mut matrix = Matrix::new();
        add(&mut matrix, &["a.a", "a.b", "a.c"]).unwrap();
        assert_eq!((matrix.steps.values().len(), matrix.sequences.values().len()), (1, 1));
    }

    #[test]
    fn a_case_that_stands_twice_is_refused() {
        let told = add(&mut Matrix::new(), &["a.a", "a.a"]).unwrap_err();
        assert_eq!(told, Failure::Usage("log: the case `a.a` stands twice for one target".to_owned()));
    }
}
