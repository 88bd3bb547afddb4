//! `fuse-trace`: looks at a trace that a mount has recorded.

mod cli;
mod export;
mod run;
mod show;
mod summarize;

pub use run::run_trace_cli;
