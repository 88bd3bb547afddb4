//! The results as JSON, with all that is told of a run.

use std::path::Path;

use serde_json::{Value, json};

use super::contestant::{Contestant, Kind};
use super::goal::{Standing, Verdict, goal, judge, standings};
use super::launch::Placement;
use super::machine::Machine;
use super::results::{Results, Spread};
use super::run::Setting;
use super::workload::Unit;

/// Grows when a field changes its meaning; fields are added without.
const SCHEMA: u32 = 1;

/// How a contestant is started: of our own programs the name alone, wherever they were built.
fn command(contestant: &Contestant) -> Vec<String> {
    let mut words = contestant.command.clone();
    if let (Kind::Ours | Kind::Floor, Some(program)) = (contestant.kind, words.first_mut()) {
        let name = Path::new(program.as_str()).file_name().map(|name| name.to_string_lossy().into_owned());
        *program = name.unwrap_or_default();
    }
    words
}

/// One object, indented.
pub fn document(setting: &Setting, results: &Results) -> String {
    let workloads: Vec<Value> = (0..results.workloads.len()).map(|place| workload(setting, results, place)).collect();
    let mounts = results.contestants.iter().map(|contestant| {
        json!({
            "name": contestant.name,
            "kind": kind(contestant.kind),
            "version": contestant.version,
            "command": command(contestant),
        })
    });
    let goals = judge(results).into_iter().map(|found| {
        json!({
            "workload": found.workload,
            "mount": found.mount,
            "limit": found.limit.text(),
            "ratio": found.ratio,
            "of": found.of.unwrap_or("native"),
            "met": found.verdict == Verdict::Met,
            "least_possible": found.least.map(|ratio| json!({ "ratio": ratio, "of": found.least_of() })),
        })
    });
    let document = json!({
        "schema": SCHEMA,
        "machine": machine(&setting.machine),
        "image": setting.image,
        "rounds": setting.rounds,
        "quick": setting.is_quick,
        "mounts": mounts.collect::<Vec<_>>(),
        "workloads": workloads,
        "goals": goals.collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

/// Whose a mount is.
pub(crate) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Native => "native",
        Kind::Ours => "ours",
        Kind::Peer => "peer",
        Kind::Floor => "floor",
    }
}

/// What is known of the machine.
pub(crate) fn machine(machine: &Machine) -> Value {
    json!({
        "cpu": machine.cpu,
        "cpus": machine.cpus,
        "memory_bytes": machine.memory_bytes,
        "kernel": machine.kernel,
        "system": machine.system,
        "load_before": machine.load,
    })
}

fn workload(setting: &Setting, results: &Results, place: usize) -> Value {
    let known = results.workloads[place];
    let (unit, bytes) = match known.unit {
        Unit::Time => ("time", None),
        Unit::Bytes(bytes) => ("bytes_per_second", Some(bytes)),
        Unit::Rate => ("operations_per_second", None),
    };
    let standings = standings(results, place);
    let cells = results.contestants.iter().enumerate().filter_map(|(index, contestant)| {
        let cell = results.cell(place, index)?;
        let standing = standings.iter().find(|(peer, _)| *peer == index).map(|(_, standing)| match standing {
            Standing::Ahead => "ours is ahead",
            Standing::Level => "level",
            Standing::Behind => "ours is behind",
        });
        Some(json!({
            "mount": contestant.name,
            "time_ns": spread(results.time_ns(place, index)),
            "ratio": spread(results.ratio(place, index)),
            "samples_ns": cell.samples.values().collect::<Vec<_>>(),
            "requests_per_operation": cell.requests,
            "goal": goal(known.name, &contestant.name).map(|limit| limit.text()),
            "standing": standing,
            "best_of_ours": results.best_of_ours(place) == Some(index),
            "trouble": cell.trouble,
        }))
    });
    json!({
        "name": known.name,
        "what": known.what,
        "unit": unit,
        "bytes_per_operation": bytes,
        "better": if known.unit.is_rate() { "more" } else { "less" },
        "clients": known.clients,
        "operations_per_client_and_round": results.counts[place],
        "placement": placement(setting.placement(known)),
        "results": cells.collect::<Vec<_>>(),
    })
}

/// Where something ran.
pub(crate) fn placement(placement: &Placement) -> Value {
    json!({ "cpus": placement.cpus, "policy": if placement.is_rr { "SCHED_RR" } else { "SCHED_OTHER" } })
}

/// Quartiles, or null.
pub(crate) fn spread(spread: Option<Spread>) -> Value {
    spread.map_or(
        Value::Null,
        |spread| json!({ "first_quartile": spread.first, "median": spread.median, "third_quartile": spread.third }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::report::tests::setting;
    use crate::peers::results::tests::example;

    #[test]
    fn everything_that_was_measured_is_in_it() {
        let document: Value = serde_json::from_str(&document(&setting(), &example())).unwrap();
        let stat = &document["workloads"][0];
        assert_eq!(stat["results"][1]["ratio"]["median"], 10.0);
        assert_eq!(stat["results"][1]["requests_per_operation"]["GETATTR"], 3.0);
        assert_eq!(stat["results"][0]["samples_ns"], json!([1000.0, 2000.0, 3000.0]));
        assert_eq!(stat["results"][3]["standing"], "ours is ahead");
        assert_eq!(
            document["goals"][0],
            json!({
                "workload": "stat", "mount": "tick", "limit": "<= 13", "ratio": 5.0, "of": "native", "met": true,
                "least_possible": null,
            })
        );
        assert_eq!(document["machine"]["cpus"], json!([0, 1]));
    }
}
