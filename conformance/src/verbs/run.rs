//! `conformance run`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::ColorChoice;

use crate::case::Case;
use crate::cli::Run;
use crate::event::{Begin, CaseResult, End, Event, SCHEMA, Status};
use crate::exit::{self, Failure};
use crate::known::Known;
use crate::places::{self, Places};
use crate::progress::Progress;
use crate::report::plan::Plan;
use crate::report::{Format, Report, Style};
use crate::target::{self, Target};
use crate::worker::{Confinement, StepError, Zygote};
use crate::{interrupt, schedule, select};

pub(super) fn run(arguments: &Run, color: ColorChoice) -> Result<u8, Failure> {
    observe(arguments, |cases| {
        let style =
            Style { color: super::wants_color(color), verbose: arguments.verbose, again: places::again(arguments) };
        let plan = Plan::of(cases.iter().map(|case| &*case.id));
        let report = Report::new(arguments.format, style, plan);
        let log = arguments.log.as_deref().map(open_log).transpose()?;
        Ok(Teller { report: Some(report), log })
    })
}

/// Who is told of the events of a run.
pub(super) trait Listener {
    /// Takes in an event.
    fn tell(&mut self, event: &Event) -> Result<(), Failure>;

    /// Ends what was begun, when all has been told.
    fn finish(self) -> Result<(), Failure>;
}

/// Runs the cases, and tells a listener, which is made once it is clear that there is
/// something to run.
pub(super) fn observe<L: Listener>(
    arguments: &Run,
    listener: impl FnOnce(&[Case]) -> Result<L, Failure>,
) -> Result<u8, Failure> {
    interrupt::listen().map_err(|error| Failure::Environment(format!("cannot listen to signals: {error}")))?;
    // Forked before this process has other threads, and while it has little memory,
    // which each of their workers gets a copy of.
    let jobs = arguments.jobs.map_or_else(processors, usize::from);
    let mut zygotes = (0..jobs).map(|_| Zygote::start()).collect::<Result<Vec<_>, _>>().map_err(failure)?;

    let suite = super::read_cases(arguments.cases.cases.as_deref())?;
    let known = read_known(arguments.known.as_deref())?;
    let ids: Vec<String> = suite.iter().map(|case| case.id.clone()).collect();
    let cases = select::select(suite, &arguments.cases.globs, arguments.shard);
    if cases.is_empty() {
        return Err(Failure::NothingSelected("no case was selected; `conformance list` lists them".to_owned()));
    }
    zygotes.truncate(cases.len());
    let mut teller = listener(&cases)?;

    let mut places = Places::open(arguments)?;
    pass_on(&mut places);
    let mut targets = Vec::new();
    for place in places.list() {
        targets.push(Target::open(place, &zygotes[0])?);
    }
    target::tell_apart(&mut targets);

    teller.tell(&Event::Begin(begin(&cases, &targets, &zygotes[0])))?;
    let start = Instant::now();
    let mut results: Vec<CaseResult> = Vec::with_capacity(cases.len() * targets.len());
    let mut by_id = cases.iter();
    let progress = Progress::new(cases.len(), arguments.format != Format::Human);
    let mut told = Ok(());
    let ran = schedule::run_all(&cases, &targets, zygotes, arguments.timeout, |of_case| {
        let case = by_id.next().expect("results come once for each case");
        let mut failed = 0;
        for (mut result, target) in of_case.into_iter().zip(&targets) {
            result.excused = known.excuse(&result, case, &target.info);
            failed += usize::from(result.counts());
            if told.is_ok() {
                told = teller.tell(&Event::Case(result.clone()));
            }
            // The steps may hold much data, and have been told.
            results.push(CaseResult { steps: Vec::new(), ..result });
        }
        progress.advance(failed);
    });
    progress.finish();
    pass_on(&mut places);
    ran.map_err(failure)?;
    told?;

    let infos: Vec<_> = targets.iter().map(|target| target.info.clone()).collect();
    let mut end = End {
        stale: known.stale(&ids, &infos, &results),
        duration_ns: start.elapsed().as_nanos().try_into().unwrap_or(u64::MAX),
        exit_code: exit_code(&results),
        ..End::default()
    };
    for result in &results {
        end.counts.entry(result.target.clone()).or_default().add(result);
    }
    let code = end.exit_code;
    teller.tell(&Event::End(end))?;
    teller.finish()?;
    let closed = targets.into_iter().try_for_each(Target::close);
    match closed.and_then(|()| places.close()) {
        Ok(about_mount) if arguments.format == Format::Human => super::print(about_mount.as_bytes()).map(|_| code),
        Ok(_) => Ok(code),
        Err(failure) if code == exit::PASSED => Err(failure),
        // Cases failed, which is what to look at first.
        Err(failure) => {
            eprintln!("conformance: {failure}");
            Ok(code)
        }
    }
}

