//! Walking trees.

use std::ffi::OsString;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs_core::{Errno, Follow, PathError, fwalk, listdir, stat, walk};

use crate::fixture::{Dir, as_ordinary_user, mode};

/// top/{file, dangling -> missing, to_sub -> sub, sub/{file, deep/{}}}
fn tree() -> Dir {
    let dir = Dir::new();
    dir.file("file", "");
    dir.dir("sub");
    dir.file("sub/file", "");
    dir.dir("sub/deep");
    dir.symlink("sub", "to_sub");
    dir.symlink("missing", "dangling");
    dir
}

/// A step as text: `sub: deep | file`, the path without the top.
fn line(dir: &Dir, path: &Path, dirnames: &[OsString], filenames: &[OsString]) -> String {
    let join = |names: &[OsString]| {
        let mut names: Vec<_> = names.iter().map(|name| name.to_str().unwrap()).collect();
        names.sort_unstable();
        names.join(" ")
    };
    let path = path.strip_prefix(dir.path("")).unwrap().display();
    format!("{path}: {} | {}", join(dirnames), join(filenames))
}

/// The steps of walk and of fwalk, which must be the same, with names in order.
fn steps(dir: &Dir, topdown: bool, follow: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut tree = walk(&dir.path("")).topdown(topdown).followlinks(follow).start();
    while let Some(step) = tree.next() {
        step.dirnames.sort();
        lines.push(line(dir, step.path, step.dirnames, step.filenames));
    }
    let mut with_fd = Vec::new();
    let top = dir.path("");
    let mut tree = fwalk(&top).topdown(topdown).follow_symlinks(follow).start();
    while let Some(step) = tree.next() {
        let step = step.unwrap();
        step.dirnames.sort();
        with_fd.push(line(dir, step.path, step.dirnames, step.filenames));
    }
    if !topdown {
        // Which of two directories comes first is the file system's choice.
        lines.sort();
        with_fd.sort();
    }
    assert_eq!(lines, with_fd);
    lines
}

#[test]
fn links_to_directories_are_listed_but_not_entered_and_dangling_ones_are_files() {
    let dir = tree();
    let expected = [": sub to_sub | dangling file", "sub: deep | file", "sub/deep:  | "];
    assert_eq!(steps(&dir, true, false), expected);
}

#[test]
fn links_are_entered_if_asked_for() {
    let dir = tree();
    let expected = [
        ": sub to_sub | dangling file",
        "sub: deep | file",
        "sub/deep:  | ",
        "to_sub: deep | file",
        "to_sub/deep:  | ",
    ];
    assert_eq!(steps(&dir, true, true), expected);
}

#[test]
fn bottom_up_a_directory_comes_after_those_in_it() {
    let dir = tree();
    let mut order = Vec::new();
    let mut tree = walk(&dir.path("")).topdown(false).start();
    while let Some(step) = tree.next() {
        order.push(step.path.to_owned());
        // Too late to change where the walk goes.
        step.dirnames.clear();
    }
    assert_eq!(order, ["sub/deep", "sub", ""].map(|name| dir.path(name)));
    assert_eq!(steps(&dir, false, false).len(), 3);
    assert_eq!(steps(&dir, false, true).len(), 5);
}

#[test]
fn names_that_are_taken_out_are_not_entered_and_names_put_in_are() {
    let dir = tree();
    dir.dir("hidden");
    dir.dir("hidden/x");
    let top = dir.path("");
    let mut seen = Vec::new();
    let mut tree = walk(&top).start();
    while let Some(step) = tree.next() {
        if step.path == top {
            *step.dirnames = vec!["hidden/x".into(), "sub".into()];
        } else {
            step.dirnames.clear();
        }
        seen.push(step.path.strip_prefix(&top).unwrap().to_owned());
    }
    assert_eq!(seen, ["", "hidden/x", "sub"].map(PathBuf::from));

    let mut seen = 0;
    let mut tree = fwalk(&top).start();
    while let Some(step) = tree.next() {
        step.unwrap().dirnames.clear();
        seen += 1;
    }
    assert_eq!(seen, 1);
}

