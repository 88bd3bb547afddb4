//! Each operation in Python: a function of `os`, of the C library, or of the prelude,
//! and its arguments.

use fs_core::Follow;
use fs_core::op::run::raw_call;
use fs_core::op::{At, Bytes, Long, Op, RawArg, Target, TimeArg, YesNo};

use super::literal::{bytes, literal};
use crate::reproduce::plan::Step;
use crate::reproduce::{acl, constants};

/// A step in Python.
pub(super) enum Code {
    /// A function and its arguments, to be attempted.
    Call(String),
    /// A statement that sets the outcome.
    Statement(String),
}

/// What stands after the judgement of a step: a register that is gone.
pub(super) fn after(step: &Step<'_>) -> Option<String> {
    match &step.line.op {
        Op::Close { fd } => Some(format!("fd{fd} = None")),
        Op::Munmap { map } => Some(format!("map{map} = None")),
        Op::Reap { process } => Some(format!("process{process} = None")),
        _ => None,
    }
}

/// # Errors
/// The step cannot be said in Python, and why.
pub(super) fn code(step: &Step<'_>) -> Result<Code, String> {
    let fields = step.fields();
    let opening = if step.binds.is_some() { "" } else { "opened, " };
    let call = match &step.line.op {
        Op::Stat { path, follow } => format!("status, {}{}", on(path), nofollow(path, *follow)),
        Op::Statx { path: Target::Fd(fd), .. } => format!("statx, fd{fd}, b\"\", AT_EMPTY_PATH"),
        Op::Statx { path: Target::Path(at), follow } => format!("statx, {}, {}", raw(at), raw_nofollow(*follow)),
        Op::Statvfs { path } => format!("statvfs, {}", without_dir(path)),
        Op::Access { path, effective_ids, follow, .. } => {
            let mode = constants::access_mode(fields.get("mode"), "os.");
            let flags = match (effective_ids, follow) {
                (YesNo::No, Follow::Yes) => {
                    return Ok(Code::Call(format!("libc, \"faccessat\", {}, {mode}, 0", raw(path))));
                }
                (YesNo::No, Follow::No) => "AT_SYMLINK_NOFOLLOW",
                (YesNo::Yes, Follow::Yes) => "AT_EACCESS",
                (YesNo::Yes, Follow::No) => "AT_EACCESS | AT_SYMLINK_NOFOLLOW",
            };
            format!("syscall, {FACCESSAT2}, {}, {mode}, {flags}", raw(path))
        }
        Op::Chmod { path: Target::Fd(fd), mode, .. } => format!("os.fchmod, fd{fd}, {}", octal(mode.bits())),
        Op::Chmod { path: Target::Path(at), mode, follow: Follow::Yes } => {
            format!("os.chmod, {}, {}{}", bytes(&at.path), octal(mode.bits()), dir(at))
        }
        Op::Chmod { path: Target::Path(at), mode, follow: Follow::No } => {
            format!("syscall, {FCHMODAT2}, {}, {}, AT_SYMLINK_NOFOLLOW", raw(at), octal(mode.bits()))
        }
        Op::Chown { path, uid, gid, follow } => {
            let id = |id: &Option<u32>| id.map_or_else(|| "-1".to_owned(), |id| id.to_string());
            match path {
                Target::Fd(fd) => format!("os.fchown, fd{fd}, {}, {}", id(uid), id(gid)),
                Target::Path(at) => {
                    let more = format!("{}{}", dir(at), nofollow(path, *follow));
                    format!("os.chown, {}, {}, {}{more}", bytes(&at.path), id(uid), id(gid))
                }
            }
        }
        Op::Utime { path, atime_ns: TimeArg::Ns(atime), mtime_ns: TimeArg::Ns(mtime), follow } => {
            let path_first = match path {
                Target::Fd(fd) => format!("fd{fd}"),
                Target::Path(at) => bytes(&at.path),
            };
            let dir = if let Target::Path(at) = path { dir(at) } else { String::new() };
            format!("os.utime, {path_first}, ns=({atime}, {mtime}){dir}{}", nofollow(path, *follow))
        }
        Op::Utime { path, atime_ns, mtime_ns, follow } => {
            let times = format!("timespec({}, {})", time(*atime_ns), time(*mtime_ns));
            match path {
                Target::Fd(fd) => format!("libc, \"futimens\", fd{fd}, {times}"),
                Target::Path(at) => {
                    format!("libc, \"utimensat\", {}, {times}, {}", raw(at), raw_nofollow(*follow))
                }
            }
        }
        Op::Truncate { path, length } => format!("os.truncate, {}, {length}", without_dir(path)),
        Op::Pathconf { path, name } => {
            format!("limit_of, {}, \"{}\"", without_dir(path), String::from_utf8_lossy(&name.resolve()))
        }
        Op::Getxattr { path, name, follow } => {
            format!("xattr_value, {}, {}{}", without_dir(path), bytes(name), nofollow(path, *follow))
        }
        Op::Setxattr { path, name, value, follow, .. } => {
            let flags = fields.flags("flags", "os.XATTR_", "0");
            let (name, value) = (bytes(name), bytes(value));
            format!("os.setxattr, {}, {name}, {value}, {flags}{}", without_dir(path), nofollow(path, *follow))
        }
        Op::Listxattr { path, follow } => format!("xattr_names, {}{}", without_dir(path), nofollow(path, *follow)),
        Op::Removexattr { path, name, follow } => {
            format!("os.removexattr, {}, {}{}", without_dir(path), bytes(name), nofollow(path, *follow))
        }
        Op::Getfacl { path, default } => {
            let target = Target::Path(path.clone());
            format!("acl_of, {}, \"{}\"", without_dir(&target), acl::attribute(*default))
        }
        Op::Setfacl { path, acl, default } => {
            let (target, name) = (Target::Path(path.clone()), acl::attribute(*default));
            match acl.is_empty() {
                true => format!("os.removexattr, {}, \"{name}\"", without_dir(&target)),
                false => {
                    format!("os.setxattr, {}, \"{name}\", {}", without_dir(&target), literal(&acl::encode(acl)?))
                }
            }
        }
        Op::Rename { src, dst, flags } if flags.is_empty() => format!("os.rename, {}", two(src, dst)),
        Op::Rename { src, dst, .. } => {
            let flags = fields.get("flags").unwrap_or("0").split('|').map(|word| match word {
                "NOREPLACE" => "1",
                "EXCHANGE" => "2",
                "WHITEOUT" => "4",
                number => number,
            });
            let flags = flags.collect::<Vec<_>>().join(" | ");
            format!("libc, \"renameat2\", {}, {}, {flags}", raw(src), raw(dst))
        }
        Op::Renames { old, new } => format!("os.renames, {}, {}", bytes(old), bytes(new)),
        Op::Link { src: Target::Fd(fd), dst, .. } => {
            format!("libc, \"linkat\", fd{fd}, b\"\", {}, AT_EMPTY_PATH", raw(dst))
        }
        // `os.link` follows links only where it is told not to.
        Op::Link { src: Target::Path(src), dst, follow: Follow::Yes } => {
            format!("libc, \"linkat\", {}, {}, AT_SYMLINK_FOLLOW", raw(src), raw(dst))
        }
        Op::Link { src: Target::Path(src), dst, follow: Follow::No } => {
            format!("os.link, {}, follow_symlinks=False", two(src, dst))
        }
        Op::Symlink { src, dst } => format!("os.symlink, {}, {}{}", bytes(src), bytes(&dst.path), dir(dst)),
        Op::Readlink { path } => format!("link_text, {}{}", bytes(&path.path), dir(path)),
        Op::Unlink { path } => format!("os.unlink, {}{}", bytes(&path.path), dir(path)),
        Op::Mkdir { path, mode } => format!("os.mkdir, {}, {}{}", bytes(&path.path), octal(mode.bits()), dir(path)),
        Op::Makedirs { path, mode, exist_ok } => {
            let exist_ok = if exist_ok.is_yes() { ", exist_ok=True" } else { "" };
            format!("os.makedirs, {}, {}{exist_ok}", only(path)?, octal(mode.bits()))
        }
        Op::Rmdir { path } => format!("os.rmdir, {}{}", bytes(&path.path), dir(path)),
        Op::Removedirs { path } => format!("os.removedirs, {}", only(path)?),
        Op::Mknod { path, kind, mode, device } => {
            let kind = constants::file_type(*kind).map_or_else(String::new, |kind| format!("stat.{kind} | "));
            let device = if *device == 0 { "0".to_owned() } else { format!("{device:#x}") };
            format!("os.mknod, {}, {kind}{}, {device}{}", bytes(&path.path), octal(mode.bits()), dir(path))
        }
        Op::Mkfifo { path, mode } => format!("os.mkfifo, {}, {}{}", bytes(&path.path), octal(mode.bits()), dir(path)),
        Op::Open { path, mode, .. } => {
            let flags = fields.flags("flags", "os.O_", "os.O_RDONLY");
            format!("{opening}os.open, {}, {flags}, {}{}", bytes(&path.path), octal(mode.bits()), dir(path))
        }
        Op::Openat2 { path, mode, .. } => {
            let flags = fields.flags("flags", "os.O_", "os.O_RDONLY");
            let resolve = fields.get("resolve").unwrap_or("0").split('|').map(|word| match word {
                "NO_XDEV" => "0x1",
                "NO_MAGICLINKS" => "0x2",
                "NO_SYMLINKS" => "0x4",
                "BENEATH" => "0x8",
                "IN_ROOT" => "0x10",
                "CACHED" => "0x20",
                number => number,
            });
            let resolve = resolve.collect::<Vec<_>>().join(" | ");
            let how = format!("struct.pack(\"QQQ\", {flags} | os.O_CLOEXEC, {}, {resolve})", octal(mode.bits()));
            match fields.get("resolve").is_some_and(|words| words.contains("CACHED")) {
                true => format!("{opening}syscall, {OPENAT2}, {}, {how}, 24", raw(path)),
                false => format!("{opening}openat2, {}, {how}", raw(path)),
            }
        }
        Op::NameToHandleAt { path, follow, .. } => {
            let flags = if *follow == Follow::Yes { "AT_SYMLINK_FOLLOW" } else { "0" };
            format!("handle_of, {}, {flags}", raw(path))
        }
        Op::OpenByHandleAt { path, handle, .. } => {
            let flags = fields.flags("flags", "os.O_", "os.O_RDONLY");
            format!("{opening}libc, \"open_by_handle_at\", fd{path}, handle{handle}, {flags} | os.O_CLOEXEC")
        }
        Op::Close { fd } => format!("os.close, fd{fd}"),
        Op::Dup { fd, .. } => format!("{opening}os.dup, fd{fd}"),
        Op::Dup2 { fd, fd2 } => format!("os.dup2, fd{fd}, fd{fd2}, inheritable=False"),
        Op::Read { fd, length } => format!("read, fd{fd}, {length}"),
        Op::Pread { fd, length, offset } => format!("pread, fd{fd}, {length}, {}", offset.cast_signed()),
        Op::Readv { fd, lengths } => format!("read_parts, os.readv, fd{fd}, {lengths:?}"),
        Op::Preadv { fd, lengths, offset, flags } => {
            let flags = match flags.is_empty() {
                true => String::new(),
                false => format!(", {}", fields.flags("flags", "os.RWF_", "0")),
            };
            format!("read_parts, os.preadv, fd{fd}, {lengths:?}, {}{flags}", offset.cast_signed())
        }
        Op::Write { fd, data } => format!("counted, os.write, fd{fd}, {}", bytes(data)),
        Op::Pwrite { fd, data, offset } => {
            format!("counted, os.pwrite, fd{fd}, {}, {}", bytes(data), offset.cast_signed())
        }
        Op::Writev { fd, data } => format!("counted, os.writev, fd{fd}, {}", list(data)),
        Op::Pwritev { fd, data, offset, flags } => {
            let flags = match flags.is_empty() {
                true => String::new(),
                false => format!(", {}", fields.flags("flags", "os.RWF_", "0")),
            };
            format!("counted, os.pwritev, fd{fd}, {}, {}{flags}", list(data), offset.cast_signed())
        }
        Op::Lseek { fd, offset, whence } => {
            format!("seek, fd{fd}, {offset}, os.{}", constants::whence(*whence))
        }
        Op::Fallocate { fd, mode, offset, length } => {
            format!("libc, \"fallocate\", fd{fd}, {:#x}, {offset}, {length}", mode.bits())
        }
        Op::PosixFallocate { fd, offset, length } => format!("os.posix_fallocate, fd{fd}, {offset}, {length}"),
        Op::PosixFadvise { fd, offset, length, advice } => {
            format!("os.posix_fadvise, fd{fd}, {offset}, {length}, os.{}", constants::advice(*advice))
        }
        Op::CopyFileRange { src_fd, dst_fd, count, src_offset, dst_offset } => {
            let offset = |offset: &Option<u64>| {
                offset.map_or_else(|| "None".to_owned(), |offset| format!("at({})", offset.cast_signed()))
            };
            let (src, dst) = (offset(src_offset), offset(dst_offset));
            format!("copy_file_range, fd{src_fd}, {src}, fd{dst_fd}, {dst}, {count}")
        }
        Op::Sendfile { dst_fd, src_fd, src_offset, count } => {
            let offset = src_offset.map_or_else(|| "None".to_owned(), |offset| offset.cast_signed().to_string());
            format!("counted, os.sendfile, fd{dst_fd}, fd{src_fd}, {offset}, {}", count.cast_signed())
        }
        Op::Fsync { fd } => format!("os.fsync, fd{fd}"),
        Op::Fdatasync { fd } => format!("os.fdatasync, fd{fd}"),
        Op::Syncfs { fd } => format!("libc, \"syncfs\", fd{fd}"),
        Op::Mmap { fd, length, offset, .. } => {
            let protection = fields.flags("protection", "mmap.PROT_", "0").replace("mmap.PROT_NONE", "0");
            let flags = fields.flags("flags", "mmap.MAP_", "0");
            format!("map_memory, {length}, {protection}, {flags}, fd{fd}, {}", offset.cast_signed())
        }
        Op::Munmap { map } => format!("libc, \"munmap\", *map{map}"),
        Op::Msync { map } => format!("libc, \"msync\", *map{map}, 4"),
        Op::Load { map, offset, length } => return Ok(Code::Statement(format!("load(map{map}, {offset}, {length})"))),
        Op::Store { map, offset, data } => {
            return Ok(Code::Statement(format!("store(map{map}, {offset}, {})", bytes(data))));
        }
        Op::Lockf { fd, command, length } => {
            format!("os.lockf, fd{fd}, os.{}, {length}", constants::lock_command(*command))
        }
        Op::Flock { fd, .. } => format!("fcntl.flock, fd{fd}, {}", fields.flags("operation", "fcntl.LOCK_", "0")),
        Op::Setlk { fd, kind, start, length, wait, owner } => {
            let (command, kind) = (constants::setlk(*owner, *wait), constants::lock_kind(*kind));
            format!("lock, fd{fd}, fcntl.{command}, fcntl.{kind}, {start}, {length}")
        }
        Op::Getlk { fd, kind, start, length, owner } => {
            let (command, kind) = (constants::getlk(*owner), constants::lock_kind(*kind));
            format!("lock, fd{fd}, fcntl.{command}, fcntl.{kind}, {start}, {length}")
        }
        Op::Listdir { path } => format!("names_in, {}", without_dir(path)),
        Op::Scandir { path } => format!("entries_in, {}", without_dir(path)),
        Op::Readdir { fd, count, remove } => {
            let count = if *count == u64::MAX { "sys.maxsize".to_owned() } else { count.to_string() };
            let remove = if remove.is_yes() { ", remove=True" } else { "" };
            format!("read_names, fd{fd}, {count}{remove}")
        }
        Op::Walk { path, followlinks, .. } => {
            let follow = if followlinks.is_yes() { ", followlinks=True" } else { "" };
            format!("lambda: walked(os.walk({}{follow}))", bytes(path))
        }
        Op::Fwalk { path, follow, .. } => {
            let follow = if *follow == Follow::Yes { ", follow_symlinks=True" } else { "" };
            format!("lambda: walked(os.fwalk({}{}{follow}))", bytes(&path.path), dir(path))
        }
        Op::Tree { path } => format!("tree, {}", bytes(path)),
        Op::Chdir { path: Target::Fd(fd) } => format!("os.fchdir, fd{fd}"),
        Op::Chdir { path: Target::Path(At { path, dir: None }) } => format!("os.chdir, {}", bytes(path)),
        Op::Chdir { path: Target::Path(At { path, dir: Some(dir) }) } => {
            format!("change_dir, {}, fd{dir}", bytes(path))
        }
        Op::Getcwd {} => "get_cwd".to_owned(),
        Op::Umask { mode } => format!("set_umask, {}", octal(mode.bits())),
        Op::Setrlimit { resource, limit } => {
            let resource = constants::limit(*resource);
            let limit = if *limit == u64::MAX { "resource.RLIM_INFINITY".to_owned() } else { limit.to_string() };
            format!("limit_soft, resource.{resource}, {limit}")
        }
        Op::Sigaction { signal, action } => {
            let (signal, action) = (constants::signal(*signal), constants::action(*action));
            format!("set_signal, signal.{signal}, signal.{action}")
        }
        Op::Getfl { fd } => format!("open_flags, fd{fd}"),
        Op::Spawn { path, process } => {
            let function = if process.is_some() { "spawn" } else { "run_to_end" };
            format!("{function}, {}{}", bytes(&path.path), dir(path))
        }
        Op::Reap { process } => return Ok(Code::Statement(format!("reap(*process{process})"))),
        Op::Fill { fd } => format!("fill, fd{fd}"),
        Op::Getflags { fd } => format!("inode_flags, fd{fd}"),
        Op::Setflags { fd, set, clear } => {
            format!("change_flags, fd{fd}, {:#x}, {:#x}", set.bits(), clear.bits())
        }
        Op::Fork { .. } => "os.fork".to_owned(),
        Op::Wait {} => String::new(),
        Op::Tick { path } => format!("tick, {}", bytes(path)),
        Op::Syscall { name, args, .. } => syscall(opening, &String::from_utf8_lossy(&name.resolve()), args)?,
    };
    Ok(Code::Call(call))
}

