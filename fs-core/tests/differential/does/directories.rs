//! Reading directories and walking through trees.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::ops::ControlFlow;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use fs_core::{DirEntry, Error, Follow, PathError};

use super::args::{Answer, Stop, at, bind, needed, path, target, truth};
use super::attributes::stat_text;
use super::failure;
use crate::parse::Call;
use crate::value::{Value, quoted};

pub(super) fn call(name: &str, call: &mut Call) -> Option<Answer> {
    Some(match name {
        "listdir" => listdir(call),
        "scandir" => scandir(call),
        "walk" => walk(call),
        "fwalk" => fwalk(call),
        _ => return None,
    })
}

fn listdir(call: &mut Call) -> Answer {
    let [path] = bind(call, ["path"])?;
    if matches!(path, None | Some(Value::None)) {
        return Err(Stop::Unwritable("the working directory is to be named"));
    }
    let names = fs_core::listdir(target(&path, &None)?)?;
    let mut names: Vec<_> = names.into_iter().map(OsStringExt::into_vec).collect();
    names.sort();
    Ok(Value::List(names.into_iter().map(Value::Bytes).collect()))
}

fn scandir(call: &mut Call) -> Answer {
    let [path] = bind(call, ["path"])?;
    let mut entries = fs_core::scandir(target(&path, &None)?)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by(|a, b| a.name().cmp(b.name()));
    let entries: Vec<_> = entries.iter().map(describe).collect();
    Ok(Value::Words(format!("[{}]", entries.join(" "))))
}

/// All that an entry can be asked, in the oracle's order.
fn describe(entry: &DirEntry) -> String {
    let mut asked = vec![quoted(entry.name().as_bytes()), quoted(entry.path().as_os_str().as_bytes())];
    for follow in [Follow::Yes, Follow::No] {
        asked.push(told(entry.is_dir(follow).map(truth_text)));
    }
    for follow in [Follow::Yes, Follow::No] {
        asked.push(told(entry.is_file(follow).map(truth_text)));
    }
    for follow in [Follow::Yes, Follow::No] {
        asked.push(told(entry.stat(follow).map(stat_text)));
    }
    asked.push(told(entry.is_symlink().map(truth_text)));
    asked.push(told(entry.stat(Follow::No).map(|stat| truth_text(stat.st_ino() == entry.inode()))));
    format!("{{{}}}", asked.join(" "))
}

fn truth_text(yes: bool) -> &'static str {
    if yes { "True" } else { "False" }
}

fn told(result: Result<impl Display, Error>) -> String {
    result.map_or_else(failure, |value| value.to_string())
}

/// The steps of a walk as text; siblings come in no order, so they are put into one.
struct Steps {
    topdown: bool,
    prune: Vec<OsString>,
    /// No directory had two directories in it, so that the order is known.
    ordered: bool,
    lines: Vec<String>,
}

impl Steps {
    fn new(topdown: bool, prune: &Option<Value>) -> Answer<Self> {
        let prune = match prune {
            None => Vec::new(),
            Some(Value::List(names)) => {
                let names: Answer<Vec<_>> = names.iter().map(path).collect();
                names?.iter().map(|name| OsStr::from_bytes(name.as_bytes()).to_owned()).collect()
            }
            Some(_) => return Err(Stop::Unwritable("not a list")),
        };
        Ok(Steps { topdown, prune, ordered: true, lines: Vec::new() })
    }

    fn add(&mut self, path: &std::path::Path, dirs: &mut Vec<OsString>, files: &mut [OsString], same: Option<bool>) {
        if self.topdown {
            dirs.retain(|name| !self.prune.contains(name));
            dirs.sort();
        }
        self.ordered &= dirs.len() < 2;
        let same = same.map_or(String::new(), |same| format!(" {}", truth_text(same)));
        let path = quoted(path.as_os_str().as_bytes());
        self.lines.push(format!("({path} {} {}{same})", sorted(dirs), sorted(files)));
    }

    fn end(mut self, mut errors: Vec<String>) -> Value {
        if !self.topdown && !self.ordered {
            self.lines.sort();
        }
        errors.sort();
        self.lines.append(&mut errors);
        Value::Words(format!("[{}]", self.lines.join(" ")))
    }
}

fn sorted(names: &[OsString]) -> String {
    let mut names = names.to_vec();
    names.sort();
    Value::List(names.into_iter().map(|name| Value::Bytes(name.into_vec())).collect()).text()
}

fn walk(call: &mut Call) -> Answer {
    let [top, topdown, followlinks, prune] = bind(call, ["top", "topdown", "followlinks", "prune"])?;
    let topdown = truth(&topdown, true);
    let mut steps = Steps::new(topdown, &prune)?;
    let mut errors = Vec::new();
    let mut walk = fs_core::walk(path(needed(&top)?)?)
        .topdown(topdown)
        .followlinks(truth(&followlinks, false))
        .onerror(|PathError { error, path }| {
            errors.push(format!("{} {}", failure(error), quoted(path.as_os_str().as_bytes())));
            ControlFlow::Continue(())
        })
        .start();
    while let Some(step) = walk.next() {
        steps.add(step.path, step.dirnames, step.filenames, None);
    }
    drop(walk);
    Ok(steps.end(errors))
}

fn fwalk(call: &mut Call) -> Answer {
    let [top, topdown, follow, dir, prune] = bind(call, ["top", "topdown", "follow_symlinks", "dir_fd", "prune"])?;
    let topdown = truth(&topdown, true);
    let mut steps = Steps::new(topdown, &prune)?;
    let mut errors = Vec::new();
    let top = at(&top, &dir)?;
    let mut walk = fs_core::fwalk(top)
        .topdown(topdown)
        .follow_symlinks(truth(&follow, false))
        .onerror(|PathError { error, .. }| {
            errors.push(failure(error));
            ControlFlow::Continue(())
        })
        .start();
    while let Some(step) = walk.next() {
        match step {
            Ok(step) => {
                let by_path = fs_core::stat(fs_core::At { dir: top.dir, path: step.path.into() }, Follow::Yes);
                let by_fd = fs_core::fstat(step.dir)?;
                let same = by_path.is_ok_and(|stat| (stat.st_dev(), stat.st_ino()) == (by_fd.st_dev(), by_fd.st_ino()));
                steps.add(step.path, step.dirnames, step.filenames, Some(same));
            }
            Err(PathError { error, .. }) => steps.lines.push(format!("raised {}", failure(error))),
        }
    }
    drop(walk);
    Ok(steps.end(errors))
}
