//! Differences that the kernel's FUSE makes, of which no daemon is asked: the causes, and
//! when exactly each is the cause. What is not here is a fault.
//!
//! One more is left out by the sequences themselves: root's own write clears set-user-id
//! and set-group-id (`known-differences`).

use fs_core::Follow;
use fs_core::op::{Line, Op, Target, Want, WhenceArg};

use crate::compare::Difference;

/// What is to be asked on the real side in place of the step that differs, and the answer
/// with which the difference is forced; `None` if the step is no such step.
pub(crate) fn question(lines: &[Line<'static>], difference: &Difference) -> Option<(usize, Line<'static>, Want)> {
    let step = difference.step?;
    let line = &lines[step];
    match line.op {
        // The positions of a directory are the file system's own, but the kernel's FUSE
        // moves them itself: `END` is the size, and there is neither data nor hole.
        // Positions after it in the same directory are then others too, by which `CUR` goes on.
        Op::Lseek { fd, whence, .. } if whence != WhenceArg::Set => {
            let op = Op::Stat { path: Target::Fd(fd), follow: Follow::Yes };
            let ask = Line { op, ..line.clone() };
            Some((step, ask, wanted("stat fd=0 -> type=dir")))
        }
        // A list begins where the descriptor stands, which is then elsewhere, and to read a
        // directory may be another error there.
        Op::Listdir { path: Target::Fd(_) } | Op::Scandir { path: Target::Fd(_) }
            if difference.class[1..3] == ["ok", "ok"] && has_moved(&lines[..step], line) =>
        {
            Some((step, line.clone(), wanted("listdir fd=0 -> ok")))
        }
        Op::Read { .. } if difference.class == ["read", "EINVAL", "EISDIR"] && has_moved(&lines[..step], line) => {
            Some((step, line.clone(), wanted("read fd=0 length=1 -> EINVAL")))
        }
        // The same request, a change of nothing, comes before a write by who may write to the
        // file. Where it is open for writing it is taken for that, and is allowed; nothing
        // is changed by it, and the write itself takes suid and sgid.
        Op::Chown { uid: None, gid: None, .. } if difference.class == ["chown", "EPERM", "ok"] => {
            Some((step, line.clone(), wanted("chown path=f -> EPERM")))
        }
        _ => None,
    }
}

/// Whether before `line` its actor has moved in what may be a directory.
fn has_moved(before: &[Line<'_>], line: &Line<'_>) -> bool {
    let moves = |op: &Op<'_>| matches!(op, Op::Lseek { whence, .. } if *whence != WhenceArg::Set);
    before.iter().any(|before| before.actor == line.actor && moves(&before.op))
}

fn wanted(line: &'static str) -> Want {
    Line::parse(line).expect("it is a line of the notation").want.expect("it wants something")
}