// One number on every architecture but Alpha.
const FACCESSAT2: u32 = 439;
const FCHMODAT2: u32 = 452;
const OPENAT2: u32 = 437;

/// A raw system call by its number on this architecture, which the program checks.
fn syscall(opening: &str, name: &str, args: &[RawArg<'_>]) -> Result<String, String> {
    let made = raw_call(name).ok_or_else(|| format!("`{name}` is no system call that a case may make"))?;
    let mut words = vec![made.number.to_string()];
    for arg in args {
        words.push(match arg {
            RawArg::Cwd => "AT_FDCWD".to_owned(),
            RawArg::Bad => "BAD_ADDRESS".to_owned(),
            RawArg::Null => "0".to_owned(),
            RawArg::Number(number) => number.to_string(),
            RawArg::Fd(fd) => format!("fd{fd}"),
            // A path is a string; what may be a structure ends where memory ends.
            RawArg::Str(Bytes::Literal(text)) if !text.contains(&0) => literal(text),
            RawArg::Str(data) => format!("guarded({} + b\"\\0\")", bytes(data)),
            RawArg::Out(size) => format!("guarded(bytes({size}))"),
            RawArg::Longs(longs) => {
                let words = longs.iter().map(|long| match long {
                    Long::Number(number) => number.to_string(),
                    Long::Fd(fd) => format!("fd{fd}"),
                });
                format!("guarded(struct.pack(\"{}q\", {}))", longs.len(), words.collect::<Vec<_>>().join(", "))
            }
        });
    }
    if let Some(request) = made.request {
        words.insert(2.min(words.len()), format!("{request:#x}"));
    }
    Ok(match made.opens {
        true => format!("{opening}syscall, {}", words.join(", ")),
        false => format!("returned, {}", words.join(", ")),
    })
}

/// A descriptor or a path, perhaps below a directory.
fn on(target: &Target<'_>) -> String {
    match target {
        Target::Fd(fd) => format!("fd{fd}"),
        Target::Path(at) => format!("{}{}", bytes(&at.path), dir(at)),
    }
}

/// The same, for calls that take no path below a directory.
fn without_dir(target: &Target<'_>) -> String {
    match target {
        Target::Fd(fd) => format!("fd{fd}"),
        Target::Path(At { path, dir: None }) => bytes(path),
        Target::Path(At { path, dir: Some(dir) }) => format!("proc_path({}, fd{dir})", bytes(path)),
    }
}

/// A path from the working directory.
fn only(at: &At<'_>) -> Result<String, String> {
    match at.dir {
        None => Ok(bytes(&at.path)),
        Some(_) => Err("Python has this for no path below a descriptor: try --lang c".to_owned()),
    }
}

fn dir(at: &At<'_>) -> String {
    at.dir.map_or_else(String::new, |fd| format!(", dir_fd=fd{fd}"))
}

/// `AT_FDCWD, b"a"`.
fn raw(at: &At<'_>) -> String {
    let dir = at.dir.map_or_else(|| "AT_FDCWD".to_owned(), |fd| format!("fd{fd}"));
    format!("{dir}, {}", bytes(&at.path))
}

fn two(src: &At<'_>, dst: &At<'_>) -> String {
    let dir = |at: &At<'_>, name: &str| at.dir.map_or_else(String::new, |fd| format!(", {name}=fd{fd}"));
    let dirs = format!("{}{}", dir(src, "src_dir_fd"), dir(dst, "dst_dir_fd"));
    format!("{}, {}{dirs}", bytes(&src.path), bytes(&dst.path))
}

fn nofollow(target: &Target<'_>, follow: Follow) -> &'static str {
    match (target, follow) {
        (Target::Path(_), Follow::No) => ", follow_symlinks=False",
        (Target::Path(_), Follow::Yes) | (Target::Fd(_), _) => "",
    }
}

fn raw_nofollow(follow: Follow) -> &'static str {
    match follow {
        Follow::Yes => "0",
        Follow::No => "AT_SYMLINK_NOFOLLOW",
    }
}

fn octal(bits: u32) -> String {
    match bits {
        0 => "0".to_owned(),
        bits => format!("0o{bits:o}"),
    }
}

fn list(data: &[Bytes<'_>]) -> String {
    format!("[{}]", data.iter().map(bytes).collect::<Vec<_>>().join(", "))
}

fn time(time: TimeArg) -> String {
    match time {
        TimeArg::Now => "UTIME_NOW".to_owned(),
        TimeArg::Omit => "UTIME_OMIT".to_owned(),
        TimeArg::Ns(ns) => ns.to_string(),
    }
}
