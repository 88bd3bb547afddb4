//! The scheduler: by which policy a process gets the processor, and on which CPUs.
//!
//! `None` for a process means the caller (Python's 0). To Linux a process is here one
//! thread; the number of a process is that of its first.

use std::ffi::c_int;
use std::ops::BitOr;
use std::time::Duration;

use crate::{CpuSet, Errno, Error, Pid, Result, sys};

/// A policy, perhaps with [`SCHED_RESET_ON_FORK`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SchedPolicy(c_int);

impl SchedPolicy {
    /// The policy of this number, known here or not.
    pub const fn from_raw(number: c_int) -> Self {
        SchedPolicy(number)
    }

    /// The number, with the bit of [`SCHED_RESET_ON_FORK`].
    pub const fn as_raw(self) -> c_int {
        self.0
    }

    /// The policy without [`SCHED_RESET_ON_FORK`].
    pub const fn without_reset(self) -> Self {
        SchedPolicy(self.0 & !libc::SCHED_RESET_ON_FORK)
    }

    /// Whether children start with the default policy.
    pub const fn resets_on_fork(self) -> bool {
        self.0 & libc::SCHED_RESET_ON_FORK != 0
    }
}

/// For [`SCHED_RESET_ON_FORK`]: two policies make none.
impl BitOr for SchedPolicy {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        SchedPolicy(self.0 | other.0)
    }
}

/// The default: shared by niceness. Its priority is 0.
#[doc(alias = "os.SCHED_OTHER")]
pub const SCHED_OTHER: SchedPolicy = SchedPolicy(libc::SCHED_OTHER);
/// For what computes long: as the default, but woken up later. Its priority is 0.
#[doc(alias = "os.SCHED_BATCH")]
pub const SCHED_BATCH: SchedPolicy = SchedPolicy(libc::SCHED_BATCH);
/// For what may wait until nobody else computes. Its priority is 0.
#[doc(alias = "os.SCHED_IDLE")]
pub const SCHED_IDLE: SchedPolicy = SchedPolicy(libc::SCHED_IDLE);
/// Before all others, until it waits. Its priority is from 1 to 99.
#[doc(alias = "os.SCHED_FIFO")]
pub const SCHED_FIFO: SchedPolicy = SchedPolicy(libc::SCHED_FIFO);
/// As [`SCHED_FIFO`], but in turns with others of the same priority.
#[doc(alias = "os.SCHED_RR")]
pub const SCHED_RR: SchedPolicy = SchedPolicy(libc::SCHED_RR);
/// Added to a policy with `|`: children start with the default policy.
#[doc(alias = "os.SCHED_RESET_ON_FORK")]
pub const SCHED_RESET_ON_FORK: SchedPolicy = SchedPolicy(libc::SCHED_RESET_ON_FORK);

/// The parameters of a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[doc(alias = "os.sched_param")]
pub struct SchedParam {
    sched_priority: c_int,
}

impl SchedParam {
    /// Parameters with this priority.
    pub const fn new(sched_priority: c_int) -> Self {
        SchedParam { sched_priority }
    }

    /// The priority.
    #[doc(alias = "os.sched_param.sched_priority")]
    pub const fn sched_priority(self) -> c_int {
        self.sched_priority
    }
}

/// The lowest priority of a policy.
///
/// # Errors
/// - `EINVAL`: the policy is unknown, or has [`SCHED_RESET_ON_FORK`] added.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sched_get_priority_min.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sched_get_priority_min)
#[doc(alias = "os.sched_get_priority_min")]
pub fn sched_get_priority_min(policy: SchedPolicy) -> Result<i32> {
    Ok(sys::sched::get_priority_min(policy.0)?)
}

/// The highest priority of a policy.
///
/// # Errors
/// - `EINVAL`: the policy is unknown, or has [`SCHED_RESET_ON_FORK`] added.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sched_get_priority_max.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sched_get_priority_max)
#[doc(alias = "os.sched_get_priority_max")]
pub fn sched_get_priority_max(policy: SchedPolicy) -> Result<i32> {
    Ok(sys::sched::get_priority_max(policy.0)?)
}

/// Sets the policy and the parameters of a process.
///
/// # Errors
/// - `EPERM`: no capability `CAP_SYS_NICE`, nor an allowance (`RLIMIT_RTPRIO`), for a policy that comes
///   before others. `EINVAL`: an unknown policy, or a priority that is not one of it.
/// - `ESRCH`: there is no such process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sched_setscheduler.html),
/// [Linux](https://man7.org/linux/man-pages/man2/sched_setscheduler.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sched_setscheduler)
#[doc(alias = "os.sched_setscheduler")]
pub fn sched_setscheduler(pid: Option<Pid>, policy: SchedPolicy, param: SchedParam) -> Result<()> {
    Ok(sys::sched::setscheduler(pid, policy.0, param.sched_priority)?)
}

