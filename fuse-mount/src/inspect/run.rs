//! `fuse-trace` as a function: parse, run, print, and the exit code.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::ColorChoice;

use super::cli::{self, Format, Request, Verb};
use super::{export, show, summarize};
use crate::exit::{self, Failure};
use crate::trace::Reader;

/// Does what the program `fuse-trace` does with these arguments, of which the first is the
/// program's name, and gives its exit code.
pub fn run_trace_cli<I, T>(args: I) -> ExitCode
where
    I: IntoIterator<Item = T>,
    T: Into<OsString>,
{
    let request = match cli::parse(args.into_iter().map(Into::into).collect()) {
        Ok(request) => request,
        Err(error) => {
            // Help goes to stdout, errors to stderr; nothing is left to say if they are closed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    match run(request) {
        Ok(()) => ExitCode::from(exit::DONE),
        Err(failure) => {
            eprintln!("fuse-trace: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

fn run(request: Request) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    match request {
        Request::Verb(verb, color) => perform(verb, color, &mut out),
        Request::Completions(shell) => {
            clap_complete::generate(shell, &mut cli::command(), "fuse-trace", &mut out);
            written(out.flush()).map(|_| ())
        }
        Request::Later(verb) => {
            Err(Failure::Failed(format!("{verb} is not supported yet; there are show, summary and export")))
        }
        Request::Man(Some(dir)) => clap_mangen::generate_to(cli::command(), &dir)
            .map_err(|error| Failure::Failed(format!("{}: {error}", dir.display()))),
        Request::Man(None) => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(cli::command()).render(&mut page);
            written(rendered.and_then(|()| out.write_all(&page)).and_then(|()| out.flush())).map(|_| ())
        }
    }
}

fn perform(verb: Verb, color: ColorChoice, out: &mut impl Write) -> Result<(), Failure> {
    match verb {
        Verb::Show { file } => read(&file, |reader| {
            let colored = is_colored(color);
            // Who looks on sees each line at once.
            let is_watched = io::stdout().is_terminal();
            while let Some(line) = reader.next_line()? {
                let shown = writeln!(out, "{}", show::line(&line, colored));
                if !written(if is_watched { shown.and_then(|()| out.flush()) } else { shown })? {
                    return Ok(false);
                }
            }
            written(out.flush())
        }),
        Verb::Summary { file } => read(&file, |reader| {
            let summary = summarize::summarize(reader)?;
            written(write!(out, "{}", summary.table).and_then(|()| out.flush()))?;
            summary.notes.iter().for_each(|note| eprintln!("fuse-trace: {note}"));
            Ok(true)
        }),
        Verb::Export { format: Format::Jsonl, output, file } => read(&file, |reader| {
            if output.as_os_str() == "-" {
                return export::jsonl(reader, out, "standard output");
            }
            refuse_same_file(&file, &output)?;
            let name = output.display().to_string();
            let made = File::create(&output).map_err(|error| Failure::io(&name, &error))?;
            export::jsonl(reader, &mut BufWriter::new(made), &name)
        }),
    }
}

fn is_colored(color: ColorChoice) -> bool {
    let no_color = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => io::stdout().is_terminal() && !no_color(),
    }
}

/// Opens a trace, and says in the end what was wrong with it as a whole, if `work` has read all.
fn read(file: &Path, work: impl FnOnce(&mut Reader) -> Result<bool, Failure>) -> Result<(), Failure> {
    let mut reader = Reader::open(file)?;
    let is_read = work(&mut reader)?;
    if let Some(note) = reader.note().filter(|_| is_read) {
        eprintln!("fuse-trace: {note}");
    }
    Ok(())
}

/// The trace would be emptied before it is read.
fn refuse_same_file(file: &Path, output: &Path) -> Result<(), Failure> {
    let identity = |path: &Path| {
        let status = std::fs::metadata(path).ok()?;
        use std::os::unix::fs::MetadataExt;
        Some((status.dev(), status.ino()))
    };
    if file.as_os_str() != "-" && identity(file).is_some() && identity(file) == identity(output) {
        return Err(Failure::Usage(format!("{} is the trace itself", output.display())));
    }
    Ok(())
}

/// Whether there is still somebody who reads: one that has seen enough, like `head`, is no failure.
fn written(result: io::Result<()>) -> Result<bool, Failure> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::io("standard output", &error)),
    }
}
