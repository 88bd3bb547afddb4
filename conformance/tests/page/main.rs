//! The page of `conformance report`, as a reader has it: in a browser that is told to
//! click, to type and to print.
//!
//! Skipped, saying so, where there is no Chromium.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod browser;
mod command;
#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod logs;
mod matrix;
mod plain;
mod size;
mod views;
