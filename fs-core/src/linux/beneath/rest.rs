//! What is left of a path while it is walked, with the texts of the links that were
//! met on the way before it.

/// The components to come.
pub(super) struct Rest {
    /// Texts of which something is left, the innermost last.
    texts: Vec<Text>,
}

struct Text {
    bytes: Vec<u8>,
    at: usize,
}

/// One component of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) name: Vec<u8>,
    /// Nothing comes after it.
    pub(super) is_last: bool,
    /// A `/` stands behind it, so that it must be a directory.
    pub(super) has_slash: bool,
}

impl Rest {
    pub(super) fn new(path: &[u8]) -> Self {
        let mut rest = Rest { texts: Vec::new() };
        rest.put_before(path.to_vec());
        rest
    }

    /// Puts the text of a link before what is left.
    pub(super) fn put_before(&mut self, bytes: Vec<u8>) {
        let mut text = Text { bytes, at: 0 };
        text.skip_slashes();
        if !text.left().is_empty() {
            self.texts.push(text);
        }
    }

    /// Takes the next component; `None` at the end, which is there at once for `/`.
    pub(super) fn take(&mut self) -> Option<Component> {
        let text = self.texts.last_mut()?;
        let end = text.left().iter().position(|byte| *byte == b'/');
        let name = text.left()[..end.unwrap_or(text.left().len())].to_vec();
        text.at += name.len();
        text.skip_slashes();
        if text.left().is_empty() {
            self.texts.pop();
        }
        Some(Component { name, is_last: self.texts.is_empty(), has_slash: end.is_some() })
    }
}

impl Text {
    fn left(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn skip_slashes(&mut self) {
        self.at += self.left().iter().take_while(|byte| **byte == b'/').count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rest: &mut Rest, expected: &str) {
        let mut found = Vec::new();
        while let Some(component) = rest.take() {
            let name = String::from_utf8(component.name).unwrap();
            let slash = if component.has_slash { "/" } else { "" };
            let end = if component.is_last { "$" } else { "" };
            found.push(format!("{name}{slash}{end}"));
        }
        assert_eq!(found.join(" "), expected);
    }

    #[test]
    fn slashes_count_once() {
        check(&mut Rest::new(b"a//b/../c"), "a/ b/ ../ c$");
        check(&mut Rest::new(b"//a///"), "a/$");
        check(&mut Rest::new(b"///"), "");
        check(&mut Rest::new(b""), "");
    }

    #[test]
    fn the_text_of_a_link_comes_before_what_is_left() {
        let mut rest = Rest::new(b"l/x");
        assert!(!rest.take().unwrap().is_last);
        rest.put_before(b"/d/e".to_vec());
        check(&mut rest, "d/ e x$");
    }

    #[test]
    fn a_slash_behind_a_link_is_not_one_behind_its_text() {
        let mut rest = Rest::new(b"l/");
        let link = rest.take().unwrap();
        assert!(link.is_last && link.has_slash);
        rest.put_before(b"d".to_vec());
        check(&mut rest, "d$");
    }

    #[test]
    fn a_text_of_slashes_leaves_nothing_of_itself() {
        let mut rest = Rest::new(b"l/x");
        rest.take();
        rest.put_before(b"//".to_vec());
        check(&mut rest, "x$");
    }
}
