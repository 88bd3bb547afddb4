//! A chart of the results, for documents: bars on a logarithmic scale, without a script.

use std::fmt::Write;

use super::contestant::Kind;
use super::report::{number, place_of};
use super::results::{Results, Spread};
use super::run::Setting;

/// Legible on white and on black.
const OURS: [&str; 4] = ["#1f6feb", "#0e8fb3", "#12a08f", "#2da44e"];
const PEERS: [&str; 8] = ["#d97d21", "#cf4f74", "#9467d8", "#a68a0d", "#8a6d55", "#7f8894", "#c05fc0", "#b5472f"];

const COLUMNS: usize = 3;
const COLUMN: f64 = 320.0;
/// Between the columns, where the numbers of long bars stand.
const GAP: f64 = 40.0;
const BAR: f64 = 8.0;
const TITLE: f64 = 18.0;
const MARGIN: f64 = 12.0;

const STYLE: &str = "\
text{font-family:ui-sans-serif,system-ui,sans-serif;font-size:11px;fill:#24292f}\
.small{font-size:8px;fill:#57606a}.name{font-weight:600}\
.grid{stroke:#d0d7de;stroke-width:1}.one{stroke:#57606a;stroke-width:1}.spread{stroke:#24292f;stroke-width:1}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}\
.grid{stroke:#30363d}.one{stroke:#9198a1}.spread{stroke:#e6edf3}}";

/// The chart: how many times as long as in the directory itself each workload takes.
pub fn chart(setting: &Setting, results: &Results) -> String {
    let scale = Scale::of(results);
    let blocks: Vec<Block<'_>> = (0..results.workloads.len()).filter_map(|place| Block::of(results, place)).collect();
    let key = key(results);
    let top = MARGIN + 36.0 + 16.0 * key.len() as f64;
    let (columns, tallest) = columns(&blocks);
    let width = 2.0 * MARGIN + COLUMNS as f64 * COLUMN + (COLUMNS - 1) as f64 * GAP;
    let height = top + 14.0 + tallest + MARGIN;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title\">\n\
         <title id=\"title\">How many times as long as in the directory itself</title>\n<style>{STYLE}</style>\n"
    );
    let heading = "How many times as long as in the directory itself: medians, with the middle half of the rounds; \
                   logarithmic, less is better";
    let _ = writeln!(text, "<text x=\"{MARGIN}\" y=\"{}\" class=\"name\">{heading}</text>", MARGIN + 10.0);
    let machine = &setting.machine;
    let note = format!(
        "{}, {}; {}; {}; {}; {} rounds",
        machine.kernel,
        machine.system,
        machine.cpu,
        setting.image,
        place_of(&setting.single),
        setting.rounds
    );
    let _ = writeln!(text, "<text x=\"{MARGIN}\" y=\"{}\" class=\"small\">{}</text>", MARGIN + 24.0, escaped(&note));
    for (line, entries) in key.iter().enumerate() {
        let y = MARGIN + 42.0 + 16.0 * line as f64;
        for (place, (name, color)) in entries.iter().enumerate() {
            let x = MARGIN + place as f64 * 130.0;
            let _ = writeln!(
                text,
                "<rect x=\"{x}\" y=\"{}\" width=\"10\" height=\"8\" fill=\"{color}\"/>\
                 <text x=\"{}\" y=\"{y}\">{}</text>",
                y - 8.0,
                x + 14.0,
                escaped(name)
            );
        }
    }
    for (index, column) in columns.iter().enumerate() {
        let x = MARGIN + index as f64 * (COLUMN + GAP);
        draw_column(&mut text, x, top, column, &scale);
    }
    text.push_str("</svg>\n");
    text
}

/// The names with their colours, in lines.
fn key(results: &Results) -> Vec<Vec<(&str, &'static str)>> {
    let of_kind = |kind: Kind| {
        let places = (0..results.contestants.len()).filter(move |place| results.contestants[*place].kind == kind);
        places.map(|place| (results.contestants[place].name.as_str(), color(results, place))).collect::<Vec<_>>()
    };
    [of_kind(Kind::Ours), of_kind(Kind::Peer)].iter().flat_map(|names| names.chunks(8)).map(<[_]>::to_vec).collect()
}

/// Whose bars there are.
fn drawn(results: &Results) -> impl Iterator<Item = usize> {
    let is_drawn = |place: &usize| [Kind::Ours, Kind::Peer].contains(&results.contestants[*place].kind);
    (0..results.contestants.len()).filter(is_drawn)
}

fn color(results: &Results, place: usize) -> &'static str {
    let kind = results.contestants[place].kind;
    let before = results.contestants[..place].iter().filter(|other| other.kind == kind).count();
    let colors: &[&str] = if kind == Kind::Ours { &OURS } else { &PEERS };
    colors[before % colors.len()]
}

/// Room behind the longest bar, for its number.
const NUMBER: f64 = 24.0;

