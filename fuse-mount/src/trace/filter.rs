//! Which records are kept: `op=open|create path=src/** errno!=ok`.
//!
//! Words are separated by blanks, and all must hold. A word is a field, `=` or `!=`, and
//! globs separated by `|`, of which one must match (or none, after `!=`). A blank or a `|` in
//! a name is written `\x20`, `\x7c`.

use fs_core::op::errno;
use rustix::io::Errno;

use super::glob::Glob;
use super::record::{Record, RequestKind};
use super::who::Who;
use crate::exit::Failure;

/// What a record must be to be kept.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// Which operations can match at all; the rest is not looked at further.
    kinds: [bool; RequestKind::ALL.len()],
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    field: Field,
    is_negated: bool,
    globs: Vec<Glob>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Path,
    Comm,
    Errno,
    Pid,
    Uid,
}

impl Filter {
    /// Keeps all.
    pub(super) fn all() -> Self {
        Filter { kinds: [true; RequestKind::ALL.len()], terms: Vec::new() }
    }

    /// Reads an expression.
    ///
    /// # Errors
    /// Wrong usage, with the word that cannot be.
    pub(super) fn new(text: &str) -> Result<Self, Failure> {
        let mut filter = Filter::all();
        for word in text.split_whitespace() {
            let complain = |why: &str| Failure::Usage(format!("--trace-filter: {word}: {why}"));
            let (field, patterns) = word.split_once('=').ok_or_else(|| complain("not FIELD=GLOB or FIELD!=GLOB"))?;
            let (field, is_negated) = match field.strip_suffix('!') {
                Some(field) => (field, true),
                None => (field, false),
            };
            let patterns: Vec<&str> = patterns.split('|').collect();
            let globs = patterns.iter().map(|pattern| Glob::new(pattern.as_bytes()).map_err(complain));
            let globs: Vec<Glob> = globs.collect::<Result<_, _>>()?;
            let field = match field {
                "op" => {
                    filter.keep_kinds(&globs, is_negated).map_err(|at| {
                        complain(&format!("no operation is called {} (see the op of any trace)", patterns[at]))
                    })?;
                    continue;
                }
                "path" => Field::Path,
                "comm" => Field::Comm,
                "errno" => {
                    let is_name = |pattern: &&str| !pattern.starts_with('E') || pattern.contains(['*', '?', '[', '\\']);
                    let unknown = patterns.iter().find(|name| !is_name(name) && errno::by_name(name).is_none());
                    if let Some(name) = unknown {
                        return Err(complain(&format!("no errno is called {name}")));
                    }
                    Field::Errno
                }
                "pid" => Field::Pid,
                "uid" => Field::Uid,
                _ => return Err(complain("the field is none of op, path, comm, errno, pid, uid")),
            };
            filter.terms.push(Term { field, is_negated, globs });
        }
        Ok(filter)
    }

    fn keep_kinds(&mut self, globs: &[Glob], is_negated: bool) -> Result<(), usize> {
        let matches = |glob: &Glob, kind: &RequestKind| glob.matches(kind.as_str().as_bytes());
        let idle = globs.iter().position(|glob| !RequestKind::ALL.iter().any(|kind| matches(glob, kind)));
        if let Some(at) = idle {
            return Err(at);
        }
        for kind in RequestKind::ALL {
            self.kinds[*kind as usize] &= globs.iter().any(|glob| matches(glob, kind)) != is_negated;
        }
        Ok(())
    }

    /// Whether a record of this kind can be kept.
    pub(super) fn keeps_kind(&self, kind: RequestKind) -> bool {
        self.kinds[kind as usize]
    }

    /// Whether the process that asked must be known.
    pub(super) fn needs_who(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.field, Field::Comm | Field::Pid))
    }

    /// Whether a record is kept, whose kind is.
    pub(super) fn keeps(&self, record: &Record<'_>, who: &Who) -> bool {
        self.terms.iter().all(|term| term.holds(record, who))
    }
}

impl Term {
    fn holds(&self, record: &Record<'_>, who: &Who) -> bool {
        let any = |text: &[u8]| self.globs.iter().any(|glob| glob.matches(text));
        let number = |number: u32| any(itoa::Buffer::new().format(number).as_bytes());
        let matches = match self.field {
            Field::Path => any(record.path) || record.path2.is_some_and(any),
            Field::Comm => any(who.comm.as_bytes()),
            Field::Errno => match record.errno {
                None => any(b"ok"),
                Some(raw) => errno::name(Errno::from_raw_os_error(raw)).is_some_and(|name| any(name.as_bytes())),
            },
            Field::Pid => number(who.pid),
            Field::Uid => number(record.uid),
        };
        matches != self.is_negated
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Args;
    use super::super::who::Comm;
    use super::*;

    fn check(filter: &str, kind: RequestKind, path: &str, path2: Option<&str>, errno: Option<i32>) -> bool {
        let filter = Filter::new(filter).unwrap();
        let record = Record {
            kind,
            ino: 1,
            path: path.as_bytes(),
            path2: path2.map(str::as_bytes),
            ret: 0,
            errno,
            start_ns: 0,
            duration_ns: 0,
            tid: 8,
            uid: 1000,
            gid: 0,
            args: Args::default(),
        };
        let who = Who { pid: 7, comm: Comm::new(b"tar") };
        filter.keeps_kind(kind) && filter.keeps(&record, &who)
    }

    #[test]
    fn all_words_must_hold_and_one_glob_of_each() {
        use RequestKind::{Create, Open, Rename};
        let filter = "op=open|create path=src/**";
        assert!(check(filter, Open, "src/a", None, None));
        assert!(check(filter, Create, "src/a/b", None, None));
        assert!(!check(filter, Rename, "src/a", None, None));
        assert!(!check(filter, Open, "other", None, None));
        assert!(check("path=b", Rename, "a", Some("b"), None), "either path");
        assert!(!check("path!=b", Rename, "a", Some("b"), None));
        assert!(check("", Open, "a", None, None));
    }

    #[test]
    fn each_field_can_be_asked_about() {
        use RequestKind::Open;
        assert!(check("comm=t* pid=7 uid=1000 errno=ok", Open, "a", None, None));
        assert!(check("errno!=ok", Open, "a", None, Some(libc::ENOENT)));
        assert!(check("errno=ENOENT|EACCES", Open, "a", None, Some(libc::EACCES)));
        assert!(!check("comm!=tar", Open, "a", None, None));
        assert!(!check("op!=open|create", Open, "a", None, None));
    }

    #[test]
    fn what_can_never_match_is_named() {
        for (filter, word) in [
            ("op=opne", "opne"),
            ("op=open|clsoe", "clsoe"),
            ("size=3", "size=3"),
            ("open", "open"),
            ("errno=ENOTHING", "ENOTHING"),
            ("path=[a", "[a"),
        ] {
            let failure = Filter::new(filter).unwrap_err();
            assert!(failure.to_string().contains(word), "{failure}");
        }
    }
}
