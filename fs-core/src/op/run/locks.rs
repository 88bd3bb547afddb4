//! Locks: `lockf`, `flock`, and the record locks of `fcntl`.

use super::{Ran, RunError, Runner};
use crate::linux::{self, LockRange};
use crate::op::outcome::{Field, Outcome, Value};
use crate::op::place::Fd;
use crate::op::{FlockOp, LockCommand, LockKind, LockOwner, YesNo};

impl Runner {
    pub(super) fn lockf(&self, fd: Fd, command: LockCommand, length: i64) -> Ran {
        let command = match command {
            LockCommand::Lock => crate::LockCmd::Lock,
            LockCommand::TryLock => crate::LockCmd::TryLock,
            LockCommand::Unlock => crate::LockCmd::Unlock,
            LockCommand::Test => crate::LockCmd::Test,
        };
        crate::lockf(self.get(fd)?, command, length)?;
        Ok(Outcome::OK)
    }

    pub(super) fn flock(&self, fd: Fd, operation: FlockOp) -> Ran {
        use linux::FlockOperation::{
            LockExclusive, LockShared, NonBlockingLockExclusive, NonBlockingLockShared, NonBlockingUnlock, Unlock,
        };
        let wait = !operation.contains(FlockOp::NB);
        let operation = match (operation - FlockOp::NB, wait) {
            (FlockOp::SH, true) => LockShared,
            (FlockOp::SH, false) => NonBlockingLockShared,
            (FlockOp::EX, true) => LockExclusive,
            (FlockOp::EX, false) => NonBlockingLockExclusive,
            (FlockOp::UN, true) => Unlock,
            (FlockOp::UN, false) => NonBlockingUnlock,
            _ => return Err(RunError::Refused("flock takes one of SH, EX and UN, perhaps with NB".to_owned()).into()),
        };
        linux::flock(self.get(fd)?, operation)?;
        Ok(Outcome::OK)
    }

    pub(super) fn setlk(&self, fd: Fd, kind: LockKind, start: i64, length: i64, wait: YesNo, owner: LockOwner) -> Ran {
        let (fd, range) = (self.get(fd)?, LockRange { start, length });
        match wait {
            YesNo::Yes => linux::lock_range(fd, lock_owner(owner), lock_kind(kind), range)?,
            YesNo::No => linux::try_lock_range(fd, lock_owner(owner), lock_kind(kind), range)?,
        }
        Ok(Outcome::OK)
    }

    pub(super) fn getlk(&self, fd: Fd, kind: LockKind, start: i64, length: i64, owner: LockOwner) -> Ran {
        let range = LockRange { start, length };
        let held = linux::test_lock_range(self.get(fd)?, lock_owner(owner), lock_kind(kind), range)?;
        let (word, range) = match held {
            None => ("UNLOCK", range),
            Some(held) if held.kind == linux::LockKind::Read => ("READ", held.range),
            Some(held) => ("WRITE", held.range),
        };
        Ok(Outcome::ok(vec![
            Field { name: "kind", value: Value::Word(word.to_owned()) },
            Field::number("start", range.start),
            Field::number("length", range.length),
        ]))
    }
}

fn lock_owner(owner: LockOwner) -> linux::LockOwner {
    match owner {
        LockOwner::Process => linux::LockOwner::Process,
        LockOwner::Ofd => linux::LockOwner::OpenFile,
    }
}

fn lock_kind(kind: LockKind) -> linux::LockKind {
    match kind {
        LockKind::Read => linux::LockKind::Read,
        LockKind::Write => linux::LockKind::Write,
        LockKind::Unlock => linux::LockKind::Unlock,
    }
}
