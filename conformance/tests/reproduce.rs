//! Programs made of cases end as the suite does.
//!
//! `OSPREY_REPRODUCE='*'` takes every case instead of a sample, another pattern those that
//! match it as for `conformance list --case`, and `2/5` the second of five parts. How many
//! there were is printed.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{Bench, skip};
use conformance::case::Case;
use conformance::reproduce::{Language, program};
use conformance::select::{Glob, Shard, select};
use conformance::suite;

/// The flags that the programs promise to be built with.
const C_FLAGS: [&str; 4] = ["-Wall", "-Wextra", "-Werror", "-std=gnu11"];

#[test]
fn programs_in_c_end_as_the_suite_does() {
    if !is_there("gcc") {
        return skip("there is no gcc");
    }
    check_all(Language::C, &|source, dir| {
        let binary = source.with_extension("");
        let built = Command::new("gcc").args(C_FLAGS).arg("-o").arg(&binary).arg(source).output().unwrap();
        match built.status.success() {
            true => Ok(run(Command::new(&binary).arg(dir))),
            false => Err(String::from_utf8_lossy(&built.stderr).into_owned()),
        }
    });
}

#[test]
fn programs_in_python_end_as_the_suite_does() {
    let Some(python) = python() else {
        return skip("there is no python3");
    };
    check_all(Language::Python, &|source, dir| Ok(run(Command::new(&python).arg("-SE").arg(source).arg(dir))));
}

#[test]
fn programs_for_the_shell_end_as_the_suite_does_or_say_that_they_cannot() {
    check_all(Language::Sh, &|source, dir| Ok(run(Command::new("sh").arg(source).arg(dir))));
}

#[test]
fn a_case_file_of_a_case_has_the_same_steps() {
    for case in suite::embedded().unwrap() {
        let file = program(&case, Language::Ops).unwrap();
        let (stem, _) = case.id.split_once('.').unwrap();
        let read = conformance::parse::parse("t", stem, &file).unwrap();
        assert_eq!(read.len(), 1);
        let again = Case { written: case.written.clone(), ..read[0].clone() };
        assert_eq!(again, case);
    }
}

#[test]
fn a_wanted_word_that_differs_ends_in_one_and_says_so() {
    let steps = ["mkdir path=d mode=0755", "rmdir path=d -> EEXIST"];
    check_made(&steps, 1, "FAIL step 2: expected EEXIST, got ok");
    let steps = ["open path=f flags=CREAT|EXCL|WRONLY mode=0644 -> fd=1", "stat path=f -> ok|ENOENT nlink=2 size=0"];
    check_made(&steps, 1, "FAIL step 2: expected ok|ENOENT nlink=2 size=0, got ok nlink=1 size=0");
    check_made(&["stat path=. -> mode=0777 type=dir uid>=0"], 0, "PASS");
}

#[test]
fn a_step_that_only_prepares_and_fails_ends_in_three() {
    check_made(&["mkdir path=a/b", "stat path=. -> ok"], 3, "step 1, which prepares, gave ENOENT");
}

#[test]
fn a_register_that_a_step_failed_to_bind_ends_in_three() {
    let steps = ["open path=f -> ok|ENOENT fd=1", "stat fd=1 -> ok"];
    for language in [Language::C, Language::Python] {
        if let Some((ran, _)) = make_and_run(&steps, language, &[]) {
            assert_eq!(ran.code, 3, "{}", ran.out);
            assert!(ran.out.contains("step 2 uses fd=1"), "{}", ran.out);
        }
    }
}

#[test]
fn a_call_that_blocks_is_told_and_collected() {
    let steps = [
        "open path=f flags=CREAT|RDWR mode=0644 -> fd=1",
        "@self.2 open path=f flags=RDWR -> fd=1",
        "flock fd=1 operation=EX",
        "@self.2 flock fd=1 operation=EX -> blocked",
        "flock fd=1 operation=UN",
        "@self.2 wait -> ok",
        "fork child=kid",
        "@kid flock fd=1 operation=SH|NB -> EAGAIN",
        "stat path=f -> as=before",
        "@kid stat path=f -> same=before ino=before.ino",
    ];
    let without_lock = [steps[0], steps[1], steps[3]];
    for language in [Language::C, Language::Python] {
        if let Some((ran, _)) = make_and_run(&steps, language, &[]) {
            assert_eq!(ran.code, 0, "{}", ran.out);
            assert!(ran.out.contains("-> blocked"), "{}", ran.out);
        }
        if let Some((ran, _)) = make_and_run(&without_lock, language, &[]) {
            assert_eq!(ran.code, 1, "{}", ran.out);
            assert!(ran.out.contains("FAIL step 3: expected blocked, got ok"), "{}", ran.out);
        }
    }
}

