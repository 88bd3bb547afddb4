//! Lists the case files, to be built into the binary.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let dir = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo tells where the crate is")).join("cases");
    println!("cargo::rerun-if-changed={}", dir.display());
    let entries = fs::read_dir(&dir).expect("the crate has a directory `cases`");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("`cases` can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "case"));
    paths.sort();
    let mut list = String::from("&[\n");
    for path in &paths {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("the name of a case file is text");
        writeln!(list, "    ({stem:?}, include_str!({path:?})),").expect("writing to a string does not fail");
    }
    list.push_str("]\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo tells where to write")).join("cases.rs");
    fs::write(out, list).expect("cargo's directory can be written to");
}
