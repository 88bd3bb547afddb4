//! A case as a program in Python, with nothing but its standard library.

mod literal;
mod ops;

use std::fmt::Write;

use fs_core::op::run::raw_call;
use fs_core::op::{Check, Compare, Op, Operand, Value};
use ops::Code;

use self::literal::{bytes, text};
use super::head;
use super::plan::{Plan, Player, Setting, Step};
use super::prelude::{self, pieces, uses, with_parts};

const BASE: &str = include_str!("base.py");
const DIRECTORY: &str = include_str!("directory.py");
const ALONE: &str = include_str!("alone.py");
const APART: &str = include_str!("apart.py");
const CREW: &str = include_str!("crew.py");
const PIECES: &str = include_str!("pieces.py");
/// What begins the lines that tell what of them a program gets.
const MARK: &str = "#@";

/// # Errors
/// A step that cannot be said in Python, and why.
pub(super) fn program(plan: &Plan<'_>) -> Result<String, String> {
    let steps: Vec<String> = plan.steps.iter().map(|step| self::step(plan, step)).collect::<Result<_, _>>()?;
    let has_program = uses(&without_strings(&steps.concat()), "PROGRAM");
    let mut main = String::new();
    if let Some(why) = plan.needs_root {
        let _ = writeln!(main, "if os.geteuid() != 0:\n    cannot(\"{why}\")");
    }
    if has_program || plan.steps.iter().any(|step| is_raw(step)) {
        let machine = std::env::consts::ARCH;
        let what =
            if has_program { "the program that it runs is one" } else { "the numbers of system calls are those" };
        let _ = write!(
            main,
            "if os.uname().machine != \"{machine}\":\n    \
             cannot(\"{what} of {machine}: take one that was made for this machine\")\n"
        );
    }
    if has_program {
        main.push_str(&literal::define_program());
    }
    if plan.has_limits() {
        main.push_str("relay_output()\n");
    }
    main.push_str("signal.signal(signal.SIGIO, signal.SIG_IGN)\nbegin()\n");
    for register in plan.registers() {
        let _ = writeln!(main, "{}{} = None", register.kind, register.number);
    }
    for step in &steps {
        let _ = write!(main, "\n{step}");
    }
    main.push_str("\nend()\n");
    Ok(assemble(plan, &main))
}

/// Whether a step makes a call by a number that is not the same everywhere.
fn is_raw(step: &Step<'_>) -> bool {
    matches!(&step.line.op, Op::Syscall { name, .. } if raw_call(&String::from_utf8_lossy(&name.resolve())).is_some())
}

fn step(plan: &Plan<'_>, step: &Step<'_>) -> Result<String, String> {
    let number = step.number;
    let line = text(&step.line.to_string());
    let crew = plan.setting() == Setting::Crew;
    let actor = text(&plan.players[step.player].actor.to_string());
    let mut body: Vec<String> = Vec::new();
    for register in &step.unsure {
        body.push(format!("if {}{} is None:\n    unbound(\"{register}\")", register.kind, register.number));
    }
    match (ops::code(step).map_err(|why| format!("step {number}: {why}"))?, &step.line.op) {
        (Code::Call(_), Op::Fork { child }) => {
            body.push(format!("if attempt(os.fork) == 0:\n    be(\"{child}\")\nelse:\n    done()"));
        }
        (Code::Statement(statement), _) => body.push(statement),
        (Code::Call(call), _) => body.push(match &step.binds {
            None => format!("attempt({call})"),
            Some(register) if register.kind == "fd" => {
                let name = format!("fd{}", register.number);
                format!("{name} = bind({name}, attempt({call}))")
            }
            Some(register) => {
                let name = format!("{}{}", register.kind, register.number);
                format!("{name} = attempt({call}) or {name}")
            }
        }),
    }
    body.extend(ops::after(step));
    let judge = judge(step);
    let mut after: Vec<String> = Vec::new();
    if let Some(name) = step.line.save.as_ref().filter(|_| step.kept_whole || !step.kept.is_empty()) {
        after.push(format!("keep(\"{name}\")"));
    }
    let lines = |by: &str, texts: &[String]| -> String {
        texts.iter().flat_map(|text| text.lines()).map(|line| format!("{by}{line}\n")).collect()
    };
    Ok(match &step.line.op {
        Op::Wait {} => format!("collect({actor}, {number}, {line})\n{judge}\n{}", lines("", &after)),
        _ if crew => {
            let done = if matches!(step.line.op, Op::Fork { .. }) { "" } else { "    done()\n" };
            let body = lines("    ", &body);
            format!("if turn({actor}, {number}, {line}):\n{body}{done}{judge}\n{}", lines("", &after))
        }
        _ => format!("step({number}, {line})\n{}{judge}\n{}", lines("", &body), lines("", &after)),
    })
}

fn judge(step: &Step<'_>) -> String {
    let Some(want) = &step.line.want else {
        return "prepared()".to_owned();
    };
    let mut arguments = vec![text(&want.to_string())];
    arguments.extend(want.checks.iter().map(check));
    if let Some(name) = &want.same {
        arguments.push(format!("same=\"{name}\""));
    }
    format!("want({})", arguments.join(", "))
}

