//! What both sides of a sequence gave, compared: the outcome of each line, and the trees
//! that are left.
//!
//! Nothing is left out of the comparison but what cannot be the same in two directories:
//! the numbers of inodes and devices, the number of blocks, and which moment it was when
//! the kernel set a time. A time that a line set is never of these days, so it is told
//! apart and is compared.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use conformance::worker::StepError;
use fs_core::Errno;
use fs_core::op::run::tree::Node;
use fs_core::op::{Check, Compare, Field, Line, Operand, Outcome, Value, Want, Word};

/// What came of one line.
pub(crate) type Seen = Result<Outcome, StepError>;

/// What came of a sequence on one side.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) seen: Vec<Seen>,
    pub(crate) tree: Result<Vec<Node>, Errno>,
    /// The tree without the mount, where there is one.
    pub(crate) beneath: Option<Result<Vec<Node>, Errno>>,
}

/// The first difference between two sides.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// The line, or `None` if only the trees differ.
    pub(crate) step: Option<usize>,
    /// What kind of difference it is: while it is shrunk this stays.
    pub(crate) class: Vec<String>,
    pub(crate) real: String,
    pub(crate) other: String,
    /// The step that shows it, with what the real directory gives.
    pub(crate) proof: Option<Line<'static>>,
}

/// Fields that cannot be the same in two directories.
static MASKED: &[&str] = &["ino", "dev", "blocks", "mnt_id"];

/// Where times of this run lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    since_ns: i128,
}

impl Now {
    /// From now on. The kernel's coarse clock may be a little behind.
    pub(crate) fn begin() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
        Now { since_ns: (now - Duration::from_secs(1)).as_nanos() as i128 }
    }

    /// Whether the kernel set this time.
    fn has(self, ns: i128) -> bool {
        let day_ns = 24 * 60 * 60 * 1_000_000_000;
        (self.since_ns..self.since_ns + day_ns).contains(&ns)
    }

    fn is_masked(self, field: &Field) -> bool {
        let is_time = field.name.ends_with("time_ns");
        MASKED.contains(&field.name) || is_time && field.value.as_number().is_some_and(|ns| self.has(ns))
    }

    /// The step, with `!=` what the other side gave in place of a time of this run, which
    /// would not come again.
    fn avoiding(self, mut proof: Line<'static>, other: Option<&Outcome>) -> Line<'static> {
        for check in proof.want.iter_mut().flat_map(|want| &mut want.checks) {
            let is_now = matches!(&check.operand, Operand::Value(Value::Number(ns)) if self.has(*ns));
            let other = other.and_then(|other| other.get(check.field));
            if let (true, true, Some(other)) = (is_now, check.field.ends_with("time_ns"), other) {
                (check.compare, check.operand) = (Compare::NotEqual, Operand::Value(other.clone()));
            }
        }
        proof
    }

    /// The fields that are compared.
    fn fields(self, outcome: &Outcome) -> Vec<&Field> {
        outcome.fields.iter().filter(|field| !self.is_masked(field)).collect()
    }
}

