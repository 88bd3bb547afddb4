//! How a child ended, or what stopped it: [`WaitStatus`], and the macros that read it.

use std::fmt;

/// The status of a child, as `wait` and [`crate::system`] give it.
///
/// Its low seven bits are the signal that ended the child, 0x80 says that a core was
/// dumped, and the exit status is in the byte above. 0x7f in the low byte is a child
/// that was stopped, by the signal above; 0xffff one that was continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WaitStatus(i32);

impl WaitStatus {
    /// The status with this number; any number is one.
    pub const fn from_raw(status: i32) -> Self {
        WaitStatus(status)
    }

    /// The number.
    pub const fn as_raw(self) -> i32 {
        self.0
    }

    /// Whether the child has ended by itself.
    pub const fn exited(self) -> bool {
        libc::WIFEXITED(self.0)
    }

    /// The status that it has ended with, if [`Self::exited`]; else without meaning.
    pub const fn exit_status(self) -> i32 {
        libc::WEXITSTATUS(self.0)
    }

    /// Whether a signal has ended the child.
    pub const fn signaled(self) -> bool {
        libc::WIFSIGNALED(self.0)
    }

    /// The signal that has ended it, if [`Self::signaled`]; else without meaning.
    pub const fn term_signal(self) -> i32 {
        libc::WTERMSIG(self.0)
    }

    /// Whether a core was dumped, if [`Self::signaled`]; else without meaning.
    pub const fn core_dumped(self) -> bool {
        libc::WCOREDUMP(self.0)
    }

    /// Whether the child is stopped.
    pub const fn stopped(self) -> bool {
        libc::WIFSTOPPED(self.0)
    }

    /// The signal that has stopped it, if [`Self::stopped`]; else without meaning.
    pub const fn stop_signal(self) -> i32 {
        libc::WSTOPSIG(self.0)
    }

    /// Whether the child was continued.
    pub const fn continued(self) -> bool {
        libc::WIFCONTINUED(self.0)
    }

    /// What Python makes of a status where it gives one number: the exit status, or the
    /// negative number of the signal. `None` if the child has not ended.
    pub const fn exit_code(self) -> Option<i32> {
        if self.exited() {
            Some(self.exit_status())
        } else if self.signaled() {
            Some(-self.term_signal())
        } else {
            None
        }
    }
}

impl From<i32> for WaitStatus {
    fn from(status: i32) -> Self {
        WaitStatus(status)
    }
}

impl From<std::process::ExitStatus> for WaitStatus {
    fn from(status: std::process::ExitStatus) -> Self {
        WaitStatus(std::os::unix::process::ExitStatusExt::into_raw(status))
    }
}

impl From<WaitStatus> for std::process::ExitStatus {
    fn from(status: WaitStatus) -> Self {
        std::os::unix::process::ExitStatusExt::from_raw(status.0)
    }
}

impl fmt::Display for WaitStatus {
    /// `exited with 3`, `ended by signal 6, core dumped`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exited() {
            write!(f, "exited with {}", self.exit_status())
        } else if self.signaled() {
            let core = if self.core_dumped() { ", core dumped" } else { "" };
            write!(f, "ended by signal {}{core}", self.term_signal())
        } else if self.stopped() {
            write!(f, "stopped by signal {}", self.stop_signal())
        } else if self.continued() {
            f.write_str("continued")
        } else {
            write!(f, "status {:#x}", self.0)
        }
    }
}

