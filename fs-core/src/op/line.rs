//! [`Line`]: an operation, who does it, and what is wanted of it, as one line of text.

use std::fmt;

use super::field::{Argument, Name, push};
use super::operation::Op;
use super::outcome::Word;
use super::want::{Check, Want};
use super::words::{Fields, ParseError, Word as Text, words};

/// A process with credentials that does operations: `self`, `other`, `other.2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    /// The credentials, or the name of a forked child.
    pub name: Name,
    /// Which process of these credentials, from 1.
    pub instance: u32,
}

/// One step: who, what, and what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Who does it; `None` is `self`, who runs.
    pub actor: Option<Actor>,
    /// What is done.
    pub op: Op<'a>,
    /// The name under which the outcome is saved (`as=`).
    pub save: Option<Name>,
    /// What is wanted; `None` for a step that only prepares.
    pub want: Option<Want>,
}

impl<'a> Line<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// Names the word that is wrong, says why, and gives its column. An empty line,
    /// or one with only a comment, is an error too.
    pub fn parse(line: &'a str) -> Result<Self, ParseError> {
        Self::read(line).map_err(|error| error.in_characters(line))
    }

    fn read(line: &'a str) -> Result<Self, ParseError> {
        let words = words(line);
        let (actor, words) = match words.split_first() {
            Some((first, rest)) if first.text.starts_with('@') => (Some(Actor::parse(first.from(1))?), rest),
            _ => (None, &words[..]),
        };
        let Some((name, words)) = words.split_first() else {
            return Err(Text { text: line, at: line.len() }.error("the line has no operation"));
        };
        let arrow = words.iter().position(|word| word.text == "->");
        let (fields, result) = match arrow {
            Some(arrow) => (&words[..arrow], &words[arrow + 1..]),
            None => (words, &words[words.len()..]),
        };
        if let (Some(arrow), []) = (arrow, result) {
            return Err(words[arrow].error("nothing stands after `->`"));
        }

        let is_check = |word: &Text<'_>| {
            let key = word.text.split('=').next().unwrap_or_default();
            word.text.contains(['=', '<', '>'])
                && !matches!(key, "fd" | "fd2" | "map" | "handle" | "process" | "as" | "same")
        };
        let (expected, bound): (Vec<Text<'_>>, Vec<Text<'_>>) =
            result.iter().partition(|word| is_check(word) || !word.text.contains('='));

        let mut registers = Fields::new(*name, &bound)?;
        let op = Op::parse(Fields::new(*name, fields)?, &mut registers)?;
        let save = Argument::parse(&mut registers, "as")?;
        let same = Argument::parse(&mut registers, "same")?;
        registers.finish(&["as", "same"])?;
        let want = parse_want(&expected, same, &op)?;
        Ok(Line { actor, op, save, want })
    }

    /// The line without what is wanted: actor, operation and the names that it binds.
    pub fn subject(&self) -> String {
        self.print(false)
    }

    /// The same line, owning its bytes.
    pub fn into_owned(self) -> Line<'static> {
        Line { actor: self.actor, op: self.op.into_owned(), save: self.save, want: self.want }
    }

    fn print(&self, with_want: bool) -> String {
        let mut out = String::new();
        if let Some(actor) = &self.actor {
            push(&mut out, &format_args!("@{actor} "));
        }
        self.op.print(&mut out);
        let mut result = String::new();
        if let Some(want) = self.want.as_ref().filter(|_| with_want) {
            push(&mut result, &format_args!(" {want}"));
        }
        self.op.print_register(&mut result);
        self.save.print("as", &mut result);
        if !result.is_empty() {
            out.push_str(" ->");
            out.push_str(&result);
        }
        out
    }
}

