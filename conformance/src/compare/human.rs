//! The comparison for people: what differs around the runs, then the results that differ,
//! by clause and cause, then what is allowed to, and the counts.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Allowed, Comparison, Difference};
use crate::event::Status;
use crate::report::failure::{self, first_ids};
use crate::report::paint::Paint;
use crate::report::told::{self, short, visible};

/// How the comparison is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Each result that differs in full, and all ids.
    pub verbose: bool,
}

/// The names of the logs, as the columns have them.
const SIDES: [&str; 2] = ["A", "B"];

/// Writes a comparison.
///
/// # Errors
/// `out` cannot be written to.
pub fn write(comparison: &Comparison, style: Style, out: &mut impl Write) -> io::Result<()> {
    let paint = Paint { color: style.color };
    write_logs(comparison, paint, out)?;
    let causes = write_differences(comparison, style, paint, out)?;
    write_allowed(comparison, style, paint, out)?;
    write_only(comparison, style, paint, out)?;
    write_counts(comparison, causes, paint, out)
}

fn write_logs(comparison: &Comparison, paint: Paint, out: &mut impl Write) -> io::Result<()> {
    for (side, log) in SIDES.iter().zip(&comparison.logs) {
        let targets: Vec<String> = log.begin.targets.iter().map(|target| visible(&target.name)).collect();
        let kernel = visible(&log.begin.kernel);
        writeln!(out, "{side}: {} ({kernel}; {})", visible(&log.name), targets.join(", "))?;
        if log.is_cut {
            let cut = "cut: the run was stopped before its end; what there is of it is compared";
            writeln!(out, "   {}", paint.note(cut))?;
        }
    }
    for (side, left) in SIDES.iter().zip(&comparison.pairs.left).filter(|(_, left)| !left.is_empty()) {
        let left: Vec<String> = left.iter().map(|name| visible(name)).collect();
        writeln!(out, "   not compared: {} of {side}", left.join(", "))?;
    }
    writeln!(out)?;
    if comparison.environment.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.headline("Different around the runs"))?;
    let several = comparison.pairs.pairs.len() > 1;
    for change in &comparison.environment {
        let target = change.target.as_deref().filter(|_| several).map(|target| format!("{}: ", visible(target)));
        let [a, b] = change.is.each_ref().map(|is| short(is));
        writeln!(out, "     {}{}: A {a}, B {b}", target.unwrap_or_default(), visible(&change.what))?;
    }
    writeln!(out)
}

/// Writes the differences, and gives the number of their causes.
fn write_differences(comparison: &Comparison, style: Style, paint: Paint, out: &mut impl Write) -> io::Result<usize> {
    let mut causes = 0;
    for (clause, of_clause) in group(&comparison.differences, |found| (&found.clause, &found.class)) {
        writeln!(out, "{}", paint.headline(&format!("{} ({})", visible(clause.0), visible(clause.1))))?;
        let key = |found: &&Difference| (found.pair, found.sides.each_ref().map(|side| (side.status, side.cause())));
        let mut of_causes = group(of_clause, |found| key(&found));
        of_causes.sort_by_key(|(_, found)| std::cmp::Reverse(found.len()));
        for (_, found) in of_causes {
            causes += 1;
            write_cause(comparison, &found, style, paint, out)?;
        }
    }
    Ok(causes)
}

/// Writes the differences of one cause: the shortest, or all.
fn write_cause(
    comparison: &Comparison,
    found: &[&Difference],
    style: Style,
    paint: Paint,
    out: &mut impl Write,
) -> io::Result<()> {
    let Some(first) = found.first() else {
        return Ok(());
    };
    let [a, b] = first.sides.each_ref().map(|side| paint.status(side.status, side.status.as_str()));
    // Of two causes the new one; of one, the one that there is.
    let [of_a, of_b] = first.sides.each_ref().map(super::Side::cause);
    let cause = match (of_a.is_empty(), of_b.is_empty()) {
        (false, false) => format!("{}; now {}", short(&of_a), short(&of_b)),
        (true, _) => short(&of_b),
        (_, true) => short(&of_a),
    };
    let several = comparison.pairs.pairs.len() > 1;
    let on = several.then(|| format!("  on {}", visible(&comparison.pairs.pairs[first.pair].name())));
    let count = if found.len() == 1 { "1 case".to_owned() } else { format!("{} cases", found.len()) };
    writeln!(out, "{a} -> {b}  {cause}{}  ({count})", on.unwrap_or_default())?;
    if style.verbose {
        return found.iter().try_for_each(|found| write_difference(found, out));
    }
    if found.len() > 1 {
        writeln!(out, "     cases:  {}", first_ids(found.iter().map(|found| &*found.id)))?;
    }
    let length = |found: &&&Difference| found.sides.iter().map(|side| side.words.len()).max();
    found.iter().min_by_key(length).map_or(Ok(()), |found| write_difference(found, out))
}

