//! The plan of a program: what a case comes to when it is done without the suite,
//! the same for every language.

use std::collections::BTreeMap;

use fs_core::op::{Actor, Line, Name, Op, Operand, Word};

use super::text::Fields;
use crate::case::Case;
use crate::worker::{Credentials, Role, implied_need, may_leave};

/// A case, and what a program must have to do it.
pub(super) struct Plan<'c> {
    pub(super) case: &'c Case,
    pub(super) players: Vec<Player>,
    pub(super) steps: Vec<Step<'c>>,
    /// The step that is only right in a root directory of the case's own.
    pub(super) confined_by: Option<usize>,
    /// What of it only root can do.
    pub(super) needs_root: Option<&'static str>,
}

/// An actor of the case.
pub(super) struct Player {
    pub(super) actor: Actor,
    /// `None` for who runs the program.
    pub(super) credentials: Option<Credentials>,
    /// Whether a step makes it, by `fork`.
    pub(super) forked: bool,
}

/// A step, and what is to be known of the others around it.
pub(super) struct Step<'c> {
    /// From 1.
    pub(super) number: usize,
    pub(super) line: &'c Line<'static>,
    /// Which of the players does it.
    pub(super) player: usize,
    /// The fields of its outcome that somebody looks at, in their order.
    pub(super) shown: Vec<&'static str>,
    /// The fields of it that later steps compare with.
    pub(super) kept: Vec<&'static str>,
    /// Whether a later step compares with all of it.
    pub(super) kept_whole: bool,
    /// The registers that it uses and an earlier step may have failed to bind.
    pub(super) unsure: Vec<Register>,
    /// The register that its success binds.
    pub(super) binds: Option<Register>,
}

/// A register: `fd`, `map`, `handle` or `process`, and its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Register {
    pub(super) kind: &'static str,
    pub(super) number: u32,
}

/// How many processes do the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// The program itself.
    Alone,
    /// One child, with the credentials or the root directory of the only actor.
    Apart,
    /// A child for each actor, which take turns.
    Crew,
}

impl<'c> Plan<'c> {
    /// # Errors
    /// A step that no program can do: it uses a register that nobody has bound.
    pub(super) fn new(case: &'c Case) -> Result<Self, String> {
        let mut plan = Plan {
            case,
            players: Vec::new(),
            steps: Vec::new(),
            confined_by: case.steps.iter().position(needs_own_root).map(|index| index + 1),
            needs_root: match case.steps.iter().any(|line| implied_need(actor(line).name.as_str()).is_some()) {
                true => Some("only root can act as another user"),
                false if !case.mounts.is_empty() => Some("only root can make the mounts that this needs"),
                false => None,
            },
        };
        let mut bound: Vec<BTreeMap<Register, bool>> = Vec::new();
        for (index, line) in case.steps.iter().enumerate() {
            let number = index + 1;
            let player = plan.player(&actor(line), &mut bound);
            let registers = &mut bound[player];
            let mut unsure = Vec::new();
            for register in used(line) {
                match registers.get(&register) {
                    Some(true) => {}
                    Some(false) if unsure.contains(&register) => {}
                    Some(false) => unsure.push(register),
                    None => return Err(format!("step {number}: no step of its actor has bound {register}")),
                }
            }
            if let Some(gone) = taken(line) {
                registers.remove(&gone);
            }
            let binds = bound_by(line);
            if let Some(register) = binds.clone() {
                let sure = line.want.as_ref().is_none_or(|want| want.words == [Word::Ok]);
                let before = registers.get(&register).copied().unwrap_or_default();
                if before && register.kind == "process" {
                    return Err(format!("step {number}: {register} is running, and has to be reaped first"));
                }
                registers.insert(register, sure || before);
            }
            if let Op::Fork { child } = &line.op {
                // Programs stay those of who started them.
                let copies: BTreeMap<Register, bool> = registers
                    .iter()
                    .filter(|(register, _)| register.kind != "process")
                    .map(|(r, sure)| (r.clone(), *sure))
                    .collect();
                let child = plan.player(&Actor { name: child.clone(), instance: 1 }, &mut bound);
                plan.players[child].forked = true;
                bound[child] = copies;
            }
            let later = &case.steps[index + 1..];
            let kept = line.save.as_ref().map(|name| compared_later(name, later)).unwrap_or_default();
            let same =
                |line: &Line<'_>, name: &Name| line.want.as_ref().and_then(|want| want.same.as_ref()) == Some(name);
            let kept_whole = line.save.as_ref().is_some_and(|name| later.iter().any(|line| same(line, name)));
            let shown = shown(line, &kept, kept_whole);
            plan.steps.push(Step { number, line, player, shown, kept, kept_whole, unsure, binds });
        }
        Ok(plan)
    }

    fn player(&mut self, actor: &Actor, bound: &mut Vec<BTreeMap<Register, bool>>) -> usize {
        if let Some(known) = self.players.iter().position(|player| player.actor == *actor) {
            return known;
        }
        let credentials = Role::by_name(actor.name.as_str()).and_then(Role::credentials);
        self.players.push(Player { actor: actor.clone(), credentials, forked: false });
        bound.push(BTreeMap::new());
        self.players.len() - 1
    }

    pub(super) fn setting(&self) -> Setting {
        let watched = self.steps.iter().any(|step| step.may_block() || step.may_end());
        match &self.players[..] {
            _ if watched => Setting::Crew,
            // Who has a limit cannot clean up.
            [only] if only.credentials.is_none() && self.confined_by.is_none() && !self.has_limits() => Setting::Alone,
            [_] => Setting::Apart,
            _ => Setting::Crew,
        }
    }

