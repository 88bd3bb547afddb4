//! What was measured, as a table and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Measured;
use super::measure::Taken;
use crate::peers::contestant::Kind;
use crate::peers::json::{kind, machine, placement, spread};
use crate::peers::report::{middle, number, place_of, value};
use crate::peers::results::Spread;
use crate::peers::workload::Unit;

/// Grows when a field changes its meaning; fields are added without.
const SCHEMA: u32 = 1;

/// A line for each mount.
pub(super) fn table(measured: &Measured, is_colored: bool) -> String {
    let machine = &measured.machine;
    let mut text = format!("{}, {}; {}\n", machine.kernel, machine.system, machine.cpu);
    let place = place_of(&measured.placement);
    let _ = writeln!(text, "Source on {}; daemons on {place}; the load before was {}.", measured.image, machine.load);
    let _ = writeln!(
        text,
        "From the start of the program until the mount has answered: median, with the middle half; memory resident of its \
         process, at first and when the kernel knows {} inodes; and each of these.",
        measured.inodes
    );
    for (contestant, _) in &measured.mounts {
        if let Some(version) = &contestant.version {
            let _ = writeln!(text, "  {}: {version}", contestant.name);
        }
    }
    let _ = writeln!(text, "\n  {:<16}{:>10}  {:<14}{:>12}{:>12}{:>8}", "", "start", "", "idle", "known", "each");
    for (contestant, taken) in &measured.mounts {
        let start = Spread::of(taken.starts_ns.clone()).map(|start| start.map(|time_ns| time_ns / 1e6));
        let (start, middle) = match start {
            Some(start) => (value(Unit::Time, start.median * 1e6), middle(start)),
            None => ("-".to_owned(), String::new()),
        };
        let bytes = |bytes: Option<u64>| {
            bytes.map_or("-".to_owned(), |bytes| format!("{} MiB", number(bytes as f64 / (1 << 20) as f64)))
        };
        let each = each(taken, measured.inodes).map_or("-".to_owned(), |each| format!("{each:.0} B"));
        let line = format!(
            "  {:<16}{start:>10}  {middle:<14}{:>12}{:>12}{each:>8}",
            contestant.name,
            bytes(taken.idle_bytes),
            bytes(taken.known_bytes)
        );
        let line = format!("{line}  {}", taken.trouble.as_deref().unwrap_or_default());
        let is_bold = is_colored && contestant.kind == Kind::Ours;
        let _ = match is_bold {
            true => writeln!(text, "\x1b[1m{}\x1b[0m", line.trim_end()),
            false => writeln!(text, "{}", line.trim_end()),
        };
    }
    text
}

/// One object, indented.
pub(super) fn document(measured: &Measured) -> String {
    let mounts = measured.mounts.iter().map(|(contestant, taken)| {
        json!({
            "name": contestant.name,
            "kind": kind(contestant.kind),
            "version": contestant.version,
            "command": contestant.command,
            "start_ns": spread(Spread::of(taken.starts_ns.clone())),
            "samples_ns": taken.starts_ns,
            "resident_idle_bytes": taken.idle_bytes,
            "resident_known_bytes": taken.known_bytes,
            "bytes_per_inode": each(taken, measured.inodes),
            "trouble": taken.trouble,
        })
    });
    let document = json!({
        "schema": SCHEMA,
        "machine": machine(&measured.machine),
        "image": measured.image,
        "placement": placement(&measured.placement),
        "known_inodes": measured.inodes,
        "mounts": mounts.collect::<Vec<Value>>(),
    });
    format!("{document:#}\n")
}

/// How many bytes each known inode takes.
fn each(taken: &Taken, inodes: u64) -> Option<f64> {
    let (idle, known) = taken.idle_bytes.zip(taken.known_bytes)?;
    Some((known as f64 - idle as f64) / inodes as f64)
}
