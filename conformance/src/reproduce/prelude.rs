//! Preludes: the text that the programs of a language share, and what of it each gets.
//!
//! Lines that begin with the language's mark (`//@`, `#@`) are not part of the text:
//! - `//@if WORD`, up to `//@end`: only in programs for which the word holds
//! - `//@insert WORD`: what the program has to say there, if anything
//! - `//@ NAME`: a piece begins, for programs that use the name; `//@ NAME()`, that call it

/// The words that hold for a program, and what is inserted for each.
pub(super) type Parts = [(&'static str, String)];

/// A text with the parts that a program has.
pub(super) fn with_parts(text: &str, mark: &str, parts: &Parts) -> String {
    let part = |word: &str| parts.iter().find(|(known, _)| *known == word);
    let mut out = String::with_capacity(text.len());
    let mut left_out = false;
    for line in text.lines() {
        match line.strip_prefix(mark).map(|told| told.split_once(' ').unwrap_or((told, ""))) {
            Some(("if", word)) => left_out = part(word).is_none(),
            Some(("end", _)) => left_out = false,
            _ if left_out => {}
            Some(("insert", word)) => out.push_str(part(word).map_or("", |(_, inserted)| inserted)),
            _ => out.extend([line, "\n"]),
        }
    }
    out
}

/// A piece of a prelude, and the name by which it is known.
#[derive(Clone, Copy)]
pub(super) struct Piece<'t> {
    pub(super) name: &'t str,
    pub(super) text: &'t str,
}

/// The pieces of a file.
pub(super) fn pieces<'t>(file: &'t str, mark: &str) -> Vec<Piece<'t>> {
    let pieces = file.split(mark).skip(1).filter_map(|piece| piece.strip_prefix(' ')?.split_once('\n'));
    pieces.map(|(name, text)| Piece { name, text: text.trim_end() }).collect()
}

/// The texts of the pieces that code uses, and of those that they use, in their order.
/// `bare` takes away what stands in strings and comments.
pub(super) fn used<'t>(pieces: &[Piece<'t>], code: &str, bare: fn(&str) -> String) -> Vec<&'t str> {
    let mut chosen = vec![false; pieces.len()];
    let mut code = bare(code);
    while let Some(next) = (0..pieces.len()).find(|index| !chosen[*index] && uses(&code, pieces[*index].name)) {
        chosen[next] = true;
        code.push_str(&bare(pieces[next].text));
    }
    pieces.iter().zip(&chosen).filter(|(_, chosen)| **chosen).map(|(piece, _)| piece.text).collect()
}

/// Whether code uses a name that is not a part of something else; `NAME()`: whether it calls it.
pub(super) fn uses(code: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (name, called) = name.strip_suffix("()").map_or((name, false), |name| (name, true));
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        !before.is_some_and(|c| is_part(c) || c == '.')
            && !after.is_some_and(is_part)
            && (!called || after == Some('('))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_where_their_word_holds() {
        let text = "a\n//@if crew\nb\n//@end\nc\n//@insert mounts\nd\n";
        let check = |parts: &Parts, wanted: &str| assert_eq!(with_parts(text, "//@", parts), wanted);
        check(&[], "a\nc\nd\n");
        check(&[("crew", String::new())], "a\nb\nc\nd\n");
        check(&[("mounts", "m\n".to_owned())], "a\nc\nm\nd\n");
    }

    #[test]
    fn pieces_bring_those_that_they_use() {
        let file = "//@ one()\none(); two\n\n//@ two\ntwo\n\n//@ three\nthree\n";
        let all = pieces(file, "//@");
        assert_eq!(used(&all, "x = one(1)", str::to_owned), ["one(); two", "two"]);
        assert!(used(&all, "one; st.two; three_3", str::to_owned).is_empty());
    }
}