/// A workload with its bars.
struct Block<'a> {
    name: &'static str,
    bars: Vec<(&'a str, &'static str, Spread)>,
}

impl<'a> Block<'a> {
    fn of(results: &'a Results, workload: usize) -> Option<Block<'a>> {
        let bars = drawn(results).filter_map(|place| {
            let name = results.contestants[place].name.as_str();
            Some((name, color(results, place), results.times_native(workload, place)?))
        });
        let bars: Vec<_> = bars.collect();
        (!bars.is_empty()).then(|| Block { name: results.workloads[workload].name, bars })
    }

    fn height(&self) -> f64 {
        TITLE + BAR * self.bars.len() as f64 + 4.0
    }
}

/// The blocks in columns of about one height, and the height of the tallest.
fn columns<'a, 'b>(blocks: &'b [Block<'a>]) -> (Vec<&'b [Block<'a>]>, f64) {
    let each = blocks.len().div_ceil(COLUMNS).max(1);
    let columns: Vec<&[Block<'_>]> = blocks.chunks(each).collect();
    let height = |column: &&[Block<'_>]| column.iter().map(Block::height).sum::<f64>();
    let tallest = columns.iter().map(height).fold(0.0, f64::max);
    (columns, tallest)
}

fn draw_column(text: &mut String, left: f64, top: f64, blocks: &[Block<'_>], scale: &Scale) {
    let height: f64 = blocks.iter().map(Block::height).sum();
    for tick in scale.ticks() {
        let x = left + scale.x(tick);
        let class = if tick == 1.0 { "one" } else { "grid" };
        let _ = writeln!(
            text,
            "<text x=\"{x:.1}\" y=\"{}\" class=\"small\" text-anchor=\"middle\">{tick}</text>\
             <line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{:.1}\" class=\"{class}\"/>",
            top + 8.0,
            top + 12.0,
            top + 14.0 + height
        );
    }
    let mut y = top + 14.0;
    for block in blocks {
        let _ = writeln!(text, "<text x=\"{left}\" y=\"{:.1}\" class=\"name\">{}</text>", y + 13.0, block.name);
        for (index, (name, color, spread)) in block.bars.iter().enumerate() {
            let y = y + TITLE + BAR * index as f64;
            let (one, end) = (left + scale.x(1.0), left + scale.x(spread.median));
            // One that is as the directory itself is still to be seen.
            let (from, width) = (one.min(end), (one - end).abs().max(1.0));
            let middle = y + (BAR - 1.0) / 2.0;
            let _ = writeln!(
                text,
                "<g><title>{} on {}: {}</title><rect x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" \
                 fill=\"{color}\"/><line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\" \
                 class=\"spread\"/><text x=\"{:.1}\" y=\"{:.1}\" class=\"small\">{}</text></g>",
                block.name,
                escaped(name),
                number(spread.median),
                BAR - 1.0,
                left + scale.x(spread.first),
                left + scale.x(spread.third),
                one.max(left + scale.x(spread.third)).max(end) + 3.0,
                y + BAR - 1.0,
                number(spread.median)
            );
        }
        y += block.height();
    }
}

/// Where a ratio stands in a column.
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    fn of(results: &Results) -> Scale {
        let mut scale = Scale { least: 0.5, most: 10.0 };
        for workload in 0..results.workloads.len() {
            for place in drawn(results) {
                if let Some(spread) = results.times_native(workload, place) {
                    scale.least = scale.least.min(spread.first);
                    scale.most = scale.most.max(spread.third);
                }
            }
        }
        scale
    }

    fn x(&self, ratio: f64) -> f64 {
        (ratio / self.least).ln() / (self.most / self.least).ln() * (COLUMN - NUMBER)
    }

    fn ticks(&self) -> Vec<f64> {
        let ticks = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 10_000.0, 100_000.0];
        ticks.into_iter().filter(|tick| (self.least..=self.most).contains(tick)).collect()
    }
}

/// Text as XML has it, without what XML cannot say.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            letter if letter.is_control() || letter > '\u{fffd}' => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::report::tests::setting;
    use crate::peers::results::tests::example;

    #[test]
    fn longer_takes_further_and_one_is_between() {
        let scale = Scale::of(&example());
        let places = [0.5, 1.0, 3.0, 10.0].map(|ratio| scale.x(ratio));
        assert_eq!((places[0], places[3]), (0.0, COLUMN - NUMBER));
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(scale.ticks(), [1.0, 3.0, 10.0]);
    }

    #[test]
    fn names_are_escaped_and_every_bar_is_there() {
        let mut results = example();
        results.contestants[3].name = "a<b&c\u{1}".to_owned();
        let text = chart(&setting(), &results);
        assert!(text.contains("a&lt;b&amp;c ") && !text.contains("a<b"), "{text}");
        assert_eq!(text.matches("<g>").count(), 6);
        assert!(!text.contains("NaN") && !text.contains("<script"), "{text}");
    }
}
