//! What a run has before it, for formats that say so before the first result.

/// How many cases of which file come, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The files, which are the first words of the ids, with how many cases each has.
    pub files: Vec<(String, usize)>,
}

impl Plan {
    /// The plan of cases with these ids.
    pub fn of<'i>(ids: impl IntoIterator<Item = &'i str>) -> Plan {
        let mut files: Vec<(String, usize)> = Vec::new();
        for id in ids {
            let file = id.split('.').next().unwrap_or_default();
            match files.last_mut() {
                Some((last, count)) if last == file => *count += 1,
                _ => files.push((file.to_owned(), 1)),
            }
        }
        Plan { files }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_cases_of_each_file_in_their_order() {
        let plan = Plan::of(["a.b", "a.c.d", "b.a", "a.e"]);
        assert_eq!(plan.files, [("a".to_owned(), 2), ("b".to_owned(), 1), ("a".to_owned(), 1)]);
        assert_eq!(Plan::of([]).files, []);
    }
}
