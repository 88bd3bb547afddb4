//! A line of a trace for people: when, who, what, what came of it, and how long it took.
//!
//! What was asked is written in the notation of operations, under the kernel's names of the requests;
//! so no name can do anything to a terminal.

use std::fmt::{self, Write};

use fs_core::op::Bytes;
use fs_core::{OFlags, RenameFlags};
use serde_json::Value;

use crate::summary::duration;
use crate::trace::{Line, field_bytes};

/// The arguments that are shown, in their order.
const SHOWN: &[&str] = &[
    "flags", "mode", "umask", "rdev", "size", "offset", "offset2", "length", "whence", "name", "target", "set_uid",
    "set_gid", "atime", "mtime", "datasync", "command", "nlookup",
];

/// The text of a line, without its end.
pub(super) fn line(line: &Line, colored: bool) -> String {
    let paint = |code| Paint(if colored { code } else { "" });
    let mut out = String::new();
    let (dim, bold, red, green) = (paint("2"), paint("1"), paint("31"), paint("32"));
    push(&mut out, format_args!("{dim}{}{dim:#} ", time_of_day(line.t_ns)));
    if let Some(mark) = &line.mark {
        push(&mut out, format_args!("{dim}-- {}{dim:#}", mark_text(mark, line)));
        return out;
    }
    // The kernel asks by itself, too.
    let who = match line.pid {
        0 => "-".to_owned(),
        pid => format!("{}[{pid}]", Bytes::literal(&line.comm)),
    };
    push(&mut out, format_args!("{who:<22} {bold}{}{bold:#} path={}", printable(&line.op), Bytes::literal(&line.path)));
    if let Some(path2) = &line.path2 {
        push(&mut out, format_args!(" path2={}", Bytes::literal(path2)));
    }
    for key in SHOWN {
        if let Some(value) = argument(line, key) {
            push(&mut out, format_args!(" {key}={value}"));
        }
    }
    match &line.errno {
        Some(errno) => push(&mut out, format_args!(" -> {red}{}{red:#}", printable(errno))),
        None if line.ret == 0 => push(&mut out, format_args!(" -> {green}ok{green:#}")),
        None => push(&mut out, format_args!(" -> {green}{}{green:#}", line.ret)),
    }
    push(&mut out, format_args!(" {dim}{}{dim:#}", duration(line.dur_ns)));
    out
}

/// An argument as the notation writes it; nothing if the line has none of that name.
fn argument(line: &Line, key: &str) -> Option<String> {
    let value = line.fields.get(key)?;
    let number = value.as_u64();
    Some(match (key, number) {
        ("name" | "target", _) => Bytes::literal(&field_bytes(&line.fields, key)?).to_string(),
        ("mode" | "umask", Some(mode)) if line.op != "access" && line.op != "fallocate" => {
            format!("{mode:#05o}").replacen("0o", "0", 1)
        }
        ("flags", Some(flags)) => flag_names(&line.op, u32::try_from(flags).ok()?),
        ("rdev" | "command", Some(number)) => format!("{number:#x}"),
        _ => match value {
            Value::Number(number) => number.to_string(),
            Value::Bool(bool) => bool.to_string(),
            Value::String(text) => Bytes::literal(text.as_bytes()).to_string(),
            _ => return None,
        },
    })
}

fn flag_names(op: &str, flags: u32) -> String {
    match op {
        "open" | "create" | "opendir" | "release" | "releasedir" => {
            let access = match flags & OFlags::ACCMODE.bits() {
                0 => "RDONLY",
                1 => "WRONLY",
                2 => "RDWR",
                _ => "ACCMODE",
            };
            // What the kernel adds to say that sizes have 64 bits.
            const LARGEFILE: u32 = 0o100_000;
            let rest = OFlags::from_bits_retain(flags & !OFlags::ACCMODE.bits() & !LARGEFILE);
            joined(Some(access), rest.iter_names().map(|(name, flag)| (usual_name(name), flag.bits())), rest.bits())
        }
        "rename" => {
            let flags = RenameFlags::from_bits_retain(flags);
            joined(None, flags.iter_names().map(|(name, flag)| (name, flag.bits())), flags.bits())
        }
        "setxattr" => {
            joined(None, [("CREATE", 1), ("REPLACE", 2)].into_iter().filter(|(_, flag)| flags & flag != 0), flags)
        }
        _ => format!("{flags:#x}"),
    }
}

