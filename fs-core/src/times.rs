//! The time that the process has used.

use crate::{Errno, Result, sys, sysconf};

/// What [`times`] tells, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessTimes {
    /// Of the processor, by the process itself.
    #[doc(alias = "os.times().user")]
    pub user: f64,
    /// Of the processor, by the kernel for the process.
    #[doc(alias = "os.times().system")]
    pub system: f64,
    /// As `user`, by children that have ended and were waited for.
    #[doc(alias = "os.times().children_user")]
    pub children_user: f64,
    /// As `system`, for such children.
    #[doc(alias = "os.times().children_system")]
    pub children_system: f64,
    /// Since some moment in the past, the same for all calls.
    #[doc(alias = "os.times().elapsed")]
    pub elapsed: f64,
}

/// The time that the process and its children have used, to the hundredth of a second.
///
/// # Errors
/// None on Linux in practice.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/times.html),
/// [Linux](https://man7.org/linux/man-pages/man2/times.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.times)
#[doc(alias = "os.times")]
pub fn times() -> Result<ProcessTimes> {
    let ticks_per_second = sysconf(libc::_SC_CLK_TCK)?.ok_or(Errno::INVAL)? as f64;
    let (times, elapsed) = sys::conf::times()?;
    let seconds = |ticks: libc::clock_t| ticks as f64 / ticks_per_second;
    Ok(ProcessTimes {
        user: seconds(times.tms_utime),
        system: seconds(times.tms_stime),
        children_user: seconds(times.tms_cutime),
        children_system: seconds(times.tms_cstime),
        elapsed: seconds(elapsed),
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn computing_and_waiting_and_children_are_counted_each_where_it_belongs() {
        let before = times().unwrap();
        let start = Instant::now();
        let mut sum = 0_u64;
        while times().unwrap().user + times().unwrap().system < before.user + before.system + 0.1 {
            sum = std::hint::black_box(sum + 1);
            assert!(start.elapsed() < Duration::from_secs(60));
        }
        let script = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        assert!(Command::new("/bin/sh").args(["-c", script]).status().unwrap().success());
        let (after, elapsed) = (times().unwrap(), start.elapsed().as_secs_f64());
        let of_children = |times: ProcessTimes| times.children_user + times.children_system;
        assert!(of_children(after) > of_children(before), "{before:?} {after:?}");
        // Ticks are rounded down.
        assert!((after.elapsed - before.elapsed - elapsed).abs() < 0.1, "{before:?} {after:?} {elapsed}");
    }
}
