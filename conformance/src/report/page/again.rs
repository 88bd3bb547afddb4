//! The command that runs a case again where it was run.

use std::path::Path;

use crate::target::for_shell;

/// What follows `conformance run --case ID`, for a target in this directory. Of a
/// directory that was made for the run, what made it.
pub(super) fn rest(dir: &str) -> String {
    let path = Path::new(dir);
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let parent = path.parent().map(name).unwrap_or_default();
    if is_temporary(&name(path)) {
        " --no-mount".to_owned()
    } else if is_temporary(&parent) && ["real", "mount"].contains(&&*name(path)) {
        String::new()
    } else {
        format!(" {}", for_shell(path))
    }
}

/// Whether a directory has the name of one that a run makes: `conformance.123.0`.
fn is_temporary(name: &str) -> bool {
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = name.strip_prefix("conformance.").and_then(|rest| rest.split_once('.'));
    numbers.is_some_and(|(pid, count)| is_number(pid) && is_number(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_are_gone_are_made_again_by_the_run() {
        let check = |dir, wanted: &str| assert_eq!(rest(dir), wanted);
        check("/mnt/new", " /mnt/new");
        check("/mnt/my disk's", r" '/mnt/my disk'\''s'");
        check("/tmp/conformance.26275.0/real", "");
        check("/tmp/conformance.26275.0/mount", "");
        check("/tmp/conformance.26275.0", " --no-mount");
        check("/tmp/conformance.26275.0/other", " /tmp/conformance.26275.0/other");
        check("/tmp/conformance.x.0", " /tmp/conformance.x.0");
    }
}
