//! The table of names and the library say the same: each name of the document has its
//! item, and each item a test.
//!
//! The source is read as text. An item says what it is with `#[doc(alias = "os.NAME")]`.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fs_core::names::{self, Kind};
use fs_core::{Error, Unsupported, constant};

/// Names that a reader may look for beside those of the document's headings: of later versions
/// of Python, and what the text calls so.
const BESIDE: [&str; 4] = ["CLD_KILLED", "CLD_STOPPED", "popen().close", "waitid_result"];

/// The sources of the library.
fn sources() -> Vec<(PathBuf, String)> {
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// All Rust files below a directory.
fn read_all(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(read_all(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            files.push((path, text));
        }
    }
    files
}

/// The items of the sources by the names of the document that they carry.
fn items() -> BTreeMap<String, BTreeSet<String>> {
    let mut items: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources() {
        let module = if path.ends_with("stat_consts.rs") { "stat_consts::" } else { "" };
        let mut scope = String::new();
        let mut aliases = Vec::new();
        for line in text.lines() {
            if let Some(alias) = line.trim().strip_prefix("#[doc(alias = \"os.") {
                aliases.push(alias.trim_end_matches("\")]").to_owned());
                continue;
            }
            if let Some(name) = scope_of(line) {
                scope = name;
            }
            let is_code = !(line.trim().is_empty() || line.trim().starts_with(['#', '/']));
            if is_code && !aliases.is_empty() {
                let owner = match scope.as_str() {
                    scope if line.starts_with(' ') && !scope.is_empty() => format!("{scope}::"),
                    _ => module.to_owned(),
                };
                let item = format!("{owner}{}", identifier(line));
                for alias in aliases.drain(..) {
                    items.entry(alias).or_default().insert(item.clone());
                }
            }
        }
    }
    items
}

/// The type whose members follow this line, if it begins one; no type's, if it begins items
/// that a macro makes.
fn scope_of(line: &str) -> Option<String> {
    if line.ends_with("! {") && !line.starts_with(' ') {
        return Some(String::new());
    }
    let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    let is_inner = line.starts_with("    pub struct "); // of bitflags!
    if line.starts_with(' ') && !is_inner {
        return None;
    }
    match words.find(|word| ["struct", "enum", "trait", "impl"].contains(word))? {
        "impl" => {
            let subject = line.split(" for ").nth(1).unwrap_or_else(|| after_generics(line));
            Some(identifier(subject))
        }
        _ => words.next().map(str::to_owned),
    }
}

/// What follows `impl` or `impl<...>`.
fn after_generics(line: &str) -> &str {
    let rest = line.trim_start_matches("unsafe ").trim_start_matches("impl");
    match rest.strip_prefix('<') {
        Some(generics) => generics.split_once("> ").map_or(generics, |(_, subject)| subject),
        None => rest.trim_start(),
    }
}

/// The name that a line of an item declares.
fn identifier(line: &str) -> String {
    let keywords = ["pub", "crate", "const", "unsafe", "fn", "static", "struct", "enum", "trait", "type", "mod", "use"];
    let keywords = |word: &&str| !(keywords.contains(word) || *word == "macro_rules");
    let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    words.find(keywords).unwrap_or_default().to_owned()
}

/// The words of all tests: the files of `tests`, what follows `#[cfg(test)]` in the
/// sources, and the examples of the documentation.
fn tested_words() -> BTreeSet<String> {
    let mut texts: Vec<String> = read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"))
        .into_iter()
        .filter(|(path, _)| !path.ends_with("tests/names.rs"))
        .map(|(_, text)| text)
        .collect();
    for (_, text) in sources() {
        let (code, tests) = text.split_once("#[cfg(test)]\nmod tests").unwrap_or((&text, ""));
        texts.push(tests.to_owned());
        let mut is_example = false;
        for line in code.lines().map(str::trim).filter(|line| line.starts_with("//")) {
            let fence = line.trim_start_matches('/').trim_start_matches('!').trim();
            match fence {
                "```" | "```no_run" | "```rust" => is_example = !is_example,
                _ if is_example => texts.push(line.to_owned()),
                _ => {}
            }
        }
    }
    let words = |text: String| -> Vec<String> {
        text.split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_owned).collect()
    };
    texts.into_iter().flat_map(words).collect()
}

#[test]
fn the_table_has_the_459_names_of_the_document_in_order() {
    assert_eq!(names::all().len(), 459);
    assert!(names::all().is_sorted_by(|a, b| a.name < b.name));
    for name in names::all() {
        assert_eq!(names::lookup(name.name), Some(name));
        assert_eq!(names::lookup(&format!("os.{}", name.name)), Some(name));
        assert!(!name.contract.is_empty(), "{}", name.name);
    }
    assert_eq!(names::lookup("renamed"), None);
}

#[test]
fn each_name_has_the_item_that_the_table_says_and_no_other() {
    let items = items();
    let mut wrong = Vec::new();
    for name in names::all() {
        let carriers = items.get(name.name).cloned().unwrap_or_default();
        if carriers != BTreeSet::from([name.item.to_owned()]) {
            wrong.push(format!("{}: the table says `{}`, the alias is on {carriers:?}", name.name, name.item));
        }
    }
    let strange = items.keys().filter(|alias| names::lookup(alias).is_none() && !BESIDE.contains(&alias.as_str()));
    wrong.extend(strange.map(|alias| format!("{alias}: no such name in the document")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_item_has_a_test() {
    let words = tested_words();
    let is_tested = |name: &&names::Name| match name.kind {
        // All of them are held against their values in `tests/constants.rs`.
        Kind::Constant => true,
        _ => words.contains(name.item.rsplit("::").next().unwrap_or_default()),
    };
    let untested: Vec<_> = names::all().iter().filter(|name| !is_tested(name)).map(|name| name.item).collect();
    assert!(untested.is_empty(), "no test uses {untested:?}");
}

#[test]
fn what_exists_on_linux_is_here_and_the_rest_says_where_it_lives() {
    let (here, elsewhere): (Vec<_>, Vec<_>) = names::all().iter().partition(|name| name.here().is_ok());
    // 407 of Linux, and 7 of the language, as `fdopen` and `PathLike`.
    assert_eq!((here.len(), elsewhere.len()), (414, 45));
    for name in elsewhere {
        let place = name.unsupported.unwrap();
        assert_eq!(name.here(), Err(Error::Unsupported(place)));
        assert!(name.to_string().contains(&place.to_string()), "{name}");
        if name.kind == Kind::Constant {
            assert_eq!(constant(name.name), Err(Error::Unsupported(place)), "{name}");
        }
    }
}

#[test]
fn a_name_tells_what_it_is_and_why_it_is_not_there() {
    let name = names::lookup("plock").unwrap();
    assert_eq!(name.unsupported, Some(Unsupported::OtherUnix));
    let told = name.to_string();
    assert!(told.starts_with("os.plock, a function of \"Process Management\": "), "{told}");
    assert!(told.ends_with("no such call on Linux (mlockall is the near relative)"), "{told}");
    assert!(names::lookup("rename").unwrap().to_string().ends_with("Here: fs_core::rename"));
}

#[test]
fn each_name_is_on_the_page_of_its_section() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide");
    let pages: Vec<String> =
        fs::read_dir(guide).unwrap().map(|page| fs::read_to_string(page.unwrap().path()).unwrap()).collect();
    let text = pages.concat();
    for name in names::all() {
        // The link is checked when the documents are built.
        let row = format!("| `os.{}` | [`{}`](crate::{}) |", name.name, name.item, name.item);
        assert!(text.contains(&row), "no page has the row {row}");
    }
}
