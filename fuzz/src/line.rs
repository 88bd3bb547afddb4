//! The operation language: what is read prints, and what is printed reads back.

use std::fmt::Display;

use fs_core::op::product::{Product, Rule, substitute};
use fs_core::op::{Line, Outcome, ParseError};

use crate::source::Source;

/// Reads the input as everything that the language has, and compares each with what it
/// prints.
///
/// An input that is UTF-8 is the text; any other is made into one of the words of the
/// language, its first byte left out.
///
/// # Errors
/// The text, and what does not read back.
pub fn check(input: &[u8]) -> Result<(), String> {
    match std::str::from_utf8(input) {
        Ok(text) => check_text(text),
        Err(_) => check_text(&write(Source::new(&input[1..]))),
    }
}

/// As [`check`], of a text.
///
/// # Errors
/// As [`check`].
pub fn check_text(text: &str) -> Result<(), String> {
    inverse(text, "line", |text| Line::parse(text).map(Line::into_owned))?;
    inverse(text, "outcome", Outcome::parse)?;
    inverse(text, "product", Product::parse)?;
    inverse(text, "rule", Rule::parse)?;
    if let Ok(line) = Line::parse(text) {
        let subject = line.subject();
        let read = Line::parse(&subject).map_err(|error| format!("{text:?}: its subject {subject:?}: {error}"))?;
        if (&read.actor, &read.op, &read.save) != (&line.actor, &line.op, &line.save) || read.want.is_some() {
            return Err(format!("{text:?}: its subject is another step: {subject:?}"));
        }
    }
    if let Err(error) = substitute(text, |name| (name.len() == 1).then(|| "x".to_owned())) {
        check_error(text, "template", &error)?;
    }
    Ok(())
}

fn inverse<T: Display + PartialEq>(
    text: &str,
    what: &str,
    parse: impl Fn(&str) -> Result<T, ParseError>,
) -> Result<(), String> {
    let value = match parse(text) {
        Ok(value) => value,
        Err(error) => return check_error(text, what, &error),
    };
    let printed = value.to_string();
    match parse(&printed) {
        Ok(read) if read != value => Err(format!("{what} {text:?} prints as another {what}: {printed:?}")),
        Ok(read) if read.to_string() != printed => Err(format!("{what} {printed:?} does not print as it was read")),
        Ok(_) if !printed.is_ascii() => Err(format!("{what} {text:?} prints outside of ASCII: {printed:?}")),
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{what} {text:?} prints as {printed:?}, which does not read: {error}")),
    }
}

/// An error points into the text and says something.
fn check_error(text: &str, what: &str, error: &ParseError) -> Result<(), String> {
    let is_inside = (1..=text.chars().count() + 1).contains(&error.column);
    match is_inside && !error.message.is_empty() {
        true => Ok(()),
        false => Err(format!("{what} {text:?}: the error is not in the text: {error}")),
    }
}

/// Text of the language: an example of which most words are kept.
pub fn write(mut source: Source<'_>) -> String {
    let mut text = String::new();
    for word in source.pick(EXAMPLES).split(' ') {
        match source.below(32) {
            0 => continue,
            1 => text.push_str(source.pick(WORDS)),
            2 => text.push_str(&String::from_utf8_lossy(source.take(2))),
            3 => text.extend([word, " ", source.pick(WORDS)]),
            4 => text.extend([word, "=", source.pick(WORDS)]),
            5 => text.extend([word, "\\x", &format!("{:02x}", source.byte())]),
            6 => text.extend([word, ",", source.pick(WORDS)]),
            7 => text.extend([word, "|", source.pick(WORDS)]),
            _ => text.push_str(word),
        }
        text.push(' ');
    }
    text
}

