//! The operation language: an operation is a value ([`Op`]), what came back is a
//! value ([`Outcome`]), what is wanted is a value ([`Want`]), and one line of text
//! ([`Line`]) says all three.
//!
//! ```text
//! line   = ["@" ACTOR] OP {FIELD "=" VALUE} ["->" RESULT]       words are split by spaces; a word `#` begins a comment
//! RESULT = [WORD {"|" WORD}] {FIELD CMP VALUE}                  WORD: ok, an errno, a signal, blocked; CMP: = != < <= > >=
//! VALUE  = number (0644 octal, 0x100) | FLAG{"|"FLAG} | bytes | %repeat(BYTES,N) %path(N) %random(SEED,N) %program() | list,of,values
//! ```
//!
//! Fields stand in the order of the [`Op`]; a field at its default is left out;
//! `path=` is the empty path; `%program()` is the only program that is ever run. In bytes, `\xNN` stands for space, `\`, `%`, `,` and
//! all outside printable ASCII. `fd=3`, `map=1`, `handle=1`, `process=1` and `as=t` right of the
//! arrow name a register of the sequence, never the kernel's number. Words have no order, but
//! `flags>=RDONLY` wants that one among others, and `flags=before.flags` those that were saved.
//!
//! ```
//! use fs_core::op::Line;
//!
//! let line = Line::parse("@other rename src=a dst=b flags=EXCHANGE -> ENOENT")?;
//! assert_eq!(line.op.name(), "rename");
//! assert_eq!(line.to_string(), "@other rename src=a dst=b flags=EXCHANGE -> ENOENT");
//! # Ok::<(), fs_core::op::ParseError>(())
//! ```
//!
//! Not in the language, on purpose: `sync` (one wedged mount elsewhere on the
//! machine hangs it; `syncfs` is there) and `chroot` (a case is confined by it).

mod bytes;
pub mod errno;
mod field;
mod flags;
mod line;
mod operation;
mod outcome;
mod place;
pub mod product;
mod program;
pub mod run;
#[cfg(test)]
mod strategy;
mod want;
mod words;

pub use bytes::Bytes;
pub use field::{Name, TimeArg, YesNo};
pub use flags::{
    Advice, FileKind, FlockOp, LimitArg, LockCommand, LockKind, LockOwner, Long, MapFlags, Protection, RawArg,
    SignalAction, SignalArg, WhenceArg,
};
pub use line::{Actor, Line};
pub use operation::Op;
pub use outcome::{Field, Kind, Outcome, Value, Word};
pub use place::{At, Fd, Handle, Map, Process, Target};
pub use want::{Check, Compare, Operand, Want};
pub use words::ParseError;
