//! Functions of one path and of two, with every kind of path.

use crate::list::Case;

/// What a path may lead to, and how it may be written. The names are the fixture's.
const CLASSES: &[(&str, &str)] = &[
    ("missing", r#""no""#),
    ("file", r#""f""#),
    ("dir", r#""d""#),
    ("empty_dir", r#""e""#),
    ("to_file", r#""lf""#),
    ("to_dir", r#""ld""#),
    ("dangling", r#""ln""#),
    ("loop", r#""ll""#),
    ("fifo", r#""p""#),
    ("socket", r#""s""#),
    ("below_dir", r#""d/x""#),
    ("through_link", r#""ld/x""#),
    ("file_slash", r#""f/""#),
    ("dir_slash", r#""d/""#),
    ("empty_dir_slash", r#""e/""#),
    ("to_file_slash", r#""lf/""#),
    ("to_dir_slash", r#""ld/""#),
    ("dangling_slash", r#""ln/""#),
    ("missing_slash", r#""no/""#),
    ("dot", r#"".""#),
    ("dotdot", r#""..""#),
    ("dir_dot", r#""d/.""#),
    ("dir_dotdot", r#""e/..""#),
    ("through_file", r#""f/x""#),
    ("through_missing", r#""no/x""#),
    ("through_loop", r#""ll/x""#),
    ("empty", r#""""#),
    ("nul", r#""a\0b""#),
    ("name255", r#""n" * 255"#),
    ("name256", r#""n" * 256"#),
    ("path4095", r#""./" * 2047 + "f""#),
    ("path4096", r#""./" * 2046 + "d//x""#),
    ("two_slashes", r#""d//x""#),
    ("absolute", r#"TOP + "/f""#),
    ("surrogate", r#""\udcff""#),
    ("unicode", r#""\u00fc""#),
    ("bytes", r#"b"\xfe\xff""#),
];

/// Where it is tried which directory a path is below, and whether it is one.
const HERE: &[&str] = &["missing", "file", "empty_dir", "to_dir", "absolute", "empty", "below_dir"];

/// A function with a path as its first argument.
struct Function {
    name: &'static str,
    /// The arguments after the path, each set a call.
    rest: &'static [&'static str],
    dir_fd: bool,
    follow: bool,
}

const fn function(name: &'static str, rest: &'static [&'static str], dir_fd: bool, follow: bool) -> Function {
    Function { name, rest, dir_fd, follow }
}

/// Functions that change nothing: all forms share a directory.
const READING: &[Function] = &[
    function("stat", &[""], true, true),
    function("lstat", &[""], true, false),
    function("access", &[", F_OK", ", R_OK | W_OK", ", X_OK", ", 8", ", R_OK, effective_ids=True"], true, true),
    function("readlink", &[""], true, false),
    function("statvfs", &[""], false, false),
    function("pathconf", &[r#", "PC_NAME_MAX""#, r#", "PC_SYMLINK_MAX""#, r#", "PC_NO_SUCH""#, ", 4711"], false, false),
    function("listdir", &[""], false, false),
    function("scandir", &[""], false, false),
    function("chdir", &[""], false, false),
    function("listxattr", &[""], false, true),
    function("getxattr", &[r#", "user.no""#, r#", b"none""#, r#", """#, r#", "user." + "x" * 251"#], false, true),
    function("walk", &["", ", topdown=False", ", followlinks=True"], false, false),
    function("fwalk", &["", ", topdown=False"], true, true),
    function(
        "open",
        &[", O_RDONLY | O_NONBLOCK", ", O_PATH", ", O_PATH | O_NOFOLLOW", ", O_RDONLY | O_DIRECTORY"],
        true,
        false,
    ),
    function(
        "open",
        &[", O_RDWR | O_NONBLOCK", ", O_RDONLY | O_NOFOLLOW | O_NONBLOCK", ", O_TMPFILE | O_RDWR"],
        true,
        false,
    ),
];

/// Functions that change what they are about: each call has a directory of its own.
const CHANGING: &[Function] = &[
    function("chmod", &[", 0o600", ", 0o7777", ", 0"], true, true),
    function("chown", &[", -1, -1", ", 12, 34", ", 4294967295, 5"], true, true),
    function("lchown", &[", 12, 34"], false, false),
    function("utime", &["", ", ns=(5, 7)", ", (1.5, -1.5)", ", None"], true, true),
    function("truncate", &[", 3", ", 70000", ", -1"], false, false),
    function("mkdir", &["", ", 0o7777"], true, false),
    function("mkfifo", &["", ", 0o7777"], true, false),
    function("mknod", &["", ", 0o100600", ", 0o020600, 259", ", 0o040700", ", 0o140600"], true, false),
    function("rmdir", &[""], true, false),
    function("unlink", &[""], true, false),
    function("remove", &[""], true, false),
    function("makedirs", &["", ", 0o700, True"], false, false),
    function("removedirs", &[""], false, false),
    function(
        "setxattr",
        &[r#", "user.k", b"v""#, r#", b"user.k", b"v", XATTR_CREATE"#, r#", "user.k", b"", XATTR_REPLACE"#],
        false,
        true,
    ),
    function("removexattr", &[r#", "user.k""#], false, true),
    function(
        "open",
        &[
            ", O_CREAT | O_WRONLY | O_NONBLOCK",
            ", O_CREAT | O_EXCL | O_RDWR, 0o640",
            ", O_TRUNC | O_WRONLY | O_NONBLOCK",
            ", O_CREAT | O_DIRECTORY | O_RDWR",
        ],
        true,
        false,
    ),
];

pub(super) fn reading() -> Vec<Case> {
    let mut cases = Vec::new();
    for (part, function) in READING.iter().enumerate() {
        for (class, path) in CLASSES {
            // CPython opens what it walks through and waits for who writes.
            if (function.name, *class) == ("fwalk", "fifo") {
                continue;
            }
            let mut steps = vec![r#"file = open("f", O_RDONLY)"#.to_owned(), r#"sub = open("d", O_PATH)"#.to_owned()];
            for rest in function.rest {
                steps.extend(forms(function, path, rest).into_iter().map(|(_, call)| call));
                if function.name == "chdir" {
                    steps.extend(["getcwd()".to_owned(), "fchdir(top)".to_owned()]);
                }
            }
            cases.push(Case::new(format!("{}.{class}.{part}", function.name), steps));
        }
    }
    cases
}

pub(super) fn changing() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in CHANGING {
        for (class, path) in CLASSES {
            for (set, rest) in function.rest.iter().enumerate() {
                for (form, call) in forms(function, path, rest) {
                    // Every form with the first set of arguments, the plain one with each.
                    let is_told_apart = !form.starts_with("at_") || form == "at_nofollow" || HERE.contains(class);
                    if (set == 0 && is_told_apart) || form == "str" {
                        let id = format!("{}.{class}.{form}.{set}", function.name);
                        let open =
                            [r#"file = open("f", O_RDONLY)"#.to_owned(), r#"sub = open("d", O_PATH)"#.to_owned()];
                        cases.push(Case::new(id, open.into_iter().chain([call])));
                    }
                }
            }
            // A hook that refuses keeps the call from being made, and from nothing else.
            let call = format!("refuse {}({path}{})", function.name, function.rest[0]);
            cases.push(Case::new(format!("{}.{class}.refused", function.name), [call]));
        }
    }
    cases
}

/// The calls of a function with one path in all its forms, with their names.
fn forms(function: &Function, path: &str, rest: &str) -> Vec<(&'static str, String)> {
    let Function { name, dir_fd, follow, .. } = function;
    let mut calls = vec![("str", format!("{name}({path}{rest})"))];
    if let Some(bytes) = as_bytes(path) {
        calls.push(("bytes", format!("{name}({bytes}{rest})")));
    }
    if path.starts_with('"') {
        calls.push(("pathlike", format!("{name}(Path({path}){rest})")));
    }
    // fwalk follows only if asked to.
    let other = if *name == "fwalk" { "True" } else { "False" };
    if *follow {
        calls.push(("nofollow", format!("{name}({path}{rest}, follow_symlinks={other})")));
    }
    if *dir_fd {
        for (form, dir) in
            [("at", "top"), ("at_sub", "sub"), ("at_file", "file"), ("at_closed", "999"), ("at_none", "None")]
        {
            calls.push((form, format!("{name}({path}{rest}, dir_fd={dir})")));
        }
        if *follow {
            calls.push(("at_nofollow", format!("{name}({path}{rest}, dir_fd=top, follow_symlinks={other})")));
        }
    }
    calls
}

/// The same path as bytes, if it is text that says nothing else as bytes.
fn as_bytes(path: &str) -> Option<String> {
    if path.contains("TOP") || path.contains("\\u") || path.starts_with('b') {
        return None;
    }
    let parts: Vec<_> = path.split('"').collect();
    Some(
        parts
            .iter()
            .enumerate()
            .map(|(i, part)| match i % 2 {
                _ if i + 1 == parts.len() => (*part).to_owned(),
                0 => format!("{part}b\""),
                _ => format!("{part}\""),
            })
            .collect(),
    )
}

/// Functions of two paths, with every pair.
pub(super) fn pairs() -> Vec<Case> {
    let mut cases = Vec::new();
    for (src_class, src) in CLASSES {
        for (dst_class, dst) in CLASSES {
            let mut add = |form: &str, call: String| {
                cases.push(Case::new(format!("{form}.{src_class}.{dst_class}"), [call]));
            };
            add("rename", format!("rename({src}, {dst})"));
            let is_plain =
                |class: &str| !matches!(class, "two_slashes" | "absolute" | "bytes" | "unicode" | "path4095");
            if !is_plain(src_class) || !is_plain(dst_class) {
                continue;
            }
            if matches!(
                *src_class,
                "file" | "dir" | "to_file" | "to_dir" | "loop" | "dangling" | "through_loop" | "empty"
            ) {
                add("link", format!("link({src}, {dst})"));
            }
            if matches!(*dst_class, "missing" | "file" | "empty_dir" | "dangling" | "missing_slash" | "through_missing")
            {
                add("link_nofollow", format!("link({src}, {dst}, follow_symlinks=False)"));
                add("replace", format!("replace({src}, {dst})"));
                add("rename_at", format!("rename({src}, {dst}, src_dir_fd=top, dst_dir_fd=top)"));
                add("link_at", format!("link({src}, {dst}, src_dir_fd=top)"));
                add("link_at_nofollow", format!("link({src}, {dst}, dst_dir_fd=top, follow_symlinks=False)"));
                add("renames", format!("renames({src}, {dst})"));
            }
            if matches!(*src_class, "missing" | "file" | "empty" | "nul" | "path4096") {
                add("symlink", format!("symlink({src}, {dst})"));
                add("symlink_at", format!("symlink({src}, {dst}, dir_fd=top)"));
            }
        }
    }
    cases
}