/// Words to put in.
static WORDS: &[&str] = &[
    "",
    "@other.2",
    "->",
    "ok",
    "blocked",
    "EEXIST|ENOTEMPTY",
    "SIGBUS",
    "E4095",
    "#",
    "path=",
    "path=%path(4095)",
    "dir_fd=4",
    "fd=3",
    "map=1",
    "handle=1",
    "as=t",
    "same=t",
    "follow=no",
    "mode=07777",
    "flags=0x80000000",
    "flags=0",
    "%random(7,40)",
    "%repeat(a\\x2c,3)",
    "\\x00\\xff",
    "0x7fffffffffffffff",
    "-9223372036854775808",
    "18446744073709551615",
    "0",
    "07",
    "now",
    "omit",
    "size>=3",
    "type!=dir",
    "ino=t.ino",
    "names=a,b",
    "entries=a:file,b\\x2c:dir",
    "value=%repeat(x,9)",
    "$src",
];

/// Lines that are right, each operation in one at least.
static EXAMPLES: &[&str] = &[
    "stat path=a follow=no -> type=file mode=0644 as=before",
    "stat fd=3 -> ok|EACCES ino=before.ino ctime_ns>=before.ctime_ns",
    "@owner statx path=a dir_fd=4 -> btime_ns=before.btime_ns",
    "statvfs path=. -> namemax=255 flags!=RDONLY",
    "@other.2 access path=d/f mode=R|W effective_ids=yes follow=no -> EACCES",
    "chmod fd=3 mode=04755",
    "chown path=a uid=1000 gid=4294967295 follow=no -> EPERM",
    "utime path=a atime_ns=-1 mtime_ns=omit",
    "truncate fd=3 length=-1 -> EINVAL",
    "pathconf path=. name=PC_NAME_MAX -> limit=255",
    "getflags fd=3 -> flags>=IMMUTABLE",
    "setflags fd=3 set=APPEND|NODUMP clear=IMMUTABLE -> EPERM",
    "getxattr path=a name=user.k -> value=\\x00\\xff",
    "setxattr path=a name=user.k value=%random(7,40) flags=CREATE -> ok|ENOTSUP",
    "listxattr fd=3 -> names=user.a,user.b",
    "removexattr path=a name=user.k follow=no -> ENODATA",
    "getfacl path=a default=yes -> acl=u::rw-,u:1000:r--,m::r--,o::---",
    "setfacl path=f acl=u::rw-,g::r--,o::---",
    "rename src=a src_dir_fd=4 dst=b dst_dir_fd=4 flags=EXCHANGE -> ENOENT",
    "renames old=a/b new=c/d",
    "link src_fd=3 dst=b follow=no",
    "symlink src=\\xe9t\\xe9 dst=l dst_dir_fd=4",
    "readlink path=l -> target=..",
    "unlink path=%repeat(n,256) -> ENAMETOOLONG",
    "mkdir path=d mode=01777",
    "makedirs path=a/b exist_ok=yes",
    "rmdir path=d dir_fd=3 -> ENOTEMPTY|EEXIST",
    "removedirs path=a/b/c",
    "mknod path=n kind=char mode=0600 device=259",
    "mkfifo path=p mode=0",
    "open path=f flags=CREAT|RDWR mode=0644 -> fd=3",
    "openat2 path=../d flags=PATH|DIRECTORY resolve=BENEATH|NO_SYMLINKS -> EXDEV",
    "name_to_handle_at path=a follow=yes -> handle=1",
    "open_by_handle_at path=3 handle=1 flags=RDWR -> fd=4",
    "close fd=3",
    "dup fd=3 -> fd2=4",
    "dup2 fd=3 fd2=4 -> EBADF",
    "read fd=3 length=5 -> count=5 data=hello",
    "pread fd=3 length=0x1000 offset=9223372036854775807 -> EINVAL",
    "readv fd=3 lengths=1,2,3 -> count=6",
    "preadv fd=3 lengths=1,0 offset=7 flags=HIPRI|NOWAIT",
    "write fd=3 data=\\x0a -> count=1",
    "pwrite fd=3 data=%random(7,1048576) offset=0 -> count=1048576",
    "writev fd=3 data=a,,%repeat(b\\x2c,3) -> count=7",
    "pwritev fd=3 data=%path(9) offset=1 flags=APPEND",
    "lseek fd=3 offset=-1 whence=END -> offset=4",
    "fallocate fd=3 mode=KEEP_SIZE|PUNCH_HOLE offset=4096 length=4096",
    "posix_fallocate fd=3 length=0 -> EINVAL",
    "posix_fadvise fd=3 advice=RANDOM",
    "copy_file_range src_fd=3 dst_fd=4 count=9 src_offset=1 -> count=8",
    "sendfile dst_fd=4 src_fd=3 count=9 -> count<=9",
    "fsync fd=3",
    "fdatasync fd=3",
    "syncfs fd=3 # all of it",
    "mmap fd=3 length=8192 protection=READ|WRITE flags=SHARED -> map=1",
    "munmap map=1",
    "msync map=1",
    "load map=1 offset=4096 length=1 -> SIGBUS",
    "store map=1 offset=4096 data=x -> SIGBUS",
    "@owner lockf fd=3 command=LOCK length=10 -> blocked",
    "flock fd=3 operation=EX|NB -> EAGAIN",
    "setlk fd=3 kind=WRITE start=1 length=9 wait=yes owner=OFD",
    "getlk fd=3 kind=READ -> kind=UNLOCK",
    "listdir -> names=a,b",
    "scandir path=d -> entries=a:file,b:dir",
    "readdir fd=3 count=2 -> names=",
    "walk path=. topdown=no followlinks=yes",
    "fwalk path=. -> entries=.:a/,a:f",
    "tree path=. -> same=t",
    "chdir fd=4",
    "getcwd -> path=/",
    "umask mode=022 -> mode=0",
    "setrlimit resource=NOFILE limit=3",
    "sigaction signal=XFSZ action=DEFAULT",
    "spawn path=prog dir_fd=4 -> ETXTBSY process=1",
    "reap process=1 -> status=0",
    "write fd=3 data=%program()",
    "getfl fd=3 -> flags=RDWR|APPEND",
    "fork child=kid",
    "@other wait -> ok",
    "tick path=d",
    "fill fd=3 -> count>0",
    "syscall name=renameat2 args=cwd,bad,null,str:b,-1,fd:3,out:9 -> EFAULT",
    "ok type=file mode=0644 mtime_ns=-1 data=a\\x20b names=a\\x2cb,c",
    "SIGBUS",
    "product dirs src=missing|file|dir dst=missing|file by=self|other",
    "rule src=file|missing dst=dir -> EISDIR|ENOTDIR",
    "@$by rename src=$src dst=$dst",
];

