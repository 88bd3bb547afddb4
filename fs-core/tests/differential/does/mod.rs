//! The library's side: makes the calls of a list with `fs_core` and writes down what came
//! of them, as `oracle.py` does.
#![expect(unsafe_code, reason = "descriptors are moved to the numbers that both sides have")]

mod args;
mod attributes;
mod data;
mod descriptors;
mod directories;
mod names;
mod process;
mod system;
mod tree;
mod xattrs;

use std::fmt::Write as _;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs};

use fs_core::audit::{self, Arg, Verdict};
use fs_core::{Errno, Error, Time, Times};

use crate::list::Case;
use crate::parse::{self, Call, Step};
use crate::value::{Value, quoted};
use args::{Answer, Stop};

/// Where descriptors are moved, so that both sides have the same numbers.
const FIRST_FD: i32 = 300;

/// Makes the calls of all cases, each in a fresh directory at `place`, and writes down
/// what came of each.
pub(crate) fn run(fixture: &[Step], cases: &[Case], place: &Path, file: &mut impl Write) {
    for case in cases {
        let mut out = String::new();
        let outer = place.parent().expect("the place is in a directory");
        rustix::process::umask(rustix::fs::Mode::from_bits_retain(0o022));
        fs::create_dir(outer).unwrap();
        fs::create_dir(place).unwrap();
        env::set_current_dir(place).unwrap();
        let mut world = World { place: place.to_owned(), registers: Vec::new(), slots: 0 };
        for step in fixture {
            let (_, answer) = world.step(step);
            assert!(answer.starts_with('='), "the fixture: {}: {answer}", step.text);
        }
        writeln!(out, "case {}", case.id).unwrap();
        for step in &case.steps {
            writeln!(out, "> {}", step.text).unwrap();
            let (events, answer) = world.step(step);
            for event in events {
                writeln!(out, "  event {event}").unwrap();
            }
            writeln!(out, "  {answer}").unwrap();
        }
        drop(world);
        env::set_current_dir("/").unwrap();
        tree::describe(outer, b"", &mut out);
        tree::remove(outer);
        file.write_all(out.as_bytes()).unwrap();
    }
}

/// What a case has made so far.
pub(crate) struct World {
    place: PathBuf,
    registers: Vec<Register>,
    slots: i32,
}

struct Register {
    name: String,
    number: i32,
    /// `None` once it is closed.
    owned: Option<OwnedFd>,
}

impl World {
    /// Makes one call; the events that it raised, and what came back.
    fn step(&mut self, step: &Step) -> (Vec<String>, String) {
        let mut call = parse::call(&step.call, &|name| self.lookup(name));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (events, name, refuse) = (Arc::clone(&heard), call.name.clone(), step.refuse);
        let hook = audit::install(move |event, args| {
            events.lock().unwrap_or_else(PoisonError::into_inner).push(event_text(&name, event, args));
            if refuse { Verdict::Refuse } else { Verdict::Allow }
        });
        let result = self.make(&mut call, &step.targets);
        drop(hook);
        let answer = match result {
            Ok(value) => format!("= {}", value.text()),
            Err(Stop::Error(error)) => format!("! {}", failure(error)),
            Err(Stop::Unwritable(why)) => format!("! unwritable: {why}"),
        };
        let events = std::mem::take(&mut *heard.lock().unwrap());
        (events, answer)
    }

    fn make(&mut self, call: &mut Call, targets: &[String]) -> Answer {
        let name = call.name.clone();
        // The subjects, of which each knows its own names.
        if let Some(answer) = descriptors::call(self, &name, call, targets) {
            return answer;
        }
        names::call(&name, call)
            .or_else(|| attributes::call(&name, call))
            .or_else(|| data::call(&name, call))
            .or_else(|| directories::call(&name, call))
            .or_else(|| xattrs::call(&name, call))
            .or_else(|| process::call(&name, call))
            .or_else(|| system::call(&name, call))
            .unwrap_or(Err(Stop::Unwritable("there is no such function")))
    }

