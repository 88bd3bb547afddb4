//! Each operation in C: the call that the suite makes, and where its fields are after it.

use fs_core::Follow;
use fs_core::op::run::raw_call;
use fs_core::op::{Bytes, Long, Op, RawArg, Target, YesNo};

use super::arguments::{
    device_number, directory, file_mode, id, lock, long, nofollow, octal, offset_at, on, place, signed, sized,
    timespec, unsigned, xattr,
};
use super::fields::{Value, data, data_fields, number, stat_fields, statvfs_fields, statx_fields};
use super::literal::{bytes, length, path, string};
use crate::reproduce::plan::Step;
use crate::reproduce::{acl, constants};

/// A step in C.
pub(super) struct Code {
    /// Declarations and statements before the call; with any, the step gets a block.
    pub(super) before: Vec<String>,
    /// The call, as statements.
    pub(super) call: String,
    /// The fields of the outcome.
    pub(super) fields: Vec<(&'static str, Value)>,
    /// What is done after the outcome was judged.
    pub(super) after: Vec<String>,
}

/// Whether a statement is a declaration, with which a step stands in a block.
pub(super) fn declares(statement: &str) -> bool {
    ["long ", "int ", "off_t ", "mode_t ", "char ", "struct "].iter().any(|kind| statement.starts_with(kind))
}

fn call(call: String) -> Code {
    Code { before: Vec::new(), call: format!("result({call});"), fields: Vec::new(), after: Vec::new() }
}

impl Code {
    fn with(mut self, fields: Vec<(&'static str, Value)>) -> Code {
        self.fields = fields;
        self
    }

    fn after(mut self, before: Vec<String>) -> Code {
        self.before = before;
        self
    }
}

/// # Errors
/// The step cannot be said in C, and why.
pub(super) fn code(step: &Step<'_>) -> Result<Code, String> {
    let fields = step.fields();
    Ok(match &step.line.op {
        Op::Stat { path: Target::Fd(fd), .. } => call(format!("fstat(fd{fd}, &st)")).with(stat_fields()),
        Op::Stat { path: Target::Path(at), follow } => {
            call(format!("fstatat({}, &st, {})", place(at)?, nofollow(*follow))).with(stat_fields())
        }
        Op::Statx { path, follow } => {
            let (place, flags) = match path {
                Target::Fd(fd) => (format!("fd{fd}, \"\""), "AT_EMPTY_PATH"),
                Target::Path(at) => (place(at)?, nofollow(*follow)),
            };
            call(format!("syscall(SYS_statx, {place}, {flags}, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, &stx)"))
                .with(statx_fields())
        }
        Op::Statvfs { path } => call(on(path, "fstatvfs", "statvfs", "&vfs")?).with(statvfs_fields()),
        Op::Access { path, effective_ids, follow, .. } => {
            let mode = constants::access_mode(fields.get("mode"), "");
            let flags = match (effective_ids, follow) {
                (YesNo::No, Follow::Yes) => return Ok(call(format!("faccessat({}, {mode}, 0)", place(path)?))),
                (YesNo::No, Follow::No) => "AT_SYMLINK_NOFOLLOW",
                (YesNo::Yes, Follow::Yes) => "AT_EACCESS",
                (YesNo::Yes, Follow::No) => "AT_EACCESS | AT_SYMLINK_NOFOLLOW",
            };
            call(format!("syscall(SYS_faccessat2, {}, {mode}, {flags})", place(path)?))
        }
        Op::Chmod { path: Target::Fd(fd), mode, .. } => call(format!("fchmod(fd{fd}, {})", octal(mode.bits()))),
        Op::Chmod { path: Target::Path(at), mode, follow: Follow::Yes } => {
            call(format!("fchmodat({}, {}, 0)", place(at)?, octal(mode.bits())))
        }
        Op::Chmod { path: Target::Path(at), mode, follow: Follow::No } => {
            call(format!("syscall(SYS_fchmodat2, {}, {}, AT_SYMLINK_NOFOLLOW)", place(at)?, octal(mode.bits())))
        }
        Op::Chown { path: Target::Fd(fd), uid, gid, .. } => call(format!("fchown(fd{fd}, {}, {})", id(*uid), id(*gid))),
        Op::Chown { path: Target::Path(at), uid, gid, follow } => {
            call(format!("fchownat({}, {}, {}, {})", place(at)?, id(*uid), id(*gid), nofollow(*follow)))
        }
        Op::Utime { path, atime_ns, mtime_ns, follow } => {
            let times = format!("(struct timespec[]){{{}, {}}}", timespec(*atime_ns)?, timespec(*mtime_ns)?);
            match path {
                Target::Fd(fd) => call(format!("futimens(fd{fd}, {times})")),
                Target::Path(at) => call(format!("utimensat({}, {times}, {})", place(at)?, nofollow(*follow))),
            }
        }
        Op::Truncate { path, length } => call(on(path, "ftruncate", "truncate", &signed(*length))?),
        Op::Pathconf { path, name } => {
            let limit = on(path, "fpathconf", "pathconf", &format!("_{}", String::from_utf8_lossy(&name.resolve())))?;
            Code {
                before: vec!["errno = 0;".to_owned(), format!("long limit = {limit};")],
                ..call("limit == -1 && errno ? -1 : 0".to_owned())
            }
            .with(vec![("limit", Value::NumberIf("limit".to_owned(), "limit != -1".to_owned()))])
        }
        Op::Getxattr { path, name, follow } => {
            let call = xattr("get", path, *follow, &format!("{}, value, sizeof value", self::path(name)?))?;
            got(&format!("result({call})"), "length").with(vec![("value", data("value", "length"))])
        }
        Op::Setxattr { path, name, value, follow, .. } => {
            let flags = fields.flags("flags", "XATTR_", "0");
            call(xattr("set", path, *follow, &format!("{}, {}, {flags}", self::path(name)?, sized(value)))?)
        }
        Op::Listxattr { path, follow } => {
            let call = xattr("list", path, *follow, "value, sizeof value")?;
            Code { call: format!("add_names(value, result({call}));"), ..self::call(String::new()) }
                .with(vec![("names", Value::Names)])
        }
        Op::Removexattr { path, name, follow } => call(xattr("remove", path, *follow, &self::path(name)?)?),
        Op::Getfacl { path, default } => {
            let arguments = format!("\"{}\", value, sizeof value", acl::attribute(*default));
            let call = xattr("get", &Target::Path(path.clone()), Follow::Yes, &arguments)?;
            Code { call: format!("add_acl(value, {call});"), ..self::call(String::new()) }
                .with(vec![("acl", Value::Names)])
        }
        Op::Setfacl { path, acl, default } => {
            let (target, name) = (Target::Path(path.clone()), acl::attribute(*default));
            match acl.is_empty() {
                true => call(xattr("remove", &target, Follow::Yes, &format!("\"{name}\""))?),
                false => {
                    let value = acl::encode(acl)?;
                    let arguments = format!("\"{name}\", {}, {}, 0", string(&value), value.len());
                    call(xattr("set", &target, Follow::Yes, &arguments)?)
                }
            }
        }
        Op::Rename { src, dst, flags } if flags.is_empty() => {
            call(format!("renameat({}, {})", place(src)?, place(dst)?))
        }
        Op::Rename { src, dst, .. } => {
            let flags = fields.flags("flags", "RENAME_", "0");
            call(format!("syscall(SYS_renameat2, {}, {}, {flags})", place(src)?, place(dst)?))
        }
        Op::Renames { old, new } => call(format!("renames({}, {})", path(old)?, path(new)?)),
        Op::Link { src: Target::Fd(fd), dst, .. } => {
            call(format!("linkat(fd{fd}, \"\", {}, AT_EMPTY_PATH)", place(dst)?))
        }
        Op::Link { src: Target::Path(src), dst, follow } => {
            let flags = if *follow == Follow::Yes { "AT_SYMLINK_FOLLOW" } else { "0" };
            call(format!("linkat({}, {}, {flags})", place(src)?, place(dst)?))
        }
        Op::Symlink { src, dst } => call(format!("symlinkat({}, {})", path(src)?, place(dst)?)),
        Op::Readlink { path } => got(&format!("result(readlinkat({}, value, sizeof value))", place(path)?), "length")
            .with(vec![("target", data("value", "length"))]),
        Op::Unlink { path } => call(format!("unlinkat({}, 0)", place(path)?)),
        Op::Mkdir { path, mode } => call(format!("mkdirat({}, {})", place(path)?, octal(mode.bits()))),
        Op::Makedirs { path, mode, exist_ok } => {
            let exist_ok = u8::from(exist_ok.is_yes());
            call(format!("makedirs({}, {}, {exist_ok})", place(path)?, octal(mode.bits())))
        }
        Op::Rmdir { path } => call(format!("unlinkat({}, AT_REMOVEDIR)", place(path)?)),
        Op::Removedirs { path } => call(format!("removedirs({})", place(path)?)),
        Op::Mknod { path, kind, mode, device } => {
            let mode = file_mode(*kind, mode.bits());
            call(format!("mknodat({}, {mode}, {})", place(path)?, device_number(*device)))
        }
        Op::Mkfifo { path, mode } => call(format!("mkfifoat({}, {})", place(path)?, octal(mode.bits()))),
        Op::Open { path, mode, .. } => {
            let flags = fields.flags("flags", "O_", "O_RDONLY");
            opened(step, format!("openat({}, {flags} | O_CLOEXEC, {})", place(path)?, octal(mode.bits())))
        }
        Op::Openat2 { path, mode, .. } => {
            let flags = fields.flags("flags", "O_", "O_RDONLY");
            let resolve = fields.flags("resolve", "RESOLVE_", "0");
            let mode = octal(mode.bits());
            let how = format!(
                "struct open_how how = {{.flags = {flags} | O_CLOEXEC, .mode = {mode}, .resolve = {resolve}}};"
            );
            let open = match fields.get("resolve").is_some_and(|words| words.contains("CACHED")) {
                true => format!("syscall(SYS_openat2, {}, &how, sizeof how)", place(path)?),
                false => format!("again({}, &how)", place(path)?),
            };
            opened(step, open).after(vec![how])
        }
        Op::NameToHandleAt { path, follow, handle } => {
            let flags = if *follow == Follow::Yes { "AT_SYMLINK_FOLLOW" } else { "0" };
            let call = format!("result(syscall(SYS_name_to_handle_at, {}, &h, &mount, {flags}))", place(path)?);
            Code {
                before: vec!["struct handle h = {.bytes = sizeof h.handle};".to_owned(), "int mount;".to_owned()],
                call: match handle {
                    Some(handle) => format!("if ({call} == 0)\n    handle{handle} = h;"),
                    None => format!("{call};"),
                },
                fields: Vec::new(),
                after: Vec::new(),
            }
        }
        Op::OpenByHandleAt { path, handle, .. } => {
            let flags = fields.flags("flags", "O_", "O_RDONLY");
            opened(step, format!("syscall(SYS_open_by_handle_at, fd{path}, &handle{handle}, {flags} | O_CLOEXEC)"))
        }
        Op::Close { fd } => Code { after: vec![format!("fd{fd} = -1;")], ..call(format!("close(fd{fd})")) },
        Op::Dup { fd, .. } => opened(step, format!("fcntl(fd{fd}, F_DUPFD_CLOEXEC, 0)")),
        Op::Dup2 { fd, fd2 } => call(format!("dup2(fd{fd}, fd{fd2})")),
        Op::Read { fd, length } => read(*length, &format!("read(fd{fd}, data, {length})")),
        Op::Pread { fd, length, offset } => {
            read(*length, &format!("pread(fd{fd}, data, {length}, {})", unsigned(*offset)))
        }
        Op::Readv { fd, lengths } => read_parts(lengths, &format!("readv(fd{fd}, PARTS)")),
        Op::Preadv { fd, lengths, offset, flags } => read_parts(
            lengths,
            &match flags.is_empty() {
                true => format!("preadv(fd{fd}, PARTS, {})", unsigned(*offset)),
                false => {
                    let flags = fields.flags("flags", "RWF_", "0");
                    format!("syscall(SYS_preadv2, fd{fd}, PARTS, {}L, 0L, {flags})", unsigned(*offset))
                }
            },
        ),
        Op::Write { fd, data } => written(&format!("write(fd{fd}, {})", sized(data))),
        Op::Pwrite { fd, data, offset } => written(&format!("pwrite(fd{fd}, {}, {})", sized(data), unsigned(*offset))),
        Op::Writev { fd, data } => write_parts(data, &format!("writev(fd{fd}, PARTS)")),
        Op::Pwritev { fd, data, offset, flags } => write_parts(
            data,
            &match flags.is_empty() {
                true => format!("pwritev(fd{fd}, PARTS, {})", unsigned(*offset)),
                false => {
                    let flags = fields.flags("flags", "RWF_", "0");
                    format!("syscall(SYS_pwritev2, fd{fd}, PARTS, {}L, 0L, {flags})", unsigned(*offset))
                }
            },
        ),
        Op::Lseek { fd, offset, whence } => {
            let whence = constants::whence(*whence);
            let at = format!("result(lseek(fd{fd}, {}, {whence}))", signed(*offset));
            got(&at, "at").with(vec![("offset", number("at"))])
        }
        Op::Fallocate { fd, offset, length, .. } => {
            let mode = fields.flags("mode", "FALLOC_FL_", "0");
            call(format!("fallocate(fd{fd}, {mode}, {}, {})", signed(*offset), signed(*length)))
        }
        Op::PosixFallocate { fd, offset, length } => {
            call(format!("error(posix_fallocate(fd{fd}, {}, {}))", signed(*offset), signed(*length)))
        }
        Op::PosixFadvise { fd, offset, length, advice } => {
            let advice = constants::advice(*advice);
            let range = format!("{}, {}", signed(*offset), signed(*length));
            call(format!("error(posix_fadvise(fd{fd}, {range}, {advice}))"))
        }
        Op::CopyFileRange { src_fd, dst_fd, count, src_offset, dst_offset } => {
            let (src, dst) = (offset_at(*src_offset, "loff_t"), offset_at(*dst_offset, "loff_t"));
            written(&format!("copy_file_range(fd{src_fd}, {src}, fd{dst_fd}, {dst}, {count}U{}, 0)", long(*count)))
        }
        Op::Sendfile { dst_fd, src_fd, src_offset, count } => {
            let src = offset_at(*src_offset, "off_t");
            written(&format!("sendfile(fd{dst_fd}, fd{src_fd}, {src}, {count}U{})", long(*count)))
        }
        Op::Fsync { fd } => call(format!("fsync(fd{fd})")),
        Op::Fdatasync { fd } => call(format!("fdatasync(fd{fd})")),
        Op::Syncfs { fd } => call(format!("syncfs(fd{fd})")),
        Op::Mmap { fd, length, offset, map, .. } => {
            let (protection, flags) =
                (fields.flags("protection", "PROT_", "PROT_NONE"), fields.flags("flags", "MAP_", "0"));
            let made = format!("mmap(NULL, {length}U, {protection}, {flags}, fd{fd}, {})", unsigned(*offset));
            match map {
                Some(map) => Code { call: format!("bind_map(&map{map}, {made}, {length}U);"), ..call(String::new()) },
                None => call(format!("(long)(intptr_t){made}")),
            }
        }
        Op::Munmap { map } => Code {
            after: vec![format!("map{map}.start = NULL;")],
            ..call(format!("munmap(map{map}.start, map{map}.length)"))
        },
        Op::Msync { map } => call(format!("msync(map{map}.start, map{map}.length, MS_SYNC)")),
        Op::Load { map, offset, length } => {
            let before = vec![format!("char *data = space({length});")];
            Code { call: format!("touch(data, map{map}.start + {offset}, {length});"), ..call(String::new()) }
                .after(before)
                .with(vec![("count", number(&length.to_string())), ("data", data("data", &length.to_string()))])
        }
        Op::Store { map, offset, data } => {
            Code { call: format!("touch(map{map}.start + {offset}, {});", sized(data)), ..call(String::new()) }
        }
        Op::Lockf { fd, command, length } => {
            call(format!("lockf(fd{fd}, {}, {})", constants::lock_command(*command), signed(*length)))
        }
        Op::Flock { fd, .. } => call(format!("flock(fd{fd}, {})", fields.flags("operation", "LOCK_", "0"))),
        Op::Setlk { fd, kind, start, length, wait, owner } => {
            let command = constants::setlk(*owner, *wait);
            call(format!("fcntl(fd{fd}, {command}, &lock)")).after(vec![lock(*kind, *start, *length)])
        }
        Op::Getlk { fd, kind, start, length, owner } => {
            let command = constants::getlk(*owner);
            call(format!("fcntl(fd{fd}, {command}, &lock)")).after(vec![lock(*kind, *start, *length)]).with(vec![
                ("kind", Value::Word("lock_kind(lock.l_type)".to_owned())),
                ("start", number("lock.l_start")),
                ("length", number("lock.l_len")),
            ])
        }
        Op::Listdir { path } => collected(format!("list_names({}, 0)", directory(path)?), "names"),
        Op::Scandir { path } => collected(format!("list_names({}, 1)", directory(path)?), "entries"),
        Op::Readdir { fd, count, remove } => {
            let count = if *count == u64::MAX { "-1UL".to_owned() } else { format!("{count}UL") };
            let remove = if remove.is_yes() { format!("\nremove_names(fd{fd});") } else { String::new() };
            Code { call: format!("off_t at = read_names(fd{fd}, {count});{remove}"), ..call(String::new()) }
                .with(vec![("names", Value::Names), ("offset", number("at"))])
        }
        Op::Walk { path, followlinks, .. } => {
            let follow = if followlinks.is_yes() { "0" } else { "AT_SYMLINK_NOFOLLOW" };
            let walked = format!("walk(AT_FDCWD, {}, {follow})", self::path(path)?);
            Code { call: format!("{walked};\nresult(0);"), ..call(String::new()) }.with(vec![("entries", Value::Names)])
        }
        Op::Fwalk { path, follow, .. } => {
            collected(format!("walk({}, {})", place(path)?, nofollow(*follow)), "entries")
        }
        Op::Tree { path } => collected(format!("tree({}, \".\")", self::path(path)?), "entries"),
        Op::Chdir { path: Target::Fd(fd) } => call(format!("fchdir(fd{fd})")),
        Op::Chdir { path: Target::Path(at) } => match at.dir {
            None => call(format!("chdir({})", path(&at.path)?)),
            Some(_) => {
                let before = vec![format!("int to = openat({}, O_PATH | O_CLOEXEC);", place(at)?)];
                Code { after: vec!["close(to);".to_owned()], ..call("to < 0 ? -1 : fchdir(to)".to_owned()) }
                    .after(before)
            }
        },
        Op::Getcwd {} => {
            call("getcwd(value, sizeof value) ? 0 : -1".to_owned()).with(vec![("path", data("value", "strlen(value)"))])
        }
        Op::Umask { mode } => Code { call: "result(0);".to_owned(), ..call(String::new()) }
            .after(vec![format!("mode_t before = umask({});", octal(mode.bits()))])
            .with(vec![("mode", Value::Mode("before".to_owned()))]),
        Op::Setrlimit { resource, limit } => {
            let resource = constants::limit(*resource);
            let limit = if *limit == u64::MAX { "RLIM_INFINITY".to_owned() } else { format!("{limit}ULL") };
            call(format!("limit_soft({resource}, {limit})"))
        }
        Op::Sigaction { signal, action } => {
            let (signal, action) = (constants::signal(*signal), constants::action(*action));
            call(format!("signal({signal}, {action}) == SIG_ERR ? -1 : 0"))
        }
        Op::Getfl { fd } => got(&format!("result(fcntl(fd{fd}, F_GETFL))"), "flags")
            .with(vec![("flags", Value::Word("open_flags(flags)".to_owned()))]),
        Op::Spawn { path, process } => {
            let running = process.map_or_else(|| "NULL".to_owned(), |process| format!("&process{process}"));
            Code { call: format!("spawn({running}, {});", place(path)?), ..call(String::new()) }
        }
        Op::Reap { process } => Code {
            before: vec![format!("int status = end_program(&process{process});")],
            call: "outcome_is(WIFSIGNALED(status) ? signal_name(WTERMSIG(status)) : \"ok\");".to_owned(),
            fields: vec![("status", number("WEXITSTATUS(status)"))],
            after: vec![format!("process{process}.pid = 0;")],
        },
        Op::Fill { fd } => got(&format!("result(fill(fd{fd}))"), "count").with(vec![("count", number("count"))]),
        Op::Getflags { fd } => call(format!("ioctl(fd{fd}, FS_IOC_GETFLAGS, &flags)"))
            .after(vec!["int flags = 0;".to_owned()])
            .with(vec![("flags", Value::Word("inode_flags(flags)".to_owned()))]),
        Op::Setflags { fd, .. } => {
            let flags = |key: &str| constants::inode_flags(fields.get(key));
            call(format!("change_flags(fd{fd}, {}, {})", flags("set"), flags("clear")))
        }
        Op::Fork { .. } | Op::Wait {} => call("0".to_owned()),
        Op::Tick { path } => call(format!("tick({})", self::path(path)?)),
        Op::Syscall { name, args, .. } => syscall(step, &String::from_utf8_lossy(&name.resolve()), args)?,
    })
}

/// A call whose result is needed by name.
fn got(call: &str, name: &str) -> Code {
    Code { before: Vec::new(), call: format!("long {name} = {call};"), fields: Vec::new(), after: Vec::new() }
}

fn collected(call: String, field: &'static str) -> Code {
    self::call(call).with(vec![(field, Value::Names)])
}

/// A call that returns a descriptor, which goes to the step's register.
fn opened(step: &Step<'_>, open: String) -> Code {
    match &step.binds {
        Some(register) => Code { call: format!("bind(&fd{}, {open});", register.number), ..call(String::new()) },
        None => Code { call: format!("int unused = result({open});"), ..call(String::new()) }.closing(),
    }
}

impl Code {
    /// Closes the descriptor that no register wants, before the outcome is judged.
    fn closing(mut self) -> Code {
        self.call.push_str("\nif (unused >= 0)\n    close(unused);");
        self
    }
}

fn read(length: u64, call: &str) -> Code {
    let before = vec![format!("char *data = space({length});")];
    got(&format!("result({call})"), "count").after(before).with(data_fields())
}

fn read_parts(lengths: &[u64], call: &str) -> Code {
    let total: u64 = lengths.iter().sum();
    let mut at = 0;
    let mut parts = Vec::new();
    for length in lengths {
        parts.push(format!("{{data + {at}, {length}}}"));
        at += length;
    }
    let before = vec![format!("char *data = space({total});"), vector(&parts)];
    let call = call.replace("PARTS", &count_of(&parts));
    got(&format!("result({call})"), "count").after(before).with(data_fields())
}

fn write_parts(data: &[Bytes<'_>], call: &str) -> Code {
    let parts: Vec<String> = data.iter().map(|data| format!("{{(char *){}, {}}}", bytes(data), length(data))).collect();
    let call = call.replace("PARTS", &count_of(&parts));
    written(&call).after(vec![vector(&parts)])
}

fn vector(parts: &[String]) -> String {
    match parts.is_empty() {
        true => String::new(),
        false => format!("struct iovec parts[] = {{{}}};", parts.join(", ")),
    }
}

fn count_of(parts: &[String]) -> String {
    match parts.len() {
        0 => "NULL, 0".to_owned(),
        count => format!("parts, {count}"),
    }
}

fn written(call: &str) -> Code {
    got(&format!("result({call})"), "count").with(vec![("count", number("count"))])
}

fn syscall(step: &Step<'_>, name: &str, args: &[RawArg<'_>]) -> Result<Code, String> {
    let made = raw_call(name).ok_or_else(|| format!("`{name}` is no system call that a case may make"))?;
    let mut words = Vec::with_capacity(args.len() + 1);
    // `ioctl_ficlone` is `ioctl` with a request.
    words.push(format!("SYS_{}", if made.request.is_some() { "ioctl" } else { name }));
    for arg in args {
        words.push(match arg {
            RawArg::Cwd => "AT_FDCWD".to_owned(),
            RawArg::Bad => "BAD_ADDRESS".to_owned(),
            RawArg::Null => "NULL".to_owned(),
            RawArg::Number(number) if *number == i64::MIN => "INT64_MIN".to_owned(),
            RawArg::Number(number) => format!("{number}L"),
            RawArg::Fd(fd) => format!("fd{fd}"),
            // A path is a string; what may be a structure ends where memory ends.
            RawArg::Str(Bytes::Literal(text)) if !text.contains(&0) => string(text),
            RawArg::Str(data) => format!("guarded({}, {} + 1)", bytes(data), length(data)),
            RawArg::Out(size) => format!("guarded(NULL, {size})"),
            RawArg::Longs(longs) => {
                let longs: Vec<String> = longs.iter().map(long_word).collect();
                format!("guarded((int64_t[]){{{}}}, {})", longs.join(", "), 8 * longs.len())
            }
        });
    }
    if let Some(request) = made.request {
        words.insert(2.min(words.len()), format!("{request:#x}L"));
    }
    let call = format!("syscall({})", words.join(", "));
    Ok(match made.opens {
        true => opened(step, call),
        false => got(&format!("result({call})"), "ret").with(vec![("ret", number("ret"))]),
    })
}

fn long_word(long: &Long) -> String {
    match long {
        Long::Number(number) => signed(*number),
        Long::Fd(fd) => format!("fd{fd}"),
    }
}
