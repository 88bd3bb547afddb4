//! The page: logs as one HTML file that needs nothing else.
//!
//! Whatever comes from a log is hostile: Rust writes it through [`text`] only, and the
//! script makes text nodes of it only. The page's own policy forbids requests, and
//! scripts and styles that are not the page's.
//!
//! Without a script there are tables ([`tables`]) and a picture ([`picture`]). The script
//! (`*.js`, one after the other as they stand in [`SCRIPT`]) makes the matrix from
//! [`data`], and draws only what is looked at.

mod again;
mod causes;
mod columns;
mod data;
mod date;
mod matrix;
mod picture;
mod sign;
mod tables;
mod terse;
mod text;

use std::io::{self, Write};
use std::path::Path;

use crate::exit::Failure;
use crate::log::Reader;
use matrix::Matrix;
use text::{Html, json_for_script};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: [&str; 7] = [
    include_str!("dom.js"),
    include_str!("data.js"),
    include_str!("filter.js"),
    include_str!("product.js"),
    include_str!("matrix.js"),
    include_str!("details.js"),
    include_str!("main.js"),
];

/// The page, while logs are read.
pub struct Page {
    matrix: Matrix,
}

impl Page {
    /// A page without logs.
    #[expect(clippy::new_without_default, reason = "a page without logs is no page")]
    pub fn new() -> Page {
        Page { matrix: Matrix::new() }
    }

    /// Adds a log, whose targets become columns. `done` hears of each case that was read.
    ///
    /// # Errors
    /// What is wrong with the log, and on which line.
    pub fn add(&mut self, path: &Path, reader: Reader, done: impl FnMut()) -> Result<(), Failure> {
        self.matrix.add(path, reader, done)
    }

    /// Writes the page.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn write(mut self, out: &mut impl Write) -> io::Result<()> {
        self.matrix.finish();
        let matrix = &self.matrix;
        let causes = causes::causes(matrix);
        let nonce = nonce()?;
        let mut rest = TEMPLATE;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").expect("the template closes what it opens");
            out.write_all(before.as_bytes())?;
            match name {
                "nonce" => out.write_all(nonce.as_bytes())?,
                "style" => out.write_all(STYLE.as_bytes())?,
                "title" => write!(out, "{}", title(matrix))?,
                "verdict" => write!(out, "{}", tables::Verdict(matrix))?,
                "results" => write!(out, "{}", tables::Results(matrix))?,
                "places" => write!(out, "{}", tables::Places(matrix))?,
                "columns" => write!(out, "{}", Html(&names(matrix)))?,
                "picture" => write!(out, "{}", picture::Picture(matrix))?,
                "causes" => write!(out, "{}", tables::Causes(matrix, &causes))?,
                "plain" => write!(out, "{}", tables::Plain(matrix))?,
                "data" => out.write_all(json_for_script(&data::json(matrix, &causes)).as_bytes())?,
                "script" => SCRIPT.iter().try_for_each(|script| out.write_all(script.as_bytes()))?,
                name => unreachable!("the template asks for {name}"),
            }
            rest = after;
        }
        out.write_all(rest.as_bytes())?;
        out.flush()
    }
}

fn title(matrix: &Matrix) -> String {
    format!("Conformance: {}", Html(&names(matrix)))
}

fn names(matrix: &Matrix) -> String {
    let names: Vec<&str> = matrix.columns.iter().map(|column| column.name.as_str()).collect();
    names.join(", ")
}

/// A word that nobody could know who wrote a log: it marks the scripts that are the page's.
fn nonce() -> io::Result<String> {
    let mut bytes = [0; 16];
    let mut filled = 0;
    while filled < bytes.len() {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