/// The policy of a process, with [`SCHED_RESET_ON_FORK`] if that was added.
///
/// # Errors
/// - `ESRCH`: there is no such process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sched_getscheduler.html),
/// [Linux](https://man7.org/linux/man-pages/man2/sched_setscheduler.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sched_getscheduler)
#[doc(alias = "os.sched_getscheduler")]
pub fn sched_getscheduler(pid: Option<Pid>) -> Result<SchedPolicy> {
    Ok(SchedPolicy(sys::sched::getscheduler(pid)?))
}

/// Sets the parameters of the policy that a process has.
///
/// # Errors
/// As [`sched_setscheduler`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sched_setparam.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sched_setparam)
#[doc(alias = "os.sched_setparam")]
pub fn sched_setparam(pid: Option<Pid>, param: SchedParam) -> Result<()> {
    Ok(sys::sched::setparam(pid, param.sched_priority)?)
}

/// The parameters of the policy that a process has.
///
/// # Errors
/// - `ESRCH`: there is no such process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sched_getparam.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sched_getparam)
#[doc(alias = "os.sched_getparam")]
pub fn sched_getparam(pid: Option<Pid>) -> Result<SchedParam> {
    Ok(SchedParam::new(sys::sched::getparam(pid)?))
}

/// How long a turn of a process is under [`SCHED_RR`]. Python gives it in seconds.
///
/// Linux answers for any policy, 0 for one without turns.
///
/// # Errors
/// - `ESRCH`: there is no such process.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sched_rr_get_interval.html),
/// [Linux](https://man7.org/linux/man-pages/man2/sched_rr_get_interval.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sched_rr_get_interval)
#[doc(alias = "os.sched_rr_get_interval")]
pub fn sched_rr_get_interval(pid: Option<Pid>) -> Result<Duration> {
    Ok(sys::sched::rr_get_interval(pid)?)
}

/// Lets others go first. It cannot fail on Linux.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/sched_yield.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sched_yield)
#[doc(alias = "os.sched_yield")]
pub fn sched_yield() {
    rustix::thread::sched_yield();
}

/// The CPUs that a process may be run on.
///
/// # Errors
/// - `ESRCH`: there is no such process.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sched_getaffinity)
#[doc(alias = "os.sched_getaffinity")]
pub fn sched_getaffinity(pid: Option<Pid>) -> Result<CpuSet> {
    // The kernel refuses a set with less room than it has CPUs, and does not say how many.
    let mut words = vec![0; 1024 / WORD_BITS];
    loop {
        match sys::sched::getaffinity(pid, &mut words) {
            Ok(()) => return Ok(CpuSet::from_words(words)),
            Err(Errno::INVAL) if words.len() * WORD_BITS <= c_int::MAX as usize / 2 => {
                let room = 2 * words.len();
                words.resize(room, 0);
            }
            Err(errno) => return Err(errno.into()),
        }
    }
}

const WORD_BITS: usize = std::ffi::c_ulong::BITS as usize;

/// Restricts a process to these CPUs. CPUs that do not exist are left out.
///
/// # Errors
/// - `EINVAL`: none of the CPUs exists, or may be used here.
/// - [`Error::Invalid`]: the number of a CPU is beyond all that a set can hold.
/// - `EPERM`: another user's process. `ESRCH`: there is no such process.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.sched_setaffinity)
#[doc(alias = "os.sched_setaffinity")]
pub fn sched_setaffinity(pid: Option<Pid>, cpus: impl IntoIterator<Item = usize>) -> Result<()> {
    let mut set = CpuSet::default();
    for cpu in cpus {
        if cpu >= c_int::MAX as usize {
            return Err(Error::Invalid("the number of a CPU is too large"));
        }
        set.insert(cpu);
    }
    Ok(sys::sched::setaffinity(pid, set.words())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_has_the_bit_of_the_reset_or_not_and_gets_it_once() {
        for policy in [SCHED_OTHER, SCHED_FIFO, SCHED_IDLE] {
            let resetting = policy | SCHED_RESET_ON_FORK;
            assert_eq!((policy.resets_on_fork(), resetting.resets_on_fork()), (false, true));
            assert_eq!(resetting | SCHED_RESET_ON_FORK, resetting);
            assert_eq!((resetting.without_reset(), policy.without_reset()), (policy, policy));
        }
    }
}
