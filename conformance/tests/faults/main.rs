//! Planted faults: mounts with one mistake each, of which the suite must find every one and tell it
//! apart from the others.
//!
//! `found.table` says what a run of the whole suite found of each fault, and which cases name it.
//! These cases, of all faults together, are run here on a mount with each fault, and on one without:
//! there nothing fails, and with a fault those fail that the table names. The whole suite takes
//! half an hour for all faults; with `OSPREY_FAULTS=all` it is run, and the table written anew:
//!
//! ```text
//! TMPDIR=/dev/shm OSPREY_FAULTS=all cargo test -p conformance --features planted-faults --test faults
//! ```

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../common/mod.rs"]
mod common;
mod run;
mod table;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{is_root, skip};
use fuse_mount::faults::{Fault, VARIABLE};
use run::Failures;
use table::{Found, Table};

/// Whether mounts can be made here, and files belong to several users.
fn can_mount() -> bool {
    let can = Path::new("/dev/fuse").exists() && is_root();
    if !can {
        skip("faults are planted in mounts of root, with several users: not root, or no /dev/fuse");
    }
    can
}

#[test]
fn the_suite_finds_every_fault_and_tells_it_apart() {
    if !can_mount() {
        return;
    }
    if std::env::var_os("OSPREY_FAULTS").is_some_and(|faults| faults == "all") {
        let failures = run_on_each(&run::select(&run::measured()));
        Table::of(&failures).write();
    }
    let table = Table::read();
    let names: Vec<&str> = table.found.iter().map(|found| &*found.fault).collect();
    assert_eq!(names, Fault::ALL.iter().map(|fault| fault.name()).collect::<Vec<_>>(), "the faults of the table");

    let cases = table.cases();
    let files = run::cut_down(&cases);
    let mut selection = run::select(&cases);
    selection.extend(["--cases".to_owned(), files.path().display().to_string()]);
    let without = run::on_mount(None, &selection);
    assert_eq!(without, Failures::default(), "without a fault");
    let failures = run_on_each(&selection);
    let mut wrong = Vec::new();
    for found in &table.found {
        wrong.extend(disagreements(found, &failures));
    }
    for (fault, of) in &failures {
        let same = failures.iter().filter(|(other, of_other)| *other != fault && *of_other == of);
        wrong.extend(same.map(|(other, _)| format!("{fault} fails just as {other}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{}", table.summary());
}

/// Where the table says something else of a fault than what was seen.
fn disagreements(found: &Found, failures: &BTreeMap<String, Failures>) -> Vec<String> {
    let seen = &failures[&found.fault];
    let mut wrong = Vec::new();
    for (case, difference) in &found.named_by {
        match seen.get(case) {
            Some(seen) if seen == difference => {}
            seen => wrong.push(format!("{}: {case}: the table has `{difference}`, seen was {seen:?}", found.fault)),
        }
    }
    if found.is_alone {
        let case = &found.named_by[0].0;
        let others = failures.iter().filter(|(fault, of)| **fault != found.fault && of.contains_key(case));
        wrong.extend(others.map(|(other, _)| format!("{}: {case} fails for {other} too", found.fault)));
    }
    wrong
}

#[test]
fn an_unknown_fault_is_refused_with_the_names_of_those_that_there_are() {
    if !can_mount() {
        return;
    }
    let ran = run::start("no-such-fault", &[]);
    ran.check(3);
    assert!(ran.err.contains(VARIABLE) && ran.err.contains(Fault::ALL[0].name()), "{ran:?}");
}

/// What fails on a mount with each fault, of the cases that are selected.
fn run_on_each(selection: &[String]) -> BTreeMap<String, Failures> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    let work = || {
        while let Some(fault) = Fault::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            let of = run::on_mount(Some(*fault), selection);
            println!("{}: {} cases fail", fault.name(), of.len());
            failures.lock().unwrap().insert(fault.name().to_owned(), of);
        }
    };
    // A run waits for processes that start and end more than it computes.
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    failures.into_inner().unwrap()
}
