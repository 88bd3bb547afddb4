//! `conformance show`.

use std::fmt;

use crate::case::Case;
use crate::cli::Show;
use crate::exit::Failure;
use crate::mounts::BindMount;
use crate::select;

pub(super) fn show(arguments: &Show) -> Result<u8, Failure> {
    let cases = super::read_cases(arguments.cases.as_deref())?;
    let cases = select::select(cases, std::slice::from_ref(&arguments.case), None);
    if cases.is_empty() {
        let pattern = arguments.case.as_str();
        return Err(Failure::NothingSelected(format!("no case `{pattern}`; `conformance list` lists them")));
    }
    let shown: Vec<String> = cases.iter().map(|case| Shown(case).to_string()).collect();
    super::print(shown.join("\n").as_bytes())
}

/// A case as it would be written in a file, with all that it was generated from filled in.
struct Shown<'c>(&'c Case);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let case = self.0;
        writeln!(f, "case {}  # {}", case.id, case.written)?;
        writeln!(f, "  claim  {}", case.claim)?;
        writeln!(f, "  source {}", case.source)?;
        writeln!(f, "  class  {}", case.class)?;
        if !case.needs.is_empty() {
            writeln!(f, "  needs  {}", case.needs.join(" "))?;
        }
        if !case.mounts.is_empty() {
            writeln!(f, "  mounts {}", BindMount::print_all(&case.mounts))?;
        }
        case.steps.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}
