//! What the command line promises: messages, exit codes, and nothing left behind.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::{Bench, case};

#[test]
fn a_directory_that_is_none_is_wrong_usage() {
    let bench = Bench::new();
    let ran = bench.program(&["run", "/no/such/directory"]);
    ran.check(2);
    assert_eq!(ran.err, "conformance: /no/such/directory: No such file or directory (os error 2)\n");

    fs::write(bench.path("file"), "").unwrap();
    let ran = bench.program(&["run", "file"]);
    ran.check(2);
    assert_eq!(ran.err, "conformance: file: not a directory\n");
}

#[test]
fn a_directory_that_cannot_be_written_to_is_the_environments_fault() {
    let bench = Bench::with_steps(&["stat path=. -> type=dir"]);
    // Root is kept out by nothing: it is another user who runs, and to whom this is a stranger's.
    fs::set_permissions(bench.path("target"), fs::Permissions::from_mode(0o555)).unwrap();
    let ran = bench.run_as_user(&[]);
    ran.check(3);
    assert!(ran.err.contains("cannot make a directory there: Permission denied"), "{ran:?}");
}

#[test]
fn a_broken_case_file_is_wrong_usage_and_the_message_names_the_place() {
    let message = |text: &str| {
        let bench = Bench::with_cases(text);
        let ran = bench.run(&[]);
        ran.check(2);
        let prefix = format!("conformance: {}/", bench.path("cases").display());
        ran.err.trim_end().strip_prefix(&prefix).unwrap().to_owned()
    };
    let with = |step: &str| case("c", "linux-man", &[step]);
    assert_eq!(message(&with("stat path=a -> EFOO")), "t.case:5:18: case `t.c`: unknown errno `EFOO`");
    assert!(message(&with("frobnicate path=a")).starts_with("t.case:5:3: case `t.c`: unknown operation `frobnicate`"));
    assert!(message(&with("@nobody stat path=a -> ok")).starts_with("t.case:5:3: case `t.c`: unknown actor `nobody`"));
    assert_eq!(message(&with("stat path=a -> same=b")), "t.case:5:22: case `t.c`: no earlier step saves `b`");
    assert_eq!(message(&with("stat path=a")), "t.case:1:1: case `t.c`: no step wants anything");
    assert_eq!(message(&with("needs flying")), "t.case:5:9: case `t.c`: unknown need `flying`");
    assert!(
        message(&case("c", "law", &["stat path=a -> ok"])).starts_with("t.case:4:9: case `t.c`: unknown class `law`")
    );
    assert_eq!(message("case c\n  claim x\n  source y\n  class observed\n"), "t.case:1:1: case `t.c`: it has no steps");
    assert_eq!(
        message("case c\n  source y\n  class observed\n  stat path=a -> ok\n"),
        "t.case:1:1: case `t.c`: it has no `claim`"
    );
    let twice = case("c", "linux-man", &["stat path=. -> ok"]).repeat(2);
    assert_eq!(message(&twice), "t.case:7:1: case `t.c`: the id stands twice; the first is on line 1");
    assert_eq!(message("stat path=a -> ok\n"), "t.case:1:1: `stat` stands before the first case");
    assert_eq!(message(&with("rule src=a -> ok")), "t.case:5:3: case `t.c`: only a product has rules");
    let product = "product p src=file|gone\n  claim x\n  source y\n  class observed\n  stat path=$src\n";
    assert!(message(product).starts_with("t.case:1:1: case `t.p`: unknown class `gone` on the axis `src`"));
}

#[test]
fn a_directory_without_case_files_is_wrong_usage() {
    let bench = Bench::new();
    let ran = bench.run(&[]);
    ran.check(2);
    assert!(ran.err.contains("no case files"), "{ran:?}");
}

#[test]
fn nothing_selected_has_a_code_of_its_own() {
    let bench = Bench::new();
    bench.program(&["run", "--case", "no.such.case", &bench.target()]).check(4);
    bench.program(&["list", "--case", "no.such.case"]).check(4);
    bench.program(&["show", "no.such.case"]).check(4);
}

#[test]
fn unknown_options_and_words_are_wrong_usage() {
    let bench = Bench::new();
    bench.program(&["run", "--frobnicate"]).check(2);
    bench.program(&["run", "--shard", "3/2", &bench.target()]).check(2);
    bench.program(&["run", "--format", "xml", &bench.target()]).check(2);
    bench.program(&["run", "--no-mount", &bench.target()]).check(2);
    bench.program(&[]).check(2);
}