#[test]
fn a_step_that_was_let_go_can_still_be_changed() {
    let dir = tree();
    let top = dir.path("");
    let mut tree = walk(&top).start();
    assert!(tree.current().is_none());
    assert_eq!(tree.next().unwrap().path, top);
    let step = tree.current().unwrap();
    assert_eq!(step.path, top);
    *step.dirnames = vec!["sub/deep".into()];
    assert_eq!(tree.next().unwrap().path, top.join("sub/deep"));
    assert!(tree.next().is_none() && tree.current().is_none());

    let mut tree = fwalk(&top).start();
    assert!(tree.current().is_none());
    tree.next().unwrap().unwrap();
    tree.current().unwrap().dirnames.clear();
    assert!(tree.next().is_none() && tree.current().is_none());
}

#[test]
fn an_absolute_name_that_is_put_in_replaces_the_prefix() {
    let (dir, other) = (Dir::new(), Dir::new());
    let mut tree = walk(&dir.path("")).start();
    tree.next().unwrap().dirnames.push(other.path("").into());
    assert_eq!(tree.next().unwrap().path, other.path(""));
}

#[test]
fn a_directory_that_became_a_link_is_not_entered() {
    let dir = tree();
    let top = dir.path("");
    for with_fd in [false, true] {
        let swap = || {
            fs::rename(dir.path("sub"), dir.path("moved")).unwrap();
            dir.symlink("moved", "sub");
        };
        let undo = || {
            fs::remove_file(dir.path("sub")).unwrap();
            fs::rename(dir.path("moved"), dir.path("sub")).unwrap();
        };
        if with_fd {
            let mut tree = fwalk(&top).start();
            tree.next().unwrap().unwrap();
            swap();
            assert!(tree.next().is_none());
        } else {
            let mut tree = walk(&top).start();
            tree.next().unwrap();
            swap();
            assert!(tree.next().is_none());
        }
        undo();
    }
}

#[test]
fn a_directory_that_became_a_fifo_does_not_hold_up_the_walk() {
    let dir = tree();
    let top = dir.path("");
    let mut tree = fwalk(&top).start();
    assert!(tree.next().unwrap().unwrap().dirnames.contains(&"sub".into()));
    fs::remove_dir_all(dir.path("sub")).unwrap();
    fs_core::mkfifo((&dir.fd, "sub"), mode(0o600)).unwrap();
    // Python before 3.13 opens it, and waits for a writer.
    let error = tree.next().unwrap().unwrap_err();
    assert_eq!((error.error.errno(), error.path), (Errno::NOTDIR, dir.path("sub")));
    assert!(tree.next().is_none());
}

#[test]
fn a_file_among_the_directories_ends_fwalk_and_is_told_by_walk() {
    let dir = tree();
    let top = dir.path("");
    for follow in [false, true] {
        let mut errors = Vec::new();
        let mut tree = fwalk(&top).follow_symlinks(follow).onerror(|error| told(&mut errors, error)).start();
        *tree.next().unwrap().unwrap().dirnames = vec!["file".into(), "sub".into()];
        let error = tree.next().unwrap().unwrap_err();
        assert_eq!((error.error.errno(), error.path), (Errno::NOTDIR, dir.path("file")));
        assert!(tree.next().is_none());
        drop(tree);
        assert_eq!(errors, []);

        let mut tree = walk(&top).followlinks(follow).onerror(|error| told(&mut errors, error)).start();
        *tree.next().unwrap().dirnames = vec!["file".into(), "sub".into()];
        assert_eq!(tree.next().unwrap().path, dir.path("sub"));
        drop(tree);
        assert_eq!(errors, [(Errno::NOTDIR, dir.path("file"))]);
    }
}

#[test]
fn a_directory_that_cannot_be_read_is_told_and_left_out() {
    let dir = tree();
    fs::set_permissions(dir.path("sub"), fs::Permissions::from_mode(0o000)).unwrap();
    as_ordinary_user(|| {
        for with_fd in [false, true] {
            let (mut errors, mut paths) = (Vec::new(), Vec::new());
            let top = dir.path("");
            if with_fd {
                let mut tree = fwalk(&top).onerror(|error| told(&mut errors, error)).start();
                while let Some(step) = tree.next() {
                    paths.push(step.unwrap().path.to_owned());
                }
            } else {
                let mut tree = walk(&top).onerror(|error| told(&mut errors, error)).start();
                while let Some(step) = tree.next() {
                    paths.push(step.path.to_owned());
                }
            }
            assert_eq!(paths, [dir.path("")]);
            assert_eq!(errors, [(Errno::ACCESS, dir.path("sub"))]);
        }
    });
    fs::set_permissions(dir.path("sub"), fs::Permissions::from_mode(0o755)).unwrap();
}

