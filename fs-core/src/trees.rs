//! Whole chains of directories: [`makedirs`], [`removedirs`], [`renames`].
//!
//! Own code over the calls of [`names`](crate::mkdir), and so not atomic: what was
//! made before an error stays. Each call inside raises its own event.

use crate::at::PathArg;
use crate::{At, Errno, Error, Follow, Mode, Result, mkdir, rename, rmdir, stat};

/// Makes a directory and those of its parents that are missing.
///
/// `mode` is that of the last one; parents get `0o777` cut by the umask. A parent that
/// somebody else makes meanwhile is fine. With `exist_ok` a directory that is there
/// already is too, but nothing else is. `..` in the path confuses it. A path that ends
/// in `.` is no error where the directory before had to be made.
///
/// # Errors
/// - `EEXIST`: something is there, and `exist_ok` is false, or it is not a directory.
/// - as [`mkdir`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.makedirs)
#[doc(alias = "os.makedirs")]
pub fn makedirs<'a>(at: impl Into<At<'a>>, mode: Mode, exist_ok: bool) -> Result<()> {
    let at = at.into().check()?;
    // What is missing, the last directory first.
    let mut missing = vec![at];
    while let Some(parent) = parent_of(missing[missing.len() - 1]) {
        if stat(parent, Follow::Yes).is_ok() {
            break;
        }
        missing.push(parent);
    }
    let parents_mode = Mode::RWXU | Mode::RWXG | Mode::RWXO;
    let mut parent_was_made = false;
    while let Some(at) = missing.pop() {
        let is_last = missing.is_empty();
        // `x/new/.` is there once `x/new` is.
        let made = if parent_was_made && split(at.path.as_bytes()).1 == b"." {
            Ok(())
        } else {
            mkdir(at, if is_last { mode } else { parents_mode })
        };
        match made {
            Ok(()) => {}
            // The kernel may have said EROFS or EACCES of what exists.
            Err(Error::Os(_)) if exist_ok && is_dir(at) => {}
            Err(Error::Os(Errno::EXIST)) if !is_last => {}
            Err(error) => return Err(error),
        }
        parent_was_made = true;
    }
    Ok(())
}

/// Removes a directory and then its parents, from the last to the first, until one
/// cannot be removed; that is no error.
///
/// # Errors
/// As [`rmdir`], of the last directory only.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.removedirs)
#[doc(alias = "os.removedirs")]
pub fn removedirs<'a>(at: impl Into<At<'a>>) -> Result<()> {
    let mut at = at.into();
    rmdir(at)?;
    while let Some(parent) = parent_of(at) {
        match rmdir(parent) {
            Ok(()) => at = parent,
            Err(Error::Os(_)) => break,
            Err(refused) => return Err(refused),
        }
    }
    Ok(())
}

/// Renames, after making the missing parents of the new name, and removes the parents
/// of the old name that became empty.
///
/// The new parents stay if the renaming fails. That an old parent cannot be removed is
/// no error.
///
/// # Errors
/// As [`makedirs`] and [`rename`].
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.renames)
#[doc(alias = "os.renames")]
pub fn renames<'a, 'b>(old: impl Into<At<'a>>, new: impl Into<At<'b>>) -> Result<()> {
    let (old, new) = (old.into().check()?, new.into().check()?);
    if let Some(parent) = head_of(new)
        && stat(parent, Follow::Yes).is_err()
    {
        makedirs(parent, Mode::RWXU | Mode::RWXG | Mode::RWXO, false)?;
    }
    rename(old, new)?;
    match head_of(old).map_or(Ok(()), removedirs) {
        // The name is moved; that a parent stays says only that it is in use.
        Err(Error::Os(_)) => Ok(()),
        result => result,
    }
}

fn is_dir(at: At<'_>) -> bool {
    stat(at, Follow::Yes).is_ok_and(|stat| stat.file_type() == crate::FileType::Directory)
}

