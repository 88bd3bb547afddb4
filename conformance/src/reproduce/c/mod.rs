//! A case as a program in C, with nothing but the C library and the kernel's headers.

mod arguments;
mod fields;
mod literal;
mod ops;
mod source;

use std::fmt::Write;

use fields::Value;
use fs_core::op::{Check, Compare, Op, Operand, Value as Wanted};

use self::literal::string;
use super::plan::{Plan, Setting, Step};
use super::prelude::uses;

/// # Errors
/// A step that cannot be said in C, and why.
pub(super) fn program(plan: &Plan<'_>) -> Result<String, String> {
    let setting = plan.setting();
    let steps: Vec<String> = plan.steps.iter().map(|step| self::step(plan, step)).collect::<Result<_, _>>()?;
    let mut main = String::from("int main(int argc, char **argv)\n{\n");
    if let Some(why) = plan.needs_root {
        let _ = writeln!(main, "    if (geteuid() != 0)\n        cannot(\"{why}\", \"\");");
    }
    if plan.has_limits() {
        main.push_str("    relay_output();\n");
    }
    main.push_str("    signal(SIGPIPE, SIG_IGN);\n    signal(SIGIO, SIG_IGN);\n    begin(argc, argv);\n");
    if setting == Setting::Crew && is_kept(plan) {
        main.push_str(
            "    kept = mmap(NULL, sizeof *kept, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);\n    \
             if (kept == MAP_FAILED)\n        cannot(\"no memory\", \"\");\n",
        );
    }
    for step in &steps {
        let _ = write!(main, "\n{step}");
    }
    main.push_str("\n    end();\n}\n");
    Ok(source::assemble(plan, &declarations(plan, &main), &main))
}

fn is_kept(plan: &Plan<'_>) -> bool {
    plan.steps.iter().any(|step| step.kept_whole || !step.kept.is_empty())
}

/// What outlives a step: registers, buffers and what is compared with later.
fn declarations(plan: &Plan<'_>, main: &str) -> String {
    let mut out = String::new();
    for register in plan.registers() {
        let number = register.number;
        let _ = match register.kind {
            "map" => writeln!(out, "static struct map map{number};"),
            "handle" => writeln!(out, "static struct handle handle{number};"),
            "process" => writeln!(out, "static struct running process{number};"),
            _ => writeln!(out, "static int fd{number} = -1;"),
        };
    }
    let code = source::without_strings(main);
    let buffers = [
        ("st", "static struct stat st;"),
        ("stx", "static struct statx stx;"),
        ("vfs", "static struct statvfs vfs;"),
        ("value", "static char value[1 << 16];"),
    ];
    for (name, declaration) in buffers {
        if uses(&code, name) {
            let _ = writeln!(out, "{declaration}");
        }
    }
    if uses(&code, "PROGRAM") {
        out.push_str(&literal::declare_program());
    }
    if is_kept(plan) {
        let mut members = String::new();
        for step in &plan.steps {
            let Some(name) = &step.line.save else { continue };
            let name = identifier(name.as_str());
            for field in &step.kept {
                let _ = match is_word(field) {
                    true => writeln!(members, "    char {name}_{field}[128];"),
                    false => writeln!(members, "    wide {name}_{field};"),
                };
            }
            if step.kept_whole {
                let _ = writeln!(members, "    char {name}[sizeof got];");
            }
        }
        let pointer = if plan.setting() == Setting::Crew { "*" } else { "" };
        let _ = write!(out, "static struct {{\n{}}} {pointer}kept;\n", once(&members));
    }
    out
}

/// Lines that stand twice, for a name that is saved twice, once.
fn once(lines: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for line in lines.lines() {
        if !seen.contains(&line) {
            seen.push(line);
        }
    }
    seen.iter().map(|line| format!("{line}\n")).collect()
}

/// Whether a field's value is a word.
fn is_word(field: &str) -> bool {
    matches!(field, "type" | "kind" | "flags")
}

fn identifier(name: &str) -> String {
    name.replace('-', "_")
}

/// The name of an actor in C.
fn player(plan: &Plan<'_>, index: usize) -> String {
    let player = &plan.players[index];
    let prefix = if player.forked { "CHILD_" } else { "" };
    format!("{prefix}{}", player.identifier().to_uppercase())
}