/// Of two names of one flag, the one that people know.
fn usual_name(name: &'static str) -> &'static str {
    if name == "NDELAY" { "NONBLOCK" } else { name }
}

/// `A|B|0x40`: names, and the bits that have none.
fn joined<'a>(first: Option<&'a str>, names: impl Iterator<Item = (&'a str, u32)>, mut rest: u32) -> String {
    let mut words: Vec<String> = first.map(str::to_owned).into_iter().collect();
    for (name, flag) in names {
        rest &= !flag;
        words.push(name.to_owned());
    }
    if rest != 0 || words.is_empty() {
        words.push(if rest == 0 { "0".to_owned() } else { format!("{rest:#x}") });
    }
    words.join("|")
}

fn mark_text(mark: &str, line: &Line) -> String {
    let text =
        |key: &str| field_bytes(&line.fields, key).map(|bytes| Bytes::literal(&bytes).to_string()).unwrap_or_default();
    let number = |key: &str| line.fields.get(key).and_then(Value::as_u64).unwrap_or(0);
    match mark {
        "begin" => format!(
            "begin source={} mountpoint={} cache={} level={} policy={}",
            text("source"),
            text("mountpoint"),
            text("cache"),
            text("level"),
            text("policy")
        ),
        "drop" => format!("{} operations are missing here", number("count")),
        "end" => format!("end of {} operations", number("records")),
        other => printable(other),
    }
}

/// A word that should be plain and may be anything.
fn printable(word: &str) -> String {
    Bytes::literal(word.as_bytes()).to_string()
}

/// `12:34:56.123456`, of the day in UTC.
fn time_of_day(t_ns: i64) -> String {
    let us = t_ns.div_euclid(1_000).rem_euclid(86_400_000_000);
    let seconds = us / 1_000_000;
    format!("{:02}:{:02}:{:02}.{:06}", seconds / 3600, seconds / 60 % 60, seconds % 60, us % 1_000_000)
}

fn push(out: &mut String, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes all");
}

/// A colour: `{}` begins it, `{:#}` ends it; without one both are nothing.
struct Paint(&'static str);

impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, f.alternate()) {
            ("", _) => Ok(()),
            (_, true) => f.write_str("\x1b[0m"),
            (code, false) => write!(f, "\x1b[{code}m"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Reader;

    fn check(op: &str, path: &str, more: &str) -> String {
        let text = format!(
            r#"{{"seq":1,"t_ns":86399000001999,"dur_ns":1234,"op":"{op}","path":"{path}","ret":0,"pid":42,"tid":43,"uid":0,"gid":0,"comm":"mv"{more}}}"#
        );
        let mut reader = Reader::new("t", std::io::Cursor::new(text.into_bytes()));
        line(&reader.next_line().unwrap().unwrap(), false)
    }

    #[test]
    fn an_operation_reads_like_the_notation() {
        assert_eq!(
            check("rename", "a", r#","path2":"b","ret":-1,"errno":"ENOENT","flags":2"#),
            "23:59:59.000001 mv[42]                 rename path=a path2=b flags=EXCHANGE -> ENOENT 1.23 us"
        );
        assert!(
            check("create", "a b", r#","flags":32834,"mode":420,"umask":18"#)
                .contains(r"create path=a\x20b flags=RDWR|CREAT mode=0644 umask=0022 -> ok")
        );
        assert!(check("open", "a", r#","flags":0"#).contains("flags=RDONLY -> ok"));
        assert!(check("releasedir", "a", r#","flags":100352"#).contains("flags=RDONLY|NONBLOCK|DIRECTORY -> ok"));
        assert!(check("read", "a", r#","ret":7,"offset":0,"length":10"#).contains("offset=0 length=10 -> 7"));
        assert!(
            check("setattr", "a", r#","mtime":"-1.500000000","set_uid":0"#).contains("set_uid=0 mtime=-1.500000000")
        );
    }

    #[test]
    fn no_name_reaches_the_terminal_as_it_is() {
        let text =
            check("x\\u001b[2J", "\\u001b[31m\\n\\u009b", r#","errno":"E\u0007","comm":"\u001b","name":"\u001b""#);
        assert!(text.chars().all(|character| (' '..='~').contains(&character)), "{text:?}");
    }

    #[test]
    fn colours_are_only_there_when_asked_for() {
        let mut reader = Reader::new("t", r#"{"seq":1,"t_ns":1,"dur_ns":1,"op":"open","path":"a","ret":0,"pid":1,"tid":1,"uid":0,"gid":0,"comm":"x"}"#.as_bytes());
        let read = reader.next_line().unwrap().unwrap();
        assert!(line(&read, true).contains("\x1b[1mopen\x1b[0m"));
        assert!(!line(&read, false).contains('\x1b'));
    }
}