    fn lookup(&self, name: &str) -> Option<Value> {
        if name == "TOP" {
            return Some(Value::Str(self.place.as_os_str().as_encoded_bytes().to_vec()));
        }
        if let Some(register) = self.registers.iter().rev().find(|register| register.name == name) {
            return Some(Value::Int(register.number.into()));
        }
        if name.starts_with(|c: char| c.is_ascii_lowercase()) {
            // A register that a failed call has left empty: no argument of any call.
            return Some(Value::Words(name.to_owned()));
        }
        let value = fs_core::constant(name).or_else(|_| fs_core::constant(&format!("stat.{name}")));
        value.ok().map(|value| Value::Int(value.into()))
    }

    /// Says how a descriptor was made, and if it is given a name, moves and keeps it.
    fn bind(&mut self, fd: OwnedFd, name: Option<&String>) -> String {
        let flags = rustix::io::fcntl_getfd(&fd).unwrap();
        let inheritable = !flags.contains(rustix::io::FdFlags::CLOEXEC);
        if let Some(name) = name {
            let number = FIRST_FD + self.slots;
            let command = if inheritable { libc::F_DUPFD } else { libc::F_DUPFD_CLOEXEC };
            // SAFETY: makes a copy of an open descriptor.
            let moved = unsafe { libc::fcntl(fd.as_raw_fd(), command, number) };
            assert!(moved >= number, "{}", std::io::Error::last_os_error());
            self.keep(name, moved);
        }
        format!("fd(inheritable={})", if inheritable { "True" } else { "False" })
    }

    /// Names a descriptor that nobody else owns.
    fn keep(&mut self, name: &str, number: i32) {
        self.slots += 1;
        // SAFETY: the caller has just made it.
        let owned = unsafe { OwnedFd::from_raw_fd(number) };
        self.registers.push(Register { name: name.to_owned(), number, owned: Some(owned) });
    }

    /// Takes a descriptor away, to be closed.
    fn take(&mut self, number: i32) -> Option<OwnedFd> {
        self.registers.iter_mut().find(|register| register.number == number)?.owned.take()
    }

    fn is_open(&self, number: i32) -> bool {
        self.registers.iter().any(|register| register.number == number && register.owned.is_some())
    }
}

/// An error as Python names it.
fn failure(error: Error) -> String {
    match error {
        Error::Os(errno) => os_failure(errno),
        // `ValueError` or `OverflowError`, says its documentation.
        Error::Invalid(_) => "Invalid".to_owned(),
        Error::Refused => "Refused".to_owned(),
        error => format!("{:?}", error.class()),
    }
}

fn os_failure(errno: Errno) -> String {
    format!("{:?}({})", Error::Os(errno).class(), errno.raw_os_error())
}

fn event_text(call: &str, event: &str, args: &[Arg<'_>]) -> String {
    // The two forms of times are one here.
    let args = if event == "os.utime" { &[args[0], args[2], args[3]] } else { args };
    let text = |(index, arg): (usize, &Arg<'_>)| match (event, index, arg) {
        ("os.utime", 1, Arg::None) => "now".to_owned(),
        ("open", 2, _) if call == "fwalk" => "flags".to_owned(),
        ("os.scandir" | "os.listdir", 0, Arg::Int(fd)) if *fd < FIRST_FD.into() => "fd".to_owned(),
        (_, _, Arg::None) => "None".to_owned(),
        (_, _, Arg::Int(number)) => number.to_string(),
        (_, _, Arg::Bytes(bytes)) => quoted(bytes),
        (_, _, Arg::Times(Times { atime: Time::At { ns: atime }, mtime: Time::At { ns: mtime } })) => {
            format!("{atime}+{mtime}")
        }
        (_, _, other) => format!("{other:?}"),
    };
    format!("{event}({})", args.iter().enumerate().map(text).collect::<Vec<_>>().join(", "))
}
