//! Globs over bytes: `*` and `?` stay within a name, `**` does not; `[a-z]`, `[!x]`;
//! `\` takes away the meaning of what follows, and `\xNN` is a byte.

/// A pattern, read once and matched often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob(Vec<Token>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// `?`
    Any,
    /// `*`
    Star,
    /// `**`
    DoubleStar,
    /// `[...]`: ranges, and whether they are what must not match.
    Class(Vec<(u8, u8)>, bool),
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(text: &[u8]) -> Result<Self, &'static str> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let [first, tail @ ..] = rest {
            rest = tail;
            tokens.push(match first {
                b'?' => Token::Any,
                b'*' if rest.first() == Some(&b'*') => {
                    rest = &rest[1..];
                    Token::DoubleStar
                }
                b'*' => Token::Star,
                b'[' => class(&mut rest)?,
                b'\\' => Token::Byte(escaped(&mut rest)?),
                byte => Token::Byte(*byte),
            });
        }
        Ok(Glob(tokens))
    }

    /// Whether all of `text` matches.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let tokens = &self.0;
        let (mut token, mut at) = (0, 0);
        // Where to go on when what follows the latest star does not fit: the star takes one byte
        // more. A single star cannot take a slash; then the latest double star has to.
        let mut star: Option<(usize, usize)> = None;
        let mut double_star: Option<(usize, usize)> = None;
        loop {
            match tokens.get(token) {
                Some(Token::Star) => {
                    token += 1;
                    star = Some((token, at));
                    continue;
                }
                Some(Token::DoubleStar) => {
                    token += 1;
                    double_star = Some((token, at));
                    star = None;
                    continue;
                }
                None if at == text.len() => return true,
                Some(single) if at < text.len() && fits(single, text[at]) => {
                    token += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            match (star, double_star) {
                (Some((after, from)), _) if from < text.len() && text[from] != b'/' => {
                    star = Some((after, from + 1));
                    (token, at) = (after, from + 1);
                }
                (_, Some((after, from))) if from < text.len() => {
                    double_star = Some((after, from + 1));
                    star = None;
                    (token, at) = (after, from + 1);
                }
                _ => return false,
            }
        }
    }
}

fn fits(token: &Token, byte: u8) -> bool {
    match token {
        Token::Byte(wanted) => *wanted == byte,
        Token::Any => byte != b'/',
        Token::Class(ranges, is_negated) => {
            byte != b'/' && ranges.iter().any(|(first, last)| (first..=last).contains(&&byte)) != *is_negated
        }
        Token::Star | Token::DoubleStar => false,
    }
}

fn class(rest: &mut &[u8]) -> Result<Token, &'static str> {
    const OPEN: &str = "a [ without its ]";
    let is_negated = matches!(rest.first(), Some(b'!' | b'^'));
    if is_negated {
        *rest = &rest[1..];
    }
    let mut ranges = Vec::new();
    loop {
        let first = match next(rest).ok_or(OPEN)? {
            b']' if !ranges.is_empty() => return Ok(Token::Class(ranges, is_negated)),
            b'\\' => escaped(rest)?,
            byte => byte,
        };
        let last = match *rest {
            [b'-', last, ..] if *last != b']' => {
                *rest = &rest[2..];
                if *last == b'\\' { escaped(rest)? } else { *last }
            }
            _ => first,
        };
        ranges.push((first, last));
    }
}

/// What a backslash stands for.
fn escaped(rest: &mut &[u8]) -> Result<u8, &'static str> {
    match next(rest).ok_or("a \\ at the end")? {
        b'x' => {
            let digits = rest.get(..2).ok_or("\\x without two digits")?;
            *rest = &rest[2..];
            let text = std::str::from_utf8(digits).map_err(|_| "\\x without two digits")?;
            u8::from_str_radix(text, 16).map_err(|_| "\\x without two digits")
        }
        byte => Ok(byte),
    }
}

fn next(rest: &mut &[u8]) -> Option<u8> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(pattern: &str, text: &str) -> bool {
        Glob::new(pattern.as_bytes()).unwrap().matches(text.as_bytes())
    }

    #[test]
    fn a_star_stays_within_a_name_and_two_do_not() {
        assert!(check("*.c", "main.c"));
        assert!(!check("*.c", "src/main.c"));
        assert!(check("**.c", "src/main.c"));
        assert!(check("src/**", "src/a/b"));
        assert!(check("**/x", "a/b/x"));
        assert!(!check("**/x", "x"), "the slash is there");
        assert!(check("a/*/c", "a/b/c"));
        assert!(!check("a/*/c", "a/b/b/c"));
        assert!(check("**", ""));
        assert!(check("*a*b", "xaxbxb"));
    }

    #[test]
    fn one_byte_can_be_any_or_of_a_class() {
        assert!(check("a?c", "abc"));
        assert!(!check("a?c", "a/c"));
        assert!(check("[a-cx]", "b") && check("[a-cx]", "x") && !check("[a-cx]", "d"));
        assert!(check("[!a-c]", "d") && !check("[!a-c]", "b") && !check("[!a]", "/"));
        assert!(check("[]]", "]") && check("[a-]", "-"));
        assert!(check(r"\*\x20\\", "* \\"));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert_eq!(Glob::new(b"[a"), Err("a [ without its ]"));
        assert_eq!(Glob::new(b"a\\"), Err("a \\ at the end"));
        assert_eq!(Glob::new(b"\\xz1"), Err("\\x without two digits"));
    }

    #[test]
    fn a_hostile_pattern_takes_no_longer_than_its_length_times_the_texts() {
        let started = std::time::Instant::now();
        assert!(!check(&"*a".repeat(500), &format!("{}b", "a".repeat(20_000))));
        assert!(started.elapsed().as_secs() < 5);
    }

    /// The rule, said plainly and slowly.
    fn slow(tokens: &[Token], text: &[u8]) -> bool {
        match tokens {
            [] => text.is_empty(),
            [Token::DoubleStar, rest @ ..] => (0..=text.len()).any(|count| slow(rest, &text[count..])),
            [Token::Star, rest @ ..] => {
                let limit = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
                (0..=limit).any(|count| slow(rest, &text[count..]))
            }
            [single, rest @ ..] => {
                text.split_first().is_some_and(|(byte, text)| fits(single, *byte) && slow(rest, text))
            }
        }
    }

    proptest! {
        #[test]
        fn it_matches_what_the_plain_rule_matches(pattern in "[ab/*?]{0,8}", text in "[ab/]{0,9}") {
            let glob = Glob::new(pattern.as_bytes()).unwrap();
            prop_assert_eq!(glob.matches(text.as_bytes()), slow(&glob.0, text.as_bytes()), "{} {}", pattern, text);
        }
    }
}
