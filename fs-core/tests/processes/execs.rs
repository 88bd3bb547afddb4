//! Becoming another program: each form, what is passed on, and where programs are looked for.

use std::fs;
use std::path::Path;
use std::process::Command;

use fs_core::{Env, Errno, Error, Inherit, Mode, OFlags, Unsupported, add_dll_directory, dup2, open, set_inheritable};
use fs_core::{execl, execle, execlp, execlpe, execv, execve, execvp, execvpe, startfile};

use crate::fixture::end_of;

/// Prints its name, its argument and a variable.
const ARGS: [&str; 5] = ["sh", "-c", "echo \"<$0,$1,$MARK>\"; exit 42", "zero", "one"];

fn given() -> Env<'static> {
    Env::of([("MARK", "given"), ("PATH", "/nowhere:/bin")])
}

#[test]
fn every_form_passes_its_arguments_and_the_environment_that_it_says() {
    let name = "execs::every_form_passes_its_arguments_and_the_environment_that_it_says";
    type Form = (&'static str, &'static str, fn() -> Error);
    let forms: [Form; 8] = [
        ("execl", "", || execl("/bin/sh", &ARGS)),
        ("execle", "given", || execle("/bin/sh", &ARGS, given())),
        ("execlp", "", || execlp("sh", &ARGS)),
        ("execlpe", "given", || execlpe("sh", &ARGS, given())),
        ("execv", "", || execv("/bin/sh", ARGS)),
        ("execve", "given", || execve("/bin/sh", ARGS, given())),
        ("execvp", "", || execvp("sh", ARGS.map(String::from).iter())),
        ("execvpe", "given", || execvpe("sh", ARGS, given())),
    ];
    for (form, mark, exec) in forms {
        let end = end_of(name, form, || panic!("{form}: {}", exec()));
        let Some((status, printed)) = end else { continue };
        assert_eq!((status.exit_code(), printed.as_str()), (Some(42), &*format!("<zero,one,{mark}>\n")), "{form}");
    }
}

#[test]
fn the_environment_of_this_process_is_passed_on() {
    let name = "execs::the_environment_of_this_process_is_passed_on";
    let exec = || panic!("{}", execlp("cat", &["cat", "/proc/self/environ"]));
    if let Some((_, printed)) = end_of(name, "all", exec) {
        assert!(printed.split('\0').any(|item| item == format!("FS_CORE_TEST_END={name} all")), "{printed}");
    }
    let none = || panic!("{}", execle("/bin/cat", &["cat", "/proc/self/environ"], Env::of([("A", "=b")])));
    let Some((_, printed)) = end_of(name, "none", none) else { return };
    assert_eq!(printed, "A==b\0");
}

#[test]
fn the_first_argument_is_a_name_and_need_not_be_the_path() {
    let name = "execs::the_first_argument_is_a_name_and_need_not_be_the_path";
    let exec = || panic!("{}", execv("/bin/cat", ["another name", "/proc/self/cmdline"]));
    let Some((_, printed)) = end_of(name, "", exec) else { return };
    assert_eq!(printed, "another name\0/proc/self/cmdline\0");
}

#[test]
fn a_descriptor_and_a_path_below_one_are_programs_too() {
    let name = "execs::a_descriptor_and_a_path_below_one_are_programs_too";
    type Case = (&'static str, fn() -> Error);
    let cases: [Case; 3] = [
        ("descriptor", || execve(&open("/bin/sh", OFlags::RDONLY, Mode::empty()).unwrap(), ARGS, given())),
        ("place", || execve(&open("/bin/sh", OFlags::PATH, Mode::empty()).unwrap(), ARGS, given())),
        ("below", || execve((&open("/bin", OFlags::PATH, Mode::empty()).unwrap(), "sh"), ARGS, given())),
    ];
    for (case, exec) in cases {
        let end = end_of(name, case, || panic!("{case}: {}", exec()));
        let Some((status, printed)) = end else { continue };
        assert_eq!((status.exit_code(), printed.as_str()), (Some(42), "<zero,one,given>\n"), "{case}");
    }
}

/// Makes a file with these permissions. Another process writes it: were it open here, the
/// child of another test might have it open too, and it would be busy.
fn program(path: &Path, content: &str, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let commands = "printf %s \"$1\" >\"$0\" && chmod \"$2\" \"$0\"";
    let made = Command::new("/bin/sh").args(["-c", commands]).arg(path).args([content, &format!("{mode:o}")]).status();
    assert!(made.unwrap().success());
}

#[test]
fn a_script_that_a_descriptor_names_needs_it_open() {
    let name = "execs::a_script_that_a_descriptor_names_needs_it_open";
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    program(&script, "#!/bin/sh\necho \"script $1\"\n", 0o755);
    let fd = open(&script, OFlags::RDONLY, Mode::empty()).unwrap();
    assert_eq!(execve(&fd, ["x"], given()), Error::Os(Errno::NOENT), "it is closed on exec");
    let exec = || {
        set_inheritable(&fd, true).unwrap();
        panic!("{}", execve(&fd, ["x", "one"], given()));
    };
    let Some((_, printed)) = end_of(name, "", exec) else { return };
    assert_eq!(printed, "script one\n");
}

#[test]
fn what_cannot_be_executed_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    program(&at("text"), "echo no", 0o644);
    program(&at("unknown"), "echo no", 0o755);
    program(&at("script"), "#!/no/such/interpreter\n", 0o755);
    let check = |name, errno| assert_eq!(execv(&at(name), ["x"]), Error::Os(errno), "{name}");
    check("missing", Errno::NOENT);
    check("script", Errno::NOENT);
    check("text", Errno::ACCESS);
    check("", Errno::ACCESS);
    check("text/x", Errno::NOTDIR);
    // No shell is tried, as the C library's execvp would.
    check("unknown", Errno::NOEXEC);
    assert_eq!(execv("", ["x"]), Error::Os(Errno::NOENT));
    let long = vec![b'x'; 1 << 20];
    assert_eq!(execv("/bin/true", std::iter::repeat_n(&long, 100)), Error::Os(Errno::TOOBIG));
}