#[test]
fn a_program_that_runs_is_told_of() {
    let steps = [
        "open path=p flags=CREAT|WRONLY mode=0755 -> fd=1",
        "write fd=1 data=%program()",
        "spawn path=p -> ETXTBSY",
        "close fd=1",
        "spawn path=p -> ok process=1",
        "open path=p flags=WRONLY -> ETXTBSY",
        "reap process=1 -> status=7",
    ];
    for language in [Language::C, Language::Python] {
        if let Some((ran, left)) = make_and_run(&steps, language, &[]) {
            assert_eq!((ran.code, left), (1, 0), "{}", ran.out);
            assert!(ran.out.contains("FAIL step 7: expected status=7, got ok status=0"), "{}", ran.out);
        }
    }
}

#[test]
fn what_cannot_be_removed_is_removed_after() {
    let steps = [
        "mkdir path=d mode=0755",
        "open path=d/f flags=CREAT|EXCL|WRONLY mode=0644 -> fd=1",
        "setflags fd=1 set=APPEND",
        "getflags fd=1 -> flags>=APPEND",
        "open path=d flags=DIRECTORY -> fd=2",
        "setflags fd=2 set=IMMUTABLE -> ok",
        "unlink path=d/f -> ok",
    ];
    for language in [Language::C, Language::Python] {
        let Some((ran, left)) = make_and_run(&steps, language, &[]) else { continue };
        if ran.code == 3 && ["EOPNOTSUPP", "ENOTTY", "EPERM"].iter().any(|word| ran.out.contains(word)) {
            return skip("the temporary directory has no flags of inodes, or this user may not set them");
        }
        assert_eq!((ran.code, left), (1, 0), "{}", ran.out);
        assert!(ran.out.contains("FAIL step 7: expected ok, got EPERM"), "{}", ran.out);
    }
}

#[test]
fn root_without_a_capability_is_refused() {
    if !common::is_root() {
        return skip("only root has capabilities to give up");
    }
    let steps = [
        "@owner open path=f flags=CREAT|WRONLY mode=0600 -> fd=1",
        "@no_dac_override stat path=f -> uid=65501",
        "@no_chown chown path=f uid=0 -> ok",
    ];
    check_made(&steps, 1, "FAIL step 3: expected ok, got EPERM");
}

#[test]
fn no_large_file_system_is_filled() {
    let bench = Bench::new();
    let space = rustix::fs::statvfs(bench.path("target")).unwrap();
    if space.f_bfree * space.f_frsize <= 256 << 20 {
        return skip("the temporary directory is on a small file system");
    }
    for language in [Language::C, Language::Python] {
        let steps = ["open path=f flags=CREAT|WRONLY mode=0644 -> fd=1", "fill fd=1 -> count>0"];
        if let Some((ran, _)) = make_and_run(&steps, language, &[]) {
            assert_eq!(ran.code, 2, "{}", ran.out);
            assert!(ran.out.contains("more than 256 MiB free is too large"), "{}", ran.out);
        }
    }
}

#[test]
fn who_is_not_root_gets_a_root_directory_and_is_told_of_actors() {
    let confined = ["mkdir path=d mode=0755", "chdir path=d", "getcwd -> path=/d", "stat path=/d/.. -> type=dir"];
    let actors = ["@owner mkdir path=d mode=0755 -> ok"];
    for language in [Language::C, Language::Python] {
        // Where users may make no namespaces, the program says so.
        if let Some((ran, _)) = make_and_run_as(&confined, language, &[], Some(common::USER)) {
            assert!(ran.code == 0 || ran.code == 2 && ran.out.contains("cannot run here: no"), "{}", ran.out);
        }
        if let Some((ran, _)) = make_and_run_as(&actors, language, &[], Some(common::USER)) {
            assert_eq!(ran.code, 2, "{}", ran.out);
            assert!(ran.out.contains("only root can act as another user"), "{}", ran.out);
        }
    }
}

#[test]
fn the_directory_stays_where_it_is_wanted() {
    for language in [Language::C, Language::Python, Language::Sh] {
        if let Some((ran, left)) = make_and_run(&["mkdir path=d mode=0755 -> ok"], language, &["--keep"]) {
            assert_eq!(ran.code, 0, "{}", ran.out);
            assert_eq!(left, 1, "{language:?}");
        }
    }
}

