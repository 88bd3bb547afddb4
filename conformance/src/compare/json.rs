//! The comparison as JSON Lines: what is compared, each difference, the counts.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Comparison, Side, Source};

/// The version of the format. Fields are added, not renamed.
const SCHEMA: u32 = 1;

/// Writes a comparison.
///
/// # Errors
/// `out` cannot be written to.
pub fn write(comparison: &Comparison, exit_code: u8, out: &mut impl Write) -> io::Result<()> {
    let names: Vec<&[String; 2]> = comparison.pairs.pairs.iter().map(|pair| &pair.names).collect();
    let target = |pair: usize| json!({"a": names[pair][0], "b": names[pair][1]});
    let mut line = |value: Value| writeln!(out, "{value}");
    line(json!({
        "type": "compare",
        "schema": SCHEMA,
        "a": log(&comparison.logs[0]),
        "b": log(&comparison.logs[1]),
        "targets": (0..names.len()).map(target).collect::<Vec<_>>(),
        "not_compared": {"a": comparison.pairs.left[0], "b": comparison.pairs.left[1]},
        "environment": comparison.environment.iter().map(|change| json!({
            "target": change.target, "what": change.what, "a": change.is[0], "b": change.is[1],
        })).collect::<Vec<_>>(),
    }))?;
    for found in &comparison.differences {
        line(json!({
            "type": "difference",
            "id": found.id,
            "target": target(found.pair),
            "class": found.class,
            "clause": found.clause,
            "claim": found.claim,
            "a": side(&found.sides[0]),
            "b": side(&found.sides[1]),
        }))?;
    }
    for found in &comparison.allowed {
        line(json!({
            "type": "allowed",
            "id": found.id,
            "target": target(found.pair),
            "class": found.class,
            "clause": found.clause,
            "op": found.op,
            "want": found.wanted,
            "a": found.got[0],
            "b": found.got[1],
        }))?;
    }
    for (pair, only) in comparison.only.iter().enumerate() {
        for (side, ids) in ["a", "b"].iter().zip(only) {
            ids.iter()
                .try_for_each(|id| line(json!({"type": "only", "id": id, "target": target(pair), "in": side})))?;
        }
    }
    let counts = comparison.counts.iter().zip(&comparison.only).enumerate().map(|(pair, (counts, only))| {
        json!({
            "target": target(pair),
            "same": counts.same,
            "different": counts.different,
            "allowed": counts.allowed,
            "only_a": only[0].len(),
            "only_b": only[1].len(),
        })
    });
    let counts: Vec<Value> = counts.collect();
    line(json!({"type": "end", "counts": counts, "exit_code": exit_code}))
}

fn log(log: &Source) -> Value {
    json!({
        "log": log.name,
        "cut": log.is_cut,
        "kernel": log.begin.kernel,
        "machine": log.begin.machine,
        "version": log.begin.version,
    })
}

fn side(side: &Side) -> Value {
    json!({
        "status": side.status,
        "reason": side.reason,
        "excused": side.excused,
        "causes": side.causes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "words": side.words,
        "steps": side.result.as_ref().map(|result| &result.steps),
    })
}