/// Reads `[WORD {"|" WORD}] {FIELD CMP VALUE}`; `None` if nothing is wanted.
fn parse_want(expected: &[Text<'_>], same: Option<Name>, op: &Op<'_>) -> Result<Option<Want>, ParseError> {
    let (words, checks) = match expected.split_first() {
        Some((first, rest)) if !first.text.contains(['=', '<', '>']) => {
            (first.split('|').map(Word::parse).collect::<Result<Vec<_>, _>>()?, rest)
        }
        None if same.is_none() => return Ok(None),
        _ => (vec![Word::Ok], expected),
    };
    let parse_check = |text: &Text<'_>| Check::parse(*text, op.name(), op.returns());
    let checks = checks.iter().map(parse_check).collect::<Result<Vec<_>, _>>()?;
    let checked = !checks.is_empty() || same.is_some();
    if let Some(first) = expected.first().filter(|_| checked && !words.contains(&Word::Ok)) {
        return Err(first.error("fields are compared only on success, and `ok` is not allowed here"));
    }
    Ok(Some(Want { words, checks, same }))
}

impl Actor {
    fn parse(text: Text<'_>) -> Result<Self, ParseError> {
        let (name, instance) = match text.text.split_once('.') {
            Some((name, instance)) => (name, instance.parse().ok().filter(|instance| *instance > 0)),
            None => (text.text, Some(1)),
        };
        match (Name::new(name), instance) {
            (Some(name), Some(instance)) => Ok(Actor { name, instance }),
            _ => Err(text.error(format!("`{}` is not an actor: write NAME or NAME.NUMBER", text.text))),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.instance {
            1 => write!(f, "{}", self.name),
            instance => write!(f, "{}.{instance}", self.name),
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print(true))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Compare, Operand, Outcome, Value, strategy};
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn parse_and_print_are_inverse(line in strategy::line()) {
            let text = line.to_string();
            prop_assert!(text.is_ascii(), "{text}");
            let read = Line::parse(&text);
            prop_assert_eq!(read.as_ref(), Ok(&line), "{}", text);
            prop_assert_eq!(read.unwrap().into_owned().to_string(), text);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = Line::parse(&text);
            let _ = Outcome::parse(&text);
        }
    }

    /// Reads back as it was written.
    fn check(text: &str) -> Line<'_> {
        let line = Line::parse(text).unwrap();
        assert_eq!(line.to_string(), text);
        line
    }

    fn error(text: &str) -> String {
        Line::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn reads_the_examples_of_the_notation() {
        check("open path=f flags=CREAT|RDWR mode=0644 -> fd=3");
        check("pread fd=3 length=5 offset=0 -> data=hello");
        check("stat fd=3 -> type=file nlink=0");
        check("@owner mkdir path=d mode=0700");
        check("@other stat path=d/f -> EACCES");
        check("open path=d flags=PATH|DIRECTORY -> fd=4");
        check("rename src=a src_dir_fd=4 dst=b dst_dir_fd=4 flags=EXCHANGE -> ENOENT");
        check("pwrite fd=3 data=\\x00\\xffA\\x25 offset=4096 -> count=4");
        check("pwrite fd=3 data=%random(7,1048576) offset=0 -> count=1048576");
        check("rename src=d1 dst=full -> ENOTEMPTY|EEXIST");
        check("stat path=a -> as=before");
        check("stat path=a -> mode=0600 ino=before.ino ctime_ns>=before.ctime_ns");
        check("tree path=. -> as=t");
        check("tree path=. -> same=t");
        check("@owner lockf fd=3 command=LOCK length=10");
        check("@other.2 lockf fd=5 command=LOCK length=10 -> blocked");
        check("@other wait -> ok");
        check("mmap fd=3 length=8192 protection=READ|WRITE flags=SHARED -> map=1");
        check("store map=1 offset=4096 data=x -> SIGBUS");
        check("syscall name=renameat2 args=cwd,bad,cwd,str:b,0 -> EFAULT");
        check("fork child=kid");
        check("stat path=");
        let line = Line::parse("setxattr path=a name=user.k value=\\x00 flags=CREATE -> ok|ENOTSUP").unwrap();
        assert!(line.to_string().ends_with("-> ok|EOPNOTSUPP"));
    }

    #[test]
    fn a_comment_ends_the_line() {
        let line = Line::parse("stat fd=3 -> type=file nlink=0              # the handle outlives the name").unwrap();
        assert_eq!(line.to_string(), "stat fd=3 -> type=file nlink=0");
    }

    #[test]
    fn a_register_alone_wants_nothing() {
        assert_eq!(check("open path=f -> fd=1").want, None);
        assert_eq!(check("open path=f -> ok fd=1").want.unwrap().words, [Word::Ok]);
        assert_eq!(check("open path=f -> ok|EACCES fd=1").want.unwrap().words.len(), 2);
    }

    #[test]
    fn ok_may_be_left_out_before_fields() {
        let line = Line::parse("stat path=a -> ok size>=3").unwrap();
        assert_eq!(line.to_string(), "stat path=a -> size>=3");
        let want = line.want.unwrap();
        assert_eq!(want.checks[0].compare, Compare::GreaterOrEqual);
        assert_eq!(want.checks[0].operand, Operand::Value(Value::Number(3)));
    }

    #[test]
    fn errors_name_the_thing_and_its_column() {
        assert!(error("frobnicate path=a").starts_with("column 1: unknown operation `frobnicate`; there are stat, "));
        assert_eq!(error("lstat path=a"), "column 1: unknown operation `lstat`: write `stat path=P follow=no`");
        assert_eq!(
            error("stat path=a colour=red"),
            "column 13: unknown field `colour` of `stat`; it has fd, path, dir_fd and follow"
        );
        assert_eq!(error("stat"), "column 1: `stat` needs the field `path`");
        assert_eq!(error("stat fd=3 path=a"), "column 9: `fd` and `path` exclude each other");
        assert_eq!(error("stat path=a path=b"), "column 13: field `path` stands twice");
        assert_eq!(error("chmod path=a mode=0999"), "column 19: `0999` is not a number");
        assert_eq!(error("pread fd=3 length=-1 offset=0"), "column 19: `-1` is not in 0..=18446744073709551615");
        assert!(error("open path=a flags=CREAT|SHINY").starts_with("column 25: unknown flag `SHINY`; there are "));
        assert_eq!(error("stat path=a -> EFOO"), "column 16: unknown errno `EFOO`");
        assert_eq!(error("stat path=a ->"), "column 13: nothing stands after `->`");
        assert!(error("unlink path=a -> size=3").starts_with("column 18: `unlink` does not return the field `size`"));
        assert!(error("stat path=a -> type>file").contains("has no order"));
        assert!(error("readlink path=a -> target>=b").contains("has no order"));
        assert!(error("stat path=a -> type=before.ino").contains("`ino` is not a word"));
        assert!(error("stat path=a -> ino=before.type").contains("`type` is not a number"));
        assert!(error("stat path=a -> ENOENT size=3").contains("only on success"));
        assert_eq!(error("@ stat path=a"), "column 2: `` is not an actor: write NAME or NAME.NUMBER");
        assert!(error("").contains("no operation"));
        assert_eq!(error("stat path=\u{e9} path=b"), "column 13: field `path` stands twice");
        assert!(error("stat path=a -> fd=3").contains("unknown field `fd`"));
    }

    #[test]
    fn wants_are_judged() {
        let judge = |line: &str, got: &str| {
            let want = Line::parse(line).unwrap().want.unwrap();
            let before = Outcome::parse("ok ino=7 ctime_ns=100").unwrap();
            let saved = Outcome::parse("ok type=dir").unwrap();
            let find = |name: &Name| match name.as_str() {
                "before" => Some(&before),
                "saved" => Some(&saved),
                _ => None,
            };
            want.matches(&Outcome::parse(got).unwrap(), find)
        };
        assert!(judge("stat path=a -> ENOENT|ENOTDIR", "ENOTDIR"));
        assert!(!judge("stat path=a -> ENOENT", "ok size=1"));
        assert!(judge("stat path=a -> ok|ENOENT size=1", "ENOENT"));
        assert!(judge("stat path=a -> ino=before.ino ctime_ns>before.ctime_ns", "ok ino=7 ctime_ns=101"));
        assert!(!judge("stat path=a -> ino=before.ino ctime_ns>before.ctime_ns", "ok ino=7 ctime_ns=100"));
        assert!(!judge("stat path=a -> ino=gone.ino", "ok ino=7"));
        assert!(judge("statvfs path=a -> flags>=RDONLY", "ok flags=NODEV|RDONLY"));
        assert!(judge("statvfs path=a -> flags>=RDONLY|NODEV", "ok flags=NODEV|RDONLY"));
        assert!(!judge("statvfs path=a -> flags>=RDONLY", "ok flags=NODEV"));
        assert!(!judge("statvfs path=a -> flags=RDONLY", "ok flags=NODEV|RDONLY"));
        assert!(judge("stat path=a -> type=saved.type", "ok type=dir"));
        assert!(!judge("stat path=a -> type!=saved.type", "ok type=dir"));
        assert!(judge("pread fd=1 length=3 offset=0 -> data=%repeat(a,3)", "ok count=3 data=aaa"));
        assert!(judge("stat path=a -> same=before", "ok ino=7 ctime_ns=100"));
        assert!(!judge("stat path=a -> same=before", "ok ino=8 ctime_ns=100"));
    }
}
