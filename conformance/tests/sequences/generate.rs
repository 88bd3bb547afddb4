//! Sequences of operations, as values: few names, so that they meet; strangers to each
//! other, hard links, symbolic links, descriptors that outlive names, odd permissions.

use fs_core::op::{Actor, At, Bytes, Fd, FileKind, Line, Name, Op, Target, TimeArg, WhenceArg, YesNo};
use fs_core::{Follow, Mode, OFlags};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use rustix::fs::{Access, FallocateFlags, RenameFlags, XattrFlags};

/// What is done, in order.
pub(crate) type Sequence = Vec<Line<'static>>;

/// The most lines after those that prepare.
const LONGEST: usize = 20;

/// Names of the sequences; those that stand there more often are chosen more often. `d`
/// and `e` are mostly directories, `l` is mostly a symbolic link.
static NAMES: &[&[u8]] = &[
    b"a", b"a", b"a", b"a", b"d/a", b"d/a", b"d/a", b"b", b"b", b"d", b"d", b"l", b"l", b"d/b", b"e", b"d/e", b"e/a",
    b"a/b",
];

/// Registers of descriptors, for each actor the same.
pub(crate) const REGISTERS: u32 = 3;

/// Who acts: only root can become somebody else.
static ACTORS: &[&str] = &["owner", "other", "self", "member"];

/// Users and groups that files are given.
static IDS: &[u32] = &[65501, 65502, 65503, 0];

static MODES: &[u32] =
    &[0o644, 0o777, 0o600, 0o666, 0o755, 0o700, 0o070, 0o007, 0, 0o1777, 0o2775, 0o4755, 0o6777, 0o2644];

/// Nanoseconds since 1970, none of these days: the epoch, around it, a fraction, the last
/// second of a signed 32-bit number, and one after it.
static TIMES: &[i128] =
    &[0, 1, -1_500_000_000, 1_000_000_000_123_456_789, 2_147_483_647_000_000_000, 4_000_000_000_999_999_999];

/// Sequences of two users, or of who runs alone.
pub(crate) fn sequences(with_users: bool) -> BoxedStrategy<Sequence> {
    let actors = if with_users { ACTORS } else { &["self"] };
    // The first of the two does more, or most would meet permissions and nothing else.
    let is_second = proptest::bool::weighted(0.25);
    let lines = proptest::collection::vec((is_second, operation()), 1..LONGEST);
    let prepared: Vec<_> = PREPARED.iter().map(|(share, _)| proptest::bool::weighted(*share)).collect();
    (lines, prepared, select(actors), select(actors), select(&SET_IDS[..]))
        .prop_map(move |(lines, prepared, first, second, set_ids)| {
            let prepared = PREPARED.iter().zip(prepared).filter(|(_, is_there)| *is_there);
            let prepared = prepared.map(|((_, text), _)| {
                line(first, Line::parse(text).expect("it is a line of the notation").into_owned().op)
            });
            let lines = lines.into_iter().map(|(is_second, op)| line(if is_second { second } else { first }, op));
            let mut sequence: Sequence = prepared.chain(lines).collect();
            sequence.iter_mut().for_each(|line| settle(line, set_ids, with_users));
            sequence
        })
        .boxed()
}

static SET_IDS: [SetIds; 3] = [SetIds::Without, SetIds::Written, SetIds::Unwritten];

/// What a sequence mostly begins with, and how often each: without files and descriptors
/// hardly anything succeeds.
static PREPARED: &[(f64, &str)] = &[
    (0.9, "mkdir path=d"),
    (0.7, "chmod path=d mode=0777"),
    (0.9, "open path=a flags=CREAT|RDWR|NONBLOCK mode=0666 -> fd=0"),
    (0.6, "write fd=0 data=hello"),
    (0.4, "setxattr path=a name=user.k value=v"),
    (0.5, "symlink src=a dst=l"),
    (0.5, "link src=a dst=d/a"),
    (0.5, "open path=d/b flags=CREAT|RDWR|NONBLOCK mode=0644 -> fd=1"),
    (0.2, "open path=d flags=DIRECTORY -> fd=2"),
];