/// Shows what the mount says: it is another process, whose standard error is not this one's.
fn pass_on(places: &mut Places) {
    places.said().iter().for_each(|line| eprintln!("{line}"));
}

/// The exit code of results, the worst that is not excused.
fn exit_code(results: &[CaseResult]) -> u8 {
    let count = |statuses: &[Status]| {
        results.iter().filter(|result| result.excused.is_none() && statuses.contains(&result.status)).count()
    };
    if count(&[Status::Fail, Status::Timeout, Status::Blocked]) > 0 {
        exit::FAILED
    } else if count(&[Status::Error]) > 0 {
        exit::ENVIRONMENT
    } else {
        exit::PASSED
    }
}

fn begin(cases: &[Case], targets: &[Target], zygote: &Zygote) -> Begin {
    let system = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let confinement = match zygote.confinement() {
        Confinement::Chroot => "chroot",
        Confinement::UserNamespace => "user namespace",
        Confinement::Refusal(_) => "refusal",
    };
    Begin {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        kernel: format!("{} {}", text(system.sysname()), text(system.release())),
        machine: text(system.machine()),
        time_s: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        uid: rustix::process::geteuid().as_raw(),
        confinement: confinement.to_owned(),
        cases: cases.len(),
        targets: targets.iter().map(|target| target.info.clone()).collect(),
    }
}

/// Tells the report, and the log.
struct Teller {
    /// None once who reads it has gone: `run --format tap | head`.
    report: Option<Report>,
    log: Option<BufWriter<File>>,
}

impl Listener for Teller {
    fn tell(&mut self, event: &Event) -> Result<(), Failure> {
        if let Some(log) = &mut self.log {
            writeln!(log, "{}", event.to_json()).map_err(|error| Failure::Environment(format!("the log: {error}")))?;
        }
        let Some(report) = &mut self.report else {
            return Ok(());
        };
        match report.tell(event, &mut io::stdout().lock()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.report = None;
                Ok(())
            }
            told => told.map_err(|error| Failure::Environment(format!("standard output: {error}"))),
        }
    }

    fn finish(self) -> Result<(), Failure> {
        let flushed = self.log.map_or(Ok(()), |mut log| log.flush());
        flushed.map_err(|error| Failure::Environment(format!("the log: {error}")))
    }
}

fn open_log(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = File::create(path).map_err(|error| Failure::Environment(format!("{}: {error}", path.display())))?;
    Ok(BufWriter::new(file))
}

fn read_known(path: Option<&Path>) -> Result<Known, Failure> {
    let Some(path) = path else {
        return Known::embedded().map_err(Failure::Environment);
    };
    let display = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Failure::Usage(format!("{display}: {error}")))?;
    Known::parse(&display, &text).map_err(Failure::Usage)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn failure(error: StepError) -> Failure {
    match error {
        StepError::Interrupted => Failure::Interrupted,
        error => Failure::Environment(error.to_string()),
    }
}