#[test]
fn the_command_line_tells_what_it_cannot_do() {
    let steps = ["open path=f flags=CREAT|RDWR mode=0644 -> fd=1", "lockf fd=1 command=LOCK -> ok"];
    let bench = Bench::with_steps(&steps);
    let cases = bench.path("cases").display().to_string();
    let reproduce = |more: &[&str]| bench.program(&[&["reproduce", "--cases", &cases], more].concat());
    let ran = reproduce(&["t.c", "--lang", "sh"]);
    ran.check(2);
    assert!(ran.err.contains("step 2 cannot be said in sh") && ran.err.contains("--lang c"), "{ran:?}");
    let ran = reproduce(&["t.d"]);
    ran.check(4);
    assert!(ran.err.contains("no case `t.d`"), "{ran:?}");
    assert!(reproduce(&["t"]).check(4).err.contains("it begins the ids of 1"));
    let file = bench.path("program").display().to_string();
    assert_eq!(reproduce(&["t.c", "-o", &file]).check(0).out, "");
    assert!(fs::read_to_string(&file).unwrap().contains("int main("));
    let ran = reproduce(&["t.c", "--lang", "ops"]);
    assert!(ran.check(0).out.ends_with("  lockf fd=1 command=LOCK -> ok\n"), "{ran:?}");
}

/// Makes a program of a case with these steps in each language that can say them, and
/// checks how it ends and what it prints.
fn check_made(steps: &[&str], code: i32, says: &str) {
    for language in [Language::C, Language::Python, Language::Sh] {
        if let Some((ran, left)) = make_and_run(steps, language, &[]) {
            assert_eq!(ran.code, code, "{language:?}: {}", ran.out);
            assert!(ran.out.contains(says), "{language:?}: {}", ran.out);
            assert_eq!(left, 0, "{language:?}: left behind");
        }
    }
}

/// Runs the program of these steps: what came of it, and how many directories it left.
/// `None` where the language is not there.
fn make_and_run(steps: &[&str], language: Language, arguments: &[&str]) -> Option<(Ran, usize)> {
    make_and_run_as(steps, language, arguments, None)
}

fn make_and_run_as(steps: &[&str], language: Language, arguments: &[&str], user: Option<u32>) -> Option<(Ran, usize)> {
    let bench = Bench::new();
    let text = common::case("c", "linux-man", steps);
    let case = conformance::parse::parse("t.case", "t", &text).unwrap().remove(0);
    let source = bench.path("temp").join("program.c");
    fs::write(&source, program(&case, language).unwrap()).unwrap();
    let mut command = match language {
        Language::C if is_there("gcc") => {
            let binary = bench.path("temp/program");
            // Some warnings come only with optimisation.
            let built =
                Command::new("gcc").args(C_FLAGS).arg("-O2").arg("-o").arg(&binary).arg(&source).output().unwrap();
            assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
            Command::new(binary)
        }
        // One that every user can run.
        Language::Python if user.is_none() || Path::new("/usr/bin/python3").exists() => {
            let python = if user.is_some() { Some("/usr/bin/python3".into()) } else { python() };
            let mut command = python.map(Command::new)?;
            command.arg(&source);
            command
        }
        Language::Sh => {
            let mut command = Command::new("sh");
            command.arg(&source);
            command
        }
        Language::C | Language::Python | Language::Ops => {
            skip(&format!("no {language:?} here"));
            return None;
        }
    };
    if let Some(user) = user.filter(|_| common::is_root()) {
        command.uid(user).gid(user);
    }
    let ran = run(command.arg(bench.path("target")).args(arguments));
    let left = fs::read_dir(bench.path("target")).unwrap().count();
    Some((ran, left))
}

/// What a program printed, and its exit code.
struct Ran {
    code: i32,
    out: String,
}

/// Longer than a program takes that waits for others, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(command: &mut Command) -> Ran {
    let log = tempfile::NamedTempFile::new().unwrap();
    let out = log.reopen().unwrap();
    command.stdin(Stdio::null()).stderr(out.try_clone().unwrap()).stdout(out);
    let mut child = command.spawn().unwrap();
    let until = Instant::now() + PATIENCE;
    let code = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.code().unwrap_or(-1),
            None if Instant::now() >= until => {
                child.kill().unwrap();
                child.wait().unwrap();
                break HANGS;
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    Ran { code, out: String::from_utf8_lossy(&fs::read(log.path()).unwrap()).into_owned() }
}

/// The exit code of a program that did not end.
const HANGS: i32 = -2;

