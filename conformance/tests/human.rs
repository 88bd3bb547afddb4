//! The report for people: one bug is a few lines, however many cases it makes fail.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use common::{Bench, case};

/// Twelve cases of one wrong claim, one that is kept from its claim by another cause, and
/// one of a third.
fn bench() -> Bench {
    let same = |number: usize| {
        let name = format!("f{number}");
        case(
            &format!("many_{number:02}"),
            "linux-man",
            &[&format!("symlink src=x dst={name}"), &format!("stat path={name} follow=no -> ENOENT")],
        )
    };
    let mut cases: String = (0..12).map(same).collect();
    cases += &case("kept", "posix-shall", &["rmdir path=gone", "stat path=. -> ok"]);
    cases += &case("claims", "posix-shall", &["mkdir path=d", "rmdir path=missing -> ok"]);
    cases += &case("recorded", "observed", &["stat path=. -> ENOENT"]);
    cases += &case("passes", "linux-man", &["stat path=. -> ok"]);
    Bench::with_cases(&cases)
}

#[test]
fn one_cause_is_told_once_with_one_example() {
    let bench = bench();
    let ran = bench.run(&[]);
    let out = &ran.check(1).out;
    assert!(out.starts_with("FAIL stat follow=no: expected ENOENT, got ok  (12 cases)\n"), "{out}");
    assert!(
        out.contains("     cases:  t.many_00, t.many_01, t.many_02, t.many_03 and 8 more\n     for example:\n"),
        "{out}"
    );
    assert_eq!(out.matches("     FAIL t.many_").count(), 1, "{out}");
    assert!(out.contains("\nFAIL rmdir: expected ok, got ENOENT  (2 cases: 1 FAIL, 1 BLOCKED)\n"), "{out}");
    // What failed shows more than what was kept from its claim.
    assert!(out.contains("     FAIL t.claims  step 2: expected ok, got ENOENT\n"), "{out}");
    assert!(out.contains("     FAIL t.recorded  on "), "{out}");
    assert!(out.contains("\n14 not passed, 2 causes; 16 results in "), "{out}");
    assert!(out.ends_with("`--verbose` prints each that did not pass\n"), "{out}");
    assert!(out.lines().count() < 45, "{out}");
}

#[test]
fn verbose_prints_each_in_full() {
    let bench = bench();
    let ran = bench.run(&["--verbose"]);
    let out = &ran.check(1).out;
    assert_eq!(out.matches("\nFAIL t.many_").count() + usize::from(out.starts_with("FAIL t.many_")), 12, "{out}");
    assert_eq!(out.matches("     steps:  ").count(), 14, "{out}");
    assert!(out.contains("\nBLOCKED t.kept  step 1: `rmdir path=gone`, which prepares, gave ENOENT\n"), "{out}");
    assert!(!out.contains("--verbose"), "{out}");
}

#[test]
fn times_that_differ_do_not_make_targets_differ() {
    let steps = ["stat path=. -> as=before", "stat path=. -> ctime_ns>before.ctime_ns"];
    let bench = Bench::with_steps(&steps);
    let second = bench.path("temp/second").display().to_string();
    std::fs::create_dir(&second).unwrap();
    let mut command = bench.command(&bench.run_arguments());
    command.arg(&second).stdout(std::fs::File::create(bench.path("out")).unwrap());
    assert_eq!(common::wait(command.spawn().unwrap()), 1);
    let out = std::fs::read_to_string(bench.path("out")).unwrap();
    assert!(out.starts_with("The same on all targets\n"), "{out}");
    std::fs::remove_dir(&second).unwrap();
}