fn step(plan: &Plan<'_>, step: &Step<'_>) -> Result<String, String> {
    let number = step.number;
    let line = string(step.line.to_string().as_bytes());
    let mut body: Vec<String> = Vec::new();
    for register in &step.unsure {
        let (name, number) = (register.kind, register.number);
        let is_unbound = match name {
            "map" => format!("!map{number}.start"),
            "handle" => format!("handle{number}.bytes == 0"),
            "process" => format!("process{number}.pid == 0"),
            _ => format!("fd{number} < 0"),
        };
        body.push(format!("if ({is_unbound})\n    unbound(\"{register}\");"));
    }
    let mut scoped = false;
    match &step.line.op {
        Op::Fork { child } => {
            let child = plan.players.iter().position(|player| player.actor.name == *child).unwrap_or_default();
            let judge = judge(step, "    ");
            body.push(format!("if (result(fork()) == 0)\n    be({});\nelse\n{judge}", player(plan, child)));
        }
        Op::Wait {} => body.push(judge(step, "")),
        _ => {
            let code = ops::code(step).map_err(|why| format!("step {number}: {why}"))?;
            body.extend(code.before.iter().cloned());
            match step.may_end() {
                true => body.extend(unless_ended(&code.call, step.shown.is_empty())),
                false => body.push(code.call),
            }
            for field in &step.shown {
                let value = code.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value);
                body.extend(value.map(|value| show(plan, step, field, value)).into_iter().flatten());
            }
            if let Some(name) = step.line.want.as_ref().and_then(|want| want.same.as_ref()) {
                body.push(format!("same({});", kept(plan, &identifier(name.as_str()))));
            }
            // Before the director hears of the step, and others go on.
            if let Some(name) = &step.line.save {
                let name = identifier(name.as_str());
                for field in &step.kept {
                    let value = code.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value);
                    if let Some(Value::Number(value) | Value::Mode(value) | Value::NumberIf(value, _)) = value {
                        body.push(format!("{} = {value};", kept(plan, &format!("{name}_{field}"))));
                    }
                    if let Some(Value::Word(value)) = value {
                        let kept = kept(plan, &format!("{name}_{field}"));
                        body.push(format!("snprintf({kept}, sizeof {kept}, \"%s\", {value});"));
                    }
                }
                if step.kept_whole {
                    let kept = kept(plan, &name);
                    body.push(format!("memcpy({kept}, got, sizeof got);"));
                }
            }
            body.push(judge(step, ""));
            body.extend(code.after.iter().cloned());
            without_unused(&mut body);
            scoped = body.iter().any(|text| ops::declares(text));
        }
    }
    let indented = |by: &str| -> String {
        let lines = body.iter().filter(|text| !text.is_empty()).flat_map(|text| text.lines());
        lines.map(|line| format!("{by}{line}\n")).collect()
    };
    Ok(match plan.setting() {
        Setting::Crew => {
            let blocking = match &step.line.op {
                Op::Wait {} => "COLLECTS",
                _ if step.may_block() => "MAY_BLOCK",
                _ if step.may_end() => "MAY_END",
                _ => "NEVER_BLOCKS",
            };
            let head = format!(
                "    if (turn({}, {number}, {blocking},\n             {line})) {{\n",
                player(plan, step.player)
            );
            format!("{head}{}    }}\n", indented("        "))
        }
        Setting::Alone | Setting::Apart if scoped => {
            format!("    step({number}, {line});\n    {{\n{}    }}\n", indented("        "))
        }
        Setting::Alone | Setting::Apart => format!("    step({number}, {line});\n{}", indented("    ")),
    })
}

/// A call of a step whose signal may end its actor: the director comes here where it has.
fn unless_ended(call: &str, alone: bool) -> Vec<String> {
    let declared = call.strip_prefix("long ").and_then(|rest| rest.split_once(" = "));
    let (before, call) = match declared {
        Some((_, value)) if alone => (None, value.to_owned()),
        Some((name, value)) => (Some(format!("long {name} = 0;")), format!("{name} = {value}")),
        None => (None, call.to_owned()),
    };
    let call = format!("if (me != DIRECTOR) {{\n    {}\n}}", call.replace('\n', "\n    "));
    before.into_iter().chain([call]).collect()
}