/// The parent of a path, slashes at its end aside; `None` for a single component or `/`.
fn parent_of(at: At<'_>) -> Option<At<'_>> {
    match split(at.path.as_bytes()) {
        (head, b"") => head_of(At { path: PathArg::from(head), ..at }),
        _ => head_of(at),
    }
}

/// What is before the last slash; `None` if nothing is before or behind it.
fn head_of(at: At<'_>) -> Option<At<'_>> {
    let (head, tail) = split(at.path.as_bytes());
    let has_both = !head.is_empty() && !tail.is_empty();
    has_both.then(|| At { path: PathArg::from(head), ..at })
}

/// Python's `posixpath.split`: the head keeps slashes at its end only if it has nothing else.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let slash = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    let (head, tail) = path.split_at(slash);
    let end = head.iter().rposition(|byte| *byte != b'/').map_or(head.len(), |at| at + 1);
    (&head[..end], tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn splits_as_python_does() {
        // [os.path.split(p) for p in ("a/b", "a//b", "a/", "/", "//a", "a", "")]
        for (path, head, tail) in [
            ("a/b", "a", "b"),
            ("a//b", "a", "b"),
            ("a/", "a", ""),
            ("/", "/", ""),
            ("//a", "//", "a"),
            ("a", "", "a"),
            ("", "", ""),
        ] {
            assert_eq!(split(path.as_bytes()), (head.as_bytes(), tail.as_bytes()), "{path}");
        }
    }

    fn all() -> Mode {
        Mode::RWXU | Mode::RWXG | Mode::RWXO
    }

    #[test]
    fn the_mode_is_for_the_last_directory_only() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("a/b/c");
        makedirs(&path, Mode::RWXU, false).unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path), 0o700);
        // What a plain mkdir gives under the same umask.
        fs::create_dir(top.path().join("plain")).unwrap();
        assert_eq!(mode(top.path().join("a/b")), mode(top.path().join("plain")));
    }

    #[test]
    fn slashes_and_a_dot_at_the_end_are_handled() {
        let top = tempfile::tempdir().unwrap();
        makedirs(&top.path().join("a/b/"), all(), false).unwrap();
        assert!(top.path().join("a/b").is_dir());
        // No error although exist_ok is false: `c` had to be made.
        makedirs(&top.path().join("c/."), all(), false).unwrap();
        assert!(top.path().join("c").is_dir());
        let again = makedirs(&top.path().join("c/."), all(), false).unwrap_err();
        assert_eq!(again.errno(), Errno::EXIST);
    }

    #[test]
    fn what_exists_is_fine_only_if_it_is_a_directory_and_may_exist() {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("file"), "").unwrap();
        fs::create_dir(top.path().join("dir")).unwrap();
        let make = |name: &str, exist_ok| makedirs(&top.path().join(name), all(), exist_ok).map_err(Error::errno);
        assert_eq!(make("dir", true), Ok(()));
        assert_eq!(make("dir", false), Err(Errno::EXIST));
        assert_eq!(make("file", true), Err(Errno::EXIST));
        assert_eq!(make("file/below", true), Err(Errno::NOTDIR));
    }

    #[test]
    fn a_parent_that_somebody_else_makes_meanwhile_is_fine() {
        let top = tempfile::tempdir().unwrap();
        for round in 0..50 {
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4)
                    .map(|leaf| {
                        let path = top.path().join(format!("{round}/b/c/d/{leaf}"));
                        scope.spawn(move || makedirs(&path, all(), false))
                    })
                    .collect();
                for thread in threads {
                    assert_eq!(thread.join().unwrap(), Ok(()));
                }
            });
        }
    }

    #[test]
    fn a_long_path_needs_no_deep_stack() {
        let top = tempfile::tempdir().unwrap();
        let long = top.path().join(vec!["d"; 8_000].join("/"));
        assert_eq!(makedirs(&long, all(), true).unwrap_err().errno(), Errno::NAMETOOLONG);
    }

    #[test]
    fn removing_stops_at_the_first_parent_in_use() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("a/b/c")).unwrap();
        fs::write(top.path().join("a/keep"), "").unwrap();
        removedirs(&top.path().join("a/b/c/")).unwrap();
        assert!(!top.path().join("a/b").exists() && top.path().join("a/keep").exists());
        assert_eq!(removedirs(&top.path().join("a")).unwrap_err().errno(), Errno::NOTEMPTY);
    }

    #[test]
    fn renaming_makes_new_parents_and_prunes_old_ones() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("old/x")).unwrap();
        fs::write(top.path().join("old/x/f"), "").unwrap();
        fs::write(top.path().join("stays"), "").unwrap();
        renames(&top.path().join("old/x/f"), &top.path().join("new/y/f")).unwrap();
        assert!(top.path().join("new/y/f").exists() && !top.path().join("old").exists());
    }

    #[test]
    fn new_parents_stay_when_renaming_fails() {
        let top = tempfile::tempdir().unwrap();
        let error = renames(&top.path().join("missing"), &top.path().join("new/y/f")).unwrap_err();
        assert_eq!(error.errno(), Errno::NOENT);
        assert!(top.path().join("new/y").is_dir());
    }

    #[test]
    fn all_three_work_below_a_directory_descriptor() {
        let top = tempfile::tempdir().unwrap();
        let dir = crate::open(top.path(), crate::OFlags::PATH, Mode::empty()).unwrap();
        makedirs((&dir, "a/b"), all(), false).unwrap();
        renames((&dir, "a/b"), (&dir, "c/d")).unwrap();
        assert!(top.path().join("c/d").is_dir() && !top.path().join("a").exists());
        removedirs((&dir, "c/d")).unwrap();
        assert!(!top.path().join("c").exists());
    }
}
