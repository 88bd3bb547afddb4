//! The progress bar: on a terminal and nowhere else.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use common::{Bench, case};
use rustix::pty::OpenptFlags;

/// Cases that take more than a second together, of which some do not pass.
fn bench() -> Bench {
    let hangs = |name: &str| case(name, "linux-man", &["mkfifo path=p", "open path=p -> ok fd=1"]);
    let mut cases = [hangs("a"), hangs("b"), hangs("c")].concat();
    cases += &case("d", "linux-man", &["stat path=. -> ENOENT"]);
    cases += &case("e", "observed", &["stat path=. -> ENOENT"]);
    cases += &case("f", "linux-man", &["stat path=. -> ok"]);
    Bench::with_cases(&cases)
}

/// What a run writes to its standard error, which is a terminal.
fn on_terminal(bench: &Bench, more: &[&str], change: impl FnOnce(&mut Command)) -> String {
    let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    rustix::pty::grantpt(&master).unwrap();
    rustix::pty::unlockpt(&master).unwrap();
    let name = rustix::pty::ptsname(&master, Vec::new()).unwrap();
    let terminal = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&terminal, size).unwrap();
    let mut command = bench.command(&bench.run_arguments());
    command.args(["--timeout", "0.5", "--jobs", "1"]).args(more).env("TERM", "xterm");
    command.stdout(File::create(bench.path("out")).unwrap()).stderr(terminal).stdin(Stdio::null());
    change(&mut command);
    let child = command.spawn().unwrap();
    // The terminal is open in the command too, and its end is read only when it is not.
    drop(command);
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        // A terminal that nobody has open is an input/output error.
        let _ = File::from(master).read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    assert_eq!(common::wait(child), 1);
    reader.join().unwrap()
}

#[test]
fn a_bar_on_a_terminal_counts_what_did_not_pass_and_is_taken_away() {
    let bench = bench();
    let log = bench.path("log").display().to_string();
    let told = on_terminal(&bench, &["--log", &log], |_| ());
    assert!(told.contains("/6 cases, "), "{told:?}");
    assert!(told.contains(" not passed, "), "{told:?}");
    assert!(!told.contains("\x1b[3"), "no colours: {told:?}");
    assert!(told.ends_with("\x1b[2K"), "taken away: {told:?}");
    let out = std::fs::read_to_string(bench.path("out")).unwrap();
    assert!(out.contains("\n4 not passed, 2 causes; 6 results in "), "{out}");
    assert!(!out.contains('\r') && !out.contains('\x1b'), "{out:?}");
}

#[test]
fn nothing_where_it_cannot_be_shown_or_something_else_is() {
    let bench = bench();
    let dumb = on_terminal(&bench, &[], |command| {
        command.env("TERM", "dumb");
    });
    assert_eq!(dumb, "");
    assert_eq!(on_terminal(&bench, &["--format", "json"], |_| ()), "");
    let ran = bench.run(&["--timeout", "0.5", "--jobs", "1"]);
    assert_eq!(ran.check(1).err, "", "a pipe or a file");
}

#[test]
fn no_color_is_honoured_and_colours_can_be_had() {
    let bench = Bench::with_steps(&["stat path=. -> ENOENT"]);
    let out = |color: &[&str], no_color: &str| {
        let mut command = bench.command(
            &[&bench.run_arguments()[..], &color.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()].concat(),
        );
        bench
            .finish({
                command.env("NO_COLOR", no_color);
                command
            })
            .out
    };
    assert!(!out(&[], "1").contains('\x1b'));
    assert!(out(&["--color", "always"], "1").contains("\x1b[31mFAIL\x1b[0m"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let bench = bench();
    let mut command = bench.command(&bench.run_arguments());
    command.args(["--format", "tap", "--timeout", "0.5", "--jobs", "1", "--log"]).arg(bench.path("log"));
    let err = File::create(bench.path("err")).unwrap();
    let mut child = command.stdout(Stdio::piped()).stderr(err).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(common::wait(child), 1);
    assert_eq!(std::fs::read_to_string(bench.path("err")).unwrap(), "");
    let log = conformance::log::read(&bench.path("log")).unwrap();
    assert_eq!((log.results.len(), log.end.map(|end| end.exit_code)), (6, Some(1)));
}
