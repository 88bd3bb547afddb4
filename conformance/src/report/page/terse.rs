//! What came back from the steps of a case that passed, without what nobody asked for and
//! what is never the same twice: a page of tens of thousands of results is mostly that.

use std::borrow::Cow;

use crate::event::Step;

/// What came back from a step, without times and the numbers of inodes and devices, unless
/// they are asked for or kept to be compared with. `…` stands for what is left out.
pub(super) fn terse(step: &Step) -> Cow<'_, str> {
    let got = step.got.as_deref().unwrap_or_default();
    if got.starts_with("ok entries=") && got.contains(TREE_TIME) {
        return Cow::Owned(format!("{} …", without_times(got)));
    }
    let want = step.want.as_deref().unwrap_or_default();
    let is_left_out = |word: &&str| is_volatile(word) && !asks_for(want, name(word));
    if step.op.contains(" as=") || !got.split(' ').any(|word| is_left_out(&word)) {
        return Cow::Borrowed(got);
    }
    let words: Vec<&str> = got.split(' ').filter(|word| !is_left_out(word)).chain(["…"]).collect();
    Cow::Owned(words.join(" "))
}

/// What stands before the time of an entry of a tree.
const TREE_TIME: &str = ":m=";

/// A tree without the times of its entries: that they stayed as they were is what passed.
fn without_times(tree: &str) -> String {
    let mut parts = tree.split(TREE_TIME);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn is_volatile(word: &str) -> bool {
    let name = name(word);
    word.len() > name.len() && (name.ends_with("_ns") || ["ino", "dev"].contains(&name))
}

fn asks_for(want: &str, field: &str) -> bool {
    want.split(' ').any(|word| name(word) == field)
}

/// The name of a field: what stands before its `=`, `<` or `>`.
fn name(word: &str) -> &str {
    &word[..word.find(['=', '!', '<', '>']).unwrap_or(word.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_asked_for_and_is_never_the_same_is_left_out() {
        let got = "ok type=file mode=0644 ino=7 dev=3 size=0 ctime_ns=5";
        let check = |op: &str, want: Option<&str>, wanted: &str| {
            let step = Step { op: op.to_owned(), want: want.map(str::to_owned), got: Some(got.to_owned()) };
            assert_eq!(terse(&step), wanted);
        };
        check("stat path=f", Some("type=file"), "ok type=file mode=0644 size=0 …");
        check("stat path=f", Some("ino=before.ino"), "ok type=file mode=0644 ino=7 size=0 …");
        check("stat path=f", Some("ctime_ns>=before.ctime_ns"), "ok type=file mode=0644 size=0 ctime_ns=5 …");
        check("stat path=f -> as=before", None, got);
    }

    #[test]
    fn trees_are_without_times() {
        let step = Step {
            op: "tree path=. -> as=t".to_owned(),
            want: None,
            got: Some("ok entries=.:dir:0777:0:0:m=17,f:file:0644:0:0:n=1:s=5:m=18".to_owned()),
        };
        assert_eq!(terse(&step), "ok entries=.:dir:0777:0:0,f:file:0644:0:0:n=1:s=5 …");
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for got in ["ok", "ENOENT", "ok count=1 data=dev=1", ""] {
            let step = Step { op: "read fd=1".to_owned(), want: None, got: Some(got.to_owned()) };
            assert_eq!(terse(&step), got);
        }
    }
}