#[cfg(test)]
mod tests {
    use fs_core::op::Op;

    use super::*;

    #[test]
    fn every_operation_has_an_example_that_is_right() {
        let read: Vec<_> = EXAMPLES.iter().filter_map(|text| Line::parse(text).ok()).collect();
        let missing: Vec<_> =
            Op::NAMES.iter().filter(|name| !read.iter().any(|line| line.op.name() == **name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        for text in EXAMPLES.iter().filter(|text| !text.contains('$')) {
            let errors = [
                Line::parse(text).err(),
                Outcome::parse(text).err(),
                Product::parse(text).err(),
                Rule::parse(text).err(),
            ];
            assert!(errors.contains(&None), "{text}: {errors:?}");
        }
    }

    #[test]
    fn what_is_written_is_partly_right() {
        let mut random = crate::random::Random::new(1);
        let texts: Vec<String> = (0..2000).map(|_| write(Source::new(&random.input()))).collect();
        let right = texts.iter().filter(|text| Line::parse(text).is_ok()).count();
        assert!((200..1800).contains(&right), "{right}");
    }

    #[test]
    fn what_does_not_read_back_is_refused() {
        #[derive(PartialEq)]
        struct Lossy(usize);
        impl Display for Lossy {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("x")
            }
        }
        let report = inverse("abc", "word", |text| Ok(Lossy(text.len()))).unwrap_err();
        assert_eq!(report, "word \"abc\" prints as another word: \"x\"");
        let error = ParseError { column: 5, message: "wrong".to_owned() };
        assert!(check_error("abc", "word", &error).is_err());
    }
}