fn check(check: &Check) -> String {
    let how = match check.compare {
        Compare::Equal => "=",
        Compare::NotEqual => "!=",
        Compare::Less => "<",
        Compare::LessOrEqual => "<=",
        Compare::Greater => ">",
        Compare::GreaterOrEqual => ">=",
    };
    let operand = match &check.operand {
        Operand::Saved(name, field) => format!("saved(\"{name}\", \"{field}\")"),
        Operand::Value(Value::Number(number)) => number.to_string(),
        Operand::Value(Value::Mode(0)) => "0".to_owned(),
        Operand::Value(Value::Mode(bits)) => format!("0o{bits:o}"),
        Operand::Value(Value::Word(word)) => text(word),
        Operand::Value(Value::Bytes(value)) => bytes(value),
        Operand::Value(Value::List(values)) => {
            format!("[{}]", values.iter().map(|value| literal::literal(value)).collect::<Vec<_>>().join(", "))
        }
    };
    format!("(\"{}\", \"{how}\", {operand})", check.field)
}

/// The whole program.
fn assemble(plan: &Plan<'_>, main: &str) -> String {
    let setting = plan.setting();
    let parts = parts(plan);
    let text = |text: &str| with_parts(text, MARK, &parts);
    let (base, directory) = (text(BASE), text(DIRECTORY));
    let doing = text(match setting {
        Setting::Alone => ALONE,
        Setting::Apart => APART,
        Setting::Crew => CREW,
    });
    let code = format!("{base}{directory}{doing}{main}");
    let pieces = prelude::used(&pieces(PIECES, MARK), &code, without_strings);
    let pieces: String = pieces.iter().map(|text| format!("{text}\n\n\n")).collect();
    let body = format!("{base}\n\n{directory}\n\n{pieces}{doing}\n\n{main}");
    let code = without_strings(&body);
    let mut out = String::from("#!/usr/bin/env python3\n");
    for line in head(plan, "python3 reproduce.py [--keep] [DIR]") {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
    for module in MODULES.iter().filter(|module| code.contains(&format!("{module}."))) {
        let _ = writeln!(out, "import {module}");
    }
    if setting == Setting::Crew {
        out.push_str("from multiprocessing import Pipe\n");
    }
    let _ = write!(out, "\n{body}");
    out
}

/// What of the prelude the program has, and what is inserted there.
fn parts(plan: &Plan<'_>) -> Vec<(&'static str, String)> {
    let mut parts = vec![("mounts", mounts(plan)), ("unmounts", unmounts(plan))];
    if plan.setting() == Setting::Crew {
        parts.extend([("crew", String::new()), ("actors", actors(plan))]);
    }
    if plan.has_flags() {
        parts.push(("flags", String::new()));
    }
    let becoming = becoming(plan);
    if !becoming.is_empty() {
        parts.push(("becoming", becoming));
    }
    parts
}

/// What makes the mounts of a case.
fn mounts(plan: &Plan<'_>) -> String {
    if plan.case.mounts.is_empty() {
        return String::new();
    }
    let mut out = String::from("    begin_mounts()\n");
    for mount in &plan.case.mounts {
        let _ = writeln!(out, "    mount_base(b\"{}\", {:#x})  # {mount}", mount.name, mount.flags.bits());
    }
    out
}

/// What takes them away, before their directories are.
fn unmounts(plan: &Plan<'_>) -> String {
    let names = plan.case.mounts.iter();
    names.map(|mount| format!("    libc(\"umount2\", os.fsencode(directory) + b\"/{}\", 2)\n", mount.name)).collect()
}

/// Who the actors are.
fn actors(plan: &Plan<'_>) -> String {
    let names = |wanted: fn(&Player) -> bool| {
        let players = plan.players.iter().filter(|player| wanted(player));
        players.map(|player| text(&player.actor.to_string())).collect::<Vec<_>>().join(", ")
    };
    format!("ACTORS = [{}]\nFORKED = [{}]  # by a step\n", names(|_| true), names(|player| player.forked))
}

/// How a child becomes its actor.
fn becoming(plan: &Plan<'_>) -> String {
    let crew = plan.setting() == Setting::Crew;
    let indent = if crew { "    " } else { "        " };
    let root = if plan.confined_by.is_some() { format!("{indent}change_root()\n") } else { String::new() };
    let becoming = plan.players.iter().filter_map(|player| {
        let credentials = player.credentials.as_ref()?;
        let (only_for, indent) = match crew {
            true => (format!("    if actor == {}:\n", text(&player.actor.to_string())), "        "),
            false => (String::new(), indent),
        };
        let become_it = format!("{indent}become({}, {}, {:?})\n", credentials.uid, credentials.gid, credentials.groups);
        let lack = |(name, number)| format!("{indent}lack({number})  # CAP_{name}\n");
        Some(only_for + &become_it + &player.lacking().into_iter().map(lack).collect::<String>())
    });
    root + &becoming.collect::<String>()
}

const MODULES: [&str; 14] = [
    "ctypes", "errno", "fcntl", "mmap", "operator", "os", "resource", "shutil", "signal", "stat", "struct", "sys",
    "tempfile", "time",
];

/// Code without what stands in strings and comments.
fn without_strings(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(['"', '#']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('#') {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        }
        let quote = if rest.starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
        let mut end = quote.len();
        while end < rest.len() && !rest[end..].starts_with(quote) {
            end += if rest.as_bytes()[end] == b'\\' { 2 } else { 1 };
        }
        rest = rest.get(end + quote.len()..).unwrap_or_default();
        out.push_str("\"\"");
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_strings_comments_and_attributes_are_not_used() {
        let code = without_strings("step(1, \"tick \\\" path\")  # load(x)\nos.read(fd1)\nattempt(seek, fd1)\n");
        for (name, wanted) in [("tick", false), ("load", false), ("read", false), ("seek", true)] {
            assert_eq!(uses(&code, name), wanted, "{name}");
        }
    }
}
