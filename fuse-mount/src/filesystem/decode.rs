//! What fuser makes of the numbers in a request, turned back into what the kernel meant.

use std::time::{SystemTime, UNIX_EPOCH};

use fuser::TimeOrNow;

use crate::trace;

const NS_PER_S: i128 = 1_000_000_000;

/// A time to set.
pub(super) fn time(time: TimeOrNow) -> fs_core::Time {
    match time {
        TimeOrNow::Now => fs_core::Time::Now,
        TimeOrNow::SpecificTime(time) => {
            let (seconds, nanoseconds) = seconds(time);
            fs_core::Time::At { ns: i128::from(seconds) * NS_PER_S + i128::from(nanoseconds) }
        }
    }
}

/// A time to set, for a trace.
pub(super) fn traced_time(time: TimeOrNow) -> trace::Time {
    match time {
        TimeOrNow::Now => trace::Time::Now,
        TimeOrNow::SpecificTime(time) => {
            let (sec, nsec) = seconds(time);
            trace::Time::At { sec, nsec }
        }
    }
}

/// The seconds and nanoseconds that the kernel sent.
///
/// Before 1970 fuser 0.18 subtracts the nanoseconds, which the kernel counts forward: -1 s + 0.5 s
/// becomes -1.5 s. That is one to one, so it can be undone.
fn seconds(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()),
        Err(error) => {
            let before = error.duration();
            (0_i64.saturating_sub_unsigned(before.as_secs()), before.subsec_nanos())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// What fuser 0.18 does with seconds and nanoseconds, in `time.rs`.
    fn as_fuser_does(sec: i64, nsec: u32) -> SystemTime {
        if sec >= 0 {
            UNIX_EPOCH + Duration::new(sec as u64, nsec)
        } else {
            UNIX_EPOCH - Duration::new(sec.unsigned_abs(), nsec)
        }
    }

    #[test]
    fn times_are_those_that_the_kernel_sent() {
        for (sec, nsec) in [
            (0, 0),
            (0, 1),
            (1, 999_999_999),
            (-1, 0),
            (-1, 500_000_000),
            (-1, 999_999_999),
            (-2_208_988_800, 7),
            (i64::MAX, 0),
            (i64::MIN + 1, 0),
            (i64::MIN, 0),
        ] {
            assert_eq!(seconds(as_fuser_does(sec, nsec)), (sec, nsec));
        }
    }

    #[test]
    fn half_a_second_before_the_epoch_is_just_that() {
        let half = TimeOrNow::SpecificTime(as_fuser_does(-1, 500_000_000));
        assert_eq!(time(half), fs_core::Time::At { ns: -500_000_000 });
        assert_eq!(traced_time(half), trace::Time::At { sec: -1, nsec: 500_000_000 });
        assert_eq!(time(TimeOrNow::Now), fs_core::Time::Now);
    }
}