#[test]
fn a_failing_case_says_what_was_expected_and_what_to_type_next() {
    let bench = Bench::with_steps(&["open path=a flags=CREAT|WRONLY -> fd=1", "stat path=a -> ENOENT"]);
    let ran = bench.run(&[]);
    ran.check(1);
    assert!(ran.out.starts_with("FAIL t.c  step 2: expected ENOENT, got ok\n"), "{}", ran.out);
    assert!(ran.out.contains("     source: y(2) (linux-man)\n"), "{}", ran.out);
    let steps = "     steps:  open path=a flags=CREAT|WRONLY -> fd=1  ok\n             stat path=a                             ok\n     \
        wanted: ENOENT\n     got:    ok\n";
    assert!(ran.out.contains(steps), "{}", ran.out);
    let cases = bench.path("cases").display().to_string();
    let again = format!("conformance run --case t.c --cases {cases} {}", bench.target());
    assert!(ran.out.contains(&format!("     again:  {again}\n")), "{}", ran.out);
    let words: Vec<&str> = again.split(' ').skip(1).collect();
    assert_eq!(bench.program(&words).check(1).out.lines().next(), ran.out.lines().next());
    assert!(!ran.out.contains('\x1b'), "no colours where nobody looks");
    assert!(bench.run(&["--color", "always"]).out.contains("\x1b[31m"));
}

#[test]
fn the_suite_can_be_listed_and_shown_and_run_in_shards() {
    let bench = Bench::new();
    let listed = bench.program(&["list"]);
    let ids: Vec<&str> = listed.check(0).out.lines().collect();
    assert!(ids.contains(&"rename.exchange_needs_both_names"));
    let shown = bench.program(&["show", "rename.exchange_needs_both_names"]);
    assert!(shown.check(0).out.contains("\n  rename src=a dst=b flags=EXCHANGE -> ENOENT\n"), "{shown:?}");

    let of_shard = |shard: &str| {
        let ran = bench.program(&[
            "run",
            "--case",
            "rename.exchange*",
            "--shard",
            shard,
            "--format",
            "json",
            &bench.target(),
        ]);
        ran.check(0).statuses()
    };
    let mut of_shards = [of_shard("1/2"), of_shard("2/2")].concat();
    of_shards.sort();
    let whole = bench.program(&["run", "--case", "rename.exchange*", "--format", "json", &bench.target()]);
    let mut of_whole = whole.check(0).statuses();
    of_whole.sort();
    assert_eq!(of_shards, of_whole);
}

#[test]
fn help_completions_and_the_manual_page_are_there() {
    let bench = Bench::new();
    let help = bench.program(&["--help"]);
    assert!(help.check(0).out.contains("Exit codes:\n  0 "), "{help:?}");
    assert!(help.out.contains("Examples:\n"));
    bench.program(&["--version"]).check(0);
    assert!(bench.program(&["list", "--needs"]).check(0).out.contains("rename_exchange "));
    assert!(bench.program(&["list", "--classes"]).check(0).out.contains("dangling "));
    assert!(bench.program(&["list", "--actors"]).check(0).out.contains("no_fowner "));
    assert!(bench.program(&["--completions", "bash"]).check(0).out.contains("_conformance"));
    assert!(bench.program(&["--man"]).check(0).out.contains(".TH conformance"));
    // One for each verb, too.
    let pages = bench.path("pages");
    fs::create_dir(&pages).unwrap();
    assert_eq!(bench.program(&["--man", pages.to_str().unwrap()]).check(0).out, "");
    for (name, says) in
        [("conformance", "conformance\\-run(1)"), ("conformance-run", "\\-\\-shard"), ("conformance-show", "CASE")]
    {
        let page = fs::read_to_string(pages.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")) && page.contains(says), "{page}");
    }
    let ran = bench.program(&["--man", bench.path("none").to_str().unwrap()]);
    assert!(ran.check(3).err.contains("none: No such file"), "{ran:?}");
}

#[test]
fn several_directories_are_columns_and_differences_come_first() {
    let bench = Bench::with_cases(
        &[
            case("a_same", "linux-man", &["stat path=a -> ok"]),
            case("b_passes", "linux-man", &["stat path=. -> type=dir"]),
        ]
        .concat(),
    );
    fs::create_dir(bench.path("temp/second")).unwrap();
    let second = bench.path("temp/second").display().to_string();
    let arguments = bench.run_arguments();
    let mut command = bench.command(&arguments);
    command.arg(&second).args(["--log", &bench.path("log").display().to_string()]);
    let child = command.stdout(fs::File::create(bench.path("out")).unwrap()).spawn().unwrap();
    assert_eq!(common::wait(child), 1);
    let out = fs::read_to_string(bench.path("out")).unwrap();
    assert!(out.starts_with("The same on all targets\n"), "{out}");
    fs::remove_dir(&second).unwrap();
    let log = fs::read_to_string(bench.path("log")).unwrap();
    let targets: Vec<String> = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line["type"] == "case")
        .map(|line| format!("{} {}", line["id"].as_str().unwrap(), line["target"].as_str().unwrap()))
        .collect();
    assert_eq!(targets.len(), 4);
    assert!(targets[0].starts_with("t.a_same ") && targets[1] == format!("{}.2", targets[0]), "{targets:?}");
}
