//! A client: a process that works in a mount, and does what it is asked on its standard input.
//!
//! A line `NAME COUNT` is answered by `ok FROM TO` or `error WHY`; `warm NAME COUNT`, `undo NAME COUNT`
//! and `forget` as well, with times that mean nothing.

use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::path::Path;

use super::image::forget_names;
use super::steps::{Context, Span};
use super::workload;

/// The first argument of a program that is to be a client.
pub const VERB: &str = "client";

/// The line upon which the kernel is to forget the names below the mount.
pub const FORGET: &str = "forget";

/// Serves until nobody asks any more. The arguments: the directory, its number, and the archive.
///
/// # Errors
/// Wrong arguments, or a directory in which it cannot work, in words.
pub fn serve(mut args: impl Iterator<Item = OsString>) -> Result<(), String> {
    let (Some(dir), Some(index), Some(archive)) = (args.next(), args.next(), args.next()) else {
        return Err(format!("{VERB}: a directory, a number and an archive are wanted"));
    };
    let index = index.to_str().and_then(|index| index.parse().ok()).ok_or(format!("{VERB}: no number"))?;
    let context = Context { index, root: dir.into(), archive: archive.into() };
    let entered = std::env::set_current_dir(&context.root);
    entered.map_err(|error| format!("{}: {error}", context.root.display()))?;
    let mut answers = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let answer = match line.map_err(|error| error.to_string()).and_then(|line| perform(&context, &line)) {
            Ok(Span { from_ns, to_ns }) => format!("ok {from_ns} {to_ns}"),
            Err(reason) => format!("error {}", reason.replace('\n', " ")),
        };
        // Who does not listen any more has ended.
        if writeln!(answers, "{answer}").and_then(|()| answers.flush()).is_err() {
            break;
        }
    }
    Ok(())
}

fn perform(context: &Context, line: &str) -> Result<Span, String> {
    const NONE: Span = Span { from_ns: 0, to_ns: 0 };
    if line == FORGET {
        return forget_names(Path::new(".")).map(|()| NONE);
    }
    let unknown = || format!("not understood: {line}");
    let words: Vec<&str> = line.split(' ').collect();
    let (verb, name, count) = match words[..] {
        [verb @ ("warm" | "undo"), name, count] => (verb, name, count),
        [name, count] => ("do", name, count),
        _ => return Err(unknown()),
    };
    let (Some(workload), Ok(count)) = (workload::find(name), count.parse()) else { return Err(unknown()) };
    let done = match (verb, workload.warm_up, workload.undo) {
        ("do", _, _) => (workload.step)(context, count),
        ("warm", Some((warm_up, _)), _) => warm_up(context, count),
        ("undo", _, Some(undo)) => undo(context, count).map(|()| NONE),
        _ => return Err(unknown()),
    };
    done.map_err(|error| error.to_string())
}