/// Finds the first difference; steps of which a difference is excused are left out.
pub(crate) fn compare(
    lines: &[Line<'static>],
    real: &Ran,
    other: &Ran,
    now: Now,
    excused: &[usize],
) -> Option<Difference> {
    let steps = lines.iter().zip(real.seen.iter().zip(&other.seen)).enumerate();
    let mut steps = steps
        .filter(|(step, _)| !excused.contains(step))
        .filter_map(|(step, (line, (real, other)))| compare_seen(step, line, real, other, now));
    steps.next().or_else(|| compare_trees(&real.tree, &other.tree, now))
}

fn compare_seen(step: usize, line: &Line<'static>, real: &Seen, other: &Seen, now: Now) -> Option<Difference> {
    let mut class = vec![line.op.name().to_owned(), word(real), word(other)];
    if class[1] == class[2] {
        match (real, other) {
            (Ok(real), Ok(other)) => class.extend(different_fields(real, other, now)),
            // Neither was done: the same lines failed before.
            _ => return None,
        }
        if class.len() == 3 {
            return None;
        }
    }
    let tell = |seen: &Seen| seen.as_ref().map_or_else(ToString::to_string, ToString::to_string);
    let matters = |field: &Field| class[3..].iter().any(|name| name == field.name);
    let theirs = other.as_ref().ok();
    let proof = real.as_ref().ok().map(|outcome| now.avoiding(wanting(line, outcome, &matters), theirs));
    Some(Difference { step: Some(step), proof, real: tell(real), other: tell(other), class: class.clone() })
}

/// The word of an outcome, or why there is none.
fn word(seen: &Seen) -> String {
    match seen {
        Ok(outcome) => outcome.word.to_string(),
        Err(StepError::Unbound(_)) => "unbound".to_owned(),
        Err(StepError::Timeout) => "timeout".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The names of the fields that differ, which is also so if only one side has them.
fn different_fields(real: &Outcome, other: &Outcome, now: Now) -> Vec<String> {
    let (real, other) = (now.fields(real), now.fields(other));
    let is_in = |field: &Field, fields: &[&Field]| {
        fields.iter().any(|other| other.name == field.name && other.value.same(&field.value))
    };
    let mut names: Vec<String> = real.iter().filter(|field| !is_in(field, &other)).map(|f| f.name.to_owned()).collect();
    names.extend(other.iter().filter(|field| !is_in(field, &real)).map(|field| field.name.to_owned()));
    names.sort();
    names.dedup();
    names
}

/// The line with what it gave on the real side: the word, and the fields that matter.
pub(crate) fn wanting(line: &Line<'static>, outcome: &Outcome, matters: &dyn Fn(&Field) -> bool) -> Line<'static> {
    let check = |field: &Field| Check {
        field: field.name,
        compare: Compare::Equal,
        operand: Operand::Value(field.value.clone()),
    };
    let checks = outcome.fields.iter().filter(|field| matters(field)).map(check).collect();
    Line { want: Some(Want { words: vec![outcome.word], checks, same: None }), ..line.clone() }
}

/// A line that prepares: only a failure is worth saying.
pub(crate) fn preparing(line: &Line<'static>, seen: &Seen) -> Line<'static> {
    match seen {
        Ok(outcome) if outcome.word != Word::Ok => wanting(line, outcome, &|_| false),
        _ => line.clone(),
    }
}

fn compare_trees(real: &Result<Vec<Node>, Errno>, other: &Result<Vec<Node>, Errno>, now: Now) -> Option<Difference> {
    let (real, other) = match (real, other) {
        (Ok(real), Ok(other)) => (real, other),
        (Err(real), Err(other)) if real == other => return None,
        (real, other) => {
            let tell = |tree: &Result<Vec<Node>, Errno>| match tree {
                Ok(_) => "ok".to_owned(),
                Err(errno) => Outcome::errno(*errno).to_string(),
            };
            let class = vec!["tree".to_owned(), tell(real), tell(other)];
            return Some(Difference { step: None, class, real: tell(real), other: tell(other), proof: None });
        }
    };
    let find = |nodes: &[Node], path: &[u8]| nodes.iter().find(|node| node.path == path).cloned();
    let mut paths: Vec<&[u8]> = real.iter().chain(other).map(|node| &*node.path).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().find_map(|path| compare_nodes(path, find(real, path), find(other, path), now))
}

fn compare_nodes(path: &[u8], real: Option<Node>, other: Option<Node>, now: Now) -> Option<Difference> {
    let aspects = |node: &Option<Node>| node.as_ref().map(|node| aspects(node, now)).unwrap_or_default();
    let (ours, theirs) = (aspects(&real), aspects(&other));
    let differs = |name: &&'static str| {
        let find = |aspects: &[(&str, String)]| aspects.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        find(&ours) != find(&theirs)
    };
    let names = ours.iter().chain(&theirs).map(|(name, _)| *name);
    let mut different: Vec<&str> = names.filter(|name| differs(name)).collect();
    different.sort_unstable();
    different.dedup();
    if different.is_empty() {
        return None;
    }
    let tell = |node: &Option<Node>| node.as_ref().map_or("not there".to_owned(), ToString::to_string);
    let class = std::iter::once("tree".to_owned()).chain(different.iter().map(|name| (*name).to_owned())).collect();
    let theirs = other.as_ref().map(|other| Outcome::ok(vec![Field::number("mtime_ns", other.mtime_ns)]));
    let proof = proof_of(path, real.as_ref(), &different).map(|proof| now.avoiding(proof, theirs.as_ref()));
    Some(Difference { step: None, class, real: tell(&real), other: tell(&other), proof })
}

/// What a node is, by name; these names are those of the fields of `stat` where it has them.
fn aspects(node: &Node, now: Now) -> Vec<(&'static str, String)> {
    let Node { path: _, kind, mode, uid, gid, nlink, size, rdev, mtime_ns, content, target, xattrs } = node;
    vec![
        ("type", kind.as_str().to_owned()),
        ("mode", format!("0{mode:o}")),
        ("uid", uid.to_string()),
        ("gid", gid.to_string()),
        ("nlink", format!("{nlink:?}")),
        ("size", format!("{size:?}")),
        ("rdev", rdev.to_string()),
        ("mtime_ns", if now.has(*mtime_ns) { "now".to_owned() } else { mtime_ns.to_string() }),
        ("content", format!("{content:?}")),
        ("target", format!("{target:?}")),
        ("xattrs", format!("{xattrs:?}")),
    ]
}

/// The step that shows how a node differs, where one step can.
fn proof_of(path: &[u8], real: Option<&Node>, different: &[&str]) -> Option<Line<'static>> {
    let path = fs_core::op::At { path: fs_core::op::Bytes::Literal(path.to_vec().into()), dir: None };
    let target = fs_core::op::Target::Path(path);
    let op = fs_core::op::Op::Stat { path: target, follow: fs_core::Follow::No };
    let line = Line { actor: None, op, save: None, want: None };
    let Some(node) = real else {
        return Some(wanting(&line, &Outcome::errno(Errno::NOENT), &|_| false));
    };
    let fields = [
        Some(Field { name: "type", value: Value::Word(node.kind.as_str().to_owned()) }),
        Some(Field { name: "mode", value: Value::Mode(node.mode) }),
        node.nlink.map(|nlink| Field::number("nlink", nlink)),
        Some(Field::number("uid", node.uid)),
        Some(Field::number("gid", node.gid)),
        Some(Field::number("rdev", node.rdev)),
        node.size.map(|size| Field::number("size", size)),
        Some(Field::number("mtime_ns", node.mtime_ns)),
    ];
    let outcome = Outcome::ok(fields.into_iter().flatten().collect());
    let proof = wanting(&line, &outcome, &|field| different.contains(&field.name));
    proof.want.as_ref().is_some_and(|want| !want.checks.is_empty()).then_some(proof)
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  the real directory: {}\n  the other one:      {}", self.real, self.other)
    }
}
