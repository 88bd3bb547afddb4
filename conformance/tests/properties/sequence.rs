//! Sequences of operations: a few users, a few names that collide, links, open files.
//!
//! A step is a line of the notation. A descriptor has one owner for the whole sequence, so
//! that a step that uses one mostly finds it open; one that does not is left out on both sides.

use fs_core::op::Line;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// The most steps of a sequence.
const LONGEST: usize = 24;

/// Who owns the descriptors 0 to 3. `self` has two: it may do most, as root.
const OWNERS: [&str; 4] = ["self", "owner", "self", "other"];

/// A time that a step sets: before the epoch, with a fraction, at it, in our time, and after
/// 2038. All are long before the clock, or long after it: what a clock set is told from it.
const TIMES: [&str; 6] = ["-1500000000", "1", "0", "1000000000123456789", "now", "omit"];

/// Names in two directories. Some have more than one way to be written.
const PATHS: [&str; 14] = ["a", "b", "d/a", "d", "l", "d/b", "e", "e/a", "l/a", "d/../a", "a/", "d/", "./b", "e/l"];

/// What a sequence may begin with, so that more of its steps find something.
const BEGINNING: [&str; 13] = [
    "mkdir path=d mode=0777",
    "open path=a flags=CREAT|NONBLOCK|RDWR mode=0666 -> fd=0",
    "write fd=0 data=hello",
    "@owner open path=b flags=CREAT|NONBLOCK|RDWR mode=0644 -> fd=1",
    "@owner pwrite fd=1 data=%repeat(ab,3000) offset=5000",
    "symlink src=d dst=l",
    "mkdir path=e mode=01777",
    "@other open path=d/b flags=CREAT|NONBLOCK|RDWR mode=0600 -> fd=3",
    "link src=a dst=d/a",
    "setxattr path=a name=user.k value=v",
    "utime path=a atime_ns=1 mtime_ns=1000000000123456789",
    "setfacl path=d acl=u::rwx,u:65502:rwx,g::r-x,m::rwx,o::--- default=yes",
    "open path=d flags=DIRECTORY|NONBLOCK|RDONLY -> fd=2",
];

/// Sequences by several users, or by who runs them alone.
pub(crate) fn sequences(users: bool) -> impl Strategy<Value = Vec<Line<'static>>> {
    let beginning: Vec<Line<'static>> = BEGINNING
        .into_iter()
        .map(|text| Line::parse(text).expect("a line").into_owned())
        .filter(|line| users || line.actor.is_none())
        .collect();
    let all = beginning.len();
    (subsequence(beginning, 0..=all), vec(steps(users), 1..LONGEST))
        .prop_map(|(beginning, steps)| beginning.into_iter().chain(steps).collect())
}

fn steps(users: bool) -> BoxedStrategy<Line<'static>> {
    let text = prop_oneof![
        10 => open(),
        3 => by(select(&["mkdir"][..]), |what, path, mode| format!("{what} path={path} mode={mode}")),
        3 => (path(), select(&["nothing", "a", "d", "d/a", "l", "../a", "/a"][..]))
            .prop_map(|(path, to)| format!("symlink src={to} dst={path}")),
        2 => by(select(&["fifo", "socket", "file", "char device=259"][..]), |kind, path, mode| {
            let (kind, device) = kind.split_once(' ').map_or((kind, ""), |(kind, device)| (kind, device));
            format!("mknod path={path} kind={kind} mode={mode} {device}").trim_end().to_owned()
        }),
        6 => (path(), path(), flags(&["", "NOREPLACE", "EXCHANGE", "", "WHITEOUT"]))
            .prop_map(|(src, dst, flags)| format!("rename src={src} dst={dst}{flags}")),
        5 => (path(), path(), follow()).prop_map(|(src, dst, follow)| format!("link src={src} dst={dst}{follow}")),
        4 => path().prop_map(|path| format!("unlink path={path}")),
        3 => path().prop_map(|path| format!("rmdir path={path}")),
        5 => attributes(),
        3 => xattrs(),
        2 => acls(),
        5 => looks(),
        1 => select(&["umask mode=0077", "umask mode=0", "umask mode=022"][..]).prop_map(str::to_owned),
        1 => select(&["chdir path=d", "chdir path=..", "getcwd", "chdir path=l"][..]).prop_map(str::to_owned),
    ];
    let actors = if users { &["self", "owner", "other", "member"][..] } else { &["self"][..] };
    let by_somebody = (select(actors), text).prop_map(|(actor, text)| said(actor, &text));
    // 2 is mostly a directory.
    let any = || 0..OWNERS.len();
    let with_descriptor = prop_oneof![
        3 => (any(), files()),
        1 => (prop_oneof![3 => Just(2), 1 => any()], directories()),
    ];
    let by_an_owner = (with_descriptor, any()).prop_map(move |((fd, text), second)| {
        let owner = if users { OWNERS[fd] } else { "self" };
        // A second descriptor of the same process.
        let second = if !users || OWNERS[second] == owner { second } else { fd };
        said(owner, &text.replace("FD2", &second.to_string()).replace("FD", &fd.to_string()))
    });
    prop_oneof![2 => by_somebody, 1 => by_an_owner].boxed()
}