fn write_difference(found: &Difference, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "     case:   {}", visible(&found.id))?;
    writeln!(out, "     claim:  {}", visible(&found.claim))?;
    // The steps are those of a side that got as far as they go.
    let told = found.sides.iter().rev().find_map(|side| side.result.as_ref().filter(|result| !result.steps.is_empty()));
    if let Some(result) = told {
        let mut steps = told::steps(result);
        if let Some(last) = steps.last_mut() {
            // What each side got of it stands below.
            last.got = Some(String::new());
        }
        failure::write_steps("steps:", &steps, out)?;
        if let Some(wanted) = steps.last().and_then(|last| last.wanted.as_ref()) {
            writeln!(out, "     wanted: {wanted}")?;
        }
    }
    for (label, side) in SIDES.iter().zip(&found.sides) {
        let excused = if side.excused.is_some() { " (excused)" } else { "" };
        let what = match (&side.reason, told) {
            (Some(reason), _) => format!("  {}", short(reason)),
            (None, Some(result)) => {
                side.words.get(result.steps.len() - 1).map(|word| format!("  got {word}")).unwrap_or_default()
            }
            (None, None) => String::new(),
        };
        writeln!(out, "     {label}:      {}{excused}{what}", side.status)?;
    }
    writeln!(out, "     again:  {}", failure::again_command(&found.id, " DIR"))?;
    writeln!(out)
}

fn write_allowed(comparison: &Comparison, style: Style, paint: Paint, out: &mut impl Write) -> io::Result<()> {
    if comparison.allowed.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.headline("Allowed to differ"))?;
    let key = |found: &Allowed| (found.clause.clone(), found.what.clone(), found.wanted.clone(), found.got.clone());
    for ((clause, what, wanted, [a, b]), found) in group(&comparison.allowed, key) {
        let [what, wanted, a, b] = [&what, &wanted, &a, &b].map(|text| short(text));
        writeln!(out, "     {}: {what}: allowed {wanted}, A {a}, B {b}", visible(&clause))?;
        let ids = found.iter().map(|found| &*found.id);
        writeln!(out, "          {}", if style.verbose { all_ids(ids) } else { first_ids(ids) })?;
    }
    writeln!(out)
}

fn write_only(comparison: &Comparison, style: Style, paint: Paint, out: &mut impl Write) -> io::Result<()> {
    let several = comparison.pairs.pairs.len() > 1;
    let mut is_any = false;
    for (pair, only) in comparison.pairs.pairs.iter().zip(&comparison.only) {
        for (side, ids) in SIDES.iter().zip(only).filter(|(_, ids)| !ids.is_empty()) {
            is_any = true;
            let on = if several { format!(", on {}", visible(&pair.name())) } else { String::new() };
            let headline = format!("Only in {side}{on}: {}", ids.len());
            writeln!(out, "{}", paint.headline(&headline))?;
            let ids = ids.iter().map(String::as_str);
            writeln!(out, "     {}", if style.verbose { all_ids(ids) } else { first_ids(ids) })?;
        }
    }
    if is_any { writeln!(out) } else { Ok(()) }
}

fn write_counts(comparison: &Comparison, causes: usize, paint: Paint, out: &mut impl Write) -> io::Result<()> {
    let names: Vec<String> = comparison.pairs.pairs.iter().map(|pair| visible(&pair.name())).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0).max("target".len());
    writeln!(out, "{:width$}      same  different  allowed  only in A  only in B", "target")?;
    for ((name, counts), only) in names.iter().zip(&comparison.counts).zip(&comparison.only) {
        let [of_a, of_b] = only.each_ref().map(Vec::len);
        let (same, different, allowed) = (counts.same, counts.different, counts.allowed);
        writeln!(out, "{name:width$}  {same:>8}  {different:>9}  {allowed:>7}  {of_a:>9}  {of_b:>9}")?;
    }
    let worse = comparison.differences.iter().filter(|found| found.sides[0].status == Status::Pass).count();
    match comparison.differences.len() {
        0 if comparison.compared() == 0 => writeln!(out, "{}", paint.bad("no case is in both logs")),
        0 if comparison.logs.iter().any(|log| log.is_cut) => {
            writeln!(out, "{}, as far as the logs go", paint.note("no result differs"))
        }
        0 => writeln!(out, "{}", paint.good("no result differs")),
        count => {
            let causes = if causes == 1 { "1 cause".to_owned() } else { format!("{causes} causes") };
            let verdict = format!("{count} results differ, {causes}");
            writeln!(out, "{}; {worse} of them passed in A", paint.bad(&verdict))
        }
    }
}

fn all_ids<'i>(ids: impl Iterator<Item = &'i str>) -> String {
    ids.map(visible).collect::<Vec<_>>().join(", ")
}

/// Groups values by a key, in the order in which the keys first come.
fn group<'t, T, K: Ord + Clone>(
    values: impl IntoIterator<Item = &'t T>,
    key: impl Fn(&'t T) -> K,
) -> Vec<(K, Vec<&'t T>)> {
    let mut groups: Vec<(K, Vec<&T>)> = Vec::new();
    let mut places: BTreeMap<K, usize> = BTreeMap::new();
    for value in values {
        let key = key(value);
        let place = *places.entry(key.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((key, Vec::new()));
        }
        groups[place].1.push(value);
    }
    groups
}