fn line(actor: &str, op: Op<'static>) -> Line<'static> {
    let actor = (actor != "self").then(|| Actor { name: Name::new(actor).expect("it is a name"), instance: 1 });
    Line { actor, op, save: None, want: None }
}

/// Which files with set-user-id and set-group-id a sequence may have. The kernel's FUSE
/// writes with the credentials of the daemon where it writes by itself, and clears these bits
/// before it asks the daemon for space, so that not all can be compared in one sequence: see
/// `write.superuser_keeps_set_user_id` and its neighbour in `known-differences`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SetIds {
    /// None.
    Without,
    /// Both bits, with group execution, and nobody with privileges writes.
    Written,
    /// Both bits in all modes, and nobody writes.
    Unwritten,
}

/// Changes what a sequence of this kind may not have.
fn settle(line: &mut Line<'static>, set_ids: SetIds, with_users: bool) {
    let mode = match &mut line.op {
        Op::Chmod { mode, .. } | Op::Mkdir { mode, .. } | Op::Mknod { mode, .. } => Some(mode),
        Op::Mkfifo { mode, .. } | Op::Open { mode, .. } => Some(mode),
        _ => None,
    };
    let group = Mode::SGID | Mode::XGRP;
    match mode {
        Some(mode) if set_ids == SetIds::Without => mode.remove(Mode::SUID | Mode::SGID),
        Some(mode) if set_ids == SetIds::Written && !mode.contains(group) => mode.remove(Mode::SGID),
        _ => {}
    }
    let writes = matches!(line.op, Op::Write { .. } | Op::Pwrite { .. } | Op::CopyFileRange { .. });
    match (set_ids, &mut line.op) {
        (SetIds::Without, _) => {}
        // A file system may not have this mode, and refuses it before it clears the bits.
        (_, Op::Fallocate { mode, .. }) => mode.remove(FallocateFlags::ZERO_RANGE),
        (SetIds::Written, _) if writes && with_users && line.actor.is_none() => {
            line.actor = Some(Actor { name: Name::new("owner").expect("it is a name"), instance: 1 });
        }
        // A file with these bits is read through the kernel's cache, which answers for what
        // is behind the end: the file system does not see that it was read.
        (_, Op::Utime { atime_ns: atime_ns @ TimeArg::Ns(_), .. }) => *atime_ns = TimeArg::Omit,
        // These take group execution away.
        (SetIds::Written, Op::Setfacl { path, default, .. }) => {
            line.op = Op::Getfacl { path: path.clone(), default: *default };
        }
        (SetIds::Written, Op::Umask { mode }) => *mode = Mode::from_bits_retain(0o002),
        (SetIds::Unwritten, Op::Write { fd, .. } | Op::Pwrite { fd, .. } | Op::CopyFileRange { dst_fd: fd, .. }) => {
            line.op = Op::Stat { path: Target::Fd(*fd), follow: Follow::Yes };
        }
        _ => {}
    }
}

fn path() -> BoxedStrategy<At<'static>> {
    let dir = prop_oneof![14 => Just(None), 1 => fd().prop_map(Some)];
    (select(NAMES), dir).prop_map(|(path, dir)| At { path: Bytes::literal(path), dir }).boxed()
}

/// A path that is mostly a directory's.
fn directory() -> BoxedStrategy<At<'static>> {
    static DIRECTORIES: &[&[u8]] = &[b"d", b"d", b"e", b"d/e", b"."];
    prop_oneof![3 => select(DIRECTORIES).prop_map(At::path), 1 => path()].boxed()
}

fn directory_target() -> BoxedStrategy<Target<'static>> {
    prop_oneof![3 => directory().prop_map(Target::Path), 1 => Just(Target::Fd(Fd(2))), 1 => target()].boxed()
}