/// The line, said by an actor. A step that opens is said by the owner of its descriptor.
fn said(actor: &str, text: &str) -> Line<'static> {
    let opener = text.split("-> fd=").nth(1).and_then(|fd| fd.parse::<usize>().ok());
    let actor = match opener {
        Some(fd) if actor != "self" => OWNERS[fd],
        _ => actor,
    };
    let text = if actor == "self" { text.to_owned() } else { format!("@{actor} {text}") };
    Line::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}")).into_owned()
}

fn path() -> impl Strategy<Value = &'static str> + Clone {
    prop_oneof![8 => select(&PATHS[..6]), 2 => select(&PATHS[..])]
}

fn mode() -> impl Strategy<Value = &'static str> {
    select(&["0777", "0644", "0600", "04755", "02775", "02644", "01777", "06711", "0", "0444"][..])
}

fn follow() -> impl Strategy<Value = &'static str> {
    select(&["", " follow=no"][..])
}

fn flags(sets: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(sets).prop_map(|set| if set.is_empty() { String::new() } else { format!(" flags={set}") })
}

fn by<T>(
    what: impl Strategy<Value = &'static str>,
    line: impl Fn(&'static str, &'static str, &'static str) -> T,
) -> impl Strategy<Value = T>
where
    T: std::fmt::Debug,
{
    (what, path(), mode()).prop_map(move |(what, path, mode)| line(what, path, mode))
}

/// Opens, never waiting for who opens the other end of a pipe.
fn open() -> impl Strategy<Value = String> {
    let access = select(&["RDWR", "RDONLY", "WRONLY"][..]);
    let how = select(
        &[
            "CREAT",
            "",
            "CREAT|TRUNC",
            "CREAT|EXCL",
            "TRUNC",
            "APPEND",
            "CREAT|APPEND",
            "NOFOLLOW",
            "DIRECTORY",
            "PATH",
            "PATH|NOFOLLOW",
            "CREAT|NOFOLLOW",
        ][..],
    );
    (access, how, path(), mode(), 0..OWNERS.len()).prop_map(|(access, how, path, mode, fd)| {
        let how = if how.is_empty() { String::new() } else { format!("{how}|") };
        format!("open path={path} flags={how}NONBLOCK|{access} mode={mode} -> fd={fd}")
    })
}

fn attributes() -> impl Strategy<Value = String> {
    let id = || select(&["", "65501", "65502", "0"][..]);
    let owner = |uid: &str, gid: &str| {
        let field = |name, id: &str| if id.is_empty() { String::new() } else { format!(" {name}={id}") };
        field("uid", uid) + &field("gid", gid)
    };
    prop_oneof![
        (path(), mode()).prop_map(|(path, mode)| format!("chmod path={path} mode={mode}")),
        (path(), id(), id(), follow())
            .prop_map(move |(path, uid, gid, follow)| format!("chown path={path}{}{follow}", owner(uid, gid))),
        (path(), select(&TIMES[..]), select(&TIMES[..]), follow()).prop_map(|(path, atime, mtime, follow)| {
            format!("utime path={path} atime_ns={atime} mtime_ns={mtime}{follow}")
        }),
        (path(), select(&["0", "3", "5000"][..]))
            .prop_map(|(path, length)| format!("truncate path={path} length={length}")),
    ]
}

fn xattrs() -> impl Strategy<Value = String> {
    let name = || prop_oneof![4 => Just("user.k"), 3 => select(&["user.l", "trusted.t", "security.x", "nosuch.n"][..])];
    prop_oneof![
        (path(), name(), select(&["v", "", "longer"][..]), flags(&["", "CREATE", "REPLACE"]), follow()).prop_map(
            |(path, name, value, flags, follow)| format!(
                "setxattr path={path} name={name} value={value}{flags}{follow}"
            )
        ),
        (path(), name(), follow()).prop_map(|(path, name, follow)| format!("getxattr path={path} name={name}{follow}")),
        path().prop_map(|path| format!("removexattr path={path} name=user.k")),
        (path(), follow()).prop_map(|(path, follow)| format!("listxattr path={path}{follow}")),
    ]
}

fn acls() -> impl Strategy<Value = String> {
    let acl = select(
        &[
            "u::rw-,u:65502:rwx,g::r--,m::rwx,o::---",
            "u::rwx,g::r-x,g:65501:rwx,m::r-x,o::---",
            "u::rw-,g::r--,o::r--",
            "",
        ][..],
    );
    let default = || select(&["", " default=yes"][..]);
    prop_oneof![
        2 => (path(), acl, default()).prop_map(|(path, acl, default)| {
            let acl = if acl.is_empty() { String::new() } else { format!(" acl={acl}") };
            format!("setfacl path={path}{acl}{default}")
        }),
        1 => (path(), default()).prop_map(|(path, default)| format!("getfacl path={path}{default}")),
    ]
}

fn looks() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (path(), follow()).prop_map(|(path, follow)| format!("stat path={path}{follow}")),
        1 => (path(), select(&["R", "W", "X", "R|W|X", "0"][..]), select(&["", " effective_ids=yes"][..]))
            .prop_map(|(path, mode, ids)| format!("access path={path} mode={mode}{ids}")),
        1 => path().prop_map(|path| format!("readlink path={path}")),
        1 => path().prop_map(|path| format!("listdir path={path}")),
        1 => path().prop_map(|path| format!("scandir path={path}")),
        1 => select(&["tree path=."][..]).prop_map(str::to_owned),
    ]
}

