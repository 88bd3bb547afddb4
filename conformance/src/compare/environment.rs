//! What differs around two runs: kernels, file systems, what can be done there.

use std::collections::BTreeSet;

use super::targets::Pair;
use crate::event::{Begin, TargetInfo};

/// Something that differs around the runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The targets; none if it is the same for all.
    pub target: Option<String>,
    /// What differs: `kernel`, `options`, `need rename_exchange`.
    pub what: String,
    /// How it is in A, and in B.
    pub is: [String; 2],
}

/// What differs around the runs.
pub(super) fn changes(a: &Begin, b: &Begin, pairs: &[Pair]) -> Vec<Change> {
    let of_run = |begin: &Begin| {
        [
            ("version of the suite", begin.version.clone()),
            ("kernel", begin.kernel.clone()),
            ("machine", begin.machine.clone()),
            ("user", begin.uid.to_string()),
            ("confinement", begin.confinement.clone()),
        ]
    };
    let mut changes = Vec::new();
    for ((what, of_a), (_, of_b)) in of_run(a).into_iter().zip(of_run(b)) {
        add(&mut changes, None, what, [of_a, of_b]);
    }
    for pair in pairs {
        let info =
            |begin: &Begin, side: usize| begin.targets.iter().find(|target| target.name == pair.names[side]).cloned();
        if let (Some(of_a), Some(of_b)) = (info(a, 0), info(b, 1)) {
            add_of_targets(&mut changes, &pair.name(), [&of_a, &of_b]);
        }
    }
    changes
}

fn add_of_targets(changes: &mut Vec<Change>, name: &str, infos: [&TargetInfo; 2]) {
    add(changes, Some(name), "file system", infos.map(|info| info.fs_type.clone()));
    add(changes, Some(name), "options", infos.map(|info| info.options.clone()));
    let needs: BTreeSet<&String> = infos.iter().flat_map(|info| info.probes.keys()).collect();
    for need in needs {
        let is = infos.map(|info| match info.probes.get(need) {
            None => "not probed".to_owned(),
            Some(None) => "met".to_owned(),
            Some(Some(why)) => why.clone(),
        });
        add(changes, Some(name), &format!("need {need}"), is);
    }
}

fn add(changes: &mut Vec<Change>, target: Option<&str>, what: &str, is: [String; 2]) {
    if is[0] != is[1] {
        changes.push(Change { target: target.map(str::to_owned), what: what.to_owned(), is });
    }
}