fn is_there(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// The interpreter itself, which may be behind a script.
fn python() -> Option<PathBuf> {
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().ok()?;
    asked.status.success().then(|| String::from_utf8_lossy(&asked.stdout).trim().into())
}

/// Cases that between them have every operation, every product and every actor; or those
/// that the environment asks for.
fn chosen(language: Language) -> Vec<Case> {
    let all = suite::embedded().unwrap();
    let wanted = std::env::var("OSPREY_REPRODUCE").ok();
    if let Some(wanted) = &wanted {
        return match wanted.parse::<Shard>() {
            Ok(shard) => select(all, &[], Some(shard)),
            Err(_) => select(all, &[Glob::new(wanted)], None),
        };
    }
    let mut seen = BTreeSet::new();
    let is_new = |case: &Case| {
        let mut marks = BTreeSet::new();
        // The cases of a product share the line on which it is written.
        marks.insert(case.written.clone());
        let actors = case.steps.iter().filter_map(|step| step.actor.as_ref());
        marks.extend(actors.map(|actor| format!("@{actor}")));
        marks.extend(case.steps.iter().map(|step| step.op.name().to_owned()));
        let fields = case.steps.iter().filter_map(|step| step.want.as_ref()).flat_map(|want| &want.checks);
        marks.extend(fields.map(|check| check.field.to_owned()));
        // Not every case that is written by itself, which would be most.
        let product = case.id.split('.').count() > 2;
        let counts = |mark: &String| (product || *mark != case.written) && !seen.contains(mark);
        let new = marks.iter().any(counts);
        seen.extend(marks);
        new
    };
    let sample: Vec<Case> = all.into_iter().filter(is_new_by(is_new)).collect();
    assert!(sample.len() > 50, "{language:?}");
    sample
}

/// `filter` lends, and the choice remembers.
fn is_new_by(mut is_new: impl FnMut(&Case) -> bool) -> impl FnMut(&Case) -> bool {
    move |case| is_new(case)
}

/// The statuses that the suite gives in a directory, by id.
fn suite_says(cases: &[Case]) -> BTreeMap<String, String> {
    let bench = Bench::new();
    let target = bench.target();
    let mut arguments = vec!["run", "--format", "json", "--timeout", "30", target.as_str()];
    let all = cases.len() == suite::embedded().unwrap().len();
    if !all {
        arguments.extend(cases.iter().flat_map(|case| ["--case", case.id.as_str()]));
    }
    let statuses = bench.program(&arguments).statuses();
    statuses
        .iter()
        .filter_map(|line| line.split_once(' '))
        .map(|(id, status)| (id.to_owned(), status.to_owned()))
        .collect()
}

/// Does the programs of all chosen cases, two at a time, and compares each with the suite.
fn check_all(language: Language, execute: &(impl Fn(&Path, &Path) -> Result<Ran, String> + Sync)) {
    let cases = chosen(language);
    let statuses = suite_says(&cases);
    let bench = Bench::new();
    let (next, told) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = check_one(case, &statuses[&case.id], language, &bench, execute);
                    told.lock().unwrap().push((case.id.clone(), outcome));
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (id, outcome) in &told {
        match outcome {
            Ok(what) => *counts.entry(what.as_str()).or_default() += 1,
            Err(why) => wrong.push(format!("{id}: {why}")),
        }
    }
    eprintln!("{language:?}: {} cases, {counts:?}", told.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counts.contains_key("the same"), "{counts:?}");
    let left: Vec<_> = fs::read_dir(bench.path("target")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

fn check_one(
    case: &Case,
    status: &str,
    language: Language,
    bench: &Bench,
    execute: &(impl Fn(&Path, &Path) -> Result<Ran, String> + Sync),
) -> Result<String, String> {
    let made = match program(case, language) {
        Ok(made) => made,
        Err(why) if language == Language::Sh => {
            assert!(why.contains("--lang"), "{}: {why}", case.id);
            return Ok("not said in sh".to_owned());
        }
        Err(why) => return Err(why),
    };
    if status == "SKIP" {
        return Ok("skipped here".to_owned());
    }
    let extension = if language == Language::C { "c" } else { "txt" };
    let source = bench.path("temp").join(format!("{}.{extension}", case.id));
    fs::write(&source, made).unwrap();
    let ran = execute(&source, &bench.path("target"))?;
    let _ = (fs::remove_file(&source), fs::remove_file(source.with_extension("")));
    let wanted = match status {
        "PASS" => 0,
        "FAIL" | "TIMEOUT" => 1,
        "BLOCKED" => 3,
        other => return Err(format!("the suite says {other}")),
    };
    let cannot = language == Language::Sh && ran.code == 2 && ran.out.contains("cannot run here");
    match ran.code {
        _ if cannot => Ok("cannot be told from sh".to_owned()),
        code if code == wanted => Ok("the same".to_owned()),
        code => Err(format!("the suite says {status}, the program {code}:\n{}", ran.out)),
    }
}