    /// Whether steps limit the process: what it prints must not go to a file itself.
    pub(super) fn has_limits(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.line.op, Op::Setrlimit { .. } | Op::Sigaction { .. }))
    }

    /// Whether steps have to do with flags of inodes, with which files may not be removable.
    pub(super) fn has_flags(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.line.op, Op::Getflags { .. } | Op::Setflags { .. }))
    }

    /// Whether a later step has to do with what a step binds.
    pub(super) fn is_used(&self, step: &Step<'_>) -> bool {
        let forks = |later: &&Step<'_>| matches!(later.line.op, Op::Fork { .. });
        let later = self.steps[step.number..].iter().filter(|later| later.player == step.player || forks(later));
        step.binds
            .as_ref()
            .is_some_and(|register| later.clone().any(|later| forks(&later) || used(later.line).contains(register)))
    }

    /// Every register that a step binds.
    pub(super) fn registers(&self) -> Vec<Register> {
        let mut registers: Vec<Register> = self.steps.iter().filter_map(|step| step.binds.clone()).collect();
        registers.sort();
        registers.dedup();
        registers
    }
}

impl Step<'_> {
    /// Whether `blocked` is one of the outcomes that are wanted.
    pub(super) fn may_block(&self) -> bool {
        self.line.want.as_ref().is_some_and(|want| want.words.contains(&Word::Blocked))
    }

    /// Whether a signal that ends its actor is one of the outcomes that are wanted.
    pub(super) fn may_end(&self) -> bool {
        let signal = |word: &Word| matches!(word, Word::Signal(_));
        let caught = matches!(self.line.op, Op::Load { .. } | Op::Store { .. });
        !caught && self.line.want.as_ref().is_some_and(|want| want.words.iter().any(signal))
    }

    /// The fields of its operation, as the notation writes them.
    pub(super) fn fields(&self) -> Fields {
        Fields::of(self.line)
    }
}

impl Player {
    /// The capabilities that it has not, as root: their names and numbers.
    pub(super) fn lacking(&self) -> Vec<(&'static str, u32)> {
        let without = self.credentials.iter().flat_map(|credentials| credentials.without.iter_names());
        without.map(|(name, set)| (name, set.bits().trailing_zeros())).collect()
    }

    /// A name for it in a program: `other`, `other_2`.
    pub(super) fn identifier(&self) -> String {
        self.actor.to_string().replace(['.', '-'], "_")
    }
}

impl std::fmt::Display for Register {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.kind, self.number)
    }
}

/// Who does a step.
fn actor(line: &Line<'_>) -> Actor {
    let myself = || Actor { name: Name::new(Role::Myself.as_str()).expect("`self` is a name"), instance: 1 };
    line.actor.clone().unwrap_or_else(myself)
}

/// Whether a step means something else where the root directory is not the case's.
fn needs_own_root(line: &Line<'static>) -> bool {
    let subject = line.subject();
    let raw_path =
        |word: &str| word.strip_prefix("str:").is_some_and(|path| path.starts_with('/') || path.contains(".."));
    may_leave(&subject) || matches!(line.op, Op::Getcwd {}) || subject.split([' ', '=', ',']).any(raw_path)
}

/// The registers that a step uses.
fn used(line: &Line<'_>) -> Vec<Register> {
    let fields = Fields::of(line);
    let mut registers: Vec<Register> = fields.iter().filter_map(|(key, value)| register(key, value)).collect();
    let raw = fields.get("args").filter(|_| matches!(line.op, Op::Syscall { .. })).unwrap_or_default();
    let words = raw.split([',', '/']).map(|word| word.strip_prefix("longs:").unwrap_or(word));
    registers.extend(words.filter_map(|word| register("fd", word.strip_prefix("fd:")?)));
    if let Op::OpenByHandleAt { path, .. } = &line.op {
        registers.push(Register { kind: "fd", number: path.0 });
    }
    registers
}

/// The register that a step's success binds.
fn bound_by(line: &Line<'_>) -> Option<Register> {
    Fields::bound(line).iter().find_map(|(key, value)| register(key, value))
}

/// The register that a step takes away.
fn taken(line: &Line<'_>) -> Option<Register> {
    match &line.op {
        Op::Close { fd } => Some(Register { kind: "fd", number: fd.0 }),
        Op::Munmap { map } => Some(Register { kind: "map", number: map.0 }),
        Op::Reap { process } => Some(Register { kind: "process", number: process.0 }),
        _ => None,
    }
}

fn register(key: &str, value: &str) -> Option<Register> {
    let kind = match key {
        "fd" | "fd2" | "src_fd" | "dst_fd" | "dir_fd" | "src_dir_fd" | "dst_dir_fd" => "fd",
        "map" => "map",
        "handle" => "handle",
        "process" => "process",
        _ => return None,
    };
    Some(Register { kind, number: value.parse().ok()? })
}

/// The fields of the outcome `name` that later steps compare with.
fn compared_later(name: &Name, later: &[Line<'_>]) -> Vec<&'static str> {
    let wants = later.iter().filter_map(|line| line.want.as_ref());
    let mut fields: Vec<&'static str> = wants
        .flat_map(|want| &want.checks)
        .filter_map(|check| match &check.operand {
            Operand::Saved(saved, field) if saved == name => Some(*field),
            Operand::Saved(..) | Operand::Value(_) => None,
        })
        .collect();
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// The fields of a step's outcome that are compared, there or later.
fn shown(line: &Line<'_>, kept: &[&'static str], kept_whole: bool) -> Vec<&'static str> {
    let whole = kept_whole || line.want.as_ref().is_some_and(|want| want.same.is_some());
    let checked = |field: &&str| line.want.iter().flat_map(|want| &want.checks).any(|check| check.field == *field);
    let looked_at = |field: &&'static str| whole || kept.contains(field) || checked(field);
    line.op.returns().iter().copied().filter(looked_at).collect()
}
