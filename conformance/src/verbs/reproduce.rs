//! `conformance reproduce`.

use std::fs;

use crate::cli::Reproduce;
use crate::exit::{self, Failure};
use crate::reproduce;

pub(super) fn reproduce(arguments: &Reproduce) -> Result<u8, Failure> {
    let cases = super::read_cases(arguments.cases.as_deref())?;
    let id = &arguments.case;
    let Some(case) = cases.iter().find(|case| case.id == *id) else {
        let below = cases.iter().filter(|case| case.id.starts_with(&format!("{id}."))).count();
        let hint = match below {
            0 => "`conformance list` lists them".to_owned(),
            count => format!("it begins the ids of {count}: `conformance list --case {id}` lists them"),
        };
        return Err(Failure::NothingSelected(format!("no case `{id}`; {hint}")));
    };
    let program = reproduce::program(case, arguments.lang);
    let program = program.map_err(|why| Failure::Usage(format!("{id}: {why}")))?;
    match &arguments.output {
        None => super::print(program.as_bytes()),
        Some(path) => {
            let unwritable = |error| Failure::Environment(format!("{}: {error}", path.display()));
            fs::write(path, program).map_err(unwritable).map(|()| exit::PASSED)
        }
    }
}
