//! A record as bytes, on its way from the thread that served the request to the one that
//! writes the trace. Never stored: both sides are this program.

use super::record::{Args, Record, RequestKind, Time};
use super::who::Who;

/// The longest name or path that is kept, in bytes; of a longer one the end is.
pub(super) const FIELD_MAX: usize = u16::MAX as usize;

/// A record with the process that asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// Who asked.
    pub(super) who: Who,
    /// The record itself.
    pub(super) record: Record<'a>,
    /// A name was too long, and its beginning is missing.
    pub(super) is_shortened: bool,
}

/// An encoded record begins with its length, itself included.
pub(super) const LENGTH_LEN: usize = size_of::<u32>();

/// Then its ticket stands: its place among the records of all workers.
const TICKET_AT: usize = LENGTH_LEN;

/// Then the kind, and whether a name was shortened.
const KIND_AT: usize = TICKET_AT + 8;
const SHORTENED_AT: usize = KIND_AT + 1;

/// The longest that an encoded record can be: four names, and less than this of the rest.
pub(super) const ENCODED_MAX: usize = 4 * FIELD_MAX + 512;

/// Puts a record into `out`, which is emptied first. Its ticket is 0 until [`set_ticket`].
pub(super) fn encode(out: &mut Vec<u8>, record: &Record<'_>, who: Who) {
    let Record { kind, ino, path, path2, ret, errno, start_ns, duration_ns, tid, uid, gid, args } = *record;
    out.clear();
    let mut is_shortened = false;
    put(out, &[0; LENGTH_LEN + 8]);
    put(out, &[kind as u8, 0]);
    put(out, &presence(path2, &args).to_ne_bytes());
    for number in [ino, ret as u64, start_ns, duration_ns] {
        put(out, &number.to_ne_bytes());
    }
    for number in [errno.unwrap_or(0) as u32, tid, uid, gid, who.pid] {
        put(out, &number.to_ne_bytes());
    }
    put(out, &who.comm.to_array());
    put_field(out, path, &mut is_shortened);
    for field in [path2, args.name, args.target].into_iter().flatten() {
        put_field(out, field, &mut is_shortened);
    }
    for number in numbers32(&args).into_iter().flatten() {
        put(out, &number.to_ne_bytes());
    }
    for number in numbers64(&args).into_iter().flatten() {
        put(out, &number.to_ne_bytes());
    }
    for time in [args.atime, args.mtime].into_iter().flatten() {
        // No nanosecond of a second has the number of `Now`.
        let (sec, nsec) = match time {
            Time::Now => (0, u32::MAX),
            Time::At { sec, nsec } => (sec, nsec),
        };
        put(out, &sec.to_ne_bytes());
        put(out, &nsec.to_ne_bytes());
    }
    out[SHORTENED_AT] = u8::from(is_shortened);
    let length = out.len() as u32;
    out[..LENGTH_LEN].copy_from_slice(&length.to_ne_bytes());
}

/// What stands in the place of a record that was not kept after all.
pub(super) fn nothing() -> [u8; KIND_AT] {
    let mut encoded = [0; KIND_AT];
    encoded[..LENGTH_LEN].copy_from_slice(&(KIND_AT as u32).to_ne_bytes());
    encoded
}

/// Whether an encoded record is [`nothing`].
pub(super) fn is_nothing(encoded: &[u8]) -> bool {
    encoded.len() == KIND_AT
}

/// Gives an encoded record its ticket.
pub(super) fn set_ticket(encoded: &mut [u8], ticket: u64) {
    encoded[TICKET_AT..KIND_AT].copy_from_slice(&ticket.to_ne_bytes());
}

/// The ticket of an encoded record.
pub(super) fn ticket(encoded: &[u8]) -> u64 {
    u64::from_ne_bytes(encoded[TICKET_AT..KIND_AT].try_into().expect("eight bytes"))
}

/// Reads what [`encode`] has written.
pub(super) fn decode(encoded: &[u8]) -> Entry<'_> {
    let mut input = Input(&encoded[KIND_AT..]);
    let kind = RequestKind::ALL[usize::from(input.u8())];
    let is_shortened = input.u8() != 0;
    let present = input.u32();
    let mut bit = 0;
    let mut is_present = || {
        bit += 1;
        present & (1 << (bit - 1)) != 0
    };
    let [ino, ret, start_ns, duration_ns] = std::array::from_fn(|_| input.u64());
    let [errno, tid, uid, gid, pid] = std::array::from_fn(|_| input.u32());
    let comm = super::who::Comm::from_array(input.array());
    let path = input.field();
    let [path2, name, target] = std::array::from_fn(|_| is_present().then(|| input.field()));
    let [flags, mode, umask, rdev, whence, set_uid, set_gid, datasync, command] =
        std::array::from_fn(|_| is_present().then(|| input.u32()));
    let [size, offset, offset2, length, handle, node, nlookup] =
        std::array::from_fn(|_| is_present().then(|| input.u64()));
    let [atime, mtime] = std::array::from_fn(|_| is_present().then(|| input.time()));
    let args = Args {
        flags,
        mode,
        umask,
        rdev,
        size,
        offset: offset.map(|offset| offset as i64),
        offset2: offset2.map(|offset| offset as i64),
        length,
        whence: whence.map(|whence| whence as i32),
        handle,
        node,
        nlookup,
        name,
        target,
        uid: set_uid,
        gid: set_gid,
        atime,
        mtime,
        datasync: datasync.map(|datasync| datasync != 0),
        command,
    };
    let errno = (errno != 0).then_some(errno as i32);
    let ret = ret as i64;
    let record = Record { kind, ino, path, path2, ret, errno, start_ns, duration_ns, tid, uid, gid, args };
    Entry { who: Who { pid, comm }, record, is_shortened }
}

