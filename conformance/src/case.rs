//! What a case is: one claim about file systems, as steps with what is wanted of
//! them, and the clause that it comes from.

use std::fmt;

use fs_core::op::Line;

use crate::mounts::BindMount;

/// One claim and the steps that show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// `FILE.CASE`, or `FILE.PRODUCT.CLASS.CLASS` for a case of a product.
    pub id: String,
    /// What is claimed.
    pub claim: String,
    /// The clause that it comes from: `rename(2)`.
    pub source: String,
    /// How binding the clause is.
    pub class: Class,
    /// The features without which the case cannot be run, in order of their names.
    pub needs: Vec<&'static str>,
    /// The bind mounts that it finds in its directory.
    pub mounts: Vec<BindMount>,
    /// The steps.
    pub steps: Vec<Line<'static>>,
    /// Where it is written: file and line.
    pub written: String,
}

/// How binding the clause of a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// POSIX: "shall".
    PosixShall,
    /// POSIX: "may", implementation-defined or unspecified.
    PosixMay,
    /// Linux's manual pages.
    LinuxMan,
    /// What one file system promises.
    FsSpecific,
    /// What was seen, and nobody promises.
    Observed,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 5] =
        [Class::PosixShall, Class::PosixMay, Class::LinuxMan, Class::FsSpecific, Class::Observed];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::PosixShall => "posix-shall",
            Class::PosixMay => "posix-may",
            Class::LinuxMan => "linux-man",
            Class::FsSpecific => "fs-specific",
            Class::Observed => "observed",
        }
    }

    /// The class of a word.
    pub fn by_name(name: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.as_str() == name)
    }

    /// Whether a file system that differs has broken a promise. The other classes are
    /// recorded.
    pub fn is_binding(self) -> bool {
        match self {
            Class::PosixShall | Class::LinuxMan => true,
            Class::PosixMay | Class::FsSpecific | Class::Observed => false,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
