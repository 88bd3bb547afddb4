//! The names of Python's `os` module: what each one is, which item of this library
//! stands for it, and where it lives if not here.
//!
//! ```
//! use fs_core::{Unsupported, names};
//!
//! let name = names::lookup("os.rename").expect("it is in the document");
//! assert_eq!((name.item, name.unsupported), ("rename", None));
//!
//! let name = names::lookup("plock").expect("it is in the document");
//! assert_eq!(name.unsupported, Some(Unsupported::OtherUnix));
//! println!("{name}"); // what it is, and why it is not there
//!
//! assert!(names::lookup("renam").is_none());
//! ```

use std::fmt;
use std::sync::LazyLock;

use crate::{Error, Result, Unsupported};

/// The names, in order: name, section of the document, kind, place, item, contract and
/// reason, between tabs.
static TABLE: &str = include_str!("names.tsv");

static NAMES: LazyLock<Vec<Name>> = LazyLock::new(|| TABLE.lines().map(Name::parse).collect());

/// A name of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Name {
    /// As Python spells it, without `os.`: `rename`, `stat_result.st_mode`, `stat.S_ISUID`.
    pub name: &'static str,
    /// The section of the document that has it.
    pub section: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The item of this library with the name's contract, as a path below the crate:
    /// `rename`, `StatResult::st_mode`.
    ///
    /// A name that does not exist here has one, too: what answers [`Error::Unsupported`].
    pub item: &'static str,
    /// Where it lives, if not here.
    pub unsupported: Option<Unsupported>,
    /// What it is for, in a sentence or two.
    pub contract: &'static str,
    /// What there is to say about its absence; empty, where [`Name::unsupported`] says all.
    pub reason: &'static str,
}

/// What a name stands for in Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An attribute of an object, as `stat_result.st_mode`.
    Attribute,
    /// A class.
    Class,
    /// A number, a string, or one of a set of choices.
    Constant,
    /// A function.
    Function,
    /// A mapping, as `environ`.
    Mapping,
    /// A method, as `DirEntry.is_dir`.
    Method,
    /// A set of functions, as `supports_fd`.
    Set,
}

/// The name of the document with this spelling, with `os.` before it or without.
///
/// Names that do not exist on Linux are found as well, and say where they live.
pub fn lookup(name: &str) -> Option<&'static Name> {
    let name = name.strip_prefix("os.").unwrap_or(name);
    let index = NAMES.binary_search_by_key(&name, |known| known.name).ok()?;
    NAMES.get(index)
}

/// All names of the document, in order.
pub fn all() -> &'static [Name] {
    &NAMES
}

impl Name {
    /// Whether the name exists here.
    ///
    /// # Errors
    /// [`Error::Unsupported`] with the place where it does.
    pub fn here(&self) -> Result<()> {
        self.unsupported.map_or(Ok(()), |place| Err(Error::Unsupported(place)))
    }

    fn parse(line: &'static str) -> Name {
        let mut columns = line.split('\t');
        let mut column = || columns.next().expect("each line of the table has all columns");
        Name {
            name: column(),
            section: column(),
            kind: match column() {
                "attribute" => Kind::Attribute,
                "class" => Kind::Class,
                "constant" => Kind::Constant,
                "function" => Kind::Function,
                "mapping" => Kind::Mapping,
                "method" => Kind::Method,
                "set" => Kind::Set,
                other => unreachable!("the table has the kind {other}"),
            },
            unsupported: match column() {
                "here" => None,
                "bsd" => Some(Unsupported::Bsd),
                "macos" => Some(Unsupported::MacOs),
                "other-unix" => Some(Unsupported::OtherUnix),
                "solaris" => Some(Unsupported::Solaris),
                "windows" => Some(Unsupported::Windows),
                other => unreachable!("the table has the place {other}"),
            },
            item: column(),
            contract: column(),
            reason: column(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Attribute => "attribute",
            Kind::Class => "class",
            Kind::Constant => "constant",
            Kind::Function => "function",
            Kind::Mapping => "mapping",
            Kind::Method => "method",
            Kind::Set => "set",
        })
    }
}

impl fmt::Display for Name {
    /// `os.NAME, a KIND of SECTION: CONTRACT`, and where to find it or why it is not there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Name { name, section, kind, item, contract, reason, .. } = self;
        let an = if matches!(kind, Kind::Attribute) { "an" } else { "a" };
        writeln!(f, "os.{name}, {an} {kind} of \"{section}\": {contract}")?;
        match self.unsupported {
            None => write!(f, "Here: fs_core::{item}"),
            Some(place) if reason.is_empty() => write!(f, "Not here: {place}"),
            Some(place) => write!(f, "Not here: {place}; {reason}"),
        }
    }
}
