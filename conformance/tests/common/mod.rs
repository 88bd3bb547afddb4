//! Runs the program as its users do.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![allow(dead_code, reason = "each test file uses a part of this")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// `nobody`, who may not do anything special; fusermount3 wants a user with a name.
pub(crate) const USER: u32 = 65534;

/// Longer than any of these runs takes, on a machine that is busy with others.
const PATIENCE: Duration = Duration::from_secs(120);

/// A directory to run on, and one with case files.
pub(crate) struct Bench {
    temp: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        for dir in ["target", "cases", "temp"] {
            fs::create_dir(temp.path().join(dir)).unwrap();
            fs::set_permissions(temp.path().join(dir), fs::Permissions::from_mode(0o777)).unwrap();
        }
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Bench { temp }
    }

    /// With a file of cases, `t.case`.
    pub(crate) fn with_cases(cases: &str) -> Self {
        let bench = Bench::new();
        fs::write(bench.path("cases/t.case"), cases).unwrap();
        bench
    }

    /// With a case `t.c` of these steps.
    pub(crate) fn with_steps(steps: &[&str]) -> Self {
        Bench::with_cases(&case("c", "linux-man", steps))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    pub(crate) fn target(&self) -> String {
        self.path("target").display().to_string()
    }

    /// The arguments that run the cases of this bench in its directory.
    pub(crate) fn run_arguments(&self) -> Vec<String> {
        let cases = self.path("cases").display().to_string();
        ["run".to_owned(), "--cases".to_owned(), cases, self.target()].into()
    }

    /// Runs the cases of this bench in its directory.
    pub(crate) fn run(&self, more: &[&str]) -> Ran {
        let arguments = self.run_arguments();
        let all: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        self.program(&all)
    }

    /// As [`run`](Bench::run), as a user who may not do anything special.
    pub(crate) fn run_as_user(&self, more: &[&str]) -> Ran {
        let arguments = self.run_arguments();
        let mut command = self.command(&arguments);
        command.args(more);
        self.finish(as_user(command, &self.path("program")))
    }

    /// Runs the program.
    pub(crate) fn program(&self, arguments: &[&str]) -> Ran {
        self.finish(self.command(arguments))
    }

    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Command {
        self.prepared(Command::new(PROGRAM), arguments)
    }

    fn prepared<S: AsRef<std::ffi::OsStr>>(&self, mut command: Command, arguments: &[S]) -> Command {
        command.args(arguments).env("TMPDIR", self.path("temp")).env_remove("NO_COLOR");
        command.current_dir(self.temp.path()).stdin(Stdio::null());
        command
    }

    /// Starts a run that waits long for a step; what it prints is in `out` and `err`.
    /// `hangups` says what a SIGHUP does to it: `default` or `ignore`.
    pub(crate) fn start(&self, arguments: &[String], hangups: &str) -> Child {
        let mut starter = Command::new("env");
        starter.args([&format!("--{hangups}-signal=HUP"), PROGRAM]);
        let mut command = self.prepared(starter, arguments);
        command.args(["--timeout", "600", "--jobs", "1"]);
        command.stdout(fs::File::create(self.path("out")).unwrap()).stderr(fs::File::create(self.path("err")).unwrap());
        command.spawn().unwrap()
    }

    pub(crate) fn finish(&self, mut command: Command) -> Ran {
        let (out, err) = (self.path("stdout"), self.path("stderr"));
        command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap());
        let status = wait(command.spawn().unwrap());
        let read = |path| fs::read_to_string(path).unwrap();
        let ran = Ran { code: status, out: read(out), err: read(err) };
        // Whatever happened, nothing is left.
        assert_eq!(self.left(), Vec::<PathBuf>::new(), "left behind: {ran:?}");
        ran
    }

    /// What is in the directories where the program makes its own.
    pub(crate) fn left(&self) -> Vec<PathBuf> {
        let list = |name| fs::read_dir(self.path(name)).unwrap().map(|entry| entry.unwrap().path());
        list("target").chain(list("temp")).collect()
    }
}

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_conformance");

/// What came of running the program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The lines of standard output, as JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The results, as `ID STATUS`.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let cases = self.json().into_iter().filter(|line| line["type"] == "case");
        cases.map(|case| format!("{} {}", case["id"].as_str().unwrap(), case["status"].as_str().unwrap())).collect()
    }

    /// The only result.
    pub(crate) fn case(&self) -> Value {
        let cases: Vec<Value> = self.json().into_iter().filter(|line| line["type"] == "case").collect();
        assert_eq!(cases.len(), 1, "{self:?}");
        cases[0].clone()
    }

    pub(crate) fn check(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// A case as it stands in a file.
pub(crate) fn case(name: &str, class: &str, steps: &[&str]) -> String {
    format!("case {name}\n  claim x\n  source y(2)\n  class {class}\n  {}\n\n", steps.join("\n  "))
}

/// The command, run by a user who may not do anything special: root becomes that user,
/// for whom the program is copied to where he can reach it.
pub(crate) fn as_user(command: Command, copy: &Path) -> Command {
    if !is_root() {
        return command;
    }
    fs::copy(env!("CARGO_BIN_EXE_conformance"), copy).unwrap();
    let mut user = Command::new(copy);
    user.args(command.get_args()).uid(USER).gid(USER).stdin(Stdio::null());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => user.env(key, value),
            None => user.env_remove(key),
        };
    }
    if let Some(dir) = command.get_current_dir() {
        user.current_dir(dir);
    }
    user
}

/// Says why a test is not made. Where OSPREY_REQUIRE_ALL is set, that is a failure.
pub(crate) fn skip(reason: &str) {
    assert!(std::env::var_os("OSPREY_REQUIRE_ALL").is_none(), "must not be skipped here: {reason}");
    eprintln!("skipped: {reason}");
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The exit code; for a program that a signal ended, the signal as a negative number.
pub(crate) fn wait(mut child: Child) -> i32 {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or_else(|| -status.signal().unwrap());
        }
        if Instant::now() >= until {
            let _ = child.kill();
            panic!("the program does not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until something is so.
pub(crate) fn until(mut what: impl FnMut() -> bool, name: &str) {
    let until = Instant::now() + PATIENCE;
    while !what() {
        assert!(Instant::now() < until, "waited in vain for {name}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
