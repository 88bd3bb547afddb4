//! A process of its own for what changes the process, and CPython to compare with.

use std::env;
use std::process::Command;

/// Runs `body` in a process of its own: the test `name`, a path below this program, is
/// run once more there. `prepare` may change how it is started.
pub(crate) fn in_child_with(name: &str, prepare: impl FnOnce(&mut Command), body: impl FnOnce()) {
    const VARIABLE: &str = "FS_CORE_TEST_CHILD";
    if env::var(VARIABLE).is_ok_and(|value| value == name) {
        return body();
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(VARIABLE, name);
    prepare(&mut command);
    let output = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprint!("{stderr}");
    assert!(output.status.success() && stdout.contains("1 passed"), "{name}: {stdout}\n{stderr}");
}

/// [`in_child_with`] nothing special.
pub(crate) fn in_child(name: &str, body: impl FnOnce()) {
    in_child_with(name, |_| {}, body);
}

/// Says why something is not tested. Where `OSPREY_REQUIRE_ALL` is set, that is a failure.
pub(crate) fn not_run(reason: &str) {
    assert!(env::var_os("OSPREY_REQUIRE_ALL").is_none(), "must not be skipped here: {reason}");
    eprintln!("not run: {reason}");
}

/// Whether the process may do what only root may; says so if not.
pub(crate) fn is_root() -> bool {
    let root = fs_core::geteuid().is_root();
    if !root {
        // As an ordinary user the other tests are run too, so that this is no failure.
        eprintln!("not run: only root may change ids");
    }
    root
}

/// What CPython prints for a script, word by word; `None`, with the reason, without it.
pub(crate) fn python(script: &str) -> Option<Vec<String>> {
    match Command::new("python3").args(["-c", script]).output() {
        Ok(output) if output.status.success() => {
            Some(String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect())
        }
        Ok(output) => panic!("python3: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            not_run(&format!("python3: {error}"));
            None
        }
    }
}
