//! Each operation as a command: the tool that makes the call, and what it tells.

use fs_core::Follow;
use fs_core::op::{At, FileKind, Op, Target, TimeArg, Word};

use super::Script;
use super::quote::{bytes, path, printf};
use crate::reproduce::plan::Step;

/// A step in sh.
pub(super) struct Code {
    /// The command.
    pub(super) command: String,
    /// Whether it is a program, which another user can run, and not the shell.
    pub(super) is_tool: bool,
    /// What the positional parameters become, for the fields.
    pub(super) values: Option<String>,
    /// The fields, each with a word for its value.
    pub(super) fields: Vec<(&'static str, String)>,
}

fn tool(command: String) -> Code {
    Code { command, is_tool: true, values: None, fields: Vec::new() }
}

/// Something that the shell does, and whether it went well.
fn shell(command: &str) -> Code {
    let command = format!("outcome=ok\n{{ {command}; }} 2>\"$scratch/error\" || judge_error 'the shell'");
    Code { command, is_tool: false, values: None, fields: Vec::new() }
}

impl Code {
    fn with(mut self, fields: Vec<(&'static str, String)>) -> Code {
        self.fields = fields;
        self
    }
}

const OUT: &str = "\"$(cat \"$scratch/out\")\"";
const ONLY_PREPARES: &str = "no tool makes this call alone, so that its outcome could be told";

/// # Errors
/// The step cannot be said in sh, and why.
pub(super) fn code(step: &Step<'_>, script: &mut Script) -> Result<Code, String> {
    let fields = step.fields();
    let prepares = step.line.want.is_none();
    let wants_ok = step.line.want.as_ref().is_none_or(|want| want.words == [Word::Ok]);
    let only_prepares = || if prepares { Ok(()) } else { Err(ONLY_PREPARES.to_owned()) };
    Ok(match &step.line.op {
        Op::Stat { path, follow } => stat(step, script, path, *follow)?,
        Op::Chmod { path: Target::Path(at), mode, follow: Follow::Yes } => {
            // Five digits clear the bits of set-id, which four leave to directories.
            tool(format!("chmod {:05o} {}", mode.bits(), only(at)?))
        }
        Op::Chown { path: Target::Path(at), uid, gid, follow } if uid.is_some() || gid.is_some() => {
            let id = |id: &Option<u32>| id.map_or_else(String::new, |id| id.to_string());
            let group = if gid.is_some() { format!(":{}", id(gid)) } else { String::new() };
            tool(format!("chown {}{}{group} {}", if *follow == Follow::No { "-h " } else { "" }, id(uid), only(at)?))
        }
        Op::Utime { path: Target::Path(at), atime_ns, mtime_ns, follow } if wants_ok => {
            let nofollow = if *follow == Follow::No { "-h " } else { "" };
            let path = only(at)?;
            match (touched(*atime_ns), touched(*mtime_ns)) {
                (Some(atime), Some(mtime)) if atime == mtime => tool(format!("touch -c {nofollow}{atime}{path}")),
                (Some(atime), None) => tool(format!("touch -c -a {nofollow}{atime}{path}")),
                (None, Some(mtime)) => tool(format!("touch -c -m {nofollow}{mtime}{path}")),
                (Some(atime), Some(mtime)) if prepares => {
                    tool(format!("touch -c -a {nofollow}{atime}{path}\nattempt touch -c -m {nofollow}{mtime}{path}"))
                        .by_self(step)?
                }
                _ => return Err("`touch` sets two times in two calls".to_owned()),
            }
        }
        Op::Truncate { path: Target::Path(at), length } => {
            only_prepares()?;
            tool(format!("truncate -c -s {length} {}", only(at)?))
        }
        Op::Getxattr { path: Target::Path(at), name, follow } => {
            let nofollow = if *follow == Follow::No { "-h " } else { "" };
            tool(format!("getfattr --only-values {nofollow}-n {} {}", bytes(name)?, only(at)?))
                .with(vec![("value", OUT.to_owned())])
        }
        Op::Setxattr { path: Target::Path(at), name, value, flags, follow } if flags.is_empty() => {
            let nofollow = if *follow == Follow::No { "-h " } else { "" };
            let hex: String = value.resolve().iter().map(|byte| format!("{byte:02x}")).collect();
            if hex.len() > 8192 {
                return Err("the value is too long for an argument".to_owned());
            }
            tool(format!("setfattr {nofollow}-n {} -v 0x{hex} {}", bytes(name)?, only(at)?))
        }
        Op::Removexattr { path: Target::Path(at), name, follow } => {
            let nofollow = if *follow == Follow::No { "-h " } else { "" };
            tool(format!("setfattr {nofollow}-x {} {}", bytes(name)?, only(at)?))
        }
        Op::Setfacl { path, acl, default } => {
            only_prepares()?;
            let default = if default.is_yes() { "-d " } else { "" };
            let entries: Vec<String> = acl.iter().map(ToString::to_string).collect();
            match acl.is_empty() {
                true => tool(format!("setfacl -b {}", only(path)?)),
                false => tool(format!("setfacl -n {default}--set {} {}", entries.join(","), only(path)?)),
            }
        }
        Op::Rename { src, dst, .. } => match fields.get("flags") {
            _ if [src, dst].iter().any(|at| at.path.resolve().ends_with(b"/")) => {
                return Err("`mv` looks itself at what a name with a slash behind it is".to_owned());
            }
            None => tool(format!("mv -fT {} {}", only(src)?, only(dst)?)),
            Some("EXCHANGE") => tool(format!("mv -T --exchange {} {}", only(src)?, only(dst)?)),
            Some(_) => return Err("`mv` does not tell what came of these flags".to_owned()),
        },
        Op::Link { src: Target::Path(src), dst, follow } => {
            let follow = if *follow == Follow::Yes { "-L" } else { "-P" };
            tool(format!("ln {follow} -T {} {}", only(src)?, only(dst)?))
        }
        Op::Symlink { src, dst } => tool(format!("ln -s -T {} {}", path(src)?, only(dst)?)),
        Op::Readlink { path } => tool(format!("readlink -nv {}", only(path)?)).with(vec![("target", OUT.to_owned())]),
        Op::Unlink { path } => tool(format!("unlink {}", only(path)?)),
        Op::Mkdir { mode, .. } if mode.bits() & 0o7000 != 0 => {
            return Err("`mkdir -m` sets these bits by a call of its own".to_owned());
        }
        Op::Mkdir { path, mode } if mode.bits() == 0o777 => tool(format!("mkdir {}", only(path)?)),
        Op::Mkdir { path, mode } => tool(format!("mkdir -m {:04o} {}", mode.bits() & !script.umask, only(path)?)),
        Op::Makedirs { path, .. } => {
            only_prepares()?;
            tool(format!("mkdir -p {}", only(path)?))
        }
        Op::Rmdir { path } => tool(format!("rmdir {}", only(path)?)),
        Op::Mkfifo { path, mode } => tool(format!("mkfifo -m {:04o} {}", mode.bits() & !script.umask, only(path)?)),
        Op::Mknod { path, kind, mode, device } => {
            let mode = format!("{:04o}", mode.bits() & !script.umask);
            let (major, minor) = (fs_core::major(*device), fs_core::minor(*device));
            match kind {
                FileKind::Fifo => tool(format!("mknod -m {mode} {} p", only(path)?)),
                FileKind::Char => tool(format!("mknod -m {mode} {} c {major} {minor}", only(path)?)),
                FileKind::Block => tool(format!("mknod -m {mode} {} b {major} {minor}", only(path)?)),
                FileKind::File | FileKind::Dir | FileKind::Symlink | FileKind::Socket | FileKind::None => {
                    return Err("`mknod` makes no such file".to_owned());
                }
            }
        }
        Op::Open { path, mode, .. } => open(step, script, path, mode.bits())?,
        Op::Close { fd } => shell(&format!("command exec {}>&-", script.fd(fd.0)?)),
        Op::Dup { fd, .. } => match &step.binds {
            Some(copy) => shell(&format!("command exec {}>&{}", script.fd(copy.number)?, script.fd(fd.0)?)),
            None => return Err("the copy has no register".to_owned()),
        },
        Op::Dup2 { fd, fd2 } => shell(&format!("command exec {}>&{}", script.fd(fd2.0)?, script.fd(fd.0)?)),
        Op::Read { fd, length } => {
            let mut code = tool(format!("dd bs={length} count=1 status=none <&{}", script.fd(fd.0)?));
            code.command = format!(
                "outcome=ok\n{{ dd bs={length} count=1 status=none <&{} >\"$scratch/out\"; }} 2>\"$scratch/error\" || judge_error dd",
                script.fd(fd.0)?
            );
            code.is_tool = false;
            code.with(vec![("count", "\"$(wc -c <\"$scratch/out\")\"".to_owned()), ("data", OUT.to_owned())])
        }
        Op::Write { fd, data } if data.resolve().len() <= 4096 => {
            let data = data.resolve();
            let write = format!("{} >&{}", printf(&data), script.fd(fd.0)?);
            shell(&write).with(vec![("count", data.len().to_string())])
        }
        Op::Flock { fd, .. } => {
            let mut options = String::new();
            for word in fields.get("operation").unwrap_or_default().split('|') {
                options.push_str(match word {
                    "SH" => "-s ",
                    "EX" => "-x ",
                    "UN" => "-u ",
                    "NB" => "-n ",
                    _ => return Err("`flock` has no such operation".to_owned()),
                });
            }
            // Without a message it says that the lock is taken.
            Code {
                command: format!(
                    "outcome=ok\nflock {options}{} 2>\"$scratch/error\" || {{ [ -s \"$scratch/error\" ] && judge_error flock || outcome=EAGAIN; }}",
                    script.fd(fd.0)?
                ),
                is_tool: false,
                values: None,
                fields: Vec::new(),
            }
        }
        Op::Listdir { path: Target::Path(at) } => {
            let slash = match at.path.resolve().len() {
                0 => "",
                1..4000 => "/",
                _ => return Err("`ls` lists a file too, unless a slash makes the path longer".to_owned()),
            };
            let names = "\"$(sort \"$scratch/out\" | paste -s -d , -)\"".to_owned();
            tool(format!("ls -A {}{slash}", only(at)?)).with(vec![("names", names)])
        }
        Op::Tree { path } => Code {
            command: format!("outcome=ok\ntree {} >\"$scratch/out\"", self::path(path)?),
            is_tool: false,
            values: None,
            fields: vec![("entries", "tree".to_owned())],
        },
        Op::Chdir { path: Target::Path(at) } if wants_ok => shell(&format!("command cd -P {}", only(at)?)),
        Op::Umask { mode } if wants_ok => {
            script.umask = mode.bits() & 0o777;
            shell(&format!("command umask {:04o}", script.umask))
        }
        Op::Tick { path } => {
            only_prepares()?;
            shell(&format!("tick {}", self::path(path)?))
        }
        Op::Getflags { fd } => Code {
            values: Some("$(cat \"$scratch/out\")".to_owned()),
            ..tool(format!("lsattr -d {}", script.path(fd.0)?))
        }
        .with(vec![("flags", "\"$(inode_flags \"$1\")\"".to_owned())]),
        Op::Setflags { fd, .. } => {
            let letters = |key: &str, sign: &str| match fields.get(key) {
                None => Ok(String::new()),
                Some(words) => {
                    let letters: Result<String, String> = words.split('|').map(flag_letter).collect();
                    letters.map(|letters| format!("{sign}{letters} "))
                }
            };
            tool(format!("chattr {}{}{}", letters("set", "+")?, letters("clear", "-")?, script.path(fd.0)?))
        }
        Op::Statx { .. }
        | Op::Statvfs { .. }
        | Op::Access { .. }
        | Op::Chmod { .. }
        | Op::Chown { .. }
        | Op::Utime { .. }
        | Op::Truncate { .. }
        | Op::Pathconf { .. }
        | Op::Getxattr { .. }
        | Op::Setxattr { .. }
        | Op::Listxattr { .. }
        | Op::Removexattr { .. }
        | Op::Getfacl { .. }
        | Op::Renames { .. }
        | Op::Link { .. }
        | Op::Removedirs { .. }
        | Op::Openat2 { .. }
        | Op::NameToHandleAt { .. }
        | Op::OpenByHandleAt { .. }
        | Op::Pread { .. }
        | Op::Readv { .. }
        | Op::Preadv { .. }
        | Op::Write { .. }
        | Op::Pwrite { .. }
        | Op::Writev { .. }
        | Op::Pwritev { .. }
        | Op::Lseek { .. }
        | Op::Fallocate { .. }
        | Op::PosixFallocate { .. }
        | Op::PosixFadvise { .. }
        | Op::CopyFileRange { .. }
        | Op::Sendfile { .. }
        | Op::Fsync { .. }
        | Op::Fdatasync { .. }
        | Op::Syncfs { .. }
        | Op::Mmap { .. }
        | Op::Munmap { .. }
        | Op::Msync { .. }
        | Op::Load { .. }
        | Op::Store { .. }
        | Op::Lockf { .. }
        | Op::Setlk { .. }
        | Op::Getlk { .. }
        | Op::Listdir { .. }
        | Op::Scandir { .. }
        | Op::Readdir { .. }
        | Op::Walk { .. }
        | Op::Fwalk { .. }
        | Op::Chdir { .. }
        | Op::Getcwd {}
        | Op::Setrlimit { .. }
        | Op::Sigaction { .. }
        | Op::Umask { .. }
        | Op::Getfl { .. }
        | Op::Fork { .. }
        | Op::Spawn { .. }
        | Op::Reap { .. }
        | Op::Fill { .. }
        | Op::Wait {}
        | Op::Syscall { .. } => return Err(format!("no tool makes this `{}`", step.line.op.name())),
    })
}

impl Code {
    /// Two commands are only done by who runs the script.
    fn by_self(self, step: &Step<'_>) -> Result<Code, String> {
        match step.line.actor {
            None => Ok(self),
            Some(_) => Err("`touch` sets two times in two calls".to_owned()),
        }
    }
}

/// `stat -c`: the fields that are looked at, by their letters.
fn stat(step: &Step<'_>, script: &Script, target: &Target<'_>, follow: Follow) -> Result<Code, String> {
    let path = match target {
        Target::Fd(fd) => format!("/dev/fd/{}", script.fd(fd.0)?),
        Target::Path(at) => only(at)?,
    };
    let mut format = Vec::new();
    let mut fields = Vec::new();
    for field in &step.shown {
        let letter = match *field {
            "type" => "%f",
            "mode" => "%a",
            "ino" => "%i",
            "dev" => "%d",
            "nlink" => "%h",
            "uid" => "%u",
            "gid" => "%g",
            "size" => "%s",
            "blocks" => "%b",
            "blksize" => "%o",
            "atime_ns" => "%.9X",
            "mtime_ns" => "%.9Y",
            "ctime_ns" => "%.9Z",
            other => return Err(format!("`stat` does not tell the field `{other}` as a number")),
        };
        format.push(letter);
        let value = format!("\"${{{}}}\"", format.len());
        fields.push((
            *field,
            match *field {
                "type" => format!("\"$(file_type {value})\""),
                "atime_ns" | "mtime_ns" | "ctime_ns" => format!("\"$(ns {value})\""),
                _ => value,
            },
        ));
    }
    let format = if format.is_empty() { "%i".to_owned() } else { format.join(" ") };
    let follow = if follow == Follow::Yes { "-L " } else { "" };
    let code = tool(format!("stat {follow}-c '{format}' {path}"));
    Ok(Code { values: Some("$(cat \"$scratch/out\")".to_owned()), fields, ..code })
}

/// A redirection that makes the same call; where it only prepares, one that has the
/// same effect.
fn open(step: &Step<'_>, script: &Script, at: &At<'_>, mode: u32) -> Result<Code, String> {
    let prepares = step.line.want.is_none();
    let wants_ok = step.line.want.as_ref().is_some_and(|want| want.words == [Word::Ok]);
    let path = only(at)?;
    let flags = step.fields().get("flags").unwrap_or("RDONLY").to_owned();
    let mut words: Vec<&str> = flags.split('|').collect();
    words.sort_unstable();
    let (operator, exclusive) = match words[..] {
        ["RDONLY"] => ("<", false),
        ["CREAT", "RDWR"] => ("<>", false),
        ["CREAT", "TRUNC", "WRONLY"] => (">", false),
        ["APPEND", "CREAT", "WRONLY"] => (">>", false),
        ["CREAT", "EXCL", "WRONLY"] if prepares || wants_ok => (">", true),
        // Makes the same file; only the descriptor is another.
        ["CREAT", "WRONLY"] | ["CREAT"] if prepares => (">>", false),
        ["CREAT", "EXCL", "RDWR"] if prepares => ("<>", false),
        _ => return Err(format!("no redirection opens with {flags}")),
    };
    let wanted = mode & !script.umask;
    let creates = operator != "<";
    if creates && !prepares && wanted & 0o7111 != 0 {
        return Err("a redirection makes no executable file".to_owned());
    }
    let digit = match &step.binds {
        Some(register) => script.fd(register.number)?,
        None => 9,
    };
    if step.binds.is_none() && script.registers.len() > 6 {
        return Err("a shell has no more than seven descriptors to spare".to_owned());
    }
    let mut command = format!("command exec {digit}{operator}{path}");
    if exclusive {
        // Opens what is there and is no file, so that only success can be told.
        command = format!("set -C && {command}");
    }
    if creates {
        command = format!("umask {:04o} && {command}", 0o777 & !wanted);
    }
    if creates && prepares && wanted & 0o7111 != 0 {
        command = format!("{command} && chmod {wanted:05o} {path}");
    }
    let mut code = shell(&command);
    if exclusive {
        code.command.push_str("\nset +C");
    }
    if creates {
        let _ = std::fmt::Write::write_fmt(&mut code.command, format_args!("\numask {:04o}", script.umask));
    }
    if step.binds.is_none() {
        code.command.push_str("\ncommand exec 9>&-");
    }
    Ok(code)
}

/// A file that another user makes with a redirection, and closes.
pub(super) fn make_file(step: &Step<'_>, script: &Script, at: &At<'_>, mode: u32) -> Result<Code, String> {
    let flags = step.fields().get("flags").unwrap_or_default().to_owned();
    let words: Vec<&str> = flags.split('|').collect();
    if !words.contains(&"CREAT") || words.iter().any(|word| !["CREAT", "EXCL", "WRONLY", "RDWR"].contains(word)) {
        return Err(format!("no redirection opens with {flags}"));
    }
    let wanted = mode & !script.umask;
    let chmod = if wanted & 0o7111 != 0 { format!(" && chmod {wanted:05o} \"$1\"") } else { String::new() };
    Ok(tool(format!("sh -c 'umask {:04o} && : >>\"$1\"{chmod}' sh {}", 0o777 & !wanted, only(at)?)))
}

/// The letter of `chattr` for a flag.
fn flag_letter(word: &str) -> Result<&'static str, String> {
    Ok(match word {
        "IMMUTABLE" => "i",
        "APPEND" => "a",
        "NODUMP" => "d",
        "NOATIME" => "A",
        "SYNC" => "S",
        "DIRSYNC" => "D",
        other => return Err(format!("`chattr` has no letter for {other}")),
    })
}

/// The option of `touch` for a time; `None` for one that stays.
fn touched(time: TimeArg) -> Option<String> {
    match time {
        TimeArg::Now => Some(String::new()),
        TimeArg::Omit => None,
        TimeArg::Ns(ns) => {
            let (seconds, rest) = (ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000));
            Some(format!("-d @{seconds}.{rest:09} "))
        }
    }
}

/// A path from the working directory.
fn only(at: &At<'_>) -> Result<String, String> {
    match at.dir {
        None => path(&at.path),
        Some(_) => Err("no tool takes a path below a descriptor".to_owned()),
    }
}