/// Steps with an open descriptor, `FD`, that is mostly of a file.
fn files() -> impl Strategy<Value = String> {
    let data = || select(&["x", "hello", "%repeat(ab,3000)"][..]);
    let offset = || select(&["0", "2", "4096", "10000"][..]);
    let length = || select(&["5", "0", "4096", "20000"][..]);
    let lines = vec![
        (offset(), data()).prop_map(|(offset, data)| format!("pwrite fd=FD data={data} offset={offset}")).boxed(),
        data().prop_map(|data| format!("write fd=FD data={data}")).boxed(),
        (length(), offset())
            .prop_map(|(length, offset)| format!("pread fd=FD length={length} offset={offset}"))
            .boxed(),
        length().prop_map(|length| format!("read fd=FD length={length}")).boxed(),
        Just("stat fd=FD".to_owned()).boxed(),
        Just("close fd=FD".to_owned()).boxed(),
        length().prop_map(|length| format!("truncate fd=FD length={length}")).boxed(),
        mode().prop_map(|mode| format!("chmod fd=FD mode={mode}")).boxed(),
        (select(&TIMES[..]), select(&TIMES[..]))
            .prop_map(|(atime, mtime)| format!("utime fd=FD atime_ns={atime} mtime_ns={mtime}"))
            .boxed(),
        Just("chown fd=FD uid=65502".to_owned()).boxed(),
        select(&["setxattr fd=FD name=user.k value=f", "getxattr fd=FD name=user.k", "listxattr fd=FD"][..])
            .prop_map(str::to_owned)
            .boxed(),
        (select(&["", "KEEP_SIZE", "PUNCH_HOLE|KEEP_SIZE", "ZERO_RANGE"][..]), offset(), select(&["100", "8192"][..]))
            .prop_map(|(mode, offset, length)| {
                let mode = if mode.is_empty() { String::new() } else { format!(" mode={mode}") };
                format!("fallocate fd=FD{mode} offset={offset} length={length}")
            })
            .boxed(),
        (offset(), select(&["SET", "END", "DATA", "HOLE"][..]))
            .prop_map(|(offset, whence)| format!("lseek fd=FD offset={offset} whence={whence}"))
            .boxed(),
        select(&["copy_file_range src_fd=FD dst_fd=FD2 count=3000 src_offset=0 dst_offset=5000", "fsync fd=FD"][..])
            .prop_map(str::to_owned)
            .boxed(),
    ];
    proptest::strategy::Union::new(lines)
}

/// Steps with an open descriptor, `FD`, that is mostly of a directory.
fn directories() -> impl Strategy<Value = String> {
    prop_oneof![
        path().prop_map(|path| format!("link src_fd=FD dst={path}")),
        path().prop_map(|path| format!("open path={path} dir_fd=FD flags=CREAT|NONBLOCK|RDWR mode=0666 -> fd=FD")),
        path().prop_map(|path| format!("mkdir path={path} dir_fd=FD")),
        path().prop_map(|path| format!("stat path={path} dir_fd=FD")),
        (path(), path()).prop_map(|(src, dst)| format!("rename src={src} src_dir_fd=FD dst={dst}")),
        select(&["listdir fd=FD", "readdir fd=FD", "getfl fd=FD", "fsync fd=FD", "chdir fd=FD"][..])
            .prop_map(str::to_owned),
    ]
}
