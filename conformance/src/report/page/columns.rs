//! What the columns are called: by their file system, and by as much more as tells
//! them apart.

use std::collections::BTreeMap;

/// What a column can be told by, from what says most.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The type of the file system.
    pub(super) fs_type: String,
    /// The name and release of the kernel.
    pub(super) kernel: String,
    /// The file that the log is in.
    pub(super) file: String,
    /// The name of the target in its run.
    pub(super) target: String,
    /// The path of the log.
    pub(super) path: String,
}

/// The names of columns, of which no two are the same.
pub(super) fn names(columns: &[Marks]) -> Vec<String> {
    let mut names: Vec<String> = columns.iter().map(|marks| marks.fs_type.clone()).collect();
    let marks: [fn(&Marks) -> &String; 4] =
        [|marks| &marks.kernel, |marks| &marks.file, |marks| &marks.target, |marks| &marks.path];
    for mark in marks {
        for same in alike(&names) {
            // What they share does not tell them apart.
            if same.iter().any(|&column| mark(&columns[column]) != mark(&columns[same[0]])) {
                for column in same {
                    names[column] = format!("{} {}", names[column], mark(&columns[column]));
                }
            }
        }
    }
    // One log that was given twice.
    for same in alike(&names) {
        for (number, column) in same.into_iter().enumerate().skip(1) {
            names[column] = format!("{} #{}", names[column], number + 1);
        }
    }
    names
}

/// The columns whose name others have as well, together with those.
fn alike(names: &[String]) -> Vec<Vec<usize>> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (column, name) in names.iter().enumerate() {
        by_name.entry(name).or_default().push(column);
    }
    by_name.into_values().filter(|columns| columns.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns as `FS KERNEL FILE TARGET`.
    fn check(columns: &[&str], wanted: &[&str]) {
        let marks: Vec<Marks> = columns
            .iter()
            .map(|column| {
                let words: Vec<String> = column.split(' ').map(str::to_owned).collect();
                let [fs_type, kernel, file, target] = words.try_into().unwrap();
                Marks { fs_type, kernel, path: format!("dir/{file}"), file, target }
            })
            .collect();
        assert_eq!(names(&marks), wanted);
    }

    #[test]
    fn a_name_has_what_tells_it_apart_and_no_more() {
        check(&["ext4 6.1 a ext4", "tmpfs 6.1 a tmpfs"], &["ext4", "tmpfs"]);
        check(&["ext4 6.1 a ext4", "ext4 6.2 b ext4", "xfs 6.1 a xfs"], &["ext4 6.1", "ext4 6.2", "xfs"]);
        check(&["ext4 6.1 a ext4", "ext4 6.1 b ext4"], &["ext4 a", "ext4 b"]);
        check(&["ext4 6.1 a ext4", "ext4 6.1 a ext4.2"], &["ext4 ext4", "ext4 ext4.2"]);
        check(&["ext4 6.1 a ext4", "ext4 6.2 b ext4", "ext4 6.2 c ext4"], &["ext4 6.1", "ext4 6.2 b", "ext4 6.2 c"]);
        check(&["ext4 6.1 a ext4", "ext4 6.1 a ext4"], &["ext4", "ext4 #2"]);
    }
}
