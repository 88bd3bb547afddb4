//! The source of a program in C around its steps: headers, and the functions of the
//! prelude that it uses and no others.

use std::fmt::Write;

use super::super::head;
use super::player;
use crate::reproduce::plan::{Plan, Setting, Step};
use crate::reproduce::prelude::{self, pieces, uses, with_parts};

const BASE: &str = include_str!("base.c");
const DIRECTORY: &str = include_str!("directory.c");
const ALONE: &str = include_str!("alone.c");
const APART: &str = include_str!("apart.c");
const CREW: &str = include_str!("crew.c");
const ENTER: &str = include_str!("enter.c");
const PIECES: &str = include_str!("pieces.c");
/// What begins the lines that tell what of them a program gets.
const MARK: &str = "//@";

/// The whole program.
pub(super) fn assemble(plan: &Plan<'_>, declarations: &str, main: &str) -> String {
    let setting = plan.setting();
    let parts = parts(plan);
    let text = |text: &str| with_parts(text, MARK, &parts);
    let (base, directory) = (text(BASE), text(DIRECTORY));
    let doing = text(match setting {
        Setting::Alone => ALONE,
        Setting::Apart => APART,
        Setting::Crew => CREW,
    });
    let all = [pieces(ENTER, MARK), pieces(PIECES, MARK)].concat();
    let code = format!("{base}{directory}{doing}{declarations}{main}");
    let pieces: String = prelude::used(&all, &code, without_strings).iter().map(|text| format!("{text}\n\n")).collect();
    let body = format!("{base}\n{directory}\n{pieces}{doing}\n{declarations}\n{main}").replace("    \n", "\n");
    let code = without_strings(&body);
    let mut out = comment(plan);
    out.push_str("#define _GNU_SOURCE\n");
    let used = |names: &[&str]| names.iter().any(|name| uses(&code, name));
    for (header, _) in HEADERS.iter().filter(|(_, names)| names.is_empty() || used(names)) {
        let _ = writeln!(out, "#include <{header}>");
    }
    out.push('\n');
    for (name, value) in MISSING.iter().filter(|(name, _)| uses(&code, name)) {
        let _ = writeln!(out, "#ifndef {name}\n#define {name} {value}\n#endif");
    }
    for name in raw_names(&code) {
        if !MISSING.iter().any(|(known, _)| *known == name) {
            let _ = writeln!(out, "#ifndef {name}\n#define {name} -1 /* not on this machine: ENOSYS */\n#endif");
        }
    }
    if setting == Setting::Crew {
        let names: Vec<String> = (0..plan.players.len()).map(|index| player(plan, index)).collect();
        let _ = writeln!(out, "\nenum {{ {}, DIRECTOR }};", names.join(", "));
    }
    let _ = write!(out, "\n{body}");
    out
}

/// What of the prelude the program has, and what is inserted there.
fn parts(plan: &Plan<'_>) -> Vec<(&'static str, String)> {
    let mut parts = vec![("errnos", errnos(plan)), ("mounts", mounts(plan)), ("unmounts", unmounts(plan))];
    if plan.setting() == Setting::Crew {
        parts.extend([("crew", String::new()), ("processes", processes(plan))]);
    }
    // Who looks at ends only where a step may end its actor.
    if plan.steps.iter().any(Step::may_end) {
        parts.push(("ends", String::new()));
    }
    if plan.has_flags() {
        parts.push(("flags", String::new()));
    }
    let becoming = becoming(plan);
    if !becoming.is_empty() {
        parts.push(("becoming", becoming));
    }
    parts
}

/// What makes the mounts of a case.
fn mounts(plan: &Plan<'_>) -> String {
    if plan.case.mounts.is_empty() {
        return String::new();
    }
    let mut out = String::from("    begin_mounts();\n");
    for mount in &plan.case.mounts {
        let written = mount.to_string();
        let (name, flags) = written.split_once('=').unwrap_or((&written, ""));
        let flags: Vec<String> =
            flags.split('|').filter(|flag| !flag.is_empty()).map(|flag| format!("MS_{flag}")).collect();
        let flags = if flags.is_empty() { "0".to_owned() } else { flags.join(" | ") };
        let _ = writeln!(out, "    mount_base(\"{name}\", {flags});");
    }
    out
}

/// What takes them away, before their directories are.
fn unmounts(plan: &Plan<'_>) -> String {
    if plan.case.mounts.is_empty() {
        return String::new();
    }
    let names = plan.case.mounts.iter().map(|mount| format!("        umount2(\"{}\", MNT_DETACH);\n", mount.name));
    format!("    if (fchdir(top) == 0 && chdir(directory) == 0) {{\n{}    }}\n", names.collect::<String>())
}