fn presence(path2: Option<&[u8]>, args: &Args<'_>) -> u32 {
    let fields = [path2, args.name, args.target].map(|field| field.is_some());
    let narrow = numbers32(args).map(|number| number.is_some());
    let wide = numbers64(args).map(|number| number.is_some());
    let times = [args.atime, args.mtime].map(|time| time.is_some());
    let all = fields.into_iter().chain(narrow).chain(wide).chain(times);
    all.enumerate().fold(0, |present, (bit, is_present)| present | u32::from(is_present) << bit)
}

fn numbers32(args: &Args<'_>) -> [Option<u32>; 9] {
    let Args { flags, mode, umask, rdev, whence, uid, gid, datasync, command, .. } = *args;
    [flags, mode, umask, rdev, whence.map(|whence| whence as u32), uid, gid, datasync.map(u32::from), command]
}

fn numbers64(args: &Args<'_>) -> [Option<u64>; 7] {
    let Args { size, offset, offset2, length, handle, node, nlookup, .. } = *args;
    let signed = |offset: Option<i64>| offset.map(|offset| offset as u64);
    [size, signed(offset), signed(offset2), length, handle, node, nlookup]
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
}

fn put_field(out: &mut Vec<u8>, field: &[u8], is_shortened: &mut bool) {
    let kept = &field[field.len().saturating_sub(FIELD_MAX)..];
    *is_shortened |= kept.len() < field.len();
    put(out, &(kept.len() as u16).to_ne_bytes());
    put(out, kept);
}

/// What is left to be read. Whoever wrote it is this program: it is as long as it says.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().expect("of that length")
    }

    fn u8(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    fn u32(&mut self) -> u32 {
        u32::from_ne_bytes(self.array())
    }

    fn u64(&mut self) -> u64 {
        u64::from_ne_bytes(self.array())
    }

    fn field(&mut self) -> &'a [u8] {
        let length = u16::from_ne_bytes(self.array());
        self.take(usize::from(length))
    }

    fn time(&mut self) -> Time {
        match (self.u64() as i64, self.u32()) {
            (_, u32::MAX) => Time::Now,
            (sec, nsec) => Time::At { sec, nsec },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A record whose every optional argument is there or not by one bit.
    fn record<'a>(kind: RequestKind, bits: u32, number: u64, field: &'a [u8]) -> Record<'a> {
        let has = |bit: u32| bits & (1 << bit) != 0;
        let narrow = |bit: u32| has(bit).then_some((number >> bit) as u32);
        let wide = |bit: u32| has(bit).then_some(number.rotate_left(bit));
        let bytes = |bit: u32| has(bit).then_some(&field[field.len() * bit as usize / 32..]);
        let time = |bit: u32| {
            has(bit).then_some(if number & 1 == 0 {
                Time::Now
            } else {
                Time::At { sec: number as i64, nsec: 999_999_999 }
            })
        };
        Record {
            kind,
            ino: number,
            path: field,
            path2: bytes(1),
            ret: number as i64,
            errno: has(2).then_some(libc::ENOENT),
            start_ns: !number,
            duration_ns: number / 3,
            tid: number as u32,
            uid: number as u32 / 3,
            gid: number as u32 / 5,
            args: Args {
                flags: narrow(3),
                mode: narrow(4),
                umask: narrow(5),
                rdev: narrow(6),
                size: wide(7),
                offset: wide(8).map(|offset| offset as i64),
                offset2: wide(9).map(|offset| offset as i64),
                length: wide(10),
                whence: narrow(11).map(|whence| whence as i32),
                handle: wide(12),
                node: wide(13),
                nlookup: wide(14),
                name: bytes(15),
                target: bytes(16),
                uid: narrow(17),
                gid: narrow(18),
                atime: time(19),
                mtime: time(20),
                datasync: has(21).then_some(has(22)),
                command: narrow(23),
            },
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            kind in 0..RequestKind::ALL.len(),
            bits: u32,
            number: u64,
            ticket: u64,
            field in prop::collection::vec(any::<u8>(), 0..300),
            comm in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let record = record(RequestKind::ALL[kind], bits, number, &field);
            let who = Who { pid: bits, comm: super::super::who::Comm::new(&comm) };
            let mut encoded = vec![1, 2, 3];
            encode(&mut encoded, &record, who);
            set_ticket(&mut encoded, ticket);
            prop_assert_eq!(super::ticket(&encoded), ticket);
            prop_assert!(!is_nothing(&encoded) && encoded.len() <= ENCODED_MAX);
            let entry = decode(&encoded);
            prop_assert_eq!((entry.who, entry.is_shortened), (who, false));
            prop_assert_eq!(format!("{:?}", entry.record), format!("{record:?}"));
        }
    }

    #[test]
    fn of_a_path_that_is_too_long_the_end_is_kept() {
        let mut long = vec![b'a'; FIELD_MAX + 10];
        long.extend_from_slice(b"/end");
        let mut encoded = Vec::new();
        encode(&mut encoded, &record(RequestKind::Lookup, 0, 0, &long), Who::default());
        let entry = decode(&encoded);
        assert!(entry.is_shortened);
        assert_eq!(entry.record.path, &long[14..]);
    }
}
