//! A process of its own for what changes the process, and CPython to compare with.

use std::env;
use std::process::Command;

pub(crate) use crate::alone::{alone as in_child, alone_with as in_child_with};

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
