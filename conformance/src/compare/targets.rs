//! Which target of one log is compared with which of another.

use crate::exit::Failure;
use crate::log::Reader;

/// Two targets that are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The name in A, and that in B.
    pub names: [String; 2],
}

/// The targets that are compared, and those that are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs {
    /// What is compared.
    pub pairs: Vec<Pair>,
    /// The targets of A, and those of B, that are not.
    pub left: [Vec<String>; 2],
}

impl Pair {
    /// The name of both, or both names.
    pub fn name(&self) -> String {
        let [a, b] = &self.names;
        if a == b { a.clone() } else { format!("{a} | {b}") }
    }
}

/// Pairs the targets of two logs: the chosen ones, or those of the same name, or the only
/// ones. A target is chosen as `NAME`, or as `NAME=NAME` where it has another in B.
///
/// # Errors
/// There is no such target, or nothing says which belong together.
pub fn pair(logs: [&Reader; 2], chosen: &[String]) -> Result<Pairs, Failure> {
    let names = logs.map(|log| log.begin().targets.iter().map(|target| target.name.clone()).collect::<Vec<_>>());
    let pairs = match chosen {
        [] => by_name(&names),
        chosen => chosen.iter().map(|target| choose(&names, target).ok_or(target)).collect(),
    };
    let there_are =
        || format!("{} has {}; {} has {}", logs[0].name(), list(&names[0]), logs[1].name(), list(&names[1]));
    let pairs = pairs.map_err(|target| Failure::Usage(format!("no target `{target}` to compare: {}", there_are())))?;
    if pairs.is_empty() {
        let what = "no target has the same name in both logs";
        return Err(Failure::Usage(format!("{what}; say which with --target A=B: {}", there_are())));
    }
    let left = [0, 1].map(|side| {
        let is_left = |name: &&String| !pairs.iter().any(|pair| pair.names[side] == **name);
        names[side].iter().filter(is_left).cloned().collect()
    });
    Ok(Pairs { pairs, left })
}

fn by_name(names: &[Vec<String>; 2]) -> Result<Vec<Pair>, &'static String> {
    if let ([a], [b]) = (&names[0][..], &names[1][..]) {
        return Ok(vec![Pair { names: [a.clone(), b.clone()] }]);
    }
    let both = names[0].iter().filter(|name| names[1].contains(name));
    Ok(both.map(|name| Pair { names: [name.clone(), name.clone()] }).collect())
}

fn choose(names: &[Vec<String>; 2], target: &str) -> Option<Pair> {
    let has = |side: usize, name: &str| names[side].iter().any(|known| known == name);
    let pair = |a: &str, b: &str| Some(Pair { names: [a.to_owned(), b.to_owned()] });
    if has(0, target) && has(1, target) {
        return pair(target, target);
    }
    // A name may have a `=` in it.
    let splits = target.match_indices('=').map(|(at, _)| (&target[..at], &target[at + 1..]));
    if let Some((a, b)) = splits.into_iter().find(|(a, b)| has(0, a) && has(1, b)) {
        return pair(a, b);
    }
    match (&names[0][..], &names[1][..]) {
        (_, [b]) if has(0, target) => pair(target, b),
        ([a], _) if has(1, target) => pair(a, target),
        _ => None,
    }
}

fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() { "none".to_owned() } else { quoted.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(a: &[&str], b: &[&str]) -> [Vec<String>; 2] {
        [a, b].map(|names| names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn the_only_ones_are_a_pair_and_of_several_those_of_one_name() {
        let check = |a: &[&str], b: &[&str], wanted: &[&str]| {
            let pairs = by_name(&names(a, b)).unwrap();
            assert_eq!(pairs.iter().map(Pair::name).collect::<Vec<_>>(), wanted);
        };
        check(&["ext4"], &["xfs"], &["ext4 | xfs"]);
        check(&["ext4", "mount"], &["mount"], &["mount"]);
        check(&["ext4", "mount"], &["mount", "ext4"], &["ext4", "mount"]);
        check(&["ext4", "mount"], &["xfs"], &[]);
    }

    #[test]
    fn targets_can_be_chosen() {
        let check = |a: &[&str], b: &[&str], target: &str, wanted: Option<&str>| {
            assert_eq!(choose(&names(a, b), target).map(|pair| pair.name()).as_deref(), wanted);
        };
        check(&["ext4", "mount"], &["ext4", "mount"], "mount", Some("mount"));
        check(&["ext4", "mount"], &["ext4", "mount"], "ext4=mount", Some("ext4 | mount"));
        check(&["ext4", "mount"], &["xfs"], "mount", Some("mount | xfs"));
        check(&["xfs"], &["ext4", "mount"], "mount", Some("xfs | mount"));
        check(&["a=b"], &["c=d", "e"], "a=b=c=d", Some("a=b | c=d"));
        check(&["ext4", "mount"], &["xfs", "tmpfs"], "mount", None);
        check(&["ext4"], &["xfs"], "btrfs", None);
    }
}
