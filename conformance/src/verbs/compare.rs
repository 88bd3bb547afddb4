//! `conformance compare`.

use std::path::Path;

use clap::ColorChoice;

use crate::cli;
use crate::compare::{self, Style};
use crate::exit::{self, Failure};
use crate::log::Reader;

pub(super) fn compare(arguments: &cli::Compare, color: ColorChoice) -> Result<u8, Failure> {
    if [&arguments.a, &arguments.b].iter().all(|log| *log == Path::new("-")) {
        return Err(Failure::Usage("only one of the logs can be standard input".to_owned()));
    }
    let logs = (Reader::open(&arguments.a)?, Reader::open(&arguments.b)?);
    let comparison = compare::compare(logs.0, logs.1, &arguments.targets)?;
    let code = match comparison.differences.len() {
        0 if comparison.compared() == 0 => exit::NOTHING_SELECTED,
        0 => exit::PASSED,
        _ => exit::FAILED,
    };
    let mut text = Vec::new();
    let style = Style { color: super::wants_color(color), verbose: arguments.verbose };
    let written = match arguments.format {
        cli::CompareFormat::Human => compare::write_human(&comparison, style, &mut text),
        cli::CompareFormat::Json => compare::write_json(&comparison, code, &mut text),
    };
    written.expect("writing to memory does not fail");
    super::print(&text).map(|_| code)
}
