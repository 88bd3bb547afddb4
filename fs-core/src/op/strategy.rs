//! Strategies for arbitrary operations, for the test that parse and print are inverse.

use std::borrow::Cow;

use proptest::prelude::*;
use proptest::strategy::Union;
use rustix::fs::{Access, FallocateFlags, Mode, RenameFlags, ResolveFlags, XattrFlags};
use rustix::io::{Errno, ReadWriteFlags};

use super::*;
use crate::linux::InodeFlags;
use crate::{Follow, OFlags};

/// A type that an operation has as a field.
pub(super) trait Sample: Sized {
    fn strategy() -> BoxedStrategy<Self>;
}

macro_rules! sample {
    ($($type:ty: $strategy:expr;)*) => {$(
        impl Sample for $type {
            fn strategy() -> BoxedStrategy<Self> {
                $strategy.boxed()
            }
        }
    )*};
}

fn bytes() -> BoxedStrategy<Cow<'static, [u8]>> {
    prop_oneof![proptest::collection::vec(any::<u8>(), 0..12), "[a-c./]{0,8}".prop_map(String::into_bytes),]
        .prop_map(Cow::Owned)
        .boxed()
}

sample! {
    Bytes<'static>: prop_oneof![
        4 => bytes().prop_map(Bytes::Literal),
        1 => (bytes(), 0_u64..9).prop_map(|(unit, count)| Bytes::Repeat { unit, count }),
        1 => (0_u64..5000).prop_map(|length| Bytes::Path { length }),
        1 => Just(Bytes::Program),
        1 => (any::<u64>(), 0_u64..5000).prop_map(|(seed, length)| Bytes::Random { seed, length }),
    ];
    Fd: any::<u32>().prop_map(Fd);
    Map: any::<u32>().prop_map(Map);
    Handle: any::<u32>().prop_map(Handle);
    Process: any::<u32>().prop_map(Process);
    At<'static>: (Bytes::strategy(), Option::<Fd>::strategy()).prop_map(|(path, dir)| At { path, dir });
    Target<'static>: prop_oneof![Fd::strategy().prop_map(Target::Fd), At::strategy().prop_map(Target::Path)];
    Follow: prop_oneof![Just(Follow::Yes), Just(Follow::No)];
    YesNo: prop_oneof![Just(YesNo::Yes), Just(YesNo::No)];
    Mode: (0_u32..0o10000).prop_map(Mode::from_bits_retain);
    Access: any::<u32>().prop_map(Access::from_bits_retain);
    OFlags: any::<u32>().prop_map(OFlags::from_bits_retain);
    RenameFlags: any::<u32>().prop_map(RenameFlags::from_bits_retain);
    XattrFlags: any::<u32>().prop_map(XattrFlags::from_bits_retain);
    ResolveFlags: any::<u64>().prop_map(ResolveFlags::from_bits_retain);
    ReadWriteFlags: any::<u32>().prop_map(ReadWriteFlags::from_bits_retain);
    FallocateFlags: any::<u32>().prop_map(FallocateFlags::from_bits_retain);
    InodeFlags: any::<u32>().prop_map(InodeFlags::from_bits_retain);
    Protection: any::<u32>().prop_map(Protection::from_bits_retain);
    MapFlags: any::<u32>().prop_map(MapFlags::from_bits_retain);
    FlockOp: any::<u32>().prop_map(FlockOp::from_bits_retain);
    TimeArg: prop_oneof![Just(TimeArg::Now), Just(TimeArg::Omit), any::<i64>().prop_map(|ns| TimeArg::Ns(ns.into()))];
    u32: any::<u32>();
    u64: any::<u64>();
    i64: any::<i64>();
    Name: "[a-z][a-z0-9_-]{0,5}".prop_map(|name| Name::new(&name).unwrap());
    FileKind: proptest::sample::select(vec![
        FileKind::File, FileKind::Dir, FileKind::Symlink, FileKind::Fifo, FileKind::Socket, FileKind::Char,
        FileKind::Block, FileKind::None,
    ]);
    WhenceArg: proptest::sample::select(vec![
        WhenceArg::Set, WhenceArg::Cur, WhenceArg::End, WhenceArg::Data, WhenceArg::Hole,
    ]);
    LockCommand: proptest::sample::select(vec![
        LockCommand::Lock, LockCommand::TryLock, LockCommand::Unlock, LockCommand::Test,
    ]);
    LockKind: proptest::sample::select(vec![LockKind::Read, LockKind::Write, LockKind::Unlock]);
    LockOwner: proptest::sample::select(vec![LockOwner::Process, LockOwner::Ofd]);
    LimitArg: proptest::sample::select(vec![LimitArg::NoFile, LimitArg::FSize]);
    SignalArg: proptest::sample::select(vec![SignalArg::FileSize, SignalArg::Io]);
    SignalAction: proptest::sample::select(vec![SignalAction::Default, SignalAction::Ignore]);
    Advice: proptest::sample::select(vec![
        Advice::Normal, Advice::Sequential, Advice::Random, Advice::NoReuse, Advice::WillNeed, Advice::DontNeed,
    ]);
    RawArg<'static>: prop_oneof![
        Just(RawArg::Cwd),
        Just(RawArg::Bad),
        Just(RawArg::Null),
        any::<i64>().prop_map(RawArg::Number),
        Fd::strategy().prop_map(RawArg::Fd),
        Bytes::strategy().prop_map(RawArg::Str),
        (0_u64..5000).prop_map(RawArg::Out),
        proptest::collection::vec(
            prop_oneof![any::<i64>().prop_map(Long::Number), Fd::strategy().prop_map(Long::Fd)],
            1..4
        )
        .prop_map(RawArg::Longs),
    ];
    Vec<Bytes<'static>>: proptest::collection::vec(Bytes::strategy(), 0..4);
    Vec<u64>: proptest::collection::vec(any::<u64>(), 0..4);
    Vec<RawArg<'static>>: proptest::collection::vec(RawArg::strategy(), 0..4);
}

