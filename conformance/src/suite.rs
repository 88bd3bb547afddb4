//! The suite: all cases, from the binary or from a directory, in order of their ids.

use std::fs;
use std::path::Path;

use crate::case::Case;
use crate::exit::Failure;
use crate::parse::{CaseError, parse};

/// The case files that are built into the binary: name and text.
static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// The cases that are built into the binary.
///
/// # Errors
/// A case file that cannot be read. A test keeps that from being built.
pub fn embedded() -> Result<Vec<Case>, CaseError> {
    let files = EMBEDDED.iter().map(|(stem, text)| parse(&format!("conformance/cases/{stem}.case"), stem, text));
    Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
}

/// The cases of all files `*.case` in a directory.
///
/// # Errors
/// The directory or a file cannot be read, or a case is wrong: wrong usage.
pub fn from_dir(dir: &Path) -> Result<Vec<Case>, Failure> {
    let unreadable = |path: &Path, error| Failure::Usage(format!("cannot read cases from {}: {error}", path.display()));
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| unreadable(dir, error))? {
        let path = entry.map_err(|error| unreadable(dir, error))?.path();
        if path.extension().is_some_and(|extension| extension == "case") {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::Usage(format!("{}: no case files (NAME.case) in it", dir.display())));
    }
    let mut cases = Vec::new();
    for path in &paths {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let read = parse(&path.display().to_string(), &stem, &text);
        cases.extend(read.map_err(|error| Failure::Usage(error.to_string()))?);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fs_core::op::{Line, Op};

    use super::*;

    #[test]
    fn the_embedded_cases_can_be_read_and_their_ids_differ() {
        let cases = embedded().map_err(|error| error.to_string()).unwrap();
        let mut ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all);
        assert!(all > 0);
    }

    #[test]
    fn every_operation_of_the_language_has_a_case() {
        let cases = embedded().map_err(|error| error.to_string()).unwrap();
        let judged = |step: &&Line<'_>| step.want.is_some();
        let used: BTreeSet<&str> =
            cases.iter().flat_map(|case| &case.steps).filter(judged).map(|step| step.op.name()).collect();
        let without: Vec<&&str> = Op::NAMES.iter().filter(|name| !used.contains(**name)).collect();
        assert!(without.is_empty(), "no case judges what came of {without:?}: add one to conformance/cases");
    }
}