/// Calls alone what is declared with a value that nobody uses.
fn without_unused(body: &mut [String]) {
    for index in 0..body.len() {
        let declared = ["long ", "off_t ", "mode_t "].iter().find_map(|kind| body[index].strip_prefix(kind));
        let Some((name, value)) = declared.and_then(|rest| rest.split_once(" = ")) else { continue };
        let used = body.iter().skip(index + 1).any(|text| uses(&source::without_strings(text), name));
        if !used {
            body[index] = value.to_owned();
        }
    }
}

/// Where something is kept for later steps.
fn kept(plan: &Plan<'_>, name: &str) -> String {
    match plan.setting() {
        Setting::Crew => format!("kept->{name}"),
        Setting::Alone | Setting::Apart => format!("kept.{name}"),
    }
}

fn judge(step: &Step<'_>, indent: &str) -> String {
    match &step.line.want {
        Some(want) => format!("{indent}want({});", string(want.to_string().as_bytes())),
        None => format!("{indent}prepared();"),
    }
}

/// The statements that show a field and compare it.
fn show(plan: &Plan<'_>, step: &Step<'_>, field: &str, value: &Value) -> Vec<String> {
    let checks = step.line.want.iter().flat_map(|want| &want.checks).filter(|check| check.field == field);
    let mut lines: Vec<String> = checks.map(|check| compared(plan, field, value, check)).collect();
    if lines.is_empty() {
        lines.push(only_shown(field, value));
    }
    if let Value::NumberIf(_, condition) = value {
        lines = lines.iter().map(|line| format!("if ({condition})\n    {line}\nelse\n    differs = 1;")).collect();
    }
    lines
}

fn only_shown(field: &str, value: &Value) -> String {
    match value {
        Value::Number(expression) | Value::NumberIf(expression, _) => {
            format!("number(\"{field}\", {expression}, \"\", 0);")
        }
        Value::Mode(expression) => format!("mode(\"{field}\", {expression}, \"\", 0);"),
        Value::Word(expression) => format!("word(\"{field}\", {expression}, \"\", \"\");"),
        Value::Bytes(address, length) => format!("bytes(\"{field}\", {address}, {length}, \"\", \"\", 0);"),
        Value::Names => format!("names(\"{field}\", \"\", \"\");"),
    }
}

/// A number, of more than 64 bits in two parts.
fn wide(number: i128) -> String {
    const PART: i128 = 1_000_000_000_000_000_000;
    match i64::try_from(number) {
        Ok(i64::MIN) => "INT64_MIN".to_owned(),
        Ok(number) => number.to_string(),
        Err(_) => format!("(wide){} * {PART} + {}", number / PART, number % PART),
    }
}

fn compared(plan: &Plan<'_>, field: &str, value: &Value, check: &Check) -> String {
    let how = match check.compare {
        Compare::Equal => "=",
        Compare::NotEqual => "!=",
        Compare::Less => "<",
        Compare::LessOrEqual => "<=",
        Compare::Greater => ">",
        Compare::GreaterOrEqual => ">=",
    };
    let written = match &check.operand {
        Operand::Saved(name, of) => kept(plan, &format!("{}_{of}", identifier(name.as_str()))),
        Operand::Value(Wanted::Number(number)) => wide(*number),
        Operand::Value(Wanted::Mode(bits)) => {
            if *bits == 0 {
                "0".to_owned()
            } else {
                format!("0{bits:o}")
            }
        }
        Operand::Value(wanted @ (Wanted::Word(_) | Wanted::List(_))) => string(wanted.to_string().as_bytes()),
        Operand::Value(Wanted::Bytes(wanted)) => format!("{}, {}", literal::bytes(wanted), literal::length(wanted)),
    };
    match value {
        Value::Number(expression) | Value::NumberIf(expression, _) => {
            format!("number(\"{field}\", {expression}, \"{how}\", {written});")
        }
        Value::Mode(expression) => format!("mode(\"{field}\", {expression}, \"{how}\", {written});"),
        Value::Word(expression) => format!("word(\"{field}\", {expression}, \"{how}\", {written});"),
        Value::Bytes(address, length) => format!("bytes(\"{field}\", {address}, {length}, \"{how}\", {written});"),
        Value::Names => format!("names(\"{field}\", \"{how}\", {written});"),
    }
}