impl<T: Sample + std::fmt::Debug + Clone + 'static> Sample for Option<T> {
    fn strategy() -> BoxedStrategy<Self> {
        proptest::option::of(T::strategy()).boxed()
    }
}

/// An arbitrary line: any operation, and a want that goes with it.
pub(super) fn line() -> impl Strategy<Value = Line<'static>> {
    let actor = (Name::strategy(), 1_u32..4).prop_map(|(name, instance)| Actor { name, instance });
    let op = Union::new(Op::strategies());
    let word = prop_oneof![
        Just(Word::Ok),
        Just(Word::Blocked),
        (1_i32..4096).prop_map(|raw| Word::Errno(Errno::from_raw_os_error(raw))),
        Just(Word::Signal(libc::SIGBUS)),
    ];
    let want = (proptest::collection::vec(word, 1..3), any::<bool>());
    (proptest::option::of(actor), op, Option::<Name>::strategy(), proptest::option::of(want)).prop_map(
        |(actor, op, save, want)| {
            let want = want.map(|(words, with_check)| {
                let check = op.returns().first().filter(|_| with_check && words.contains(&Word::Ok));
                let checks = check.map(|field| sample_check(field)).into_iter().collect();
                Want { words, checks, same: None }
            });
            Line { actor, op, save, want }
        },
    )
}

fn sample_check(field: &'static str) -> Check {
    let (field, kind) = outcome::kind_of(field).expect("an operation returns only fields that are in the table");
    let (compare, value) = match kind {
        Kind::Number => (Compare::GreaterOrEqual, Value::Number(-5)),
        Kind::Mode => (Compare::NotEqual, Value::Mode(0o644)),
        Kind::Word => (Compare::Equal, Value::Word("file".to_owned())),
        Kind::Bytes => (Compare::NotEqual, Value::Bytes(Bytes::literal(b"a b,%\\"))),
        Kind::List => (Compare::Equal, Value::List(vec![b"a".to_vec(), b",".to_vec()])),
    };
    Check { field, compare, operand: Operand::Value(value) }
}
