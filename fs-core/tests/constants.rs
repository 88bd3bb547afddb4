//! The constants have the values that CPython has, and those that it lacks have the
//! kernel's or the C library's.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeMap;
use std::process::Command;

use fs_core::constant;
use fs_core::names::{self, Kind};

/// Names of the document that CPython does not export here, with their values in the headers
/// of the C library and the kernel.
const NOT_IN_CPYTHON: [(&str, i64); 1] = [
    // `bits/statvfs.h`
    ("ST_IMMUTABLE", 512),
];

/// The numbers among the constants that exist here: the rest are strings and choices.
fn numbers() -> BTreeMap<&'static str, i64> {
    let here = names::all().iter().filter(|name| name.kind == Kind::Constant && name.here().is_ok());
    let is_number = |name: &&names::Name| !NO_NUMBERS.contains(&name.name);
    here.filter(is_number).map(|name| (name.name, constant(name.name).unwrap_or_else(|_| panic!("{name}")))).collect()
}

/// The constants that are no numbers; unit tests hold them against the document.
const NO_NUMBERS: [&str; 11] = [
    "altsep",
    "curdir",
    "defpath",
    "devnull",
    "extsep",
    "linesep",
    "name",
    "pardir",
    "pathsep",
    "sep",
    "supports_bytes_environ",
];

#[test]
fn they_have_the_values_of_cpython() {
    let script = "import os, stat, sys
for name in sys.argv[1:]:
    value = getattr(stat, name[5:], None) if name.startswith('stat.') else getattr(os, name, None)
    if value is not None:
        print(name, int(value))";
    let numbers = numbers();
    let Ok(output) = Command::new("python3").args(["-c", script]).args(numbers.keys()).output() else {
        let reason = "there is no python3";
        assert!(std::env::var_os("OSPREY_REQUIRE_ALL").is_none(), "must not be skipped here: {reason}");
        return eprintln!("not run: {reason}");
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    let mut cpython: BTreeMap<&str, i64> = BTreeMap::new();
    for line in told.lines() {
        let (name, value) = line.split_once(' ').unwrap();
        cpython.insert(name, value.parse().unwrap());
    }
    for (name, value) in &numbers {
        // An older or newer CPython than the document's may lack a few.
        if let Some(theirs) = cpython.get(name) {
            assert_eq!(value, theirs, "{name}");
        }
    }
    println!("{} numbers, {} of them compared", numbers.len(), cpython.len());
    assert!(cpython.len() > numbers.len() * 9 / 10, "{} of {} compared", cpython.len(), numbers.len());
}

#[test]
fn those_that_cpython_lacks_have_the_values_of_the_headers() {
    for (name, value) in NOT_IN_CPYTHON {
        assert_eq!(constant(name), Ok(value), "{name}");
    }
}