/// What the program is about, and how to run it.
fn comment(plan: &Plan<'_>) -> String {
    let lines = head(plan, "cc -o reproduce reproduce.c && ./reproduce [--keep] [DIR]");
    let lines: String =
        lines.iter().map(|line| format!(" * {}\n", line.replace("*/", "* /")).replace(" \n", "\n")).collect();
    format!("/*\n{lines} */\n")
}

/// How a child becomes its actor.
fn becoming(plan: &Plan<'_>) -> String {
    let crew = plan.setting() == Setting::Crew;
    let mut lines: Vec<String> = Vec::new();
    for (index, player) in plan.players.iter().enumerate() {
        let Some(credentials) = &player.credentials else { continue };
        let groups: Vec<String> = credentials.groups.iter().map(ToString::to_string).collect();
        let list = match groups.is_empty() {
            true => "0, NULL".to_owned(),
            false => format!("{}, (gid_t[]){{{}}}", groups.len(), groups.join(", ")),
        };
        let mut become_it = format!("become({}, {}, {list});", credentials.uid, credentials.gid);
        let lacking: Vec<String> = player.lacking().iter().map(|(name, _)| format!("1U << CAP_{name}")).collect();
        if !lacking.is_empty() {
            let _ = write!(become_it, " lack({});", lacking.join(" | "));
        }
        lines.push(match crew {
            true => format!("    case {}: {become_it} break;", self::player(plan, index)),
            false => become_it,
        });
    }
    if crew && !lines.is_empty() {
        lines.insert(0, "switch (actor) {".to_owned());
        lines.push("}".to_owned());
    }
    if plan.confined_by.is_some() {
        if crew && lines.is_empty() {
            lines.push("(void)actor;".to_owned());
        }
        lines.insert(0, "change_root();".to_owned());
    }
    let indent = if crew { "    " } else { "        " };
    lines.iter().map(|line| format!("{indent}{line}\n")).collect()
}

/// The table of the actors' processes.
fn processes(plan: &Plan<'_>) -> String {
    let forked: Vec<String> = (0..plan.players.len())
        .filter(|index| plan.players[*index].forked)
        .map(|index| format!("[{}] = -1", player(plan, index)))
        .collect();
    match forked.is_empty() {
        true => "static pid_t process[DIRECTOR]; /* 0: not there yet */\n".to_owned(),
        false => format!(
            "static pid_t process[DIRECTOR] = {{{}}}; /* 0: not there yet; -1: a step makes it */\n",
            forked.join(", ")
        ),
    }
}

/// The lines of the table of errnos: those that calls on files give, and those that the
/// case wants.
fn errnos(plan: &Plan<'_>) -> String {
    let mut names: Vec<String> = ERRNOS.split_whitespace().map(str::to_owned).collect();
    for word in plan.case.steps.iter().filter_map(|line| line.want.as_ref()).flat_map(|want| &want.words) {
        let name = word.to_string();
        // `E999` is what an unknown number is called anyway.
        if name.starts_with('E') && !name[1..].starts_with(|c: char| c.is_ascii_digit()) && !names.contains(&name) {
            names.push(name);
        }
    }
    let rows: Vec<String> =
        names.chunks(8).map(|row| row.iter().map(|name| format!("E({name})")).collect::<Vec<_>>().join(" ")).collect();
    rows.iter().map(|row| format!("        {row}\n")).collect()
}

/// What calls on files give.
const ERRNOS: &str = "EPERM ENOENT EINTR EIO ENXIO E2BIG EBADF EAGAIN ENOMEM EACCES EFAULT EBUSY EEXIST EXDEV ENODEV \
    ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE ERANGE EDEADLK \
    ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP ENODATA EOVERFLOW EOPNOTSUPP ENOTCONN ECONNABORTED ESTALE EUCLEAN EDQUOT";

/// The raw system calls that code makes.
fn raw_names(code: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names: Vec<String> = code
        .match_indices("SYS_")
        .map(|(at, _)| code[at..].chars().take_while(|c| is_part(*c)).collect::<String>())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Code without what stands in strings and comments.
pub(super) fn without_strings(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(tail) = rest.strip_prefix("/*") {
            rest = tail.split_once("*/").map_or("", |(_, tail)| tail);
        } else if rest.starts_with('/') {
            out.push('/');
            rest = &rest[1..];
        } else {
            let quote = rest.as_bytes()[0];
            let mut end = 1;
            while end < rest.len() && rest.as_bytes()[end] != quote {
                end += if rest.as_bytes()[end] == b'\\' { 2 } else { 1 };
            }
            rest = rest.get(end + 1..).unwrap_or_default();
            out.push_str("\"\"");
        }
    }
    out + rest
}