#[test]
fn arguments_are_checked_before_the_call() {
    assert!(matches!(execv("/bin/true", [""; 0]), Error::Invalid(_)));
    assert!(matches!(execlp("true", &["", "x"]), Error::Invalid(_)));
    assert_eq!(execv("/bin/tr\0ue", ["x"]), Error::EmbeddedNul);
    assert_eq!(execvp("tr\0ue", ["x"]), Error::EmbeddedNul);
    assert_eq!(execv("/bin/true", ["x", "\0"]), Error::EmbeddedNul);
    assert_eq!(execve("/bin/true", ["x"], Env::of([("a", "\0")])), Error::EmbeddedNul);
    assert!(matches!(execvpe("true", ["x"], Env::of([("a=", "")])), Error::Invalid(_)));
}

#[test]
fn what_only_windows_has_says_so() {
    assert_eq!(startfile("x", None), Err(Error::Unsupported(Unsupported::Windows)));
    assert_eq!(add_dll_directory("/lib"), Err(Error::Unsupported(Unsupported::Windows)));
}

/// A directory of programs for searches: `denied/x`, `unknown/x`, `good/x`, `file`.
fn gallery() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    program(&dir.path().join("denied/x"), "#!/bin/sh\n", 0o644);
    program(&dir.path().join("unknown/x"), "no format\n", 0o755);
    program(&dir.path().join("good/x"), "#!/bin/sh\necho \"found $0\"\n", 0o755);
    program(&dir.path().join("file"), "", 0o644);
    dir
}

fn path_of(dir: &tempfile::TempDir, items: &[&str]) -> String {
    let items: Vec<_> = items.iter().map(|item| format!("{}/{item}", dir.path().display())).collect();
    items.join(":")
}

#[test]
fn the_first_error_that_is_not_absence_is_told_and_else_the_last_one() {
    let dir = gallery();
    let check = |items: &[&str], errno| {
        let path = path_of(&dir, items);
        assert_eq!(execvpe("x", ["x"], Env::of([("PATH", &path)])), Error::Os(errno), "{items:?}");
    };
    check(&["none"], Errno::NOENT);
    check(&["file"], Errno::NOTDIR);
    check(&["file", "none"], Errno::NOENT);
    check(&["none", "file"], Errno::NOTDIR);
    check(&["denied", "none"], Errno::ACCESS);
    check(&["none", "denied", "file"], Errno::ACCESS);
    check(&["denied", "unknown"], Errno::ACCESS);
    check(&["unknown", "denied", "none"], Errno::NOEXEC);
}

#[test]
fn the_search_goes_on_after_errors_and_an_empty_item_is_the_working_directory() {
    let name = "execs::the_search_goes_on_after_errors_and_an_empty_item_is_the_working_directory";
    let dir = gallery();
    let path = path_of(&dir, &["none", "file", "denied", "unknown", "good"]);
    let end = end_of(name, "search", || panic!("{}", execvpe("x", ["x"], Env::of([("PATH", &path)]))));
    if let Some((_, printed)) = end {
        assert!(printed.starts_with("found /") && printed.ends_with("/good/x\n"), "{printed}");
    }
    let end = end_of(name, "empty item", || {
        fs_core::chdir(&dir.path().join("good")).unwrap();
        panic!("{}", execvpe("x", ["x"], Env::of([("PATH", "/nowhere:")])));
    });
    if let Some((_, printed)) = end {
        assert_eq!(printed, "found x\n");
    }
    // A slash ends the search before it begins.
    let denied = dir.path().join("denied/x");
    let path = path_of(&dir, &["good"]);
    assert_eq!(execvpe(&denied, ["x"], Env::of([("PATH", &path)])), Error::Os(Errno::ACCESS));
}

#[test]
#[expect(unsafe_code, reason = "puts descriptors at numbers that are known")]
fn inheritable_descriptors_stay_open_and_others_do_not() {
    let name = "execs::inheritable_descriptors_stay_open_and_others_do_not";
    let end = end_of(name, "", || {
        let null = open("/dev/null", OFlags::RDONLY, Mode::empty()).unwrap();
        // SAFETY: nobody else has these numbers in this process.
        unsafe { dup2(&null, 200, Inherit::Yes) }.unwrap();
        // SAFETY: as above.
        unsafe { dup2(&null, 201, Inherit::No) }.unwrap();
        let show = "for n in 200 201; do [ -e /proc/self/fd/$n ] && echo $n; done; exit 0";
        panic!("{}", execl("/bin/sh", &["sh", "-c", show]));
    });
    let Some((_, printed)) = end else { return };
    assert_eq!(printed, "200\n");
}

#[test]
fn signals_that_rust_ignores_stay_ignored() {
    let name = "execs::signals_that_rust_ignores_stay_ignored";
    let exec = || panic!("{}", execl("/bin/grep", &["grep", "SigIgn", "/proc/self/status"]));
    let Some((_, printed)) = end_of(name, "", exec) else { return };
    let ignored = u64::from_str_radix(printed.split_whitespace().nth(1).unwrap(), 16).unwrap();
    assert_ne!(ignored & (1 << (libc::SIGPIPE - 1)), 0, "{printed}");
}