fn told(errors: &mut Vec<(Errno, PathBuf)>, error: PathError) -> ControlFlow<()> {
    errors.push((error.error.errno(), error.path));
    ControlFlow::Continue(())
}

#[test]
fn who_is_told_of_an_error_may_end_the_walk() {
    let dir = tree();
    for name in ["a", "b"] {
        dir.dir(name);
    }
    let top = dir.path("");
    let mut told = 0;
    let mut tree = walk(&top)
        .onerror(|_| {
            told += 1;
            ControlFlow::Break(())
        })
        .start();
    tree.next().unwrap();
    fs::remove_dir(dir.path("a")).unwrap();
    fs::remove_dir(dir.path("b")).unwrap();
    while tree.next().is_some() {}
    drop(tree);
    assert_eq!(told, 1);
}

#[test]
fn a_missing_top_is_an_empty_walk_but_an_error_of_fwalk() {
    let dir = Dir::new();
    let missing = dir.path("missing");
    let mut errors = Vec::new();
    assert!(walk(&missing).onerror(|error| told(&mut errors, error)).start().next().is_none());
    assert_eq!(errors, [(Errno::NOENT, missing.clone())]);

    let mut tree = fwalk(&missing).start();
    let error = tree.next().unwrap().unwrap_err();
    assert_eq!((error.error.errno(), &error.path), (Errno::NOENT, &missing));
    assert!(tree.next().is_none());
}

#[test]
fn a_link_as_top_is_walked_but_not_by_fwalk() {
    let dir = tree();
    let link = dir.path("to_sub");
    let mut tree = walk(&link).start();
    assert_eq!(tree.next().unwrap().path, link);
    assert!(fwalk(&link).start().next().is_none());
    assert_eq!(fwalk(&link).follow_symlinks(true).start().next().unwrap().unwrap().path, link);
    // A file is nothing to walk, either; following, it is an error.
    let file = dir.path("file");
    assert!(walk(&file).start().next().is_none());
    assert!(fwalk(&file).start().next().is_none());
    let error = fwalk(&file).follow_symlinks(true).start().next().unwrap().unwrap_err();
    assert_eq!(error.error.errno(), Errno::NOTDIR);
}

#[test]
fn fwalk_starts_below_a_descriptor_and_lends_one_of_each_directory() {
    let dir = tree();
    let mut tree = fwalk((&dir.fd, "sub")).start();
    let step = tree.next().unwrap().unwrap();
    assert_eq!(step.path, Path::new("sub"));
    assert!(stat((step.dir, "file"), Follow::No).is_ok());
    assert_eq!(listdir(step.dir).unwrap().len(), 2, "and it can be listed again");
    assert_eq!(tree.next().unwrap().unwrap().path, Path::new("sub/deep"));
    assert!(tree.next().is_none());
}

#[test]
fn an_entry_whose_type_cannot_be_asked_is_kept_as_a_file_if_it_is_a_link() {
    let dir = Dir::new();
    dir.symlink("loop", "loop");
    assert_eq!(steps(&dir, true, false), [":  | loop"]);
}

#[test]
fn only_the_kernels_limit_on_links_ends_a_cycle() {
    let dir = Dir::new();
    dir.symlink(".", "cycle");
    let mut errors = Vec::new();
    let mut tree = walk(&dir.path("")).followlinks(true).onerror(|error| told(&mut errors, error)).start();
    let mut steps = 0;
    while tree.next().is_some() {
        steps += 1;
    }
    drop(tree);
    // The entry of the last one cannot be asked, and so is no directory.
    assert_eq!((steps, errors.len()), (41, 0));
}

#[test]
fn a_deep_tree_needs_one_descriptor_a_level_and_no_deep_stack() {
    let dir = Dir::new();
    let mut path = dir.path("");
    let depth = 400;
    for _ in 0..depth {
        path.push("d");
        fs::create_dir(&path).unwrap();
    }
    for topdown in [true, false] {
        let mut tree = walk(&dir.path("")).topdown(topdown).start();
        let mut count = 0;
        while tree.next().is_some() {
            count += 1;
        }
        assert_eq!(count, depth + 1);
        let top = dir.path("");
        let mut tree = fwalk(&top).topdown(topdown).start();
        let mut count = 0;
        while let Some(step) = tree.next() {
            step.unwrap();
            count += 1;
        }
        assert_eq!(count, depth + 1);
    }
}