macro_rules! macros_of_the_status {
    ($($(#[$about:meta])* $name:ident: $method:ident -> $result:ty;)*) => {$(
        $(#[$about])*
        ///
        /// # References
        /// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/wait.html)
        #[expect(non_snake_case, reason = "Python's name")]
        pub fn $name(status: impl Into<WaitStatus>) -> $result {
            status.into().$method()
        }
    )*};
}
macros_of_the_status! {
    /// Whether a core was dumped: [`WaitStatus::core_dumped`].
    #[doc(alias = "os.WCOREDUMP")]
    WCOREDUMP: core_dumped -> bool;
    /// Whether the child was continued: [`WaitStatus::continued`].
    #[doc(alias = "os.WIFCONTINUED")]
    WIFCONTINUED: continued -> bool;
    /// Whether the child is stopped: [`WaitStatus::stopped`].
    #[doc(alias = "os.WIFSTOPPED")]
    WIFSTOPPED: stopped -> bool;
    /// Whether a signal has ended the child: [`WaitStatus::signaled`].
    #[doc(alias = "os.WIFSIGNALED")]
    WIFSIGNALED: signaled -> bool;
    /// Whether the child has ended by itself: [`WaitStatus::exited`].
    #[doc(alias = "os.WIFEXITED")]
    WIFEXITED: exited -> bool;
    /// The status that the child has ended with: [`WaitStatus::exit_status`].
    #[doc(alias = "os.WEXITSTATUS")]
    WEXITSTATUS: exit_status -> i32;
    /// The signal that has stopped the child: [`WaitStatus::stop_signal`].
    #[doc(alias = "os.WSTOPSIG")]
    WSTOPSIG: stop_signal -> i32;
    /// The signal that has ended the child: [`WaitStatus::term_signal`].
    #[doc(alias = "os.WTERMSIG")]
    WTERMSIG: term_signal -> i32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_macros_say_of_any_number_what_those_of_cpython_say() {
        // [bool(os.WIFEXITED(s)), os.WEXITSTATUS(s), os.WIFSIGNALED(s), ...] of CPython 3.8
        type Row = (i32, bool, i32, bool, i32, bool, bool, i32, bool);
        const ROWS: [Row; 18] = [
            (0, true, 0, false, 0, false, false, 0, false),
            (0x1, false, 0, true, 1, false, false, 0, false),
            (0x7f, false, 0, false, 127, false, true, 0, false),
            (0x80, true, 0, false, 0, true, false, 0, false),
            (0xff, false, 0, false, 127, true, false, 0, false),
            (0x100, true, 1, false, 0, false, false, 1, false),
            (0x137f, false, 19, false, 127, false, true, 19, false),
            (0xffff, false, 255, false, 127, true, false, 255, true),
            (0x86, false, 0, true, 6, true, false, 0, false),
            (0x8b, false, 0, true, 11, true, false, 0, false),
            (-1, false, 255, false, 127, true, false, 255, false),
            (0x7fff, false, 127, false, 127, true, false, 127, false),
            (0xff00, true, 255, false, 0, false, false, 255, false),
            (0x10000, true, 0, false, 0, false, false, 0, false),
            (0x1ffff, false, 255, false, 127, true, false, 255, false),
            (0x4000_0000, true, 0, false, 0, false, false, 0, false),
            (-0x100, true, 255, false, 0, false, false, 255, false),
            (0x85ff, false, 133, false, 127, true, false, 133, false),
        ];
        for row in ROWS {
            let status = row.0;
            let found = (
                status,
                WIFEXITED(status),
                WEXITSTATUS(status),
                WIFSIGNALED(status),
                WTERMSIG(status),
                WCOREDUMP(status),
                WIFSTOPPED(status),
                WSTOPSIG(status),
                WIFCONTINUED(status),
            );
            assert_eq!(found, row, "{status:#x}");
        }
    }

    #[test]
    fn a_status_reads_as_a_sentence_and_as_one_number() {
        let check = |status, text: &str, code| {
            let status = WaitStatus::from(status);
            assert_eq!((status.to_string().as_str(), status.exit_code()), (text, code));
        };
        check(0x300, "exited with 3", Some(3));
        check(9, "ended by signal 9", Some(-9));
        check(0x86, "ended by signal 6, core dumped", Some(-6));
        check(0x137f, "stopped by signal 19", None);
        check(0xffff, "continued", None);
        check(0x85ff, "status 0x85ff", None);
    }
}
