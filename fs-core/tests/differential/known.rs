//! Known differences: where CPython or its document is not what the kernel does, or where
//! the library means to differ. Each says whose it is, and must still be seen.

/// An entry of `known.txt`.
pub(crate) struct Known {
    /// Where it stands, to be named.
    line: usize,
    fields: Vec<(String, String)>,
    pub(crate) seen: usize,
}

const FIELDS: [&str; 10] =
    ["cases", "call", "cpython", "fs-core", "versions", "seen", "rest", "whose", "kernel", "cause"];

impl Known {
    /// Reads entries: lines of a field and its text, and an empty line between entries.
    pub(crate) fn read(text: &str) -> Vec<Known> {
        let mut entries: Vec<Known> = Vec::new();
        let mut inside = false;
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            if line.trim().is_empty() {
                inside = false;
                continue;
            }
            if !inside {
                entries.push(Known { line: index + 1, fields: Vec::new(), seen: 0 });
                inside = true;
            }
            let entry = entries.last_mut().expect("pushed");
            let (field, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if field.is_empty() {
                // The text goes on.
                let last = &mut entry.fields.last_mut().expect("a field before its second line").1;
                last.push_str(&format!(" {}", value.trim()));
            } else {
                assert!(FIELDS.contains(&field), "known.txt:{}: there is no field `{field}`", index + 1);
                entry.fields.push((field.to_owned(), value.trim().to_owned()));
            }
        }
        for entry in &entries {
            for field in ["cases", "whose", "cause"] {
                assert!(entry.field(field).is_some(), "known.txt:{}: no `{field}`", entry.line);
            }
        }
        entries
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is about this version of CPython.
    pub(crate) fn applies(&self, version: (u32, u32)) -> bool {
        let Some(range) = self.field("versions") else { return true };
        let (first, last) = range.split_once('-').expect("versions: FIRST-LAST, of which one may be missing");
        let bound = |text: &str| {
            let (major, minor) = text.split_once('.').expect("a version: 3.8");
            (major.parse::<u32>().expect("a number"), minor.parse::<u32>().expect("a number"))
        };
        (first.is_empty() || bound(first) <= version) && (last.is_empty() || version <= bound(last))
    }

    /// Whether it is this difference. Of `cases` one word must match, everything else as a whole.
    pub(crate) fn matches(&self, case: &str, call: &str, cpython: &str, fs_core: &str) -> bool {
        // One line is not excused by an entry about another.
        let is = |field: &str, text: &str| {
            self.field(field).is_none_or(|glob| matches(glob, text) && glob.contains(" ; ") == text.contains(" ; "))
        };
        let cases = self.field("cases").expect("checked");
        cases.split_whitespace().any(|glob| matches(glob, case))
            && is("call", call)
            && is("cpython", cpython)
            && is("fs-core", fs_core)
    }

    /// Whether what the case does afterwards, and leaves behind, is another thing now.
    pub(crate) fn excuses_rest(&self) -> bool {
        self.field("rest").is_some_and(|rest| rest == "differs")
    }

    /// Whether it must be seen once in each run.
    pub(crate) fn is_always_seen(&self) -> bool {
        self.field("seen").is_none()
    }

    pub(crate) fn name(&self) -> String {
        format!("known.txt:{} ({})", self.line, self.field("cases").unwrap_or_default())
    }
}

/// Whether a text is of a form in which `*` stands for anything.
fn matches(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (glob, text, expected) in [
            ("link.*.file", "link.to_file.file", true),
            ("link.*.file", "link.file", false),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*bc", "abc-b", false),
            ("abc", "abcd", false),
        ] {
            assert_eq!(matches(glob, text), expected, "{glob} {text}");
        }
    }

    #[test]
    fn an_entry_is_about_its_versions() {
        let entry =
            |versions: &str| Known::read(&format!("cases a\nversions {versions}\nwhose x\ncause y\n  z")).remove(0);
        assert!(entry("-3.13").applies((3, 8)) && !entry("-3.13").applies((3, 14)));
        assert!(entry("3.12-").applies((3, 13)) && !entry("3.12-").applies((3, 9)));
        assert_eq!(entry("-").field("cause"), Some("y z"));
    }
}