fn fd() -> BoxedStrategy<Fd> {
    // The first ones are used more.
    prop_oneof![5 => Just(Fd(0)), 3 => Just(Fd(1)), 1 => (2..REGISTERS).prop_map(Fd)].boxed()
}

fn target() -> BoxedStrategy<Target<'static>> {
    prop_oneof![3 => path().prop_map(Target::Path), 2 => fd().prop_map(Target::Fd)].boxed()
}

fn follow() -> BoxedStrategy<Follow> {
    prop_oneof![3 => Just(Follow::Yes), 1 => Just(Follow::No)].boxed()
}

fn mode() -> BoxedStrategy<Mode> {
    select(MODES).prop_map(Mode::from_bits_retain).boxed()
}

fn bytes(values: &'static [&'static [u8]]) -> BoxedStrategy<Bytes<'static>> {
    select(values).prop_map(Bytes::literal).boxed()
}

fn data() -> BoxedStrategy<Bytes<'static>> {
    prop_oneof![
        3 => bytes(&[b"x", b"hello", b""]),
        1 => (1_u64..9, select(&[100_u64, 4096, 5000][..])).prop_map(|(seed, length)| Bytes::Random { seed, length }),
    ]
    .boxed()
}

fn length() -> BoxedStrategy<i64> {
    select(&[0_i64, 1, 3, 100, 4096, 5000, 8192, 20_000][..]).boxed()
}

fn position() -> BoxedStrategy<u64> {
    length().prop_map(|length| length as u64).boxed()
}

/// How much is read. Reading nothing sets the time of access on tmpfs, but the kernel's
/// FUSE does not pass it on.
fn amount() -> BoxedStrategy<u64> {
    length().prop_map(|length| length.max(1) as u64).boxed()
}

fn xattr_name() -> BoxedStrategy<Bytes<'static>> {
    prop_oneof![
        6 => bytes(&[b"user.k", b"user.k", b"user.l"]),
        1 => bytes(&[b"trusted.k", b"security.k", b"system.posix_acl_access", b"user.", b"nonsense"]),
    ]
    .boxed()
}

fn time() -> BoxedStrategy<TimeArg> {
    let set = select(TIMES).prop_map(TimeArg::Ns);
    prop_oneof![4 => set, 1 => Just(TimeArg::Omit), 1 => Just(TimeArg::Now)].boxed()
}

/// Never waits for the other end of a pipe.
fn open_flags() -> BoxedStrategy<OFlags> {
    let access = prop_oneof![
        4 => Just(OFlags::RDWR), 3 => Just(OFlags::RDONLY), 2 => Just(OFlags::WRONLY), 1 => Just(OFlags::PATH),
    ];
    let creat = OFlags::CREAT;
    let more = [
        creat,
        OFlags::empty(),
        creat | OFlags::TRUNC,
        OFlags::TRUNC,
        creat | OFlags::EXCL,
        OFlags::APPEND,
        creat | OFlags::APPEND,
        OFlags::DIRECTORY,
        OFlags::NOFOLLOW,
        creat | OFlags::NOFOLLOW,
        OFlags::NOATIME,
    ];
    (access, select(more.to_vec())).prop_map(|(access, more)| access | more | OFlags::NONBLOCK).boxed()
}

fn acl() -> BoxedStrategy<Vec<Bytes<'static>>> {
    let lists: [&[&'static [u8]]; 5] = [
        &[],
        &[b"u::rw-", b"g::r--", b"o::---"],
        &[b"u::rwx", b"u:65502:rwx", b"g::r--", b"m::rwx", b"o::---"],
        &[b"u::rw-", b"u:65501:---", b"g::rw-", b"g:65501:r--", b"m::r--", b"o::r--"],
        &[b"u::rwx", b"g::---", b"g:65501:rwx", b"m::rwx", b"o::r-x"],
    ];
    let lists = lists.map(|entries| entries.iter().copied().map(Bytes::literal).collect::<Vec<_>>());
    select(lists.to_vec()).boxed()
}

