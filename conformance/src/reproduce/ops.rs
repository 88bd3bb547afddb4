//! A case as a case file: what `conformance run --cases DIR` reads.

use std::fmt::Write;

use crate::case::Case;
use crate::mounts::BindMount;

pub(super) fn program(case: &Case) -> String {
    // The first word of an id is the name of the file.
    let (stem, name) = case.id.split_once('.').unwrap_or(("", &case.id));
    let mut out =
        format!("# {}\n# As DIR/{stem}.case: conformance run --cases DIR --case {} DIRECTORY\n", case.id, case.id);
    let _ = write!(out, "case {name}\n  claim  {}\n  source {}\n  class  {}\n", case.claim, case.source, case.class);
    if !case.needs.is_empty() {
        let _ = writeln!(out, "  needs  {}", case.needs.join(" "));
    }
    if !case.mounts.is_empty() {
        let _ = writeln!(out, "  mounts {}", BindMount::print_all(&case.mounts));
    }
    for step in &case.steps {
        let _ = writeln!(out, "  {step}");
    }
    out
}
