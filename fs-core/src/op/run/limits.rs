//! Limits of the process, and the signals that they raise.

use super::{Ran, Runner};
use crate::linux::{FileSignal, Resource, ignore_signal, set_soft_limit};
use crate::op::outcome::Outcome;
use crate::op::{LimitArg, SignalAction, SignalArg};

impl Runner {
    pub(super) fn setrlimit(&self, resource: LimitArg, limit: u64) -> Ran {
        let resource = match resource {
            LimitArg::NoFile => Resource::OpenFiles,
            LimitArg::FSize => Resource::FileSize,
        };
        // The number that the kernel has for it.
        set_soft_limit(resource, Some(limit).filter(|limit| *limit != libc::RLIM_INFINITY))?;
        Ok(Outcome::OK)
    }

    pub(super) fn sigaction(&self, signal: SignalArg, action: SignalAction) -> Ran {
        let signal = match signal {
            SignalArg::FileSize => FileSignal::FileSize,
            SignalArg::Io => FileSignal::Lease,
        };
        ignore_signal(signal, action == SignalAction::Ignore)?;
        Ok(Outcome::OK)
    }
}
