//! What the process and the system tell of themselves, and what a process changes of
//! itself. One file a subject; a test's name is its claim.
#![expect(clippy::unwrap_used, reason = "functions that only tests call, which clippy does not take for tests")]

#[path = "../alone/mod.rs"]
mod alone;
mod constants;
mod environ;
mod ids;
mod priority;
mod sched;
mod session;
mod support;
mod sysconf;
mod terminal;
