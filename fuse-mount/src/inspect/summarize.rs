//! A trace as a table.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::exit::Failure;
use crate::summary::{Counted, Row, Table};
use crate::trace::{Line, Reader};

/// The table, and what there is to say about it.
pub(super) struct Summary {
    pub(super) table: Table,
    pub(super) notes: Vec<String>,
}

/// Counts the lines of a trace. Where lines were dropped and the mount has counted itself,
/// its table is the right one.
pub(super) fn summarize(reader: &mut Reader) -> Result<Summary, Failure> {
    let mut counted: BTreeMap<String, Counted> = BTreeMap::new();
    let (mut lines, mut dropped) = (0u64, 0u64);
    let mut end = None;
    while let Some(line) = reader.next_line()? {
        match line.mark.as_deref() {
            None => {
                lines += 1;
                counted.entry(line.op).or_default().add(line.dur_ns, line.errno.is_some());
            }
            Some("drop") => dropped += line.fields.get("count").and_then(Value::as_u64).unwrap_or(0),
            Some("end") => end = Some(line),
            Some(_) => {}
        }
    }
    let mut notes = Vec::new();
    if dropped > 0 {
        let whole = end.as_ref().filter(|end| end.fields.get("records").and_then(Value::as_u64) == Some(lines));
        if let Some(table) = whole.and_then(of_the_mount) {
            notes.push(format!("{dropped} operations are not in the trace; the table is the mount's own and has them"));
            return Ok(Summary { table, notes });
        }
        notes.push(format!("{dropped} operations are not in the trace, and not in the table"));
    }
    let table = Table::new(counted.iter().map(|(op, counted)| counted.row(op.as_str())));
    Ok(Summary { table, notes })
}

/// The table in the last line.
fn of_the_mount(end: &Line) -> Option<Table> {
    let rows = end.fields.get("summary")?.as_array()?;
    let rows = rows.iter().map(|row| {
        let number = |key: &str| row.get(key)?.as_u64();
        Some(Row {
            op: row.get("op")?.as_str()?.to_owned(),
            calls: number("calls")?,
            errors: number("errors")?,
            total_ns: number("total_ns")?,
            mean_ns: number("mean_ns")?,
            p99_ns: number("p99_ns")?,
        })
    });
    Some(Table::new(rows.collect::<Option<Vec<Row>>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: &str, op: &str, more: &str) -> String {
        format!(
            r#"{{{kind}"seq":1,"t_ns":5,"dur_ns":20,"op":"{op}","path":"a","ret":0,"pid":1,"tid":1,"uid":0,"gid":0,"comm":"x"{more}}}"#
        ) + "\n"
    }

    fn check(text: String) -> (Vec<(String, u64, u64)>, usize) {
        let summary = summarize(&mut Reader::new("t", std::io::Cursor::new(text.into_bytes()))).unwrap();
        let rows = summary.table.rows().iter().map(|row| (row.op.clone(), row.calls, row.errors));
        (rows.collect(), summary.notes.len())
    }

    #[test]
    fn lines_about_operations_are_counted() {
        let text =
            line("", "open", "") + &line("", "open", r#","errno":"ENOENT""#) + &line(r#""type":"begin","#, "begin", "");
        assert_eq!(check(text), (vec![("open".into(), 2, 1)], 0));
    }

    #[test]
    fn what_was_dropped_is_said_and_counted_where_it_can_be() {
        let text = line("", "open", "") + &line(r#""type":"drop","#, "drop", r#","count":7"#);
        assert_eq!(check(text.clone()), (vec![("open".into(), 1, 0)], 1));
        let own = r#","records":1,"summary":[{"op":"open","calls":8,"errors":2,"total_ns":9,"mean_ns":1,"p99_ns":3}]"#;
        assert_eq!(check(text.clone() + &line(r#""type":"end","#, "end", own)), (vec![("open".into(), 8, 2)], 1));
        let of_another = own.replace("\"records\":1", "\"records\":2");
        assert_eq!(check(text + &line(r#""type":"end","#, "end", &of_another)).0, [("open".into(), 1, 0)]);
    }
}
