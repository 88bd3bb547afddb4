//! A case as a script for a shell of POSIX, with coreutils, util-linux, attr, acl and e2fsprogs.
//!
//! Tools do more than one call, and name errors by their messages: what only prepares
//! may be done in any way that has the same effect, what is judged only by a tool that
//! makes the call itself. What a shell cannot say is an error that names the step.

mod ops;
mod quote;

use std::collections::BTreeMap;
use std::fmt::Write;

use fs_core::op::{Check, Compare, Op, Operand, Value};

use self::quote::quoted;
use super::head;
use super::plan::{Plan, Register, Step};
use super::prelude::{self, pieces, with_parts};

const PRELUDE: &str = include_str!("prelude.sh");
const PIECES: &str = include_str!("pieces.sh");
/// What begins the lines that tell what of them a script gets.
const MARK: &str = "#@";

/// Tools that are not in coreutils.
const TOOLS: [&str; 7] = ["setpriv", "setfacl", "setfattr", "getfattr", "flock", "chattr", "lsattr"];

/// What a script knows while it is made.
pub(super) struct Script {
    /// The registers, by the digit that the shell knows each by: it has no more.
    registers: Vec<Register>,
    /// The paths of what registers have opened, while they are sure to be the same files.
    paths: BTreeMap<u32, String>,
    umask: u32,
}

impl Script {
    /// The shell's number of a register.
    fn fd(&self, number: u32) -> Result<usize, String> {
        let at = self.registers.iter().position(|register| register.kind == "fd" && register.number == number);
        match at.map(|at| at + 3) {
            Some(digit @ 3..=9) => Ok(digit),
            _ => Err("a shell has no more than seven descriptors to spare".to_owned()),
        }
    }

    /// A path of what a register has opened, for tools that take no descriptor.
    fn path(&self, number: u32) -> Result<&str, String> {
        let path = self.paths.get(&number).map(String::as_str);
        path.ok_or_else(|| "the tool takes a path, and what is open may have another one now".to_owned())
    }

    /// Remembers the path that a step opens, and forgets those that it may have moved.
    fn follow(&mut self, step: &Step<'_>) {
        match (&step.line.op, &step.binds) {
            (Op::Open { path, .. }, Some(register)) if path.dir.is_none() => {
                self.paths.remove(&register.number);
                if let Ok(path) = quote::path(&path.path) {
                    self.paths.insert(register.number, path);
                }
            }
            (Op::Rename { .. } | Op::Renames { .. } | Op::Unlink { .. } | Op::Rmdir { .. } | Op::Chdir { .. }, _)
            | (Op::Dup2 { .. }, _) => self.paths.clear(),
            _ => {}
        }
    }
}