fn yes_no() -> BoxedStrategy<YesNo> {
    prop_oneof![2 => Just(YesNo::No), 1 => Just(YesNo::Yes)].boxed()
}

/// One operation; the heavier ones are those on which others depend.
fn operation() -> BoxedStrategy<Op<'static>> {
    let kinds = [looks(), attributes(), xattrs(), names(), descriptors(), bytes_of_files()].concat();
    Union::new_weighted(kinds).boxed()
}

type Weighted = Vec<(u32, BoxedStrategy<Op<'static>>)>;

fn looks() -> Weighted {
    let access = select(&[Access::EXISTS, Access::READ_OK, Access::WRITE_OK, Access::EXEC_OK][..]);
    vec![
        (8, (target(), follow()).prop_map(|(path, follow)| Op::Stat { path, follow }).boxed()),
        (
            3,
            (path(), access, yes_no(), follow())
                .prop_map(|(path, mode, effective_ids, follow)| Op::Access { path, mode, effective_ids, follow })
                .boxed(),
        ),
        (3, directory_target().prop_map(|path| Op::Listdir { path }).boxed()),
        (1, directory_target().prop_map(|path| Op::Scandir { path }).boxed()),
        (2, path().prop_map(|path| Op::Readlink { path }).boxed()),
    ]
}

fn attributes() -> Weighted {
    let id = || prop_oneof![1 => Just(None), 3 => select(IDS).prop_map(Some)];
    let length = || prop_oneof![12 => length(), 1 => Just(-1)];
    vec![
        (5, (target(), mode(), follow()).prop_map(|(path, mode, follow)| Op::Chmod { path, mode, follow }).boxed()),
        (
            4,
            (target(), id(), id(), follow())
                .prop_map(|(path, uid, gid, follow)| Op::Chown { path, uid, gid, follow })
                .boxed(),
        ),
        (
            4,
            (target(), time(), time(), follow())
                .prop_map(|(path, atime_ns, mtime_ns, follow)| Op::Utime { path, atime_ns, mtime_ns, follow })
                .boxed(),
        ),
        (4, (target(), length()).prop_map(|(path, length)| Op::Truncate { path, length }).boxed()),
    ]
}

fn xattrs() -> Weighted {
    let flags = || {
        let none = Just(XattrFlags::empty());
        prop_oneof![3 => none, 1 => Just(XattrFlags::CREATE), 1 => Just(XattrFlags::REPLACE)]
    };
    let value = || bytes(&[b"v", b"", b"longer\x00\xff"]);
    vec![
        (
            5,
            (target(), xattr_name(), value(), flags(), follow())
                .prop_map(|(path, name, value, flags, follow)| Op::Setxattr { path, name, value, flags, follow })
                .boxed(),
        ),
        (
            2,
            (target(), xattr_name(), follow())
                .prop_map(|(path, name, follow)| Op::Getxattr { path, name, follow })
                .boxed(),
        ),
        (2, (target(), follow()).prop_map(|(path, follow)| Op::Listxattr { path, follow }).boxed()),
        (
            2,
            (target(), xattr_name(), follow())
                .prop_map(|(path, name, follow)| Op::Removexattr { path, name, follow })
                .boxed(),
        ),
        (4, (path(), acl(), yes_no()).prop_map(|(path, acl, default)| Op::Setfacl { path, acl, default }).boxed()),
        (2, (path(), yes_no()).prop_map(|(path, default)| Op::Getfacl { path, default }).boxed()),
    ]
}

fn names() -> Weighted {
    let flags = || {
        let none = Just(RenameFlags::empty());
        let one = select(&[RenameFlags::EXCHANGE, RenameFlags::NOREPLACE, RenameFlags::WHITEOUT][..]);
        prop_oneof![3 => none, 2 => one]
    };
    let kind = || {
        let kinds = [FileKind::File, FileKind::Fifo, FileKind::Socket, FileKind::Char, FileKind::None];
        select(kinds.to_vec())
    };
    // The device is null: the only one that anybody may use, and it keeps nothing.
    let device = |kind| if kind == FileKind::Char { 0x103 } else { 0 };
    vec![
        (8, (path(), path(), flags()).prop_map(|(src, dst, flags)| Op::Rename { src, dst, flags }).boxed()),
        (6, (target(), path(), follow()).prop_map(|(src, dst, follow)| Op::Link { src, dst, follow }).boxed()),
        (
            4,
            (bytes(&[b"a", b"b", b"d", b"d/a", b"../a", b"gone"]), path())
                .prop_map(|(src, dst)| Op::Symlink { src, dst })
                .boxed(),
        ),
        (6, path().prop_map(|path| Op::Unlink { path }).boxed()),
        (6, (path(), mode()).prop_map(|(path, mode)| Op::Mkdir { path, mode }).boxed()),
        (4, directory().prop_map(|path| Op::Rmdir { path }).boxed()),
        (
            2,
            (path(), kind(), mode())
                .prop_map(move |(path, kind, mode)| Op::Mknod { path, kind, mode, device: device(kind) })
                .boxed(),
        ),
        (1, (path(), mode()).prop_map(|(path, mode)| Op::Mkfifo { path, mode }).boxed()),
    ]
}

fn descriptors() -> Weighted {
    let register = || fd().prop_map(Some);
    vec![
        (
            16,
            (path(), open_flags(), mode(), register())
                .prop_map(|(path, flags, mode, fd)| Op::Open { path, flags, mode, fd })
                .boxed(),
        ),
        (2, fd().prop_map(|fd| Op::Close { fd }).boxed()),
        (1, (fd(), register()).prop_map(|(fd, fd2)| Op::Dup { fd, fd2 }).boxed()),
        (1, select(&[0_u32, 0o027, 0o077, 0o777][..]).prop_map(umask).boxed()),
        (1, directory_target().prop_map(|path| Op::Chdir { path }).boxed()),
    ]
}

fn umask(mode: u32) -> Op<'static> {
    Op::Umask { mode: Mode::from_bits_retain(mode) }
}

