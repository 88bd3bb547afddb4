//! Text of a log on its way into the page: nothing in it is trusted, so that what
//! cannot be seen is spelled out, what is long is cut, and what HTML would read is escaped.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// How much of a text the page keeps, in characters. The log has all of it.
const LONGEST: usize = 600;

/// A text as the page shows it: characters that are not seen, or that change how their
/// neighbours are, stand as escapes, and what is very long loses its middle.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    let text = match text.chars().any(is_hidden) {
        true => Cow::Owned(text.chars().fold(String::new(), spell_out)),
        false => Cow::Borrowed(text),
    };
    match text.len() > LONGEST {
        true => shorten(text),
        false => text,
    }
}

/// Whether a character is one that nobody sees: a control character, or one that turns
/// the direction of writing, joins, or takes no room.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn spell_out(mut text: String, character: char) -> String {
    match is_hidden(character) {
        true => text.extend(character.escape_default()),
        false => text.push(character),
    }
    text
}

fn shorten(text: Cow<'_, str>) -> Cow<'_, str> {
    let count = text.chars().count();
    if count <= LONGEST {
        return text;
    }
    let (head, tail) = (LONGEST * 3 / 4, LONGEST / 8);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    Cow::Owned(format!("{start} … {} more characters … {end}", count - head - tail))
}

/// A text of a log within HTML, as content or as the value of an attribute in quotes.
pub(super) struct Html<'t>(pub(super) &'t str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in shown(self.0).chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                character => write!(f, "{character}")?,
            }
        }
        Ok(())
    }
}

/// JSON for a script element: `<` would end it or begin a comment in it.
pub(super) fn json_for_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// A word in the fragment of an address.
pub(super) fn fragment(word: &str) -> String {
    let mut text = String::new();
    for byte in word.bytes() {
        match byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            true => text.push(char::from(byte)),
            false => write!(text, "%{byte:02X}").expect("writing to a string does not fail"),
        }
    }
    text
}

/// A number with its thousands set apart: `8,068`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_html_would_read_is_escaped_and_what_is_hidden_is_spelled_out() {
        let check = |text: &str, wanted: &str| assert_eq!(Html(text).to_string(), wanted);
        check("stat path=a\\x20b", "stat path=a\\x20b");
        check("</script><b x='1\" &amp;", "&lt;/script&gt;&lt;b x=&#39;1&quot; &amp;amp;");
        check("a\nb\0\u{1b}[31m", "a\\nb\\u{0}\\u{1b}[31m");
        check("\u{202e}gpj.exe\u{2066}\u{feff}", "\\u{202e}gpj.exe\\u{2066}\\u{feff}");
        check("näme 名", "näme 名");
    }

    #[test]
    fn no_text_ends_the_script_that_holds_it() {
        let json = serde_json::to_string("</script><!-- \u{2028} \" \\").unwrap();
        let escaped = json_for_script(&json);
        assert!(!escaped.contains('<'), "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), "</script><!-- \u{2028} \" \\");
    }

    #[test]
    fn long_text_loses_its_middle_and_nothing_else_does() {
        let fits = "é".repeat(LONGEST);
        assert_eq!(shown(&fits), fits);
        let long = format!("head{}tail", "é".repeat(1000));
        let cut = shown(&long).into_owned();
        assert!(cut.starts_with("headé") && cut.ends_with("étail"), "{cut}");
        assert!(cut.contains(" … 483 more characters … "), "{cut}");
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, wanted) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), wanted);
        }
    }

    #[test]
    fn a_word_in_an_address_is_a_word_and_nothing_else() {
        assert_eq!(fragment("rename"), "rename");
        assert_eq!(fragment("a&b=\"<é"), "a%26b%3D%22%3C%C3%A9");
    }
}