/// # Errors
/// A step that cannot be said in sh, and in which languages it can.
pub(super) fn program(plan: &Plan<'_>) -> Result<String, String> {
    let elsewhere =
        |number: usize, why: &str| format!("step {number} cannot be said in sh: {why}; try --lang c or --lang python");
    if let Some(number) = plan.confined_by {
        return Err(elsewhere(number, "it needs a root directory of its own"));
    }
    if !plan.case.mounts.is_empty() {
        return Err(elsewhere(1, "its mounts end with the program, which a script is not"));
    }
    let mut script = Script { registers: plan.registers(), paths: BTreeMap::new(), umask: 0o022 };
    let mut out = String::from("#!/bin/sh\n");
    for line in head(plan, "sh reproduce.sh [--keep] [DIR]") {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
    let mut steps = String::new();
    for step in &plan.steps {
        let text = self::step(plan, step, &mut script).map_err(|why| elsewhere(step.number, &why))?;
        let _ = write!(steps, "\n{text}");
        script.follow(step);
    }
    let parts = if plan.has_flags() { vec![("flags", String::new())] } else { Vec::new() };
    let (functions, rest) = PRELUDE.split_once("keep=\n").unwrap_or((PRELUDE, ""));
    let _ = write!(out, "\n{}", with_parts(functions, MARK, &parts));
    for piece in prelude::used(&pieces(PIECES, MARK), &steps, str::to_owned) {
        let _ = write!(out, "{piece}\n\n");
    }
    let _ = write!(out, "keep=\n{rest}");
    if let Some(why) = plan.needs_root {
        let _ = writeln!(out, "[ \"$(id -u)\" = 0 ] || cannot '{why}'");
    }
    let tools: Vec<&str> = TOOLS.iter().copied().filter(|tool| steps.contains(&format!("{tool} "))).collect();
    if !tools.is_empty() {
        let tools = tools.join(" ");
        let _ = writeln!(
            out,
            "for tool in {tools}; do\n    command -v $tool >/dev/null || cannot \"there is no $tool\"\ndone"
        );
    }
    out.push_str(
        "directory=$(mktemp -d reproduce.XXXXXX) && scratch=$(mktemp -d) || exit 2\n\
         chmod 0777 \"$directory\" && cd \"$directory\" || exit 2\numask 022\n",
    );
    let _ = write!(out, "{steps}\necho PASS\nfinish 0\n");
    Ok(out)
}

fn step(plan: &Plan<'_>, step: &Step<'_>, script: &mut Script) -> Result<String, String> {
    let player = &plan.players[step.player];
    if !step.unsure.is_empty() {
        return Err(format!("whether {} is bound is only known when it runs", step.unsure[0]));
    }
    if step.may_end() || player.forked || step.may_block() || player.actor.instance > 1 {
        return Err("it takes processes that take turns".to_owned());
    }
    let code = match &step.line.op {
        // What is only there to be there is made by whom it belongs to.
        Op::Open { path, mode, .. }
            if step.line.want.is_none() && player.credentials.is_some() && !plan.is_used(step) =>
        {
            ops::make_file(step, script, path, mode.bits())?
        }
        _ => ops::code(step, script)?,
    };
    let actor = match &player.credentials {
        None => String::new(),
        Some(_) if !code.is_tool => return Err("the shell itself would have to be somebody else".to_owned()),
        Some(who) => {
            let groups: Vec<String> = who.groups.iter().map(ToString::to_string).collect();
            let groups =
                if groups.is_empty() { "--clear-groups".to_owned() } else { format!("--groups {}", groups.join(",")) };
            let lacking: Vec<String> =
                player.lacking().iter().map(|(name, _)| format!("-{}", name.to_lowercase())).collect();
            let lacking = match lacking.is_empty() {
                true => String::new(),
                // What root may is also what the programs that it runs may, but for these.
                false => format!("--bounding-set {} ", lacking.join(",")),
            };
            format!("setpriv --reuid {} --regid {} {groups} {lacking}", who.uid, who.gid)
        }
    };
    let mut out = format!("step {} {}\n", step.number, quoted(step.line.to_string().as_bytes())?);
    let _ = match code.is_tool {
        true => writeln!(out, "attempt {actor}{}", code.command),
        false => writeln!(out, "{}", code.command),
    };
    let shown = &step.shown;
    if !shown.is_empty() {
        let mut fields = String::new();
        if let Some(values) = &code.values {
            let _ = writeln!(fields, "    set -- {values}");
        }
        for field in shown {
            let value = code.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value);
            let value = value.ok_or_else(|| format!("no tool tells the field `{field}`"))?;
            for check in step.line.want.iter().flat_map(|want| &want.checks).filter(|check| check.field == *field) {
                let _ = writeln!(fields, "    {}", self::check(check, value)?);
            }
            if let Some(name) = step.line.save.as_ref().filter(|_| step.kept.contains(field)) {
                let _ = writeln!(fields, "    {}_{field}={value}", name.as_str().replace('-', "_"));
            }
        }
        if let Some(name) = step.line.want.as_ref().and_then(|want| want.same.as_ref()) {
            let _ = writeln!(fields, "    cmp -s \"$scratch/out\" \"$scratch/{name}\" || differs=yes");
        }
        if let Some(name) = step.line.save.as_ref().filter(|_| step.kept_whole) {
            let _ = writeln!(fields, "    cp \"$scratch/out\" \"$scratch/{name}\"");
        }
        let whole = step.kept_whole || step.line.want.as_ref().is_some_and(|want| want.same.is_some());
        if whole && !matches!(step.line.op, Op::Tree { .. }) {
            return Err("all fields of its outcome are compared".to_owned());
        }
        let _ = write!(out, "if [ \"$outcome\" = ok ]; then\n{fields}fi\n");
    }
    match &step.line.want {
        None => out.push_str("prepared\n"),
        Some(want) => {
            let words: Vec<String> = want.words.iter().map(ToString::to_string).collect();
            let _ = writeln!(out, "want '{}' {}", words.join("|"), quoted(want.to_string().as_bytes())?);
        }
    }
    Ok(out)
}

fn check(check: &Check, value: &str) -> Result<String, String> {
    let is_one_word = |word: &str| !word.contains('|');
    let how = match check.compare {
        Compare::GreaterOrEqual if matches!(&check.operand, Operand::Value(Value::Word(word)) if is_one_word(word)) => {
            "has"
        }
        Compare::Equal => "=",
        Compare::NotEqual => "!=",
        Compare::Less => "'<'",
        Compare::LessOrEqual => "'<='",
        Compare::Greater => "'>'",
        Compare::GreaterOrEqual => "'>='",
    };
    let operand = match &check.operand {
        Operand::Value(Value::Word(_)) if how.starts_with('\'') => {
            return Err("a word is compared with others that it is to have".to_owned());
        }
        Operand::Saved(name, field) => format!("\"${}_{field}\"", name.as_str().replace('-', "_")),
        Operand::Value(Value::Number(number)) if i64::try_from(*number).is_err() => {
            return Err(format!("{number} is more than a number of a shell holds"));
        }
        Operand::Value(wanted @ Value::List(_)) if wanted.to_string().contains('\\') => {
            return Err("a name has bytes that no line of a shell holds".to_owned());
        }
        Operand::Value(Value::Mode(bits)) => format!("{bits:o}"),
        Operand::Value(Value::Bytes(bytes)) => quote::bytes(bytes)?,
        Operand::Value(wanted @ (Value::Number(_) | Value::Word(_) | Value::List(_))) => {
            quoted(wanted.to_string().as_bytes())?
        }
    };
    Ok(format!("check {} {value} {how} {operand}", check.field))
}
