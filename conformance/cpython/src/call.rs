//! The one way to `fs-core`: counts the call, and lets other threads of the interpreter run meanwhile.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::marker::Ungil;
use pyo3::prelude::*;

/// How often each function reached `fs-core`.
///
/// Only taken by who holds the interpreter's lock, and never across a call, so that no fork
/// finds it held.
static COUNTS: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());

fn counts() -> MutexGuard<'static, BTreeMap<&'static str, u64>> {
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `fs-core` for the function `name`, without the interpreter's lock: it may wait.
pub(crate) fn call<T: Ungil>(py: Python<'_>, name: &'static str, make: impl FnOnce() -> T + Ungil) -> T {
    count(name);
    py.detach(make)
}

/// As [`call`], with the interpreter's lock held: for what is over at once, or belongs to the thread.
pub(crate) fn call_attached<T>(_py: Python<'_>, name: &'static str, make: impl FnOnce() -> T) -> T {
    count(name);
    make()
}

fn count(name: &'static str) {
    *counts().entry(name).or_default() += 1;
}

/// How often each function reached `fs-core` in this process.
#[pyfunction]
pub(crate) fn touches() -> BTreeMap<&'static str, u64> {
    counts().clone()
}
