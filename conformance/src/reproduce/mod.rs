//! Programs that show what a case shows, without the suite: for who sends a bug to the
//! author of a file system or of a kernel.
//!
//! [`plan`] finds out what a case needs, the same for all languages: actors, registers,
//! the fields that somebody compares, a root directory. Each language has a table from
//! operations to code, and a prelude of which a program gets what it uses.

mod acl;
mod c;
mod constants;
mod ops;
mod plan;
mod prelude;
mod python;
mod sh;
mod text;

use clap::ValueEnum;

use crate::case::Case;
use crate::needs::NEEDS;
use plan::Plan;

/// What a program is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// C, with the C library and the kernel's headers.
    C,
    /// Python 3.9 or later, with its standard library.
    Python,
    /// A shell of POSIX, with coreutils, util-linux, attr, acl and e2fsprogs.
    Sh,
    /// A case file, for `conformance run --cases DIR`.
    Ops,
}

/// A program that does the steps of a case, tells what came of them, and ends in 0 where
/// all is as wanted, in 1 where something is not, in 2 or 3 where it cannot be found out.
///
/// # Errors
/// A step that cannot be said in the language, and in which it can.
pub fn program(case: &Case, language: Language) -> Result<String, String> {
    if language == Language::Ops {
        return Ok(ops::program(case));
    }
    let plan = Plan::new(case)?;
    match language {
        Language::C => c::program(&plan),
        Language::Python => python::program(&plan),
        Language::Sh => sh::program(&plan),
        Language::Ops => Ok(ops::program(case)),
    }
}

/// What stands at the top of a program: the case, what it claims and needs, and how to
/// run it.
fn head(plan: &Plan<'_>, how: &str) -> Vec<String> {
    let case = plan.case;
    let mut lines = vec![case.id.clone(), String::new(), format!("{}.", case.claim.trim_end_matches('.'))];
    lines.push(format!("Source: {} ({}).", case.source, case.class));
    for name in &case.needs {
        let about = NEEDS.iter().find(|need| need.name == *name).map_or("", |need| need.about);
        lines.push(format!("Needs: {about}."));
    }
    lines.push(String::new());
    lines.push(how.to_owned());
    lines.push("Ends in 0: all is as wanted; 1: something is not; 2, 3: it cannot be found out here.".to_owned());
    lines
}