/// Headers with the names that are in them; without any it is always there.
static HEADERS: &[(&str, &[&str])] = &[
    ("dirent.h", &[]),
    ("errno.h", &[]),
    ("fcntl.h", &[]),
    ("grp.h", &["setgroups"]),
    ("limits.h", &[]),
    ("linux/capability.h", &["_LINUX_CAPABILITY_VERSION_3"]),
    ("linux/falloc.h", &["fallocate"]),
    ("linux/fs.h", &["RWF_APPEND", "RWF_DSYNC", "RWF_SYNC", "RWF_NOWAIT", "RWF_HIPRI"]),
    ("linux/openat2.h", &["open_how"]),
    ("poll.h", &["poll"]),
    ("sched.h", &["unshare"]),
    ("setjmp.h", &["sigjmp_buf"]),
    ("signal.h", &[]),
    ("stdint.h", &["intptr_t", "int64_t", "INT64_MIN"]),
    ("stdio.h", &[]),
    ("stdlib.h", &[]),
    ("string.h", &[]),
    ("sys/ioctl.h", &["ioctl"]),
    ("sys/file.h", &["flock"]),
    ("sys/mman.h", &["mmap", "munmap", "msync"]),
    ("sys/mount.h", &["mount", "umount2"]),
    ("sys/prctl.h", &["prctl"]),
    ("sys/resource.h", &["rlimit"]),
    ("sys/sendfile.h", &["sendfile"]),
    ("sys/stat.h", &[]),
    ("sys/statvfs.h", &["statvfs", "fstatvfs"]),
    ("sys/syscall.h", &["syscall"]),
    ("sys/sysmacros.h", &["makedev"]),
    ("sys/uio.h", &["iovec"]),
    ("sys/wait.h", &["waitpid"]),
    (
        "sys/xattr.h",
        &[
            "getxattr",
            "lgetxattr",
            "fgetxattr",
            "setxattr",
            "lsetxattr",
            "fsetxattr",
            "listxattr",
            "llistxattr",
            "flistxattr",
            "removexattr",
            "lremovexattr",
            "fremovexattr",
        ],
    ),
    ("unistd.h", &[]),
];

/// What headers may be too old for, and what `linux/fs.h` has, which some versions of
/// `sys/mount.h` cannot stand beside; the same on every architecture.
static MISSING: &[(&str, &str)] = &[
    ("SYS_fchmodat2", "452"),
    ("SYS_faccessat2", "439"),
    ("SYS_openat2", "437"),
    ("MS_NOSYMFOLLOW", "256"),
    ("FS_IOC_GETFLAGS", "_IOR('f', 1, long)"),
    ("FS_IOC_SETFLAGS", "_IOW('f', 2, long)"),
    ("FS_SYNC_FL", "0x8"),
    ("FS_IMMUTABLE_FL", "0x10"),
    ("FS_APPEND_FL", "0x20"),
    ("FS_NODUMP_FL", "0x40"),
    ("FS_NOATIME_FL", "0x80"),
    ("FS_DIRSYNC_FL", "0x10000"),
    ("RENAME_NOREPLACE", "1"),
    ("RENAME_EXCHANGE", "2"),
    ("RENAME_WHITEOUT", "4"),
    ("ST_RELATIME", "4096"),
    ("RWF_APPEND", "16"),
    ("RWF_NOWAIT", "8"),
    ("RWF_SYNC", "4"),
    ("RWF_DSYNC", "2"),
    ("RWF_HIPRI", "1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_strings_and_comments_are_not_used() {
        let code = without_strings("step(1, \"tick \\\" path\"); /* tick(x) */ a / b; c('\"'); number(1);");
        assert!(!uses(&code, "tick"));
        assert!(uses(&code, "number"));
        assert!(code.contains("a / b"));
    }

    #[test]
    fn every_piece_has_a_name_that_it_defines() {
        for piece in [pieces(PIECES, MARK), pieces(ENTER, MARK)].concat() {
            assert!(piece.text.contains(piece.name.trim_end_matches("()")), "{}", piece.name);
        }
    }
}
