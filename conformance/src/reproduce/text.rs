//! The fields of a step as the notation writes them, for what the languages call by
//! the same words: `flags=CREAT|RDWR` is `O_CREAT | O_RDWR`.

use fs_core::op::Line;

/// Fields of a step: name and value.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// What stands left of the arrow.
    pub(super) fn of(line: &Line<'_>) -> Self {
        let subject = line.subject();
        Fields::read(subject.split(" -> ").next().unwrap_or_default())
    }

    /// The registers and names right of the arrow.
    pub(super) fn bound(line: &Line<'_>) -> Self {
        let subject = line.subject();
        Fields::read(subject.split(" -> ").nth(1).unwrap_or_default())
    }

    fn read(text: &str) -> Self {
        let fields = text.split(' ').filter_map(|word| word.split_once('='));
        Fields(fields.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The flags of a field with the prefix of the language: `O_CREAT | O_RDWR`; `empty`
    /// where there are none. Bits that have no name stay numbers.
    pub(super) fn flags(&self, key: &str, prefix: &str, empty: &str) -> String {
        let named = |word: &str| match word.starts_with(|c: char| c.is_ascii_digit()) {
            true => word.to_owned(),
            false => format!("{prefix}{word}"),
        };
        match self.get(key) {
            None | Some("0") => empty.to_owned(),
            Some(words) => words.split('|').map(named).collect::<Vec<_>>().join(" | "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_words_with_a_prefix() {
        let check = |line: &str, wanted: &str| {
            let line = Line::parse(line).unwrap();
            assert_eq!(Fields::of(&line).flags("flags", "O_", "O_RDONLY"), wanted);
        };
        check("open path=f flags=CREAT|RDWR -> fd=1", "O_CREAT | O_RDWR");
        check("open path=f -> fd=1", "O_RDONLY");
        check("open path=f flags=CREAT|0x8000000 -> EINVAL", "O_CREAT | 0x8000000");
    }

    #[test]
    fn registers_stand_right_of_the_arrow() {
        let line = Line::parse("dup fd=1 -> ok fd2=2").unwrap();
        assert_eq!(Fields::of(&line).iter().collect::<Vec<_>>(), [("fd", "1")]);
        assert_eq!(Fields::bound(&line).iter().collect::<Vec<_>>(), [("fd2", "2")]);
    }
}