fn bytes_of_files() -> Weighted {
    let whence = select(&[WhenceArg::Set, WhenceArg::Cur, WhenceArg::End, WhenceArg::Data, WhenceArg::Hole][..]);
    // What the kernel's FUSE does not pass on is not among them.
    let keep = FallocateFlags::KEEP_SIZE;
    let modes = [FallocateFlags::empty(), keep, keep | FallocateFlags::PUNCH_HOLE, FallocateFlags::ZERO_RANGE];
    let offset = || proptest::option::of(position());
    vec![
        (3, (fd(), amount()).prop_map(|(fd, length)| Op::Read { fd, length }).boxed()),
        (4, (fd(), amount(), position()).prop_map(|(fd, length, offset)| Op::Pread { fd, length, offset }).boxed()),
        (5, (fd(), data()).prop_map(|(fd, data)| Op::Write { fd, data }).boxed()),
        (5, (fd(), data(), position()).prop_map(|(fd, data, offset)| Op::Pwrite { fd, data, offset }).boxed()),
        (3, (fd(), length(), whence).prop_map(|(fd, offset, whence)| Op::Lseek { fd, offset, whence }).boxed()),
        (
            3,
            (fd(), select(modes.to_vec()), length(), length())
                .prop_map(|(fd, mode, offset, length)| Op::Fallocate { fd, mode, offset, length })
                .boxed(),
        ),
        (
            2,
            (fd(), fd(), position(), offset(), offset())
                .prop_map(|(src_fd, dst_fd, count, src_offset, dst_offset)| Op::CopyFileRange {
                    src_fd,
                    dst_fd,
                    count,
                    src_offset,
                    dst_offset,
                })
                .boxed(),
        ),
    ]
}
